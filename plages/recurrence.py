"""Recurrence rules in local time and their dated occurrences (pure, no Django, no clock).

A rule is a wall-clock time range repeated on local dates. It is expanded to local dates first, and each date is then
placed on the UTC line: 09:00 in Paris stays 09:00 on both sides of a clock change.
Weeks start on Monday. `jusqu_au` is included. A monthly rule on the 31st skips the shorter months.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from dateutil.rrule import DAILY, MONTHLY, WEEKLY, rrule, weekday

RANGS = {1: "premier", 2: "deuxième", 3: "troisième", 4: "quatrième", 5: "cinquième"}


class Frequence(StrEnum):
    """How a rule repeats; UNIQUE is an "exceptionnelle" plage."""

    UNIQUE = "unique"
    JOUR = "jour"
    SEMAINE = "semaine"
    MOIS = "mois"


@dataclass(frozen=True, kw_only=True)
class Regle:
    """A recurrence in local time.

    jours: ISO weekdays (1 = Monday) of a weekly rule; none = the weekday of `premier_jour`.
    rangs: (ISO weekday, rank 1 to 5) pairs of a monthly rule; none = the same day of the month.
    jours_de_suite: how many nights later each occurrence ends (0: the same day), for absences of several days.
    """

    premier_jour: date
    debut: time
    fin: time
    frequence: Frequence = Frequence.UNIQUE
    intervalle: int = 1
    jours: tuple[int, ...] = ()
    rangs: tuple[tuple[int, int], ...] = ()
    jusqu_au: date | None = None
    jours_de_suite: int = 0

    def dates(self, du: date, au: date) -> Iterator[date]:
        """Yield the first local date of each occurrence that starts between `du` and `au`, both included."""
        if self.jusqu_au is not None:
            au = min(au, self.jusqu_au)
        if au < self.premier_jour or au < du:
            return
        if self.frequence == Frequence.UNIQUE:
            if du <= self.premier_jour:
                yield self.premier_jour
            return
        regle = rrule(
            freq={Frequence.JOUR: DAILY, Frequence.SEMAINE: WEEKLY, Frequence.MOIS: MONTHLY}[self.frequence],
            dtstart=_minuit(self.premier_jour),
            interval=self.intervalle,
            wkst=0,
            byweekday=self._jours_rrule(),
        )
        for moment in regle.xafter(_minuit(max(du, self.premier_jour)), inc=True):
            if moment.date() > au:
                return
            yield moment.date()

    def _jours_rrule(self) -> list[weekday] | None:
        if self.frequence == Frequence.SEMAINE:
            return [weekday(jour - 1) for jour in (self.jours or (self.premier_jour.isoweekday(),))]
        if self.frequence == Frequence.MOIS and self.rangs:
            return [weekday(jour - 1, rang) for jour, rang in self.rangs]
        return None

    def locales(self, du: date, au: date) -> Iterator[tuple[datetime, datetime]]:
        """Yield the naive local (début, fin) of the occurrences that touch the days `du` to `au`, both included."""
        for jour in self.dates(du - timedelta(days=self.jours_de_suite), au):
            yield (
                datetime.combine(jour, self.debut),
                datetime.combine(jour + timedelta(days=self.jours_de_suite), self.fin),
            )

    def couvre(self, jour: date) -> bool:
        """Tell whether an occurrence starts on that local date."""
        return any(True for _ in self.dates(jour, jour))

    @property
    def derniere_date(self) -> date | None:
        """The last local date that the rule can touch, None when it never ends."""
        if self.frequence == Frequence.UNIQUE:
            return self.premier_jour + timedelta(days=self.jours_de_suite)
        return self.jusqu_au

    def est_passee(self, aujourd_hui: date) -> bool:
        """Tell whether the rule has no occurrence from that local date on, by its last date (reference-metier §2)."""
        return self.derniere_date is not None and self.derniere_date < aujourd_hui

    @property
    def est_valide(self) -> bool:
        """Whether times and dates are in order: fin after début, `jusqu_au` strictly after `premier_jour`."""
        if self.jours_de_suite < 0 or self.intervalle < 1:
            return False
        if self.jours_de_suite == 0 and self.fin <= self.debut:
            return False
        return self.jusqu_au is None or self.jusqu_au > self.premier_jour


@dataclass(frozen=True)
class Occurrence:
    """One dated occurrence: the local date that names it, and its UTC bounds `[debut, fin[`."""

    jour: date
    debut: datetime
    fin: datetime


@dataclass
class Developpement:
    """What expanding a rule gave: the occurrences, and the local dates that a clock change empties."""

    occurrences: list[Occurrence] = field(default_factory=list)
    impossibles: list[date] = field(default_factory=list)


def en_utc(locale: datetime, tz: ZoneInfo) -> datetime:
    """Place a naive local time on the UTC line (an hour that exists twice is the first one; one that does not exist
    is read with the offset in force before the change, as PEP 495 does)."""
    return locale.replace(tzinfo=tz).astimezone(UTC)


def developper(
    regle: Regle, tz: ZoneInfo, *, apres: datetime, horizon: date, feries: Iterable[date] = ()
) -> Developpement:
    """Expand a rule into the occurrences that end after `apres` and start on or before the local date `horizon`.

    `feries` (local dates) are left out. An occurrence emptied or inverted by a clock change is left out too, and its
    date returned in `impossibles` so that the agent can be told.
    """
    exclus = frozenset(feries)
    resultat = Developpement()
    depart = apres.astimezone(tz).date() - timedelta(days=1)
    for debut_local, fin_local in regle.locales(depart, horizon):
        jour = debut_local.date()
        if jour in exclus:
            continue
        debut, fin = en_utc(debut_local, tz), en_utc(fin_local, tz)
        if fin <= apres:
            continue
        if fin <= debut:
            resultat.impossibles.append(jour)
            continue
        resultat.occurrences.append(Occurrence(jour, debut, fin))
    return resultat


@dataclass(frozen=True)
class Modification:
    """What an agent decided for one date of a rule: dropped (no `nouveau_jour`), or moved to a local day and hours."""

    jour: date
    nouveau_jour: date | None = None
    debut: time | None = None
    fin: time | None = None


def modifier(
    tout: Developpement,
    regle: Regle,
    tz: ZoneInfo,
    modifications: Iterable[Modification],
    *,
    apres: datetime,
    feries: Iterable[date] = (),
) -> Developpement:
    """Return what `developper` gave once some dates are dropped or moved.

    A moved occurrence keeps the date that names it: two dates moved to one day stay two occurrences. A modification
    of a date that the rule no longer gives is as if it were not there, and comes back with it; so is one of a rule
    that happens once, which is changed itself.
    """
    if regle.frequence == Frequence.UNIQUE:
        return tout
    valables = [m for m in modifications if regle.couvre(m.jour)]
    modifies, exclus = {m.jour for m in valables}, frozenset(feries)
    resultat = Developpement(
        [o for o in tout.occurrences if o.jour not in modifies], [j for j in tout.impossibles if j not in modifies]
    )
    for m in valables:
        if m.nouveau_jour is None or m.debut is None or m.fin is None or m.nouveau_jour in exclus:
            continue
        debut, fin = (en_utc(datetime.combine(m.nouveau_jour, heure), tz) for heure in (m.debut, m.fin))
        if fin <= debut:
            resultat.impossibles.append(m.nouveau_jour)
        elif fin > apres:
            resultat.occurrences.append(Occurrence(m.jour, debut, fin))
    resultat.occurrences.sort(key=lambda o: o.debut)
    return resultat


def se_chevauchent(une: Regle, autre: Regle, *, a_partir_du: date, horizon: date) -> date | None:
    """Return the first local date, from `a_partir_du` to `horizon` included, on which both rules overlap, else None.

    Touching is not overlapping. Both rules are read in the same time zone.
    """
    premieres = list(une.locales(a_partir_du, horizon))
    secondes = list(autre.locales(a_partir_du, horizon))
    i = j = 0
    while i < len(premieres) and j < len(secondes):
        (debut_a, fin_a), (debut_b, fin_b) = premieres[i], secondes[j]
        if debut_a < fin_b and debut_b < fin_a:
            return max(debut_a, debut_b).date()
        if fin_a <= fin_b:
            i += 1
        else:
            j += 1
    return None


def _minuit(jour: date) -> datetime:
    """dateutil works on naive datetimes: a date at midnight, without zone on purpose."""
    return datetime.combine(jour, time())
