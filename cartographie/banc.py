"""Measures of the slots engine, each beside a limit taken in the same run and in turns with it.

An absolute time says more about the machine, and who else uses it, than about the code: only ratios are compared.
"""

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from math import ceil
from statistics import median
from typing import Any

import psycopg
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test.utils import CaptureQueriesContext

from cartographie.donnees_nationales import Pays, Suivre, ajouter_passe, charger
from cartographie.terrain_banc import AGENTS, RENDEZ_VOUS, Terrain
from motifs.models import Motif
from reservations.creneaux import Creneau, creneaux_libres, demande_du_public, premiers_creneaux

AGGRAVATION = 1.25  # a ratio worse by more than this is a regression
REPETITIONS, REPETITIONS_RAPIDES, REPETITIONS_LOURDES = 31, 15, 15
PASSE_PAR_AGENT = 250  # a million for 4,000 agents


@dataclass(frozen=True)
class Geste:
    """Something to time, in one base."""

    base: BaseDatabaseWrapper
    faire: Callable[[], object]


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

    @property
    def tenue(self) -> bool:
        return self.maximum is None or self.rapport <= self.maximum


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
    with sur(epreuve.geste.base), CaptureQueriesContext(epreuve.geste.base) as requetes:
        epreuve.geste.faire()
    ordonnes = sorted(gestes)
    return Mesure(
        nom=epreuve.nom,
        premier=gestes[0],
        mediane=median(gestes),
        p95=ordonnes[ceil(0.95 * len(ordonnes)) - 1],
        limite=median(limites),
        nom_limite=epreuve.nom_limite,
        rapport=median(gestes) / median(limites),
        rapport_des_meilleurs=min(gestes) / min(limites),
        maximum=epreuve.maximum,
        requetes=len(requetes),
        repetitions=len(gestes),
    )


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


# --- What is measured ------------------------------------------------------------------------------------------------


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
        curseur.executemany("INSERT INTO banc_creneau VALUES (%s, %s, %s, %s, %s, %s)", creneaux)
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


# --- The bases -------------------------------------------------------------------------------------------------------


def banc_rapide(maintenant: datetime, suivre: Callable[[], object]) -> list[Mesure]:
    """Measure on the base in use, in a transaction of the caller's, which undoes it."""
    base = connections[DEFAULT_DB_ALIAS]
    terrain, charge = Terrain.ecrire(maintenant), Terrain.ecrire(maintenant, en_entier=False)
    charge.ajouter_passe(2_000)
    epreuves = epreuves_du_moteur(base, terrain, maintenant)
    epreuves.append(
        epreuve_de_croissance("6. cas 1, 20 000 passés", (base, charge), (base, terrain), maintenant, "aucun passé")
    )
    return mesurer(epreuves, REPETITIONS_RAPIDES, suivre)


