"""Agents' page: create a rendez-vous."""

from datetime import datetime
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from plages.avertissements import empreinte, non_confirmes
from reservations.courrier.messagerie import sera_prevenu
from reservations.creation import creer_rendez_vous
from reservations.forms.apprenants import LONGUEUR
from reservations.forms.creation import CreationForm
from reservations.models import RendezVous
from reservations.refus import ReservationImpossible
from reservations.requetes.creation import avertissements_de_creation
from structures.acces import RequeteAgent, agent_de_la_structure
from structures.dates import de_a
from structures.htmx import page_ou_fragment

PAGE = "reservations/agent/nouveau_rendez_vous.html"


@agent_de_la_structure
@require_http_methods(["GET", "HEAD", "POST"])
def nouveau_rendez_vous(request: RequeteAgent) -> HttpResponse:
    """Look for the person and for a free slot, warn, or create; the address may propose who, with whom and when."""
    maintenant, region = timezone.now(), _region_demandee(request)
    form = _formulaire(request, maintenant, a_lire_seulement=bool(region))
    avertissements = []
    if form.is_bound and form.is_valid():
        avertissements = [] if form.deja else avertissements_de_creation(form.voulu, maintenant)
        if not non_confirmes(avertissements, request.POST.get("confirmes", "")):
            try:
                rendez_vous = creer_rendez_vous(voulu=form.voulu, auteur=request.user, maintenant=maintenant)
            except ReservationImpossible as refus:
                form.add_error(None, str(refus))
                avertissements = []
            else:
                _dire_ce_qui_est_fait(request, form, rendez_vous)
                return redirect(_agenda(request, rendez_vous))
    contexte = {
        "form": form,
        "avertissements": avertissements,
        "a_confirmer": empreinte(avertissements),
        "vue": _vue(request),
    }
    return page_ou_fragment(request, PAGE, contexte, region)


def _region_demandee(request: RequeteAgent) -> str:
    """Return which region a button or htmx asks to look at; "" to create the rendez-vous.

    Enter in the search field sends the form: as long as what is searched was not looked for, it is a search.
    """
    if "apercu" in request.POST:
        return "personnes" if request.POST["apercu"] == "personnes" else "creneaux"
    cherche = request.POST.get("q", "").strip()[:LONGUEUR]
    return "personnes" if cherche and cherche != request.POST.get("cherchee") else ""


def _formulaire(request: RequeteAgent, maintenant: datetime, *, a_lire_seulement: bool) -> CreationForm:
    """Return the form as it was sent; what is only looked at is no error yet."""
    a_valider = request.method == "POST" and not a_lire_seulement
    propose = request.POST if request.method == "POST" else request.GET
    return CreationForm(
        request.POST if a_valider else None,
        initial=None if a_valider else propose.dict(),
        structure=request.structure,
        moi=request.user,
        maintenant=maintenant,
    )


def _dire_ce_qui_est_fait(request: RequeteAgent, form: CreationForm, rendez_vous: RendezVous) -> None:
    debut, fin = timezone.localtime(rendez_vous.debut), timezone.localtime(rendez_vous.fin)
    personne = rendez_vous.inscrits[0].apprenant
    messages.success(request, f"C'est noté : {personne}, {de_a(debut, fin)}, avec {rendez_vous.agent}.")
    if form.nouvelle and personne.cree_le < form.maintenant:
        messages.info(request, f"Cette personne est déjà connue : {personne}. Le rendez-vous est ajouté à sa fiche.")
    if rendez_vous.debut > form.maintenant and not sera_prevenu(personne):
        messages.warning(
            request, f"Aucun message n'a pu partir à {personne} : donnez-lui vous-même le jour et l'heure."
        )


def _vue(request: RequeteAgent) -> str:
    """Return the view of the agenda to go back to: "jour", or "" for the week."""
    propose = request.POST if request.method == "POST" else request.GET
    return "jour" if propose.get("vue") == "jour" else ""


def _agenda(request: RequeteAgent, rendez_vous: RendezVous) -> str:
    """Return the address of the agenda where the rendez-vous is, opened."""
    parametres = {
        "jour": timezone.localdate(rendez_vous.debut),
        "agent": rendez_vous.agent_id,
        "rdv": rendez_vous.pk,
        **({"vue": "jour"} if _vue(request) else {}),
    }
    return f"{reverse('reservations:agenda', args=[request.structure.pk])}?{urlencode(parametres)}"
