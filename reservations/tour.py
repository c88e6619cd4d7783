"""Whose turn it is on the waiting list: the rules, without the database."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from reservations.creneaux import Creneau

# Nobody is written to at night, where the structure is.
PREMIERE_HEURE, DERNIERE_HEURE = time(8), time(21)
ATTENTE_MAXIMUM = timedelta(days=92)


@dataclass(frozen=True)
class Souhait:
    """What someone waits for: `lieu_id` None when nobody goes anywhere, `agent_id` None when any agent will do."""

    motif_id: int
    lieu_id: int | None = None
    agent_id: int | None = None
    avant: datetime | None = None
    deja_proposees: tuple[datetime, ...] = ()

    def convient(self, creneau: Creneau) -> bool:
        """Whether it is what they wait for, sooner than what they had, and not offered to them already."""
        return (
            (creneau.motif_id, creneau.lieu_id) == (self.motif_id, self.lieu_id)
            and self.agent_id in (None, creneau.agent_id)
            and (self.avant is None or creneau.debut < self.avant)
            and creneau.debut not in self.deja_proposees
        )


def places_pour(souhait: Souhait, libres: Iterable[Creneau], prises: Collection[Creneau]) -> Iterator[Creneau]:
    """Yield the free slots to offer someone, in order, those that people before them took since left out."""
    for creneau in libres:
        if souhait.convient(creneau) and not any(_meme_temps(creneau, prise) for prise in prises):
            yield creneau


def _meme_temps(une: Creneau, autre: Creneau) -> bool:
    return une.agent_id == autre.agent_id and une.debut < autre.fin and autre.debut < une.fin


def heure_de_prevenir(maintenant: datetime, tz: ZoneInfo) -> bool:
    return PREMIERE_HEURE <= maintenant.astimezone(tz).time() < DERNIERE_HEURE


def fin_de_l_attente(maintenant: datetime, delai_max: timedelta, avant: datetime | None) -> datetime:
    """Return until when someone waits: nobody books further than the motif's delay, and nothing is sooner than `avant`
    once it has come."""
    fin = maintenant + min(delai_max, ATTENTE_MAXIMUM)
    return min(fin, avant) if avant else fin
