"""What a rule will give, in numbers (pure)."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from plages.apercu import apercu
from plages.recurrence import Frequence, Regle

PARIS = ZoneInfo("Europe/Paris")
LUNDI = datetime(2026, 11, 23, 7, tzinfo=UTC)
HEURE = [("Individuel", 60)]


def _regle(**champs: object) -> Regle:
    return Regle(**{"premier_jour": date(2026, 11, 24), "debut": time(9), "fin": time(12), **champs})  # type: ignore[arg-type]


def test_a_rule_with_an_end_counts_all_its_dates() -> None:
    regle = _regle(frequence=Frequence.SEMAINE, jours=(2, 4), jusqu_au=date(2026, 12, 31))

    vue = apercu(regle, PARIS, motifs=[*HEURE, ("Long", 100)], fermes={date(2026, 12, 24): "Pont"}, maintenant=LUNDI)

    assert vue.phrase == "Tous les mardis et jeudis de 9 h à 12 h, du 24 novembre 2026 au 31 décembre 2026"
    assert (vue.nombre, vue.sans_fin) == (11, False)
    assert [str(c) for c in vue.creneaux] == ["33 créneaux d'une heure", "11 créneaux de 1 h 40"]
    assert vue.prochaines == [date(2026, 11, 24), date(2026, 11, 26), date(2026, 12, 1)]
    assert vue.fermes == [(date(2026, 12, 24), "Pont")]


def test_a_rule_without_end_is_counted_over_a_year() -> None:
    vue = apercu(_regle(frequence=Frequence.SEMAINE), PARIS, motifs=HEURE, fermes={}, maintenant=LUNDI)

    assert (vue.nombre, vue.sans_fin) == (53, True)


def test_what_is_over_is_not_counted() -> None:
    regle = _regle(premier_jour=date(2026, 11, 17), frequence=Frequence.SEMAINE, jusqu_au=date(2026, 11, 24))

    assert apercu(regle, PARIS, motifs=HEURE, fermes={}, maintenant=LUNDI).nombre == 1


def test_an_hour_that_the_clock_change_removes_is_named() -> None:
    regle = _regle(premier_jour=date(2027, 3, 28), debut=time(2, 30), fin=time(3))

    vue = apercu(regle, PARIS, motifs=HEURE, fermes={}, maintenant=LUNDI)

    assert (vue.nombre, vue.impossibles) == (0, [date(2027, 3, 28)])


def test_a_motif_longer_than_the_plage_has_no_creneau() -> None:
    vue = apercu(_regle(fin=time(9, 30)), PARIS, motifs=HEURE, fermes={}, maintenant=LUNDI)

    assert [str(c) for c in vue.creneaux] == ["0 créneau d'une heure"]
