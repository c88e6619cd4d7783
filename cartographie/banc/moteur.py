"""Cases 1 to 3 and 6: the slots engine, asked in this process."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import psycopg
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from cartographie.banc.mesures import Epreuve, Geste, sur
from cartographie.banc.terrain import AGENTS, RENDEZ_VOUS, Terrain
from motifs.models import Motif
from reservations.creneaux import Creneau, creneaux_libres, demande_du_public, premiers_creneaux


def _creneaux(terrain: Terrain, maintenant: datetime) -> Callable[[], list[Creneau]]:
    return lambda: creneaux_libres([terrain.demande], maintenant=maintenant)


def _preparee(base: BaseDatabaseWrapper, requete: str, parametres: Sequence[Any] = ()) -> Callable[[], object]:
    """Return what runs one prepared statement, on the same connection and with the same adapters as the application."""

    def faire() -> object:
        base.ensure_connection()
        with psycopg.Cursor(base.connection) as curseur:
            return curseur.execute(requete, parametres, prepare=True).fetchall()

    return faire


def _garder_les_creneaux(creneaux: Sequence[Creneau]) -> None:
    """Keep slots in a table, as a design that stored them would: fetching them is the limit of computing them."""
    with connection.cursor() as curseur:
        curseur.execute(
            "CREATE TABLE IF NOT EXISTS banc_creneau (debut timestamptz, agent_id bigint, motif_id bigint, "
            "lieu_id bigint, fin timestamptz, pause int, PRIMARY KEY (motif_id, debut, agent_id))"
        )
        curseur.executemany(
            "INSERT INTO banc_creneau VALUES (%s, %s, %s, %s, %s, %s)",
            [(c.debut, c.agent_id, c.motif_id, c.lieu_id, c.fin, c.pause) for c in creneaux],
        )
        curseur.execute("ANALYZE banc_creneau")


GARDES = "SELECT * FROM banc_creneau WHERE motif_id = %s ORDER BY debut, agent_id"
OUVERTURES = "SELECT count(*), max(upper(periode)) FROM plages_ouverture WHERE periode && %s"


def epreuves_du_moteur(base: BaseDatabaseWrapper, terrain: Terrain, maintenant: datetime) -> list[Epreuve]:
    """Cases 1 to 3, in the base that holds that terrain."""
    with sur(base):
        libres = _creneaux(terrain, maintenant)()
        if len(libres) != AGENTS * 20 * 12 - RENDEZ_VOUS:
            raise AssertionError(f"{len(libres)} créneaux libres : le terrain n'est pas celui du banc.")
        _garder_les_creneaux(libres)

    def premiers(lieux: int) -> Geste:
        return Geste(
            base,
            lambda: premiers_creneaux([terrain.demande_etendue], maintenant=maintenant, lieux=terrain.lieux[:lieux]),
        )

    cas_1 = Geste(base, _creneaux(terrain, maintenant))
    prochain = Geste(base, lambda: premiers_creneaux([terrain.demande_pleine], maintenant=maintenant))
    gardes = Geste(base, _preparee(base, GARDES, [terrain.ordinaire.pk]))
    return [
        Epreuve("1. créneaux libres : 10 agents, 28 jours, 1 900 créneaux", cas_1, gardes, "les mêmes, gardés", 2.5),
        Epreuve("2. prochain créneau : 10 agents, rien avant 6 mois", prochain, cas_1, "cas 1", 1.5),
        Epreuve("3. prochain créneau de 64 lieux", premiers(64), premiers(1), "un lieu", 10),
        Epreuve("3. prochain créneau de 200 lieux", premiers(200), premiers(1), "un lieu"),
    ]


def epreuve_de_tous_les_lieux(base: BaseDatabaseWrapper, maintenant: datetime) -> Epreuve:
    with sur(base):
        demandes = [demande_du_public(m, maintenant=maintenant) for m in Motif.objects.ouverts_a_tous()]
    periode = DateTimeTZRange(min(d.au_plus_tot for d in demandes), max(d.au_plus_tard for d in demandes), "[]")
    return Epreuve(
        "3. prochain créneau de tous les lieux",
        Geste(base, lambda: premiers_creneaux(demandes, maintenant=maintenant)),
        Geste(base, _preparee(base, OUVERTURES, [periode])),
        "compter les ouvertures",
        lourde=True,
    )


def epreuve_de_croissance(
    nom: str,
    grande: tuple[BaseDatabaseWrapper, Terrain],
    petite: tuple[BaseDatabaseWrapper, Terrain],
    maintenant: datetime,
    vers: str,
) -> Epreuve:
    """Case 6: case 1 in a large base against case 1 in a small one."""
    (base, terrain), (base_limite, terrain_limite) = grande, petite
    return Epreuve(
        nom,
        Geste(base, _creneaux(terrain, maintenant)),
        Geste(base_limite, _creneaux(terrain_limite, maintenant)),
        vers,
        1.15,
    )
