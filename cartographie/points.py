"""What the map draws in a frame: places grouped by a grid that follows the frame's size, never more than a few hundred.

Grouped by the database: the browser never holds all the places, and moving the map costs the same everywhere.
"""

from dataclasses import dataclass
from math import isfinite
from typing import Any

from django.db.models import Avg, Count, Exists, F, Min, OuterRef, QuerySet
from django.db.models.functions import Floor

from cartographie.models import EtatDuBouton
from structures.models import Lieu

CASES = 6  # at least so many cells on the longer side of the frame, at most twice as many


@dataclass(frozen=True)
class Cadre:
    """A part of the Earth, in degrees."""

    ouest: float
    sud: float
    est: float
    nord: float

    @property
    def valable(self) -> bool:
        finis = all(isfinite(v) for v in (self.ouest, self.sud, self.est, self.nord))
        return finis and -360 <= self.ouest < self.est <= 360 and -90 <= self.sud < self.nord <= 90

    @property
    def case(self) -> float:
        """The side of a cell: the Earth's turn halved and halved again, so that cells stay where they are."""
        cote = max(self.est - self.ouest, self.nord - self.sud) / CASES
        case = 360.0
        while case > cote and case > 360 / 2**24:
            case /= 2
        return case


def points(cadre: Cadre, lieux: QuerySet[Lieu], *, reservable: bool = False) -> list[list[Any]]:
    """Return [latitude, longitude, places, of which bookable] for each cell, and […, key, name] for a place alone.

    One query. Bookable as published.
    """
    allume = EtatDuBouton.objects.en_cours().filter(actif=True, lieu=OuterRef("pk"))
    case = cadre.case
    ici = lieux.filter(latitude__range=(cadre.sud, cadre.nord), longitude__range=(cadre.ouest, cadre.est))
    cases = (
        (ici.filter(Exists(allume)) if reservable else ici)
        .select_related(None)
        .values(colonne=Floor(F("longitude") / case), ligne=Floor(F("latitude") / case))
        .annotate(
            nombre=Count("pk"),
            reservables=Count("pk", filter=Exists(allume)),
            centre_latitude=Avg("latitude"),
            centre_longitude=Avg("longitude"),
            cle=Min("pk"),
            son_nom=Min("nom"),
        )
        .order_by("ligne", "colonne")
    )
    return [
        [round(c["centre_latitude"], 4), round(c["centre_longitude"], 4), c["nombre"], c["reservables"]]
        + ([c["cle"], c["son_nom"]] if c["nombre"] == 1 else [])
        for c in cases
    ]
