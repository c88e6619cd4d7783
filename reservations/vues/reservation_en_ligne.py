"""Agents' pages: the tab "Réservation en ligne"."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from cartographie.boutons import boutons_de_la_structure
from motifs.requetes import motif_bascule
from motifs.services import MotifRefuse, fermer, ouvrir
from reservations.remedes import raisons_affichees
from reservations.reservation_en_ligne import etat_de_la_reservation
from reservations.vues.lien import lien_complet, lien_des_prescripteurs
from structures.acces import RequeteAgent, admin_requis, agent_de_la_structure, reservation_en_ligne_requise
from structures.htmx import page_ou_fragment

PAGE_RESERVATION_EN_LIGNE = "reservations/agent/reservation_en_ligne.html"


@agent_de_la_structure
@reservation_en_ligne_requise
@require_safe
def reservation_en_ligne(request: RequeteAgent) -> HttpResponse:
    """The two conditions of online booking, the link to give, and every motif with its first free créneau."""
    bascule = motif_bascule(request.structure, request.GET.get("bascule", ""))
    return render(request, PAGE_RESERVATION_EN_LIGNE, {**_contexte_de_la_reservation(request), "bascule": bascule})


@agent_de_la_structure
@reservation_en_ligne_requise
@admin_requis
@require_POST
def basculer_motif(request: RequeteAgent, motif_id: int) -> HttpResponse:
    """Open or close a motif from the recap: what is asked is said (`action`), so twice is once."""
    motif = get_object_or_404(request.structure.motifs, pk=motif_id)
    action = request.POST.get("action")
    if action not in ("ouvrir", "fermer"):
        return HttpResponseBadRequest("Action inconnue.")
    refus = ""
    try:
        (ouvrir if action == "ouvrir" else fermer)(motif=motif)
    except MotifRefuse as erreur:
        refus = str(erreur)
    if not request.htmx:  # type: ignore[attr-defined]
        page = reverse("reservations:reservation_en_ligne", args=[request.structure.pk])
        if refus:
            messages.error(request, refus)
        return redirect(page if refus else f"{page}?bascule={motif.pk}")
    contexte = {**_contexte_de_la_reservation(request), "bascule": None if refus else motif, "refus": refus}
    return page_ou_fragment(request, PAGE_RESERVATION_EN_LIGNE, contexte, "etat")


def _contexte_de_la_reservation(request: RequeteAgent) -> dict[str, object]:
    maintenant = timezone.now()
    etat = etat_de_la_reservation(request.structure, maintenant)
    return {
        "etat": etat,
        "lignes": [
            (ligne, raisons_affichees(ligne.verdict, ligne.motif, request.appartenance)) for ligne in etat.lignes
        ],
        "lien": lien_complet(request),
        "lien_des_prescripteurs": lien_des_prescripteurs(request),
        "boutons": boutons_de_la_structure(request.structure, maintenant),
    }
