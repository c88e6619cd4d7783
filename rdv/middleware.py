"""The visitor's language; lost sessions under htmx."""

from collections.abc import Callable
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils import translation
from django_htmx.http import HttpResponseClientRedirect

GetResponse = Callable[[HttpRequest], HttpResponse]


class LangueChoisie:
    """The learner's pages are in the language that the visitor chose (a cookie), never guessed: French until then.

    Every other page is in French, whatever the cookie says. `request.traduite`: the page follows the choice;
    `request.langue_refusee`: the language asked for of a public page that has only French.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        choix = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        langue = choix if choix in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        request.traduite, request.langue_refusee = True, ""  # type: ignore[attr-defined]
        with translation.override(langue):  # an address that leads nowhere has no view, and is read by a learner
            return self.get_response(request)

    def process_view(self, request: HttpRequest, vue: Callable[..., HttpResponse], *_: object) -> None:
        ou = request.resolver_match
        publique = not getattr(vue, "login_required", True)
        if publique and ou is not None and (ou.app_names == ["reservations"] or ou.view_name == "accueil"):
            return
        request.traduite = False  # type: ignore[attr-defined]
        langue = translation.get_language()
        if publique and langue != settings.LANGUAGE_CODE:
            request.langue_refusee = langue  # type: ignore[attr-defined]
        translation.activate(settings.LANGUAGE_CODE)


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
