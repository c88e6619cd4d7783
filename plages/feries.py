"""French public holidays, territory by territory (pure; the days are computed by the `holidays` library)."""

from datetime import date
from functools import lru_cache

import holidays

from structures.fuseaux import TERRITOIRES_FERIES


@lru_cache(maxsize=256)
def feries_de_l_annee(departement: str, annee: int) -> dict[date, str]:
    """Return the public holidays of a year: local date → French name."""
    jours = holidays.country_holidays("FR", subdiv=TERRITOIRES_FERIES.get(departement), years=annee, language="fr")
    return {jour: str(nom) for jour, nom in jours.items() if jour.year == annee}


def feries(departement: str, du: date, au: date) -> dict[date, str]:
    """Return the public holidays between two local dates, both included."""
    return {
        jour: nom
        for annee in range(du.year, au.year + 1)
        for jour, nom in feries_de_l_annee(departement, annee).items()
        if du <= jour <= au
    }
