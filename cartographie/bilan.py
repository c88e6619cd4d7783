"""What an import of places did, to be said: what was read, refused, changed, kept and closed (pure, no Django)."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from cartographie.fichiers import Anomalie


@dataclass(frozen=True)
class Changement:
    """Something that an import did to a place, or left as agents had put it: `genre` is the title of its list."""

    genre: str
    lieu: str
    detail: str

    def __str__(self) -> str:
        return f"{self.lieu} : {self.detail}"


MODIFIES, GARDES = "Lieux modifiés", "Gardé comme les agents l'ont écrit"
FERMES, ROUVERTS, REUNIS = "Lieux fermés", "Lieux rouverts", "Lieux reconnus sous un autre identifiant"
GENRES = (MODIFIES, GARDES, REUNIS, ROUVERTS, FERMES)


class TropDeFermetures(Exception):
    """A file said to be whole would close too many places: it probably is not. Its text is the sentence to show."""


@dataclass(kw_only=True)
class Bilan:
    """What an import read, refused and wrote."""

    lues: int = 0
    refus: list[Anomalie] = field(default_factory=list)
    avertissements: list[Anomalie] = field(default_factory=list)
    # How each INSEE code was obtained → how many places; and those left without.
    insee: Counter[str] = field(default_factory=Counter)
    insee_introuvables: list[Anomalie] = field(default_factory=list)
    lieux_crees: int = 0
    lieux_modifies: int = 0
    lieux_inchanges: int = 0
    structures: int = 0
    structures_creees: int = 0
    changements: list[Changement] = field(default_factory=list)
    # False when `strict` refused the whole file.
    traite: bool = False
    # False also when it was only a try.
    ecrit: bool = False

    @property
    def lignes_refusees(self) -> int:
        """Rows refused; one row may be refused for several reasons."""
        return len({anomalie.ligne for anomalie in self.refus if not anomalie.fichier})

    @property
    def acceptees(self) -> int:
        return self.lues - self.lignes_refusees


def ecarts(champ: str, avant: Any, apres: Any) -> list[str]:
    """Say what changes in a field; in the columns of the standard, one by one."""
    if champ != "fiche":
        return [f"{champ} {dire(avant)} → {dire(apres)}"]
    colonnes = sorted(avant.keys() | apres.keys())
    return [f"{c} {dire(avant.get(c))} → {dire(apres.get(c))}" for c in colonnes if avant.get(c) != apres.get(c)]


def dire(valeur: Any) -> str:
    if valeur in (None, "", []):
        return "(rien)"
    texte = ", ".join(valeur) if isinstance(valeur, list) else str(valeur)
    return f"« {texte[:60]}{'…' if len(texte) > 60 else ''} »"
