"""The agenda's pages: what they say, in which order, for whom, and at what cost."""

from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from time import perf_counter

import pytest
from django.utils import timezone

from plages.models import Absence, JourParticulier
from plages.services import enregistrer_absence
from reservations.models import Apprenant, Participation, RendezVous, Statut
from structures.models import Agent
from tests.aides_agent import Equipe, connecte, demain, texte, un_rendez_vous, une_equipe, une_plage
from tests.factories import AppartenanceFactory, MotifFactory
from tests.htmx import page_apres_echange, page_rechargee

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Target": "agenda"}


def une_absence(equipe: Equipe, agent: Agent, jour: date, debut: time, fin: time, titre: str) -> Absence:
    absence = Absence(
        structure=equipe.structure,
        agent=agent,
        titre=titre,
        premier_jour=jour,
        dernier_jour=jour,
        heure_debut=debut,
        heure_fin=fin,
    )
    enregistrer_absence(absence=absence, maintenant=timezone.now())
    return absence


def test_a_day_reads_from_morning_to_evening() -> None:
    equipe = une_equipe()
    jour = demain() + timedelta(days=5)
    JourParticulier.objects.create(structure=equipe.structure, jour=jour, ferme=False)  # whatever day it falls on
    une_plage(equipe, premier_jour=jour, frequence="unique")
    une_absence(equipe, equipe.admin, jour, time(15), time(16, 30), "Réunion")
    rdv = un_rendez_vous(equipe, jours=6, pause=10)
    local = timezone.localtime(rdv.debut, equipe.structure.tz).hour

    reponse = connecte(equipe.admin).get(equipe.adresse("reservations:agenda"), {"jour": jour, "vue": "jour"})

    lu = texte(reponse)
    attendus = [
        "Plage d'ouverture Permanence 9 h – 12 h",
        f"{local} h – {local + 1} h Jeanne Martin Accompagnement individuel · puis 10 min de pause",
        "Absent Réunion 15 h – 16 h 30",
    ]
    assert [lu.find(morceau) > 0 for morceau in attendus] == [True] * 3
    assert sorted(attendus, key=lu.find) == attendus


def test_it_opens_on_this_week_and_today() -> None:
    equipe = une_equipe()

    reponse = connecte(equipe.admin).get(equipe.adresse("reservations:agenda"))

    jours = [j.jour for j, *_ in reponse.context["jours"]]
    assert len(jours) == 7
    assert jours[0].weekday() == 0
    assert timezone.localdate(timezone=equipe.structure.tz) in jours
    assert "aujourd'hui" in texte(reponse)


def test_the_time_taken_elsewhere_says_neither_why_nor_with_whom() -> None:
    equipe, ailleurs = une_equipe(), une_equipe(nom="Autre association")
    AppartenanceFactory(agent=equipe.admin, structure=ailleurs.structure)
    un_rendez_vous(ailleurs, agent=equipe.admin, apprenant={"prenom": "Zoé", "nom": "Secrète"})
    un_rendez_vous(ailleurs, agent=equipe.admin, heure=12, statut=Statut.EXCUSE, annule_le=timezone.now())
    une_absence(ailleurs, equipe.admin, demain(), time(15), time(16), "Confidentielle")
    une_plage(ailleurs, agent=equipe.admin, titre="Plage d'ailleurs")

    for agent in (equipe.admin, equipe.basique):
        reponse = connecte(agent).get(
            equipe.adresse("reservations:agenda"), {"jour": demain(), "agent": equipe.admin.pk, "vue": "jour"}
        )
        lu = texte(reponse)
        assert lu.count("Occupé (autre structure)") == 2
        for secret in ("Secrète", "Confidentielle", "Autre association", "Plage d'ailleurs"):
            assert secret not in lu


def test_a_slot_held_names_nobody_and_an_expired_one_is_nothing() -> None:
    equipe = une_equipe()
    un_rendez_vous(equipe, statut=Statut.OPTION, expire_a=timezone.now() + timedelta(minutes=9))
    un_rendez_vous(equipe, heure=13, statut=Statut.OPTION, expire_a=timezone.now() - timedelta(minutes=9))

    reponse = connecte(equipe.admin).get(equipe.adresse("reservations:agenda"), {"jour": demain(), "vue": "jour"})

    assert texte(reponse).count("Réservation en cours") == 1
    assert "Jeanne" not in texte(reponse)