class Bases:
    """Databases of the bench's own, beside the one in use, dropped at the end."""

    def __init__(self, *, graine: int, maintenant: datetime, suivre: Suivre) -> None:
        self.graine, self.maintenant, self.suivre = graine, maintenant, suivre
        self.principale = connections[DEFAULT_DB_ALIAS]
        self.prefixe = f"{self.principale.settings_dict['NAME']}_banc"
        self.ouvertes: dict[str, BaseDatabaseWrapper] = {}

    def __enter__(self) -> "Bases":
        return self

    def __exit__(self, *_: object) -> None:
        for nom in list(self.ouvertes):
            self.supprimer(nom)

    def creer(self, nom: str, modele: str = "template0") -> BaseDatabaseWrapper:
        """Create a database, a copy of another one of the bench if asked."""
        if modele in self.ouvertes:
            self.ouvertes[modele].close()
            modele = self._nom(modele)
        self._administrer(f'DROP DATABASE IF EXISTS "{self._nom(nom)}"')
        self._administrer(f'CREATE DATABASE "{self._nom(nom)}" TEMPLATE "{modele}"')
        reglages = self.principale.settings_dict
        options = {cle: valeur for cle, valeur in reglages["OPTIONS"].items() if cle != "pool"}
        base = type(self.principale)({**reglages, "NAME": self._nom(nom), "OPTIONS": options}, DEFAULT_DB_ALIAS)
        self.ouvertes[nom] = base
        return base

    def supprimer(self, nom: str) -> None:
        self.ouvertes.pop(nom).close()
        self._administrer(f'DROP DATABASE IF EXISTS "{self._nom(nom)}"')

    def _nom(self, nom: str) -> str:
        return f"{self.prefixe}_{nom}"

    def _administrer(self, requete: str) -> None:
        with self.principale.cursor() as curseur:
            curseur.execute("SET statement_timeout = 0")
            curseur.execute(requete)

    def pays(self, nom: str, modele: str, *, agents: int, passe: int) -> tuple[BaseDatabaseWrapper, Terrain, Pays]:
        """Create a base with a country and a terrain in it, their past included."""
        base = self.creer(nom, modele)
        with sur(base):
            pays = charger(agents=agents, passe=0, graine=self.graine, maintenant=self.maintenant, suivre=self.suivre)
            terrain = Terrain.ecrire(self.maintenant)
            self.vieillir(base, terrain, pays, passe)
        return base, terrain, pays

    def vieillir(self, base: BaseDatabaseWrapper, terrain: Terrain, pays: Pays, passe: int) -> None:
        """Add a past, the terrain's agents having their share of it, and leave the base as autovacuum would."""
        with sur(base):
            if passe:
                ajouter_passe(pays, passe, suivre=self.suivre)
                terrain.ajouter_passe(max(1, passe // len(pays.affectations)))
            with base.cursor() as curseur:
                curseur.execute("SET statement_timeout = 0")
                curseur.execute("VACUUM ANALYZE")
                curseur.execute("RESET statement_timeout")


def banc_complet(
    *, agents: int, passe: int, graine: int, maintenant: datetime, suivre: Suivre, avancer: Callable[[], object]
) -> list[Mesure]:
    """Measure on bases of the whole country, created for it: with and without a past, with few and many agents."""
    peu_d_agents, mi_agents, peu_de_passe = max(1, agents // 400), max(1, agents // 4), passe // 50
    with Bases(graine=graine, maintenant=maintenant, suivre=suivre) as bases, ExitStack() as pile:
        pile.callback(gc.collect)
        vide = bases.creer("vide")
        with sur(vide):
            call_command("migrate", verbosity=0, interactive=False)
        sans, terrain, pays = bases.pays("sans_passe", "vide", agents=agents, passe=0)
        peu = bases.creer("peu_de_passe", "sans_passe")
        bases.vieillir(peu, terrain, pays, peu_de_passe)
        tout = bases.creer("tout", "sans_passe")
        bases.vieillir(tout, terrain, pays, passe)
        chacun = passe // agents
        dix, terrain_dix, _ = bases.pays("peu_d_agents", "vide", agents=peu_d_agents, passe=peu_d_agents * chacun)
        mille, terrain_mille, _ = bases.pays("mi_agents", "vide", agents=mi_agents, passe=mi_agents * chacun)

        def croissance(nom: str, grande: Any, petite: Any, vers: str) -> Epreuve:
            return epreuve_de_croissance(f"6. cas 1, {nom}", grande, petite, maintenant, vers)

        epreuves = [
            *epreuves_du_moteur(tout, terrain, maintenant),
            epreuve_de_tous_les_lieux(tout, maintenant),
            croissance(f"{_nombre(peu_de_passe)} passés", (peu, terrain), (sans, terrain), "aucun passé"),
            croissance(f"{_nombre(passe)} passés", (tout, terrain), (sans, terrain), "aucun passé"),
            croissance(
                f"{_nombre(mi_agents)} agents", (mille, terrain_mille), (dix, terrain_dix), f"{peu_d_agents} agents"
            ),
            croissance(f"{_nombre(agents)} agents", (tout, terrain), (dix, terrain_dix), f"{peu_d_agents} agents"),
        ]
        return mesurer(epreuves, REPETITIONS, avancer)


def _nombre(n: int) -> str:
    return f"{n:,}".replace(",", " ")
