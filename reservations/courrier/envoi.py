"""Sending: the job of one message, and what it hands to the mail server or to the SMS provider.

What can repeat: a worker killed after the mail server took a message and before the commit of `etat`, or whose
connection drops in that same instant, sends it again: at least once, never lost. By SMS, the provider that keeps the
key of each message (`identifiant`) takes the second for the first. Nothing else repeats: the row is locked while it is
sent, and a row that was sent is left alone.
"""

import logging
from datetime import datetime, timedelta
from email.message import MIMEPart
from email.utils import parseaddr
from smtplib import SMTPRecipientsRefused

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.crypto import salted_hmac
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from reservations.courrier.ical import invitation, uid_ical
from reservations.courrier.octopush import Accuse, EnvoiRefuse
from reservations.courrier.sms import envoyer_sms
from reservations.models import STATUTS_ANNULES, Canal, Etat, Message
from structures.texte import en_ligne

journal = logging.getLogger(__name__)

# 2 s, 4 s, 8 s… 9 h, 18 h: a mail server down for a night loses nothing, and a code of 15 minutes has nine tries.
ESSAIS = 16
NOUVEAUX_ESSAIS = RetryStrategy(max_attempts=ESSAIS, exponential_wait=2)


class EnvoiEnCours(Exception):
    """Another worker is sending this message."""


@app.task(name="reservations.envoyer_message", queue="messages", retry=NOUVEAUX_ESSAIS, pass_context=True)
def envoyer_message(context: JobContext, message_id: int) -> None:
    """The job: send, and at the last try that fails, say so on the message."""
    try:
        envoyer(message_id)
    except Exception:
        if context.job.attempts >= ESSAIS:
            abandonnes = Message.objects.filter(pk=message_id, etat=Etat.A_ENVOYER)
            abandonnes.update(etat=Etat.ECHOUE, etat_le=timezone.now())
        raise


def envoyer(message_id: int) -> None:
    """Send a message once; do nothing if it was sent, or if it is no longer worth it.

    Not worth sending: whatever is about a rendez-vous that has begun, what announces one cancelled or moved since (or a
    cancellation of one revived since), a code that has expired. The state is read when the job starts: a cancellation
    committed during the exchange with the mail server is told by its own message, which calendars apply in the right
    order (SEQUENCE).
    A refusal for good is written on the message. Any other error is raised: the transaction is rolled back, the message
    stays unsent, the job is tried again. So is the job of a message that another worker is sending: if that one dies,
    this one is left.
    """
    with transaction.atomic():
        a_envoyer = Message.objects.filter(pk=message_id, etat=Etat.A_ENVOYER)
        message = (
            a_envoyer.select_for_update(skip_locked=True, of=("self",), no_key=True)
            .select_related("rendez_vous__structure")
            .first()
        )
        if message is None:
            if a_envoyer.exists():
                raise EnvoiEnCours(f"Message {message_id}")
            return
        message.etat = _remettre(message) if _merite_l_envoi(message) else Etat.SANS_OBJET
        message.etat_le = timezone.now()
        if message.confidentiel and not settings.DEMO:
            message.texte = ""
        message.save(update_fields=["etat", "etat_le", "reference", "texte"])


def noter_accuse(*, accuse: Accuse, maintenant: datetime) -> bool:
    """Write what became of an SMS; return whether there is one. What was delivered stays so, whatever comes late."""
    messages = Message.objects.filter(canal=Canal.SMS, reference=accuse.reference)
    if accuse.remis is True:
        messages.filter(etat__in=(Etat.ENVOYE, Etat.ECHOUE)).update(etat=Etat.REMIS, etat_le=maintenant)
    elif accuse.remis is False:
        messages.filter(etat=Etat.ENVOYE).update(etat=Etat.ECHOUE, etat_le=maintenant)
    return messages.exists()