def test_a_colleague_s_agenda() -> None:
    equipe, autre = une_equipe(), une_equipe()
    un_rendez_vous(equipe, apprenant={"prenom": "Paul"})
    client = connecte(equipe.basique)
    adresse = equipe.adresse("reservations:agenda")

    assert "Paul" not in texte(client.get(adresse, {"jour": demain()}))
    reponse = client.get(adresse, {"jour": demain(), "agent": equipe.admin.pk})
    assert "Paul" in texte(reponse)
    assert "Agenda d'Ada Admin" in texte(reponse)
    etranger = client.get(adresse, {"jour": demain(), "agent": autre.admin.pk})
    assert etranger.context["agent"] == equipe.basique


@pytest.mark.parametrize(
    "parametres",
    [
        {"jour": "2026-02-30"},
        {"jour": "demain"},
        {"jour": "0001-01-01"},
        {"jour": "9999-12-31"},
        {"jour": "\x00"},
        {"vue": "mois", "agent": "0"},
        {"agent": "'; --", "jour": ""},
        {"agent": "9" * 40, "rdv": "9" * 40},
        {"rdv": "-1"},
    ],
)
def test_parameters_that_mean_nothing_are_as_if_absent(parametres: dict[str, str]) -> None:
    equipe = une_equipe()

    reponse = connecte(equipe.admin).get(equipe.adresse("reservations:agenda"), parametres)

    assert reponse.status_code == 200
    assert reponse.context["choix"].jour == timezone.localdate(timezone=equipe.structure.tz)
    assert reponse.context["agent"] == equipe.admin


@pytest.mark.parametrize("jour", ["2018-01-01", "2100-01-01", "2026-03-29", "2026-10-25"])
@pytest.mark.parametrize("vue", ["semaine", "jour"])
def test_the_ends_of_the_calendar_and_the_clock_changes(jour: str, vue: str) -> None:
    equipe = une_equipe()

    assert connecte(equipe.admin).get(
        equipe.adresse("reservations:agenda"), {"jour": jour, "vue": vue}
    ).status_code == (200)


@pytest.mark.parametrize("vue", ["semaine", "jour"])
def test_a_region_swapped_is_the_page_reloaded(vue: str) -> None:
    equipe = une_equipe()
    une_plage(equipe)
    un_rendez_vous(equipe, jours=8)
    client = connecte(equipe.admin)
    adresse = equipe.adresse("reservations:agenda")
    apres = {"jour": (demain() + timedelta(days=7)).isoformat(), "vue": vue}

    page = client.get(adresse)
    fragment = client.get(adresse, apres, headers=HTMX)
    rechargee = client.get(adresse, apres)

    assert page_apres_echange(page.content, fragment.content, "agenda") == page_rechargee(rechargee.content)
    assert fragment["Vary"].count("HX-Request") == 1


