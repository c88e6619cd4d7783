"""Rendez-vous as an absence or a change of plage finds them: those that it covers, those that it leaves outside."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import BooleanField
from django.db.models.expressions import RawSQL

from reservations.models import RendezVous, RendezVousQuerySet, Statut


def rendez_vous_pendant(
    agent_id: int, periodes: Iterable[tuple[datetime, datetime]], maintenant: datetime
) -> RendezVousQuerySet:
    """Return an agent's rendez-vous to come, in any structure, that overlap these UTC periods, in order.

    Only those that can still be cancelled: one that has begun is under way.
    """
    plusieurs = ",".join(f"[{debut.isoformat()},{fin.isoformat()})" for debut, fin in periodes)
    return (
        RendezVous.objects.filter(agent=agent_id, statut=Statut.PREVU, debut__gt=maintenant)
        .filter(
            RawSQL(
                "reservations_rendezvous.periode && %s::tstzmultirange",
                [f"{{{plusieurs}}}"],
                output_field=BooleanField(),
            )
        )
        .order_by("debut", "pk")
    )
