"""Who wins when the national file and the agents say different things of a place."""

from typing import Any

import pytest

from cartographie.arbitrage import TAPES, Ecart, arbitrer
from cartographie.services import anciens_ids

LIEU = {
    "nom": "Médiathèque",
    "adresse": "1 rue Neuve",
    "complement_adresse": "",
    "code_postal": "26400",
    "commune": "Crest",
    "telephone": "+33475250000",
    "code_insee": "26108",
    "latitude": 44.7,
    "longitude": 5.0,
    "fiche": {"horaires": "Mo 09:00-12:00"},
}
RELEVE = {champ: LIEU[champ] for champ in TAPES}


def test_what_is_the_same_is_not_written() -> None:
    rendu = arbitrer(LIEU, RELEVE, LIEU)
    assert (rendu.ecrire, rendu.gardes) == ({}, [])


@pytest.mark.parametrize(
    "change",
    [
        {"nom": "Médiathèque Jean-Prévost"},
        {"telephone": ""},
        {"adresse": "2 rue Neuve", "latitude": 44.8},
        {"adresse": "2 rue Neuve", "latitude": None, "longitude": None},
        {"fiche": {}},
        {"latitude": 44.71},
    ],
)
@pytest.mark.parametrize("releve", [RELEVE, {}], ids=["connu", "jamais relevé"])
def test_the_file_is_followed_where_nobody_corrected_anything(change: dict[str, Any], releve: dict[str, str]) -> None:
    rendu = arbitrer(LIEU | change, releve, LIEU)
    assert (rendu.ecrire, rendu.gardes) == (change, [])


def test_what_an_agent_corrected_stays_and_the_rest_follows() -> None:
    fichier = LIEU | {"nom": "Nouveau nom", "telephone": "+33475250001", "fiche": {"horaires": "Tu 09:00-12:00"}}
    ici = LIEU | {"telephone": "+33475250099"}

    rendu = arbitrer(fichier, RELEVE, ici)

    assert rendu.ecrire == {"nom": "Nouveau nom", "fiche": {"horaires": "Tu 09:00-12:00"}}
    assert rendu.gardes == [Ecart("telephone", "+33475250099", "+33475250001")]


def test_an_address_is_corrected_whole_with_its_point() -> None:
    fichier = LIEU | {"commune": "CREST", "latitude": 44.9}
    ici = LIEU | {"adresse": "12 quai du Maréchal", "latitude": 44.73}

    rendu = arbitrer(fichier, RELEVE, ici)

    assert rendu.ecrire == {}
    assert [(e.champ, e.fichier) for e in rendu.gardes] == [("adresse", "1 rue Neuve"), ("commune", "CREST")]


def test_a_file_that_says_the_same_as_the_agent_takes_over_again() -> None:
    ici = LIEU | {"nom": "Nom corrigé"}
    d_accord = arbitrer(LIEU | {"nom": "Nom corrigé"}, RELEVE, ici)
    assert (d_accord.ecrire, d_accord.gardes) == ({}, [])
    ensuite = arbitrer(LIEU | {"nom": "Autre nom"}, RELEVE | {"nom": "Nom corrigé"}, ici)
    assert ensuite.ecrire == {"nom": "Autre nom"}


def test_what_the_file_does_not_know_is_not_erased() -> None:
    rendu = arbitrer(LIEU | {"code_insee": "", "latitude": None, "longitude": None}, RELEVE, LIEU)
    assert rendu.ecrire == {}


@pytest.mark.parametrize(
    ("id_externe", "anciens"),
    [
        ("abc", []),
        ("abc|def", ["abc", "def"]),
        ("Coop-numérique_abc__France-Services_d", ["Coop-numérique_abc", "abc", "France-Services_d", "d"]),
    ],
)
def test_a_merged_identifier_says_the_former_ones(id_externe: str, anciens: list[str]) -> None:
    assert anciens_ids(id_externe) == anciens
