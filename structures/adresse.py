"""The visitor's network address, for whoever limits what one connection may do."""

from django.conf import settings
from django.http import HttpRequest


def adresse_du_visiteur(request: HttpRequest) -> str:
    """Return the network address of the visitor.

    Only as many `X-Forwarded-For` entries as there are trusted proxies are believed, counted from the right.
    """
    if settings.MANDATAIRES_DE_CONFIANCE:
        chaine = [a.strip() for a in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if a.strip()]
        if len(chaine) >= settings.MANDATAIRES_DE_CONFIANCE:
            return chaine[-settings.MANDATAIRES_DE_CONFIANCE]
    return str(request.META.get("REMOTE_ADDR", ""))
