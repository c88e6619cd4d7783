"""Agents' agenda: a week or a day, mine or a colleague's of the structure."""

from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_safe

from reservations.agenda import bornes, semaine_de
from reservations.models import STATUTS_ANNULES, RendezVous
from reservations.requetes.agenda import agenda_de, agents_de_l_agenda
from reservations.vues.rendez_vous_agent import contexte_du_rendez_vous
from structures.acces import RequeteAgent, agent_de_la_structure
from structures.htmx import page_ou_fragment

PAGE = "reservations/agent/agenda.html"
# What an address typed by hand may ask for: plages begin in 2018, and the calendar ends in the year 9999.
PREMIER_JOUR, DERNIER_JOUR = date(2018, 1, 1), date(2100, 1, 1)


@dataclass(frozen=True)
class Choix:
    """What the agenda shows. The address says only what differs from what opens by itself (today, the week, mine)."""

    jour: date
    vue: str
    contenu: str  # "plages": no rendez-vous; "": everything
    agent_id: int
    moi_id: int
    aujourd_hui: date

    def adresse(
        self, *, jour: date | None = None, vue: str | None = None, contenu: str | None = None, rdv: str | None = None
    ) -> str:
        """Return the parameters of the same agenda, but for what is given; `rdv`: the one opened in it."""
        jour, vue = jour or self.jour, vue or self.vue
        parametres = {
            "jour": jour.isoformat() if jour != self.aujourd_hui else "",
            "vue": vue if vue != "semaine" else "",
            "contenu": self.contenu if contenu is None else contenu,
            "agent": str(self.agent_id) if self.agent_id != self.moi_id else "",
        }
        utiles = {cle: valeur for cle, valeur in parametres.items() if valeur}
        return f"?{urlencode(utiles if rdv is None else {**utiles, 'rdv': rdv})}"


@agent_de_la_structure
@require_safe
def agenda(request: RequeteAgent) -> HttpResponse:
    """Show a week or a day; a parameter that means nothing is as if it were not there."""
    maintenant = timezone.now()
    aujourd_hui = timezone.localdate(maintenant)
    agents = agents_de_l_agenda(request.structure, request.user)
    agent = next((a for a in agents if str(a.pk) == request.GET.get("agent")), request.user)
    vue = "jour" if request.GET.get("vue") == "jour" else "semaine"
    montre = "plages" if request.GET.get("contenu") == "plages" else ""
    choix = Choix(_jour_demande(request, aujourd_hui), vue, montre, agent.pk, request.user.pk, aujourd_hui)
    jours = [choix.jour] if vue == "jour" else semaine_de(choix.jour)
    contenu, heures = agenda_de(agent, request.structure, jours, maintenant, plages_seules=bool(montre))
    pas = timedelta(days=1 if vue == "jour" else 7)
    contexte = {
        "choix": choix,
        "agent": agent,
        "jours": [(j, choix.adresse(jour=j.jour), choix.adresse(jour=j.jour, vue="jour")) for j in contenu],
        "premiere_heure": heures[0],
        "heures": range(*heures),
        "liens": {
            "ici": choix.adresse(),
            "ouvrir": choix.adresse(rdv=""),
            "journee": choix.adresse(vue="semaine", contenu=""),  # that page has no views
            "avant": choix.adresse(jour=choix.jour - pas),
            "apres": choix.adresse(jour=choix.jour + pas),
            "aujourd_hui": choix.adresse(jour=aujourd_hui),
            "ajouter": _ajouter(choix),
            "contenu": choix.adresse(contenu="" if montre else "plages"),
        },
        "vues": [(nom, mot, choix.adresse(vue=nom)) for nom, mot in (("semaine", "Semaine"), ("jour", "Jour"))],
        "agents": agents,
        **_rendez_vous_ouvert(request),
    }
    return page_ou_fragment(request, PAGE, contexte, "agenda")


@agent_de_la_structure
@require_safe
def journee(request: RequeteAgent) -> HttpResponse:
    """List one day's rendez-vous to print: who, when, for what, where, and how to reach them."""
    agents = agents_de_l_agenda(request.structure, request.user)
    agent = next((a for a in agents if str(a.pk) == request.GET.get("agent")), request.user)
    jour = _jour_demande(request, timezone.localdate())
    debut, fin = bornes([jour], request.structure.tz)
    du_jour = RendezVous.objects.de_la_structure(request.structure).de_l_agent(agent).de_la_periode(debut, fin)
    rendez_vous = du_jour.exclude(statut__in=STATUTS_ANNULES).avec_details().order_by("debut", "pk")
    contexte = {"agent": agent, "jour": jour, "rendez_vous": rendez_vous}
    return render(request, "reservations/agent/agenda_journee.html", contexte)


def _ajouter(choix: Choix) -> str:
    """Return what the links to a new rendez-vous say of this agenda: whose it is, which view to come back to."""
    return urlencode({"agent": choix.agent_id, **({"vue": "jour"} if choix.vue == "jour" else {})})


def _jour_demande(request: RequeteAgent, aujourd_hui: date) -> date:
    try:
        jour = parse_date(request.GET.get("jour", ""))
    except ValueError:  # 2026-02-30
        jour = None
    return jour if jour and PREMIER_JOUR <= jour <= DERNIER_JOUR else aujourd_hui


def _rendez_vous_ouvert(request: RequeteAgent) -> dict[str, object]:
    """Return what the panel needs when the address names a rendez-vous of the structure, else nothing."""
    demande = request.GET.get("rdv", "")
    if not (demande.isascii() and demande.isdigit() and len(demande) < 19):  # a bigint
        return {}
    rdv = RendezVous.objects.de_la_structure(request.structure).avec_details().filter(pk=int(demande)).first()
    return contexte_du_rendez_vous(rdv) if rdv else {}
