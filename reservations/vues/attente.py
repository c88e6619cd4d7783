"""The waiting list, for the person: ask, prove one's contact, then answer by the secret link. GET never writes."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from reservations import attente as services
from reservations.courrier.redaction import HEURES_LOCALES
from reservations.forms.parcours import FormulaireCode, FormulaireCoordonnees, FormulaireInstructions
from reservations.models import Attente, RendezVous
from reservations.parcours import Lien, a_des_instructions, lien_de, lieu_choisi, lieux_du_motif, motifs_du_public
from reservations.refus import AttenteImpossible, CodeRefuse, CreneauIndisponible, ReservationImpossible, TropDeCodes
from reservations.saisies import saisie_de_la_page
from reservations.visiteurs import (
    jamais_perimee,
    jeton_du_formulaire,
    langue_sans_perdre,
    par_le_lien,
    renvoyer_le_code,
)
from reservations.vues.choix import adresse_du_choix
from reservations.vues.rendez_vous import contexte_du_rendez_vous, par_le_lien_secret
from structures.adresse import adresse_du_visiteur

lecture_et_envoi = require_http_methods(["GET", "HEAD", "POST"])


def par_le_lien_de_l_attente(vue: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Open `vue(request, attente)`. Whoever left the list, or never was on it, reads the same page (404)."""

    @wraps(vue)
    def enveloppe(request: HttpRequest, jeton: str) -> HttpResponse:
        details = ("motif__structure", "lieu", "agent", "rendez_vous", "demarche__rendez_vous")
        trouvee = Attente.objects.select_related(*details).filter(jeton=jeton).first()
        if trouvee is None:
            reponse = render(request, "reservations/attente/finie.html", status=404)
        else:
            with timezone.override(trouvee.motif.structure.tz):
                reponse = vue(request, trouvee)
        reponse["X-Robots-Tag"] = "noindex"
        return reponse

    return enveloppe


@login_not_required
@lecture_et_envoi
@jamais_perimee
@par_le_lien
@langue_sans_perdre
def attendre(request: HttpRequest, lien: Lien, motif_id: int) -> HttpResponse:
    """Who wants to be told, and how. The address says for what, where and with whom."""
    aujourd_hui = timezone.localdate()
    motif = next((motif for motif in motifs_du_public(lien, aujourd_hui) if motif.pk == motif_id), None)
    lieux = lieux_du_motif(motif, lien, aujourd_hui) if motif else []
    lieu = lieu_choisi(lieux, request.GET.get("lieu", ""))
    if motif is None:
        return redirect("reservations:choix_motif", lien)
    if not lien.structure.liste_d_attente or lien.prescripteur or (motif.sur_place and lieu is None):
        return redirect("reservations:choix_lieu", lien, motif.pk)
    form = FormulaireCoordonnees(request.POST or None, motif=motif, initial=saisie_de_la_page(request))
    jeton, refus = jeton_du_formulaire(request), ""
    if request.method == "POST" and form.is_valid():
        try:
            nouvelle = services.demander(
                motif=motif,
                lieu=lieu,
                agent=lien.agent,
                adresse=adresse_du_visiteur(request),
                maintenant=timezone.now(),
                langue=get_language(),
                jeton=jeton,
                **form.cleaned_data,
            )
        except TropDeCodes as trop:
            refus = str(trop)
        else:
            return redirect("reservations:attente_code", jeton=nouvelle.jeton)
    contexte = {
        "lien": lien,
        "structure": lien.structure,
        "motif": motif,
        "lieu": lieu,
        "form": form,
        "jeton": jeton,
        "refus": refus,
        "minutes": settings.ATTENTE_MINUTES,
        "adresse_des_creneaux": adresse_du_choix("choix_creneau", lien, motif.pk, lieu=lieu.pk if lieu else None),
    }
    return render(request, "reservations/attente/demander.html", contexte)


@login_not_required
@lecture_et_envoi
@never_cache
@par_le_lien_de_l_attente
@langue_sans_perdre
def code(request: HttpRequest, attente: Attente) -> HttpResponse:
    """The code received: the person is then on the list."""
    if attente.inscrite_le is not None:
        return redirect("reservations:attente", jeton=attente.jeton)
    prouve = attente.est_verifiee  # and refused for another reason, said again
    if request.POST.get("action") == "renvoyer" and not prouve:
        renvoyer_le_code(request, attente)
        return redirect("reservations:attente_code", jeton=attente.jeton)
    form = FormulaireCode(None if prouve else request.POST or None, initial=saisie_de_la_page(request))
    refus = ""
    if request.method == "POST" and (prouve or form.is_valid()):
        try:
            ecrit = "" if prouve else form.cleaned_data["code"]
            sienne = services.verifier(attente=attente, code=ecrit, maintenant=timezone.now())
        except CodeRefuse as erreur:
            form.add_error("code", str(erreur))
        except AttenteImpossible as erreur:
            refus = str(erreur)
        else:
            return redirect("reservations:attente", jeton=sienne.jeton)
    contexte = {**_contexte(attente), "form": form, "refus": refus}
    return render(request, "reservations/attente/code.html", contexte)


