"""Where a rendez-vous may be moved: what the page shows is what the service accepts."""

from collections.abc import Collection
from copy import copy
from datetime import datetime, timedelta

from reservations.creneaux import Creneau, Demande, creneaux_libres
from reservations.models import RendezVous


def creneaux_de_deplacement(
    rendez_vous: RendezVous, *, du: datetime, au: datetime, agents: Collection[int], maintenant: datetime
) -> list[Creneau]:
    """Return the free slots of the same motif and lieu that start between two instants (UTC, both included).

    The public's delays do not bind agents. The rendez-vous keeps its own duration, whatever its motif says today, and
    its own time counts as free.
    """
    motif = copy(rendez_vous.motif)
    motif.duree = (rendez_vous.fin - rendez_vous.debut) // timedelta(minutes=1)
    trouves = creneaux_libres(
        [Demande(motif, max(du, maintenant), au)],
        maintenant=maintenant,
        agents=agents,
        lieux=None if rendez_vous.lieu_id is None else [rendez_vous.lieu_id],
        sauf=rendez_vous.pk,
    )
    ici = (rendez_vous.agent_id, rendez_vous.debut)
    return [c for c in trouves if c.debut > maintenant and (c.agent_id, c.debut) != ici]
