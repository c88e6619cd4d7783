"""Closings: what they rewrite, the page where they are chosen, and the rendez-vous that they leave."""

from datetime import date, datetime, time, timedelta

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from plages.models import JourParticulier, OccurrenceModifiee, Ouverture, PlageOuverture
from plages.requetes_fermetures import Fermeture, calendrier, dates_deplacees_sur
from plages.services import fermer, rouvrir, supprimer_occurrence, travailler_un_ferie
from reservations.models import Message, RendezVous
from tests.aides_agent import (
    Equipe,
    connecte,
    demain,
    erreurs,
    messages_de,
    texte,
    un_rendez_vous,
    une_equipe,
    une_plage,
)
from tests.factories import LieuFactory
from tests.htmx import page_apres_echange, page_rechargee

pytestmark = pytest.mark.django_db
PAGE, RENDEZ_VOUS = "plages:fermetures", "reservations:rendez_vous_fermes"
HTMX = {"HX-Request": "true", "HX-Target": "calendrier"}
JOUR = timedelta(days=1)


@pytest.fixture
def equipe() -> Equipe:
    """The next ten days are not public holidays."""
    equipe = une_equipe()
    JourParticulier.objects.bulk_create(
        [JourParticulier(structure=equipe.structure, jour=demain() + n * JOUR, ferme=False) for n in range(1, 10)]
    )
    return equipe


def jours(plage: PlageOuverture) -> list[int]:
    """The ouvertures of the next ten days, as numbers of days from tomorrow."""
    proches = plage.ouvertures.filter(jour__lt=demain() + 10 * JOUR).order_by("jour")
    return [(jour - demain()).days for jour in proches.values_list("jour", flat=True)]


def fermer_de(equipe: Equipe, premier: int, dernier: int, nom: str = "Fermeture annuelle") -> None:
    du, au = demain() + premier * JOUR, demain() + dernier * JOUR
    fermer(structure=equipe.structure, du=du, au=au, nom=nom, maintenant=timezone.now())


def un_ferie(equipe: Equipe) -> date:
    """A public holiday to come, after the days that the fixture opens."""
    return next(f.jour for f in calendrier(equipe.structure, timezone.localdate())[0] if not f.travaille)


# --- What is rewritten --------------------------------------------------------------------------------------------
def test_a_closing_empties_the_days_of_every_plage_and_taking_it_back_fills_them(equipe: Equipe) -> None:
    plages = [une_plage(equipe), une_plage(equipe, agent=equipe.basique, frequence="unique")]
    ailleurs = une_equipe()
    autre = une_plage(ailleurs, frequence="unique")
    supprimer_occurrence(plage=plages[0], jour=demain() + JOUR, maintenant=timezone.now())

    fermer_de(equipe, 0, 2)
    assert [jours(plage) for plage in (*plages, autre)] == [[3, 4, 5, 6, 7, 8, 9], [], [0]]

    rouvrir(structure=equipe.structure, du=demain(), au=demain() + JOUR, maintenant=timezone.now())
    # Tomorrow may be a public holiday: the closing had replaced what said that it is worked.
    assert [n for n in jours(plages[0]) if n] == [3, 4, 5, 6, 7, 8, 9], "the date dropped stays dropped"
    assert JourParticulier.objects.get(structure=equipe.structure, jour=demain() + 2 * JOUR).ferme


def test_a_public_holiday_is_worked_then_not(equipe: Equipe) -> None:
    jour = un_ferie(equipe)
    plage = une_plage(equipe, premier_jour=jour, frequence="unique")
    for travaille, attendu in ((True, [jour]), (False, [])):
        travailler_un_ferie(structure=equipe.structure, jour=jour, travaille=travaille, maintenant=timezone.now())
        assert [o.jour for o in plage.ouvertures.all()] == attendu


