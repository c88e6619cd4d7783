"""What a thousand bookings cost: a whole path over HTTP, from the link to the confirmation, counted by the system."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.urls import reverse

from cartographie.banc.guichets import liberer
from cartographie.banc.mesures import sur
from cartographie.banc.pages import serveur_du_banc
from cartographie.banc.terrain import Terrain
from reservations.course import Visiteur
from reservations.models import Message
from reservations.parcours import Lien

RESERVATIONS, ESSAIS = 96, 12
CODE = re.compile(r"\b\d{6}\b")
TICS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cout:
    """For a thousand bookings. `secondes_de_postgres` is None when PostgreSQL runs elsewhere; `journal` is in bytes."""

    demandes: float
    secondes_du_web: float
    secondes_de_postgres: float | None
    journal: float
    lignes_ajoutees: float
    lignes_modifiees: float
    lignes_supprimees: float


def mesurer_le_cout(base: BaseDatabaseWrapper, terrain: Terrain, suivre: Callable[[], object]) -> Cout:
    """Book from one visitor after the other. Nothing else may write in that PostgreSQL meanwhile."""
    with sur(base):
        a_prendre = enumerate(_moments(terrain))
        avant = _lignes()
        with serveur_du_banc(base) as gunicorn:
            for numero, debut in islice(a_prendre, ESSAIS):  # each process of the server loads what it needs
                _reserver(gunicorn.base, terrain, numero, debut)
            web, postgres, journal = _secondes_du_web(gunicorn.pid), _secondes_de_postgres(), _journal()
            demandes = 0
            for numero, debut in islice(a_prendre, RESERVATIONS):
                demandes += _reserver(gunicorn.base, terrain, numero, debut)
                suivre()
            web = _secondes_du_web(gunicorn.pid) - web
            postgres_apres, journal = _secondes_de_postgres(), _journal() - journal
        # The counters of rows are complete once the server has stopped: those of the first bookings are among them.
        lignes = [
            (apres - avant) * 1000 / (RESERVATIONS + ESSAIS) for avant, apres in zip(avant, _lignes(), strict=True)
        ]
        liberer(terrain)
    mille = 1000 / RESERVATIONS
    return Cout(
        demandes * mille,
        web * mille,
        None if postgres is None or postgres_apres is None else (postgres_apres - postgres) * mille,
        journal * mille,
        *lignes,
    )


def _moments(terrain: Terrain) -> Iterator[datetime]:
    """Yield each moment as often as there are agents: the service shares them."""
    for jour in range(5):
        for demi_heure in range(12):
            for _ in terrain.agents_des_guichets:
                yield terrain.lundi + timedelta(days=jour, hours=9, minutes=30 * demi_heure)


def _reserver(serveur: str, terrain: Terrain, numero: int, debut: datetime) -> int:
    """Follow the path as a browser without JavaScript does; return how many requests that takes."""
    lien = Lien(terrain.guichets.structure)
    creneaux = reverse("reservations:choix_creneau", args=[lien, terrain.guichets.pk])
    courriel = f"banc-{numero}@banc.invalid"
    visiteur = Visiteur(serveur)
    visiteur.ouvrir(creneaux)
    coordonnees = visiteur.envoyer(creneaux, {"debut": debut.isoformat()}).adresse
    visiteur.ouvrir(coordonnees)
    personne = {"prenom": "Banc", "nom": f"Numéro {numero}", "courriel": courriel, "telephone": "06 12 34 56 78"}
    code = visiteur.envoyer(coordonnees, personne).adresse
    visiteur.ouvrir(code)
    trouve = CODE.search(Message.objects.filter(destinataire=courriel).latest("pk").texte)
    fin = visiteur.envoyer(code, {"code": trouve[0] if trouve else ""}).adresse
    if not fin.startswith("/rendez-vous/") or visiteur.demander("GET", fin).etat != 200:
        raise AssertionError(f"La réservation {numero} n'a pas abouti : {fin}")
    return 7


def _secondes_du_web(pid: int) -> float:
    """Return the processor time of gunicorn: its own, that of its processes, and of those that ended."""
    enfants = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return sum(_secondes(int(chacun)) for chacun in [str(pid), *enfants])


def _secondes_de_postgres() -> float | None:
    """Return the processor time of what serves this database, ours apart, and of what works for all of them."""
    with connection.cursor() as curseur:
        curseur.execute(
            "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
            "AND (datname = current_database() OR datname IS NULL)"
        )
        pids = [pid for (pid,) in curseur.fetchall()]
    temps = 0.0
    for pid in pids:
        with suppress(OSError):
            if Path(f"/proc/{pid}/comm").read_text().strip() != "postgres":
                return None
            temps += _secondes(pid)
    return temps or None


def _secondes(pid: int) -> float:
    champs = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, champs[11:15])) / TICS


def _journal() -> int:
    with connection.cursor() as curseur:
        curseur.execute("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')")
        return int(curseur.fetchone()[0])


def _lignes() -> tuple[int, int, int]:
    """Return how many rows were ever added, changed and deleted in this database."""
    with connection.cursor() as curseur:
        curseur.execute("SELECT pg_stat_force_next_flush()")  # else what this connection did before is counted later
        curseur.execute(
            "SELECT tup_inserted, tup_updated, tup_deleted FROM pg_stat_database WHERE datname = current_database()"
        )
        return curseur.fetchone()
