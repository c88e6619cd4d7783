"""What a measure is, how measures are taken in turns, and how a run is compared with another."""

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from math import ceil
from statistics import median
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test.utils import CaptureQueriesContext

AGGRAVATION = 1.25  # a ratio worse by more than this is a regression
REPETITIONS, REPETITIONS_RAPIDES, REPETITIONS_LOURDES = 31, 15, 15


@dataclass(frozen=True)
class Geste:
    """Something to time, in one base. `ici`: when it is done in another process, the same in this one."""

    base: BaseDatabaseWrapper
    faire: Callable[[], object]
    ici: Callable[[], object] | None = None

    def requetes(self) -> int:
        with sur(self.base), CaptureQueriesContext(self.base) as requetes:
            (self.ici or self.faire)()
            return len(requetes)


@dataclass(frozen=True)
class Epreuve:
    """A gesture and its limit, done in turns. `maximum`: the ratio allowed, None when nothing is promised."""

    nom: str
    geste: Geste
    limite: Geste
    nom_limite: str
    maximum: float | None = None
    lourde: bool = False


@dataclass(frozen=True)
class Mesure:
    """What an epreuve gave, in milliseconds. `premier` is the first time, nothing warm."""

    nom: str
    premier: float
    mediane: float
    p95: float
    limite: float
    nom_limite: str
    rapport: float
    rapport_des_meilleurs: float  # of the fastest of each: what a busy machine spoils least
    maximum: float | None
    requetes: int
    repetitions: int
    # Under load: how many a second, of each; the ratio is that of these.
    par_seconde: float | None = None
    limite_par_seconde: float | None = None
    etalement_maximum: float | None = None  # of p95 to the median
    requetes_maximum: int | None = None
    fautes: int = 0
    note: str = ""

    @property
    def manques(self) -> list[str]:
        """Return what was promised and does not hold."""
        return [
            quoi
            for quoi, valeur, maximum in (
                ("rapport", self.rapport, self.maximum),
                ("p95", self.p95 / self.mediane, self.etalement_maximum),
                ("requêtes", self.requetes, self.requetes_maximum),
                ("erreurs", self.fautes, 0),
            )
            if maximum is not None and valeur > maximum
        ]


@contextmanager
def sur(base: BaseDatabaseWrapper) -> Iterator[None]:
    """Make a base the one that everything uses."""
    avant = connections[DEFAULT_DB_ALIAS]
    connections[DEFAULT_DB_ALIAS] = base
    try:
        yield
    finally:
        connections[DEFAULT_DB_ALIAS] = avant


def mesurer(epreuves: Sequence[Epreuve], repetitions: int, suivre: Callable[[], object]) -> list[Mesure]:
    """Run everything in turns, `repetitions` times (fewer for what is heavy), and return a measure each."""
    temps: list[tuple[list[float], list[float]]] = [([], []) for _ in epreuves]
    gc.collect()
    for tour in range(repetitions):
        for epreuve, (gestes, limites) in zip(epreuves, temps, strict=True):
            if epreuve.lourde and tour >= REPETITIONS_LOURDES:
                continue
            # Whichever comes second finds the processor's caches warm: each is second as often as the other.
            ordre = [(epreuve.geste, gestes), (epreuve.limite, limites)]
            for geste, liste in ordre if tour % 2 == 0 else reversed(ordre):
                liste.append(_chronometrer(geste))
        suivre()
    return [_mesure(e, gestes, limites) for e, (gestes, limites) in zip(epreuves, temps, strict=True)]


def _chronometrer(geste: Geste) -> float:
    with sur(geste.base):
        depart = time.perf_counter()
        geste.faire()
        return (time.perf_counter() - depart) * 1000


def _mesure(epreuve: Epreuve, gestes: list[float], limites: list[float]) -> Mesure:
    return Mesure(
        nom=epreuve.nom,
        premier=gestes[0],
        mediane=median(gestes),
        p95=p95(gestes),
        limite=median(limites),
        nom_limite=epreuve.nom_limite,
        rapport=rapport(gestes, limites),
        rapport_des_meilleurs=min(gestes) / min(limites),
        maximum=epreuve.maximum,
        requetes=epreuve.geste.requetes(),
        repetitions=len(gestes),
    )


def rapport(gestes: Sequence[float], limites: Sequence[float]) -> float:
    """Return how many times its limit a gesture takes: the median of what each two turns give.

    The speed of a virtual machine changes twofold within seconds: only what was timed together compares. Two turns,
    since whichever comes second finds the caches warm, and each is second in one of them. Of an odd number, the last
    turn stands alone.
    """
    par_deux = [sum(gestes[tour : tour + 2]) / sum(limites[tour : tour + 2]) for tour in range(0, len(gestes), 2)]
    return median(par_deux)


def p95(temps: Sequence[float]) -> float:
    return sorted(temps)[ceil(0.95 * len(temps)) - 1]


def comparer(mesures: Sequence[Mesure], avant: dict[str, Any]) -> list[str]:
    """Return a sentence for each ratio that is worse than before by more than a quarter, or query count that grew."""
    anciennes = {m["nom"]: m for m in avant["mesures"]}
    fautes = []
    for mesure in mesures:
        ancienne = anciennes.get(mesure.nom)
        if ancienne is None:
            continue
        if mesure.rapport > ancienne["rapport"] * AGGRAVATION:
            fautes.append(f"{mesure.nom} : rapport {mesure.rapport:.2f}, il était de {ancienne['rapport']:.2f}")
        if mesure.requetes > ancienne["requetes"]:
            fautes.append(f"{mesure.nom} : {mesure.requetes} requêtes, il y en avait {ancienne['requetes']}")
    return fautes


def en_json(mesures: Sequence[Mesure]) -> list[dict[str, Any]]:
    return [asdict(mesure) for mesure in mesures]
