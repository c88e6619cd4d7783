"""Lost sessions under htmx, and the visitor's address."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django_htmx.http import HttpResponseClientRedirect

GetResponse = Callable[[HttpRequest], HttpResponse]


def adresse_du_visiteur(request: HttpRequest) -> str:
    """Return the network address of the visitor.

    Only as many `X-Forwarded-For` entries as there are trusted proxies are believed, counted from the right.
    """
    if settings.MANDATAIRES_DE_CONFIANCE:
        chaine = [a.strip() for a in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if a.strip()]
        if len(chaine) >= settings.MANDATAIRES_DE_CONFIANCE:
            return chaine[-settings.MANDATAIRES_DE_CONFIANCE]
    return str(request.META.get("REMOTE_ADDR", ""))


def session_perdue_htmx(get_response: GetResponse) -> GetResponse:
    """Under htmx, turn a redirection to the sign-in page into `HX-Redirect`, else that page would land in a region.

    The page to come back to is the one displayed, not the address of the fragment.
    """

    def traiter(request: HttpRequest) -> HttpResponse:
        reponse = get_response(request)
        connexion = resolve_url(settings.LOGIN_URL)
        if (
            request.headers.get("HX-Request") == "true"
            and reponse.status_code == 302
            and urlsplit(reponse["Location"]).path == connexion
        ):
            page = urlsplit(request.headers.get("HX-Current-URL", ""))
            return HttpResponseClientRedirect(f"{connexion}?next={page.path}" if page.path else connexion)
        return reponse

    return traiter
