"""The verdict on a motif: facts in, sentences out. No database."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from reservations.verdict import Action, Cause, Faits, FaitsPlage, juger

HEURE = timedelta(hours=1)
PARIS = ZoneInfo("Europe/Paris")
MARDI = datetime(2026, 11, 24, 9, tzinfo=PARIS)
FEVRIER = datetime(2027, 2, 23, 14, 30, tzinfo=PARIS)
BONNE = FaitsPlage(1, "Permanence", 7, "Ada Admin", 3, "Salle", lieu_ouvert=True, longueur=3 * HEURE)
SANS_LIEU = replace(BONNE, plage=2, titre="Volante", lieu=None, lieu_nom="", lieu_ouvert=False)
FERMEE = replace(BONNE, plage=3, titre="Annexe", lieu=4, lieu_nom="Salle annexe", lieu_ouvert=False)
COURTE = replace(BONNE, plage=4, titre="Éclair", longueur=HEURE / 2)
PRENABLE = {"grille": MARDI, "sans_rendez_vous": MARDI}


def faits(**champs: object) -> Faits:
    valeurs = {
        "aujourd_hui": date(2026, 11, 22),
        "duree": HEURE,
        "delai_min": "3 jours",
        "delai_max": "3 mois",
        "dernier_jour": date(2027, 2, 22),
        "plages": (BONNE,),
        "eut_des_plages": True,
    }
    return Faits(**(valeurs | champs))  # type: ignore[arg-type]


def causes(**champs: object) -> list[Cause]:
    return [raison.cause for raison in juger(faits(**champs)).raisons]


def test_it_works_and_says_from_when() -> None:
    verdict = juger(faits(premier=MARDI, plages=(BONNE, COURTE)))

    assert (verdict.genre, verdict.mot, verdict.raisons) == ("ok", "réservable", ())
    assert verdict.phrase == "Premier créneau : mardi 24 novembre à 9 h"
    assert juger(faits(premier=FEVRIER)).phrase == "Premier créneau : mardi 23 février 2027 à 14 h 30"


@pytest.mark.parametrize(
    ("champs", "genre", "phrase", "actions"),
    [
        ({"archive": True}, "ferme", "Il a été archivé. Restaurez-le, puis ouvrez-le.", [Action.RESTAURER]),
        ({"reservable": False, "plages": ()}, "ferme", "Il n'est pas ouvert.", [Action.OUVRIR]),
        (
            {"lien_ferme": True, "premier": MARDI},
            "attente",
            "La réservation en ligne est fermée pour toute la structure.",
            [Action.ROUVRIR_LIEN],
        ),
        (
            {"plages": (), "eut_des_plages": False},
            "attente",
            "Aucune plage d'ouverture n'est prévue pour lui.",
            [Action.AJOUTER_PLAGE],
        ),
        ({"plages": ()}, "attente", "Toutes ses plages d'ouverture sont passées.", [Action.AJOUTER_PLAGE]),
        (
            {"plages": (SANS_LIEU,)},
            "attente",
            "Plage « Volante » sans lieu : un rendez-vous sur place en a besoin.",
            [Action.MODIFIER_PLAGE],
        ),
        ({"plages": (FERMEE,)}, "attente", "Lieu fermé : « Salle annexe ».", [Action.MODIFIER_LIEU]),
        (
            {"plages": (COURTE,)},
            "attente",
            "Plage « Éclair » trop courte : 30 minutes, pour un rendez-vous d'une heure.",
            [Action.MODIFIER_PLAGE],
        ),
        (
            {},
            "attente",
            "Ses plages n'ont aucune date à venir : répétition terminée, jours fériés ou fermés.",
            [Action.AJOUTER_PLAGE],
        ),
        (
            {"avant": MARDI, "apres": FEVRIER},
            "attente",
            "Ses plages donnent un créneau mardi 24 novembre à 9 h, trop tôt pour le délai minimum (3 jours).",
            [Action.CHANGER_DELAIS, Action.AJOUTER_PLAGE],
        ),
        (
            {"avant": MARDI},
            "attente",
            "Ses plages donnent un créneau mardi 24 novembre à 9 h, trop tôt pour le délai minimum (3 jours), "
            "et plus rien ensuite jusqu'au lundi 22 février 2027.",
            [Action.CHANGER_DELAIS, Action.AJOUTER_PLAGE],
        ),
        (
            {"apres": FEVRIER},
            "attente",
            "Ses plages ne donnent rien avant mardi 23 février 2027 à 14 h 30, au-delà du délai maximum (3 mois).",
            [Action.CHANGER_DELAIS, Action.AJOUTER_PLAGE],
        ),
        (
            {"grille": MARDI},
            "attente",
            "Toutes ses plages d'ouverture tombent pendant une absence (Ada Admin).",
            [Action.VOIR_ABSENCES, Action.AJOUTER_PLAGE],
        ),
        (
            {**PRENABLE, "apres": FEVRIER},
            "attente",
            "Tous les créneaux sont pris jusqu'au lundi 22 février 2027. Le premier libre est mardi 23 février 2027 à "
            "14 h 30, au-delà du délai maximum (3 mois).",
            [Action.CHANGER_DELAIS, Action.AJOUTER_PLAGE],
        ),
        (
            {**PRENABLE, "dernier_jour": date(2026, 12, 1)},
            "attente",
            "Tous les créneaux sont pris jusqu'au mardi 1er décembre, et aucun autre n'est prévu ensuite.",
            [Action.AJOUTER_PLAGE],
        ),
    ],
)
def test_each_reason_in_a_sentence(champs: dict[str, object], genre: str, phrase: str, actions: list[Action]) -> None:
    verdict = juger(faits(**champs))

    assert verdict.genre == genre
    assert [raison.phrase for raison in verdict.raisons] == [phrase]
    assert [remede.action for remede in verdict.raisons[0].remedes] == actions


@pytest.mark.parametrize(
    ("champs", "attendues"),
    [
        ({"plages": (SANS_LIEU, FERMEE, COURTE)}, [Cause.SANS_LIEU, Cause.LIEU_FERME, Cause.TROP_COURTES]),
        ({"plages": (BONNE, COURTE), **PRENABLE}, [Cause.TOUT_PRIS, Cause.TROP_COURTES]),
        ({"plages": (SANS_LIEU, FERMEE), "sur_place": False, **PRENABLE}, [Cause.TOUT_PRIS]),
        ({"prescripteurs": True, "plages": ()}, [Cause.PLAGES_PASSEES]),
        ({"archive": True, "reservable": False}, [Cause.ARCHIVE]),
    ],
)
def test_several_reasons_are_all_said(champs: dict[str, object], attendues: list[Cause]) -> None:
    assert causes(**champs) == attendues


def test_for_prescribers_only_it_is_bookable_and_says_by_whom() -> None:
    verdict = juger(faits(prescripteurs=True, premier=MARDI))
    assert (verdict.genre, verdict.mot, verdict.raisons) == ("ok", "réservable", ())
    assert verdict.phrase.startswith("Par les prescripteurs seulement. Premier créneau : ")


def test_many_plages_are_counted_rather_than_named() -> None:
    plages = tuple(replace(COURTE, plage=n, titre=f"P{n}") for n in range(1, 6))
    (raison,) = juger(faits(plages=plages)).raisons

    assert raison.phrase == (
        "Plages « P1 », « P2 », « P3 » et 2 autres trop courtes : 30 minutes au plus, pour un rendez-vous d'une heure."
    )
    assert [remede.objet for remede in raison.remedes] == [1, 2, 3]


def test_two_absent_agents_and_two_closed_lieux() -> None:
    collegue = replace(BONNE, plage=9, agent=8, agent_nom="Basile Basique")
    (raison,) = juger(faits(plages=(collegue, BONNE), grille=MARDI)).raisons
    assert raison.phrase == "Toutes ses plages d'ouverture tombent pendant une absence (Ada Admin, Basile Basique)."

    autre = replace(FERMEE, plage=10, lieu=5, lieu_nom="Mairie")
    (raison,) = juger(faits(plages=(FERMEE, autre))).raisons
    assert raison.phrase == "Lieux fermés : « Salle annexe », « Mairie »."
    assert [remede.objet for remede in raison.remedes] == [4, 5]
