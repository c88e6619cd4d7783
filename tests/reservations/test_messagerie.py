"""What is written when something is announced: rows, jobs, words."""

from datetime import UTC, datetime, timedelta

import pytest
import vobject
from django.db import transaction
from django.test import override_settings
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from motifs.models import TypeLieu
from reservations.courrier import messagerie
from reservations.courrier.envoi import ics_du_message
from reservations.courrier.redaction import lien_secret
from reservations.courrier.sms import GSM7, GSM7_DOUBLES, longueur_gsm7
from reservations.models import Canal, Demarche, Etat, Message, Statut
from tests.factories import AgentFactory, MotifFactory
from tests.reservations.aides_messages import PORTABLE, annuler, un_rendez_vous

pytestmark = pytest.mark.django_db

MARDI_9H_PARIS = datetime(2027, 11, 23, 8, 0, tzinfo=UTC)


def pour(destinataire: str) -> Message:
    return Message.objects.get(destinataire=destinataire)


def travaux() -> list[int]:
    return sorted(
        travail.args["message_id"]
        for travail in ProcrastinateJob.objects.filter(task_name="reservations.envoyer_message")
    )


def test_une_confirmation_ecrit_un_message_et_un_travail_par_destinataire():
    rendez_vous = un_rendez_vous(agent={"courriel": "agent@exemple.fr"})

    messagerie.annoncer_confirmation(rendez_vous=rendez_vous)

    assert set(Message.objects.values_list("destinataire", flat=True)) == {"ana@exemple.fr", "agent@exemple.fr"}
    assert travaux() == sorted(Message.objects.values_list("pk", flat=True))
    assert not Message.objects.exclude(etat=Etat.A_ENVOYER).exists()


def test_message_et_travail_disparaissent_avec_la_transaction():
    rendez_vous = un_rendez_vous()

    with transaction.atomic():
        messagerie.annoncer_confirmation(rendez_vous=rendez_vous)
        assert len(travaux()) == 2
        transaction.set_rollback(True)

    assert travaux() == []
    assert not Message.objects.exists()


def test_confirmation_contenu():
    rendez_vous = un_rendez_vous(
        debut=MARDI_9H_PARIS,
        motif={"information_apres": "Entrez par la cour."},
        instructions="Apportez une pièce d'identité.",
    )

    messagerie.annoncer_confirmation(rendez_vous=rendez_vous)

    message = pour("ana@exemple.fr")
    assert message.sujet == "Rendez-vous confirmé : mardi 23 novembre 2027 à 9 h"
    assert "Mardi 23 novembre 2027, de 9 h à 10 h\n" in message.texte
    assert "Médiathèque\n1 rue de la République, 26400 Crest" in message.texte
    assert "Entrez par la cour." in message.texte
    assert "Vous avez accepté ces instructions :\nApportez une pièce d'identité." in message.texte
    assert f"/rendez-vous/{rendez_vous.jeton}/" in message.texte
    assert "Téléphonez au 04 75 25 00 00 (Médiathèque de Crest)." in message.texte
    assert "\n\n\n" not in message.texte


@override_settings(SITE_URL="https://rdv.exemple.fr")
def test_le_lien_secret_vient_de_l_adresse_publique_du_site():
    rendez_vous = un_rendez_vous()

    assert lien_secret(rendez_vous) == f"https://rdv.exemple.fr/rendez-vous/{rendez_vous.jeton}/"


def test_a_la_reunion_l_heure_est_celle_de_la_structure():
    rendez_vous = un_rendez_vous(debut=MARDI_9H_PARIS, structure={"reunion": True})

    messagerie.annoncer_confirmation(rendez_vous=rendez_vous)

    message = pour("ana@exemple.fr")
    assert "Mardi 23 novembre 2027, de 12 h à 13 h (heure de La Réunion)" in message.texte
    assert message.sujet.endswith("à 12 h")
    relu = vobject.readOne(ics_du_message(message)).vevent
    assert relu.dtstart.value.hour == 12
    assert relu.dtstart.value.astimezone(UTC) == MARDI_9H_PARIS


def test_par_telephone_dit_le_numero_qui_sera_appele():
    rendez_vous = un_rendez_vous(motif={"telephone": True}, telephone=PORTABLE)

    messagerie.annoncer_confirmation(rendez_vous=rendez_vous)

    assert "Nous vous appellerons au 06 12 34 56 78." in pour("ana@exemple.fr").texte
    assert vobject.readOne(ics_du_message(pour("ana@exemple.fr"))).vevent.location.value == "Par téléphone"


def test_en_visio_donne_la_salle_de_l_agent():
    salle = "https://visio.exemple.fr/camille"
    rendez_vous = un_rendez_vous(motif={"type_lieu": TypeLieu.VISIO}, agent={"url_visio": salle})

    messagerie.annoncer_confirmation(rendez_vous=rendez_vous)

    assert salle in pour("ana@exemple.fr").texte
    assert vobject.readOne(ics_du_message(pour("ana@exemple.fr"))).vevent.location.value == salle


