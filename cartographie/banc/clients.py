"""Case 5: who books, in other processes than the bench's.

As many processes as cores, and the clients shared between them as threads: that is what gunicorn does. Threads alone
would measure the interpreter's lock, and 16 processes what nobody runs. Each thread keeps its connection, as pgbench's
clients do.
"""

import multiprocessing
import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from multiprocessing.synchronize import Barrier


@dataclass(frozen=True)
class Tache:
    """A booking to make: `cle` makes the visitor, their address and their contact."""

    motif: int
    structure: int
    agent: int
    debut: datetime
    cle: str


@dataclass
class Bilan:
    """What the clients got; times in seconds, on the machine's own clock."""

    temps: list[float] = field(default_factory=list)  # of those that succeeded
    refus: int = 0
    erreurs: list[str] = field(default_factory=list)
    debut: float = 0.0
    fin: float = 0.0

    @property
    def par_seconde(self) -> float:
        return (len(self.temps) + self.refus) / (self.fin - self.debut)


def reserver(tache: Tache) -> None:
    """Hold a slot, write who comes as identifying does, confirm."""
    # Imported here: this module is loaded by processes in which Django is not set up yet.
    from django.utils import timezone

    from reservations.models import Demarche
    from reservations.services import confirmer, prendre_option

    maintenant = timezone.now()
    demarche = prendre_option(
        motif_id=tache.motif,
        structure_id=tache.structure,
        lieu_id=None,
        debut=tache.debut,
        visiteur=tache.cle,
        adresse=tache.cle,
        maintenant=maintenant,
        agent_id=tache.agent,
    )
    courriel = f"{tache.cle}@banc.invalid"
    Demarche.objects.filter(pk=demarche.pk).update(
        prenom="Banc", nom=tache.cle, courriel=courriel, telephone="+33612345678", contact_verifie=courriel
    )
    confirmer(demarche=demarche, maintenant=maintenant)


class Clients:
    """The processes, kept from one round to the next."""

    def __init__(self, url: str, nombre: int) -> None:
        self.nombre = nombre
        self.processus = min(nombre, os.cpu_count() or 1)
        contexte = multiprocessing.get_context("spawn")
        self._ensemble = ProcessPoolExecutor(
            self.processus, contexte, _preparer, (url, contexte.Barrier(self.processus), -(-nombre // self.processus))
        )

    def __enter__(self) -> "Clients":
        return self

    def __exit__(self, *_: object) -> None:
        self._ensemble.shutdown()

    def courir(self, taches: Sequence[Sequence[Tache]]) -> Bilan:
        """Have each client do its tasks one after the other, all the clients at once."""
        parts = [taches[n :: self.processus] for n in range(self.processus)]
        bilans = list(self._ensemble.map(_courir, parts))
        return Bilan(
            temps=[temps for bilan in bilans for temps in bilan.temps],
            refus=sum(bilan.refus for bilan in bilans),
            erreurs=[erreur for bilan in bilans for erreur in bilan.erreurs],
            debut=min(bilan.debut for bilan in bilans),
            fin=max(bilan.fin for bilan in bilans),
        )


_ici: dict[str, Any] = {}


def _preparer(url: str, barriere: "Barrier", fils: int) -> None:
    os.environ |= {"DATABASE_URL": url, "DATABASE_POOL_MAX": "0", "JOURNAL_NIVEAU": "ERROR"}
    import django  # it reads the environment that was just written

    django.setup()
    _ici.update(barriere=barriere, equipe=ThreadPoolExecutor(fils))


def _courir(taches: Sequence[Sequence[Tache]]) -> Bilan:
    from django.db import connection

    from reservations.refus import ReservationImpossible

    bilan, pret = Bilan(), threading.Barrier(len(taches) + 1)

    def client(siennes: Sequence[Tache]) -> None:
        connection.ensure_connection()
        pret.wait()
        pret.wait()
        for tache in siennes:
            depart = time.monotonic()
            try:
                reserver(tache)
            except ReservationImpossible:
                bilan.refus += 1
            except Exception as erreur:  # whatever it is, it is what the bench looks for
                bilan.erreurs.append(repr(erreur))
            else:
                bilan.temps.append(time.monotonic() - depart)

    en_cours = [_ici["equipe"].submit(client, siennes) for siennes in taches]
    pret.wait()
    _ici["barriere"].wait()  # the other processes are ready too
    bilan.debut = time.monotonic()
    pret.wait()
    for futur in en_cours:
        futur.result()
    bilan.fin = time.monotonic()
    return bilan
