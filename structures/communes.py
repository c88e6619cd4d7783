"""Find the INSEE code of a commune from a postcode and a name as people type it (pure, no Django).

National files write "MARSEILLE 11", "ST ETIENNE CEDEX 2", "Le Mans" or "MANS (LE)", names of communes merged since, and
postcodes of big letter-box holders that belong to no commune. The steps go from certain to likely and stop at the first
that leaves exactly one commune: a wrong commune is worse than none, so two candidates left give nothing.

Paris, Lyon and Marseille answer with the code of the commune, not of the arrondissement: the postcode already tells the
arrondissement, and a search for "Paris" must find them all.
"""

import csv
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from functools import lru_cache
from math import asin, cos, radians, sin, sqrt
from pathlib import Path

from structures.fuseaux import departement_du_code

DONNEES = Path(__file__).parent / "donnees"

# "La Roche-sur-Yon" is found as "ROCHE SUR YON" and as "ROCHE SUR YON (LA)".
ARTICLES = frozenset({"LE", "LA", "LES", "L"})
ABREVIATIONS = {
    "ST": "SAINT",
    "STE": "SAINTE",
    "STS": "SAINTS",
    "STES": "SAINTES",
    "S": "SUR",
    "SS": "SOUS",
    "LES": "LES",
    "LEZ": "LES",
}
# "Sainte-Hermine" is not "Saint-Martin-Lars-en-Sainte-Hermine": after these words comes the neighbour, not the commune.
SITUATIONS = frozenset({"EN", "SUR", "SOUS", "LES", "PRES", "DE", "DU", "DES", "D", "AUX", "AU"})
# Letters in common, from 0 to 1, under which two names of the same postcode are not one name mistyped; and how far the
# second best must be. Measured on the 4,930 places of December 2022: nothing wrong is accepted at these values.
RESSEMBLANCE_MINIMUM = 0.84
RESSEMBLANCE_ECART = 0.08
# Further than this from its commune's centre, a place is elsewhere (or its coordinates are wrong).
RAYON_COMMUNE_KM = 15
RAYON_TERRESTRE_KM = 6371
ARRONDISSEMENTS = frozenset(map(str, (*range(75101, 75121), *range(69381, 69390), *range(13201, 13217))))

Position = tuple[float, float]


@dataclass(frozen=True)
class Commune:
    """A commune of today and the postcodes that serve it. The centre is missing for a few, mostly overseas."""

    code_insee: str
    nom: str
    codes_postaux: tuple[str, ...]
    latitude: float | None = None
    longitude: float | None = None


class Methode(StrEnum):
    """How a commune was found; the value is the French wording of the report."""

    EXACTE = "code postal et nom"
    ANCIENNE = "code postal et ancien nom"
    DEPARTEMENT = "nom unique dans le département"
    COORDONNEES = "nom et coordonnées"
    APPROCHEE = "nom approché dans le code postal"
    CODE_POSTAL = "seule commune du code postal"


@dataclass(frozen=True)
class Trouvaille:
    """The commune found, and by which step."""

    commune: Commune
    methode: Methode


@lru_cache(maxsize=65536)
def normaliser(nom: str) -> str:
    """Return the name as compared: capitals without accents, abbreviations spelled out, no article, CEDEX or number.

    >>> normaliser("L’Haÿ-les-Roses"), normaliser("ST ETIENNE CEDEX 2"), normaliser("MANS (LE)"), normaliser("LYON 3E")
    ('HAY LES ROSES', 'SAINT ETIENNE', 'MANS', 'LYON')
    """
    sans_ligature = nom.upper().replace("Œ", "OE").replace("Æ", "AE")
    sans_accent = "".join(c for c in unicodedata.normalize("NFKD", sans_ligature) if not unicodedata.combining(c))
    sans_cedex = re.sub(r"\bCEDEX\b.*", "", sans_accent)
    sans_arrondissement = re.sub(r"\b\d+\s*(?:ERE?|EME|E|ND)?\b(?:\s*ARR\w*)?", " ", sans_cedex)
    mots = [ABREVIATIONS.get(mot, mot) for mot in re.findall(r"[A-Z]+", sans_arrondissement)]
    while len(mots) > 1 and mots[0] in ARTICLES:
        mots = mots[1:]
    while len(mots) > 1 and mots[-1] in ARTICLES:  # old files put the article last, in brackets
        mots = mots[:-1]
    return " ".join(mots)


