"""Agents' pages: who waits for a place."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from reservations.attente import quitter
from reservations.models import Attente
from structures.acces import RequeteAgent, agent_de_la_structure, reservation_en_ligne_requise

PAR_PAGE = 50


@agent_de_la_structure
@reservation_en_ligne_requise
@require_safe
def liste_d_attente(request: RequeteAgent) -> HttpResponse:
    """List those who wait, by motif then by rank."""
    maintenant = timezone.now()
    liste = Attente.objects.actives(maintenant).de_la_structure(request.structure)
    liste = liste.select_related("motif", "lieu", "agent", "rendez_vous", "demarche__rendez_vous")
    par_motif = liste.order_by("motif__nom", "motif", "inscrite_le", "pk")
    page = Paginator(par_motif, PAR_PAGE).get_page(request.GET.get("page"))
    contexte = {"page": page, "maintenant": maintenant}
    return render(request, "reservations/agent/liste_d_attente.html", contexte)


@agent_de_la_structure
@reservation_en_ligne_requise
@require_POST
def retirer_de_la_liste(request: RequeteAgent, attente_id: int) -> HttpResponse:
    """Take someone off the list. Asked twice, nothing more happens."""
    attente = get_object_or_404(Attente.objects.de_la_structure(request.structure), pk=attente_id)
    quitter(attente=attente, maintenant=timezone.now())
    messages.success(
        request, f"{attente} n'est plus sur la liste. Rien ne lui est envoyé : prévenez cette personne s'il le faut."
    )
    return redirect("reservations:liste_d_attente", structure_id=request.structure.pk)
