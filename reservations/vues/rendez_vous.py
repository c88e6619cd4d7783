"""The learner's rendez-vous, for whoever holds its secret link: see it, put it in a calendar, cancel it.

Moving it is in `deplacement_public`, what helps to remember it in `garder`.
"""

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from reservations import liens, services
from reservations.attente import refus_d_attendre
from reservations.courrier import messagerie
from reservations.courrier.redaction import HEURES_LOCALES
from reservations.deplacement import limites_en_mots, refus_du_deplacement
from reservations.models import STATUTS_ANNULES, Par, RendezVous, Statut
from reservations.refus import AnnulationImpossible


def par_le_lien_secret(vue: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Open `vue(request, rendez_vous)`; a held slot is nobody's rendez-vous yet. Never in a search engine.

    Some time after the rendez-vous the link no longer opens (410), and says nothing of it.
    """

    @wraps(vue)
    def enveloppe(request: HttpRequest, jeton: str) -> HttpResponse:
        rendez_vous = get_object_or_404(RendezVous.objects.avec_details().exclude(statut=Statut.OPTION), jeton=jeton)
        with timezone.override(rendez_vous.structure.tz):
            if rendez_vous.lien_expire(timezone.now()):
                contexte = {"structure": rendez_vous.structure}
                reponse = render(request, "reservations/rendez_vous_public_expire.html", contexte, status=410)
            else:
                reponse = vue(request, rendez_vous)
        reponse["X-Robots-Tag"] = "noindex"
        return reponse

    return enveloppe


@login_not_required
@require_safe
@never_cache
@par_le_lien_secret
def rendez_vous_public(request: HttpRequest, rendez_vous: RendezVous) -> HttpResponse:
    """All that the learner needs, and an unmistakable sentence when they have just confirmed or cancelled."""
    attente = rendez_vous.attentes.actives(timezone.now()).first()
    contexte = {
        **contexte_du_rendez_vous(rendez_vous),
        "vient_de": vient_de(request, rendez_vous),
        "attente": attente,
        "peut_attendre": attente is None and not refus_d_attendre(rendez_vous, timezone.now()),
    }
    reponse = render(request, "reservations/rendez_vous_public.html", contexte)
    # The address is a secret, and this page has links to other sites. It has no form: with this policy browsers hide
    # the origin of a POST, and the CSRF check would refuse it.
    reponse["Referrer-Policy"] = "no-referrer"
    return reponse


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@par_le_lien_secret
def annuler_rendez_vous(request: HttpRequest, rendez_vous: RendezVous) -> HttpResponse:
    """Ask before cancelling, then cancel. Asked twice, nothing more happens."""
    if request.method == "POST":
        try:
            services.annuler_par_apprenant(rendez_vous=rendez_vous, maintenant=timezone.now())
        except AnnulationImpossible as refus:
            messages.error(request, str(refus))
        else:
            request.session["vient_de"] = ["annuler", rendez_vous.jeton]
        return redirect("reservations:rendez_vous_public", jeton=rendez_vous.jeton)
    if not rendez_vous.est_annulable_par_la_personne(timezone.now()):
        return redirect("reservations:rendez_vous_public", jeton=rendez_vous.jeton)
    return render(request, "reservations/rendez_vous_public_annuler.html", contexte_du_rendez_vous(rendez_vous))


@login_not_required
@require_safe
@never_cache
@par_le_lien_secret
def ics(request: HttpRequest, rendez_vous: RendezVous) -> HttpResponse:
    """The rendez-vous as a file that a calendar program opens: the very event that the e-mail carries."""
    if not rendez_vous.inscrits:
        raise Http404("Ce rendez-vous n'a pas d'apprenant.")
    methode = "CANCEL" if rendez_vous.statut in STATUTS_ANNULES else "REQUEST"
    reponse = HttpResponse(
        messagerie.invitation_de(rendez_vous=rendez_vous),
        content_type=f"text/calendar; method={methode}; charset=utf-8",
    )
    reponse["Content-Disposition"] = 'attachment; filename="rendez-vous.ics"'
    return reponse


def contexte_du_rendez_vous(rendez_vous: RendezVous) -> dict[str, object]:
    """Return what each page of a rendez-vous may show."""
    maintenant = timezone.now()
    participations = rendez_vous.inscrits
    return {
        "rendez_vous": rendez_vous,
        "structure": rendez_vous.structure,
        "motif": rendez_vous.motif,
        "heure_locale": HEURES_LOCALES.get(rendez_vous.structure.fuseau, ""),
        "lieu": rendez_vous.lieu,
        "participation": participations[0] if participations else None,
        "annule": rendez_vous.statut in STATUTS_ANNULES,
        "par_la_personne": rendez_vous.annule_par == Par.PERSONNE,
        "par_le_prescripteur": rendez_vous.annule_par == Par.PRESCRIPTEUR,
        "passe": rendez_vous.fin <= maintenant,
        "a_venir": rendez_vous.est_annulable(maintenant),
        "annulable": rendez_vous.est_annulable_par_la_personne(maintenant),
        "deplacable": not refus_du_deplacement(rendez_vous, maintenant),
        "limites": limites_en_mots(rendez_vous.structure),
        "plan": liens.plan(rendez_vous.lieu) if rendez_vous.lieu else "",
        "agendas": [
            (_("Google Agenda"), liens.agenda_google(rendez_vous)),
            ("Outlook.com", liens.agenda_outlook(rendez_vous)),
        ],
    }


def vient_de(request: HttpRequest, rendez_vous: RendezVous) -> str:
    """Return what was just done to this rendez-vous ("confirmer", "deplacer", "annuler"), once."""
    geste = request.session.get("vient_de")
    if not geste or geste[1] != rendez_vous.jeton:
        return ""
    del request.session["vient_de"]
    return str(geste[0])
