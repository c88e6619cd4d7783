"""The absences: their list, their form, their deletion."""

from datetime import date, time, timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from lxml import html

from plages.models import Absence
from structures.models import Agent
from tests.aides_agent import (
    Equipe,
    connecte,
    demain,
    erreurs,
    messages_de,
    texte,
    un_rendez_vous,
    une_absence,
    une_equipe,
)
from tests.factories import AgentFactory, AppartenanceFactory
from tests.htmx import page_apres_echange, page_rechargee

pytestmark = pytest.mark.django_db


def saisie(equipe: Equipe, **champs: Any) -> dict[str, Any]:
    return {
        "titre": "Congés",
        "agent": equipe.admin.pk,
        "premier_jour": (demain() + timedelta(days=6)).isoformat(),
        "heure_debut": "09:00",
        "dernier_jour": "",
        "heure_fin": "18:00",
        "frequence": "unique",
        "intervalle": "1",
        "mensuel": "rang",
        "jusqu_au": "",
        **champs,
    }


def poster(equipe: Equipe, par: Agent | None = None, **champs: Any) -> HttpResponse:
    client = connecte(par or equipe.admin)
    return client.post(equipe.adresse("plages:nouvelle_absence"), saisie(equipe, **champs))


# --- The list -----------------------------------------------------------------------------------------------------
def test_past_absences_have_their_own_tab() -> None:
    equipe = une_equipe()
    hier = timezone.localdate() - timedelta(days=1)
    une_absence(equipe, titre="Hier", premier_jour=hier)
    une_absence(equipe, titre="Finie", premier_jour=hier - timedelta(days=9), frequence="semaine", jusqu_au=hier)
    une_absence(equipe, titre="En cours", premier_jour=hier, dernier_jour=demain())
    une_absence(equipe, titre="Sans fin", premier_jour=hier, frequence="semaine", heure_debut=time(10))
    client = connecte(equipe.admin)

    a_venir = client.get(equipe.adresse("plages:absences"))
    passees = client.get(equipe.adresse("plages:absences"), {"onglet": "passees"})

    assert [absence.titre for absence in a_venir.context["page"]] == ["En cours", "Sans fin"]
    assert [absence.titre for absence in passees.context["page"]] == ["Hier", "Finie"]
    assert "Tous les" in texte(a_venir)


@pytest.mark.parametrize(
    ("role", "parametres", "attendues"),
    [
        ("admin", {}, ["À l'admin"]),
        ("admin", {"agents": "tous"}, ["À l'admin", "À Basile"]),
        ("basique", {"agents": "tous"}, ["À Basile"]),
    ],
)
def test_mine_or_everyone_s(role: str, parametres: dict[str, str], attendues: list[str]) -> None:
    equipe = une_equipe()
    une_absence(equipe, titre="À l'admin")
    une_absence(equipe, titre="À Basile", agent=equipe.basique, heure_debut=time(10))
    une_absence(une_equipe(), titre="Ailleurs")

    reponse = connecte(getattr(equipe, role)).get(equipe.adresse("plages:absences"), parametres)

    assert [absence.titre for absence in reponse.context["page"]] == attendues


def test_the_list_costs_the_same_for_one_or_thirty(django_assert_num_queries) -> None:
    equipe = une_equipe()
    client = connecte(equipe.admin)
    adresse = equipe.adresse("plages:absences")
    une_absence(equipe)
    client.get(adresse)

    with django_assert_num_queries(5):
        client.get(adresse)
    for rang in range(29):
        une_absence(equipe, titre=f"Absence {rang}", agent=equipe.admin)
    with django_assert_num_queries(5):
        assert len(client.get(adresse).context["lignes"]) == 30


def test_an_empty_list_says_what_an_absence_does() -> None:
    equipe = une_equipe()

    assert "dans aucune de vos structures" in texte(connecte(equipe.admin).get(equipe.adresse("plages:absences")))


# --- The form -----------------------------------------------------------------------------------------------------
def test_the_form_proposes_tomorrow_all_day_where_the_structure_is() -> None:
    equipe = une_equipe(reunion=True)

    arbre = html.fromstring(connecte(equipe.basique).get(equipe.adresse("plages:nouvelle_absence")).content)

    noms = ("premier_jour", "heure_debut", "dernier_jour", "heure_fin")
    la_bas = timezone.localdate(timezone=equipe.structure.tz) + timedelta(days=1)
    assert [arbre.xpath(f"//input[@name='{nom}']")[0].value or "" for nom in noms] == [
        la_bas.isoformat(),
        "09:00",
        "",
        "18:00",
    ]
    assert not arbre.xpath("//select[@name='agent']"), "an ordinary agent is absent for themself only"


