"""Addresses of the agents' pages of `reservations`, under `agent/<structure>/`, in its namespace."""

from django.urls import URLPattern, URLResolver, include, path

from reservations.vues import (
    absence,
    agenda,
    agenda_externe,
    agent,
    apprenants,
    attente_agent,
    creation,
    depart,
    deplacement,
    prescriptions,
    rendez_vous_agent,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("agenda/", agenda.agenda, name="agenda"),
    path("agenda/journee/", agenda.journee, name="journee"),
    path("mon-compte/agenda/", agenda_externe.mon_agenda_externe, name="mon_agenda_externe"),
    path("rendez-vous/", agent.rendez_vous, name="rendez_vous"),
    path("personnes/", apprenants.apprenants, name="apprenants"),
    path("personnes/<int:apprenant_id>/", apprenants.apprenant, name="apprenant"),
    path("personnes/<int:apprenant_id>/modifier/", apprenants.modifier_apprenant, name="modifier_apprenant"),
    path("personnes/<int:apprenant_id>/supprimer/", apprenants.supprimer_apprenant, name="supprimer_apprenant"),
    path("prescriptions/", prescriptions.prescriptions_par_organisation, name="prescriptions"),
    path("prescriptions/export.csv", prescriptions.exporter_prescriptions, name="exporter_prescriptions"),
    path("rendez-vous/nouveau/", creation.nouveau_rendez_vous, name="nouveau_rendez_vous"),
    path("rendez-vous/attente/", attente_agent.liste_d_attente, name="liste_d_attente"),
    path(
        "rendez-vous/attente/<int:attente_id>/retirer/", attente_agent.retirer_de_la_liste, name="retirer_de_la_liste"
    ),
    path("rendez-vous/<int:rendez_vous_id>/", rendez_vous_agent.rendez_vous_detail, name="rendez_vous_detail"),
    path("rendez-vous/<int:rendez_vous_id>/deplacer/", deplacement.deplacer, name="deplacer"),
    path(
        "rendez-vous/<int:rendez_vous_id>/deplacer/confirmer/",
        deplacement.confirmer_deplacement,
        name="confirmer_deplacement",
    ),
    path("rendez-vous/<int:rendez_vous_id>/annuler/", agent.annuler, name="annuler"),
    path("absences/<int:absence_id>/rendez-vous/", absence.rendez_vous_couverts, name="rendez_vous_couverts"),
    path("parametres/fermetures/rendez-vous/", absence.rendez_vous_fermes, name="rendez_vous_fermes"),
    path("parametres/agents/<int:agent_id>/retirer/", depart.retirer_agent, name="retirer_agent"),
    path("parametres/reservation-en-ligne/", include("reservations.urls_reservation_en_ligne")),
]
