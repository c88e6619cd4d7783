"""Keeping a rendez-vous in mind, by its secret link: a sheet to print, its QR code, the confirmation sent again."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from reservations.courrier.redaction import lien_secret
from reservations.courrier.renvoi import canaux, renvoyer_confirmation
from reservations.models import RendezVous
from reservations.refus import EnvoiImpossible
from reservations.vues.rendez_vous import contexte_du_rendez_vous, par_le_lien_secret
from structures.qr import qr_svg


@login_not_required
@require_safe
@never_cache
@par_le_lien_secret
def feuille(request: HttpRequest, rendez_vous: RendezVous) -> HttpResponse:
    """One page in very large type, to print."""
    contexte = {**contexte_du_rendez_vous(rendez_vous), "lien": lien_secret(rendez_vous)}
    return render(request, "reservations/rendez_vous_public_feuille.html", contexte)


@login_not_required
@require_safe
@never_cache
@par_le_lien_secret
def qr_code(request: HttpRequest, rendez_vous: RendezVous) -> HttpResponse:
    """Draw the secret link as a QR code (SVG)."""
    return HttpResponse(qr_svg(lien_secret(rendez_vous), correction="m"), content_type="image/svg+xml")


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@par_le_lien_secret
def renvoyer(request: HttpRequest, rendez_vous: RendezVous) -> HttpResponse:
    """Choose by what, then send the confirmation again."""
    contexte = contexte_du_rendez_vous(rendez_vous)
    participation = contexte["participation"]
    if not contexte["a_venir"] or participation is None:
        return redirect("reservations:rendez_vous_public", jeton=rendez_vous.jeton)
    if request.method == "POST":
        try:
            ou = renvoyer_confirmation(
                rendez_vous=rendez_vous, canal=request.POST.get("canal", ""), maintenant=timezone.now()
            )
        except EnvoiImpossible as refus:
            messages.error(request, str(refus))
        else:
            messages.success(request, _("La confirmation part à %(ou)s.") % {"ou": ou})
        return redirect("reservations:rendez_vous_public", jeton=rendez_vous.jeton)
    contexte["canaux"] = canaux(rendez_vous.inscrits[0].apprenant)
    return render(request, "reservations/rendez_vous_public_renvoyer.html", contexte)
