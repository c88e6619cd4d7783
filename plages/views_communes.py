"""What the pages of plages and absences share: their lists, who may change a plage, and which rendez-vous a change
leaves outside any plage."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from plages.models import AbsenceQuerySet, PlageOuverture, PlageQuerySet
from plages.mots import en_mots
from plages.requetes import a_lister
from reservations.requetes_plages import rendez_vous_hors_plage
from structures.acces import RequeteAgent

PAR_PAGE = 50


def contexte_de_la_liste(request: RequeteAgent, lignes: PlageQuerySet | AbsenceQuerySet) -> dict[str, Any]:
    """Return what a list shows: mine, or everyone's for an admin; those to come or the past ones."""
    passees = request.GET.get("onglet") == "passees"
    toutes = request.appartenance.est_admin and request.GET.get("agents") == "tous"
    agent = None if toutes else request.user
    liste = a_lister(lignes, agent=agent, passees=passees, aujourd_hui=timezone.localdate())
    page = Paginator(liste, PAR_PAGE).get_page(request.GET.get("page"))
    return {
        "page": page,
        "lignes": [(ligne, en_mots(ligne.regle)) for ligne in page],
        "passees": passees,
        "toutes": toutes,
    }


def plage_modifiable(request: RequeteAgent, plage_id: int) -> PlageOuverture:
    """Return a plage of the structure that this agent may change: 404 elsewhere, 403 for a colleague's."""
    plage: PlageOuverture = get_object_or_404(request.structure.plages.avec_details(), pk=plage_id)
    if plage.agent_id != request.user.pk and not request.appartenance.est_admin:
        raise PermissionDenied("Seul un administrateur modifie la plage d'un collègue.")
    return plage


def hors_plage(plage: PlageOuverture) -> set[int]:
    """Return the rendez-vous of the agent of a plage that are outside any plage now."""
    return set(rendez_vous_hors_plage(plage.structure, plage.agent, timezone.now()).values_list("pk", flat=True))


def dire_ceux_qui_sortent(request: RequeteAgent, plage: PlageOuverture, avant: set[int]) -> None:
    """Say how many rendez-vous the change left outside any plage; those that already were are no news."""
    nombre = len(hors_plage(plage) - avant)
    if nombre:
        liste = reverse("plages:plages", kwargs={"structure_id": request.structure.pk})
        agents = "" if plage.agent_id == request.user.pk else "?agents=tous"
        phrase = (
            "1 rendez-vous n'est plus dans aucune plage, et reste prévu."
            if nombre == 1
            else "{} rendez-vous ne sont plus dans aucune plage, et restent prévus."
        )
        lien = ' <a href="{}{}#hors-plage">Voir la liste</a>'
        messages.warning(request, format_html(phrase, nombre) + format_html(lien, liste, agents))
