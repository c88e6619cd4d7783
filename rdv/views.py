"""Pages of the site itself: home, legal pages, help, errors."""

import re
from functools import cache

import markdown
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from django.views.i18n import set_language

GUIDE = settings.BASE_DIR / "docs" / "guide-agents.md"


def _editeur() -> dict[str, str]:
    """Who runs this instance; the pages say "à compléter" where a value is missing."""
    return {
        "nom": settings.EDITEUR_NOM,
        "adresse": settings.EDITEUR_ADRESSE,
        "courriel": settings.EDITEUR_COURRIEL,
        "direction": settings.EDITEUR_DIRECTION,
        "hebergeur": settings.HEBERGEUR,
    }


@login_not_required
@require_safe
def accueil(request: HttpRequest) -> HttpResponse:
    """Say what the service is, to learners then to agents."""
    return render(request, "rdv/accueil.html")


@login_not_required
@require_safe
def mentions_legales(request: HttpRequest) -> HttpResponse:
    """Say who publishes and hosts the site."""
    return render(request, "rdv/mentions_legales.html", {"editeur": _editeur()})


@login_not_required
@require_safe
def donnees_personnelles(request: HttpRequest) -> HttpResponse:
    """Say what is kept, why, how long and for whom."""
    return render(
        request,
        "rdv/donnees_personnelles.html",
        {
            "editeur": _editeur(),
            "code_minutes": settings.CODE_MINUTES,
            "option_minutes": settings.OPTION_MINUTES,
            "session_jours": settings.SESSION_COOKIE_AGE // 86400,
            "sms": bool(settings.SMS_FOURNISSEUR),
        },
    )


@login_not_required
@require_safe
def accessibilite(request: HttpRequest) -> HttpResponse:
    """Say honestly what was tested and what was not."""
    return render(request, "rdv/accessibilite.html", {"editeur": _editeur()})


@cache
def guide_en_html() -> tuple[SafeString, SafeString]:
    """Return the agents' guide and its table of contents as HTML: a file of ours, read once, trusted."""
    convertisseur = markdown.Markdown(
        extensions=["attr_list", "def_list", "toc"],
        # The title of the page is the template's; the table starts at the sections.
        extension_configs={"toc": {"toc_depth": "2-2"}},
        output_format="html",
    )
    # The source has plain spaces; French wants no line break before these signs.
    texte = re.sub(r"(?<=\S) (?=[?!:;»])|(?<=«) ", "\u00a0", GUIDE.read_text(encoding="utf-8"))
    corps = convertisseur.convert(texte)
    return mark_safe(corps), mark_safe(convertisseur.toc)  # noqa: S308


@login_not_required
@require_safe
def aide(request: HttpRequest) -> HttpResponse:
    """Show the agents' guide, whose anchors the settings pages point to."""
    corps, sommaire = guide_en_html()
    return render(request, "rdv/aide.html", {"corps": corps, "sommaire": sommaire})


# Without the CSRF check: a page that hides its address (`Referrer-Policy: no-referrer`) cannot pass it, and to make a
# visitor change language does no harm.
langue = login_not_required(csrf_exempt(set_language))


# --- Errors -------------------------------------------------------------------------------------------------------
@login_not_required
def erreur_csrf(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say in plain French that a form came without its protection (cookies refused, page too old)."""
    return render(request, "403_csrf.html", status=403)


@login_not_required
def erreur_403(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Say that the page is for others; the reason is shown when we wrote it."""
    raison = str(exception) if exception and str(exception) else ""
    return render(request, "403.html", {"raison": raison}, status=403)


@login_not_required
def erreur_404(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Say that the page does not exist, or not for this person."""
    return render(request, "404.html", status=404)


@login_not_required
def erreur_500(request: HttpRequest) -> HttpResponse:
    """Rendered without context: no query, no session, since what failed may be the database."""
    return HttpResponse(loader.get_template("500.html").render({}), status=500)
