"""Addresses of the agents' pages of `reservations`, under `agent/<structure>/`, in its namespace."""

from django.urls import URLPattern, URLResolver, include, path

from reservations import (
    vues_absence,
    vues_agenda,
    vues_agenda_externe,
    vues_agent,
    vues_apprenants,
    vues_creation,
    vues_depart,
    vues_deplacement,
    vues_rendez_vous_agent,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("agenda/", vues_agenda.agenda, name="agenda"),
    path("agenda/journee/", vues_agenda.journee, name="journee"),
    path("mon-compte/agenda/", vues_agenda_externe.mon_agenda_externe, name="mon_agenda_externe"),
    path("rendez-vous/", vues_agent.rendez_vous, name="rendez_vous"),
    path("personnes/", vues_apprenants.apprenants, name="apprenants"),
    path("personnes/<int:apprenant_id>/", vues_apprenants.apprenant, name="apprenant"),
    path("personnes/<int:apprenant_id>/modifier/", vues_apprenants.modifier_apprenant, name="modifier_apprenant"),
    path("personnes/<int:apprenant_id>/supprimer/", vues_apprenants.supprimer_apprenant, name="supprimer_apprenant"),
    path("rendez-vous/nouveau/", vues_creation.nouveau_rendez_vous, name="nouveau_rendez_vous"),
    path("rendez-vous/<int:rendez_vous_id>/", vues_rendez_vous_agent.rendez_vous_detail, name="rendez_vous_detail"),
    path("rendez-vous/<int:rendez_vous_id>/deplacer/", vues_deplacement.deplacer, name="deplacer"),
    path(
        "rendez-vous/<int:rendez_vous_id>/deplacer/confirmer/",
        vues_deplacement.confirmer_deplacement,
        name="confirmer_deplacement",
    ),
    path("rendez-vous/<int:rendez_vous_id>/annuler/", vues_agent.annuler, name="annuler"),
    path("absences/<int:absence_id>/rendez-vous/", vues_absence.rendez_vous_couverts, name="rendez_vous_couverts"),
    path("parametres/fermetures/rendez-vous/", vues_absence.rendez_vous_fermes, name="rendez_vous_fermes"),
    path("parametres/agents/<int:agent_id>/retirer/", vues_depart.retirer_agent, name="retirer_agent"),
    path("parametres/reservation-en-ligne/", include("reservations.urls_reservation_en_ligne")),
]
