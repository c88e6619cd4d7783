"""Jobs: what is sent, what is not, what a failure leaves behind."""

import asyncio
import contextlib
import logging
import threading
from datetime import timedelta
from smtplib import SMTPException, SMTPRecipientsRefused
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
import vobject
from asgiref.sync import async_to_sync
from django.core import mail
from django.db import connection, connections, transaction
from django.test import override_settings
from django.utils import timezone
from lxml import html
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Job

from reservations import taches
from reservations.courrier import envoi, messagerie
from reservations.courrier.redaction import lien_secret
from reservations.courrier.sms import envoyer_sms
from reservations.models import Canal, Demarche, Etat, Message, Statut
from tests.factories import MotifFactory
from tests.reservations.aides_messages import PORTABLE, annuler, un_rendez_vous

AGENT = "agent@exemple.fr"


@pytest.fixture(autouse=True)
def sans_boucle():
    """Playwright's loop stays "running" in the thread of the browser tests before these: the jobs need their own."""
    boucle = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(boucle)


def une_confirmation(**champs) -> Message:
    rendez_vous = un_rendez_vous(agent={"courriel": AGENT}, **champs)
    messagerie.annoncer_confirmation(rendez_vous=rendez_vous)
    return Message.objects.exclude(destinataire=AGENT).get()


def un_code(**champs) -> Message:
    valeurs = {"canal": Canal.COURRIEL, "destinataire": "ana@exemple.fr", "sujet": "Code", "texte": "Code : 042137"}
    return Message.objects.create(**valeurs | {"confidentiel": True} | champs)


def test_with_and_without_a_loop_a_test_has_one_connection():
    """Else what a test writes after a browser test, in the same worker, is never undone."""
    sans = connections["default"]
    boucle = asyncio.new_event_loop()
    asyncio._set_running_loop(boucle)
    try:
        assert connections["default"] is sans
    finally:
        asyncio._set_running_loop(None)
        boucle.close()


@pytest.mark.django_db
def test_le_message_part_avec_son_invitation():
    message = une_confirmation(structure={"courriel": "crest@exemple.fr"})

    envoi.envoyer(message.pk)

    (courriel,) = mail.outbox
    assert courriel.to == ["ana@exemple.fr"]
    assert courriel.subject == message.sujet
    assert courriel.body == message.texte
    assert courriel.reply_to == ["crest@exemple.fr"]
    (piece,) = [p for p in courriel.message().walk() if p.get_content_type() == "text/calendar"]
    assert piece.get_param("method") == "REQUEST"
    assert piece.get_filename() == "rendez-vous.ics"
    assert vobject.readOne(piece.get_content()).vevent.uid.value.startswith(str(message.rendez_vous.uid))
    message.refresh_from_db()
    assert message.etat == Etat.ENVOYE
    assert message.texte


@pytest.mark.django_db
def test_the_html_says_the_same_words_and_fetches_nothing():
    message = une_confirmation(
        motif={"information_apres": "Lisez <b>https://exemple.fr/plan?a=1&b=2</b>.\n\nÀ bientôt."}
    )

    envoi.envoyer(message.pk)

    ((contenu, genre),) = mail.outbox[0].alternatives
    page = html.document_fromstring(contenu)
    assert genre == "text/html"
    assert page.get("lang") == "fr"
    assert page.xpath("string(//h1)") == message.sujet
    for saut in page.iter("br"):
        saut.tail = " " + (saut.tail or "")
    corps = " ".join(page.find("body").text_content().split())
    assert corps == " ".join(f"{message.sujet} {message.texte}".split())
    assert len(page.xpath("//p")) == message.texte.strip().count("\n\n") + 1
    assert lien_secret(message.rendez_vous) in page.xpath("//a/@href")
    assert not page.xpath("//@src | //b | //img | //link | //script | //style")
    assert "url(" not in contenu
    formes = [p.get_content_type() for p in mail.outbox[0].message().walk()]
    assert formes == ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar"]