def test_l_agent_recoit_les_coordonnees_mais_pas_le_lien_secret():
    rendez_vous = un_rendez_vous(telephone=PORTABLE, agent={"courriel": "agent@exemple.fr"})

    messagerie.annoncer_confirmation(rendez_vous=rendez_vous)

    message = pour("agent@exemple.fr")
    assert message.sujet.startswith("Nouveau rendez-vous : ")
    assert "Ana Silva\n06 12 34 56 78\nana@exemple.fr" in message.texte
    assert rendez_vous.jeton not in message.texte + ics_du_message(message)
    assert vobject.readOne(ics_du_message(message)).vevent.summary.value == "Accompagnement individuel : Ana Silva"


def test_annulation_par_la_structure_porte_son_message_et_un_cancel():
    rendez_vous = un_rendez_vous(agent={"courriel": "agent@exemple.fr"})
    messagerie.annoncer_confirmation(rendez_vous=rendez_vous)
    pris = pour("ana@exemple.fr")
    Message.objects.all().delete()

    messagerie.annoncer_annulation(rendez_vous=annuler(rendez_vous, Statut.ANNULE, "Le conseiller est malade."))

    message = pour("ana@exemple.fr")
    assert message.sujet.startswith("Rendez-vous annulé : ")
    assert "Médiathèque de Crest a annulé votre rendez-vous." in message.texte
    assert "Le conseiller est malade." in message.texte
    assert vobject.readOne(ics_du_message(message)).method.value == message.ics_methode == "CANCEL"
    avant, apres = vobject.readOne(ics_du_message(pris)).vevent, vobject.readOne(ics_du_message(message)).vevent
    assert avant.uid.value == apres.uid.value
    assert (avant.sequence.value, apres.sequence.value) == ("0", "1")
    assert "annulé par votre structure" in pour("agent@exemple.fr").texte


def test_annulation_par_la_personne_est_dite_autrement():
    rendez_vous = un_rendez_vous(agent={"courriel": "agent@exemple.fr"})

    messagerie.annoncer_annulation(rendez_vous=annuler(rendez_vous, Statut.EXCUSE))

    assert "Vous avez annulé votre rendez-vous." in pour("ana@exemple.fr").texte
    assert "annulé par la personne" in pour("agent@exemple.fr").texte


@override_settings(SMS_FOURNISSEUR="console", SITE_URL="https://rdv.anct.gouv.fr")
@pytest.mark.parametrize(
    "structure", ["Médiathèque de Crest", "Association pour l'inclusion numérique du Haut-Cœur de l'Île ça et là"]
)
def test_sans_courriel_un_sms_qui_tient_en_une_partie(structure):
    rendez_vous = un_rendez_vous(
        courriel="", telephone=PORTABLE, structure={"nom": structure}, debut=MARDI_9H_PARIS + timedelta(minutes=30)
    )

    messagerie.annoncer_confirmation(rendez_vous=rendez_vous)
    messagerie.annoncer_annulation(rendez_vous=annuler(rendez_vous, Statut.ANNULE, "Raison longue. " * 40))

    prise, annulation = Message.objects.filter(canal=Canal.SMS).order_by("pk")
    assert {prise.destinataire, annulation.destinataire} == {PORTABLE}
    for sms in (prise, annulation):
        assert longueur_gsm7(sms.texte) <= 160
        assert set(sms.texte) <= GSM7 | GSM7_DOUBLES
        assert ics_du_message(sms) == ""
        assert f"https://rdv.anct.gouv.fr/rendez-vous/{rendez_vous.jeton}/" in sms.texte
        assert "mardi 23 novembre à 9 h 30" in sms.texte


@pytest.mark.parametrize(("fournisseur", "telephone"), [("", PORTABLE), ("console", "+33475250000"), ("console", "")])
def test_pas_de_sms_sans_fournisseur_ou_sans_portable(fournisseur, telephone):
    rendez_vous = un_rendez_vous(courriel="", telephone=telephone)

    with override_settings(SMS_FOURNISSEUR=fournisseur):
        messagerie.annoncer_confirmation(rendez_vous=rendez_vous)

    assert Message.objects.get().destinataire == rendez_vous.agent.courriel


