"""Recurrence rules in French words."""

from datetime import date, time

import pytest

from plages.mots import en_mots, rang_dans_le_mois
from plages.recurrence import Frequence, Regle

MARDI = date(2026, 11, 24)
SEMAINE, MOIS = Frequence.SEMAINE, Frequence.MOIS


@pytest.mark.parametrize(
    ("champs", "phrase"),
    [
        ({}, "Le mardi 24 novembre 2026 de 9 h à 12 h"),
        ({"premier_jour": date(2027, 1, 1), "fin": time(11, 30)}, "Le vendredi 1er janvier 2027 de 9 h à 11 h 30"),
        (
            {"jours_de_suite": 7, "fin": time(18)},
            "Du mardi 24 novembre 2026 à 9 h au mardi 1er décembre 2026 à 18 h",
        ),
        ({"frequence": SEMAINE}, "Tous les mardis de 9 h à 12 h, à partir du 24 novembre 2026"),
        (
            {"frequence": SEMAINE, "jours": (4, 2), "jusqu_au": date(2027, 6, 30)},
            "Tous les mardis et jeudis de 9 h à 12 h, du 24 novembre 2026 au 30 juin 2027",
        ),
        (
            {"frequence": SEMAINE, "jours": (1, 3, 5)},
            "Tous les lundis, mercredis et vendredis de 9 h à 12 h, à partir du 24 novembre 2026",
        ),
        (
            {"frequence": SEMAINE, "jours": (1, 2, 3, 4, 5)},
            "Toutes les semaines du lundi au vendredi de 9 h à 12 h, à partir du 24 novembre 2026",
        ),
        (
            {"frequence": SEMAINE, "jours": (6, 7)},
            "Tous les samedis et dimanches de 9 h à 12 h, à partir du 24 novembre 2026",
        ),
        (
            {"frequence": SEMAINE, "jours": tuple(range(1, 8))},
            "Tous les jours de 9 h à 12 h, à partir du 24 novembre 2026",
        ),
        (
            {"frequence": SEMAINE, "intervalle": 2},
            "Toutes les 2 semaines, le mardi, de 9 h à 12 h, à partir du 24 novembre 2026",
        ),
        (
            {"frequence": SEMAINE, "intervalle": 3, "jours": (2, 4)},
            "Toutes les 3 semaines, le mardi et le jeudi, de 9 h à 12 h, à partir du 24 novembre 2026",
        ),
        (
            {"frequence": SEMAINE, "intervalle": 2, "jours": (2, 3, 4)},
            "Toutes les 2 semaines, du mardi au jeudi, de 9 h à 12 h, à partir du 24 novembre 2026",
        ),
        ({"frequence": Frequence.JOUR}, "Tous les jours de 9 h à 12 h, à partir du 24 novembre 2026"),
        (
            {"frequence": Frequence.JOUR, "intervalle": 3},
            "Tous les 3 jours, de 9 h à 12 h, à partir du 24 novembre 2026",
        ),
        ({"frequence": MOIS}, "Le 24 de chaque mois de 9 h à 12 h, à partir du 24 novembre 2026"),
        (
            {"frequence": MOIS, "premier_jour": date(2026, 12, 1)},
            "Le 1er de chaque mois de 9 h à 12 h, à partir du 1er décembre 2026",
        ),
        (
            {"frequence": MOIS, "rangs": ((2, 4),)},
            "Tous les quatrièmes mardis du mois de 9 h à 12 h, à partir du 24 novembre 2026",
        ),
        (
            {"frequence": MOIS, "rangs": ((7, 2),), "intervalle": 2},
            "Tous les 2 mois, le deuxième dimanche, de 9 h à 12 h, à partir du 24 novembre 2026",
        ),
        (
            {"frequence": MOIS, "rangs": ((4, 3), (2, 1))},
            "Tous les premiers mardis et troisièmes jeudis du mois de 9 h à 12 h, à partir du 24 novembre 2026",
        ),
        (
            {"frequence": MOIS, "rangs": ((3, 3), (3, 1))},
            "Tous les premiers et troisièmes mercredis du mois de 9 h à 12 h, à partir du 24 novembre 2026",
        ),
        (
            {"frequence": MOIS, "rangs": ((3, 1), (3, 3)), "intervalle": 2},
            "Tous les 2 mois, le premier et le troisième mercredi, de 9 h à 12 h, à partir du 24 novembre 2026",
        ),
        ({"frequence": MOIS, "intervalle": 3}, "Tous les 3 mois, le 24, de 9 h à 12 h, à partir du 24 novembre 2026"),
    ],
)
def test_en_mots(champs: dict, phrase: str) -> None:
    regle = Regle(**{"premier_jour": MARDI, "debut": time(9), "fin": time(12), **champs})

    assert en_mots(regle) == phrase


@pytest.mark.parametrize(
    ("quantieme", "rang"), [(1, 1), (7, 1), (8, 2), (14, 2), (15, 3), (21, 3), (22, 4), (28, 4), (29, 5), (31, 5)]
)
def test_rang_dans_le_mois(quantieme: int, rang: int) -> None:
    assert rang_dans_le_mois(quantieme) == rang