@login_not_required
@lecture_et_envoi
@never_cache
@par_le_lien_de_l_attente
def attente(request: HttpRequest, attente: Attente) -> HttpResponse:
    """The place offered, or where the person stands; three answers, each a POST: a mail scanner takes nothing."""
    if attente.inscrite_le is None:
        return redirect("reservations:attente_code", jeton=attente.jeton)
    if request.method == "POST":
        return _repondre(request, attente)
    maintenant = timezone.now()
    option = services.place_offerte(attente, maintenant)
    if attente.close_le is not None:
        if attente.rendez_vous is not None and attente.rendez_vous.est_annulable(maintenant):
            return redirect("reservations:rendez_vous_public", jeton=attente.rendez_vous.jeton)
        return render(request, "reservations/attente/finie.html", _contexte(attente), status=410)
    contexte = {**_contexte(attente), **_place(attente, option), "arret": services.arret(attente)}
    return render(request, "reservations/attente/attente.html", contexte)


def _repondre(request: HttpRequest, attente: Attente) -> HttpResponse:
    match request.POST.get("action"):
        case "prendre":
            return _prendre(request, attente)
        case "laisser":
            if services.decliner(attente=attente):
                messages.success(
                    request, _("C'est noté. Vous restez sur la liste : nous vous écrirons pour une autre place.")
                )
        case "quitter":
            services.quitter(attente=attente, maintenant=timezone.now())
            messages.success(request, _("C'est noté. Nous ne vous écrirons plus pour cette liste."))
    return redirect("reservations:attente", jeton=attente.jeton)


def _prendre(request: HttpRequest, attente: Attente) -> HttpResponse:
    """The instructions are read and accepted in the same form: the place is held for some minutes only."""
    place = _place(attente, services.place_offerte(attente, timezone.now()))
    if place["form"]:
        place["form"] = FormulaireInstructions({**request.POST.dict(), "texte": attente.motif.instructions_a_accepter})
        if not place["form"].is_valid():
            return render(request, "reservations/attente/attente.html", {**_contexte(attente), **place})
    deja_pris = attente.demarche is not None and attente.demarche.confirmee_le is not None  # a double click
    geste = "deplacer" if attente.rendez_vous and not deja_pris else "confirmer"
    try:
        obtenu = services.accepter(
            attente=attente, instructions=request.POST.get("texte", ""), maintenant=timezone.now()
        )
    except CreneauIndisponible:
        messages.error(request, _("Cette place n'est plus gardée pour vous : vous ne l'avez pas prise."))
    except ReservationImpossible as refus:
        messages.error(request, " ".join((str(refus), _("Vous n'avez pas pris cette place."))))
    else:
        request.session["vient_de"] = [geste, obtenu.jeton]
        return redirect("reservations:rendez_vous_public", jeton=obtenu.jeton)
    return redirect("reservations:attente", jeton=attente.jeton)


@login_not_required
@lecture_et_envoi
@never_cache
@par_le_lien_secret
def attendre_plus_tot(request: HttpRequest, rendez_vous: RendezVous) -> HttpResponse:
    """From a rendez-vous: be told of a sooner place. Its page has no form, so one button is here."""
    maintenant = timezone.now()
    if request.method == "POST":
        try:
            sienne = services.attendre_plus_tot(rendez_vous=rendez_vous, maintenant=maintenant)
        except AttenteImpossible as erreur:
            messages.error(request, str(erreur))
        else:
            return redirect("reservations:attente", jeton=sienne.jeton)
        return redirect("reservations:rendez_vous_public", jeton=rendez_vous.jeton)
    if refus := services.refus_d_attendre(rendez_vous, maintenant):
        messages.error(request, refus)
        return redirect("reservations:rendez_vous_public", jeton=rendez_vous.jeton)
    contexte = {
        **contexte_du_rendez_vous(rendez_vous),
        "deja_libre": services.place_deja_libre(rendez_vous, maintenant),
        "minutes": settings.ATTENTE_MINUTES,
    }
    return render(request, "reservations/attente/plus_tot.html", contexte)


def _contexte(attente: Attente) -> dict[str, object]:
    structure = attente.motif.structure
    lien = lien_de(attente)
    return {
        "attente": attente,
        "lien": lien,
        "structure": structure,
        "motif": attente.motif,
        "lieu": attente.lieu,
        "heure_locale": HEURES_LOCALES.get(structure.fuseau, ""),
        "minutes": settings.ATTENTE_MINUTES,
        "adresse_des_creneaux": adresse_du_choix("choix_creneau", lien, attente.motif_id, lieu=attente.lieu_id),
    }


def _place(attente: Attente, option: RendezVous | None) -> dict[str, Any]:
    """Return the place offered, and the form of what must be accepted with it."""
    texte = attente.motif.instructions_a_accepter
    a_accepter = option is not None and attente.rendez_vous is None and a_des_instructions(attente.motif)
    return {
        "option": option,
        "texte": texte,
        "form": FormulaireInstructions(initial={"texte": texte}) if a_accepter else None,
        "derniere": attente.demarche.debut if attente.demarche and not option else None,
    }
