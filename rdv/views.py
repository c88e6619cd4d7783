"""Pages of the site itself: home, legal pages, help, errors."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def erreur_csrf(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say in plain French that a form came without its protection (cookies refused, page too old)."""
    return render(request, "403_csrf.html", status=403)
