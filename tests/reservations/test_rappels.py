"""Reminders: who gets one, when, once; what it says."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import connection, transaction
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from reservations.courrier import envoi, messagerie
from reservations.courrier.sms import GSM7, GSM7_DOUBLES, longueur_gsm7
from reservations.models import Canal, Message, Rappel, RendezVous, Statut
from tests.reservations.aides_messages import PORTABLE, annuler, un_rendez_vous

pytestmark = pytest.mark.django_db

MAINTENANT = datetime(2027, 11, 21, 8, 0, tzinfo=UTC)
HEURE = timedelta(hours=1)
LES_DEUX = {"rappel_48h": True, "rappel_2h": True}


def a_rappeler(*, dans: timedelta, pris: timedelta = 5 * 24 * HEURE, **champs) -> RendezVous:
    """A rendez-vous that begins `dans` from now, taken `pris` ago."""
    return un_rendez_vous(debut=MAINTENANT + dans, cree_le=MAINTENANT - pris, **champs)


def rappels() -> list[Rappel]:
    return [Rappel(r) for r in Message.objects.order_by("pk").values_list("rappel", flat=True)]


@pytest.mark.parametrize(
    ("structure", "dans", "attendu"),
    [
        ({}, 49 * HEURE, []),
        ({}, 48 * HEURE, [Rappel.DEUX_JOURS]),
        ({}, 20 * HEURE, [Rappel.DEUX_JOURS]),  # the worker was down for a day
        ({}, 2 * HEURE, []),  # so late, it would be the other one
        ({}, -HEURE, []),
        ({"rappel_48h": False}, 48 * HEURE, []),
        (LES_DEUX, 3 * HEURE, [Rappel.DEUX_JOURS]),
        (LES_DEUX, 2 * HEURE, [Rappel.DEUX_HEURES]),
        (LES_DEUX, HEURE / 60, [Rappel.DEUX_HEURES]),
        (LES_DEUX, HEURE * 0, []),
    ],
)
def test_a_reminder_is_written_when_its_moment_has_come(structure, dans, attendu):
    a_rappeler(dans=dans, structure=structure)

    messagerie.ecrire_rappels(maintenant=MAINTENANT)

    assert rappels() == attendu


def test_none_for_a_rendez_vous_taken_after_the_moment_of_its_reminder():
    a_rappeler(dans=30 * HEURE, pris=17 * HEURE, structure=LES_DEUX)

    messagerie.ecrire_rappels(maintenant=MAINTENANT)
    assert rappels() == []
    messagerie.ecrire_rappels(maintenant=MAINTENANT + 28 * HEURE)
    assert rappels() == [Rappel.DEUX_HEURES]


@pytest.mark.parametrize("statut", [Statut.EXCUSE, Statut.ANNULE])
def test_none_once_cancelled(statut):
    annuler(a_rappeler(dans=40 * HEURE), statut)

    messagerie.ecrire_rappels(maintenant=MAINTENANT)

    assert rappels() == []


def test_a_reminder_goes_to_the_learner_only_as_their_confirmation_did():
    a_rappeler(dans=40 * HEURE)
    a_rappeler(dans=40 * HEURE, courriel="", telephone=PORTABLE)
    a_rappeler(dans=40 * HEURE, courriel="")

    with override_settings(SMS_FOURNISSEUR="console"):
        assert messagerie.ecrire_rappels(maintenant=MAINTENANT) == 2

    envoyes = set(Message.objects.values_list("canal", "destinataire"))
    assert envoyes == {(Canal.COURRIEL, "ana@exemple.fr"), (Canal.SMS, PORTABLE)}
    travaux = ProcrastinateJob.objects.filter(task_name="reservations.envoyer_message")
    assert {t.args["message_id"] for t in travaux} >= set(Message.objects.values_list("pk", flat=True))


def test_the_words_of_a_reminder():
    a_rappeler(dans=48 * HEURE, motif={"information_apres": "Entrez par la cour."})
    a_rappeler(dans=48 * HEURE, courriel="", telephone=PORTABLE)

    with override_settings(SMS_FOURNISSEUR="console", SITE_URL="https://rdv.exemple.fr"):
        messagerie.ecrire_rappels(maintenant=MAINTENANT)

    courriel = Message.objects.get(canal=Canal.COURRIEL)
    assert courriel.sujet == "Rappel de votre rendez-vous : mardi 23 novembre 2027 à 9 h"
    for morceau in (
        "Mardi 23 novembre 2027, de 9 h à 10 h\n",
        "Entrez par la cour.",
        "https://rdv.exemple.fr/rendez-v",
    ):
        assert morceau in courriel.texte
    sms = Message.objects.get(canal=Canal.SMS).texte
    assert sms.startswith("Rappel : RDV mardi 23 novembre à 9 h, Médiathèque. Voir ou annuler : https://")
    assert set(sms) <= GSM7 | GSM7_DOUBLES
    assert longueur_gsm7(sms) <= 160


def test_run_again_it_writes_nothing_more():
    a_rappeler(dans=40 * HEURE)

    assert [messagerie.ecrire_rappels(maintenant=MAINTENANT + HEURE * n) for n in range(3)] == [1, 0, 0]


@pytest.mark.django_db(transaction=True)
def test_two_workers_together_write_it_once():
    rendez_vous = a_rappeler(dans=40 * HEURE)
    ecrits = []

    def autre_travailleur():
        ecrits.append(messagerie.ecrire_rappels(maintenant=MAINTENANT))
        connection.close()

    with transaction.atomic():
        RendezVous.objects.select_for_update(no_key=True).get(pk=rendez_vous.pk)  # the first one is writing it
        fil = threading.Thread(target=autre_travailleur)
        fil.start()
        fil.join(timeout=5)

    assert ecrits == [0]  # it did not wait either
    assert messagerie.ecrire_rappels(maintenant=MAINTENANT) == 1


def test_moved_it_is_reminded_of_its_new_time():
    rendez_vous = a_rappeler(dans=40 * HEURE)
    messagerie.ecrire_rappels(maintenant=MAINTENANT)
    rendez_vous.debut += 7 * 24 * HEURE
    rendez_vous.fin += 7 * 24 * HEURE
    rendez_vous.save()

    assert messagerie.ecrire_rappels(maintenant=MAINTENANT) == 0
    assert messagerie.ecrire_rappels(maintenant=MAINTENANT + 7 * 24 * HEURE) == 1


def test_who_was_just_told_of_the_new_time_is_not_reminded_of_it():
    rendez_vous = a_rappeler(dans=20 * HEURE)
    depuis = (rendez_vous.agent, rendez_vous.debut + 200 * HEURE, rendez_vous.fin + 200 * HEURE)
    messagerie.annoncer_deplacement(rendez_vous=rendez_vous, depuis=depuis)
    Message.objects.update(cree_le=MAINTENANT - HEURE)

    assert messagerie.ecrire_rappels(maintenant=MAINTENANT) == 0


@pytest.mark.parametrize("entretemps", ["annulé", "déplacé", "commencé", "rien"])
def test_a_reminder_no_longer_true_is_not_sent(entretemps, monkeypatch):
    rendez_vous = a_rappeler(dans=40 * HEURE)
    messagerie.ecrire_rappels(maintenant=MAINTENANT)
    match entretemps:
        case "annulé":
            annuler(rendez_vous, Statut.EXCUSE)
        case "déplacé":
            RendezVous.objects.update(debut=rendez_vous.debut + HEURE, fin=rendez_vous.fin + HEURE)
        case "commencé":
            monkeypatch.setattr("reservations.courrier.envoi.timezone.now", lambda: rendez_vous.debut)

    envoi.envoyer(Message.objects.get().pk)

    assert len(mail.outbox) == (1 if entretemps == "rien" else 0)


def test_the_number_of_queries_does_not_grow():
    a_rappeler(dans=40 * HEURE)
    with CaptureQueriesContext(connection) as une:
        messagerie.ecrire_rappels(maintenant=MAINTENANT)
    for _ in range(20):
        a_rappeler(dans=40 * HEURE)
    with CaptureQueriesContext(connection) as vingt:
        assert messagerie.ecrire_rappels(maintenant=MAINTENANT) == 20
    assert len(une) == len(vingt)
