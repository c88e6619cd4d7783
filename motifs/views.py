"""Agents' pages: the motifs of a structure."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from motifs import services
from motifs.forms import MotifForm
from motifs.models import Motif
from motifs.services import MotifRefuse
from reservations.remedes import raisons_affichees
from reservations.reservation_en_ligne import verdict_du_motif
from structures.acces import RequeteAgent, admin_requis, agent_de_la_structure
from structures.formulaires import adresse_de_retour, jeton_de_retour


@agent_de_la_structure
@require_safe
def motifs(request: RequeteAgent) -> HttpResponse:
    """List the motifs of the structure, the archived ones apart."""
    tous = list(request.structure.motifs.par_nom())
    return render(
        request,
        "motifs/motifs.html",
        {
            "motifs": [motif for motif in tous if motif.archive_le is None],
            "archives": [motif for motif in tous if motif.archive_le is not None],
            "retour": jeton_de_retour(request),
        },
    )


@agent_de_la_structure
@admin_requis
@require_http_methods(["GET", "HEAD", "POST"])
def nouveau_motif(request: RequeteAgent) -> HttpResponse:
    """Create a motif."""
    form = MotifForm(request.POST or None, structure=request.structure)
    if request.method == "POST" and _enregistre(form):
        messages.success(request, f"Le motif « {form.instance} » est créé.")
        return redirect(adresse_de_retour(request, request.structure, "motifs:motifs"))
    return _page_du_formulaire(request, form)


@agent_de_la_structure
@admin_requis
@require_http_methods(["GET", "HEAD", "POST"])
def modifier_motif(request: RequeteAgent, motif_id: int) -> HttpResponse:
    """Edit a motif; its kind of place is frozen once a rendez-vous was taken."""
    motif = get_object_or_404(request.structure.motifs, pk=motif_id)
    form = MotifForm(
        request.POST or None,
        instance=motif,
        structure=request.structure,
        type_fige=motif.rendez_vous.exists(),
    )
    if request.method == "POST" and _enregistre(form):
        messages.success(request, f"Le motif « {form.instance} » est enregistré.")
        return redirect(adresse_de_retour(request, request.structure, "motifs:motifs"))
    return _page_du_formulaire(request, form)


@agent_de_la_structure
@admin_requis
@require_POST
def archiver_motif(request: RequeteAgent, motif_id: int) -> HttpResponse:
    """Set a motif aside."""
    motif = services.archiver(motif=get_object_or_404(request.structure.motifs, pk=motif_id), maintenant=timezone.now())
    messages.success(request, f"Le motif « {motif} » est archivé : il n'est plus proposé. Ses rendez-vous restent.")
    return redirect("motifs:motifs", structure_id=request.structure.pk)


@agent_de_la_structure
@admin_requis
@require_POST
def restaurer_motif(request: RequeteAgent, motif_id: int) -> HttpResponse:
    """Bring an archived motif back, closed to online booking."""
    motif = get_object_or_404(request.structure.motifs, pk=motif_id)
    try:
        services.restaurer(motif=motif)
        messages.success(request, f"Le motif « {motif} » est de retour, fermé à la réservation en ligne.")
    except MotifRefuse as refus:
        messages.error(request, str(refus))
    return redirect("motifs:motifs", structure_id=request.structure.pk)


def _enregistre(form: MotifForm) -> bool:
    """Save a valid form; what only the database can refuse becomes an error of the form."""
    if not form.is_valid():
        return False
    try:
        services.enregistrer_motif(motif=form.instance)
    except MotifRefuse as refus:
        form.ajouter_refus(refus.contrainte, str(refus))
        return False
    return True


def _page_du_formulaire(request: RequeteAgent, form: MotifForm) -> HttpResponse:
    # As stored: the form has already written what was typed on its instance.
    motif = Motif.objects.select_related("structure").filter(pk=form.instance.pk).first()
    contexte: dict[str, object] = {"form": form, "motif": motif, "retour": jeton_de_retour(request)}
    if motif is not None and request.structure.reservation_en_ligne_possible:
        verdict = verdict_du_motif(motif, timezone.now())
        contexte |= {"verdict": verdict, "raisons": raisons_affichees(verdict, motif, request.appartenance)}
    return render(request, "motifs/motif.html", contexte)
