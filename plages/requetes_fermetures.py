"""Reads of the days on which a structure opens nothing: public holidays, its own closings, what they take away."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta

from plages.feries import feries
from plages.models import OccurrenceModifiee
from plages.recurrence import Frequence
from plages.services import HORIZON
from structures.models import Structure

DUREE_MAXIMUM = 60  # days: longer than any annual closing; a structure that stops closes its booking link


@dataclass(frozen=True)
class Ferie:
    """A public holiday. `fermeture`: the reason of the structure's own closing that covers it, if any."""

    jour: date
    nom: str
    travaille: bool = False
    fermeture: str | None = None


@dataclass(frozen=True)
class Fermeture:
    """Days on end, both included, that a structure closes for one reason."""

    du: date
    au: date
    nom: str


def calendrier(structure: Structure, aujourd_hui: date) -> tuple[list[Ferie], list[Fermeture]]:
    """Return the public holidays of the coming months, and the structure's closings that are not over. One query."""
    ouverts: set[date] = set()
    fermes: dict[date, str] = {}
    fermetures: list[Fermeture] = []
    # From before today: a closing under way is shown with its first day.
    depuis = aujourd_hui - timedelta(days=DUREE_MAXIMUM)
    for jour, ferme, nom in (
        structure.jours_particuliers.filter(jour__gte=depuis).order_by("jour").values_list("jour", "ferme", "nom")
    ):
        if not ferme:
            ouverts.add(jour)
            continue
        fermes[jour] = nom
        derniere = fermetures[-1] if fermetures else None
        if derniere and derniere.nom == nom and derniere.au == jour - timedelta(days=1):
            fermetures[-1] = replace(derniere, au=jour)
        else:
            fermetures.append(Fermeture(jour, jour, nom))
    jours = feries(structure.departement, aujourd_hui, aujourd_hui + HORIZON)
    return (
        [Ferie(jour, nom, jour in ouverts, fermes.get(jour)) for jour, nom in sorted(jours.items())],
        [fermeture for fermeture in fermetures if fermeture.au >= aujourd_hui],
    )


def dates_deplacees_sur(structure: Structure, jours: Collection[date]) -> list[OccurrenceModifiee]:
    """Return the dates of plages moved to one of these local days: nothing opens if it is closed. One query."""
    modifiees = (
        OccurrenceModifiee.objects.filter(plage__structure=structure, nouveau_jour__in=jours)
        .exclude(plage__frequence=Frequence.UNIQUE)
        .select_related("plage__agent")
        .order_by("nouveau_jour", "heure_debut", "pk")
    )
    return [m for m in modifiees if m.plage.regle.couvre(m.jour)]
