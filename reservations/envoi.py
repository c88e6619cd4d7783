"""Sending: the job of one message, and what it hands to the mail server or to the SMS provider.

What can repeat: a worker killed after the mail server (or the SMS provider) took a message and before the commit of
`envoye_le`, or whose connection drops in that same instant, sends it again: at least once, never lost. Nothing else
repeats: the row is locked while it is sent, and a row that was sent is left alone.
"""

from datetime import timedelta
from email.message import MIMEPart

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from reservations.models import STATUTS_ANNULES, Canal, Message
from reservations.sms import envoyer_sms
from structures.texte import en_ligne

# 4 s, 16 s, 1 min, 4 min, 17 min, 1 h, 4 h 30, 18 h: a mail server down for a night loses nothing.
NOUVEAUX_ESSAIS = RetryStrategy(max_attempts=8, exponential_wait=4)


@app.task(name="reservations.envoyer_message", queue="messages", retry=NOUVEAUX_ESSAIS)
def envoyer_message(message_id: int) -> None:
    """Send a message once; do nothing if it was sent, if another worker is sending it, or if it is no longer worth it.

    Not worth sending: whatever is about a rendez-vous that has begun, what announces one cancelled or moved since (or a
    cancellation of one revived since), a code that has expired. The state is read when the job starts: a cancellation
    committed during the exchange with the mail server is told by its own message, which calendars apply in the right
    order (SEQUENCE).
    An error of the server is raised: the transaction is rolled back, the message stays unsent, the job is tried again.
    """
    with transaction.atomic():
        message = (
            Message.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
            .select_related("rendez_vous__structure")
            .filter(pk=message_id, envoye_le__isnull=True)
            .first()
        )
        if message is None:
            return
        champs = []
        if _merite_l_envoi(message):
            # In demo nothing leaves: the page shows the row.
            if not settings.DEMO:
                _envoyer(message)
            message.envoye_le = timezone.now()
            champs.append("envoye_le")
        if message.confidentiel and not settings.DEMO:
            message.texte = ""
            champs.append("texte")
        if champs:
            message.save(update_fields=champs)


def _merite_l_envoi(message: Message) -> bool:
    maintenant = timezone.now()
    if message.confidentiel and message.cree_le + timedelta(minutes=settings.CODE_MINUTES) <= maintenant:
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


def _envoyer(message: Message) -> None:
    if message.canal == Canal.SMS:
        envoyer_sms(destinataire=message.destinataire, texte=message.texte)
    else:
        _courriel(message).send()


def _courriel(message: Message) -> EmailMultiAlternatives:
    structure = message.rendez_vous.structure if message.rendez_vous else None
    courriel = EmailMultiAlternatives(
        subject=en_ligne(message.sujet),
        body=message.texte,
        to=[message.destinataire],
        reply_to=[structure.courriel] if structure and structure.courriel else None,
        headers={"Auto-Submitted": "auto-generated"},  # holiday answers are not sent back to us
    )
    if message.ics:
        courriel.attach(_piece_ics(message))
    return courriel


def _piece_ics(message: Message) -> MIMEPart:
    """Return the invitation as calendar programs want it: `text/calendar` with its method."""
    piece = MIMEPart()
    piece.set_content(
        message.ics,
        subtype="calendar",
        charset="utf-8",
        disposition="attachment",
        filename="rendez-vous.ics",
        params={"method": message.ics_methode},
    )
    return piece
