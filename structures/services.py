"""Writes on agents that the other apps share."""

from collections.abc import Iterable

from structures.models import Agent


def verrouiller_agents(agents: Iterable[int]) -> None:
    """Take, in id order, the lock that every write to these agents' time takes first. Needs a transaction.

    `no_key`: the foreign keys that other transactions insert only need the key, they are not blocked. Id order: two
    transactions that want the same agents never wait for each other in a circle.
    """
    ids = sorted(set(agents))
    list(Agent.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))
