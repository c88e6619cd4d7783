"""What the booking services share: the locks, what a lost race becomes, held slots given back."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, OperationalError, transaction

from reservations.models import RendezVous, RendezVousQuerySet, Statut
from reservations.refus import CreneauIndisponible
from structures.services import verrouiller_agents

# What PostgreSQL says to the loser of a race: exclusion_violation, deadlock_detected, lock_not_available (timeout).
PERDANTS = {"23P01", "40P01", "55P03"}


@contextmanager
def course_perdue_est_un_refus() -> Iterator[None]:
    """Turn what the database says to the loser of a race into `CreneauIndisponible`; wraps a whole transaction."""
    try:
        yield
    except (IntegrityError, OperationalError) as erreur:
        cause = erreur.__cause__
        if getattr(cause, "sqlstate", None) in PERDANTS:
            raise CreneauIndisponible from erreur
        raise


def verrouiller(agents: Collection[int]) -> None:
    """Lock the agents' rows, unless `manage.py course --sans-verrou` shows that the constraint holds alone."""
    if settings.RESERVATION_VERROU_AGENT:
        verrouiller_agents(agents)


@transaction.atomic(savepoint=False)
def liberer_options(options: RendezVousQuerySet) -> int:
    """Delete the options among these rendez-vous, and return how many.

    Their rows are locked first (after their agents', the common order): one confirmed meanwhile is no longer an option
    and stays.
    """
    options = options.filter(statut=Statut.OPTION)
    agents = set(options.values_list("agent", flat=True))
    if not agents:
        return 0
    verrouiller(agents)
    ids = list(options.select_for_update(of=("self",)).values_list("pk", flat=True))
    RendezVous.objects.filter(pk__in=ids).delete()
    return len(ids)


def liberer_options_expirees(*, maintenant: datetime) -> int:
    """Delete the options that expired, one agent at a time; return how many.

    Reads ignore them already: this is for the size of the table and for the visitor's hash that they carry.
    """
    expirees = RendezVous.objects.options_expirees(maintenant)
    agents = list(expirees.order_by("agent").values_list("agent", flat=True).distinct())
    return sum(liberer_options(expirees.filter(agent=agent)) for agent in agents)