def test_a_plage_of_the_past_with_a_date_moved_to_come_is_rewritten_too(equipe: Equipe) -> None:
    avant = demain() - 20 * JOUR
    plage = une_plage(equipe, premier_jour=avant, jusqu_au=avant + 5 * JOUR)
    OccurrenceModifiee.objects.create(
        plage=plage, jour=avant, nouveau_jour=demain(), heure_debut=time(14), heure_fin=time(16)
    )
    rouvrir(structure=equipe.structure, du=demain() + JOUR, au=demain() + JOUR, maintenant=timezone.now())
    assert plage.ouvertures.filter(periode__startswith__gt=timezone.now()).count() == 1
    fermer_de(equipe, 0, 0)
    assert not plage.ouvertures.filter(periode__startswith__gt=timezone.now()).exists()


def test_a_moved_date_that_its_rule_no_longer_has_is_not_said_to_be_lost(equipe: Equipe) -> None:
    plage = une_plage(equipe, premier_jour=demain() + 2 * JOUR, jusqu_au=demain() + 30 * JOUR)
    moved = OccurrenceModifiee.objects.create(
        plage=plage, jour=plage.premier_jour, nouveau_jour=demain(), heure_debut=time(14), heure_fin=time(16)
    )
    assert dates_deplacees_sur(equipe.structure, [demain()]) == [moved]
    PlageOuverture.objects.update(premier_jour=plage.premier_jour + JOUR)
    assert dates_deplacees_sur(equipe.structure, [demain()]) == []


def test_what_is_over_stays(equipe: Equipe) -> None:
    plage = une_plage(equipe)
    hier = datetime.combine(demain() - 2 * JOUR, time(9), tzinfo=equipe.structure.tz)
    passee = Ouverture.objects.create(plage=plage, jour=hier.date(), periode=(hier, hier + timedelta(hours=1)))
    fermer(structure=equipe.structure, du=hier.date(), au=demain(), nom="x", maintenant=timezone.now())
    assert Ouverture.objects.filter(pk=passee.pk).exists()


def test_the_agents_are_locked_first_and_the_cost_does_not_depend_on_the_plages(equipe: Equipe) -> None:
    couts = []
    for combien in (1, 9):
        for _ in range(combien):
            une_plage(equipe, frequence="unique")
        with CaptureQueriesContext(connection) as requetes:
            fermer_de(equipe, 1, 3)
        couts.append(len(requetes))
        verrou = next(n for n, r in enumerate(requetes) if "FOR NO KEY UPDATE" in r["sql"])
        assert not any(r["sql"].startswith(("INSERT", "DELETE")) for r in requetes.captured_queries[:verrou])
    assert couts[0] == couts[1] <= 10


# --- The page -----------------------------------------------------------------------------------------------------
def poster(equipe: Equipe, **champs: str) -> HttpResponse:
    return connecte(equipe.admin).post(equipe.adresse(PAGE), champs, follow=True)


def test_days_on_end_with_one_reason_are_one_closing(equipe: Equipe) -> None:
    fermer_de(equipe, -30, -29)
    fermer_de(equipe, -2, 1)
    fermer_de(equipe, 2, 2, "Inventaire")
    fermer_de(equipe, 4, 4, "Inventaire")

    lues = calendrier(equipe.structure, timezone.localdate())[1]

    assert [((f.du - demain()).days, (f.au - demain()).days, f.nom) for f in lues] == [
        (-2, 1, "Fermeture annuelle"),
        (2, 2, "Inventaire"),
        (4, 4, "Inventaire"),
    ]


def test_a_closing_is_added_and_says_its_dates(equipe: Equipe) -> None:
    plage = une_plage(equipe)
    du = demain() + JOUR

    reponse = poster(equipe, action="ajouter", du=du.isoformat(), au=(du + JOUR).isoformat(), nom=" Pont ")

    assert messages_de(reponse)[0].startswith("La structure est fermée du ")
    assert reponse.context["fermetures"] == [Fermeture(du, du + JOUR, "Pont")]
    assert jours(plage)[:2] == [0, 3]


