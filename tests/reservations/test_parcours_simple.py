"""The path for everyone: no contact, somebody else's rendez-vous, another lieu, days read aloud; and for no robot."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from reservations.models import Apprenant, Message, RendezVous
from tests.factories import LieuFactory
from tests.reservations.aides_parcours import (
    LUNDI_8H,
    MARDI_9H,
    MARDI_10H,
    arbre,
    confirmer,
    demarche_de,
    donner_coordonnees,
    etape,
    page_des_creneaux,
    reserver,
    texte,
    un_agent,
    un_monde,
    une_plage,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def horloge(monkeypatch):
    instants = [LUNDI_8H]
    monkeypatch.setattr(timezone, "now", lambda: instants[-1])
    return instants


def test_neither_mail_nor_phone_is_not_a_dead_end(client):
    page = client.get(etape("coordonnees", demarche_de(client, un_monde())))
    bloc = arbre(page).xpath("//main//details")[0]
    details = " ".join(bloc.text_content().split())
    assert details.startswith("Je n'ai ni e-mail ni téléphone")
    assert "Un travailleur social" in details
    (autrui,) = bloc.xpath(".//a[starts-with(@href, '/p/')]/@href")
    assert client.get(autrui, follow=True).status_code == 200
    assert "04 75 25 00 00" in details


def test_for_a_relative_the_messages_go_to_the_verified_contact(client):
    rendez_vous = reserver(client, un_monde(), prenom="Yvonne", nom="Martin", courriel="fille@exemple.fr")
    apprenant = rendez_vous.participations.get().apprenant
    assert (str(apprenant), apprenant.courriel) == ("Yvonne Martin", "fille@exemple.fr")
    assert Message.objects.filter(destinataire="fille@exemple.fr", sujet__startswith="Rendez-vous confirmé").exists()


def test_a_day_says_how_many_times_it_has(client):
    titres = [
        " ".join(h3.text_content().split()) for h3 in arbre(client.get(page_des_creneaux(un_monde()))).xpath("//h3")
    ]
    assert "mercredi 25 novembre, 3 créneaux" in titres
    assert "samedi 28 novembre" in titres


def test_other_lieux_with_their_first_free_time_the_nearest_first(client):
    monde = un_monde()
    monde.lieu.latitude, monde.lieu.longitude = 44.73, 5.02
    monde.lieu.save()
    for nom, latitude in (("Loin", 45.2), ("Près", 44.74), ("Fermé", None)):
        lieu = LieuFactory(
            structure=monde.structure, nom=nom, latitude=latitude, longitude=latitude and 5.02, ouvert=nom != "Fermé"
        )
        une_plage(monde, lieu=lieu, agent=un_agent(monde.structure), de=14, a=15)
    page = client.get(page_des_creneaux(monde, lieu=str(monde.lieu.pk)))
    region = "//section[@aria-labelledby='ailleurs']"
    lignes = [" ".join(li.text_content().split()) for li in arbre(page).xpath(f"{region}//li")]
    assert lignes == ["Près, Crest : le plus tôt aujourd'hui à 14 h", "Loin, Crest : le plus tôt aujourd'hui à 14 h"]
    suite = arbre(page).xpath(f"{region}//a/@href")[0]
    assert "Près" in texte(client.get(suite))


def test_nothing_free_here_still_says_where_there_is(client):
    monde = un_monde(ouvrir=False)
    une_plage(monde, frequence="unique", jours=[], premier_jour=LUNDI_8H.date(), de=7, a=8)
    lieu = LieuFactory(structure=monde.structure, nom="Mairie annexe")
    une_plage(monde, lieu=lieu, agent=un_agent(monde.structure), de=14, a=15)
    lu = texte(client.get(page_des_creneaux(monde, lieu=str(monde.lieu.pk))))
    assert "04 75 25 00 00" in lu
    assert "Mairie annexe" in lu


# --- Abuse ---------------------------------------------------------------------------------------------------------


def test_one_contact_has_so_many_rendez_vous_to_come_and_no_more(client, settings, horloge):
    settings.RENDEZ_VOUS_PAR_CONTACT = 1
    monde = un_monde()
    premier = reserver(client, monde, MARDI_9H)
    demarche = demarche_de(client, monde, MARDI_10H)
    donner_coordonnees(client, demarche, prenom="Ali", courriel="JEANNE@exemple.fr")
    lu = texte(confirmer(client, demarche))
    assert "Vous avez déjà 1 rendez-vous à venir. Pour en prendre un autre, annulez-en un" in lu
    assert "04 75 25 00 00" in lu
    assert RendezVous.objects.filter(statut="prevu").count() == 1

    autre = Client()
    reserver(autre, monde, MARDI_9H + timedelta(days=1), courriel="ali@exemple.fr")
    horloge.append(premier.fin)  # past: it no longer counts
    reserver(client, monde, MARDI_9H + timedelta(days=2))
    assert RendezVous.objects.filter(statut="prevu").count() == 3


def test_a_double_click_on_the_last_allowed_one_is_confirmed(client, settings):
    settings.RENDEZ_VOUS_PAR_CONTACT = 1
    demarche = demarche_de(client, un_monde())
    donner_coordonnees(client, demarche)
    adresses = {confirmer(client, demarche)["Location"] for _ in range(2)}
    assert len(adresses) == 1


def test_a_robot_that_fills_the_trap_gets_no_code_and_a_person_does_at_the_second_press(client):
    demarche = demarche_de(client, un_monde())
    donner_coordonnees(client, demarche, site="https://spam.example")
    page = client.get(etape("coordonnees", demarche))
    assert "Appuyez encore une fois sur « Recevoir mon code »" in texte(page)
    assert arbre(page).get_element_by_id("id_prenom").get("value") == "Jeanne"
    assert arbre(page).get_element_by_id("id_site").get("value") is None
    assert not Message.objects.exists()
    assert donner_coordonnees(client, demarche)["Location"] == etape("code", demarche)


def test_sent_sooner_than_anyone_types_it_is_asked_again(client, settings, horloge):
    settings.SECONDES_AVANT_CONTACT = 2
    demarche = demarche_de(client, un_monde())
    donner_coordonnees(client, demarche)
    assert "vous n'êtes pas un robot" in texte(client.get(etape("coordonnees", demarche)))
    assert not Message.objects.exists()
    horloge.append(LUNDI_8H + timedelta(seconds=2))
    assert donner_coordonnees(client, demarche)["Location"] == etape("code", demarche)
    assert not Apprenant.objects.exists()
