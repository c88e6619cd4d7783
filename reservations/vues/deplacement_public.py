"""The learner moves their rendez-vous, by its secret link: choose, then confirm. Only the confirmation writes."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from reservations import services
from reservations.courrier.redaction import HEURES_LOCALES, noms
from reservations.deplacement import a_sa_duree, refus_du_deplacement
from reservations.models import Par, RendezVous
from reservations.parcours import (
    Recherche,
    dans_la_fenetre,
    est_libre,
    lire_instant,
    lire_moment,
    lire_semaine,
    propositions,
)
from reservations.refus import DeplacementImpossible, ReservationImpossible
from reservations.vues.choix import adresses_des_creneaux
from reservations.vues.rendez_vous import par_le_lien_secret
from structures.htmx import page_ou_fragment

PRIS = gettext_lazy(
    "Cette heure vient d'être prise ou n'est plus libre. Votre rendez-vous n'a pas changé. Choisissez-en une autre."
)
PRIS_POUR_AUTRUI = (
    "Cette heure vient d'être prise ou n'est plus libre. Le rendez-vous n'a pas changé. Choisissez-en une autre."
)


@dataclass(frozen=True)
class Pages:
    """Where the pages of one move are, and for whom: the learner, by their secret link, or their prescriber."""

    choisir: str
    confirmer: str
    rendez_vous: str
    gabarit: str = "reservations/rendez_vous_public_deplacer"  # and the same with "_confirmer"
    par: Par = Par.PERSONNE


@login_not_required
@require_safe
@never_cache
@par_le_lien_secret
def choisir(request: HttpRequest, rendez_vous: RendezVous) -> HttpResponse:
    return page_des_creneaux(request, rendez_vous, _pages(rendez_vous))


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@par_le_lien_secret
def confirmer(request: HttpRequest, rendez_vous: RendezVous) -> HttpResponse:
    return page_de_confirmation(request, rendez_vous, _pages(rendez_vous))


def _pages(rendez_vous: RendezVous) -> Pages:
    ici = [rendez_vous.jeton]
    return Pages(
        reverse("reservations:deplacer_rendez_vous", args=ici),
        reverse("reservations:confirmer_deplacement_public", args=ici),
        reverse("reservations:rendez_vous_public", args=ici),
    )


def page_des_creneaux(request: HttpRequest, rendez_vous: RendezVous, pages: Pages) -> HttpResponse:
    """The slots of the same motif and lieu, as when booking."""
    recherche = replace(_recherche(rendez_vous), moment=lire_moment(request.GET.get("moment", "")))
    if refus := refus_du_deplacement(rendez_vous, recherche.maintenant):
        return _impossible(request, pages, refus)
    motif = a_sa_duree(rendez_vous)
    trouvees = propositions(motif, rendez_vous.lieu, recherche, lire_semaine(request.GET.get("semaine", "")))
    contexte = {
        **_contexte(rendez_vous, pages),
        "dernier_jour": motif.fenetre_du_public(recherche.maintenant)[1],
        "propositions": trouvees,
        **adresses_des_creneaux(pages.choisir, trouvees),
    }
    return page_ou_fragment(request, f"{pages.gabarit}.html", contexte, "creneaux")


def page_de_confirmation(request: HttpRequest, rendez_vous: RendezVous, pages: Pages) -> HttpResponse:
    """Show from when to when the rendez-vous goes, then move it. Asked twice, it is moved once."""
    recherche = _recherche(rendez_vous)
    debut = lire_instant((request.POST if request.method == "POST" else request.GET).get("debut", ""))
    if request.method == "POST" and debut is not None:
        try:
            services.deplacer_par_apprenant(
                rendez_vous=rendez_vous, debut=debut, maintenant=recherche.maintenant, par=pages.par
            )
        except DeplacementImpossible as trop_tard:
            return _impossible(request, pages, str(trop_tard))
        except ReservationImpossible:
            return _pris(request, rendez_vous, pages, debut, recherche)
        request.session["vient_de"] = ["deplacer", rendez_vous.jeton]
        return redirect(pages.rendez_vous)
    if refus := refus_du_deplacement(rendez_vous, recherche.maintenant):
        return _impossible(request, pages, refus)
    if debut is None or not est_libre(a_sa_duree(rendez_vous), rendez_vous.lieu, debut, recherche):
        return _pris(request, rendez_vous, pages, debut, recherche)
    contexte = {**_contexte(rendez_vous, pages), "debut": debut, "adresse_des_creneaux": _creneaux(pages, debut)}
    return render(request, f"{pages.gabarit}_confirmer.html", contexte)


def _recherche(rendez_vous: RendezVous) -> Recherche:
    agent = rendez_vous.agent if rendez_vous.agent_choisi else None
    return Recherche(timezone.now(), agent=agent, deplace=rendez_vous)


def _contexte(rendez_vous: RendezVous, pages: Pages) -> dict[str, object]:
    return {
        "pages": pages,
        "personne": noms(rendez_vous),
        "rendez_vous": rendez_vous,
        "structure": rendez_vous.structure,
        "motif": a_sa_duree(rendez_vous),
        "lieu": rendez_vous.lieu,
        "heure_locale": HEURES_LOCALES.get(rendez_vous.structure.fuseau, ""),
    }


def _creneaux(pages: Pages, debut: datetime | None) -> str:
    """Return the address of the slots, at the week of an instant that can be booked."""
    return f"{pages.choisir}?semaine={timezone.localdate(debut)}" if debut else pages.choisir


def _pris(
    request: HttpRequest, rendez_vous: RendezVous, pages: Pages, debut: datetime | None, recherche: Recherche
) -> HttpResponse:
    messages.error(request, str(PRIS) if pages.par == Par.PERSONNE else PRIS_POUR_AUTRUI)
    ici = dans_la_fenetre(rendez_vous.motif, debut, recherche.maintenant) if debut else None
    return redirect(_creneaux(pages, ici))


def _impossible(request: HttpRequest, pages: Pages, refus: str) -> HttpResponse:
    inchange = _("Votre rendez-vous n'a pas changé.") if pages.par == Par.PERSONNE else "Le rendez-vous n'a pas changé."
    messages.error(request, f"{refus} {inchange}")
    return redirect(pages.rendez_vous)