def departement_du_code_postal(code_postal: str) -> str:
    """Return the département of a postcode ("20600" → "2B"): 200xx and 201xx are 2A, the rest of Corsica 2B."""
    if code_postal.startswith("20"):
        return "2A" if code_postal[:3] in ("200", "201") else "2B"
    # Saint-Barthélemy and Saint-Martin kept their postcodes of Guadeloupe.
    return {"97133": "977", "97150": "978"}.get(code_postal, departement_du_code(code_postal))


class Annuaire:
    """The communes of today, under their names of today and of before, indexed for lookups."""

    def __init__(self, communes: Iterable[Commune], anciens_noms: Iterable[tuple[str, str]] = ()) -> None:
        """Take the communes, and (INSEE code of today, former name) pairs for those that merged or changed names."""
        self.par_code = {commune.code_insee: commune for commune in communes}
        self._par_code_postal: dict[str, list[Commune]] = defaultdict(list)
        self._par_nom: dict[str, list[Commune]] = defaultdict(list)
        self._par_ancien_nom: dict[str, list[Commune]] = defaultdict(list)
        self._anciens: dict[str, list[str]] = defaultdict(list)
        for commune in self.par_code.values():
            if commune.code_insee in ARRONDISSEMENTS:
                continue
            for code_postal in commune.codes_postaux:
                self._par_code_postal[code_postal].append(commune)
            self._par_nom[normaliser(commune.nom)].append(commune)
        for code_insee, nom in anciens_noms:
            self._par_ancien_nom[normaliser(nom)].append(self.par_code[code_insee])
            self._anciens[code_insee].append(normaliser(nom))

    def trouver(self, code_postal: str, nom: str, *, position: Position | None = None) -> Trouvaille | None:
        """Return the commune of a postcode and a name, or None when nothing is sure enough.

        `position` (latitude, longitude) of the place, when known, confirms what the postcode contradicts.
        """
        cherche = normaliser(nom)
        voisines = self._par_code_postal.get(code_postal, [])
        homonymes, anciennes = self._par_nom.get(cherche, []), self._par_ancien_nom.get(cherche, [])
        etapes: list[tuple[Methode, Callable[[], list[Commune]]]] = [
            (Methode.EXACTE, lambda: _departager([c for c in homonymes if code_postal in c.codes_postaux], nom)),
            (Methode.ANCIENNE, lambda: [c for c in anciennes if code_postal in c.codes_postaux]),
            # A CEDEX, or a postcode mistyped: the name is a commune of the same département.
            (Methode.DEPARTEMENT, lambda: _du_departement(homonymes, code_postal)),
            (Methode.DEPARTEMENT, lambda: _du_departement(anciennes, code_postal)),
            # A postcode of another département, mistyped too: the name is a commune right where the place is.
            (Methode.COORDONNEES, lambda: [c for c in homonymes if _est_proche(c, position)]),
            (Methode.APPROCHEE, lambda: self._ressemblantes(cherche, voisines)),
            # A hamlet: the postcode is enough, unless the place is elsewhere.
            (Methode.CODE_POSTAL, lambda: [c for c in voisines if len(voisines) == 1 and not _est_loin(c, position)]),
        ]
        for methode, candidates in etapes:
            trouvees = candidates()
            if len(trouvees) == 1:
                return Trouvaille(trouvees[0], methode)
        return None

    def proposer(self, code_postal: str, nom: str) -> list[Commune]:
        """Return what to choose from when nothing is sure: the communes of the postcode, those whose name is nearest
        first, then those of that name elsewhere."""
        cherche = normaliser(nom)
        voisines = sorted(
            self._par_code_postal.get(code_postal, []),
            key=lambda c: (-SequenceMatcher(None, cherche, normaliser(c.nom)).ratio(), c.nom),
        )
        homonymes = [*self._par_nom.get(cherche, []), *self._par_ancien_nom.get(cherche, [])]
        return list(dict.fromkeys([*voisines, *homonymes]))

    def _ressemblantes(self, cherche: str, communes: list[Commune]) -> list[Commune]:
        """Return the communes whose name, of today or of before, begins, ends or nearly is the name looked for."""
        noms = {commune: [normaliser(commune.nom), *self._anciens[commune.code_insee]] for commune in communes}
        contenues = [commune for commune in communes if any(_l_un_dans_l_autre(cherche, nom) for nom in noms[commune])]
        if len(contenues) == 1:
            return contenues
        notes = sorted(
            (
                (max(SequenceMatcher(None, cherche, nom).ratio() for nom in noms[commune]), commune)
                for commune in communes
            ),
            key=lambda note: -note[0],
        )
        return [
            commune
            for note, commune in notes
            if note >= RESSEMBLANCE_MINIMUM and note > notes[0][0] - RESSEMBLANCE_ECART
        ]


