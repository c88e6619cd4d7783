"""What helps to remember a rendez-vous: the map, web calendars, the sheet to print, the confirmation sent again."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from lxml import etree

from reservations import services
from reservations.courrier.envoi import ics_du_message
from reservations.courrier.renvoi import PAR_HEURE
from reservations.models import Apprenant, Canal, Message
from tests.reservations.aides_parcours import LUNDI_8H, MARDI_9H, arbre, reserver, texte, un_monde

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def horloge(monkeypatch):
    instants = [LUNDI_8H]
    monkeypatch.setattr(timezone, "now", lambda: instants[-1])
    return instants


@pytest.fixture
def rendez_vous(client):
    pris = reserver(client, un_monde(information_apres="Venez avec votre téléphone."))
    Message.objects.update(cree_le=LUNDI_8H)  # by the clock of the test
    return pris


def adresse(rendez_vous, nom="rendez_vous_public"):
    return reverse(f"reservations:{nom}", args=[rendez_vous.jeton])


def renvoyer(client, rendez_vous, canal="courriel"):
    return client.post(adresse(rendez_vous, "renvoyer_confirmation"), {"canal": canal}, follow=True)


def confirmations(**champs):
    return Message.objects.filter(destinataire="jeanne@exemple.fr", confidentiel=False, **champs).count()


def liens(page, debut):
    return [lien for lien in arbre(page).xpath("//main//a/@href") if lien.startswith(debut)]


def test_web_calendars_get_the_hour_and_the_place_and_no_secret(client, rendez_vous):
    page = client.get(adresse(rendez_vous))
    google = parse_qs(urlsplit(liens(page, "https://calendar.google.com/")[0]).query)
    assert google["dates"] == ["20261124T080000Z/20261124T090000Z"]
    assert google["location"] == ["Salle numérique, 1 rue de la République, 26400 Crest"]
    outlook = parse_qs(urlsplit(liens(page, "https://outlook.live.com/")[0]).query)
    assert (outlook["startdt"], outlook["enddt"]) == (["2026-11-24T08:00:00Z"], ["2026-11-24T09:00:00Z"])
    assert rendez_vous.jeton not in "".join(liens(page, "https://"))


def test_the_map_is_at_the_point_of_the_lieu_else_at_its_address(client, rendez_vous):
    assert "query=1+rue+de+la+R" in liens(client.get(adresse(rendez_vous)), "https://www.openstreetmap.org/")[0]
    rendez_vous.lieu.latitude, rendez_vous.lieu.longitude = 44.7286, 5.0219
    rendez_vous.lieu.save()
    plan = liens(client.get(adresse(rendez_vous)), "https://www.openstreetmap.org/")
    assert plan == ["https://www.openstreetmap.org/?mlat=44.7286&mlon=5.0219#map=18/44.7286/5.0219"]


def test_the_sheet_says_when_where_and_how_to_change_it(client, rendez_vous):
    page = client.get(adresse(rendez_vous, "feuille"))
    lu = texte(page)
    for mots in (
        "mardi 24 novembre 2026à 9 h",
        "1 rue de la République",
        "Venez avec votre téléphone",
        "04 75 25 00 00",
    ):
        assert mots in lu
    image = client.get(arbre(page).xpath("//article//img/@src")[0])
    assert image["Content-Type"] == "image/svg+xml"
    assert etree.fromstring(image.content).tag.endswith("svg")


def test_the_confirmation_is_sent_again_as_the_first_time(client, rendez_vous, horloge):
    horloge.append(LUNDI_8H + timedelta(minutes=1))
    reponse = renvoyer(client, rendez_vous)
    assert "La confirmation part à jeanne@exemple.fr." in texte(reponse)
    premier, second = Message.objects.filter(destinataire="jeanne@exemple.fr", confidentiel=False).order_by("pk")
    assert (premier.sujet, premier.texte) == (second.sujet, second.texte)
    assert "SEQUENCE:0" in ics_du_message(second)
    assert not Message.objects.filter(destinataire=rendez_vous.agent.courriel, pk__gt=premier.pk).exists()


def test_a_double_click_sends_one(client, rendez_vous, horloge):
    horloge.append(LUNDI_8H + timedelta(minutes=1))
    for _ in range(2):
        assert "La confirmation part" in texte(renvoyer(client, rendez_vous))
    assert confirmations() == 2


def test_it_is_limited_and_said(client, rendez_vous, horloge):
    for n in range(1, PAR_HEURE + 2):
        horloge.append(LUNDI_8H + timedelta(minutes=n))
        reponse = renvoyer(client, rendez_vous)
    assert "Ce message est déjà parti plusieurs fois." in texte(reponse)
    assert confirmations() == PAR_HEURE


def test_by_sms_when_a_mobile_is_known_and_sms_exist(client, rendez_vous, settings, horloge):
    Apprenant.objects.update(telephone="+33612345678")
    assert "Par SMS" not in texte(client.get(adresse(rendez_vous, "renvoyer_confirmation")))
    assert "ne peut pas être envoyé" in texte(renvoyer(client, rendez_vous, "sms"))
    settings.SMS_FOURNISSEUR = "demo"
    assert "Par SMS au 06 12 34 56 78" in texte(client.get(adresse(rendez_vous, "renvoyer_confirmation")))
    renvoyer(client, rendez_vous, "sms")
    assert Message.objects.get(canal=Canal.SMS).destinataire == "+33612345678"


@pytest.mark.parametrize("canal", ["", "pigeon"])
def test_an_unknown_way_sends_nothing(client, rendez_vous, canal):
    assert "ne peut pas être envoyé" in texte(renvoyer(client, rendez_vous, canal))
    assert confirmations() == 1


def test_without_any_contact_the_page_gives_the_phone_number(client, rendez_vous):
    Apprenant.objects.update(courriel="", telephone="")
    assert "04 75 25 00 00" in texte(client.get(adresse(rendez_vous, "renvoyer_confirmation")))


def test_cancelled_or_begun_nothing_is_sent_again(client, rendez_vous, horloge):
    horloge.append(MARDI_9H)
    renvoyer(Client(), rendez_vous)
    horloge.append(LUNDI_8H + timedelta(minutes=1))
    services.annuler_par_apprenant(rendez_vous=rendez_vous, maintenant=horloge[-1])
    renvoyer(client, rendez_vous)
    assert confirmations(ics_methode="REQUEST") == 1
    assert "Rendez-vous annulé" in texte(client.get(adresse(rendez_vous, "feuille")))
