"""Whose turn it is: the rules, without a database."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from reservations.creneaux import Creneau
from reservations.tour import Souhait, fin_de_l_attente, heure_de_prevenir, places_pour

MARDI_9H = datetime(2026, 11, 24, 8, tzinfo=UTC)
HEURE = timedelta(hours=1)
PARIS, REUNION = ZoneInfo("Europe/Paris"), ZoneInfo("Indian/Reunion")


def creneau(heures: int = 0, *, agent: int = 1, motif: int = 1, lieu: int | None = None) -> Creneau:
    debut = MARDI_9H + heures * HEURE
    return Creneau(debut, agent, motif, lieu, HEURE)


@pytest.mark.parametrize(
    ("souhait", "attendus"),
    [
        (Souhait(1), [0, 1, 2]),
        (Souhait(1, avant=MARDI_9H + 2 * HEURE), [0, 1]),  # sooner, not as soon
        (Souhait(1, deja_proposees=(MARDI_9H,)), [1, 2]),
        (Souhait(1, agent_id=2), [2]),
        (Souhait(1, lieu_id=7), []),
        (Souhait(2), []),
    ],
)
def test_what_suits_someone(souhait, attendus):
    libres = [creneau(0), creneau(1), creneau(2, agent=2)]

    assert [(c.debut - MARDI_9H) // HEURE for c in places_pour(souhait, libres, [])] == attendus


def test_on_site_only_the_lieu_that_was_asked_suits():
    assert list(places_pour(Souhait(1, lieu_id=7), [creneau(lieu=8), creneau(1, lieu=7)], [])) == [creneau(1, lieu=7)]


def test_the_time_of_an_agent_is_offered_to_one_person():
    pris = creneau(0, motif=2)._replace(duree=HEURE * 3 / 2)

    assert list(places_pour(Souhait(1), [creneau(0), creneau(0, agent=2), creneau(1), creneau(2)], [pris])) == [
        creneau(0, agent=2),
        creneau(2),
    ]


@pytest.mark.parametrize(
    ("heure", "tz", "attendu"),
    [
        (6, PARIS, False),  # 7 h there
        (7, PARIS, True),
        (19, PARIS, True),
        (20, PARIS, False),
        (4, REUNION, True),
        (17, REUNION, False),
    ],
)
def test_nobody_is_woken_up(heure, tz, attendu):
    assert heure_de_prevenir(MARDI_9H.replace(hour=heure), tz) is attendu


@pytest.mark.parametrize(
    ("delai_max", "avant", "attendu"),
    [
        (timedelta(days=14), None, timedelta(days=14)),
        (timedelta(days=366), None, timedelta(days=92)),
        (timedelta(days=366), timedelta(days=5), timedelta(days=5)),
    ],
)
def test_nobody_waits_for_ever(delai_max, avant, attendu):
    assert fin_de_l_attente(MARDI_9H, delai_max, avant and MARDI_9H + avant) == MARDI_9H + attendu
