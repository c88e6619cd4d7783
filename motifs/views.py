"""Agents' pages: the motifs of a structure."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBadRequest, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from motifs import services
from motifs.forms import DuplicationForm, FiltreForm, MotifForm
from motifs.models import Motif
from motifs.requetes import apercu_du_motif, motif_bascule, motifs_a_lister
from motifs.services import MotifRefuse
from reservations.remedes import raisons_affichees
from reservations.reservation_en_ligne import verdict_du_motif
from structures.acces import RequeteAgent, admin_requis, agent_de_la_structure, reservation_en_ligne_requise
from structures.formulaires import adresse_de_retour, jeton_de_retour
from structures.htmx import page_ou_fragment
from structures.models import Structure

PAGE_DES_MOTIFS = "motifs/motifs.html"


@agent_de_la_structure
@require_safe
def motifs(request: RequeteAgent) -> HttpResponse:
    """List the motifs of the structure, searched and filtered, the archived ones apart."""
    bascule = motif_bascule(request.structure, request.GET.get("bascule", ""))
    return page_ou_fragment(request, PAGE_DES_MOTIFS, _contexte_de_la_liste(request, bascule), "liste")


@agent_de_la_structure
@reservation_en_ligne_requise
@admin_requis
@require_POST
def ouvrir_ou_fermer(request: RequeteAgent, motif_id: int) -> HttpResponse:
    """Open or close a motif from the list: what is asked is said (`action`), so twice is once."""
    motif = get_object_or_404(request.structure.motifs, pk=motif_id)
    action = {"ouvrir": services.ouvrir, "fermer": services.fermer}.get(request.POST.get("action", ""))
    if action is None:
        return HttpResponseBadRequest("Action inconnue.")
    refus = ""
    try:
        action(motif=motif)
    except MotifRefuse as erreur:
        refus = str(erreur)
    if not request.htmx:  # type: ignore[attr-defined]
        if refus:
            messages.error(request, refus)
        parametres = QueryDict(_filtres(request), mutable=True)
        parametres["bascule"] = str(motif.pk)
        adresse = reverse("motifs:motifs", args=[request.structure.pk])
        return redirect(f"{adresse}?{parametres.urlencode()}")
    contexte = {**_contexte_de_la_liste(request, None if refus else motif), "refus": refus}
    return page_ou_fragment(request, PAGE_DES_MOTIFS, contexte, "liste")


def _filtres(request: RequeteAgent) -> str:
    """Return what is searched, as it is written in the address."""
    parametres = request.GET.copy()
    parametres.pop("bascule", None)
    return parametres.urlencode()


def _contexte_de_la_liste(request: RequeteAgent, bascule: Motif | None) -> dict[str, object]:
    """`bascule`: the motif that has just been opened or closed, which the page says and offers to undo."""
    filtre = FiltreForm(request.GET, structure=request.structure)
    trouves = list(filtre.appliquer(motifs_a_lister(request.structure)))
    return {
        "filtre": filtre,
        "motifs": [motif for motif in trouves if motif.archive_le is None],
        "archives": [motif for motif in trouves if motif.archive_le is not None],
        "bascule": bascule,
        "filtres": _filtres(request),
        "retour": jeton_de_retour(request),
        "suite": adresse_de_retour(request, request.structure, "motifs:motifs"),
    }


@agent_de_la_structure
@admin_requis
@require_http_methods(["GET", "HEAD", "POST"])
def nouveau_motif(request: RequeteAgent) -> HttpResponse:
    """Create a motif: open to online booking at once for who comes from the pages that ask for one."""
    initial = {"reservable_en_ligne": bool(jeton_de_retour(request))}
    form = MotifForm(request.POST or None, structure=request.structure, initial=initial)
    if request.method == "POST" and "apercu" not in request.POST and _enregistre(form):
        messages.success(request, f"Le motif « {form.instance} » est créé.")
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
    if request.method == "POST" and "apercu" not in request.POST and _enregistre(form):
        messages.success(request, f"Le motif « {form.instance} » est enregistré.")
        return redirect(adresse_de_retour(request, request.structure, "motifs:motifs"))
    return _page_du_formulaire(request, form)


@agent_de_la_structure
@admin_requis
@require_http_methods(["GET", "HEAD", "POST"])
def dupliquer_motif(request: RequeteAgent, motif_id: int) -> HttpResponse:
    """Copy a motif here or into another of the structures where I am an admin; the copy is closed to online booking."""
    motif = get_object_or_404(request.structure.motifs, pk=motif_id)
    structures = Structure.objects.filter(
        pk__in=[appartenance.structure_id for appartenance in request.appartenances if appartenance.est_admin]
    )
    form = DuplicationForm(request.POST or None, motif=motif, structures=structures.order_by("nom", "pk"))
    if request.method == "POST" and form.is_valid():
        try:
            copie = services.dupliquer(motif=motif, **form.cleaned_data)
        except MotifRefuse as refus:
            form.add_error("nom", str(refus))
        else:
            messages.success(request, f"Le motif « {copie} » est créé, fermé à la réservation en ligne. Relisez-le.")
            return redirect("motifs:modifier_motif", structure_id=copie.structure_id, motif_id=copie.pk)
    return render(request, "motifs/dupliquer_motif.html", {"motif": motif, "form": form})


@agent_de_la_structure
@admin_requis
@require_http_methods(["GET", "HEAD", "POST"])
def supprimer_motif(request: RequeteAgent, motif_id: int) -> HttpResponse:
    """Ask, then delete a motif that nothing uses; otherwise it can only be archived."""
    motif = get_object_or_404(motifs_a_lister(request.structure), pk=motif_id)
    if request.method == "POST":
        try:
            services.supprimer(motif=motif)
            messages.success(request, f"Le motif « {motif} » est supprimé.")
        except MotifRefuse as refus:
            messages.error(request, str(refus))
        return redirect("motifs:motifs", structure_id=request.structure.pk)
    return render(request, "motifs/supprimer_motif.html", {"motif": motif})


@agent_de_la_structure
@admin_requis
@require_POST
def archiver_motif(request: RequeteAgent, motif_id: int) -> HttpResponse:
    """Set a motif aside."""
    motif = services.archiver(motif=get_object_or_404(request.structure.motifs, pk=motif_id), maintenant=timezone.now())
    messages.success(request, f"Le motif « {motif} » est archivé : il n'est plus proposé. Ses rendez-vous restent.")
    return redirect("motifs:motifs", structure_id=request.structure.pk)


@agent_de_la_structure
@admin_requis
@require_POST
def restaurer_motif(request: RequeteAgent, motif_id: int) -> HttpResponse:
    """Bring an archived motif back, closed to online booking."""
    motif = get_object_or_404(request.structure.motifs, pk=motif_id)
    try:
        services.restaurer(motif=motif)
        messages.success(request, f"Le motif « {motif} » est de retour, fermé à la réservation en ligne.")
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
    """Show the form and, beside it, what a learner will read: the region `apercu`, which htmx refreshes."""
    maintenant = timezone.now()
    apercu_seul = "apercu" in request.POST
    if request.method == "POST":
        form.is_valid()  # writes what was typed on the instance, what is valid at least
    # As stored: the form has already written what was typed on its instance.
    motif = Motif.objects.select_related("structure").filter(pk=form.instance.pk).first()
    contexte: dict[str, object] = {
        "form": form,
        "motif": motif,
        "retour": jeton_de_retour(request),
        "annuler": adresse_de_retour(request, request.structure, "motifs:motifs"),
    }
    if request.structure.reservation_en_ligne_possible:
        contexte["apercu"] = apercu_du_motif(form.instance, maintenant)
        if motif is not None and not apercu_seul:
            verdict = verdict_du_motif(motif, maintenant)
            contexte |= {"verdict": verdict, "raisons": raisons_affichees(verdict, motif, request.appartenance)}
    return page_ou_fragment(request, "motifs/motif.html", contexte, "apercu" if apercu_seul else None)
