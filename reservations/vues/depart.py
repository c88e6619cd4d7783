"""Admins' page: take an agent out of the structure, knowing what it cancels."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from reservations.depart import DepartChange, rendez_vous_du_depart, retirer
from reservations.forms.agent import AnnulationForm
from reservations.requetes.rendez_vous import a_prevenir_soi_meme
from structures.acces import RequeteAgent, admin_requis, agent_de_la_structure
from structures.equipe import EquipeRefusee, est_seul_admin
from structures.formulaires import identifiants
from structures.models import Appartenance


@agent_de_la_structure
@admin_requis
@require_http_methods(["GET", "HEAD", "POST"])
def retirer_agent(request: RequeteAgent, agent_id: int) -> HttpResponse:
    """Say what taking an agent out does, list what it cancels, then do it."""
    appartenance: Appartenance = get_object_or_404(
        request.structure.appartenances.select_related("agent", "structure"), agent=agent_id
    )
    form = AnnulationForm(request.POST if request.method == "POST" else None)
    form.fields["message"].label = "Message pour les personnes"
    if request.method == "POST" and form.is_valid():
        try:
            return _retirer(request, appartenance, form.cleaned_data["message"])
        except (DepartChange, EquipeRefusee) as refus:
            form.add_error(None, str(refus))
    maintenant = timezone.now()
    liste = rendez_vous_du_depart(appartenance, maintenant).avec_details()
    contexte = {
        "agent": appartenance.agent,
        "seul_admin": est_seul_admin(appartenance),
        "form": form,
        "lignes": [(rdv, bool(a_prevenir_soi_meme(rdv))) for rdv in liste],
        "plages": request.structure.plages.filter(agent=agent_id).en_cours(timezone.localdate()).count(),
    }
    return render(request, "reservations/agent/retirer_agent.html", contexte)


def _retirer(request: RequeteAgent, appartenance: Appartenance, message: str) -> HttpResponse:
    listes = identifiants(request.POST.getlist("rendez_vous"))
    annules = retirer(appartenance=appartenance, message=message, listes=listes, maintenant=timezone.now())
    suite = ""
    if annules:
        suite = " 1 rendez-vous est annulé." if annules == 1 else f" {annules} rendez-vous sont annulés."
    if appartenance.agent_id == request.user.pk:
        messages.success(request, f"Vous avez quitté {request.structure}.{suite}")
        return redirect("structures:mes_structures")
    messages.success(request, f"{appartenance.agent} ne fait plus partie de la structure.{suite}")
    return redirect("structures:agents", structure_id=request.structure.pk)
