"""Agents' pages: the rendez-vous that an absence or a closing covers, and their cancellation with one message."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from plages.models import Absence
from plages.mots import en_mots
from reservations.forms.absence import RendezVousCouvertsForm
from reservations.models import RendezVous
from reservations.refus import AnnulationImpossible
from reservations.requetes.plages import rendez_vous_pendant, rendez_vous_un_jour_ferme
from reservations.services import annuler_par_structure
from structures.acces import RequeteAgent, admin_requis, agent_de_la_structure
from structures.dates import moment


@agent_de_la_structure
@require_http_methods(["GET", "HEAD", "POST"])
def rendez_vous_couverts(request: RequeteAgent, absence_id: int) -> HttpResponse:
    """List what an absence covers, and cancel what is ticked. Nothing of another structure is said but the hours."""
    # Of its own agents: nothing is said any more of the time of someone who left.
    siennes = request.structure.absences.filter(agent__structures=request.structure).select_related("agent")
    absence: Absence = get_object_or_404(siennes, pk=absence_id)
    if absence.agent_id != request.user.pk and not request.appartenance.est_admin:
        raise PermissionDenied("Seul un administrateur annule les rendez-vous d'un collègue absent.")
    tous = list(_couverts(absence))
    ici = [rdv for rdv in tous if rdv.structure_id == request.structure.pk]
    form = RendezVousCouvertsForm(request.POST or None, rendez_vous=ici)
    if request.method == "POST" and form.is_valid():
        _annuler(request, form.choisis(), form.cleaned_data["message"])
        if len(form.choisis()) < len(ici):
            return redirect("reservations:rendez_vous_couverts", request.structure.pk, absence.pk)
        return redirect("plages:absences", structure_id=request.structure.pk)
    contexte = {
        "absence": absence,
        "phrase": en_mots(absence.regle),
        "form": form,
        "lignes": form.lignes(),
        "ailleurs": [rdv for rdv in tous if rdv.structure_id != request.structure.pk],
    }
    return render(request, "reservations/agent/rendez_vous_couverts.html", contexte)


@agent_de_la_structure
@admin_requis
@require_http_methods(["GET", "HEAD", "POST"])
def rendez_vous_fermes(request: RequeteAgent) -> HttpResponse:
    """List the rendez-vous on the days when the structure is closed, and cancel what is ticked."""
    rendez_vous = list(rendez_vous_un_jour_ferme(request.structure, timezone.now()).avec_details())
    form = RendezVousCouvertsForm(request.POST or None, rendez_vous=rendez_vous)
    if request.method == "POST" and form.is_valid():
        _annuler(request, form.choisis(), form.cleaned_data["message"])
        return redirect("plages:fermetures", structure_id=request.structure.pk)
    contexte = {"form": form, "lignes": form.lignes()}
    return render(request, "reservations/agent/rendez_vous_fermes.html", contexte)


def _couverts(absence: Absence) -> list[RendezVous]:
    maintenant = timezone.now()
    periodes = absence.indisponibilites.filter(periode__endswith__gt=maintenant).values_list("periode", flat=True)
    bornes = [(periode.lower, periode.upper) for periode in periodes]
    return list(rendez_vous_pendant(absence.agent_id, bornes, maintenant).avec_details())


def _annuler(request: RequeteAgent, choisis: list[RendezVous], message: str) -> None:
    """Cancel each, in a transaction of its own: one that has just begun does not keep the others."""
    annules = 0
    for rdv in choisis:
        try:
            annuler_par_structure(rendez_vous=rdv, message=message, maintenant=timezone.now(), auteur=request.user)
        except AnnulationImpossible:
            quand = moment(timezone.localtime(rdv.debut))
            messages.error(request, f"Le {quand} : ce rendez-vous a commencé, il ne peut plus être annulé.")
        else:
            annules += 1
    if annules:
        fait = "1 rendez-vous est annulé." if annules == 1 else f"{annules} rendez-vous sont annulés."
        messages.success(request, fait)
