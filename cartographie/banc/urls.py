"""The addresses of the site, and one of the bench: in `cartographie.banc.wsgi` only, never in production."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.http import require_safe

from reservations.parcours import Lien
from reservations.visiteurs import jamais_perimee, par_le_lien, visiteur


@login_not_required
@require_safe
@jamais_perimee
@par_le_lien
def page_vide(request: HttpRequest, lien: Lien) -> HttpResponse:
    """The limit of the public pages: the same session and the same structure read, the same page around, nothing in."""
    visiteur(request)
    gabarit = engines["django"].from_string('{% extends "reservations/parcours/base.html" %}')
    return HttpResponse(gabarit.render({"lien": lien, "structure": lien.structure}, request))


urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("rdv.urls")),  # first: it registers what a link looks like
    path("banc/<lien:lien>/vide/", page_vide, name="page_vide"),
]
handler404 = "rdv.views.erreur_404"
handler500 = "rdv.views.erreur_500"