def test_without_a_last_day_it_is_one_day(equipe: Equipe) -> None:
    poster(equipe, action="ajouter", du=demain().isoformat(), nom="Inventaire")

    assert calendrier(equipe.structure, timezone.localdate())[1] == [Fermeture(demain(), demain(), "Inventaire")]


@pytest.mark.parametrize(
    ("du", "au", "nom", "champ"),
    [
        (-1, "", "x", "du"),
        (3000, "", "x", "du"),
        ("", "", "x", "du"),
        (3, 2, "x", "au"),
        (0, 60, "x", "au"),
        (0, 1, " \u200b", "nom"),
        (0, 1, "x" * 101, "nom"),
    ],
)
def test_a_closing_that_makes_no_sense_is_refused(
    equipe: Equipe, du: int | str, au: int | str, nom: str, champ: str
) -> None:
    avant = JourParticulier.objects.count()
    dates = {
        nom_du_champ: (timezone.localdate() + n * JOUR).isoformat() if isinstance(n, int) else n
        for nom_du_champ, n in (("du", du), ("au", au))
    }

    reponse = poster(equipe, action="ajouter", nom=nom, **dates)

    assert list(erreurs(reponse)) == [champ]
    assert JourParticulier.objects.count() == avant


@pytest.mark.parametrize(
    "champs",
    [
        {},
        {"action": "travailler"},
        {"action": "travailler", "du": "2026-02-30"},
        {"action": "travailler", "du": "2027-01-05"},  # no public holiday
        {"action": "retirer", "du": "2027-01-05"},
    ],
)
def test_a_button_that_is_not_on_the_page_does_nothing(equipe: Equipe, champs: dict[str, str]) -> None:
    assert poster(equipe, **champs).status_code == 400


@pytest.mark.parametrize("action", ["travailler", "fermer", "retirer"])
def test_each_button_swaps_the_calendar_like_a_reload(equipe: Equipe, action: str) -> None:
    jour = un_ferie(equipe)
    champs = {"action": action, "du": jour.isoformat()}
    if action == "fermer":
        travailler_un_ferie(structure=equipe.structure, jour=jour, travaille=True, maintenant=timezone.now())
    if action == "retirer":
        fermer_de(equipe, 0, 2)
        champs |= {"du": demain().isoformat(), "au": (demain() + 2 * JOUR).isoformat()}
    client = connecte(equipe.admin)
    page = client.get(equipe.adresse(PAGE)).content

    fragment = client.post(equipe.adresse(PAGE), champs, headers=HTMX)

    assert b"data-annonce" in fragment.content
    sans_annonce = fragment.content.replace(f' data-annonce="{fragment.context["annonce"]}"'.encode(), b"")
    assert page_apres_echange(page, sans_annonce, "calendrier") == page_rechargee(
        client.get(equipe.adresse(PAGE)).content
    )


def test_the_page_says_what_a_closing_leaves(equipe: Equipe) -> None:
    plage = une_plage(equipe)
    OccurrenceModifiee.objects.create(
        plage=plage, jour=demain(), nouveau_jour=demain() + 3 * JOUR, heure_debut=time(14), heure_fin=time(16)
    )
    un_rendez_vous(equipe, jours=3, agent=equipe.basique)
    un_rendez_vous(equipe, jours=2, apprenant={"prenom": "Karim"})
    un_rendez_vous(equipe, jours=3, statut="annule", annule_le=timezone.now(), apprenant={"prenom": "Annulé"})
    un_rendez_vous(une_equipe(), jours=3, apprenant={"prenom": "Ailleurs"})

    lu = texte(connecte(equipe.admin).get(equipe.adresse(PAGE)))
    assert "un jour fermé" not in lu
    fermer_de(equipe, 2, 3)
    lu = texte(connecte(equipe.admin).get(equipe.adresse(PAGE)))

    assert "Jeanne Martin · Accompagnement individuel · Basile Basique" in lu
    assert "Dates déplacées sur un jour fermé" in lu
    assert "de 14 h à 16 h" in lu
    for absent in ("Karim", "Annulé", "Ailleurs"):
        assert absent not in lu