def deux_cents(equipe: Equipe, lundi: date, nombre: int) -> None:
    """Fill a week with rendez-vous of a quarter of an hour, 40 a day from Monday on."""
    debut = datetime.combine(lundi, time(7), tzinfo=UTC)
    quart = timedelta(minutes=15)
    rendez_vous = RendezVous.objects.bulk_create(
        RendezVous(
            structure=equipe.structure,
            motif=equipe.motif,
            agent=equipe.admin,
            lieu=equipe.lieu,
            type_lieu=equipe.motif.type_lieu,
            debut=debut + timedelta(days=n // 40) + quart * (n % 40),
            fin=debut + timedelta(days=n // 40) + quart * (n % 40 + 1),
        )
        for n in range(nombre)
    )
    personnes = Apprenant.objects.bulk_create(
        Apprenant(structure=equipe.structure, prenom="Marie-Françoise", nom=f"De la Tour d'Auvergne {n}")
        for n in range(nombre)
    )
    Participation.objects.bulk_create(
        Participation(rendez_vous=r, apprenant=p) for r, p in zip(rendez_vous, personnes, strict=True)
    )


@pytest.mark.parametrize("nombre", [1, 200])
def test_the_cost_does_not_follow_the_number(nombre: int, django_assert_num_queries) -> None:
    equipe = une_equipe()
    une_plage(equipe)
    lundi = demain() + timedelta(days=7 - demain().weekday())
    deux_cents(equipe, lundi, nombre)
    client = connecte(equipe.admin)

    with django_assert_num_queries(9):
        reponse = client.get(equipe.adresse("reservations:agenda"), {"jour": lundi})

    assert reponse.content.decode().count("rdv-bloc--rdv") == nombre
    assert len(reponse.content) < 300_000


def test_a_week_of_two_hundred_answers_within_a_few_times_an_empty_page() -> None:
    """`pytest -n 0 -s` shows the medians. Taken in turns: what slows this machine down slows both."""
    equipe = une_equipe()
    une_plage(equipe)
    lundi = demain() + timedelta(days=7 - demain().weekday())
    deux_cents(equipe, lundi, 200)
    client = connecte(equipe.admin)
    pages = [(equipe.adresse("reservations:agenda"), {"jour": str(lundi)}), (equipe.adresse("plages:absences"), {})]

    temps: dict[str, list[float]] = {adresse: [] for adresse, _ in pages}
    for _ in range(16):
        for adresse, parametres in pages:
            debut = perf_counter()
            client.get(adresse, parametres)
            temps[adresse].append(perf_counter() - debut)
    pleine, vide = (median(mesures[1:]) for mesures in temps.values())  # the first one compiles the templates

    print(f"\n200 rendez-vous : {pleine * 1000:.0f} ms, page vide : {vide * 1000:.0f} ms, {pleine / vide:.1f} fois")  # noqa: T201
    assert pleine < 12 * vide


def test_the_day_to_print_says_who_when_and_how_to_reach_them(django_assert_num_queries) -> None:
    equipe, ailleurs = une_equipe(), une_equipe()
    rdv = un_rendez_vous(equipe, apprenant={"telephone": "+33612345678"})
    un_rendez_vous(equipe, heure=12, statut=Statut.EXCUSE, annule_le=timezone.now(), apprenant={"prenom": "Annulée"})
    un_rendez_vous(equipe, heure=13, agent=equipe.basique, apprenant={"prenom": "Autre"})
    un_rendez_vous(ailleurs, agent=equipe.admin, heure=14, apprenant={"prenom": "Ailleurs"})
    client = connecte(equipe.basique)
    adresse = equipe.adresse("reservations:journee")
    parametres = {"jour": demain(), "agent": equipe.admin.pk}

    with django_assert_num_queries(6):
        lu = texte(client.get(adresse, parametres))

    local = timezone.localtime(rdv.debut, equipe.structure.tz).hour
    assert f"{local} h – {local + 1} h" in lu
    assert "Jeanne Martin, 06 12 34 56 78" in lu
    for absent in ("Annulée", "Autre", "Ailleurs"):
        assert absent not in lu
    assert "Aucun rendez-vous ce jour-là" in texte(client.get(adresse, {"jour": "2100-01-01", "agent": "x"}))
    assert client.get(adresse, {"jour": "2026-02-30"}).status_code == 200


def test_the_plages_alone_say_their_motifs_and_lieu_and_hide_the_rendez_vous(django_assert_num_queries) -> None:
    equipe = une_equipe()
    equipe.structure.jours_particuliers.get_or_create(jour=demain(), defaults={"ferme": False})
    atelier = MotifFactory(structure=equipe.structure, nom="Atelier photos")
    plage = une_plage(equipe, motifs=[equipe.motif, atelier])
    une_plage(equipe, frequence="unique", heure_debut=time(14), heure_fin=time(16), titre="Après-midi")
    un_rendez_vous(equipe)
    une_absence(equipe, equipe.admin, demain(), time(16), time(18), "Réunion")
    parametres = {"jour": demain(), "vue": "jour", "contenu": "plages"}
    client = connecte(equipe.admin)
    adresse = equipe.adresse("reservations:agenda")
    client.get(adresse, parametres)

    with django_assert_num_queries(7):
        page = client.get(adresse, parametres)

    lu = texte(page)
    assert "Permanence 9 h – 12 h Accompagnement individuel, Atelier photos · Salle numérique" in lu
    assert "Après-midi 14 h – 16 h Accompagnement individuel · Salle numérique" in lu
    assert "Absent Réunion" in lu
    assert "Jeanne Martin" not in lu
    assert "ajouter ici" not in lu
    assert "contenu=plages" in page.context["liens"]["apres"]
    assert "contenu" not in page.context["liens"]["contenu"]
    lien = equipe.adresse("plages:modifier_plage", plage.pk)
    assert lien in page.content.decode()
    vue_par_un_collegue = connecte(equipe.basique).get(adresse, {**parametres, "agent": equipe.admin.pk})
    assert "Permanence 9 h – 12 h" in texte(vue_par_un_collegue)
    assert lien not in vue_par_un_collegue.content.decode(), "a colleague may not change it"
    fragment = client.get(adresse, parametres, headers=HTMX)
    sans = client.get(adresse, {"jour": demain(), "vue": "jour"})
    assert page_apres_echange(sans.content, fragment.content, "agenda") == page_rechargee(page.content)
