"""Public holidays, territory by territory."""

from datetime import date

import pytest

from plages.feries import feries

AN_2027 = (date(2027, 1, 1), date(2027, 12, 31))


def test_onze_jours_en_metropole_paques_calcule() -> None:
    jours = feries("26", *AN_2027)
    assert len(jours) == 11
    assert jours[date(2027, 3, 29)] == "Lundi de Pâques"


@pytest.mark.parametrize(
    ("departement", "jour"),
    [
        ("57", date(2027, 12, 26)),
        ("67", date(2027, 3, 26)),
        ("974", date(2027, 12, 20)),
        ("971", date(2027, 5, 27)),
        ("972", date(2027, 5, 22)),
        ("973", date(2027, 6, 10)),
        ("976", date(2027, 4, 27)),
    ],
)
def test_jours_propres_a_un_territoire(departement: str, jour: date) -> None:
    assert jour in feries(departement, *AN_2027)
    assert jour not in feries("26", *AN_2027)


def test_bornes_comprises_et_annees_multiples() -> None:
    assert list(feries("26", date(2026, 12, 25), date(2027, 1, 1))) == [date(2026, 12, 25), date(2027, 1, 1)]
