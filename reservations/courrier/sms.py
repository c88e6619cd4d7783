"""SMS: what fits in them, which numbers receive them, and the provider that sends them."""

import logging
import unicodedata

import phonenumbers
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from phonenumber_field.phonenumber import PhoneNumber

from reservations.courrier import octopush
from structures.texte import sans_controle

journal = logging.getLogger(__name__)

# GSM 03.38: one septet a character; outside it, the whole SMS is sent in UCS-2 and holds 70 characters instead of 160.
GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_DOUBLES = frozenset("^{}\\[~]|€")  # two septets each
UNE_PARTIE = 160
EQUIVALENTS = {"’": "'", "‘": "'", "«": '"', "»": '"', "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "œ": "oe"}
EQUIVALENTS |= {"Œ": "OE", "·": "-", "•": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\t": " "}

MOBILES = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)


def en_gsm7(texte: str) -> str:
    """Return the text in the alphabet of SMS: "ç" becomes "c", "ê" becomes "e", but "é", "è", "à", "ù" stay."""
    lettres = []
    for lettre in sans_controle(unicodedata.normalize("NFC", texte)):
        lettre = EQUIVALENTS.get(lettre, lettre)
        if not all(c in GSM7 or c in GSM7_DOUBLES for c in lettre):
            base = unicodedata.normalize("NFKD", lettre)
            lettre = "".join(c for c in base if c in GSM7 or c in GSM7_DOUBLES) or "?"
        lettres.append(lettre)
    return "".join(lettres)


def longueur_gsm7(texte: str) -> int:
    """Return how many septets a text in GSM-7 takes."""
    return sum(2 if c in GSM7_DOUBLES else 1 for c in texte)


def est_mobile(telephone: PhoneNumber | str | None) -> bool:
    """Whether an SMS can reach this number."""
    return isinstance(telephone, PhoneNumber) and phonenumbers.number_type(telephone) in MOBILES


def sms_possibles() -> bool:
    """Whether this instance can send SMS at all."""
    return bool(settings.SMS_FOURNISSEUR)


def envoyer_sms(*, destinataire: str, texte: str, identifiant: str) -> str:
    """Hand an SMS to the provider of the settings, and return the provider's reference ("" when it gives none).

    `identifiant`: the same for each try of one SMS. Raises EnvoiRefuse (for good), ImproperlyConfigured when there is
    no provider, anything else when it must be tried again.

    "console" is for a developer's machine: number and text go to the log only when DEBUG is on, since a code is a
    secret and a number is personal data; otherwise the log says that an SMS went by, and nothing of it.
    """
    match settings.SMS_FOURNISSEUR:
        case "octopush":
            return octopush.envoyer(destinataire=destinataire, texte=texte, identifiant=identifiant)
        case "console" if settings.DEBUG:
            journal.info("SMS à %s : %s", destinataire, texte)
        case "console":
            journal.info("SMS de %d caractères, non envoyé (SMS_FOURNISSEUR=console).", len(texte))
        case "demo":
            pass  # the demonstration page shows the row
        case fournisseur:
            raise ImproperlyConfigured(f"SMS_FOURNISSEUR : fournisseur inconnu ({fournisseur!r}).")
    return ""
