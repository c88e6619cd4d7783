"""Whole page or region of it: the server decides, from the kind of request."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers


def page_ou_fragment(
    request: HttpRequest,
    gabarit: str,
    contexte: Mapping[str, Any] | None = None,
    fragment: str | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    """Render `gabarit`, or only its partial `fragment` when htmx asks for a region.

    When htmx restores the history it wants the whole page: a bare fragment would replace everything on "back".
    `Vary` keeps the browser's cache from mixing the two answers of one address.
    """
    htmx = request.htmx  # type: ignore[attr-defined]
    seul = fragment and htmx and not htmx.history_restore_request
    reponse = render(request, f"{gabarit}#{fragment}" if seul else gabarit, dict(contexte or {}), status=status)
    patch_vary_headers(reponse, ["HX-Request"])
    return reponse