def _merite_l_envoi(message: Message) -> bool:
    maintenant = timezone.now()
    if message.confidentiel and message.cree_le + timedelta(minutes=settings.CODE_MINUTES) <= maintenant:
        return False
    if message.valable_jusqu_a is not None and message.valable_jusqu_a <= maintenant:
        return False
    if message.rendez_vous is None:
        return not message.ics_methode  # else it is about a rendez-vous that was erased since
    if message.rendez_vous.debut <= maintenant:
        return False
    annule, annonce = message.rendez_vous.statut in STATUTS_ANNULES, message.ics_methode == "CANCEL"
    if not annonce and message.debut is not None and message.debut != message.rendez_vous.debut:
        return False  # moved since: another message says to when
    if annonce and not annule:
        # One kept is cancelled for one person only: the agent who had it before it went to a colleague.
        agents = message.rendez_vous.structure.agents.exclude(pk=message.rendez_vous.agent_id)
        return agents.filter(courriel=message.destinataire).exists()
    return annule == annonce


def _remettre(message: Message) -> Etat:
    """Hand a message to who carries it, and return what it becomes. In demo nothing leaves: the page shows the row."""
    if settings.DEMO:
        return Etat.ENVOYE
    try:
        if message.canal == Canal.SMS:
            identifiant = salted_hmac("reservations.envoi", str(message.pk), algorithm="sha256").hexdigest()[:32]
            message.reference = envoyer_sms(
                destinataire=message.destinataire, texte=message.texte, identifiant=identifiant
            )
        else:
            _courriel(message).send()
    except EnvoiRefuse as refus:
        journal.warning("Message %d refusé : %s", message.pk, refus)
        return Etat.ECHOUE
    except SMTPRecipientsRefused as refus:
        if any(code < 500 for code, _ in refus.recipients.values()):
            raise
        journal.warning("Message %d refusé : %s", message.pk, [code for code, _ in refus.recipients.values()])
        return Etat.ECHOUE
    return Etat.ENVOYE


def _courriel(message: Message) -> EmailMultiAlternatives:
    structure = message.rendez_vous.structure if message.rendez_vous else None
    reponse = message.repondre_a or (structure.courriel if structure else "")
    sujet = en_ligne(message.sujet)
    courriel = EmailMultiAlternatives(
        subject=sujet,
        body=message.texte,
        to=[message.destinataire],
        reply_to=[reponse] if reponse else None,
        headers={"Auto-Submitted": "auto-generated"},  # holiday answers are not sent back to us
    )
    contexte = {"sujet": sujet, "paragraphes": message.texte.strip().split("\n\n")}
    with translation.override(message.langue):
        corps = render_to_string("reservations/messages/courriel.html", contexte)
    courriel.attach_alternative(corps, "text/html")
    if ics := ics_du_message(message):
        courriel.attach(_piece_ics(ics, message.ics_methode))
    return courriel


def ics_du_message(message: Message) -> str:
    """Return the calendar file of an e-mail, "" if it has none.

    Written when it leaves, not when the rendez-vous is taken: it is a tenth of the work of a booking.
    """
    evenement, rendez_vous = message.evenement, message.rendez_vous
    if evenement is None or rendez_vous is None or message.debut is None:
        return ""
    return invitation(
        uid=uid_ical(str(rendez_vous.uid)),
        sequence=evenement["sequence"],
        methode="CANCEL" if message.ics_methode == "CANCEL" else "REQUEST",
        debut=message.debut,
        fin=message.debut + timedelta(minutes=evenement["duree"]),
        tz=rendez_vous.structure.tz,
        titre=evenement["titre"],
        lieu=evenement["lieu"],
        description=message.texte.strip(),
        organisateur=(rendez_vous.structure.nom, parseaddr(settings.DEFAULT_FROM_EMAIL)[1]),
        participant=(evenement["participant"], message.destinataire),
        url=evenement["url"],
        horodatage=message.cree_le,
    )


def _piece_ics(ics: str, methode: str) -> MIMEPart:
    """Return the invitation as calendar programs want it: `text/calendar` with its method."""
    piece = MIMEPart()
    piece.set_content(
        ics,
        subtype="calendar",
        charset="utf-8",
        disposition="attachment",
        filename="rendez-vous.ics",
        params={"method": methode},
    )
    return piece
