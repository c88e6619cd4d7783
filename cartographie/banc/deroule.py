"""The runs of `manage.py banc`: which bases, which cases, in which order."""

from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime

from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from cartographie.banc.bases import Bases
from cartographie.banc.cout import Cout, mesurer_le_cout
from cartographie.banc.guichets import mesurer_les_reservations
from cartographie.banc.mesures import REPETITIONS, REPETITIONS_RAPIDES, Epreuve, Mesure, mesurer, sur
from cartographie.banc.moteur import epreuve_de_croissance, epreuve_de_tous_les_lieux, epreuves_du_moteur
from cartographie.banc.pages import (
    CLIENTS,
    Site,
    avec_la_page_vide,
    croissance_de_la_page,
    epreuves_des_pages,
    mesurer_les_pages,
    serveur_du_banc,
)
from cartographie.banc.terrain import Terrain
from cartographie.donnees_nationales import Pays, Suivre

CAS = ("moteur", "pages", "reservations", "cout", "croissance")
Grandeur = tuple[BaseDatabaseWrapper, Terrain]


@dataclass
class Resultat:
    """What is measured so far, and what is being measured: the caller's, who keeps it when a later case fails."""

    mesures: list[Mesure] = field(default_factory=list)
    cout: Cout | None = None
    en_cours: str = ""


@avec_la_page_vide
def banc_rapide(maintenant: datetime, suivre: Callable[[], object]) -> list[Mesure]:
    """Measure on the base in use, in a transaction of the caller's, which undoes it."""
    base = connections[DEFAULT_DB_ALIAS]
    terrain, charge = Terrain.ecrire(maintenant), Terrain.ecrire(maintenant, en_entier=False)
    charge.ajouter_passe(2_000)
    return mesurer(
        [
            *epreuves_du_moteur(base, terrain, maintenant),
            *epreuves_des_pages(Site.de(base, terrain)),
            epreuve_de_croissance(
                "6. cas 1, 20 000 passés", (base, charge), (base, terrain), maintenant, "aucun passé"
            ),
        ],
        REPETITIONS_RAPIDES,
        suivre,
    )


@avec_la_page_vide
def banc_complet(
    resultat: Resultat,
    *,
    cas: Collection[str],
    agents: int,
    passe: int,
    graine: int,
    maintenant: datetime,
    suivre: Suivre,
    avancer: Callable[[], object],
) -> None:
    """Measure on bases of the whole country, created for it: with and without a past, with few and many agents."""
    resultat.en_cours = "bases"
    with Bases(graine=graine, maintenant=maintenant, suivre=suivre) as bases:
        vide = bases.creer("vide")
        with sur(vide):
            call_command("migrate", verbosity=0, interactive=False)
        sans, terrain, pays = bases.pays("sans_passe", "vide", agents=agents, passe=0)
        tout = bases.creer("tout", "sans_passe")
        bases.vieillir(tout, terrain, pays, passe)
        for resultat.en_cours in (nom for nom in CAS if nom in cas):
            match resultat.en_cours:
                case "moteur":
                    epreuves = epreuves_du_moteur(tout, terrain, maintenant)
                    epreuves.append(epreuve_de_tous_les_lieux(tout, maintenant))
                    resultat.mesures += mesurer(epreuves, REPETITIONS, avancer)
                case "pages":
                    site = Site.de(tout, terrain)
                    for clients in (1, CLIENTS):
                        resultat.mesures += mesurer_les_pages(site, clients, avancer)
                case "reservations":
                    for mesure in mesurer_les_reservations(tout, terrain, avancer):
                        resultat.mesures.append(mesure)
                case "cout":
                    resultat.cout = mesurer_le_cout(tout, terrain, avancer)
                case "croissance":
                    grandeurs = _grandeurs(bases, (sans, terrain, pays), tout, agents, passe)
                    resultat.mesures += _mesurer_la_croissance(grandeurs, maintenant, avancer)


Comparaison = tuple[str, Grandeur, Grandeur, str]


def _grandeurs(
    bases: Bases,
    sans_passe: tuple[BaseDatabaseWrapper, Terrain, Pays],
    tout: BaseDatabaseWrapper,
    agents: int,
    passe: int,
) -> list[Comparaison]:
    """Return which base is compared with which, those that are missing being created."""
    peu_d_agents, mi_agents, peu_de_passe = max(1, agents // 400), max(1, agents // 4), passe // 50
    sans, terrain, pays = sans_passe
    peu = bases.creer("peu_de_passe", "sans_passe")
    bases.vieillir(peu, terrain, pays, peu_de_passe)
    chacun = passe // agents
    dix, terrain_dix, _ = bases.pays("peu_d_agents", "vide", agents=peu_d_agents, passe=peu_d_agents * chacun)
    mille, terrain_mille, _ = bases.pays("mi_agents", "vide", agents=mi_agents, passe=mi_agents * chacun)
    petite = f"{peu_d_agents} agents"
    return [
        (f"{_nombre(peu_de_passe)} passés", (peu, terrain), (sans, terrain), "aucun passé"),
        (f"{_nombre(passe)} passés", (tout, terrain), (sans, terrain), "aucun passé"),
        (f"{_nombre(mi_agents)} agents", (mille, terrain_mille), (dix, terrain_dix), petite),
        (f"{_nombre(agents)} agents", (tout, terrain), (dix, terrain_dix), petite),
    ]


def _mesurer_la_croissance(
    comparaisons: list[Comparaison], maintenant: datetime, avancer: Callable[[], object]
) -> list[Mesure]:
    """Case 6: the engine, then the page of slots, each base having its own server of one process."""
    with ExitStack() as pile:
        sites: dict[int, tuple[Site, str]] = {}

        def site(grandeur: Grandeur) -> tuple[Site, str]:
            base, terrain = grandeur
            if id(base) not in sites:
                serveur = pile.enter_context(serveur_du_banc(base, processus=1))
                sites[id(base)] = Site.de(base, terrain), serveur.base
            return sites[id(base)]

        epreuves: list[Epreuve] = []
        for nom, grande, petite, vers in comparaisons:
            epreuves.append(epreuve_de_croissance(f"6. cas 1, {nom}", grande, petite, maintenant, vers))
        for nom, grande, petite, vers in comparaisons:
            epreuves.append(croissance_de_la_page(nom, site(grande), site(petite), vers))
        return mesurer(epreuves, REPETITIONS, avancer)


def _nombre(n: int) -> str:
    return f"{n:,}".replace(",", " ")
