"""Lost sessions under htmx."""

from collections.abc import Callable
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django_htmx.http import HttpResponseClientRedirect

GetResponse = Callable[[HttpRequest], HttpResponse]


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
            page = _page_affichee(request)
            return HttpResponseClientRedirect(f"{connexion}?next={quote(page)}" if page else connexion)
        return reponse

    return traiter


def _page_affichee(request: HttpRequest) -> str:
    """Return the path and the query of the page displayed, "" when the browser does not say it or says nonsense."""
    try:
        page = urlsplit(request.headers.get("HX-Current-URL", ""))
    except ValueError:
        return ""
    return f"{page.path}?{page.query}" if page.query else page.path
