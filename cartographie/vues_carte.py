"""Public pages of the places: the page of one of them."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from cartographie.disponibilites import par_motif
from cartographie.fiche import adresse_de_la_fiche, fiche_du_lieu
from cartographie.requetes import lieux_publics


@login_not_required
@require_safe
def fiche(request: HttpRequest, lieu_id: int, nom: str = "") -> HttpResponse:
    """A place: what, when, where, and one button. The number makes the address: an old name leads to the new one."""
    lieu = get_object_or_404(lieux_publics().select_related("structure"), pk=lieu_id)
    if request.path != (adresse := adresse_de_la_fiche(lieu)):
        return redirect(adresse, permanent=True)
    maintenant = timezone.now()
    with timezone.override(lieu.structure.tz):
        page = fiche_du_lieu(lieu, par_motif(lieu, maintenant), maintenant)
        return render(request, "cartographie/fiche.html", {"fiche": page, "lieu": lieu, "structure": lieu.structure})
