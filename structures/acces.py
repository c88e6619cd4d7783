"""Who may open an agents' page: signed in (middleware), member of the structure in the address, admin where needed."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers, patch_cache_control

from structures.models import Agent, Appartenance, Structure


class RequeteAgent(HttpRequest):
    """A request in which the agent, their structure and their membership there are known."""

    user: Agent
    structure: Structure
    appartenance: Appartenance
    appartenances: list[Appartenance]


VueAgent = Callable[..., HttpResponse]


def agent_de_la_structure(vue: VueAgent) -> Callable[..., HttpResponse]:
    """Open `vue(request, …)` at an address that names a structure (`structure_id`), to its agents only.

    Any other structure, existing or not, is a 404: nothing is said about it. The dates of the page are written in the
    structure's time zone. Never kept by the browser: on a shared computer, "back" after signing out would show the
    learners' names. One query, which also serves the menu that changes structure.
    """

    @wraps(vue)
    def enveloppe(request: RequeteAgent, structure_id: int, **kwargs: Any) -> HttpResponse:
        request.appartenances = list(
            request.user.appartenances.select_related("structure").order_by("structure__nom", "pk")
        )
        for appartenance in request.appartenances:
            if appartenance.structure_id == structure_id:
                break
        else:
            raise Http404("L'agent n'appartient pas à cette structure.")
        appartenance.agent = request.user
        request.appartenance, request.structure = appartenance, appartenance.structure
        with timezone.override(request.structure.tz):
            reponse = vue(request, **kwargs)
        if request.method == "POST":  # with no-store, "back" to a form that was refused would offer to send it again
            patch_cache_control(reponse, no_cache=True, private=True)
        else:
            add_never_cache_headers(reponse)
        return reponse

    return enveloppe


def admin_requis(vue: VueAgent) -> VueAgent:
    """Under `agent_de_la_structure`: 403 for an agent who is not an admin of the structure."""

    @wraps(vue)
    def enveloppe(request: RequeteAgent, **kwargs: Any) -> HttpResponse:
        if not request.appartenance.est_admin:
            raise PermissionDenied("Cette page est réservée aux administrateurs de la structure.")
        return vue(request, **kwargs)

    return enveloppe


def reservation_en_ligne_requise(vue: VueAgent) -> VueAgent:
    """Under `agent_de_la_structure`: 404 where online booking does not exist (structures on RDV Solidarités)."""

    @wraps(vue)
    def enveloppe(request: RequeteAgent, **kwargs: Any) -> HttpResponse:
        if not request.structure.reservation_en_ligne_possible:
            raise Http404("La réservation en ligne n'existe pas sur RDV Solidarités.")
        return vue(request, **kwargs)

    return enveloppe
