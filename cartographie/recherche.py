"""Look for places: around a commune or a point, or in a département, with what can be booked there. No write here."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import cos, radians
from typing import Any

from django.db.models import F, Func, Q, QuerySet
from django.db.models.functions import Lower, Power
from django.utils.text import slugify

from cartographie.disponibilites import Disponibilite, prochaines
from cartographie.fiche import adresse_de_la_fiche
from cartographie.requetes import lieux_publics
from motifs.models import Motif
from structures.carte import dessiner
from structures.communes import Commune, Position, annuaire_national, departement_du_code_postal, distance_km
from structures.fuseaux import departement_du_code
from structures.models import Lieu

VUE = 200  # how many places one search looks at: the nearest
AUTRES_COMMUNES = 8


@dataclass(frozen=True)
class Resultat:
    """A place found: how far, and when it can be booked first."""

    lieu: Lieu
    km: float | None
    disponibilite: Disponibilite | None

    @property
    def adresse(self) -> str:
        return adresse_de_la_fiche(self.lieu)

    @property
    def distance(self) -> str:
        return distance_en_mots(self.km)


def distance_en_mots(km: float | None) -> str:
    """Return "800 m", "2,4 km", "37 km"; "" when there is no point to measure from."""
    if km is None:
        return ""
    if km < 1:
        return f"{max(100, round(km, 1) * 1000):.0f} m"
    return f"{km:.1f} km".replace(".", ",") if km < 10 else f"{km:.0f} km"


def communes_cherchees(texte: str) -> list[Commune]:
    """Return the communes that a text may mean: a postcode, a name, or both ("26400", "Crest", "26400 Crest")."""
    annuaire = annuaire_national()
    chiffres = re.search(r"\b\d{5}\b", texte)
    code_postal = chiffres[0] if chiffres else ""
    nom = re.sub(r"\d", " ", texte).strip(" ,()-")
    if not code_postal and not nom:
        return []
    if code_postal and nom and (trouvaille := annuaire.trouver(code_postal, nom)):
        return [trouvaille.commune]
    trouvees = annuaire.proposer(code_postal, nom)  # a postcode with a name that is not its own: by nearness of name
    situees = [commune for commune in trouvees if commune.latitude is not None]
    return situees if code_postal or len(situees) < 2 else _les_plus_pourvues_d_abord(situees)


def _les_plus_pourvues_d_abord(communes: list[Commune]) -> list[Commune]:
    """Of communes of one name, put the one that has the most places first: "Valence" is the town. One query."""
    codes = lieux_publics().filter(code_insee__in=[commune.code_insee for commune in communes])
    nombres = Counter(codes.values_list("code_insee", flat=True))
    return sorted(communes, key=lambda commune: -nombres[commune.code_insee])


def commune_demandee(code: str, texte: str) -> tuple[Commune | None, list[Commune], str]:
    """Return the commune meant, the others that the text may mean, and the text when it means nothing."""
    choisie = annuaire_national().par_code.get(code)
    if choisie is not None:
        return choisie, [], ""
    trouvees = communes_cherchees(texte)
    return (trouvees[0], trouvees[1:AUTRES_COMMUNES], "") if trouvees else (None, [], texte)


def position_de(commune: Commune) -> Position | None:
    return None if commune.latitude is None or commune.longitude is None else (commune.latitude, commune.longitude)


def lieux_filtres(*, service: str = "", accueil: str = "", reservable: bool = False) -> QuerySet[Lieu]:
    """Places with the kind of help and the access asked. `reservable`: those that could be booked; slots say which."""
    lieux = lieux_publics().select_related("structure")
    if service:
        lieux = lieux.filter(fiche__services__contains=[service])
    if accueil:
        lieux = lieux.filter(fiche__prise_en_charge_specifique__contains=[accueil])
    if reservable:
        lieux = lieux.filter(ouvert=True, structure__in=Motif.objects.ouverts_a_tous().values("structure"))
    return lieux


def autour(lieux: QuerySet[Lieu], position: Position, combien: int = VUE) -> list[Lieu]:
    """Return the nearest places, nearest first. One degree of longitude is shorter than one of latitude."""
    latitude, longitude = position
    ecart = Power(F("latitude") - latitude, 2) + Power((F("longitude") - longitude) * cos(radians(latitude)), 2)
    return list(lieux.filter(latitude__isnull=False).order_by(ecart, "pk")[:combien])


def du_departement(lieux: QuerySet[Lieu], code: str) -> list[Lieu]:
    """Return the places of a département, by commune then name."""
    par_code_postal = Q(code_insee="", code_postal__startswith=code)
    return list(
        lieux.filter(Q(code_insee__startswith=code) | par_code_postal).order_by(
            *map(_sans_accent, ("commune", "nom")), "pk"
        )
    )


def _sans_accent(champ: str) -> Func:
    return Func(Lower(champ), function="unaccent")


def resultats(
    lieux: Sequence[Lieu], maintenant: datetime, *, position: Position | None, reservable: bool, au_plus_tot: bool
) -> list[Resultat]:
    """Return the places with their distance and first slot, in the order asked. Three queries at most."""
    disponibles = prochaines(lieux, maintenant)
    trouves = [
        Resultat(lieu, distance_de(lieu, position), disponibles.get(lieu.pk))
        for lieu in lieux
        if not reservable or lieu.pk in disponibles
    ]
    if au_plus_tot:  # a stable sort: at the same time, the nearest first
        trouves.sort(key=lambda r: (r.disponibilite is None, r.disponibilite and r.disponibilite.debut))
    return trouves


def distance_de(lieu: Lieu, position: Position | None) -> float | None:
    if position is None or lieu.latitude is None or lieu.longitude is None:
        return None
    return distance_km(position, Commune("", "", (), lieu.latitude, lieu.longitude))


def nom_du_departement(code: str) -> str:
    """Return the name of a département that has an outline, "" otherwise."""
    carte = dessiner(code, None, None)
    return carte.departement if carte else ""


def departements() -> list[dict[str, Any]]:
    """Return each département that has places, by name: code, name, how many. One query."""
    comptes = Counter(
        departement_du_code(insee) if insee else departement_du_code_postal(postal)
        for insee, postal in lieux_publics().values_list("code_insee", "code_postal")
    )
    connus = [{"code": c, "nom": nom, "nombre": n} for c, n in comptes.items() if (nom := nom_du_departement(c))]
    return sorted(connus, key=lambda departement: slugify(str(departement["nom"])))
