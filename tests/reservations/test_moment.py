"""Morning or afternoon: fewer times to read, on the pages where a time is chosen."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.factories import LieuFactory
from tests.htmx import page_apres_echange, page_rechargee
from tests.reservations.aides_parcours import (
    LUNDI_8H,
    MARDI_9H,
    MARDI_10H,
    arbre,
    boutons_de_creneau,
    choisir,
    creneaux_de_la_semaine,
    page_des_creneaux,
    prendre_ailleurs,
    reserver,
    texte,
    un_agent,
    un_monde,
    une_plage,
)

pytestmark = pytest.mark.django_db
MARDI_14H = MARDI_9H + timedelta(hours=5)


@pytest.fixture(autouse=True)
def _lundi_8h(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: LUNDI_8H)


@pytest.fixture
def monde():
    """Every working day from 9 h to 12 h; on Tuesdays from 12 h to 15 h too."""
    monde = un_monde()
    une_plage(monde, de=12, a=15, jours=[2])
    return monde


def _moments(reponse):
    """What each choice is called, where it leads, and whether it is the one in force."""
    liens = arbre(reponse).xpath("//nav[@aria-label='Moment de la journée']/a")
    return {lien.text_content(): (lien.get("href"), lien.get("aria-current")) for lien in liens}


def test_the_soonest_and_the_week_follow_the_moment_and_noon_is_in_the_afternoon(client, monde):
    reponse = client.get(page_des_creneaux(monde, moment="apres-midi"))
    attendus = [f"mardi 24 novembre à {heure} h" for heure in (12, 13, 14)]
    assert creneaux_de_la_semaine(reponse) == attendus
    assert boutons_de_creneau(reponse) == attendus * 2
    assert "Le plus tôt l'après-midi" in texte(reponse)
    assert "mardi 24 novembre (demain), 3 créneaux" in texte(reponse)
    matin = client.get(page_des_creneaux(monde, moment="matin"))
    assert len(creneaux_de_la_semaine(matin)) == 15
    assert "mardi 24 novembre à 12 h" not in boutons_de_creneau(matin)


def test_noon_is_local(client):
    monde = un_monde(structure={"reunion": True}, telephone=True)
    une_plage(monde, de=12, a=14)
    reponse = client.get(page_des_creneaux(monde, moment="matin"))
    assert creneaux_de_la_semaine(reponse)[:3] == [f"mardi 24 novembre à {heure} h" for heure in (9, 10, 11)]


def test_the_moment_is_kept_from_week_to_week_and_the_week_from_moment_to_moment(client, monde):
    page = client.get(page_des_creneaux(monde, moment="apres-midi"))
    suivante = client.get(arbre(page).xpath('//a[contains(., "Semaine d\'après")]/@href')[0])
    assert creneaux_de_la_semaine(suivante) == [f"mardi 1er décembre à {heure} h" for heure in (12, 13, 14)]
    assert [nom for nom, (_, courant) in _moments(suivante).items() if courant] == ["Après-midi"]
    tout = client.get(_moments(suivante)["Toute la journée"][0])
    assert len(creneaux_de_la_semaine(tout)) == 18
    assert creneaux_de_la_semaine(tout)[0] == "lundi 30 novembre à 9 h"


def test_the_moment_swapped_by_htmx_is_the_page_reloaded(client, monde):
    page = client.get(page_des_creneaux(monde))
    adresse, courant = _moments(page)["Matin"]
    assert courant is None
    fragment = client.get(adresse, headers={"HX-Request": "true"})
    assert "<html" not in fragment.content.decode()
    rechargee = client.get(adresse)
    assert page_apres_echange(page.content, fragment.content, "creneaux") == page_rechargee(rechargee.content)


def test_a_week_emptied_by_the_moment_says_so_and_offers_the_next_time_and_the_whole_day(client):
    monde = un_monde()
    une_plage(monde, de=14, a=15, premier_jour=date(2026, 12, 8), frequence="unique", jours=[])
    reponse = client.get(page_des_creneaux(monde, moment="apres-midi", semaine="2026-11-30"))
    assert "Rien l'après-midi cette semaine. Prochain créneau : mardi 8 décembre à 14 h" in texte(reponse)
    assert creneaux_de_la_semaine(reponse) == ["mardi 8 décembre à 14 h"]
    tout = arbre(reponse).xpath("//a[.='Voir toute la journée']/@href")[0]
    assert len(creneaux_de_la_semaine(client.get(tout))) == 15
    # Without a week in the address, the first one that has something then.
    assert creneaux_de_la_semaine(client.get(page_des_creneaux(monde, moment="apres-midi"))) == [
        "mardi 8 décembre à 14 h"
    ]


def test_nothing_at_that_moment_at_all_says_that_there_is_at_others(client):
    monde = un_monde()
    reponse = client.get(page_des_creneaux(monde, moment="apres-midi"))
    assert "Aucun créneau libre l'après-midi pour le moment. Il y en a à d'autres heures." in texte(reponse)
    assert boutons_de_creneau(reponse) == []
    assert len(creneaux_de_la_semaine(client.get(_moments(reponse)["Toute la journée"][0]))) == 15


def test_where_all_is_in_the_morning_nobody_is_asked(client):
    assert _moments(client.get(page_des_creneaux(un_monde()))) == {}


@pytest.mark.parametrize("moment", ["", "soir", "%00", "Matin"])
def test_an_invented_moment_is_the_whole_day(client, monde, moment):
    reponse = client.get(page_des_creneaux(monde, moment=moment))
    assert len(creneaux_de_la_semaine(reponse)) == 18


def test_a_time_lost_at_that_moment_is_replaced_by_the_nearest_at_that_moment(client, monde):
    prendre_ailleurs(monde, MARDI_14H)
    page = client.get(page_des_creneaux(monde, moment="apres-midi"))
    formulaire = arbre(page).xpath("//main//form")[0]
    envoi = {champ.get("name"): champ.get("value") for champ in formulaire.xpath(".//input[@type='hidden']")}
    reponse = client.post(formulaire.get("action"), {**envoi, "debut": MARDI_14H.isoformat()})
    assert "Ce créneau vient d'être pris. Voici les plus proches." in texte(reponse)
    assert boutons_de_creneau(reponse)[:3] == [
        "mardi 24 novembre à 12 h",
        "mardi 24 novembre à 13 h",
        "mardi 1er décembre à 12 h",
    ]
    assert choisir(client, monde, MARDI_10H).status_code == 302


def test_a_moment_costs_no_more_queries(client, monde):
    couts = []
    for parametres in ({}, {"moment": "apres-midi"}, {"moment": "matin"}):
        with CaptureQueriesContext(connection) as requetes:
            client.get(page_des_creneaux(monde, **parametres))
        couts.append(len(requetes))
    assert len(set(couts)) == 1


def test_other_lieux_say_their_first_time_at_that_moment_and_keep_it(client, monde):
    for nom, horaires in (("Mairie", (9, 15)), ("Annexe", (9, 10))):  # the second has nothing in the afternoon
        lieu = LieuFactory(structure=monde.structure, nom=nom)
        une_plage(monde, lieu=lieu, agent=un_agent(monde.structure), de=horaires[0], a=horaires[1])
    page = client.get(page_des_creneaux(monde, lieu=str(monde.lieu.pk)))
    assert "Dans un autre lieu Annexe, Crest : le plus tôt aujourd'hui à 9 h" in texte(page)

    adresse = _moments(page)["Après-midi"][0]
    rechargee = client.get(adresse)
    assert "Dans un autre lieu, l'après-midi Mairie, Crest : le plus tôt aujourd'hui à 12 h" in texte(rechargee)
    assert "Annexe" not in texte(rechargee)
    suite = client.get(arbre(rechargee).xpath("//section[@aria-labelledby='ailleurs']//a/@href")[0])
    assert boutons_de_creneau(suite)[0] == "lundi 23 novembre à 12 h"
    assert [nom for nom, (_, courant) in _moments(suite).items() if courant] == ["Après-midi"]
    fragment = client.get(adresse, headers={"HX-Request": "true"})
    assert page_apres_echange(page.content, fragment.content, "creneaux") == page_rechargee(rechargee.content)


def test_a_rendez_vous_is_moved_among_the_times_of_a_moment_too(client, monde):
    rendez_vous = reserver(client, monde, MARDI_10H + timedelta(days=7))
    adresse = reverse("reservations:deplacer_rendez_vous", args=[rendez_vous.jeton])
    page = client.get(adresse)
    assert creneaux_de_la_semaine(client.get(_moments(page)["Après-midi"][0])) == [
        f"mardi 24 novembre à {heure} h" for heure in (12, 13, 14)
    ]
