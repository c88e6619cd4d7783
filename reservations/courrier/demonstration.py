"""In demo, the e-mails that Django sends by itself (choice of a password) join the others on the messages page."""

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

from reservations.models import Canal, Etat, Message


class CourrielDemonstration(BaseEmailBackend):
    """Writes a Message row, already "sent", for each recipient; nothing leaves the machine."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        maintenant = timezone.now()
        Message.objects.bulk_create(
            Message(
                canal=Canal.COURRIEL,
                destinataire=destinataire,
                sujet=str(courriel.subject),
                texte=str(courriel.body),
                etat=Etat.ENVOYE,
                etat_le=maintenant,
            )
            for courriel in email_messages
            for destinataire in courriel.recipients()
        )
        return len(email_messages)