def test_without_a_last_day_it_is_the_first() -> None:
    equipe = une_equipe()

    reponse = poster(equipe)

    assert reponse["Location"] == equipe.adresse("plages:absences")
    absence = Absence.objects.get()
    assert (absence.structure, absence.agent) == (equipe.structure, equipe.admin)
    assert absence.dernier_jour == absence.premier_jour == absence.indisponibilites.get().jour


def test_several_days_are_one_block_said_in_words() -> None:
    equipe = une_equipe()
    premier = date(timezone.localdate().year + 1, 2, 9)

    reponse = connecte(equipe.admin).post(
        equipe.adresse("plages:nouvelle_absence"),
        saisie(equipe, premier_jour=premier.isoformat(), dernier_jour=(premier + timedelta(days=2)).isoformat()),
        follow=True,
    )

    periode = Absence.objects.get().indisponibilites.get().periode
    assert periode.upper - periode.lower == timedelta(days=2, hours=9)
    dit = messages_de(reponse)[0]
    assert "9 février" in dit
    assert "à 9 h au" in dit
    assert "11 février" in dit


def test_a_repeated_absence_has_its_dates() -> None:
    equipe = une_equipe()
    premier = demain()

    poster(
        equipe,
        premier_jour=premier.isoformat(),
        frequence="semaine",
        jours=[str(premier.isoweekday())],
        jusqu_au=(premier + timedelta(days=21)).isoformat(),
    )

    jours = sorted(Absence.objects.get().indisponibilites.values_list("jour", flat=True))
    assert jours == [premier + timedelta(days=7 * n) for n in range(4)]


AVANT = "La fin de l'absence doit être après son début."