def distance_km(position: Position, commune: Commune) -> float | None:
    """Return the great-circle distance from a point to the centre of a commune, when that centre is known."""
    if commune.latitude is None or commune.longitude is None:
        return None
    phi_1, phi_2 = radians(position[0]), radians(commune.latitude)
    demi_phi, demi_lambda = (phi_2 - phi_1) / 2, radians(commune.longitude - position[1]) / 2
    return 2 * RAYON_TERRESTRE_KM * asin(sqrt(sin(demi_phi) ** 2 + cos(phi_1) * cos(phi_2) * sin(demi_lambda) ** 2))


@lru_cache(maxsize=1)
def annuaire_national() -> Annuaire:
    """The communes delivered with the application (see `donnees/README.md`), read once: under a second."""
    with (
        (DONNEES / "communes.csv").open(encoding="utf-8", newline="") as communes,
        (DONNEES / "anciennes-communes.csv").open(encoding="utf-8", newline="") as anciennes,
    ):
        return Annuaire(
            (
                Commune(
                    code_insee=ligne["code_insee"],
                    nom=ligne["nom"],
                    codes_postaux=tuple(filter(None, ligne["codes_postaux"].split("|"))),
                    latitude=float(ligne["latitude"]) if ligne["latitude"] else None,
                    longitude=float(ligne["longitude"]) if ligne["longitude"] else None,
                )
                for ligne in csv.DictReader(communes)
            ),
            ((ligne["code_insee"], ligne["nom"]) for ligne in csv.DictReader(anciennes)),
        )


def _departager(communes: list[Commune], nom: str) -> list[Commune]:
    """When the article is all that tells several communes of one postcode apart, keep the one that has it as typed."""
    if len(communes) < 2:
        return communes
    return [commune for commune in communes if _lettres(commune.nom) == _lettres(nom)]


def _lettres(nom: str) -> str:
    """The letters of a name, articles kept."""
    return re.sub(r"[^A-Z]", "", unicodedata.normalize("NFKD", nom.upper()))


def _du_departement(communes: list[Commune], code_postal: str) -> list[Commune]:
    departement = departement_du_code_postal(code_postal)
    return [commune for commune in communes if departement_du_code(commune.code_insee) == departement]


def _est_proche(commune: Commune, position: Position | None) -> bool:
    """Whether the place is surely in or beside the commune; unknown is no."""
    distance = distance_km(position, commune) if position else None
    return distance is not None and distance <= RAYON_COMMUNE_KM


def _est_loin(commune: Commune, position: Position | None) -> bool:
    """Whether the place is surely elsewhere; unknown is no. In Guyane a commune is as large as a département."""
    if position is None or departement_du_code(commune.code_insee) == "973":
        return False
    distance = distance_km(position, commune)
    return distance is not None and distance > RAYON_COMMUNE_KM


def _l_un_dans_l_autre(un: str, autre: str) -> bool:
    """Whether the words of one name begin or end the other ("VIRE", "VIRE NORMANDIE"; "MEUDON LA FORET", "MEUDON")."""
    court, long = sorted((un.split(), autre.split()), key=len)
    if not court or court == long:
        return court == long
    if long[: len(court)] == court:
        return True
    return long[-len(court) :] == court and long[-len(court) - 1] not in SITUATIONS
