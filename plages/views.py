"""Agents' pages: the plages d'ouverture."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from plages.avertissements import empreinte, non_confirmes
from plages.forms import PlageForm
from plages.mots import en_mots
from plages.requetes import agents_pour_qui_ouvrir, apercu_et_avertissements_de, plages_a_lister, prochaines_dates
from plages.services import enregistrer_plages, supprimer_plage
from plages.views_communes import dire_ceux_qui_sortent, hors_plage, plage_modifiable, refus_de_modifier
from reservations.requetes.plages import rendez_vous_hors_plage
from structures.acces import RequeteAgent, agent_de_la_structure
from structures.dates import date_longue
from structures.formulaires import adresse_de_retour, identifiants, jeton_de_retour
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
    sortis = rendez_vous_hors_plage(request.structure, None if toutes else request.user, maintenant)
    montres = list(sortis.avec_details()[: HORS_PLAGE_MONTRES + 1]) if not passees else []
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
        motifs_coches=identifiants(request.GET.get("motifs", "").split(",")),
    )
    return _traiter(request, form)


@agent_de_la_structure
@require_http_methods(["GET", "HEAD", "POST"])
def modifier_plage(request: RequeteAgent, plage_id: int) -> HttpResponse:
    """Edit a plage: mine, or anyone's for an admin."""
    plage = plage_modifiable(request, plage_id)
    if refus := refus_de_modifier(request, plage):
        return refus
    form = PlageForm(request.POST or None, instance=plage, structure=request.structure, agents=[plage.agent])
    return _traiter(request, form)


@agent_de_la_structure
@require_http_methods(["GET", "HEAD", "POST"])
def supprimer(request: RequeteAgent, plage_id: int) -> HttpResponse:
    """Ask, then delete a plage. The rendez-vous stay."""
    plage = plage_modifiable(request, plage_id)
    if request.method == "POST":
        avant = hors_plage(plage)
        supprimer_plage(plage=plage)
        messages.success(request, f"La plage « {plage} » est supprimée. Les rendez-vous déjà pris restent.")
        dire_ceux_qui_sortent(request, plage, avant)
        return redirect("plages:plages", structure_id=request.structure.pk)
    return render(request, "plages/supprimer_plage.html", {"plage": plage, "phrase": en_mots(plage.regle)})


def _traiter(request: RequeteAgent, form: PlageForm) -> HttpResponse:
    """Preview, warn or save, as asked. The region `apercu` is what htmx refreshes at each change."""
    maintenant = timezone.now()
    apercu_seul = "apercu" in request.POST
    valide = request.method == "POST" and form.is_valid() and not apercu_seul
    apercu, avertissements = (
        apercu_et_avertissements_de(form.plages(), form.motifs_choisis(), maintenant)
        if form.regle_lisible
        else (None, [])
    )
    if valide and not non_confirmes(avertissements, request.POST.get("confirmes", "")):
        return _enregistrer(request, form)
    contexte = {
        "form": form,
        "apercu": apercu,
        "nombre_de_plages": 1 + len(form.autres_heures),
        "avertissements": avertissements,
        "a_confirmer": empreinte(avertissements) if valide else "",
        "retour": jeton_de_retour(request),
        "annuler": adresse_de_retour(request, request.structure, "plages:plages"),
        # Those of the rule as it is saved: what is being typed has its preview.
        "dates": [] if form.nouvelle or form.is_bound else prochaines_dates(form.instance, timezone.localdate()),
        "sans_motif": not form.fields["motifs"].queryset,  # type: ignore[attr-defined]
    }
    return page_ou_fragment(request, "plages/plage.html", contexte, "apercu" if apercu_seul else None)


def _enregistrer(request: RequeteAgent, form: PlageForm) -> HttpResponse:
    plage = form.instance
    avant = hors_plage(plage)
    plages = form.plages()
    developpements = enregistrer_plages(plages=plages, motifs=form.motifs_choisis(), maintenant=timezone.now())
    phrase = en_mots(*(p.regle for p in plages))
    fait = f"La plage « {plage} » est enregistrée"
    if len(plages) > 1:
        fait = f"{len(plages)} plages « {plage} » sont enregistrées"
    messages.success(request, f"{fait}. {phrase}.")
    if impossibles := sorted({jour for developpement in developpements for jour in developpement.impossibles}):
        jours = ", ".join(date_longue(jour) for jour in impossibles)
        messages.warning(request, f"À cause du changement d'heure, la plage n'existe pas ces jours-là : {jours}.")
    dire_ceux_qui_sortent(request, plage, avant)
    return redirect(adresse_de_retour(request, request.structure, "plages:plages"))
