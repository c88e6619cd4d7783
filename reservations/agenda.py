"""Where timed things go on the pages of an agenda (pure: no ORM, no clock, no Django).

Instants are UTC; a page is cut in local days, in rows of five minutes of the clock on the wall. A day of a clock change
keeps its 24 hours: in spring a block simply crosses the missing hour; in autumn the two "2 h 30" are the same row, side
by side.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from structures.dates import heure

PAS = 5  # minutes a row
RANGS_PAR_JOUR = 24 * 60 // PAS
COTE_A_COTE = 6  # more than this at one time, and they share the last column: nothing could be read any more
# The hours shown when nothing is earlier or later.
PREMIERE_HEURE, DERNIERE_HEURE = 8, 18
LONG = 8 * 60 // PAS


@dataclass(frozen=True)
class Periode[T]:
    """Something that lasts from `debut` to `fin` (UTC, `fin` not included)."""

    debut: datetime
    fin: datetime
    objet: T


@dataclass(frozen=True)
class Bloc[T]:
    """The part of a period that falls on one local day, and its place: rows from `haut` to `bas` (not included),
    column `colonne` (from 0) of `colonnes`."""

    objet: T
    debut: datetime
    fin: datetime
    haut: int
    bas: int
    colonne: int = 0
    colonnes: int = 1

    @property
    def de_a(self) -> str:
        return f"{heure(self.debut)} – {heure(self.fin)}"

    @property
    def court(self) -> bool:
        """Whether there is room for one line only."""
        return self.bas - self.haut < 6

    @property
    def classes(self) -> str:
        """The place as classes of `agenda.css`: a strict CSP allows no style attribute."""
        (h, m), (hf, mf) = divmod(self.haut * PAS, 60), divmod(self.bas * PAS, 60)
        classes = f"rdv-h{h} rdv-a{hf}"
        for condition, classe in (
            (m, f" rdv-m{m}"),
            (mf, f" rdv-n{mf}"),
            (self.colonnes > 1, f" rdv-c{self.colonne} rdv-sur{self.colonnes}"),
        ):
            if condition:
                classes += classe
        return classes


def semaine_de(jour: date) -> list[date]:
    """Return the seven days, Monday first, of the week of that day."""
    lundi = jour - timedelta(days=jour.weekday())
    return [lundi + timedelta(days=n) for n in range(7)]


def bornes(jours: Sequence[date], tz: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the instants (UTC) where the first of these local days begins and where the last one ends."""
    fin = jours[-1] + timedelta(days=1)
    return (
        datetime.combine(jours[0], time(), tzinfo=tz).astimezone(UTC),
        datetime.combine(fin, time(), tzinfo=tz).astimezone(UTC),
    )


def disposer[T](periodes: Iterable[Periode[T]], jours: Sequence[date], tz: ZoneInfo) -> dict[date, list[Bloc[T]]]:
    """Lay periods out over local days, side by side where they overlap; each day's blocks by start, then end.

    ::

        9 h  |--A--||--B--|      A and B overlap: two columns each
             |     |
        10 h |-----||--C--|      C begins when B ends: B's column is free again
    """
    par_jour: dict[date, list[Bloc[T]]] = {jour: [] for jour in jours}
    for periode in periodes:
        for jour in _jours_de(periode, tz):
            if jour in par_jour:
                par_jour[jour].append(_bloc(periode, jour, tz))
    return {jour: _cote_a_cote(blocs) for jour, blocs in par_jour.items()}


