"""Agents' pages: the plages d'ouverture."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_safe

from plages.avertissements import empreinte, non_confirmes
from plages.forms import PlageForm
from plages.models import PlageOuverture
from plages.mots import en_mots
from plages.requetes import agents_pour_qui_ouvrir, apercu_et_avertissements, plages_a_lister
from plages.services import enregistrer_plage, supprimer_plage
from reservations.requetes_plages import rendez_vous_hors_plage
from structures.acces import RequeteAgent, agent_de_la_structure
from structures.dates import date_longue
from structures.formulaires import adresse_de_retour, jeton_de_retour
from structures.htmx import page_ou_fragment

PAR_PAGE = 50
HORS_PLAGE_MONTRES = 50


@agent_de_la_structure
@require_safe
def plages(request: RequeteAgent) -> HttpResponse:
    """List my plages, or everyone's for an admin; those to come or the past ones."""
    passees = request.GET.get("onglet") == "passees"
    toutes = request.appartenance.est_admin and request.GET.get("agents") == "tous"
    liste = plages_a_lister(
        request.structure,
        agent=None if toutes else request.user,
        passees=passees,
        aujourd_hui=timezone.localdate(),
    )
    page = Paginator(liste, PAR_PAGE).get_page(request.GET.get("page"))
    maintenant = timezone.now()
    hors_plage = rendez_vous_hors_plage(request.structure, None if toutes else request.user, maintenant)
    montres = list(hors_plage.avec_details()[: HORS_PLAGE_MONTRES + 1]) if not passees else []
    contexte = {
        "page": page,
        "lignes": [(plage, en_mots(plage.regle)) for plage in page],
        "passees": passees,
        "toutes": toutes,
        "maintenant": maintenant,
        "hors_plage": montres[:HORS_PLAGE_MONTRES],
        "hors_plage_suite": len(montres) > HORS_PLAGE_MONTRES,
    }
    return render(request, "plages/plages.html", contexte)


@agent_de_la_structure
@require_http_methods(["GET", "HEAD", "POST"])
def nouvelle_plage(request: RequeteAgent) -> HttpResponse:
    """Create a plage; `?motifs=1,2` ticks motifs, `?retour=…` says where to go back to."""
    form = PlageForm(
        request.POST or None,
        structure=request.structure,
        agents=agents_pour_qui_ouvrir(request.structure, request.user, est_admin=request.appartenance.est_admin),
        motifs_coches=[int(m) for m in request.GET.get("motifs", "").split(",") if m.isascii() and m.isdigit()],
    )
    return _traiter(request, form)


@agent_de_la_structure
@require_http_methods(["GET", "HEAD", "POST"])
def modifier_plage(request: RequeteAgent, plage_id: int) -> HttpResponse:
    """Edit a plage: mine, or anyone's for an admin."""
    plage = _plage_modifiable(request, plage_id)
    form = PlageForm(request.POST or None, instance=plage, structure=request.structure, agents=[plage.agent])
    return _traiter(request, form)


@agent_de_la_structure
@require_http_methods(["GET", "HEAD", "POST"])
def supprimer(request: RequeteAgent, plage_id: int) -> HttpResponse:
    """Ask, then delete a plage. The rendez-vous stay."""
    plage = _plage_modifiable(request, plage_id)
    if request.method == "POST":
        avant = _hors_plage(plage)
        supprimer_plage(plage=plage)
        messages.success(request, f"La plage « {plage} » est supprimée. Les rendez-vous déjà pris restent.")
        _dire_ceux_qui_sortent(request, plage, avant)
        return redirect("plages:plages", structure_id=request.structure.pk)
    return render(request, "plages/supprimer_plage.html", {"plage": plage, "phrase": en_mots(plage.regle)})


def _plage_modifiable(request: RequeteAgent, plage_id: int) -> PlageOuverture:
    """Return a plage of the structure that this agent may change: 404 elsewhere, 403 for a colleague's."""
    plage: PlageOuverture = get_object_or_404(request.structure.plages.avec_details(), pk=plage_id)
    if plage.agent_id != request.user.pk and not request.appartenance.est_admin:
        raise PermissionDenied("Seul un administrateur modifie la plage d'un collègue.")
    return plage


def _traiter(request: RequeteAgent, form: PlageForm) -> HttpResponse:
    """Preview, warn or save, as asked. The region `apercu` is what htmx refreshes at each change."""
    maintenant = timezone.now()
    apercu_seul = "apercu" in request.POST
    valide = request.method == "POST" and form.is_valid() and not apercu_seul
    apercu, avertissements = (
        apercu_et_avertissements(form.instance, form.motifs_choisis(), maintenant) if form.regle_lisible else (None, [])
    )
    if valide and not non_confirmes(avertissements, request.POST.get("confirmes", "")):
        return _enregistrer(request, form)
    contexte = {
        "form": form,
        "apercu": apercu,
        "avertissements": avertissements,
        "a_confirmer": empreinte(avertissements) if valide else "",
        "retour": jeton_de_retour(request),
        "annuler": adresse_de_retour(request, request.structure, "plages:plages"),
        "sans_motif": not form.fields["motifs"].queryset,  # type: ignore[attr-defined]
    }
    return page_ou_fragment(request, "plages/plage.html", contexte, "apercu" if apercu_seul else None)


def _enregistrer(request: RequeteAgent, form: PlageForm) -> HttpResponse:
    plage = form.instance
    avant = _hors_plage(plage)
    developpement = enregistrer_plage(plage=plage, motifs=form.motifs_choisis(), maintenant=timezone.now())
    messages.success(request, f"La plage « {plage} » est enregistrée. {en_mots(plage.regle)}.")
    if developpement.impossibles:
        jours = ", ".join(date_longue(jour) for jour in developpement.impossibles)
        messages.warning(request, f"À cause du changement d'heure, la plage n'existe pas ces jours-là : {jours}.")
    _dire_ceux_qui_sortent(request, plage, avant)
    return redirect(adresse_de_retour(request, request.structure, "plages:plages"))


def _hors_plage(plage: PlageOuverture) -> set[int]:
    return set(rendez_vous_hors_plage(plage.structure, plage.agent, timezone.now()).values_list("pk", flat=True))


def _dire_ceux_qui_sortent(request: RequeteAgent, plage: PlageOuverture, avant: set[int]) -> None:
    """Say how many rendez-vous the change left outside any plage; those that already were are no news."""
    nombre = len(_hors_plage(plage) - avant)
    if nombre:
        liste = reverse("plages:plages", kwargs={"structure_id": request.structure.pk})
        agents = "" if plage.agent_id == request.user.pk else "?agents=tous"
        phrase = (
            "1 rendez-vous n'est plus dans aucune plage, et reste prévu."
            if nombre == 1
            else "{} rendez-vous ne sont plus dans aucune plage, et restent prévus."
        )
        lien = ' <a href="{}{}#hors-plage">Voir la liste</a>'
        messages.warning(request, format_html(phrase, nombre) + format_html(lien, liste, agents))
