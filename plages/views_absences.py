"""Agents' pages: the absences. What to do of the rendez-vous that they cover is in `reservations.vues.absence`."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from plages import services
from plages.forms_absence import AbsenceForm
from plages.models import Absence
from plages.mots import en_mots
from plages.requetes import absences_a_lister, agents_pour_qui_ouvrir, apercu_de_l_absence
from plages.views_communes import refus_de_modifier
from reservations.requetes.plages import rendez_vous_pendant
from structures.acces import RequeteAgent, agent_de_la_structure
from structures.dates import date_longue
from structures.htmx import page_ou_fragment

PAR_PAGE = 50


@agent_de_la_structure
@require_safe
def absences(request: RequeteAgent) -> HttpResponse:
    """List my absences, or everyone's for an admin; those to come or the past ones."""
    passees = request.GET.get("onglet") == "passees"
    toutes = request.appartenance.est_admin and request.GET.get("agents") == "tous"
    liste = absences_a_lister(
        request.structure,
        agent=None if toutes else request.user,
        passees=passees,
        aujourd_hui=timezone.localdate(),
    )
    page = Paginator(liste, PAR_PAGE).get_page(request.GET.get("page"))
    lignes = [(absence, en_mots(absence.regle)) for absence in page]
    contexte = {"page": page, "lignes": lignes, "passees": passees, "toutes": toutes}
    return render(request, "plages/absences.html", contexte)


@agent_de_la_structure
@require_http_methods(["GET", "HEAD", "POST"])
def nouvelle_absence(request: RequeteAgent) -> HttpResponse:
    """Enter an absence: mine, or a colleague's for an admin."""
    agents = agents_pour_qui_ouvrir(request.structure, request.user, est_admin=request.appartenance.est_admin)
    return _traiter(request, AbsenceForm(request.POST or None, structure=request.structure, agents=agents))


@agent_de_la_structure
@require_http_methods(["GET", "HEAD", "POST"])
def modifier_absence(request: RequeteAgent, absence_id: int) -> HttpResponse:
    """Edit an absence: mine, or anyone's for an admin."""
    absence = _absence_modifiable(request, absence_id)
    if refus := refus_de_modifier(request, absence):
        return refus
    form = AbsenceForm(request.POST or None, instance=absence, structure=request.structure, agents=[absence.agent])
    return _traiter(request, form)


@agent_de_la_structure
@require_http_methods(["GET", "HEAD", "POST"])
def supprimer_absence(request: RequeteAgent, absence_id: int) -> HttpResponse:
    """Ask, then delete an absence: the agent's time is open again."""
    absence = _absence_modifiable(request, absence_id)
    if request.method == "POST":
        services.supprimer_absence(absence=absence)
        messages.success(request, f"L'absence « {absence} » est supprimée.")
        return redirect("plages:absences", structure_id=request.structure.pk)
    return render(request, "plages/supprimer_absence.html", {"absence": absence, "phrase": en_mots(absence.regle)})


def _absence_modifiable(request: RequeteAgent, absence_id: int) -> Absence:
    """Return an absence of the structure that this agent may change: 404 elsewhere, 403 for a colleague's."""
    absences = request.structure.absences.select_related("agent", "structure")
    absence: Absence = get_object_or_404(absences, pk=absence_id)
    if absence.agent_id != request.user.pk and not request.appartenance.est_admin:
        raise PermissionDenied("Seul un administrateur modifie l'absence d'un collègue.")
    return absence


def _traiter(request: RequeteAgent, form: AbsenceForm) -> HttpResponse:
    """Preview or save, as asked. The region `apercu` is what htmx refreshes at each change."""
    apercu_seul = "apercu" in request.POST
    if request.method == "POST" and form.is_valid() and not apercu_seul:
        return _enregistrer(request, form)
    maintenant = timezone.now()
    apercu = apercu_de_l_absence(form.instance, maintenant) if form.regle_lisible else None
    periodes = [(o.debut, o.fin) for o in apercu.occurrences] if apercu else []
    contexte = {
        "form": form,
        "apercu": apercu,
        "couverts": rendez_vous_pendant(form.instance.agent_id, periodes, maintenant).count(),
    }
    return page_ou_fragment(request, "plages/absence.html", contexte, "apercu" if apercu_seul else None)


def _enregistrer(request: RequeteAgent, form: AbsenceForm) -> HttpResponse:
    absence, maintenant = form.instance, timezone.now()
    developpement = services.enregistrer_absence(absence=absence, maintenant=maintenant)
    messages.success(request, f"L'absence « {absence} » est enregistrée. {en_mots(absence.regle)}.")
    if developpement.impossibles:
        jours = ", ".join(date_longue(jour) for jour in developpement.impossibles)
        messages.warning(request, f"À cause du changement d'heure, l'absence n'existe pas ces jours-là : {jours}.")
    periodes = [(o.debut, o.fin) for o in developpement.occurrences]
    if rendez_vous_pendant(absence.agent_id, periodes, maintenant).exists():
        return redirect("reservations:rendez_vous_couverts", request.structure.pk, absence.pk)
    return redirect("plages:absences", structure_id=request.structure.pk)
