"""Warnings to confirm (pure)."""

from datetime import date, datetime, time

import pytest

from plages.avertissements import Avertissement, Conflit, avertir, empreinte, non_confirmes
from plages.recurrence import Frequence, Regle

NOEL = date(2026, 12, 25)


def _regle(**champs: object) -> Regle:
    return Regle(**{"premier_jour": NOEL, "debut": time(9), "fin": time(10), **champs})  # type: ignore[arg-type]


def _phrases(regle: Regle, **options: object) -> list[str]:
    return [
        a.phrase
        for a in avertir(regle, **{"conflits": [], "motifs": [], "fermes": {}, "nombre": 1, **options})  # type: ignore[arg-type]
    ]


def test_nothing_to_say() -> None:
    assert _phrases(_regle(), motifs=[("Juste", 60)]) == []


@pytest.mark.parametrize(
    ("titre", "plage_id", "nom"),
    [("Permanence", 7, "que « Permanence »"), ("", None, "qu'une plage d'une autre structure")],
)
def test_a_collision_names_the_plage_of_this_structure_only(titre: str, plage_id: int | None, nom: str) -> None:
    conflit = Conflit(titre, plage_id, datetime(2026, 12, 25, 9, 30), datetime(2026, 12, 25, 12))  # noqa: DTZ001

    assert _phrases(_regle(), conflits=[conflit]) == [
        f"Même moment {nom} : vendredi 25 décembre 2026, de 9 h 30 à 12 h."
    ]


def test_a_motif_too_long_says_by_how_much() -> None:
    assert _phrases(_regle(), motifs=[("Atelier", 90), ("Court", 30)]) == [
        "« Atelier » dure 1 h 30 : il déborde de 30 minutes. Personne ne pourra le réserver sur cette plage."
    ]


@pytest.mark.parametrize(
    ("champs", "suite"),
    [
        ({}, "Cette plage n'aura aucune date."),
        ({"frequence": Frequence.SEMAINE}, "La plage commencera à la date suivante."),
    ],
)
def test_a_first_day_closed(champs: dict[str, object], suite: str) -> None:
    assert _phrases(_regle(**champs), fermes={NOEL: "Noël"}, nombre=0) == [
        f"Le vendredi 25 décembre 2026 est férié ou fermé (Noël). {suite}"
    ]


def test_a_plage_that_is_over() -> None:
    assert _phrases(_regle(), nombre=0) == ["Cette plage n'a aucune date à venir."]


def test_only_what_was_read_is_confirmed() -> None:
    lu, nouveau = Avertissement("Lu"), Avertissement("Nouveau")

    assert non_confirmes([lu], empreinte([lu, nouveau])) == []
    assert non_confirmes([lu, nouveau], empreinte([lu])) == [nouveau]
    assert non_confirmes([lu], "") == [lu]
    assert Avertissement("Lu", 1).empreinte != Avertissement("Lu", 2).empreinte