def heures_libres(
    ouvertes: Iterable[Periode[object]], prises: Iterable[Periode[object]], depuis: datetime, tz: ZoneInfo
) -> list[tuple[datetime, datetime]]:
    """Return the free time of open periods from an instant on (UTC), cut where an hour begins on the wall.

    ::

        open    8 h 30 |---------------------------| 11 h
        taken                9 h 40 |----| 10 h
        free    8 h 30 |--| 9 h |---|    |---------| 11 h
    """
    bornes_prises = sorted((p.debut, p.fin) for p in prises)
    libres: list[tuple[datetime, datetime]] = []
    jusqu_a = depuis  # what is before is past, or already said by an open period that overlaps
    for ouverte in sorted(ouvertes, key=lambda o: (o.debut, o.fin)):
        curseur = max(ouverte.debut, jusqu_a)
        for debut, fin in bornes_prises:
            if fin <= curseur or debut >= ouverte.fin:
                continue
            libres += _par_heure(curseur, debut, tz)
            curseur = max(curseur, fin)
        libres += _par_heure(curseur, ouverte.fin, tz)
        jusqu_a = max(jusqu_a, ouverte.fin)
    return libres


def _par_heure(debut: datetime, fin: datetime, tz: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    while debut < fin:
        minutes = 60 - debut.astimezone(tz).minute
        suivante = min(fin, debut.replace(second=0, microsecond=0) + timedelta(minutes=minutes))
        yield debut, suivante
        debut = suivante


def heures_affichees(par_jour: Iterable[Iterable[Bloc[object]]]) -> tuple[int, int]:
    """Return the first hour to show and the one where the page ends: 8 h–18 h, or more when something is outside.

    What lasts more than eight hours (a day of absence) shows in any case, and stretches nothing.
    """
    premiere, derniere = PREMIERE_HEURE, DERNIERE_HEURE
    for blocs in par_jour:
        for bloc in blocs:
            if bloc.bas - bloc.haut > LONG:
                continue
            premiere = min(premiere, bloc.haut * PAS // 60)
            derniere = max(derniere, -(-bloc.bas * PAS // 60))
    return premiere, derniere


def _jours_de(periode: Periode[object], tz: ZoneInfo) -> Iterable[date]:
    jour = periode.debut.astimezone(tz).date()
    dernier = (periode.fin - timedelta(microseconds=1)).astimezone(tz).date()
    while jour <= dernier:
        yield jour
        jour += timedelta(days=1)


def _bloc[T](periode: Periode[T], jour: date, tz: ZoneInfo) -> Bloc[T]:
    debut, fin = periode.debut.astimezone(tz), periode.fin.astimezone(tz)
    haut = _rang(debut) if debut.date() == jour else 0
    bas = _rang_au_dessus(_minutes(fin)) if fin.date() == jour else RANGS_PAR_JOUR
    if debut.date() == fin.date() and fin.fold > debut.fold:
        # The clock went back meanwhile: the end reads too early, perhaps before the start. Its duration is drawn.
        bas = haut + _rang_au_dessus((periode.fin - periode.debut) // timedelta(minutes=1))
    return Bloc(periode.objet, debut, fin, haut, min(max(bas, haut + 1), RANGS_PAR_JOUR))


def _minutes(instant: datetime) -> int:
    return instant.hour * 60 + instant.minute


def _rang(instant: datetime) -> int:
    return _minutes(instant) // PAS


def _rang_au_dessus(minutes: int) -> int:
    return -(-minutes // PAS)


def _cote_a_cote[T](blocs: list[Bloc[T]]) -> list[Bloc[T]]:
    """Give each block the first column that is free at its start; those that touch one another share the width."""
    places: list[Bloc[T]] = []
    groupe: list[Bloc[T]] = []
    libres_a: list[int] = []  # per column of the group, the row where it is free again
    for bloc in sorted(blocs, key=lambda b: (b.haut, b.bas, b.debut)):
        if groupe and bloc.haut >= max(libres_a):
            places += [replace(b, colonnes=len(libres_a)) for b in groupe]
            groupe, libres_a = [], []
        colonne = next((n for n, libre in enumerate(libres_a) if libre <= bloc.haut), len(libres_a))
        colonne = min(colonne, COTE_A_COTE - 1)
        if colonne == len(libres_a):
            libres_a.append(0)
        libres_a[colonne] = max(libres_a[colonne], bloc.bas)
        groupe.append(replace(bloc, colonne=colonne))
    return places + [replace(b, colonnes=len(libres_a)) for b in groupe]