@pytest.mark.django_db
def test_le_travail_execute_deux_fois_n_envoie_qu_une_fois():
    message = une_confirmation()

    envoi.envoyer(message.pk)
    envoi.envoyer(message.pk)

    assert len(mail.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_deux_travailleurs_ensemble_n_envoient_qu_une_fois():
    """The second does not wait, and does not take the message for sent either: the first may die."""
    message = une_confirmation()
    autre_a_fini = []

    def autre_travailleur():
        with pytest.raises(envoi.EnvoiEnCours):
            envoi.envoyer(message.pk)
        autre_a_fini.append(True)
        connection.close()

    with transaction.atomic():
        Message.objects.select_for_update(no_key=True).get(pk=message.pk)  # as if this one were sending
        fil = threading.Thread(target=autre_travailleur)
        fil.start()
        fil.join(timeout=5)

    assert autre_a_fini == [True]  # it did not wait
    assert mail.outbox == []


@pytest.mark.django_db
def test_pas_de_confirmation_apres_l_annulation_mais_l_annulation_part():
    message = une_confirmation()
    messagerie.annoncer_annulation(rendez_vous=annuler(message.rendez_vous, Statut.EXCUSE))

    for pk in Message.objects.order_by("pk").values_list("pk", flat=True):
        envoi.envoyer(pk)

    assert [c.subject.split(" :")[0] for c in mail.outbox] == ["Rendez-vous annulé"] * 2
    message.refresh_from_db()
    assert message.etat == Etat.SANS_OBJET


@pytest.mark.django_db
@override_settings(SMS_FOURNISSEUR="console")
def test_le_sms_d_annulation_part_celui_de_confirmation_non(monkeypatch):
    partis = []

    def prendre(**sms):
        partis.append(sms["texte"])
        return ""

    monkeypatch.setattr(envoi, "envoyer_sms", prendre)
    message = une_confirmation(courriel="", telephone=PORTABLE)
    messagerie.annoncer_annulation(rendez_vous=annuler(message.rendez_vous, Statut.ANNULE))

    for pk in Message.objects.filter(canal=Canal.SMS).values_list("pk", flat=True):
        envoi.envoyer(pk)

    assert len(partis) == 1
    assert "annulé par" in partis[0]


@pytest.mark.django_db
def test_rien_sur_un_rendez_vous_commence():
    message = une_confirmation(debut=timezone.now() - timedelta(minutes=1))

    envoi.envoyer(message.pk)

    assert mail.outbox == []


@pytest.mark.django_db
def test_rien_sur_un_rendez_vous_efface():
    message = une_confirmation()
    Message.objects.update(rendez_vous=None)

    envoi.envoyer(message.pk)

    assert mail.outbox == []


@pytest.mark.django_db
def test_le_code_est_efface_une_fois_envoye():
    message = un_code()

    envoi.envoyer(message.pk)

    message.refresh_from_db()
    assert "042137" in mail.outbox[0].body
    assert message.texte == ""
    assert message.etat == Etat.ENVOYE


@pytest.mark.django_db
def test_un_code_perime_n_est_ni_envoye_ni_garde(settings):
    message = un_code(cree_le=timezone.now() - timedelta(minutes=settings.CODE_MINUTES))

    envoi.envoyer(message.pk)

    message.refresh_from_db()
    assert mail.outbox == []
    assert (message.texte, message.etat) == ("", Etat.SANS_OBJET)


@pytest.mark.django_db
@override_settings(DEMO=True, SMS_FOURNISSEUR="demo")
def test_en_demonstration_rien_ne_part_et_le_texte_reste():
    message = un_code()

    envoi.envoyer(message.pk)

    message.refresh_from_db()
    assert mail.outbox == []
    assert message.etat == Etat.ENVOYE
    assert "042137" in message.texte


@pytest.mark.django_db
def test_une_panne_du_serveur_laisse_le_message_a_envoyer(monkeypatch):
    message = un_code()

    def panne(self, messages):
        raise SMTPException("mail server down")

    with monkeypatch.context() as serveur:
        serveur.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", panne)
        with pytest.raises(SMTPException):
            envoi.envoyer(message.pk)

    message.refresh_from_db()
    assert (message.etat, message.texte) == (Etat.A_ENVOYER, "Code : 042137")
    envoi.envoyer(message.pk)
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(("essai", "etat"), [(envoi.ESSAIS - 1, Etat.A_ENVOYER), (envoi.ESSAIS, Etat.ECHOUE)])
@pytest.mark.django_db
def test_the_last_try_that_fails_is_written(monkeypatch, essai, etat):
    message = un_code()
    monkeypatch.setattr(envoi, "_remettre", Mock(side_effect=SMTPException("mail server down")))

    with pytest.raises(SMTPException):
        envoi.envoyer_message.func(SimpleNamespace(job=SimpleNamespace(attempts=essai)), message.pk)

    message.refresh_from_db()
    assert message.etat == etat


@pytest.mark.parametrize(("code", "etat"), [(550, Etat.ECHOUE), (451, Etat.A_ENVOYER)])
@pytest.mark.django_db
def test_an_address_refused_for_good_is_not_tried_again(monkeypatch, code, etat):
    message = un_code()
    refus = SMTPRecipientsRefused({"ana@exemple.fr": (code, b"no")})
    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", Mock(side_effect=refus))

    with contextlib.suppress(SMTPRecipientsRefused):
        envoi.envoyer(message.pk)

    message.refresh_from_db()
    assert message.etat == etat


def test_une_panne_est_reessayee_de_plus_en_plus_tard():
    tache = app.tasks["reservations.envoyer_message"]
    attentes = []
    for essai in range(envoi.ESSAIS + 1):
        travail = Job(id=1, queue="messages", lock=None, queueing_lock=None, task_name=tache.name, attempts=essai)
        reprise = tache.get_retry_exception(exception=SMTPException(), job=travail)
        attentes.append(
            None if reprise is None else round((reprise.retry_decision.retry_at - timezone.now()).total_seconds())
        )

    assert attentes[-1] is None
    assert attentes[:4] == pytest.approx([2, 4, 8, 16], abs=2)
    assert attentes[-2] < 24 * 3600, "the provider keeps the key of a message for 24 hours"
    assert attentes[:-1] == sorted(attentes[:-1])


@pytest.mark.parametrize(("debogage", "attendu"), [(True, True), (False, False)])
def test_le_journal_ne_montre_le_sms_qu_au_developpeur(caplog, debogage, attendu):
    with override_settings(SMS_FOURNISSEUR="console", DEBUG=debogage), caplog.at_level(logging.INFO):
        envoyer_sms(destinataire=PORTABLE, texte="042137 est votre code", identifiant="1")

    assert (PORTABLE in caplog.text) is attendu
    assert ("042137" in caplog.text) is attendu


def test_les_taches_sont_connues_du_travailleur():
    connues = {nom for nom in app.tasks if nom.startswith("reservations.")}
    assert connues == {
        "reservations.envoyer_message",
        "reservations.liberer_options",
        "reservations.purger",
        "reservations.rappeler",
        "reservations.etendre_horizon",
        "reservations.proposer_places",
        "reservations.relancer_interrompus",
    }


@pytest.mark.django_db
def test_les_taches_d_entretien_appellent_le_metier(monkeypatch):
    motif = MotifFactory()
    Demarche.objects.create(visiteur="v", motif=motif, debut=timezone.now(), cree_le=timezone.now() - timedelta(days=2))
    option = un_rendez_vous(statut=Statut.OPTION, expire_a=timezone.now() - timedelta(minutes=1))
    appels = []
    monkeypatch.setattr("plages.services.etendre_horizon", lambda *, maintenant: appels.append(maintenant))

    taches.liberer_options(timestamp=0)
    taches.purger(timestamp=0)
    taches.etendre_horizon(timestamp=0)

    assert not Demarche.objects.exists()
    assert not type(option).objects.exists()
    assert len(appels) == 1


@pytest.mark.django_db(transaction=True)
def test_le_travailleur_execute_le_travail_et_efface_sa_ligne():
    une_confirmation()

    with app.replace_connector(app.connector.get_worker_connector()) as travailleur:
        travailleur.run_worker(wait=False, listen_notify=False, install_signal_handlers=False, queues=["messages"])

    assert sorted(c.to[0] for c in mail.outbox) == [AGENT, "ana@exemple.fr"]
    assert not Message.objects.exclude(etat=Etat.ENVOYE).exists()
    assert not ProcrastinateJob.objects.filter(task_name="reservations.envoyer_message").exists()


@pytest.mark.django_db
def test_le_travail_d_un_travailleur_mort_est_rendu():
    une_confirmation()
    with connection.cursor() as curseur:
        curseur.execute(
            "insert into procrastinate_workers (last_heartbeat) values (now() - interval '1 hour') returning id"
        )
        travailleur = curseur.fetchone()[0]
        curseur.execute("update procrastinate_jobs set status = 'doing', worker_id = %s", [travailleur])

    async_to_sync(taches.relancer_interrompus.func)(SimpleNamespace(app=app), timestamp=0)

    assert set(ProcrastinateJob.objects.values_list("status", flat=True)) == {"todo"}