def test_an_agent_of_alsace_sees_their_own_holidays() -> None:
    for departement, attendu in (("67", True), ("26", False)):
        equipe = une_equipe(departement=departement)
        lu = texte(connecte(equipe.admin).get(equipe.adresse(PAGE)))
        assert ("26 décembre" in lu) is attendu


def test_only_admins_see_the_entry_of_the_menu(equipe: Equipe) -> None:
    for agent, attendu in ((equipe.admin, True), (equipe.basique, False)):
        page = connecte(agent).get(equipe.adresse("motifs:motifs")).content.decode()
        assert (equipe.adresse(PAGE) in page) is attendu


def test_the_form_of_a_plage_leads_an_admin_to_the_closings(equipe: Equipe) -> None:
    fermer_de(equipe, 0, 0)
    plage = une_plage(equipe, agent=equipe.basique)
    for agent, attendu in ((equipe.admin, True), (equipe.basique, False)):
        page = connecte(agent).get(equipe.adresse("plages:modifier_plage", plage.pk)).content.decode()
        assert "est férié ou fermé (Fermeture annuelle)" in page
        assert (equipe.adresse(PAGE) in page) is attendu


def test_the_page_costs_the_same_for_one_or_many(equipe: Equipe) -> None:
    client = connecte(equipe.admin)
    couts = []
    for debut, fin in ((0, 1), (1, 9)):
        for n in range(debut, fin):
            fermer_de(equipe, n, n, f"Raison {n}")
            un_rendez_vous(equipe, jours=n + 1)
            plage = une_plage(equipe, lieu=LieuFactory(structure=equipe.structure))
            OccurrenceModifiee.objects.create(
                plage=plage, jour=demain(), nouveau_jour=demain() + n * JOUR, heure_debut=time(9), heure_fin=time(10)
            )
        for page in (PAGE, RENDEZ_VOUS):
            client.get(equipe.adresse(page))
            with CaptureQueriesContext(connection) as requetes:
                client.get(equipe.adresse(page))
            couts.append(len(requetes))
    assert couts[:2] == couts[2:]
    assert max(couts) <= 14


# --- The rendez-vous that are left --------------------------------------------------------------------------------
def test_those_that_are_ticked_are_cancelled_with_the_message(equipe: Equipe) -> None:
    annule, garde = un_rendez_vous(equipe, jours=3), un_rendez_vous(equipe, jours=3, agent=equipe.basique)
    autre_jour = un_rendez_vous(equipe, jours=2)
    fermer_de(equipe, 2, 2)
    client = connecte(equipe.admin)
    adresse = equipe.adresse(RENDEZ_VOUS)
    assert "Basile Basique" in texte(client.get(adresse))

    refuse = client.post(adresse, {"a_annuler": [autre_jour.pk], "message": ""})
    reponse = client.post(adresse, {"a_annuler": [annule.pk], "message": "Nous serons fermés."}, follow=True)

    assert list(erreurs(refuse)) == ["a_annuler"]
    assert messages_de(reponse) == ["1 rendez-vous est annulé."]
    assert reponse.redirect_chain == [(equipe.adresse(PAGE), 302)]
    statuts = {rdv.pk: rdv.statut for rdv in RendezVous.objects.all()}
    assert statuts == {annule.pk: "annule", garde.pk: "prevu", autre_jour.pk: "prevu"}
    assert "Nous serons fermés." in Message.objects.get(destinataire="jeanne@exemple.fr").texte


def test_with_none_left_the_page_says_so(equipe: Equipe) -> None:
    assert "Aucun rendez-vous n'est prévu un jour où la structure est fermée." in texte(
        connecte(equipe.admin).get(equipe.adresse(RENDEZ_VOUS))
    )
