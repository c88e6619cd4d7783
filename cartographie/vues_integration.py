"""The pages that another site may show in a frame: the list and the map, and the next slots of a place.

Any site may: they are public, only read, keep no cookie and have nothing to trick a click out of. What leads to a
booking opens outside the frame. All the other pages refuse to be framed (`rdv.settings`).
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from cartographie import vues_carte
from cartographie.disponibilites import par_motif, suivants
from cartographie.fiche import adresse_pour_choisir, fiche_du_lieu
from cartographie.requetes import est_retire, lieux_connus

Vue = Callable[..., HttpResponse]


def integrable(vue: Vue) -> Vue:
    """Let any site show this page in a frame."""
    politique: dict[str, Any] = {**settings.SECURE_CSP, "frame-ancestors": ["*"]}
    vue = csp_override(politique)(vue)
    return cache_control(public=True, max_age=60)(xframe_options_exempt(vue))


carte_integree = integrable(vues_carte.carte)
departement_integree = integrable(vues_carte.departement)


@integrable
@login_not_required
@require_safe
def lieu_integre(request: HttpRequest, lieu_id: int) -> HttpResponse:
    """The next slots of a place, and one button."""
    lieu = get_object_or_404(lieux_connus().select_related("structure", "releve"), pk=lieu_id)
    maintenant = timezone.now()
    with timezone.override(lieu.structure.tz):
        trouvees = par_motif(lieu, maintenant)
        contexte = {
            "lieu": lieu,
            "retire": est_retire(lieu),
            "fiche": fiche_du_lieu(lieu, trouvees, maintenant),
            "motifs": [
                (trouvee, [(debut, adresse_pour_choisir(lieu, trouvee.motif, debut)) for debut in debuts])
                for trouvee, debuts in zip(trouvees, suivants(lieu, trouvees, maintenant), strict=True)
            ],
        }
        return render(request, "cartographie/lieu_integre.html", contexte)
