"""What an agent's calendar program reads of their agenda: rendez-vous, plages and absences of all their structures."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse

from plages.models import Indisponibilite, Ouverture
from reservations.courrier import redaction
from reservations.courrier.ical import Evenement, uid_ical
from reservations.models import STATUTS_ANNULES, RendezVous, Statut
from structures.models import Agent

PASSE = timedelta(days=30)
# Hours that are only open say nothing useful far ahead, and are many: one a day for each plage.
OUVERTURES_A_VENIR = timedelta(days=92)


def evenements_de(agent: Agent, maintenant: datetime) -> list[Evenement]:
    """Return what the agent's calendar shows: rendez-vous and absences since 30 days ago, open hours for three months.

    Held slots are not in it: most of them come to nothing. Nor are the cancelled rendez-vous: the programs that follow
    remove what is no more there. Names and objects of absences only with `agent.agenda_detaille`. Five queries.
    """
    return [
        *_rendez_vous(agent, maintenant),
        *_absences(agent, maintenant),
        *_ouvertures(agent, maintenant),
    ]


def _rendez_vous(agent: Agent, maintenant: datetime) -> Iterator[Evenement]:
    siens = (
        RendezVous.objects.filter(agent=agent, structure__agents=agent, fin__gt=maintenant - PASSE)
        .exclude(statut__in=[Statut.OPTION, *STATUTS_ANNULES])
        .avec_details()
    )
    for rdv in siens.order_by("debut", "pk"):
        rdv.agent = agent
        page = reverse("reservations:rendez_vous_detail", args=[rdv.structure_id, rdv.pk])
        yield Evenement(
            uid=uid_ical(str(rdv.uid)),
            sequence=rdv.sequence,
            debut=rdv.debut,
            fin=rdv.fin,
            tz=rdv.structure.tz,
            titre=redaction.titre_pour_agent(rdv) if agent.agenda_detaille else f"Rendez-vous : {rdv.motif.nom}",
            # At home, the address is the learner's.
            lieu=redaction.lieu_en_ligne(rdv) if agent.agenda_detaille or not rdv.adresse_domicile else "À domicile",
            description=f"{rdv.structure.nom}\n{settings.SITE_URL}{page}",
            occupe=True,
        )


def _absences(agent: Agent, maintenant: datetime) -> Iterator[Evenement]:
    siennes = Indisponibilite.objects.filter(agent=agent, periode__endswith__gt=maintenant - PASSE)
    for indisponibilite in siennes.select_related("absence__structure").order_by("periode", "pk"):
        absence = indisponibilite.absence
        yield Evenement(
            uid=uid_ical(f"absence-{absence.pk}-{indisponibilite.jour}"),
            sequence=0,
            debut=indisponibilite.periode.lower,
            fin=indisponibilite.periode.upper,
            tz=absence.structure.tz,
            titre=f"Absence : {absence.titre}" if agent.agenda_detaille else "Absence",
            lieu="",
            description="",
            occupe=True,
        )


def _ouvertures(agent: Agent, maintenant: datetime) -> Iterator[Evenement]:
    fenetre = (maintenant - PASSE, maintenant + OUVERTURES_A_VENIR)
    siennes = Ouverture.objects.filter(plage__agent=agent, plage__structure__agents=agent, periode__overlap=fenetre)
    for ouverture in siennes.select_related("plage__structure", "plage__lieu").order_by("periode", "pk"):
        plage = ouverture.plage
        yield Evenement(
            uid=uid_ical(f"plage-{plage.pk}-{ouverture.jour}"),
            sequence=0,
            debut=ouverture.periode.lower,
            fin=ouverture.periode.upper,
            tz=plage.structure.tz,
            titre=f"Plage d'ouverture : {plage.titre}",
            lieu=f"{plage.lieu.nom}, {plage.lieu.adresse_complete}" if plage.lieu else "",
            description=plage.structure.nom,
            occupe=False,
        )
