"""Databases of the bench's own, created beside the one in use and dropped at the end."""

from datetime import datetime

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from cartographie.banc.mesures import sur
from cartographie.banc.terrain import Terrain
from cartographie.donnees_nationales import Pays, Suivre, ajouter_passe, charger


class Bases:
    """The databases open at this moment, by the name that the bench gives them."""

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
        self._administrer(f'DROP DATABASE IF EXISTS "{self._nom(nom)}" WITH (FORCE)')
        self._administrer(f'CREATE DATABASE "{self._nom(nom)}" TEMPLATE "{modele}"')
        reglages = self.principale.settings_dict
        options = {cle: valeur for cle, valeur in reglages["OPTIONS"].items() if cle != "pool"}
        base = type(self.principale)({**reglages, "NAME": self._nom(nom), "OPTIONS": options}, DEFAULT_DB_ALIAS)
        self.ouvertes[nom] = base
        return base

    def supprimer(self, nom: str) -> None:
        self.ouvertes.pop(nom).close()
        self._administrer(f'DROP DATABASE IF EXISTS "{self._nom(nom)}" WITH (FORCE)')

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
