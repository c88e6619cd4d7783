"""Agents' pages: the learners of the structure, "personnes" on screen."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from reservations.apprenants import modifier_apprenant as enregistrer
from reservations.apprenants import supprimer_apprenant as effacer
from reservations.conservation import CONSERVATION_APPRENANTS
from reservations.forms.apprenants import IdentiteForm, RechercheForm
from reservations.models import Apprenant
from reservations.refus import SuppressionImpossible
from reservations.requetes.apprenants import avec_leurs_rendez_vous, rendez_vous_de
from structures.acces import RequeteAgent, agent_de_la_structure
from structures.htmx import page_ou_fragment
from structures.texte import de

PAR_PAGE = 50


@agent_de_la_structure
@require_safe
def apprenants(request: RequeteAgent) -> HttpResponse:
    """List the people of the structure by name, or those searched, with their next and last rendez-vous."""
    recherche = RechercheForm(request.GET)
    trouves = Apprenant.objects.filter(structure=request.structure).cherches(recherche.texte).par_nom()
    page = Paginator(avec_leurs_rendez_vous(trouves, timezone.now()), PAR_PAGE).get_page(request.GET.get("page"))
    contexte = {"recherche": recherche, "page": page}
    return page_ou_fragment(request, "reservations/agent/apprenants.html", contexte, "liste")


@agent_de_la_structure
@require_safe
def apprenant(request: RequeteAgent, apprenant_id: int) -> HttpResponse:
    """Show one person: how to reach them, their rendez-vous to come and past, cancelled ones included."""
    personne = _personne(request, apprenant_id)
    a_venir, passes = rendez_vous_de(personne, timezone.now())
    contexte = {"personne": personne, "a_venir": a_venir, "passes": passes[:PAR_PAGE], "par_page": PAR_PAGE}
    return render(request, "reservations/agent/apprenant.html", contexte | {"suite": len(passes) > PAR_PAGE})


@agent_de_la_structure
@require_http_methods(["GET", "HEAD", "POST"])
def modifier_apprenant(request: RequeteAgent, apprenant_id: int) -> HttpResponse:
    """Edit a person's name and contact."""
    personne = _personne(request, apprenant_id)
    form = IdentiteForm(request.POST or None, structure=request.structure, initial=_identite(personne))
    if request.method == "POST" and form.is_valid():
        enregistrer(apprenant=form.appliquer(personne))
        messages.success(request, f"La fiche {de(personne)} est enregistrée.")
        return redirect("reservations:apprenant", request.structure.pk, personne.pk)
    return render(request, "reservations/agent/apprenant_modifier.html", {"form": form, "personne": personne})


@agent_de_la_structure
@require_http_methods(["GET", "HEAD", "POST"])
def supprimer_apprenant(request: RequeteAgent, apprenant_id: int) -> HttpResponse:
    """Ask, then delete a person without any rendez-vous; otherwise say why it cannot be."""
    personne = _personne(request, apprenant_id)
    if request.method == "POST":
        try:
            effacer(apprenant=personne)
        except SuppressionImpossible as refus:
            messages.error(request, str(refus))
            return redirect("reservations:apprenant", request.structure.pk, personne.pk)
        messages.success(request, f"La fiche {de(personne)} est supprimée.")
        return redirect("reservations:apprenants", request.structure.pk)
    contexte = {
        "personne": personne,
        "nombre": personne.participations.count(),
        "annees": CONSERVATION_APPRENANTS.years,
    }
    return render(request, "reservations/agent/apprenant_supprimer.html", contexte)


def _personne(request: RequeteAgent, apprenant_id: int) -> Apprenant:
    return get_object_or_404(Apprenant, structure=request.structure, pk=apprenant_id)


def _identite(personne: Apprenant) -> dict[str, str]:
    return {
        "prenom": personne.prenom,
        "nom": personne.nom,
        "courriel": personne.courriel,
        "telephone": personne.telephone.as_national if personne.telephone else "",
    }
