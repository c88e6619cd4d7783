"""Addresses of `reservations`: the learner's path and rendez-vous, the agents' pages, the demonstration's messages."""

from django.urls import URLPattern, URLResolver, include, path, register_converter

from reservations.visiteurs import JETON
from reservations.vues import (
    accuses,
    agenda_externe,
    attente,
    choix,
    demonstration,
    deplacement_public,
    etapes_prescripteur,
    garder,
    mes_rendez_vous,
    parcours,
    prescripteur,
    prescription,
    rendez_vous,
)


class Jeton:
    """A secret in an address: what `jeton_secret` makes. Anything else (a NUL character…) is a 404, not a query."""

    regex = JETON.pattern

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: object) -> str:
        return str(value)


class LienPartage(Jeton):
    """A booking link and the way it is taken: `r` for oneself, `p` for someone one accompanies."""

    regex = f"[rp]/{JETON.pattern}"

    def to_url(self, value: object) -> str:
        return f"{'p' if getattr(value, 'prescripteur', False) else 'r'}/{value}"


register_converter(Jeton, "jeton")
register_converter(LienPartage, "lien")

app_name = "reservations"
urlpatterns: list[URLPattern | URLResolver] = [
    # Choosing: nothing is written, the address says everything.
    path("<lien:lien>/", choix.choix_motif, name="choix_motif"),
    path("<lien:lien>/motif/<int:motif_id>/", choix.choix_lieu, name="choix_lieu"),
    path("<lien:lien>/motif/<int:motif_id>/creneaux/", choix.choix_creneau, name="choix_creneau"),
    # When nothing is free, or not soon enough: the list, then the secret link of whoever is on it.
    path("<lien:lien>/motif/<int:motif_id>/attente/", attente.attendre, name="attendre"),
    path("attente/<jeton:jeton>/", attente.attente, name="attente"),
    path("attente/<jeton:jeton>/code/", attente.code, name="attente_code"),
    # Identifying: one booking in progress, which belongs to the visitor's session.
    path("reservation/<jeton:jeton>/", parcours.demarche, name="demarche"),
    path("reservation/<jeton:jeton>/instructions/", parcours.instructions, name="instructions"),
    path("reservation/<jeton:jeton>/coordonnees/", parcours.coordonnees, name="coordonnees"),
    path("reservation/<jeton:jeton>/code/", parcours.code, name="code"),
    # The prescriber's own steps, and their pages.
    path("reservation/<jeton:jeton>/prescripteur/", etapes_prescripteur.prescripteur, name="prescripteur"),
    path(
        "reservation/<jeton:jeton>/prescripteur/code/", etapes_prescripteur.code_prescripteur, name="code_prescripteur"
    ),
    path(
        "reservation/<jeton:jeton>/prescripteur/changer/",
        etapes_prescripteur.changer_de_prescripteur,
        name="changer_de_prescripteur",
    ),
    path("reservation/<jeton:jeton>/personne/", etapes_prescripteur.beneficiaire, name="beneficiaire"),
    path("prescripteur/", prescripteur.mes_prescriptions, name="mes_prescriptions"),
    path("prescripteur/code/", prescripteur.mes_prescriptions_code, name="mes_prescriptions_code"),
    path("prescripteur/coordonnees/", prescripteur.mes_coordonnees, name="coordonnees_du_prescripteur"),
    path("prescripteur/appareils/<int:appareil_id>/oublier/", prescripteur.oublier, name="oublier_appareil"),
    path("prescripteur/rendez-vous/<int:rendez_vous_id>/", prescription.prescription, name="prescription"),
    path("prescripteur/rendez-vous/<int:rendez_vous_id>/annuler/", prescription.annuler, name="annuler_prescription"),
    path(
        "prescripteur/rendez-vous/<int:rendez_vous_id>/deplacer/", prescription.deplacer, name="deplacer_prescription"
    ),
    path(
        "prescripteur/rendez-vous/<int:rendez_vous_id>/deplacer/confirmer/",
        prescription.confirmer_deplacement,
        name="confirmer_deplacement_prescription",
    ),
    path("prescripteur/rendez-vous/<int:rendez_vous_id>/fiche/", prescription.feuille, name="fiche_de_prescription"),
    path("reservation/<jeton:jeton>/prolonger/", parcours.prolonger, name="prolonger"),
    path("reservation/<jeton:jeton>/reprendre/", parcours.reprendre, name="reprendre"),
    # Afterwards: whoever holds the secret link.
    path("rendez-vous/<jeton:jeton>/", rendez_vous.rendez_vous_public, name="rendez_vous_public"),
    path("rendez-vous/<jeton:jeton>/annuler/", rendez_vous.annuler_rendez_vous, name="annuler_rendez_vous"),
    path("rendez-vous/<jeton:jeton>/deplacer/", deplacement_public.choisir, name="deplacer_rendez_vous"),
    path(
        "rendez-vous/<jeton:jeton>/deplacer/confirmer/",
        deplacement_public.confirmer,
        name="confirmer_deplacement_public",
    ),
    path("rendez-vous/<jeton:jeton>/feuille/", garder.feuille, name="feuille"),
    path("rendez-vous/<jeton:jeton>/qr.svg", garder.qr_code, name="qr_du_rendez_vous"),
    path("rendez-vous/<jeton:jeton>/renvoyer/", garder.renvoyer, name="renvoyer_confirmation"),
    path("rendez-vous/<jeton:jeton>/attente/", attente.attendre_plus_tot, name="attendre_plus_tot"),
    path("rendez-vous/<jeton:jeton>/rendez-vous.ics", rendez_vous.ics, name="ics"),
    path("mes-rendez-vous/", mes_rendez_vous.mes_rendez_vous, name="mes_rendez_vous"),
    path("mes-rendez-vous/code/", mes_rendez_vous.code, name="mes_rendez_vous_code"),
    path("mes-rendez-vous/quitter/", mes_rendez_vous.quitter, name="mes_rendez_vous_quitter"),
    path("agenda/<jeton:jeton>.ics", agenda_externe.agenda_externe, name="agenda_externe"),
    path("sms/accuses/<str:jeton>/", accuses.accuse_sms, name="accuse_sms"),
    path("demonstration/messages/", demonstration.messages_demonstration, name="messages_demonstration"),
    path(
        "demonstration/messages/<int:message_id>/rendez-vous.ics",
        demonstration.invitation_demonstration,
        name="invitation_demonstration",
    ),
    path("agent/<int:structure_id>/", include("reservations.urls_agent")),
]
