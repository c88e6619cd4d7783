"""Rendez-vous as an absence, a closing or a change of plage finds them: what it covers, what it leaves outside."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import BooleanField
from django.db.models.expressions import RawSQL
from django.db.models.functions import TruncDate

from plages.services import HORIZON, jours_fermes
from reservations.models import RendezVous, RendezVousQuerySet, Statut
from structures.models import Agent, Structure


def rendez_vous_pendant(
    agent_id: int, periodes: Iterable[tuple[datetime, datetime]], maintenant: datetime
) -> RendezVousQuerySet:
    """Return an agent's rendez-vous to come, in any structure, that overlap these UTC periods, in order.

    Only those that can still be cancelled: one that has begun is under way. The pause after one is not counted, an
    absence may begin in it. `periode` all the same: it has the index.
    """
    plusieurs = ",".join(f"[{debut.isoformat()},{fin.isoformat()})" for debut, fin in periodes)
    return (
        RendezVous.objects.filter(agent=agent_id, statut=Statut.PREVU, debut__gt=maintenant)
        .filter(
            RawSQL(
                "(reservations_rendezvous.periode && %s::tstzmultirange"
                " AND tstzrange(reservations_rendezvous.debut, reservations_rendezvous.fin) && %s::tstzmultirange)",
                [f"{{{plusieurs}}}"] * 2,
                output_field=BooleanField(),
            )
        )
        .order_by("debut", "pk")
    )


# `&&` says which ouvertures to put end to end; BETWEEN finds them by the index on (plage, periode), sorted by start:
# they last 25 hours at most.
_HORS_PLAGE = """NOT coalesce(
    (SELECT range_agg(o.periode) FROM plages_ouverture o
     JOIN plages_plageouverture p ON p.id = o.plage_id
     WHERE p.agent_id = reservations_rendezvous.agent_id AND p.structure_id = reservations_rendezvous.structure_id
       AND o.periode && tstzrange(reservations_rendezvous.debut, reservations_rendezvous.fin)
       AND o.periode BETWEEN
           tstzrange(reservations_rendezvous.debut - interval '25 hours', reservations_rendezvous.debut)
           AND tstzrange(reservations_rendezvous.fin, NULL))
    @> tstzrange(reservations_rendezvous.debut, reservations_rendezvous.fin), false)"""


def rendez_vous_hors_plage(structure: Structure, agent: Agent | None, maintenant: datetime) -> RendezVousQuerySet:
    """Return the rendez-vous to come, of one agent or of all, that no ouverture of their agent there contains.

    A plage was deleted or shortened after they were taken, or an agent placed them on purpose: they stand all the same.
    Two ouvertures end to end contain what is across them; the pause after the last one may be outside.
    """
    rendez_vous = RendezVous.objects.de_la_structure(structure).a_venir(maintenant)
    if agent is not None:
        rendez_vous = rendez_vous.de_l_agent(agent)
    return rendez_vous.filter(RawSQL(_HORS_PLAGE, [], output_field=BooleanField()))  # noqa: S611 constant


def rendez_vous_un_jour_ferme(structure: Structure, maintenant: datetime) -> RendezVousQuerySet:
    """Return the rendez-vous to come that begin on a day when the structure is closed. Those that can be cancelled.

    A closing was added after they were taken, or an agent placed them on purpose: they stand all the same.
    """
    aujourd_hui = maintenant.astimezone(structure.tz).date()
    fermes = jours_fermes(structure, aujourd_hui, aujourd_hui + HORIZON)
    return (
        RendezVous.objects.de_la_structure(structure)
        .a_venir(maintenant)
        .filter(debut__gt=maintenant)
        .annotate(jour=TruncDate("debut", tzinfo=structure.tz))
        .filter(jour__in=fermes)
    )
