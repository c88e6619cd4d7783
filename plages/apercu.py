"""What a rule will give, before it is saved (pure): its dates, its créneaux, the days it skips."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from plages.mots import en_mots
from plages.recurrence import Developpement, Modification, Occurrence, Regle, developper, modifier
from structures.dates import duree

# A rule without end is counted over a year: the count must mean something.
ANNEE = timedelta(days=365)


@dataclass(frozen=True)
class CreneauxDuMotif:
    """How many créneaux of `minutes` a motif gets, once the agent has nothing else to do."""

    motif: str
    minutes: int
    nombre: int

    def __str__(self) -> str:
        """Return "174 créneaux d'une heure"."""
        longueur = "d'une heure" if self.minutes == 60 else f"de {duree(self.minutes)}"
        return f"{self.nombre} {'créneaux' if self.nombre > 1 else 'créneau'} {longueur}"


@dataclass(frozen=True)
class Apercu:
    """A rule in words and in numbers. `sans_fin`: the numbers are those of the next twelve months."""

    phrase: str
    nombre: int
    sans_fin: bool
    prochaines: list[date] = field(default_factory=list)
    fermes: list[tuple[date, str]] = field(default_factory=list)
    impossibles: list[date] = field(default_factory=list)
    creneaux: list[CreneauxDuMotif] = field(default_factory=list)
    occurrences: list[Occurrence] = field(default_factory=list)


def reunir(apercus: Sequence[Apercu], phrase: str) -> Apercu:
    """Return what rules of the same days, at other hours, give together: the same dates, the créneaux added up."""
    premier, *autres = apercus
    if not autres:
        return premier
    return replace(
        premier,
        phrase=phrase,
        nombre=max(apercu.nombre for apercu in apercus),
        impossibles=sorted({jour for apercu in apercus for jour in apercu.impossibles}),
        creneaux=[
            replace(lignes[0], nombre=sum(ligne.nombre for ligne in lignes))
            for lignes in zip(*(apercu.creneaux for apercu in apercus), strict=True)
        ],
        occurrences=[o for apercu in apercus for o in apercu.occurrences],
    )


def derniere_date_comptee(regle: Regle, aujourd_hui: date) -> date:
    """Return the last local date that the numbers count."""
    return regle.derniere_date or max(regle.premier_jour, aujourd_hui) + ANNEE


def apercu(
    regle: Regle,
    tz: ZoneInfo,
    *,
    motifs: Iterable[tuple[str, int]],
    fermes: Mapping[date, str],
    maintenant: datetime,
    modifications: Iterable[Modification] = (),
) -> Apercu:
    """Expand the rule from now on. `motifs`: (name, minutes); `fermes`: the closed days and why; `modifications`: the
    dates dropped or moved."""
    fin = derniere_date_comptee(regle, maintenant.astimezone(tz).date())
    tout = developper(regle, tz, apres=maintenant, horizon=fin)
    ouverts = Developpement([o for o in tout.occurrences if o.jour not in fermes], tout.impossibles)
    ouverts = modifier(ouverts, regle, tz, modifications, apres=maintenant, feries=fermes)
    occurrences = ouverts.occurrences
    return Apercu(
        phrase=en_mots(regle),
        nombre=len(occurrences),
        sans_fin=regle.derniere_date is None,
        prochaines=[o.debut.astimezone(tz).date() for o in occurrences[:3]],
        fermes=[(o.jour, fermes[o.jour]) for o in tout.occurrences if o.jour in fermes],
        impossibles=ouverts.impossibles,
        creneaux=[
            CreneauxDuMotif(nom, minutes, sum((o.fin - o.debut) // timedelta(minutes=minutes) for o in occurrences))
            for nom, minutes in motifs
        ],
        occurrences=occurrences,
    )
