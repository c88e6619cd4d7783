"""The form of a plage: what it reads, what it refuses, what it warns about."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from lxml import html

from plages.models import PlageOuverture
from structures.models import Agent
from tests.aides_agent import (
    Equipe,
    connecte,
    demain,
    erreurs,
    messages_de,
    texte,
    une_equipe,
    une_plage,
)
from tests.factories import AppartenanceFactory, LieuFactory, MotifFactory
from tests.htmx import page_apres_echange, page_rechargee

pytestmark = pytest.mark.django_db


def prochain(jour_iso: int, apres: int = 7) -> date:
    """Return the next such weekday, at least `apres` days from now."""
    jour = timezone.localdate() + timedelta(days=apres)
    return jour + timedelta(days=(jour_iso - jour.isoweekday()) % 7)


def saisie(equipe: Equipe, **champs: Any) -> dict[str, Any]:
    return {
        "titre": "Permanence",
        "agent": equipe.admin.pk,
        "motifs": [equipe.motif.pk],
        "lieu": equipe.lieu.pk,
        "premier_jour": prochain(2).isoformat(),
        "heure_debut": "14:00",
        "heure_fin": "17:00",
        "frequence": "unique",
        "intervalle": "1",
        "mensuel": "rang",
        "jusqu_au": "",
        **champs,
    }


def poster(equipe: Equipe, par: Agent | None = None, **champs: Any) -> HttpResponse:
    client = connecte(par or equipe.admin)
    return client.post(equipe.adresse("plages:nouvelle_plage"), saisie(equipe, **champs))


def test_the_form_proposes_a_morning_and_the_only_lieu() -> None:
    equipe = une_equipe()

    arbre = html.fromstring(connecte(equipe.basique).get(equipe.adresse("plages:nouvelle_plage")).content)

    heures = [arbre.xpath(f"//input[@name='{nom}']")[0].value for nom in ("heure_debut", "heure_fin")]
    assert heures == ["09:00", "12:00"]
    assert arbre.xpath("//input[@name='frequence'][@checked]")[0].get("value") == "unique"
    assert arbre.xpath("//select[@name='lieu']/option[@selected]")[0].get("value") == str(equipe.lieu.pk)
    assert len(arbre.xpath("//input[@name='jours']")) == 7
    assert not arbre.xpath("//select[@name='agent']"), "an ordinary agent opens time for themself only"


@pytest.mark.parametrize(
    ("maintenant", "jour"),
    [
        (datetime(2026, 11, 24, 4, 59, tzinfo=UTC), "2026-11-24"),  # 8 h 59 on La Réunion
        (datetime(2026, 11, 24, 5, 0, tzinfo=UTC), "2026-11-25"),  # the morning proposed has begun
        (datetime(2026, 11, 24, 21, 0, tzinfo=UTC), "2026-11-25"),  # already the 25th there
    ],
)
def test_the_first_day_is_the_next_whole_morning_where_the_structure_is(
    maintenant: datetime, jour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    equipe = une_equipe(reunion=True)
    client = connecte(equipe.admin)
    monkeypatch.setattr(timezone, "now", lambda: maintenant)

    page = client.get(equipe.adresse("plages:nouvelle_plage"))

    assert html.fromstring(page.content).xpath("//input[@name='premier_jour']")[0].value == jour
    assert "Aucune date à venir" not in texte(page)


@pytest.mark.parametrize(("tapee", "gardee"), [("", 0), ("10", 10), ("120", 120)])
def test_the_pause_is_optional(tapee: str, gardee: int) -> None:
    poster(une_equipe(), pause=tapee)

    assert PlageOuverture.objects.get().pause == gardee


@pytest.mark.parametrize("tapee", ["-5", "121", "dix"])
def test_a_pause_that_makes_no_sense_is_refused(tapee: str) -> None:
    assert set(erreurs(poster(une_equipe(), pause=tapee))) == {"pause"}


def test_a_single_plage_is_saved_with_its_ouverture() -> None:
    equipe = une_equipe()

    reponse = poster(equipe, jours=["4"], jusqu_au="n'importe quoi", intervalle="3")

    assert reponse.status_code == 302
    plage = PlageOuverture.objects.get()
    assert (plage.agent, plage.lieu, list(plage.motifs.all())) == (equipe.admin, equipe.lieu, [equipe.motif])
    assert (plage.frequence, plage.intervalle, plage.jours, plage.jusqu_au) == ("unique", 1, [], None)
    assert plage.ouvertures.get().jour == prochain(2)


@pytest.mark.parametrize(
    ("champs", "attendus"),
    [
        ({"frequence": "semaine", "jours": ["2", "7"]}, {"jours": [2, 7], "rangs": [], "intervalle": 1}),
        ({"frequence": "semaine", "intervalle": "5"}, {"jours": [], "rangs": [], "intervalle": 5}),
        (
            {"frequence": "mois", "mensuel": "rang", "jours": ["1"], "premier_jour": "2028-02-29"},
            {"jours": [], "rangs": [[2, 5]], "intervalle": 1},
        ),
        ({"frequence": "mois", "mensuel": "quantieme"}, {"jours": [], "rangs": [], "intervalle": 1}),
    ],
)
def test_the_rule_is_computed_on_the_server(champs: dict[str, Any], attendus: dict[str, Any]) -> None:
    equipe = une_equipe()

    assert poster(equipe, **champs).status_code == 302

    plage = PlageOuverture.objects.get()
    assert {nom: getattr(plage, nom) for nom in attendus} == attendus


@pytest.mark.parametrize(
    ("champs", "attendues"),
    [
        ({"titre": ""}, {"titre": ["Ce champ est obligatoire."]}),
        ({"motifs": []}, {"motifs": ["Cochez au moins un motif."]}),
        ({"lieu": ""}, {"lieu": ["Choisissez un lieu : un des motifs cochés est sur place."]}),
        ({"heure_fin": "14:00"}, {"heure_fin": ["L'heure de fin doit être après l'heure de début."]}),
        ({"premier_jour": "2017-12-31"}, {"premier_jour": ["Le premier jour ne peut pas être avant 2018."]}),
        ({"premier_jour": "2093-01-01"}, {"premier_jour": ["Le premier jour ne peut pas être dans plus de 5 ans."]}),
        (
            {"frequence": "semaine", "jusqu_au": "2093-01-01"},
            {"jusqu_au": ["Le dernier jour ne peut pas être dans plus de 5 ans."]},
        ),
        (
            {"frequence": "semaine", "jusqu_au": "2020-01-01"},
            {"jusqu_au": ["La fin de la répétition doit être après le premier jour."]},
        ),
        ({"frequence": "jour"}, {"frequence": ["Sélectionnez un choix valide. jour n’en fait pas partie."]}),
        (
            {"frequence": "semaine", "intervalle": "6"},
            {"intervalle": ["Sélectionnez un choix valide. 6 n’en fait pas partie."]},
        ),
        (
            {"frequence": "semaine", "jours": ["8"]},
            {"jours": ["Sélectionnez un choix valide. 8 n’en fait pas partie."]},
        ),
        ({"premier_jour": "demain"}, {"premier_jour": ["Saisissez une date valide."]}),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(champs: dict[str, Any], attendues: dict[str, list[str]]) -> None:
    equipe = une_equipe()

    reponse = poster(equipe, **champs)

    assert reponse.status_code == 200
    assert erreurs(reponse) == attendues
    assert not PlageOuverture.objects.exists()


@pytest.mark.parametrize("champ", ["motifs", "lieu"])
def test_an_object_of_another_structure_is_refused(champ: str) -> None:
    equipe, autre = une_equipe(), une_equipe()

    reponse = poster(equipe, **{champ: [(autre.motif if champ == "motifs" else autre.lieu).pk]})

    assert list(erreurs(reponse)) == [champ]


@pytest.mark.parametrize("etat", ["archived motif", "closed lieu"])
def test_what_is_out_of_use_is_not_offered(etat: str) -> None:
    equipe = une_equipe()
    if etat == "archived motif":
        choix = {"motifs": [MotifFactory(structure=equipe.structure, archive_le=timezone.now()).pk]}
    else:
        choix = {"lieu": LieuFactory(structure=equipe.structure, ouvert=False).pk}

    assert list(erreurs(poster(equipe, **choix))) == list(choix)


def test_no_lieu_is_kept_when_no_motif_is_on_site() -> None:
    equipe = une_equipe()
    telephone = MotifFactory(structure=equipe.structure, telephone=True)

    poster(equipe, motifs=[telephone.pk])

    assert PlageOuverture.objects.get().lieu is None


def test_an_admin_opens_time_for_a_colleague() -> None:
    equipe = une_equipe()

    poster(equipe, agent=equipe.basique.pk)

    assert PlageOuverture.objects.get().agent == equipe.basique


def test_an_ordinary_agent_opens_time_for_themself_whatever_they_send() -> None:
    equipe = une_equipe()

    poster(equipe, par=equipe.basique, agent=equipe.admin.pk)

    assert PlageOuverture.objects.get().agent == equipe.basique


def test_an_agent_of_another_structure_is_refused() -> None:
    equipe, autre = une_equipe(), une_equipe()

    assert list(erreurs(poster(equipe, agent=autre.admin.pk))) == ["agent"]


# --- Warnings -----------------------------------------------------------------------------------------------------
def test_an_overlap_is_shown_with_a_link_then_confirmed() -> None:
    equipe = une_equipe()
    autre = une_plage(equipe, titre="Matinée", heure_debut=time(13), heure_fin=time(15))
    client = connecte(equipe.admin)
    adresse = equipe.adresse("plages:nouvelle_plage")

    reponse = client.post(adresse, saisie(equipe))

    assert reponse.status_code == 200
    assert "Même moment que « Matinée » : mardi" in texte(reponse)
    assert "de 13 h à 15 h" in texte(reponse)
    assert equipe.adresse("plages:modifier_plage", autre.pk) in reponse.content.decode()
    assert PlageOuverture.objects.count() == 1

    confirmes = html.fromstring(reponse.content).xpath("//button[@name='confirmes']")[0].get("value")
    assert client.post(adresse, saisie(equipe, confirmes=confirmes)).status_code == 302
    assert PlageOuverture.objects.count() == 2


def test_a_new_warning_is_shown_even_with_the_former_one_confirmed() -> None:
    equipe = une_equipe()
    une_plage(equipe, heure_debut=time(13), heure_fin=time(15))
    client = connecte(equipe.admin)
    adresse = equipe.adresse("plages:nouvelle_plage")
    page = html.fromstring(client.post(adresse, saisie(equipe)).content)
    confirmes = page.xpath("//button[@name='confirmes']")[0].get("value")
    long = MotifFactory(structure=equipe.structure, nom="Atelier", duree=240)

    reponse = client.post(adresse, saisie(equipe, confirmes=confirmes, motifs=[equipe.motif.pk, long.pk]))

    assert reponse.status_code == 200
    assert "« Atelier » dure 4 heures : il déborde de 1 heure." in texte(reponse)
    assert PlageOuverture.objects.count() == 1


def test_a_plage_elsewhere_is_said_without_its_name() -> None:
    equipe, ailleurs = une_equipe(), une_equipe(nom="Centre social")
    AppartenanceFactory(agent=equipe.admin, structure=ailleurs.structure)
    une_plage(ailleurs, agent=equipe.admin, titre="Secret", heure_debut=time(13), heure_fin=time(15))

    lu = texte(poster(equipe))

    assert "Même moment que une plage d'une autre structure" not in lu
    assert "Même moment qu'une plage d'une autre structure" in lu
    assert "Secret" not in lu
    assert "Centre social" not in lu


def test_a_plage_in_another_time_zone_is_compared_in_real_time() -> None:
    """15 h in La Réunion is 12 h or 13 h in Paris: no overlap with 14 h to 17 h; 17 h there is."""
    equipe, la_reunion = une_equipe(), une_equipe(reunion=True)
    AppartenanceFactory(agent=equipe.admin, structure=la_reunion.structure)
    plage = une_plage(la_reunion, agent=equipe.admin, heure_debut=time(15), heure_fin=time(16))
    assert poster(equipe).status_code == 302
    PlageOuverture.objects.exclude(pk=plage.pk).delete()

    une_plage(la_reunion, agent=equipe.admin, heure_debut=time(17), heure_fin=time(19))
    assert poster(equipe).status_code == 200


@pytest.mark.parametrize("heures", [("12:00", "14:00"), ("15:00", "17:00")])
def test_touching_is_not_overlapping(heures: tuple[str, str]) -> None:
    equipe = une_equipe()
    une_plage(equipe, heure_debut=time(14), heure_fin=time(15))

    assert poster(equipe, heure_debut=heures[0], heure_fin=heures[1]).status_code == 302


def test_a_colleague_s_plage_is_no_collision() -> None:
    equipe = une_equipe()
    une_plage(equipe, agent=equipe.basique, heure_debut=time(14), heure_fin=time(15))

    assert poster(equipe).status_code == 302


def test_a_plage_does_not_collide_with_itself() -> None:
    equipe = une_equipe()
    plage = une_plage(equipe)

    reponse = connecte(equipe.admin).post(
        equipe.adresse("plages:modifier_plage", plage.pk),
        saisie(equipe, titre="Renommée", frequence="jour", heure_debut="09:00", heure_fin="11:00"),
    )

    assert reponse.status_code == 302
    plage.refresh_from_db()
    assert (plage.titre, plage.frequence, plage.heure_fin) == ("Renommée", "jour", time(11))


def test_a_first_day_that_is_a_holiday_is_said() -> None:
    equipe = une_equipe()
    noel = date(timezone.localdate().year + 1, 12, 25)

    reponse = poster(equipe, premier_jour=noel.isoformat())

    assert "25 décembre" in texte(reponse)
    assert "Cette plage n'aura aucune date." in texte(reponse)


def test_confirming_is_never_what_enter_does() -> None:
    equipe = une_equipe()
    une_plage(equipe, heure_debut=time(14), heure_fin=time(15))

    boutons = html.fromstring(poster(equipe).content).xpath("//form[@id='formulaire-plage']//button")

    assert boutons[0].get("name") is None
    assert boutons[-1].text == "Enregistrer quand même"


# --- Editing ------------------------------------------------------------------------------------------------------
def test_editing_shows_the_rule_as_it_is() -> None:
    equipe = une_equipe()
    plage = une_plage(equipe, frequence="semaine", jours=[1, 7], intervalle=2, jusqu_au=demain() + timedelta(days=90))

    arbre = html.fromstring(connecte(equipe.admin).get(equipe.adresse("plages:modifier_plage", plage.pk)).content)

    assert [i.get("value") for i in arbre.xpath("//input[@name='jours'][@checked]")] == ["1", "7"]
    assert arbre.xpath("//select[@name='intervalle']/option[@selected]")[0].text == "Une fois sur 2"
    assert arbre.xpath("//input[@name='jusqu_au']")[0].value == (demain() + timedelta(days=90)).isoformat()


def test_ranks_that_the_first_day_does_not_give_are_kept() -> None:
    equipe = une_equipe()
    plage = une_plage(equipe, frequence="mois", premier_jour=prochain(1), rangs=[[3, 1], [3, 3]])
    adresse = equipe.adresse("plages:modifier_plage", plage.pk)
    client = connecte(equipe.admin)

    assert "Comme aujourd'hui : tous les premiers et troisièmes mercredis du mois" in texte(client.get(adresse))
    envoi = saisie(equipe, frequence="mois", premier_jour=plage.premier_jour.isoformat())
    client.post(adresse, {**envoi, "mensuel": "inchange"})
    plage.refresh_from_db()
    assert plage.rangs == [[3, 1], [3, 3]]

    client.post(adresse, {**envoi, "mensuel": "rang"})
    plage.refresh_from_db()
    assert plage.rangs == [[1, (plage.premier_jour.day - 1) // 7 + 1]]


def test_a_closed_lieu_and_an_archived_motif_already_there_stay() -> None:
    equipe = une_equipe()
    plage = une_plage(equipe)
    equipe.lieu.ouvert = False
    equipe.lieu.save()
    equipe.motif.archive_le = timezone.now()
    equipe.motif.save()

    reponse = connecte(equipe.admin).post(equipe.adresse("plages:modifier_plage", plage.pk), saisie(equipe))

    assert reponse.status_code == 302
    plage.refresh_from_db()
    assert (plage.lieu, list(plage.motifs.all())) == (equipe.lieu, [equipe.motif])


# --- From and back to the tab -------------------------------------------------------------------------------------
def test_the_tab_ticks_motifs_and_gets_the_agent_back() -> None:
    equipe = une_equipe()
    autre = MotifFactory(structure=equipe.structure)
    etranger = MotifFactory()
    client = connecte(equipe.admin)
    adresse = equipe.adresse("plages:nouvelle_plage")

    page = client.get(f"{adresse}?motifs={equipe.motif.pk},{etranger.pk},x,²,{'9' * 5000}&retour=reservation-en-ligne")
    arbre = html.fromstring(page.content)
    reponse = client.post(adresse, saisie(equipe, retour=arbre.xpath("//input[@name='retour']")[0].value))

    assert [i.get("value") for i in arbre.xpath("//input[@name='motifs'][@checked]")] == [str(equipe.motif.pk)]
    assert str(autre.pk) in {i.get("value") for i in arbre.xpath("//input[@name='motifs']")}
    assert reponse["Location"] == equipe.adresse("reservations:reservation_en_ligne")


@pytest.mark.parametrize("jeton", ["https://exemple.com/", "//exemple.com", "inconnu"])
def test_an_unknown_page_to_come_back_to_is_ignored(jeton: str) -> None:
    equipe = une_equipe()

    assert poster(equipe, retour=jeton)["Location"] == equipe.adresse("plages:plages")


def test_without_any_motif_the_page_says_what_to_do() -> None:
    equipe = une_equipe()
    equipe.motif.delete()

    assert "Il n'y a encore aucun motif" in texte(connecte(equipe.admin).get(equipe.adresse("plages:nouvelle_plage")))


# --- Preview ------------------------------------------------------------------------------------------------------
def _apercu(client: Client, equipe: Equipe, *, htmx: bool, **champs: Any) -> HttpResponse:
    entetes = {"HX-Request": "true"} if htmx else {}
    return client.post(
        equipe.adresse("plages:nouvelle_plage"), {**saisie(equipe, **champs), "apercu": "oui"}, headers=entetes
    )


def test_the_preview_saves_nothing_and_counts() -> None:
    equipe = une_equipe()

    reponse = _apercu(connecte(equipe.admin), equipe, htmx=True, titre="", frequence="semaine")

    assert not PlageOuverture.objects.exists()
    assert reponse.content.strip().startswith(b'<section id="apercu"')
    assert texte(reponse).startswith("Ce que cela donne Tous les mardis de 14 h à 17 h, à partir du")
    assert "dates sur un an" in texte(reponse)
    assert "créneaux d'une heure pour « Accompagnement individuel »" in texte(reponse)


def test_the_preview_of_an_incomplete_rule_says_what_is_missing() -> None:
    equipe = une_equipe()

    reponse = _apercu(connecte(equipe.admin), equipe, htmx=True, premier_jour="")

    assert "Donnez le premier jour et les heures" in texte(reponse)


def test_the_preview_swapped_in_equals_the_page_without_javascript() -> None:
    equipe = une_equipe()
    client = connecte(equipe.admin)

    page = _apercu(client, equipe, htmx=False, frequence="unique")
    fragment = _apercu(client, equipe, htmx=True, frequence="semaine")
    entiere = _apercu(client, equipe, htmx=False, frequence="semaine")

    apres = page_apres_echange(page.content, fragment.content, "apercu")
    # The browser keeps the radio button that was clicked: only the region is compared.
    region = '<section id="apercu"'
    assert (
        apres[apres.index(region) :] == page_rechargee(entiere.content)[page_rechargee(entiere.content).index(region) :]
    )


def test_history_restored_by_htmx_gets_a_whole_page() -> None:
    equipe = une_equipe()

    reponse = connecte(equipe.admin).get(
        equipe.adresse("plages:nouvelle_plage"), headers={"HX-Request": "true", "HX-History-Restore-Request": "true"}
    )

    assert b"<html" in reponse.content


def test_a_clock_change_is_said_once_saved() -> None:
    equipe = une_equipe()
    mars = date(timezone.localdate().year + 1, 3, 31)
    dimanche = mars - timedelta(days=mars.isoweekday() % 7)

    reponse = connecte(equipe.admin).post(
        equipe.adresse("plages:nouvelle_plage"),
        saisie(
            equipe,
            premier_jour=(dimanche - timedelta(days=7)).isoformat(),
            frequence="semaine",
            jusqu_au=dimanche.isoformat(),
            heure_debut="02:30",
            heure_fin="03:00",
            motifs=[MotifFactory(structure=equipe.structure, duree=30).pk],
        ),
        follow=True,
    )

    assert "À cause du changement d'heure" in messages_de(reponse)[1]


def test_the_form_costs_the_same_whatever_the_number_of_plages(django_assert_max_num_queries) -> None:
    equipe = une_equipe()
    client = connecte(equipe.admin)
    for rang in range(8):
        une_plage(equipe, titre=f"Permanence {rang}")

    with django_assert_max_num_queries(30):
        _apercu(client, equipe, htmx=True, frequence="semaine")


# --- Other hours of the same days -----------------------------------------------------------------------------------
MATIN_ET_SOIR = {"heure_debut": "09:00", "heure_fin": "12:00", "heure_debut_2": "14:00", "heure_fin_2": "16:30"}


def test_each_time_range_becomes_a_plage_with_the_same_settings() -> None:
    equipe = une_equipe()

    reponse = poster(equipe, **MATIN_ET_SOIR, heure_debut_4="18:00", heure_fin_4="19:00", pause="5")

    plages = PlageOuverture.objects.order_by("heure_debut")
    assert [(p.heure_debut.hour, p.heure_fin.hour) for p in plages] == [(9, 12), (14, 16), (18, 19)]
    assert {(p.titre, p.lieu, p.pause, p.premier_jour, p.motifs.get(), p.ouvertures.count()) for p in plages} == {
        ("Permanence", equipe.lieu, 5, prochain(2), equipe.motif, 1)
    }
    suite = connecte(equipe.admin).get(reponse["Location"])
    assert suite.status_code == 200


def test_they_are_previewed_together() -> None:
    equipe = une_equipe()

    reponse = poster(equipe, apercu="oui", frequence="semaine", **MATIN_ET_SOIR)

    lu = texte(reponse)
    assert "Tous les mardis de 9 h à 12 h et de 14 h à 16 h 30, à partir du" in lu
    assert "2 plages de même nom seront ajoutées." in lu
    apercu = reponse.context["apercu"]
    assert apercu.creneaux[0].nombre == apercu.nombre * (3 + 2)
    assert not PlageOuverture.objects.exists()


@pytest.mark.parametrize(
    ("champs", "champ"),
    [
        ({"heure_debut_2": "18:00"}, "heure_fin_2"),
        ({"heure_fin_3": "18:00"}, "heure_debut_3"),
        ({"heure_debut_2": "18:00", "heure_fin_2": "18:00"}, "heure_fin_2"),
        ({"heure_debut_2": "16:59", "heure_fin_2": "18:00"}, "heure_debut_2"),
        (
            {"heure_debut_2": "8:00", "heure_fin_2": "9:00", "heure_debut_4": "8:30", "heure_fin_4": "9:30"},
            "heure_debut_4",
        ),
        ({"heure_debut_2": "midi", "heure_fin_2": "18:00"}, "heure_debut_2"),
    ],
)
def test_a_time_range_that_cannot_be_is_refused_and_seen_again(champs: dict[str, str], champ: str) -> None:
    reponse = poster(une_equipe(), **champs)

    assert list(erreurs(reponse)) == [champ]
    assert html.fromstring(reponse.content).xpath("//details[@open]//input[@name='heure_debut_2']")
    assert not PlageOuverture.objects.exists()


def test_the_warnings_of_all_are_confirmed_at_once() -> None:
    equipe = une_equipe()
    une_plage(
        equipe, titre="Atelier", premier_jour=prochain(2), frequence="unique", heure_debut=time(16), heure_fin=time(18)
    )
    envoi = {**MATIN_ET_SOIR, "heure_debut_3": "08:00", "heure_fin_3": "08:30"}

    reponse = poster(equipe, **envoi)

    lu = texte(reponse)
    assert "De 14 h à 16 h 30 : Même moment que « Atelier »" in lu
    assert "De 8 h à 8 h 30 : « Accompagnement individuel » dure 1 heure : il déborde de 30 minutes." in lu
    poster(equipe, **envoi, confirmes=reponse.context["a_confirmer"])
    assert PlageOuverture.objects.filter(titre="Permanence").count() == 3


def test_a_plage_that_exists_has_one_time_range() -> None:
    equipe = une_equipe()
    plage = une_plage(equipe)
    client = connecte(equipe.admin)
    adresse = equipe.adresse("plages:modifier_plage", plage.pk)

    assert b"heure_debut_2" not in client.get(adresse).content
    client.post(adresse, saisie(equipe, **MATIN_ET_SOIR))

    assert PlageOuverture.objects.count() == 1
