"""Where blocks go on the agenda's page: pure functions, tables."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from reservations.agenda import Periode, bornes, disposer, heures_affichees, heures_libres, semaine_de

PARIS, REUNION = ZoneInfo("Europe/Paris"), ZoneInfo("Indian/Reunion")
LUNDI = date(2026, 11, 23)
SEMAINE = semaine_de(LUNDI)


def a(heure: str, jour: date = LUNDI, tz: ZoneInfo = PARIS, fold: int = 0) -> datetime:
    return datetime.combine(jour, time.fromisoformat(heure), tzinfo=tz).replace(fold=fold).astimezone(UTC)


def places(*periodes: tuple[str, str]) -> list[tuple[str, int, int]]:
    """Return (start, column, columns) of each block of a Monday."""
    jour = disposer([Periode(a(debut), a(fin), debut) for debut, fin in periodes], SEMAINE, PARIS)[LUNDI]
    return [(bloc.objet, bloc.colonne, bloc.colonnes) for bloc in jour]


@pytest.mark.parametrize("jour", [LUNDI, date(2026, 11, 26), date(2026, 11, 29)])
def test_a_week_goes_from_monday_to_sunday(jour: date) -> None:
    assert (semaine_de(jour)[0], semaine_de(jour)[-1], len(semaine_de(jour))) == (LUNDI, date(2026, 11, 29), 7)


@pytest.mark.parametrize(
    ("periodes", "attendu"),
    [
        ([], []),
        ([("09:00", "10:00")], [("09:00", 0, 1)]),
        ([("10:00", "11:00"), ("09:00", "10:00")], [("09:00", 0, 1), ("10:00", 0, 1)]),  # touching is not overlapping
        ([("09:00", "10:00"), ("09:30", "10:30")], [("09:00", 0, 2), ("09:30", 1, 2)]),
        (
            [("09:00", "11:00"), ("09:30", "10:00"), ("10:00", "10:30"), ("11:00", "12:00")],
            [("09:00", 0, 2), ("09:30", 1, 2), ("10:00", 1, 2), ("11:00", 0, 1)],
        ),
        (
            [("09:00", "10:00"), ("09:15", "10:15"), ("10:05", "11:00")],
            [("09:00", 0, 2), ("09:15", 1, 2), ("10:05", 0, 2)],
        ),
    ],
)
def test_overlapping_blocks_are_side_by_side(
    periodes: list[tuple[str, str]], attendu: list[tuple[str, int, int]]
) -> None:
    assert places(*periodes) == attendu


def test_too_many_at_once_share_the_last_column() -> None:
    colonnes = [(colonne, total) for _, colonne, total in places(*[("09:00", "10:00")] * 9)]

    assert colonnes == [(n, 6) for n in (0, 1, 2, 3, 4, 5, 5, 5, 5)]


@pytest.mark.parametrize(
    ("debut", "fin", "classes"),
    [
        ("09:00", "10:00", "rdv-h9 rdv-a10"),
        ("09:05", "09:35", "rdv-h9 rdv-a9 rdv-m5 rdv-n35"),
        ("09:02", "09:03", "rdv-h9 rdv-a9 rdv-n5"),  # a row at least
        ("00:00", "00:05", "rdv-h0 rdv-a0 rdv-n5"),
    ],
)
def test_the_place_is_said_by_classes(debut: str, fin: str, classes: str) -> None:
    (bloc,) = disposer([Periode(a(debut), a(fin), None)], SEMAINE, PARIS)[LUNDI]

    assert bloc.classes == classes


def test_a_period_is_cut_at_midnight() -> None:
    jours = disposer([Periode(a("22:00"), a("02:00", LUNDI + timedelta(days=2)), "x")], SEMAINE, PARIS)

    assert [[(b.haut, b.bas) for b in jours[jour]] for jour in SEMAINE[:4]] == [
        [(264, 288)],
        [(0, 288)],
        [(0, 24)],
        [],
    ]


def test_what_ends_at_midnight_is_not_on_the_next_day() -> None:
    jours = disposer([Periode(a("22:00"), a("00:00", SEMAINE[1]), "x")], SEMAINE, PARIS)

    assert [len(jours[jour]) for jour in SEMAINE[:2]] == [1, 0]


def test_days_are_those_of_the_structure() -> None:
    """23 h in Paris is already Tuesday 2 h in La Réunion."""
    periode = Periode(a("23:00"), a("23:30"), "x")

    assert [(b.haut, b.bas) for b in disposer([periode], SEMAINE, REUNION)[SEMAINE[1]]] == [(24, 30)]


def test_spring_crosses_the_missing_hour() -> None:
    dimanche = date(2026, 3, 29)
    jour = disposer([Periode(a("01:30", dimanche), a("03:30", dimanche), "x")], [dimanche], PARIS)[dimanche]

    assert [(b.haut, b.bas) for b in jour] == [(18, 42)]
    debut, fin = bornes([dimanche], PARIS)
    assert fin - debut == timedelta(hours=23)


def test_autumn_puts_the_hour_said_twice_side_by_side() -> None:
    dimanche = date(2026, 10, 25)
    premier = Periode(a("02:00", dimanche), a("03:00", dimanche) - timedelta(hours=1), "avant")
    second = Periode(a("02:00", dimanche, fold=1), a("03:00", dimanche), "après")
    inverse = Periode(a("02:45", dimanche), a("02:15", dimanche, fold=1), "à cheval")

    jour = disposer([premier, second, inverse], [dimanche], PARIS)[dimanche]

    assert {b.objet: (b.haut, b.bas) for b in jour} == {"avant": (24, 36), "après": (24, 36), "à cheval": (33, 39)}
    assert len({(b.haut, b.colonne) for b in jour}) == 3
    debut, fin = bornes([dimanche], PARIS)
    assert fin - debut == timedelta(hours=25)


@pytest.mark.parametrize(
    ("periode", "heures"),
    [
        (("09:00", "10:00"), (8, 18)),
        (("07:45", "10:00"), (7, 18)),
        (("17:00", "18:05"), (8, 19)),
        (("22:30", "23:59"), (8, 24)),
        (("00:00", "23:59"), (8, 18)),  # a whole day shows in any case
        (("00:00", "08:00"), (0, 18)),
    ],
)
def test_the_hours_shown_grow_with_what_there_is(periode: tuple[str, str], heures: tuple[int, int]) -> None:
    blocs = disposer([Periode(a(periode[0]), a(periode[1]), None)], SEMAINE, PARIS)

    assert heures_affichees(blocs.values()) == heures


@pytest.mark.parametrize(
    ("ouvertes", "prises", "depuis", "libres"),
    [
        (["08:30-11:00"], ["09:40-10:00"], "00:00", ["08:30-09:00", "09:00-09:40", "10:00-11:00"]),
        (["09:00-10:00"], [], "09:25", ["09:25-10:00"]),
        (["09:00-10:00"], ["08:00-09:15", "09:10-09:20", "09:50-12:00"], "00:00", ["09:20-09:50"]),
        (["09:00-10:00"], ["09:00-10:00"], "00:00", []),
        (["09:00-10:00", "09:30-10:30"], [], "00:00", ["09:00-10:00", "10:00-10:30"]),  # said once
        (["09:00-10:00"], [], "11:00", []),
    ],
)
def test_the_free_time_of_what_is_open(ouvertes: list[str], prises: list[str], depuis: str, libres: list[str]) -> None:
    def periodes(textes: list[str]) -> list[Periode]:
        bornes = [texte.split("-") for texte in textes]
        return [Periode(a(debut), a(fin), None) for debut, fin in bornes]

    trouves = heures_libres(periodes(ouvertes), periodes(prises), a(depuis), PARIS)

    assert [f"{d.astimezone(PARIS):%H:%M}-{f.astimezone(PARIS):%H:%M}" for d, f in trouves] == libres
