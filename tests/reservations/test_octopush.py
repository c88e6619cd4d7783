"""The SMS provider, against a stand-in on this machine: what leaves, what each answer means, delivery reports."""

import json
import re

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.utils import timezone

from reservations.courrier import envoi, messagerie
from reservations.courrier.octopush import EnvoiReporte
from reservations.models import Canal, Etat, Message
from reservations.requetes.rendez_vous import historique
from tests.reservations.aides_messages import PORTABLE, un_rendez_vous
from tests.reservations.octopush_factice import CLE, COMPTE, octopush_factice, repondre

pytestmark = pytest.mark.django_db
JETON = "secret-des-accuses"


@pytest.fixture
def octopush(settings):
    with octopush_factice() as service:
        settings.SMS_FOURNISSEUR = "octopush"
        settings.OCTOPUSH_URL, settings.OCTOPUSH_COMPTE, settings.OCTOPUSH_CLE = service.adresse, COMPTE, CLE
        settings.SMS_JETON_ACCUSES = JETON
        yield service


def un_sms(**champs) -> Message:
    valeurs = {"canal": Canal.SMS, "destinataire": PORTABLE, "texte": "RDV mardi 24 novembre à 9 h, Médiathèque."}
    return Message.objects.create(**valeurs | champs)


def envoyer(message: Message) -> Message:
    envoi.envoyer(message.pk)
    message.refresh_from_db()
    return message


def accuse(jeton: str = JETON, **champs):
    corps = {"channel": "sms", "number": PORTABLE, "delivery_date": "2026-11-22 11:46:06", **champs}
    return Client().post(f"/sms/accuses/{jeton}/", json.dumps(corps), content_type="application/json")


def test_an_sms_leaves_as_the_documentation_says(octopush):
    message = envoyer(un_sms())

    (sms,) = octopush.sms
    assert (sms.numero, sms.texte) == (PORTABLE, message.texte)
    assert octopush.corps[0]["sender"] == "RdvAideNum"
    assert octopush.corps[0]["purpose"] == "alert"
    assert (message.etat, message.reference) == (Etat.ENVOYE, sms.ticket)


@pytest.mark.parametrize(
    "reponse",
    [
        (500, {}),
        (503, {"message": "Service unavailable"}),
        (429, {"message": "Too many requests"}),
        (401, {"code": 101, "message": "Incorrect login details."}),
        (400, {"code": 104, "message": "You have run out of credit."}),
        (201, {"number_of_contacts": 1}),
    ],
)
def test_what_may_pass_is_tried_again_and_leaves_once(octopush, reponse):
    octopush.panne = repondre(reponse)
    message = un_sms()

    with pytest.raises(EnvoiReporte):
        envoi.envoyer(message.pk)
    assert octopush.sms == []

    assert envoyer(message).etat == Etat.ENVOYE
    assert len(octopush.sms) == 1


def test_no_answer_is_tried_again(octopush, settings):
    settings.OCTOPUSH_URL = "http://127.0.0.1:9"
    with pytest.raises(EnvoiReporte):
        envoi.envoyer(un_sms().pk)


def test_an_answer_that_was_lost_sends_nothing_twice(octopush):
    octopush.apres, octopush.panne = (lambda n: True), repondre((502, {}))
    message = un_sms()
    with pytest.raises(EnvoiReporte):
        envoi.envoyer(message.pk)

    assert envoyer(message).etat == Etat.ENVOYE
    assert (len(octopush.sms), octopush.doublons) == (1, 1)


@pytest.mark.parametrize("champs", [{"destinataire": "+0"}, {"texte": ""}])
def test_a_refusal_for_good_is_written_and_not_tried_again(octopush, champs, caplog):
    message = envoyer(un_sms(**champs))

    assert message.etat == Etat.ECHOUE
    assert f"Message {message.pk} refusé : Octopush : 400" in caplog.text
    assert PORTABLE not in caplog.text
    assert envoyer(message).etat == Etat.ECHOUE
    assert octopush.appels == 1


def test_without_an_account_nothing_is_lost(octopush, settings):
    settings.OCTOPUSH_CLE = ""
    message = un_sms()
    with pytest.raises(ImproperlyConfigured):
        envoi.envoyer(message.pk)
    message.refresh_from_db()
    assert message.etat == Etat.A_ENVOYER


# --- Delivery reports ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("etats", "attendu"),
    [
        (["DELIVERED"], Etat.REMIS),
        (["ACK"], Etat.ENVOYE),
        (["UNKNOWN_DELIVERY"], Etat.ENVOYE),
        (["NOT_DELIVERED"], Etat.ECHOUE),
        (["BLACKLISTED_NUMBER"], Etat.ECHOUE),
        (["NOT_DELIVERED", "DELIVERED"], Etat.REMIS),
        (["DELIVERED", "NOT_DELIVERED"], Etat.REMIS),
        (["DELIVERED", "DELIVERED"], Etat.REMIS),
        ([["DELIVERED"]], Etat.ENVOYE),
    ],
)
def test_a_delivery_report_is_noted(octopush, etats, attendu):
    message = envoyer(un_sms())

    for etat in etats:
        assert accuse(message_id=message.reference, status=etat).status_code == 204

    message.refresh_from_db()
    assert message.etat == attendu


def test_the_agent_reads_what_became_of_each_message(octopush):
    rendez_vous = un_rendez_vous(courriel="", telephone=PORTABLE, agent={"courriel": "agent@exemple.fr"})
    messagerie.annoncer_confirmation(rendez_vous=rendez_vous)
    for message in Message.objects.all():
        envoi.envoyer(message.pk)
    accuse(message_id=Message.objects.get(canal=Canal.SMS).reference, status="DELIVERED")

    phrases = " / ".join(fait.phrase for fait in historique(rendez_vous))

    assert re.search("SMS « Rendez-vous confirmé : [^»]+ » à 06 12 34 56 78 : remis", phrases)
    assert "à agent@exemple.fr : envoyé" in phrases


@pytest.mark.parametrize(
    ("corps", "code"),
    [
        (b"{}", 400),
        (b"[1]", 400),
        (b"\xff", 400),
        (b'{"message_id": "a\\u0000b"}', 400),
        (b'{"message_id": {"a": 1}}', 400),
        (b'{"message_id": "sms_inconnu", "status": "DELIVERED"}', 404),
    ],
)
def test_a_report_that_means_nothing_is_refused(octopush, corps, code):
    reponse = Client().post(f"/sms/accuses/{JETON}/", corps, content_type="application/json")
    assert reponse.status_code == code


@pytest.mark.parametrize(("reglage", "jeton"), [(JETON, "autre"), (JETON, "é"), ("", "x")])
def test_only_who_knows_the_secret_gives_reports(octopush, settings, reglage, jeton):
    message = un_sms(etat=Etat.ENVOYE, etat_le=timezone.now(), reference="sms_1")
    settings.SMS_JETON_ACCUSES = reglage

    assert accuse(jeton, message_id="sms_1", status="DELIVERED").status_code == 404
    assert Client().get(f"/sms/accuses/{JETON}/").status_code == 405
    message.refresh_from_db()
    assert message.etat == Etat.ENVOYE
