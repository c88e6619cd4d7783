"""Addresses of `reservations`: the learner's path and rendez-vous, the agents' pages, the demonstration's messages."""

from django.urls import URLPattern, URLResolver, include, path, register_converter

from reservations import (
    vues_accuses,
    vues_agenda_externe,
    vues_choix,
    vues_demonstration,
    vues_deplacement_public,
    vues_garder,
    vues_mes_rendez_vous,
    vues_parcours,
    vues_rendez_vous,
)
from reservations.visiteurs import JETON


class Jeton:
    """A secret in an address: what `jeton_secret` makes. Anything else (a NUL character…) is a 404, not a query."""

    regex = JETON.pattern

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: object) -> str:
        return str(value)


register_converter(Jeton, "jeton")

app_name = "reservations"
urlpatterns: list[URLPattern | URLResolver] = [
    # Choosing: nothing is written, the address says everything.
    path("r/<jeton:lien>/", vues_choix.choix_motif, name="choix_motif"),
    path("r/<jeton:lien>/motif/<int:motif_id>/", vues_choix.choix_lieu, name="choix_lieu"),
    path("r/<jeton:lien>/motif/<int:motif_id>/creneaux/", vues_choix.choix_creneau, name="choix_creneau"),
    # Identifying: one booking in progress, which belongs to the visitor's session.
    path("reservation/<jeton:jeton>/", vues_parcours.demarche, name="demarche"),
    path("reservation/<jeton:jeton>/instructions/", vues_parcours.instructions, name="instructions"),
    path("reservation/<jeton:jeton>/coordonnees/", vues_parcours.coordonnees, name="coordonnees"),
    path("reservation/<jeton:jeton>/code/", vues_parcours.code, name="code"),
    path("reservation/<jeton:jeton>/prolonger/", vues_parcours.prolonger, name="prolonger"),
    path("reservation/<jeton:jeton>/reprendre/", vues_parcours.reprendre, name="reprendre"),
    # Afterwards: whoever holds the secret link.
    path("rendez-vous/<jeton:jeton>/", vues_rendez_vous.rendez_vous_public, name="rendez_vous_public"),
    path("rendez-vous/<jeton:jeton>/annuler/", vues_rendez_vous.annuler_rendez_vous, name="annuler_rendez_vous"),
    path("rendez-vous/<jeton:jeton>/deplacer/", vues_deplacement_public.choisir, name="deplacer_rendez_vous"),
    path(
        "rendez-vous/<jeton:jeton>/deplacer/confirmer/",
        vues_deplacement_public.confirmer,
        name="confirmer_deplacement_public",
    ),
    path("rendez-vous/<jeton:jeton>/feuille/", vues_garder.feuille, name="feuille"),
    path("rendez-vous/<jeton:jeton>/qr.svg", vues_garder.qr_code, name="qr_du_rendez_vous"),
    path("rendez-vous/<jeton:jeton>/renvoyer/", vues_garder.renvoyer, name="renvoyer_confirmation"),
    path("rendez-vous/<jeton:jeton>/rendez-vous.ics", vues_rendez_vous.ics, name="ics"),
    path("mes-rendez-vous/", vues_mes_rendez_vous.mes_rendez_vous, name="mes_rendez_vous"),
    path("mes-rendez-vous/code/", vues_mes_rendez_vous.code, name="mes_rendez_vous_code"),
    path("mes-rendez-vous/quitter/", vues_mes_rendez_vous.quitter, name="mes_rendez_vous_quitter"),
    path("agenda/<jeton:jeton>.ics", vues_agenda_externe.agenda_externe, name="agenda_externe"),
    path("sms/accuses/<str:jeton>/", vues_accuses.accuse_sms, name="accuse_sms"),
    path("demonstration/messages/", vues_demonstration.messages_demonstration, name="messages_demonstration"),
    path(
        "demonstration/messages/<int:message_id>/rendez-vous.ics",
        vues_demonstration.invitation_demonstration,
        name="invitation_demonstration",
    ),
    path("agent/<int:structure_id>/", include("reservations.urls_agent")),
]
