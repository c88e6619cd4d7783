"""Octopush, a French SMS provider, by its HTTP API.

Written from its public documentation, without an account to try it with:
- sending: https://dev.octopush.com/en/sms-gateway-api-documentation/send-sms/ and transactional-sms/
- codes of the errors: https://octopush.com/en/sms-gateway-api-documentation/return-codes/
- delivery reports: https://dev.octopush.com/en/sms-gateway-api-documentation/callbacks/acknowledge-receipt

What its answers mean here:
- accepted: 2xx with a `sms_ticket`, which the delivery report names again as `message_id`;
- accepted earlier: the error on `request_id`. It is our idempotency key, kept 24 hours by Octopush: an SMS tried again
  after a cut leaves once. The ticket is not said again: such an SMS stays "envoyé", its report finds no row;
- refused for good: another 4xx (number, sender, text…): `EnvoiRefuse`;
- try again: no answer, 429, 5xx, an answer that cannot be read; and what the account's owner will mend, so that nothing
  is lost meanwhile: 401, 402, 403, and the codes of COMPTE_A_REGLER.
"""

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

DELAI = 10  # seconds: the message's row is locked meanwhile
DEJA_ENVOYE = 120
# Wrong login or key, no credit left, account not validated or under investigation.
COMPTE_A_REGLER = {101, 104, 105, 108, 109, 113, 114}
REMIS = {"DELIVERED", "READ"}
NON_REMIS = {"NOT_DELIVERED", "NOT_ALLOWED", "BAD_DESTINATION", "BLACKLISTED_NUMBER"}


class EnvoiRefuse(Exception):
    """The provider will never take this message: trying again is of no use."""


class EnvoiReporte(Exception):
    """The provider did not take the message now: to be tried again."""


@dataclass(frozen=True)
class Accuse:
    """A delivery report: what became of an SMS, None while its operator does not know."""

    reference: str
    remis: bool | None


def envoyer(*, destinataire: str, texte: str, identifiant: str) -> str:
    """Hand one SMS over, and return its ticket ("" when an earlier try was taken). Raises EnvoiRefuse, EnvoiReporte."""
    if not (settings.OCTOPUSH_COMPTE and settings.OCTOPUSH_CLE):
        raise ImproperlyConfigured("OCTOPUSH_COMPTE et OCTOPUSH_CLE sont à remplir.")
    requete = Request(  # noqa: S310 the address is a setting
        f"{settings.OCTOPUSH_URL.rstrip('/')}/v1/public/sms-campaign/send",
        data=json.dumps(
            {
                "recipients": [{"phone_number": destinataire}],
                "text": texte,
                "sender": settings.SMS_EXPEDITEUR,
                "type": "sms_premium",
                "purpose": "alert",  # a reminder or a code is no advertisement: no "STOP", at any hour
                "request_id": identifiant,
                "auto_optimize_text": False,
            }
        ).encode(),
        headers={
            "Content-Type": "application/json",
            "api-login": settings.OCTOPUSH_COMPTE,
            "api-key": settings.OCTOPUSH_CLE,
        },
    )
    try:
        with urlopen(requete, timeout=DELAI) as reponse:  # noqa: S310
            ticket = _lire(reponse.read()).get("sms_ticket")
    except HTTPError as erreur:
        return _erreur(erreur)
    except OSError as erreur:
        raise EnvoiReporte(f"Octopush : {type(erreur).__name__}") from None
    if not isinstance(ticket, str) or not ticket:
        raise EnvoiReporte("Octopush : réponse sans numéro de ticket.")
    return ticket[:100]


def _erreur(erreur: HTTPError) -> str:
    contenu = erreur.read(10_000).decode(errors="replace")
    donnees = _lire(contenu)
    code = int(donnees["code"]) if str(donnees.get("code", "")).isdecimal() else 0
    dit = f"Octopush : {erreur.code}, {code}, {str(donnees.get('message', ''))[:200]}"
    if erreur.code in {401, 402, 403, 429} or erreur.code >= 500 or code in COMPTE_A_REGLER:
        raise EnvoiReporte(dit) from None
    # Our request_id is well formed: the only error that names it says that it was used.
    if code == DEJA_ENVOYE or "request_id" in contenu:
        return ""
    if erreur.code >= 400:
        raise EnvoiRefuse(dit) from None
    raise EnvoiReporte(dit) from None


def lire_accuse(corps: bytes) -> Accuse:
    """Read the body of a delivery report. Raises ValueError."""
    donnees = _lire(corps)
    reference = donnees.get("message_id")
    if not isinstance(reference, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,100}", reference):
        raise ValueError("Accusé sans message_id.")
    etat = str(donnees.get("status"))
    return Accuse(reference, True if etat in REMIS else False if etat in NON_REMIS else None)


def _lire(corps: bytes | str) -> dict[str, Any]:
    try:
        donnees = json.loads(corps)
    except (ValueError, RecursionError):
        return {}
    return donnees if isinstance(donnees, dict) else {}
