"""Agents' pages of one rendez-vous: all about it, what became of it."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBadRequest, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from reservations.models import RendezVous, Statut
from reservations.refus import ReservationImpossible
from reservations.requetes.rendez_vous import gestes, historique
from reservations.services import noter_presence
from structures.acces import RequeteAgent, agent_de_la_structure
from structures.htmx import page_ou_fragment

PAGE = "reservations/agent/rendez_vous_detail.html"
STATUTS_A_NOTER = (Statut.HONORE, Statut.ABSENT, Statut.EXCUSE, Statut.PREVU)


@agent_de_la_structure
@require_http_methods(["GET", "HEAD", "POST"])
def rendez_vous_detail(request: RequeteAgent, rendez_vous_id: int) -> HttpResponse:
    """Show a rendez-vous of the structure, and write what became of it."""
    rdv = get_object_or_404(RendezVous.objects.de_la_structure(request.structure).avec_details(), pk=rendez_vous_id)
    if request.method != "POST":
        return page_ou_fragment(request, PAGE, contexte_du_rendez_vous(rdv), "detail")
    statut = next((s for s in STATUTS_A_NOTER if s == request.POST.get("statut")), None)
    if statut is None:
        return HttpResponseBadRequest("Statut inconnu.")
    try:
        noter_presence(rendez_vous=rdv, statut=statut, maintenant=timezone.now(), auteur=request.user)
        fait, reussi = f"C'est noté : {statut.label.lower()}.", True
    except ReservationImpossible as refus:
        fait, reussi = str(refus), False
    if not request.htmx:  # type: ignore[attr-defined]
        (messages.success if reussi else messages.error)(request, fait)
        return redirect(_retour(request, rdv))
    rdv = RendezVous.objects.avec_details().get(pk=rdv.pk)
    return page_ou_fragment(request, PAGE, {**contexte_du_rendez_vous(rdv), "fait": fait, "reussi": reussi}, "detail")


def contexte_du_rendez_vous(rdv: RendezVous) -> dict[str, object]:
    """Return what the region "detail" needs, on its own page and in the agenda."""
    maintenant = timezone.now()
    return {
        "rdv": rdv,
        "gestes": gestes(rdv, maintenant),
        "historique": historique(rdv),
        "annulable": rdv.est_annulable(maintenant),
    }


def _retour(request: RequeteAgent, rdv: RendezVous) -> str:
    """Go back to the agenda where the rendez-vous was opened (its parameters, never an address), else to its page."""
    structure_id = request.structure.pk
    if "agenda" not in request.POST:
        return reverse("reservations:rendez_vous_detail", args=[structure_id, rdv.pk])
    parametres = QueryDict(request.POST["agenda"].lstrip("?"))
    gardes = {cle: parametres[cle] for cle in ("jour", "vue", "agent") if cle in parametres}
    return f"{reverse('reservations:agenda', args=[structure_id])}?{urlencode({**gardes, 'rdv': rdv.pk})}"
