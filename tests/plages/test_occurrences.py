"""One date of a repeated plage, dropped, moved or put back."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.http import HttpResponse
from django.utils import timezone

from plages.models import OccurrenceModifiee, PlageOuverture
from plages.recurrence import Frequence, Modification, Occurrence, Regle, developper, modifier
from plages.services import (
    deplacer_occurrence,
    enregistrer_plage,
    etendre_horizon,
    retablir_occurrence,
    supprimer_occurrence,
)
from reservations.creneaux import Demande, creneaux_libres
from tests.aides_agent import Equipe, connecte, demain, erreurs, messages_de, texte, un_rendez_vous, une_equipe
from tests.aides_agent import une_plage as une_plage_ouverte
from tests.factories import AppartenanceFactory

PARIS = ZoneInfo("Europe/Paris")
MAINTENANT = datetime(2027, 3, 1, tzinfo=UTC)
# Sundays; Paris goes from UTC+1 to UTC+2 on 28 March 2027.
DIMANCHES = Regle(premier_jour=date(2027, 3, 7), debut=time(9), fin=time(12), frequence=Frequence.SEMAINE)


def occurrences(*modifications: Modification, regle: Regle = DIMANCHES, feries: tuple[date, ...] = ()) -> Any:
    tout = developper(regle, PARIS, apres=MAINTENANT, horizon=date(2027, 3, 31), feries=feries)
    return modifier(tout, regle, PARIS, modifications, apres=MAINTENANT, feries=feries)


def jours(resultat: Any) -> list[tuple[date, int, int]]:
    """Return (date that names it, UTC day of March, UTC hour)."""
    return [(o.jour, o.debut.day, o.debut.hour) for o in resultat.occurrences]


# --- The rule (pure) ----------------------------------------------------------------------------------------------
def test_a_date_dropped_leaves_the_others() -> None:
    resultat = occurrences(Modification(date(2027, 3, 14)))

    assert [o.jour.day for o in resultat.occurrences] == [7, 21, 28]


def test_a_date_moved_across_the_clock_change_keeps_its_local_hours_and_its_name() -> None:
    """21 March 9 h is 8 h UTC; moved to Monday 29 March 9 h it is 7 h UTC, after Sunday the 28th."""
    resultat = occurrences(Modification(date(2027, 3, 21), date(2027, 3, 29), time(9), time(12)))

    dimanche_14, lundi_29 = (date(2027, 3, 14), 14, 8), (date(2027, 3, 21), 29, 7)
    assert jours(resultat) == [(date(2027, 3, 7), 7, 8), dimanche_14, (date(2027, 3, 28), 28, 7), lundi_29]
    assert all(o.fin - o.debut == timedelta(hours=3) for o in resultat.occurrences)


def test_hours_emptied_by_the_clock_change_are_said() -> None:
    resultat = occurrences(Modification(date(2027, 3, 21), date(2027, 3, 28), time(2, 30), time(3)))

    assert date(2027, 3, 21) not in {o.jour for o in resultat.occurrences}
    assert resultat.impossibles == [date(2027, 3, 28)]


def test_an_impossible_date_that_is_moved_is_possible_again() -> None:
    nuit = Regle(premier_jour=date(2027, 3, 7), debut=time(2, 30), fin=time(3), frequence=Frequence.SEMAINE)

    assert occurrences(regle=nuit).impossibles == [date(2027, 3, 28)]
    resultat = occurrences(Modification(date(2027, 3, 28), date(2027, 3, 28), time(4), time(5)), regle=nuit)
    assert resultat.impossibles == []
    assert resultat.occurrences[-1] == Occurrence(
        date(2027, 3, 28), datetime(2027, 3, 28, 2, tzinfo=UTC), datetime(2027, 3, 28, 3, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    ("modification", "regle"),
    [
        (Modification(date(2027, 3, 15)), DIMANCHES),  # a Monday: the rule no longer gives it
        (
            Modification(date(2027, 3, 7)),
            Regle(premier_jour=date(2027, 3, 7), debut=time(9), fin=time(12)),
        ),
    ],
)
def test_what_the_rule_does_not_repeat_is_not_modified(modification: Modification, regle: Regle) -> None:
    assert occurrences(modification, regle=regle) == occurrences(regle=regle)


def test_nothing_is_moved_to_a_closed_day_but_a_closed_date_may_be_moved() -> None:
    ferme = date(2027, 3, 14)

    vers = occurrences(Modification(date(2027, 3, 7), ferme, time(9), time(12)), feries=(ferme,))
    depuis = occurrences(Modification(ferme, date(2027, 3, 15), time(9), time(12)), feries=(ferme,))

    assert [o.jour.day for o in vers.occurrences] == [21, 28]
    assert [o.debut.day for o in depuis.occurrences] == [7, 15, 21, 28]


# --- The writing --------------------------------------------------------------------------------------------------
def une_plage(equipe: Equipe, **champs: Any) -> PlageOuverture:
    """Open 9 h–12 h once a week, from tomorrow on, public holidays included."""
    for semaine in range(60):
        equipe.structure.jours_particuliers.get_or_create(
            jour=demain() + timedelta(days=7 * semaine), defaults={"ferme": False}
        )
    return une_plage_ouverte(equipe, **{"frequence": "semaine", **champs})


def ouvertures(plage: PlageOuverture) -> dict[date, datetime]:
    """Return the local start of each of the first two ouvertures, by the date that names it."""
    tz = plage.structure.tz
    return {o.jour: o.periode.lower.astimezone(tz).replace(tzinfo=None) for o in plage.ouvertures.order_by("jour")[:2]}


@pytest.mark.django_db
def test_a_move_is_kept_by_each_rewriting_and_undone_by_putting_back() -> None:
    equipe = une_equipe()
    plage = une_plage(equipe)
    avant, autre = ouvertures(plage), demain() + timedelta(days=2)
    equipe.structure.jours_particuliers.get_or_create(jour=autre, defaults={"ferme": False})
    maintenant = timezone.now()

    deplacer_occurrence(
        plage=plage, jour=demain(), nouveau_jour=autre, heure_debut=time(14), heure_fin=time(15), maintenant=maintenant
    )
    deplacee = ouvertures(plage)
    assert deplacee == {**avant, demain(): datetime.combine(autre, time(14))}

    enregistrer_plage(plage=plage, motifs=[equipe.motif], maintenant=maintenant)
    etendre_horizon(maintenant=maintenant)
    assert ouvertures(plage) == deplacee
    libres = creneaux_libres([Demande(equipe.motif, maintenant, maintenant + timedelta(days=5))], maintenant=maintenant)
    assert [c.debut.astimezone(equipe.structure.tz).replace(tzinfo=None) for c in libres] == [deplacee[demain()]]

    retablir_occurrence(plage=plage, jour=demain(), maintenant=maintenant)
    assert ouvertures(plage) == avant


@pytest.mark.django_db
def test_dropped_after_being_moved_it_is_dropped() -> None:
    equipe = une_equipe()
    plage, maintenant = une_plage(equipe), timezone.now()
    lundi = demain() + timedelta(days=1)

    deplacer_occurrence(
        plage=plage, jour=demain(), nouveau_jour=lundi, heure_debut=time(9), heure_fin=time(10), maintenant=maintenant
    )
    supprimer_occurrence(plage=plage, jour=demain(), maintenant=maintenant)

    assert demain() not in ouvertures(plage)
    assert OccurrenceModifiee.objects.get().nouveau_jour is None


# --- The pages ----------------------------------------------------------------------------------------------------
def poster(equipe: Equipe, plage: PlageOuverture, **champs: Any) -> HttpResponse:
    return connecte(equipe.admin).post(
        equipe.adresse("plages:occurrence", plage.pk), {"jour": demain().isoformat(), **champs}, follow=True
    )


@pytest.mark.django_db
def test_a_date_is_dropped_from_the_plage_s_page_then_put_back() -> None:
    equipe = une_equipe()
    plage = une_plage(equipe)
    un_rendez_vous(equipe, heure=10)

    reponse = poster(equipe, plage, action="supprimer")

    assert "est supprimé." in messages_de(reponse)[0]
    assert "1 rendez-vous n'est plus dans aucune plage" in messages_de(reponse)[1]
    assert "Supprimée" in texte(reponse)
    assert demain() not in ouvertures(plage)

    reponse = poster(equipe, plage, action="retablir")
    assert "est rétabli." in messages_de(reponse)[0]
    assert demain() in ouvertures(plage)


@pytest.mark.django_db
def test_a_date_is_moved_and_the_list_says_where() -> None:
    equipe = une_equipe()
    plage, autre = une_plage(equipe), demain() + timedelta(days=2)
    equipe.structure.jours_particuliers.get_or_create(jour=autre, defaults={"ferme": False})
    nouvelle = {"nouveau_jour": autre.isoformat(), "heure_debut": "14:00", "heure_fin": "17:00"}

    reponse = poster(equipe, plage, action="deplacer", **nouvelle)

    assert "de 14 h à 17 h" in messages_de(reponse)[0]
    assert "Déplacée au" in texte(reponse)
    formulaire = connecte(equipe.admin).get(
        equipe.adresse("plages:occurrence", plage.pk), {"jour": demain().isoformat()}
    )
    assert formulaire.context["form"]["nouveau_jour"].value() == autre
    assert ouvertures(plage)[demain()] == datetime.combine(autre, time(14))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("champs", "champ"),
    [
        ({"heure_fin": "14:00"}, "heure_fin"),
        ({"nouveau_jour": "2020-01-01"}, "nouveau_jour"),
        ({"nouveau_jour": "2093-01-01"}, "nouveau_jour"),
        ({"nouveau_jour": "ferme"}, "nouveau_jour"),
        ({"nouveau_jour": "semaine suivante", "heure_debut": "11:00"}, "nouveau_jour"),
        ({"nouveau_jour": ""}, "nouveau_jour"),
    ],
)
def test_a_move_that_cannot_be_is_refused(champs: dict[str, str], champ: str) -> None:
    equipe = une_equipe()
    plage, ferme = une_plage(equipe), demain() + timedelta(days=3)
    equipe.structure.jours_particuliers.update_or_create(jour=ferme, defaults={"ferme": True})
    mots = {"ferme": ferme.isoformat(), "semaine suivante": (demain() + timedelta(days=7)).isoformat()}
    envoi = {"nouveau_jour": demain().isoformat(), "heure_debut": "14:00", "heure_fin": "17:00", **champs}
    envoi["nouveau_jour"] = mots.get(envoi["nouveau_jour"], envoi["nouveau_jour"])

    reponse = poster(equipe, plage, action="deplacer", **envoi)

    assert list(erreurs(reponse)) == [champ]
    assert not OccurrenceModifiee.objects.exists()


@pytest.mark.django_db
def test_a_move_onto_another_plage_is_warned_about_then_confirmed() -> None:
    equipe, ailleurs = une_equipe(), une_equipe()
    AppartenanceFactory(agent=equipe.admin, structure=ailleurs.structure)
    plage = une_plage(equipe)
    une_plage_ouverte(equipe, titre="Atelier", frequence="unique", heure_debut=time(14), heure_fin=time(15))
    une_plage_ouverte(ailleurs, agent=equipe.admin, frequence="unique", heure_debut=time(14), heure_fin=time(16))
    envoi = {"nouveau_jour": demain().isoformat(), "heure_debut": "14:30", "heure_fin": "15:15", "action": "deplacer"}

    reponse = poster(equipe, plage, **envoi)

    assert not OccurrenceModifiee.objects.exists()
    lu = texte(reponse)
    assert "Même moment que « Atelier »" in lu
    assert "Même moment qu'une plage d'une autre structure" in lu
    assert "« Accompagnement individuel » dure 1 heure : il déborde de 15 minutes." in lu
    poster(equipe, plage, **envoi, confirmes=reponse.context["a_confirmer"])
    assert OccurrenceModifiee.objects.get().nouveau_jour == demain()


@pytest.mark.django_db
def test_a_date_moved_to_a_day_closed_since_is_said_not_to_open() -> None:
    equipe = une_equipe()
    plage, autre = une_plage(equipe), demain() + timedelta(days=2)
    modification = {"nouveau_jour": autre, "heure_debut": time(14), "heure_fin": time(17)}
    OccurrenceModifiee.objects.create(plage=plage, jour=demain(), **modification)
    equipe.structure.jours_particuliers.update_or_create(jour=autre, defaults={"ferme": True})

    page = connecte(equipe.admin).get(equipe.adresse("plages:modifier_plage", plage.pk))

    assert "de 14 h à 17 h. Ce jour est férié ou fermé : la plage n'ouvre pas" in texte(page)


@pytest.mark.django_db
def test_a_date_of_the_past_that_was_moved_to_come_is_still_dropped_or_moved() -> None:
    """Its own day cannot be put back: it is over."""
    equipe = une_equipe()
    hier = demain() - timedelta(days=2)
    plage = une_plage(equipe, premier_jour=hier - timedelta(days=7), jours=[hier.isoweekday()], jusqu_au=hier)
    OccurrenceModifiee.objects.create(
        plage=plage, jour=hier, nouveau_jour=demain(), heure_debut=time(14), heure_fin=time(17)
    )

    page = connecte(equipe.admin).get(equipe.adresse("plages:modifier_plage", plage.pk))
    assert "Déplacée au" in texte(page)
    assert "Rétablir" not in texte(page)

    nouvelle = {"nouveau_jour": demain().isoformat(), "heure_debut": "15:00", "heure_fin": "17:00"}
    poster(equipe, plage, action="deplacer", jour=hier.isoformat(), **nouvelle)
    assert ouvertures(plage) == {hier: datetime.combine(demain(), time(15))}

    poster(equipe, plage, action="supprimer", jour=hier.isoformat())
    assert ouvertures(plage) == {}


@pytest.mark.django_db
@pytest.mark.parametrize("jour", ["", "demain", "2026-02-30", "2020-01-01", "autre jour"])
def test_a_date_that_the_plage_has_not_is_said(jour: str) -> None:
    equipe = une_equipe()
    plage = une_plage(equipe)
    if jour == "autre jour":
        jour = (demain() + timedelta(days=1)).isoformat()

    reponse = poster(equipe, plage, action="supprimer", jour=jour)

    assert "n'est pas, ou n'est plus, une date à venir" in messages_de(reponse)[0]
    assert not OccurrenceModifiee.objects.exists()


@pytest.mark.django_db
def test_a_plage_that_happens_once_has_no_date_to_modify() -> None:
    equipe = une_equipe()
    plage = une_plage(equipe, frequence="unique")

    assert "Prochaines dates" not in texte(
        connecte(equipe.admin).get(equipe.adresse("plages:modifier_plage", plage.pk))
    )
    poster(equipe, plage, action="supprimer")
    assert not OccurrenceModifiee.objects.exists()


@pytest.mark.django_db
def test_an_unknown_action_is_refused() -> None:
    equipe = une_equipe()

    assert poster(equipe, une_plage(equipe), action="inventer").status_code == 400


@pytest.mark.django_db
def test_the_preview_counts_without_what_was_dropped() -> None:
    equipe = une_equipe()
    plage = une_plage(equipe, jusqu_au=demain() + timedelta(days=21))
    supprimer_occurrence(plage=plage, jour=demain(), maintenant=timezone.now())

    page = connecte(equipe.admin).get(equipe.adresse("plages:modifier_plage", plage.pk))

    assert page.context["apercu"].nombre == 3


@pytest.mark.django_db
def test_the_page_costs_the_same_for_one_or_twenty_modified_dates(django_assert_num_queries) -> None:
    equipe = une_equipe()
    plage = une_plage(equipe)
    client = connecte(equipe.admin)
    adresse = equipe.adresse("plages:modifier_plage", plage.pk)
    OccurrenceModifiee.objects.create(plage=plage, jour=demain())
    client.get(adresse)

    with django_assert_num_queries(14):
        client.get(adresse)
    for semaine in range(1, 20):
        OccurrenceModifiee.objects.create(plage=plage, jour=demain() + timedelta(days=7 * semaine))
    with django_assert_num_queries(14):
        assert len(client.get(adresse).context["dates"]) == 20
