"""The outline of a département with a point in it, drawn in the page: nothing is asked of a third party (pure)."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

CONTOURS = Path(__file__).parent / "donnees" / "departements.json"
MARGE = 10


@dataclass(frozen=True)
class Carte:
    """What the page draws: an SVG path, its frame, and the point when it falls inside."""

    departement: str
    chemin: str
    cadre: str
    point: tuple[int, int] | None


@lru_cache(maxsize=1)
def _contours() -> dict[str, Any]:
    """The outlines delivered with the application (see `donnees/README.md`), read once: 77 kB."""
    contours: dict[str, Any] = json.loads(CONTOURS.read_text(encoding="utf-8"))
    return contours


def dessiner(departement: str, latitude: float | None, longitude: float | None) -> Carte | None:
    """Return the map of a département ("26"), None for a territory without outline."""
    contour = _contours().get(departement)
    if contour is None:
        return None
    point = None
    if latitude is not None and longitude is not None:
        x = round((longitude - contour["ouest"]) * contour["echelle_x"])
        y = round((contour["nord"] - latitude) * contour["echelle_y"])
        if 0 <= x <= contour["largeur"] and 0 <= y <= contour["hauteur"]:
            point = (x, y)
    cadre = f"{-MARGE} {-MARGE} {contour['largeur'] + 2 * MARGE} {contour['hauteur'] + 2 * MARGE}"
    return Carte(contour["nom"], contour["chemin"], cadre, point)
