"""An agent leaves a structure: their rendez-vous to come, their plages and their membership, in one transaction."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from plages.models import Absence
from plages.services import terminer_plages
from reservations.models import RendezVous, RendezVousQuerySet
from reservations.refus import ReservationImpossible
from reservations.services import annuler_par_structure
from structures import equipe
from structures.models import Appartenance
from structures.services import verrouiller_agents


class DepartChange(ReservationImpossible):
    """A rendez-vous was taken since the page was displayed: it cancels only what it listed."""

    phrase = "Un rendez-vous vient d'être pris avec cet agent. Relisez la liste avant de confirmer."


def rendez_vous_du_depart(appartenance: Appartenance, maintenant: datetime) -> RendezVousQuerySet:
    """Return what leaving cancels: those of the structure to come. One that has begun stays with its agent."""
    rendez_vous = RendezVous.objects.de_la_structure(appartenance.structure).de_l_agent(appartenance.agent)
    return rendez_vous.a_venir(maintenant).filter(debut__gt=maintenant)


@transaction.atomic
def retirer(*, appartenance: Appartenance, message: str, listes: Collection[int], maintenant: datetime) -> int:
    """Take an agent out of a structure and return how many rendez-vous it cancelled, each told with `message`.

    `listes`: the rendez-vous that the page displayed. Under the agent's lock nothing more is booked, so what is not
    among them refuses everything; once the plages have ended, nothing can be. Past rendez-vous and plages stay.
    Raises DepartChange, structures.equipe.EquipeRefusee.
    """
    verrouiller_agents([appartenance.agent_id])
    equipe.sortir(appartenance=appartenance, maintenant=maintenant)
    a_annuler = list(rendez_vous_du_depart(appartenance, maintenant))
    if not {rdv.pk for rdv in a_annuler} <= set(listes):
        raise DepartChange
    for rdv in a_annuler:
        annuler_par_structure(rendez_vous=rdv, message=message, maintenant=maintenant)
    terminer_plages(structure=appartenance.structure, agent=appartenance.agent, maintenant=maintenant)
    _confier_les_absences(appartenance)
    return len(a_annuler)


def _confier_les_absences(appartenance: Appartenance) -> None:
    """An absence counts in every structure: entered in this one, it goes where its agent can still change it.

    Only where the clock is the same: its hours are local.
    """
    agent, structure = appartenance.agent, appartenance.structure
    autre = agent.structures.filter(fuseau=structure.fuseau).exclude(pk=structure.pk).order_by("pk").first()
    if autre is not None:
        Absence.objects.filter(agent=agent, structure=structure).update(structure=autre)
