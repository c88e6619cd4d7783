"""Agents' pages that move a rendez-vous: choose a slot, then confirm."""

from datetime import UTC, date, datetime, timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.views.decorators.http import require_http_methods, require_safe

from reservations.agenda import bornes, semaine_de
from reservations.creneaux import Creneau
from reservations.deplacement import creneaux_de_deplacement
from reservations.models import RendezVous
from reservations.refus import ReservationImpossible
from reservations.requetes.agenda import agents_de_l_agenda
from reservations.requetes.rendez_vous import a_prevenir_soi_meme
from reservations.services import deplacer as deplacer_rendez_vous
from structures.acces import RequeteAgent, agent_de_la_structure
from structures.dates import moment
from structures.models import Agent

SEMAINES = 2  # shown at once
DERNIER_JOUR = date(2100, 1, 1)
TROP_TARD = "Ce rendez-vous a commencé ou n'est plus prévu : il ne peut plus être déplacé."


@agent_de_la_structure
@require_safe
def deplacer(request: RequeteAgent, rendez_vous_id: int) -> HttpResponse:
    """List the free slots of two weeks to which the rendez-vous may be moved, with its agent or with any."""
    maintenant = timezone.now()
    rdv = _a_deplacer(request, rendez_vous_id)
    if not rdv.est_annulable(maintenant):
        messages.error(request, TROP_TARD)
        return redirect("reservations:rendez_vous_detail", request.structure.pk, rdv.pk)
    tous = request.GET.get("agents") == "tous"
    agents = {a.pk: a for a in agents_de_l_agenda(request.structure, request.user)}
    choisis = agents if tous else {pk: a for pk, a in agents.items() if pk == rdv.agent_id}
    aujourd_hui = timezone.localdate(maintenant)
    lundi = semaine_de(max(_jour(request) or timezone.localdate(rdv.debut), aujourd_hui))[0]
    jours = [lundi + timedelta(days=n) for n in range(7 * SEMAINES)]
    du, fin = bornes(jours, request.structure.tz)
    au = fin - timedelta(microseconds=1)
    creneaux = creneaux_de_deplacement(rdv, du=du, au=au, agents=choisis, maintenant=maintenant)
    contexte = {
        "rdv": rdv,
        "tous": tous,
        "creneaux": [
            {
                "jour": timezone.localdate(c.debut),
                "debut": c.debut,
                "iso": c.debut.isoformat(),
                "agent": agents[c.agent_id],
            }
            for c in creneaux
        ],
        "du": lundi,
        "au": jours[-1],
        "avant": lundi - timedelta(weeks=SEMAINES) if lundi > aujourd_hui else None,
        "apres": lundi + timedelta(weeks=SEMAINES),
    }
    return render(request, "reservations/agent/deplacer.html", contexte)


@agent_de_la_structure
@require_http_methods(["GET", "HEAD", "POST"])
def confirmer_deplacement(request: RequeteAgent, rendez_vous_id: int) -> HttpResponse:
    """Show from when to when the rendez-vous goes, then move it."""
    rdv = _a_deplacer(request, rendez_vous_id)
    choix = _choix(request, rdv)
    if choix is None:
        messages.error(request, "Ce créneau vient d'être pris ou n'est plus libre. Choisissez-en un autre.")
        return redirect("reservations:deplacer", request.structure.pk, rdv.pk)
    creneau, agent = choix
    a_prevenir = a_prevenir_soi_meme(rdv)
    if request.method == "POST":
        try:
            deplacer_rendez_vous(
                rendez_vous=rdv,
                agent_id=agent.pk,
                debut=creneau.debut,
                maintenant=timezone.now(),
                auteur=request.user,
            )
        except ReservationImpossible as refus:
            messages.error(request, f"{refus} Le rendez-vous n'a pas changé.")
            return redirect("reservations:deplacer", request.structure.pk, rdv.pk)
        debut = moment(timezone.localtime(creneau.debut))
        prevenue = "" if a_prevenir else " La personne est prévenue."
        messages.success(request, f"Le rendez-vous est déplacé au {debut}, avec {agent}.{prevenue}")
        if a_prevenir:
            messages.warning(request, f"Aucun message n'a pu partir à {a_prevenir} : donnez-lui vous-même la date.")
        return redirect("reservations:rendez_vous_detail", request.structure.pk, rdv.pk)
    contexte = {
        "rdv": rdv,
        "creneau": creneau,
        "agent": agent,
        "debut": creneau.debut.isoformat(),
        "a_prevenir": a_prevenir,
    }
    return render(request, "reservations/agent/deplacer_confirmer.html", contexte)


def _a_deplacer(request: RequeteAgent, rendez_vous_id: int) -> RendezVous:
    return get_object_or_404(RendezVous.objects.de_la_structure(request.structure).avec_details(), pk=rendez_vous_id)


def _jour(request: RequeteAgent) -> date | None:
    try:
        jour = parse_date(request.GET.get("du", ""))
    except ValueError:
        return None
    return jour if jour and jour <= DERNIER_JOUR else None


def _choix(request: RequeteAgent, rdv: RendezVous) -> tuple[Creneau, Agent] | None:
    """Return the slot asked and its agent, if it is still free for this rendez-vous."""
    maintenant = timezone.now()
    demande = request.POST if request.method == "POST" else request.GET
    agents = agents_de_l_agenda(request.structure, request.user)
    agent = next((a for a in agents if str(a.pk) == demande.get("agent")), None)
    try:
        debut = parse_datetime(demande.get("debut", ""))
    except ValueError:
        return None
    if (
        agent is None
        or debut is None
        or debut.tzinfo is None
        or not _datable(debut)
        or not rdv.est_annulable(maintenant)
    ):
        return None
    debut = debut.astimezone(UTC)
    libres = creneaux_de_deplacement(rdv, du=debut, au=debut, agents=[agent.pk], maintenant=maintenant)
    return (libres[0], agent) if libres else None


def _datable(debut: datetime) -> bool:
    """Whether an instant typed by hand is in the years that every zone and PostgreSQL can write."""
    return 2018 <= debut.year <= DERNIER_JOUR.year
