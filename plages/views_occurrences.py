"""Agents' page: one date of a repeated plage, dropped, moved or put back."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_http_methods

from plages import services
from plages.avertissements import empreinte, non_confirmes
from plages.forms_occurrence import DeplacementForm
from plages.models import PlageOuverture
from plages.mots import en_mots
from plages.recurrence import Frequence
from plages.requetes import avertissements_du_deplacement
from plages.views_communes import dire_ceux_qui_sortent, hors_plage, plage_modifiable, refus_de_modifier
from structures.acces import RequeteAgent, agent_de_la_structure
from structures.dates import date_longue, heure

ACTIONS = ("supprimer", "deplacer", "retablir")


@agent_de_la_structure
@require_http_methods(["GET", "HEAD", "POST"])
def occurrence(request: RequeteAgent, plage_id: int) -> HttpResponse:
    """Drop, move or put back the date `?jour=2026-11-24`; reading the page asks where to move it."""
    plage = plage_modifiable(request, plage_id)
    if refus := refus_de_modifier(request, plage):
        return refus
    jour = _jour_demande(request, plage)
    if jour is None:
        messages.error(request, "Cette date n'est pas, ou n'est plus, une date à venir de cette plage.")
        return redirect("plages:modifier_plage", request.structure.pk, plage.pk)
    action = request.POST.get("action") if request.method == "POST" else None
    form = DeplacementForm(request.POST if action == "deplacer" else None, plage=plage, jour=jour)
    if request.method == "POST" and action not in ACTIONS:
        return HttpResponseBadRequest("Action inconnue.")
    avertissements = []
    if action == "deplacer" and form.is_valid():
        avertissements = avertissements_du_deplacement(plage, **form.cleaned_data, maintenant=timezone.now())
    accepte = action != "deplacer" or form.is_valid()
    if action and accepte and not non_confirmes(avertissements, request.POST.get("confirmes", "")):
        return _modifier(request, plage, jour, action, form)
    if not form.is_bound:
        form.initial = _proposition(plage, jour)
    contexte = {
        "plage": plage,
        "jour": jour,
        "form": form,
        "phrase": en_mots(plage.regle),
        "avertissements": avertissements,
        "a_confirmer": empreinte(avertissements),
    }
    return render(request, "plages/deplacer.html", contexte)


def _jour_demande(request: RequeteAgent, plage: PlageOuverture) -> date | None:
    """Return the date asked if the rule of the plage gives it, from today on or moved there."""
    try:
        jour = parse_date(request.POST.get("jour") or request.GET.get("jour") or "")
    except ValueError:  # 2026-02-30
        return None
    if jour is None or plage.frequence == Frequence.UNIQUE:
        return None
    aujourd_hui = timezone.localdate()
    a_venir = jour >= aujourd_hui or plage.occurrences_modifiees.a_venir(aujourd_hui).filter(jour=jour).exists()
    return jour if a_venir and plage.regle.couvre(jour) else None


def _proposition(plage: PlageOuverture, jour: date) -> dict[str, Any]:
    """What the form shows first: where the date already went, else what the rule says."""
    deja = plage.occurrences_modifiees.filter(jour=jour, nouveau_jour__isnull=False).first()
    return {
        "nouveau_jour": deja.nouveau_jour if deja else jour,
        "heure_debut": deja.heure_debut if deja else plage.heure_debut,
        "heure_fin": deja.heure_fin if deja else plage.heure_fin,
    }


def _modifier(
    request: RequeteAgent, plage: PlageOuverture, jour: date, action: str, form: DeplacementForm
) -> HttpResponse:
    maintenant, avant = timezone.now(), hors_plage(plage)
    if action == "supprimer":
        services.supprimer_occurrence(plage=plage, jour=jour, maintenant=maintenant)
        fait = "est supprimé"
    elif action == "retablir":
        services.retablir_occurrence(plage=plage, jour=jour, maintenant=maintenant)
        fait = "est rétabli"
    else:
        lu = form.cleaned_data
        services.deplacer_occurrence(plage=plage, jour=jour, maintenant=maintenant, **lu)
        fait = f"est déplacé au {date_longue(lu['nouveau_jour'])}"
        fait += f", de {heure(lu['heure_debut'])} à {heure(lu['heure_fin'])}"
    messages.success(request, f"« {plage} » : le {date_longue(jour)} {fait}.")
    dire_ceux_qui_sortent(request, plage, avant)
    page = reverse("plages:modifier_plage", args=[request.structure.pk, plage.pk])
    return redirect(f"{page}#dates")
