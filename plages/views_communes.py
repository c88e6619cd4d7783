"""What the pages of a plage share: who may change it, and which rendez-vous a change leaves outside any plage."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from plages.models import Absence, PlageOuverture
from reservations.requetes.plages import rendez_vous_hors_plage
from structures.acces import RequeteAgent


def plage_modifiable(request: RequeteAgent, plage_id: int) -> PlageOuverture:
    """Return a plage of the structure that this agent may change: 404 elsewhere, 403 for a colleague's."""
    plage: PlageOuverture = get_object_or_404(request.structure.plages.avec_details(), pk=plage_id)
    if plage.agent_id != request.user.pk and not request.appartenance.est_admin:
        raise PermissionDenied("Seul un administrateur modifie la plage d'un collègue.")
    return plage


def refus_de_modifier(request: RequeteAgent, regle: PlageOuverture | Absence) -> HttpResponse | None:
    """Return where to go instead of changing the plage or the absence of someone who left: it only can be deleted.

    The plage would offer nothing, and the absence would take their time in the structures where they are now.
    """
    if regle.agent_id == request.user.pk or request.structure.appartenances.filter(agent=regle.agent_id).exists():
        return None
    messages.error(
        request,
        f"{regle.agent} ne fait plus partie de la structure : « {regle} » ne se modifie plus. "
        "Vous pouvez la supprimer.",
    )
    liste, onglet = ("plages", "&onglet=passees") if isinstance(regle, PlageOuverture) else ("absences", "")
    return redirect(f"{reverse(f'plages:{liste}', args=[request.structure.pk])}?agents=tous{onglet}")


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