@pytest.mark.parametrize(
    ("champs", "attendues"),
    [
        ({"titre": ""}, {"titre": ["Ce champ est obligatoire."]}),
        ({"premier_jour": ""}, {"premier_jour": ["Ce champ est obligatoire."]}),
        ({"heure_fin": "09:00"}, {"heure_fin": [AVANT]}),
        ({"premier_jour": "2027-06-02", "dernier_jour": "2027-06-01"}, {"dernier_jour": [AVANT]}),
        (
            {"premier_jour": "2027-06-02", "dernier_jour": "2027-06-03", "frequence": "semaine"},
            {"dernier_jour": ["Une absence qui se répète commence et finit le même jour."]},
        ),
        ({"premier_jour": "2017-12-31"}, {"premier_jour": ["Le premier jour ne peut pas être avant 2018."]}),
        ({"dernier_jour": "2093-01-01"}, {"dernier_jour": ["Le dernier jour ne peut pas être dans plus de 5 ans."]}),
        (
            {"frequence": "semaine", "jusqu_au": "2020-01-01"},
            {"jusqu_au": ["La fin de la répétition doit être après le premier jour."]},
        ),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(champs: dict[str, Any], attendues: dict[str, list[str]]) -> None:
    equipe = une_equipe()

    reponse = poster(equipe, **champs)

    assert reponse.status_code == 200
    assert erreurs(reponse) == attendues
    assert not Absence.objects.exists()


def test_an_admin_enters_an_absence_for_a_colleague() -> None:
    equipe = une_equipe()

    poster(equipe, agent=equipe.basique.pk)

    assert Absence.objects.get().agent == equipe.basique


def test_an_ordinary_agent_is_absent_for_themself_whatever_they_send() -> None:
    equipe = une_equipe()

    poster(equipe, par=equipe.basique, agent=equipe.admin.pk)

    assert Absence.objects.get().agent == equipe.basique


def test_an_agent_of_another_structure_is_refused() -> None:
    equipe, autre = une_equipe(), une_equipe()

    assert list(erreurs(poster(equipe, agent=autre.admin.pk))) == ["agent"]
    assert not Absence.objects.exists()


def test_editing_a_one_day_absence_is_one_date_to_change() -> None:
    equipe = une_equipe()
    absence = une_absence(equipe)
    adresse = equipe.adresse("plages:modifier_absence", absence.pk)
    client = connecte(equipe.admin)

    arbre = html.fromstring(client.get(adresse).content)
    client.post(adresse, saisie(equipe))

    assert not arbre.xpath("//input[@name='dernier_jour']")[0].value
    absence.refresh_from_db()
    assert absence.dernier_jour == absence.premier_jour == demain() + timedelta(days=6)
    assert absence.indisponibilites.get().jour == absence.premier_jour


def test_editing_several_days_shows_the_last_one() -> None:
    equipe = une_equipe()
    absence = une_absence(equipe, dernier_jour=demain() + timedelta(days=3))

    page = connecte(equipe.admin).get(equipe.adresse("plages:modifier_absence", absence.pk))

    dernier = html.fromstring(page.content).xpath("//input[@name='dernier_jour']")[0]
    assert dernier.value == absence.dernier_jour.isoformat()


def test_a_colleague_s_absence_is_not_changed_by_an_ordinary_agent() -> None:
    equipe = une_equipe()
    absence = une_absence(equipe)
    client = connecte(equipe.basique)

    assert client.post(equipe.adresse("plages:modifier_absence", absence.pk), saisie(equipe)).status_code == 403
    assert client.post(equipe.adresse("plages:supprimer_absence", absence.pk)).status_code == 403
    absence.refresh_from_db()
    assert absence.titre == "Formation"


def test_deleting_asks_first_then_frees_the_time() -> None:
    equipe = une_equipe()
    absence = une_absence(equipe)
    adresse = equipe.adresse("plages:supprimer_absence", absence.pk)
    client = connecte(equipe.admin)

    assert "Supprimer cette absence ?" in texte(client.get(adresse))
    assert Absence.objects.exists()

    assert "est supprimée" in messages_de(client.post(adresse, follow=True))[0]
    assert not Absence.objects.exists()


def test_a_clock_change_is_said_once_saved() -> None:
    equipe = une_equipe()
    mars = date(timezone.localdate().year + 1, 3, 31)
    dimanche = mars - timedelta(days=mars.isoweekday() % 7)

    reponse = connecte(equipe.admin).post(
        equipe.adresse("plages:nouvelle_absence"),
        saisie(equipe, premier_jour=dimanche.isoformat(), heure_debut="02:30", heure_fin="03:00"),
        follow=True,
    )

    assert "À cause du changement d'heure" in messages_de(reponse)[1]


# --- Preview and rendez-vous covered --------------------------------------------------------------------------------
def _apercu(client: Client, equipe: Equipe, *, htmx: bool, **champs: Any) -> HttpResponse:
    entetes = {"HX-Request": "true"} if htmx else {}
    return client.post(
        equipe.adresse("plages:nouvelle_absence"), {**saisie(equipe, **champs), "apercu": "oui"}, headers=entetes
    )


def test_the_preview_saves_nothing_and_counts_the_rendez_vous() -> None:
    equipe = une_equipe()
    un_rendez_vous(equipe, heure=10)
    un_rendez_vous(equipe, heure=12, statut="annule", annule_le=timezone.now())
    un_rendez_vous(equipe, heure=13, agent=equipe.basique)

    reponse = _apercu(connecte(equipe.admin), equipe, htmx=True, titre="", premier_jour=demain().isoformat())

    assert not Absence.objects.exists()
    assert reponse.content.strip().startswith(b'<section id="apercu"')
    assert "de 9 h à 18 h" in texte(reponse)
    assert "1 rendez-vous déjà pris" in texte(reponse)


def test_the_preview_of_what_is_incomplete_says_what_is_missing() -> None:
    equipe = une_equipe()

    reponse = _apercu(connecte(equipe.admin), equipe, htmx=True, premier_jour="")

    assert "Donnez le début et la fin" in texte(reponse)


def test_the_preview_swapped_in_equals_the_page_without_javascript() -> None:
    equipe = une_equipe()
    client = connecte(equipe.admin)

    page = _apercu(client, equipe, htmx=False, frequence="unique")
    fragment = _apercu(client, equipe, htmx=True, frequence="semaine")
    entiere = page_rechargee(_apercu(client, equipe, htmx=False, frequence="semaine").content)

    apres = page_apres_echange(page.content, fragment.content, "apercu")
    # The browser keeps the radio button that was clicked: only the region is compared.
    region = '<section id="apercu"'
    assert apres[apres.index(region) :] == entiere[entiere.index(region) :]


def test_an_absence_over_a_rendez_vous_of_any_structure_leads_to_the_list() -> None:
    equipe, ailleurs = une_equipe(), une_equipe()
    AppartenanceFactory(agent=equipe.admin, structure=ailleurs.structure)
    un_rendez_vous(ailleurs, heure=10, agent=equipe.admin)

    reponse = poster(equipe, premier_jour=demain().isoformat())

    assert reponse["Location"] == equipe.adresse("reservations:rendez_vous_couverts", Absence.objects.get().pk)


def test_the_saved_absence_links_to_what_it_covers() -> None:
    equipe = une_equipe()
    absence = une_absence(equipe)
    un_rendez_vous(equipe, heure=10)

    page = connecte(equipe.admin).get(equipe.adresse("plages:modifier_absence", absence.pk))

    assert "1 rendez-vous déjà pris pendant cette absence. Les voir" in texte(page)
    assert equipe.adresse("reservations:rendez_vous_couverts", absence.pk) in page.content.decode()


def test_an_inactive_colleague_is_not_offered() -> None:
    equipe = une_equipe()
    AppartenanceFactory(agent=AgentFactory(is_active=False), structure=equipe.structure)

    arbre = html.fromstring(connecte(equipe.admin).get(equipe.adresse("plages:nouvelle_absence")).content)

    assert len(arbre.xpath("//select[@name='agent']/option")) == 2
