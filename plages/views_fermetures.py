"""Admins' page: the days on which the structure opens nothing. The rendez-vous that they leave are cancelled from
`reservations.vues.absence`."""

from datetime import date

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_http_methods

from plages import services
from plages.feries import feries
from plages.forms_fermeture import FermetureForm
from plages.requetes_fermetures import calendrier, dates_deplacees_sur
from plages.services import HORIZON, jours_fermes
from reservations.requetes.plages import rendez_vous_un_jour_ferme
from structures.acces import RequeteAgent, admin_requis, agent_de_la_structure
from structures.dates import date_longue
from structures.htmx import page_ou_fragment

RENDEZ_VOUS_MONTRES = 20


@agent_de_la_structure
@admin_requis
@require_http_methods(["GET", "HEAD", "POST"])
def fermetures(request: RequeteAgent) -> HttpResponse:
    """List the public holidays and the closings; add or take back a closing, work on a holiday or not."""
    ajout = request.POST.get("action") == "ajouter"
    form = FermetureForm(request.POST if ajout else None)
    fait = None
    if request.method == "POST":
        fait = _ajouter(request, form) if ajout else _regler(request)
        if fait is None and not ajout:
            return HttpResponseBadRequest("Action inconnue, ou jour qui n'est pas férié.")
        if fait and not request.htmx:  # type: ignore[attr-defined]
            messages.success(request, fait)
            return redirect("plages:fermetures", structure_id=request.structure.pk)
    maintenant, aujourd_hui = timezone.now(), timezone.localdate()
    feries_a_venir, fermetures_a_venir = calendrier(request.structure, aujourd_hui)
    sortis = list(
        rendez_vous_un_jour_ferme(request.structure, maintenant).avec_details()[: RENDEZ_VOUS_MONTRES + 1],
    )
    contexte = {
        "form": form,
        "feries": feries_a_venir,
        "fermetures": fermetures_a_venir,
        "rendez_vous": sortis[:RENDEZ_VOUS_MONTRES],
        "suite": len(sortis) > RENDEZ_VOUS_MONTRES,
        "deplacees": dates_deplacees_sur(
            request.structure, jours_fermes(request.structure, aujourd_hui, aujourd_hui + HORIZON)
        ),
        "annonce": fait,
    }
    return page_ou_fragment(request, "plages/fermetures.html", contexte, "calendrier" if fait else None)


def _ajouter(request: RequeteAgent, form: FermetureForm) -> str | None:
    if not form.is_valid():
        return None
    services.fermer(structure=request.structure, maintenant=timezone.now(), **form.cleaned_data)
    return f"La structure est fermée {_periode(form.cleaned_data['du'], form.cleaned_data['au'])}."


def _regler(request: RequeteAgent) -> str | None:
    """Do what a button of the page asks, and say it; None when it means nothing. What is asked is said: twice is
    once."""
    action, du, au = request.POST.get("action"), _jour(request, "du"), _jour(request, "au")
    if action == "retirer" and du and au:
        services.rouvrir(structure=request.structure, du=du, au=au, maintenant=timezone.now())
        return f"La fermeture {_periode(du, au)} est retirée."
    if action in ("travailler", "fermer") and du and du in feries(request.structure.departement, du, du):
        travaille = action == "travailler"
        services.travailler_un_ferie(
            structure=request.structure, jour=du, travaille=travaille, maintenant=timezone.now()
        )
        return f"Le {date_longue(du)} est {'travaillé' if travaille else 'de nouveau fermé'}."
    return None


def _jour(request: RequeteAgent, champ: str) -> date | None:
    try:
        return parse_date(request.POST.get(champ, ""))
    except ValueError:  # 2026-02-30
        return None


def _periode(du: date, au: date) -> str:
    return f"le {date_longue(du)}" if du == au else f"du {date_longue(du)} au {date_longue(au)}"
