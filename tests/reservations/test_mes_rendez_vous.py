"""All my rendez-vous by code: what is shown, to whom, for how long, and what it never tells."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from reservations import consultation
from reservations.models import Apprenant, Consultation, EnvoiDeCode, Message, RendezVous
from tests.reservations.aides_parcours import (
    LUNDI_8H,
    MARDI_9H,
    MARDI_10H,
    arbre,
    autre_code,
    code_recu,
    reserver,
    texte,
    un_monde,
)

pytestmark = pytest.mark.django_db

PAGE, CODE = reverse("reservations:mes_rendez_vous"), reverse("reservations:mes_rendez_vous_code")
QUITTER = reverse("reservations:mes_rendez_vous_quitter")


@pytest.fixture(autouse=True)
def horloge(monkeypatch):
    instants = [LUNDI_8H]
    monkeypatch.setattr(timezone, "now", lambda: instants[-1])
    return instants


def demander(contact: str = "jeanne@exemple.fr", client: Client | None = None) -> Client:
    client = client or Client()
    reponse = client.post(PAGE, {"contact": contact})
    assert reponse["Location"] == CODE, texte(reponse)
    return client


def ouvrir(contact: str = "jeanne@exemple.fr") -> Client:
    client = demander(contact)
    assert client.post(CODE, {"code": code_recu()})["Location"] == PAGE
    return client


def liens(client: Client) -> list[str]:
    return arbre(client.get(PAGE)).xpath("//main//li//a/@href")


def secret(rendez_vous: RendezVous) -> str:
    return reverse("reservations:rendez_vous_public", args=[rendez_vous.jeton])


def test_every_structure_the_soonest_first_then_the_cancelled_ones(client):
    tard = reserver(client, un_monde(), MARDI_10H)
    tot = reserver(Client(), un_monde(structure={"nom": "Mairie", "reunion": True}), MARDI_9H - timedelta(hours=3))
    annule = reserver(Client(), un_monde(), MARDI_9H, courriel="JEANNE@exemple.fr")
    Client().post(reverse("reservations:annuler_rendez_vous", args=[annule.jeton]))
    reserver(Client(), un_monde(), courriel="ali@exemple.fr")

    client = ouvrir()
    assert liens(client) == [secret(tot), secret(tard), secret(annule)]
    lu = texte(client.get(PAGE))
    assert "mardi 24 novembre 2026 à 9 h" in lu  # the hour of La Réunion
    assert "Annulé" in lu
    assert "Ali" not in lu


def test_known_or_not_the_same_answer_and_a_code(client):
    reserver(client, un_monde())
    pages = []
    for contact in ("jeanne@exemple.fr", "inconnu@exemple.fr"):
        avant = Message.objects.filter(confidentiel=True).count()
        page = demander(contact).get(CODE)
        pages.append(texte(page).replace(contact, ""))
        assert Message.objects.filter(confidentiel=True).count() == avant + 1
    assert pages[0] == pages[1]
    inconnu = ouvrir("personne@exemple.fr")
    assert "Aucun rendez-vous à venir n'est connu pour ce contact." in texte(inconnu.get(PAGE))


def test_the_answer_before_the_code_reads_nothing_about_learners(client):
    """Neither the words nor the time can tell: the same queries, and none on the learners."""
    reserver(client, un_monde())
    requetes = []
    for contact in ("jeanne@exemple.fr", "inconnu@exemple.fr"):
        with CaptureQueriesContext(connection) as lues:
            demander(contact)
        requetes.append(len(lues))
        assert not any("apprenant" in requete["sql"] for requete in lues)
    assert requetes[0] == requetes[1]


def test_by_sms_only_whose_messages_go_there(client, settings):
    settings.SMS_FOURNISSEUR = "demo"
    sien = reserver(client, un_monde(), courriel="", telephone="06 12 34 56 78")
    # Beside an e-mail address, the number was only typed: its holder was never asked.
    reserver(Client(), un_monde(), courriel="jeanne@exemple.fr", telephone="06 12 34 56 78")
    assert liens(ouvrir("06 12 34 56 78")) == [secret(sien)]


def test_a_wrong_code_is_counted_and_opens_nothing(client):
    reserver(client, un_monde())
    client = demander()
    faux = autre_code(code_recu())
    assert "Il vous reste 4 essais." in texte(client.post(CODE, {"code": faux}))
    for _ in range(4):
        client.post(CODE, {"code": faux})
    assert "Trop d'essais avec ce code." in texte(client.post(CODE, {"code": code_recu()}))
    assert liens(client) == []


def test_the_code_of_one_does_not_open_another_s_list(client):
    demander("jeanne@exemple.fr")
    code = code_recu()
    voleur = demander("voleur@exemple.fr")
    assert "Ce n'est pas le bon code." in texte(voleur.post(CODE, {"code": code}))


def test_codes_are_limited_and_it_is_said(client, settings):
    for _ in range(settings.CODES_PAR_CONTACT_ET_HEURE):
        demander()
    reponse = Client().post(PAGE, {"contact": "jeanne@exemple.fr"})
    assert "Trop de codes ont été demandés." in texte(reponse)
    assert Consultation.objects.count() == settings.CODES_PAR_CONTACT_ET_HEURE


def test_a_double_click_without_a_session_sends_one_code(horloge):
    jeton = arbre(Client().get(PAGE)).xpath("//input[@name='jeton']/@value")[0]
    envoi = {"contact": "jeanne@exemple.fr", "jeton": jeton}
    clients = [Client(), Client()]  # neither answer had reached the browser
    for client in clients:
        assert client.post(PAGE, envoi)["Location"] == CODE
    assert EnvoiDeCode.objects.count() == 1
    assert clients[1].post(CODE, {"code": code_recu()})["Location"] == PAGE

    # Once the list is open, or later, the secret of that page opens nothing.
    autre = Client()
    autre.post(PAGE, envoi)
    assert autre.get(PAGE).context["form"]
    assert EnvoiDeCode.objects.count() == 2
    horloge.append(LUNDI_8H + timedelta(minutes=1))
    Client().post(PAGE, envoi)
    assert (EnvoiDeCode.objects.count(), Consultation.objects.count()) == (3, 3)


def test_another_code_replaces_the_first(client, horloge):
    client = demander()
    premier = code_recu()
    horloge.append(LUNDI_8H + timedelta(minutes=1))
    assert "Un nouveau code vient de partir." in texte(client.post(CODE, {"action": "renvoyer"}, follow=True))
    if premier != code_recu():  # once in a million
        assert "Ce n'est pas le bon code." in texte(client.post(CODE, {"code": premier}))
    assert client.post(CODE, {"code": code_recu()}).status_code == 302


def test_half_an_hour_later_it_is_closed_and_says_so(client, horloge):
    rendez_vous = reserver(client, un_monde())
    client = ouvrir()
    horloge.append(LUNDI_8H + consultation.DUREE - timedelta(seconds=1))
    assert liens(client) == [secret(rendez_vous)]
    horloge.append(LUNDI_8H + consultation.DUREE)
    assert "La liste s'est fermée" in texte(client.get(PAGE))
    assert client.get(CODE)["Location"] == PAGE


def test_quitting_leaves_nothing_behind(client):
    reserver(client, un_monde())
    client = ouvrir()
    page = client.get(PAGE)
    assert "no-store" in page["Cache-Control"]  # "back" shows nothing either
    assert "Vos rendez-vous ne sont plus affichés sur cet appareil." in texte(client.post(QUITTER, follow=True))
    assert liens(client) == []
    assert not Consultation.objects.exists()
    assert client.get(QUITTER).status_code == 405


@pytest.mark.parametrize("contact", ["", "jeanne", "jeanne@", "06 12 34", "04 75 25 00 00", "a\x00@exemple.fr", "@"])
def test_what_is_not_a_contact_is_said_beside_the_field_and_kept(client, contact, settings):
    settings.SMS_FOURNISSEUR = "demo"
    reponse = client.post(PAGE, {"contact": contact})
    assert "Écrivez" in arbre(reponse).xpath("//*[@id='id_contact']/../..")[0].text_content()
    assert not Message.objects.exists()


def test_an_expired_link_is_not_listed(client, horloge):
    rendez_vous = reserver(client, un_monde())
    horloge.append(rendez_vous.fin + timedelta(days=89))
    assert liens(ouvrir()) == [secret(rendez_vous)]
    horloge.append(rendez_vous.fin + timedelta(days=91))
    assert liens(ouvrir()) == []


def test_the_same_queries_for_one_and_for_thirty(client):
    monde = un_monde()
    rendez_vous = reserver(client, monde)
    client = ouvrir()
    with CaptureQueriesContext(connection) as une:
        client.get(PAGE)
    apprenant = Apprenant.objects.get()
    for n in range(1, 30):
        copie = RendezVous.objects.get(pk=rendez_vous.pk)
        copie.pk, copie.uid, copie.jeton = None, f"00000000-0000-4000-8000-{n:012d}", f"jeton-{n}"
        copie._state.adding = True
        copie.debut, copie.fin = MARDI_9H + timedelta(days=n), MARDI_10H + timedelta(days=n)
        copie.save()
        copie.participations.create(apprenant=apprenant)
    with CaptureQueriesContext(connection) as trente:
        assert len(liens(client)) == 30
    assert len(une) == len(trente)


def test_the_home_page_and_a_rendez_vous_lead_there(client):
    rendez_vous = reserver(client, un_monde())
    for page in ("/", secret(rendez_vous)):
        assert arbre(client.get(page)).xpath(f"//main//a[@href='{PAGE}']")
