"""Opening hours in the syntax of the standard, in French words."""

from datetime import date

import pytest

from cartographie.horaires import en_mots, semaine

LUNDI = date(2026, 11, 23)


def en_francais(texte: str, jour: date = LUNDI) -> list[str]:
    return [f"{nom} {en_mots(plages)}".replace("\u00a0", " ") for nom, plages in semaine(texte, jour) or []]


@pytest.mark.parametrize("jour", [LUNDI, date(2026, 11, 29)])
def test_a_later_rule_replaces_the_day_that_it_names(jour: date) -> None:
    assert en_francais("Mo-Fr 09:00-12:00,13:30-17:30; Tu 09:00-12:00", jour) == [
        "lundi 9 h à 12 h, 13 h 30 à 17 h 30",
        "mardi 9 h à 12 h",
        "mercredi 9 h à 12 h, 13 h 30 à 17 h 30",
        "jeudi 9 h à 12 h, 13 h 30 à 17 h 30",
        "vendredi 9 h à 12 h, 13 h 30 à 17 h 30",
        "samedi fermé",
        "dimanche fermé",
    ]


def test_days_and_nights() -> None:
    assert en_francais("24/7")[0] == "lundi toute la journée"
    assert en_francais("Fr 20:00-02:00")[4:6] == ["vendredi 20 h à 24 h", "samedi 0 h à 2 h"]


def test_a_rule_of_other_months_is_not_of_this_week() -> None:
    assert en_francais("Mo 09:00-12:00; Jul-Aug off")[0] == "lundi 9 h à 12 h"
    assert en_francais("Jul-Aug Mo 09:00-12:00")[0] == "lundi fermé"


@pytest.mark.parametrize("texte", ["sur rendez-vous", "9h-12h", "", "Mo-Fr 25:99-12:00"])
def test_what_cannot_be_read_is_said_to_be_so(texte: str) -> None:
    assert semaine(texte, LUNDI) is None
