"""One rendez-vous, for the prescriber who took it: see it, print it, cancel it, move it, take another.

What is known of the learner beyond their name is not shown, nor is the secret link, which would show it.
"""

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from reservations import services
from reservations.courrier.sms import est_mobile, sms_possibles
from reservations.models import Demarche, Par, Prescripteur, RendezVous
from reservations.parcours import lien_vers
from reservations.refus import AnnulationImpossible
from reservations.vues import deplacement_public
from reservations.vues.choix import adresse_du_choix
from reservations.vues.deplacement_public import Pages
from reservations.vues.prescripteur import prescripteur_requis
from reservations.vues.rendez_vous import contexte_du_rendez_vous, vient_de


def sa_prescription(vue: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Open `vue(request, rendez_vous)`, which this prescriber took; another's is a 404. Dates are its structure's."""

    @wraps(vue)
    @prescripteur_requis
    def enveloppe(request: HttpRequest, prescripteur: Prescripteur, rendez_vous_id: int) -> HttpResponse:
        siens = RendezVous.objects.prescrits_par(prescripteur).avec_details()
        rendez_vous = get_object_or_404(siens, pk=rendez_vous_id)
        with timezone.override(rendez_vous.structure.tz):
            return vue(request, rendez_vous)

    return enveloppe


@login_not_required
@require_safe
@never_cache
@sa_prescription
def prescription(request: HttpRequest, rendez_vous: RendezVous) -> HttpResponse:
    """All about it, and an unmistakable sentence when it was just taken, moved or cancelled."""
    geste = vient_de(request, rendez_vous)
    contexte = {
        **_contexte(rendez_vous),
        "vient_de": geste,
        "message": _message_a_la_personne(rendez_vous) if geste == "prescrire" else "",
    }
    return render(request, "reservations/prescripteur/rendez_vous.html", contexte)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@sa_prescription
def annuler(request: HttpRequest, rendez_vous: RendezVous) -> HttpResponse:
    """Ask before cancelling, then cancel. Asked twice, nothing more happens."""
    page = redirect("reservations:prescription", rendez_vous_id=rendez_vous.pk)
    if request.method == "POST":
        try:
            services.annuler_par_prescripteur(rendez_vous=rendez_vous, maintenant=timezone.now())
        except AnnulationImpossible as refus:
            messages.error(request, str(refus))
        else:
            request.session["vient_de"] = ["annuler", rendez_vous.jeton]
        return page
    if not rendez_vous.est_annulable_par_la_personne(timezone.now()):
        return page
    return render(request, "reservations/prescripteur/annuler.html", _contexte(rendez_vous))


@login_not_required
@require_safe
@never_cache
@sa_prescription
def deplacer(request: HttpRequest, rendez_vous: RendezVous) -> HttpResponse:
    return deplacement_public.page_des_creneaux(request, rendez_vous, _pages(rendez_vous))


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@sa_prescription
def confirmer_deplacement(request: HttpRequest, rendez_vous: RendezVous) -> HttpResponse:
    return deplacement_public.page_de_confirmation(request, rendez_vous, _pages(rendez_vous))


@login_not_required
@require_safe
@never_cache
@sa_prescription
def feuille(request: HttpRequest, rendez_vous: RendezVous) -> HttpResponse:
    """The sheet for the person accompanied, in very large type. Printed at once when `imprimer` is in the address."""
    contexte = {**_contexte(rendez_vous), "imprimer": "imprimer" in request.GET}
    return render(request, "reservations/prescripteur/fiche.html", contexte)


def _pages(rendez_vous: RendezVous) -> Pages:
    ici = [rendez_vous.pk]
    return Pages(
        reverse("reservations:deplacer_prescription", args=ici),
        reverse("reservations:confirmer_deplacement_prescription", args=ici),
        reverse("reservations:prescription", args=ici),
        "reservations/prescripteur/deplacer",
        Par.PRESCRIPTEUR,
    )


def _contexte(rendez_vous: RendezVous) -> dict[str, object]:
    return {
        **contexte_du_rendez_vous(rendez_vous),
        "prescripteur": rendez_vous.prescripteur,
        "retour": reverse("reservations:prescription", args=[rendez_vous.pk]),
        "autre": _un_autre(rendez_vous),
    }


def _un_autre(rendez_vous: RendezVous) -> str:
    """Where the next one is taken: same motif, same lieu, by the same link; "" when that link is closed."""
    structure = rendez_vous.structure
    if not structure.reservation_en_ligne_possible or structure.lien_ferme:
        return ""
    lien = lien_vers(structure, rendez_vous.agent if rendez_vous.agent_choisi else None, prescripteur=True)
    return adresse_du_choix("choix_lieu", lien, rendez_vous.motif_id, lieu=rendez_vous.lieu_id)


def _message_a_la_personne(rendez_vous: RendezVous) -> str:
    """Say whether a message reaches the person, by what the prescriber typed alone: nothing else is told to them."""
    demarche = Demarche.objects.filter(rendez_vous=rendez_vous).first()
    if demarche is None:
        return ""
    if demarche.courriel:
        return "Un e-mail de confirmation part aussi à cette personne."
    if not demarche.telephone:
        return "Aucun message ne pourra lui être envoyé : imprimez la fiche."
    if not est_mobile(demarche.telephone):
        return "Ce numéro de téléphone ne reçoit pas de SMS : imprimez la fiche."
    if not sms_possibles():
        return "Nous ne pouvons pas envoyer de SMS : imprimez la fiche."
    return "Un SMS de confirmation part aussi à cette personne."
