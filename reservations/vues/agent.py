"""Agents' pages: the rendez-vous."""

from datetime import timedelta

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from reservations.forms.agent import AnnulationForm
from reservations.models import STATUTS_ANNULES, Attente, RendezVous
from reservations.premiers_pas import premiers_pas
from reservations.refus import AnnulationImpossible
from reservations.requetes.rendez_vous import a_prevenir_soi_meme
from reservations.services import annuler_par_structure
from structures.acces import RequeteAgent, agent_de_la_structure
from structures.dates import de_a

PAR_PAGE = 50
JOURS_PASSES = 30


@agent_de_la_structure
@require_safe
def rendez_vous(request: RequeteAgent) -> HttpResponse:
    """List the rendez-vous to come, mine or the structure's, those to come that are cancelled, or those of the last
    thirty days."""
    maintenant = timezone.now()
    onglet = request.GET.get("onglet", "")
    if onglet not in ("passes", "annules"):
        onglet = ""
    tous = request.GET.get("agents") == "tous"
    liste = RendezVous.objects.de_la_structure(request.structure).avec_details()
    if not tous:
        liste = liste.de_l_agent(request.user)
    match onglet:
        case "passes":
            liste = liste.passes(maintenant, timedelta(days=JOURS_PASSES))
        case "annules":
            liste = liste.annules_a_venir(maintenant)
        case _:
            liste = liste.a_venir(maintenant)
    page = Paginator(liste, PAR_PAGE).get_page(request.GET.get("page"))
    pas = [] if onglet or page.object_list else premiers_pas(request, maintenant)
    contexte = {
        "page": page,
        "onglet": onglet,
        "tous": tous,
        "jours_passes": JOURS_PASSES,
        "maintenant": maintenant,
        "pas": pas,
        "en_attente": 0 if onglet else Attente.objects.actives(maintenant).de_la_structure(request.structure).count(),
        "suivante": next((etape for etape in pas if not etape.fait), None),
    }
    return render(request, "reservations/agent/rendez_vous.html", contexte)


@agent_de_la_structure
@require_http_methods(["GET", "HEAD", "POST"])
def annuler(request: RequeteAgent, rendez_vous_id: int) -> HttpResponse:
    """Cancel a rendez-vous of the structure, with a message to the person."""
    liste = reverse("reservations:rendez_vous", kwargs={"structure_id": request.structure.pk})
    rdv = get_object_or_404(RendezVous.objects.de_la_structure(request.structure).avec_details(), pk=rendez_vous_id)
    if rdv.statut in STATUTS_ANNULES:
        messages.info(request, "Ce rendez-vous est déjà annulé.")
        return redirect(liste)
    if not rdv.est_annulable(timezone.now()):
        messages.error(request, "Ce rendez-vous a commencé ou est passé : il ne peut plus être annulé.")
        return redirect(liste)
    form = AnnulationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            annuler_par_structure(
                rendez_vous=rdv,
                message=form.cleaned_data["message"],
                maintenant=timezone.now(),
                auteur=request.user,
            )
        except AnnulationImpossible as refus:
            messages.error(request, str(refus))
        else:
            debut, fin = timezone.localtime(rdv.debut), timezone.localtime(rdv.fin)
            messages.success(
                request, f"Le rendez-vous du {de_a(debut, fin)} est annulé. Le créneau est de nouveau libre."
            )
            if a_prevenir := a_prevenir_soi_meme(rdv):
                messages.warning(request, f"Aucun message n'a pu partir à {a_prevenir} : prévenez cette personne.")
        return redirect(liste)
    contexte = {"rdv": rdv, "form": form, "a_prevenir": a_prevenir_soi_meme(rdv)}
    return render(request, "reservations/agent/annuler.html", contexte)
