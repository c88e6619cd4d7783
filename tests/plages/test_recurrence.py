"""The recurrence rules, without a database."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from plages.recurrence import Frequence, Occurrence, Regle, developper, se_chevauchent

PARIS = ZoneInfo("Europe/Paris")
REUNION = ZoneInfo("Indian/Reunion")
MARDI = date(2026, 11, 24)


def regle(**champs: object) -> Regle:
    valeurs: dict[str, object] = {"premier_jour": MARDI, "debut": time(9), "fin": time(12)}
    return Regle(**(valeurs | champs))  # type: ignore[arg-type]


def dates(r: Regle, du: date, au: date) -> list[str]:
    return [jour.isoformat() for jour in r.dates(du, au)]


def test_dates_une_seule_fois() -> None:
    assert dates(regle(), date(2026, 1, 1), date(2027, 1, 1)) == ["2026-11-24"]
    assert dates(regle(), date(2026, 11, 25), date(2027, 1, 1)) == []


def test_dates_semaine_sans_jour_prend_celui_du_premier_jour() -> None:
    assert dates(regle(frequence=Frequence.SEMAINE), MARDI, date(2026, 12, 8)) == [
        "2026-11-24",
        "2026-12-01",
        "2026-12-08",
    ]


def test_dates_toutes_les_deux_semaines_comptees_depuis_le_lundi() -> None:
    # From Tuesday 24 November: the Monday of that week is past, so the first Monday is two weeks later.
    r = regle(frequence=Frequence.SEMAINE, intervalle=2, jours=(1, 7))
    assert dates(r, MARDI, date(2026, 12, 15)) == ["2026-11-29", "2026-12-07", "2026-12-13"]


def test_dates_premier_mardi_du_mois() -> None:
    r = regle(frequence=Frequence.MOIS, rangs=((2, 1),))
    assert dates(r, MARDI, date(2027, 2, 28)) == ["2026-12-01", "2027-01-05", "2027-02-02"]


def test_dates_cinquieme_mardi_saute_les_mois_qui_n_en_ont_pas() -> None:
    r = regle(frequence=Frequence.MOIS, rangs=((2, 5),))
    assert dates(r, MARDI, date(2027, 4, 1)) == ["2026-12-29", "2027-03-30"]


def test_dates_le_31_saute_les_mois_courts() -> None:
    r = regle(premier_jour=date(2026, 12, 31), frequence=Frequence.MOIS)
    assert dates(r, MARDI, date(2027, 4, 1)) == ["2026-12-31", "2027-01-31", "2027-03-31"]


def test_dates_fin_de_repetition_comprise() -> None:
    r = regle(frequence=Frequence.JOUR, jusqu_au=date(2026, 11, 26))
    assert dates(r, date(2026, 11, 25), date(2027, 1, 1)) == ["2026-11-25", "2026-11-26"]


@pytest.mark.parametrize(
    ("champs", "valide"),
    [
        ({}, True),
        ({"fin": time(9)}, False),
        ({"fin": time(8)}, False),
        ({"fin": time(8), "jours_de_suite": 1}, True),
        ({"intervalle": 0}, False),
        ({"frequence": Frequence.JOUR, "jusqu_au": MARDI}, False),
        ({"frequence": Frequence.JOUR, "jusqu_au": date(2026, 11, 25)}, True),
    ],
)
def test_est_valide(champs: dict[str, object], valide: bool) -> None:
    assert regle(**champs).est_valide is valide


def developpement(r: Regle, tz: ZoneInfo = PARIS, apres: str = "2026-01-01T00:00", horizon: str = "2027-12-31"):
    return developper(
        r, tz, apres=datetime.fromisoformat(apres).replace(tzinfo=UTC), horizon=date.fromisoformat(horizon)
    )


def test_developper_garde_l_heure_locale_au_changement_d_heure() -> None:
    r = regle(premier_jour=date(2026, 10, 20), frequence=Frequence.SEMAINE)
    assert [o.debut.isoformat() for o in developpement(r, horizon="2026-10-27").occurrences] == [
        "2026-10-20T07:00:00+00:00",
        "2026-10-27T08:00:00+00:00",
    ]
    assert [o.debut.hour for o in developpement(r, REUNION, horizon="2026-10-27").occurrences] == [5, 5]


def test_developper_ecarte_une_plage_que_le_passage_a_l_heure_d_ete_vide() -> None:
    # 02:30-03:00 does not exist on 28 March 2027: the clock goes from 02:00 to 03:00.
    r = regle(
        premier_jour=date(2027, 3, 21),
        debut=time(2, 30),
        fin=time(3),
        frequence=Frequence.SEMAINE,
        jusqu_au=date(2027, 4, 4),
    )
    resultat = developpement(r)
    assert [o.jour for o in resultat.occurrences] == [date(2027, 3, 21), date(2027, 4, 4)]
    assert resultat.impossibles == [date(2027, 3, 28)]


def test_developper_une_heure_de_plus_en_automne() -> None:
    r = regle(premier_jour=date(2026, 10, 25), debut=time(1), fin=time(4))
    (occurrence,) = developpement(r).occurrences
    assert (occurrence.fin - occurrence.debut).total_seconds() == 4 * 3600


def test_developper_laisse_les_feries_et_ce_qui_est_fini() -> None:
    r = regle(premier_jour=date(2026, 12, 24), frequence=Frequence.JOUR, jusqu_au=date(2026, 12, 27))
    resultat = developper(
        r,
        PARIS,
        apres=datetime(2026, 12, 24, 11, tzinfo=UTC),  # the 24th ends at 11:00 UTC: over
        horizon=date(2027, 1, 1),
        feries=[date(2026, 12, 25)],
    )
    assert [o.jour.day for o in resultat.occurrences] == [26, 27]


def test_developper_absence_de_plusieurs_jours_est_un_seul_bloc() -> None:
    r = regle(fin=time(18), jours_de_suite=3)
    assert developpement(r, apres="2026-11-26T00:00").occurrences == [
        Occurrence(MARDI, datetime(2026, 11, 24, 8, tzinfo=UTC), datetime(2026, 11, 27, 17, tzinfo=UTC))
    ]


def test_se_chevauchent_dit_le_premier_jour_et_se_toucher_n_est_pas_se_chevaucher() -> None:
    matin = regle(frequence=Frequence.SEMAINE, jours=(2, 4))
    jeudi = regle(premier_jour=date(2026, 12, 3), debut=time(11), fin=time(13))
    apres = regle(premier_jour=date(2026, 12, 3), debut=time(12), fin=time(13))
    bornes = {"a_partir_du": MARDI, "horizon": date(2027, 5, 1)}
    assert se_chevauchent(matin, jeudi, **bornes) == date(2026, 12, 3)
    assert se_chevauchent(matin, apres, **bornes) is None