@pytest.mark.parametrize(
    ("courriel", "telephone", "canal", "destinataire"),
    [
        ("ana@exemple.fr", PORTABLE, Canal.COURRIEL, "ana@exemple.fr"),
        ("", PORTABLE, Canal.SMS, PORTABLE),
    ],
)
def test_le_code_va_au_contact_de_la_demarche(courriel, telephone, canal, destinataire):
    demarche = Demarche.objects.create(
        visiteur="v", motif=MotifFactory(), debut=timezone.now(), courriel=courriel, telephone=telephone
    )
    demarche.refresh_from_db()

    messagerie.envoyer_code(demarche=demarche, code="042137")

    message = Message.objects.get()
    assert (message.canal, message.destinataire, message.confidentiel) == (canal, destinataire, True)
    assert "042137" in message.texte
    assert "042137" not in message.sujet
    assert travaux() == [message.pk]
    if canal == Canal.SMS:
        assert longueur_gsm7(message.texte) <= 160
        assert set(message.texte) <= GSM7


def test_un_nom_sur_deux_lignes_n_ajoute_pas_d_en_tete():
    rendez_vous = un_rendez_vous(structure={"nom": "Mairie\r\nBcc: pirate@exemple.fr"})

    messagerie.annoncer_confirmation(rendez_vous=rendez_vous)

    message = pour("ana@exemple.fr")
    assert "\n" not in message.sujet
    assert "\r\nBcc" not in ics_du_message(message)


def test_le_nombre_de_requetes_ne_depend_pas_des_participants(django_assert_max_num_queries):
    rendez_vous = un_rendez_vous()

    # savepoint, rendez-vous, participations, apprenants, messages, jobs, end of savepoint
    with django_assert_max_num_queries(9):
        messagerie.annoncer_confirmation(rendez_vous=rendez_vous)


def test_l_invitation_telechargee_est_celle_du_courriel():
    rendez_vous = un_rendez_vous()
    messagerie.annoncer_confirmation(rendez_vous=rendez_vous)

    recue = vobject.readOne(ics_du_message(pour("ana@exemple.fr"))).vevent
    telechargee = vobject.readOne(messagerie.invitation_de(rendez_vous=rendez_vous)).vevent

    for propriete in ("uid", "sequence", "dtstart", "dtend", "summary", "description", "url"):
        assert getattr(telechargee, propriete).value == getattr(recue, propriete).value


@pytest.mark.parametrize(("statut", "methode"), [(None, "REQUEST"), (Statut.EXCUSE, "CANCEL")])
def test_l_invitation_se_telecharge_sans_courriel_et_suit_l_annulation(statut, methode):
    rendez_vous = un_rendez_vous(courriel="", telephone=PORTABLE)
    if statut:
        annuler(rendez_vous, statut)

    calendrier = vobject.readOne(messagerie.invitation_de(rendez_vous=rendez_vous))

    assert calendrier.method.value == methode
    assert "attendee" not in calendrier.vevent.contents


@pytest.mark.parametrize(
    ("choix", "auteur", "dans", "ecrit"),
    [
        ("tous", "lui", 10, True),
        ("tous", "un autre", 10, True),
        ("autres", "lui", 1, False),
        ("autres", "un autre", 10, True),
        ("autres", "l'apprenant", 10, True),
        ("bientot", "lui", 0, False),
        ("bientot", "un autre", 0, True),
        ("bientot", "l'apprenant", 1, True),
        ("bientot", "l'apprenant", 2, False),
        ("aucun", "l'apprenant", 0, False),
    ],
)
def test_an_agent_is_written_to_as_they_chose(choix, auteur, dans, ecrit):
    minuit = timezone.localtime().replace(hour=23, minute=0, second=0, microsecond=0)
    rendez_vous = un_rendez_vous(
        agent={"courriel": "agent@exemple.fr", "messages_recus": choix}, debut=minuit + timedelta(days=dans)
    )
    qui = {"lui": rendez_vous.agent, "un autre": AgentFactory(), "l'apprenant": None}[auteur]

    messagerie.annoncer_confirmation(rendez_vous=rendez_vous, auteur=qui)
    messagerie.annoncer_annulation(rendez_vous=annuler(rendez_vous, Statut.ANNULE), auteur=qui)

    assert Message.objects.filter(destinataire="agent@exemple.fr").count() == (2 if ecrit else 0)
    assert Message.objects.filter(destinataire="ana@exemple.fr").count() == 2, "the learner is always told"


def test_a_move_towards_or_away_from_tomorrow_is_soon():
    minuit = timezone.localtime().replace(hour=23, minute=0, second=0, microsecond=0)
    rendez_vous = un_rendez_vous(agent={"messages_recus": "bientot"}, debut=minuit + timedelta(days=10))
    moi = rendez_vous.agent

    messagerie.annoncer_deplacement(rendez_vous=rendez_vous, depuis=(moi, minuit + timedelta(days=9), minuit))
    assert not Message.objects.filter(destinataire=moi.courriel).exists()
    messagerie.annoncer_deplacement(rendez_vous=rendez_vous, depuis=(moi, minuit + timedelta(days=1), minuit))
    assert Message.objects.filter(destinataire=moi.courriel).count() == 1
