"""Agents' pages: the team of a structure. Taking someone out is in `reservations.vues.depart`."""

from django.contrib import messages
from django.db.models.functions import Lower
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from structures import equipe
from structures.acces import RequeteAgent, admin_requis, agent_de_la_structure
from structures.equipe import EquipeRefusee
from structures.forms_agents import InvitationForm
from structures.models import Role


@agent_de_la_structure
@require_safe
def agents(request: RequeteAgent) -> HttpResponse:
    """List the agents of the structure, by name."""
    membres = request.structure.appartenances.select_related("agent").order_by(
        Lower("agent__nom"), Lower("agent__prenom"), "pk"
    )
    return render(request, "structures/agents.html", {"membres": membres})


@agent_de_la_structure
@admin_requis
@require_http_methods(["GET", "HEAD", "POST"])
def inviter_agent(request: RequeteAgent) -> HttpResponse:
    """Invite someone by e-mail. The answer is the same whether the address has an account or not."""
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            equipe.inviter(structure=request.structure, maintenant=timezone.now(), **form.cleaned_data)
        except EquipeRefusee as refus:
            form.add_error("courriel", str(refus))
        else:
            messages.success(request, f"Invitation envoyée à {form.cleaned_data['courriel']}.")
            return redirect("structures:agents", structure_id=request.structure.pk)
    return render(request, "structures/inviter_agent.html", {"form": form})


@agent_de_la_structure
@admin_requis
@require_POST
def relancer_agent(request: RequeteAgent, agent_id: int) -> HttpResponse:
    """Send the invitation again."""
    appartenance = get_object_or_404(request.structure.appartenances.select_related("agent"), agent=agent_id)
    try:
        equipe.relancer(appartenance=appartenance, maintenant=timezone.now())
        messages.success(request, f"Invitation envoyée de nouveau à {appartenance.agent.courriel}.")
    except EquipeRefusee as refus:
        messages.error(request, str(refus))
    return redirect("structures:agents", structure_id=request.structure.pk)


@agent_de_la_structure
@admin_requis
@require_POST
def changer_role(request: RequeteAgent, agent_id: int) -> HttpResponse:
    """Make a member an admin, or an ordinary agent again."""
    appartenance = get_object_or_404(request.structure.appartenances.select_related("agent"), agent=agent_id)
    role = request.POST.get("role")
    if role not in Role.values:
        return HttpResponseBadRequest("Rôle inconnu.")
    try:
        equipe.changer_role(appartenance=appartenance, role=role)
        fait = "est administrateur" if role == Role.ADMIN else "n'est plus administrateur"
        messages.success(request, f"{appartenance.agent} {fait} de la structure.")
    except EquipeRefusee as refus:
        messages.error(request, str(refus))
    return redirect("structures:agents", structure_id=request.structure.pk)
