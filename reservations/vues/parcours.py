"""The learner says who they are, for the slot held: instructions, contact, code, confirmation. GET never writes.

What is done with the held slot serves the prescribers too, whose own steps are in `etapes_prescripteur`.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from reservations import identification, services
from reservations.forms.parcours import FormulaireCode, FormulaireCoordonnees, FormulaireInstructions
from reservations.models import Demarche
from reservations.parcours import (
    Lien,
    Recherche,
    a_des_instructions,
    etape,
    lien_de,
    minutes_restantes,
    motifs_du_public,
    peut_etre_prolongee,
    plus_proches,
    premiere_etape_incomplete,
    proposes,
)
from reservations.refus import (
    CodeRefuse,
    CreneauIndisponible,
    DemarcheIncomplete,
    ReservationImpossible,
    TropDeCodes,
)
from reservations.saisies import a_ecrit, garder_saisie, oublier_saisie, saisie_de
from reservations.visiteurs import (
    etape_en_cours,
    jamais_perimee,
    pour_son_visiteur,
    prescripteur_pour,
    renvoyer_le_code,
)
from reservations.vues.choix import adresse_du_choix
from structures.adresse import adresse_du_visiteur

# The steps during which the slot is held, and the name of each among those that are counted.
ETAPES_GARDEES = {
    "instructions": "a_lire",
    "coordonnees": "coordonnees",
    "code": "coordonnees",
    "prescripteur": "prescripteur",
    "code_prescripteur": "prescripteur",
    "beneficiaire": "coordonnees",
}
DU_PRESCRIPTEUR = ("prescripteur", "code_prescripteur", "beneficiaire")
IDENTIFIE_DANS = "identifie_dans"  # in the session: the booking in which a prescriber has said who they are
lecture_et_envoi = require_http_methods(["GET", "HEAD", "POST"])


@login_not_required
@require_safe
@jamais_perimee
@pour_son_visiteur
def demarche(request: HttpRequest, demarche: Demarche) -> HttpResponse:
    """Go to the step where this booking stands."""
    return redirect(f"reservations:{etape_en_cours(request, demarche)}", jeton=demarche.jeton)


@login_not_required
@lecture_et_envoi
@jamais_perimee
@pour_son_visiteur
def instructions(request: HttpRequest, demarche: Demarche) -> HttpResponse:
    """What the structure asks to read and accept. The text shown comes back with the answer."""
    if not a_des_instructions(demarche.motif):
        return redirect("reservations:demarche", jeton=demarche.jeton)
    texte = demarche.motif.instructions_a_accepter
    if request.method == "POST":
        return _accepter(request, demarche)
    saisie = saisie_de(request, demarche, "instructions")
    refus = saisie.refus if saisie else ""
    accepte = "accepte" in saisie.champs if saisie else identification.instructions_acceptees(demarche)
    # Refused because the text changed: the new one is still to be ticked.
    formulaire = FormulaireInstructions(
        {"texte": texte} if saisie and saisie.a_verifier and not refus else None,
        initial={"texte": texte, "accepte": accepte and not refus},
        par_prescripteur=demarche.par_prescripteur,
    )
    return page_gardee(request, "instructions", demarche, {"form": formulaire, "texte": texte, "refus": refus})


def _accepter(request: HttpRequest, demarche: Demarche) -> HttpResponse:
    formulaire = FormulaireInstructions(request.POST, par_prescripteur=demarche.par_prescripteur)
    if formulaire.is_valid():
        lu = formulaire.cleaned_data["texte"]
        try:
            identification.accepter_instructions(demarche=demarche, texte=lu, maintenant=timezone.now())
        except DemarcheIncomplete as change:
            garder_saisie(request, demarche, "instructions", refus=str(change))
        else:
            oublier_saisie(request)
            return redirect("reservations:demarche", jeton=demarche.jeton)
    else:
        garder_saisie(request, demarche, "instructions")
    return redirect("reservations:instructions", jeton=demarche.jeton)


@login_not_required
@lecture_et_envoi
@jamais_perimee
@pour_son_visiteur
def coordonnees(request: HttpRequest, demarche: Demarche) -> HttpResponse:
    """Who comes and how to reach them; then a code is sent there."""
    if (ici := etape_en_cours(request, demarche)) not in ("coordonnees", "code"):
        return redirect(f"reservations:{ici}", jeton=demarche.jeton)
    if request.method == "POST":
        return _donner_coordonnees(request, demarche)
    saisie = saisie_de(request, demarche, "coordonnees")
    formulaire = FormulaireCoordonnees(
        saisie.champs if saisie and saisie.a_verifier else None,
        motif=demarche.motif,
        initial=saisie.champs if saisie else coordonnees_connues(demarche),
    )
    refus = saisie.refus if saisie else ""
    par_un_autre = replace(lien_de(demarche), prescripteur=True)
    contexte = {
        "form": formulaire,
        "refus": refus,
        "pour_autrui": adresse_du_choix("choix_lieu", par_un_autre, demarche.motif_id, lieu=demarche.lieu_id),
    }
    return page_gardee(request, "coordonnees", demarche, contexte)


def _donner_coordonnees(request: HttpRequest, demarche: Demarche) -> HttpResponse:
    trop_vite = timezone.now() < demarche.cree_le + timedelta(seconds=settings.SECONDES_AVANT_CONTACT)
    formulaire = FormulaireCoordonnees(request.POST, motif=demarche.motif, trop_vite=trop_vite)
    if not formulaire.is_valid() and formulaire.non_field_errors():
        garder_saisie(request, demarche, "coordonnees", a_verifier=False, refus=str(formulaire.non_field_errors()[0]))
    elif formulaire.is_valid():
        maintenant = timezone.now()
        try:
            services.verifier_encore_possible(demarche=demarche, maintenant=maintenant)
            identification.donner_coordonnees(demarche=demarche, maintenant=maintenant, **formulaire.cleaned_data)
        except TropDeCodes as trop:
            garder_saisie(request, demarche, "coordonnees", refus=str(trop))
        except ReservationImpossible:  # the page says why; no code is sent for nothing
            garder_saisie(request, demarche, "coordonnees", a_verifier=False)
        else:
            oublier_saisie(request)
            return redirect("reservations:code", jeton=demarche.jeton)
    else:
        garder_saisie(request, demarche, "coordonnees")
    return redirect("reservations:coordonnees", jeton=demarche.jeton)


@login_not_required
@lecture_et_envoi
@jamais_perimee
@pour_son_visiteur
def code(request: HttpRequest, demarche: Demarche) -> HttpResponse:
    """The code received, then the confirmation: one button for both. Already verified, only the button is left."""
    if premiere_etape_incomplete(demarche) != "code":
        return redirect("reservations:demarche", jeton=demarche.jeton)
    if request.POST.get("action") == "renvoyer":
        return _renvoyer(request, demarche)
    if request.method == "POST":
        return _verifier_et_confirmer(request, demarche)
    formulaire = None
    if not demarche.est_verifiee:
        saisie = saisie_de(request, demarche, "code")
        champs = saisie.champs if saisie else None
        formulaire = FormulaireCode(champs if saisie and saisie.a_verifier else None, initial=champs)
        for champ, erreur in saisie.erreurs.items() if saisie else ():
            formulaire.add_error(champ, erreur)
    en_cours = identification.code_en_cours(demarche, timezone.now())
    return page_gardee(request, "code", demarche, {"form": formulaire, "code_en_cours": en_cours})


def _verifier_et_confirmer(request: HttpRequest, demarche: Demarche) -> HttpResponse:
    maintenant = timezone.now()
    formulaire = None if demarche.est_verifiee else FormulaireCode(request.POST)
    if formulaire is not None and not formulaire.is_valid():
        garder_saisie(request, demarche, "code")
        return redirect("reservations:code", jeton=demarche.jeton)
    try:
        if formulaire is not None:
            identification.verifier_code(demarche=demarche, code=formulaire.cleaned_data["code"], maintenant=maintenant)
        rendez_vous = services.confirmer(demarche=demarche, maintenant=maintenant, langue=get_language())
    except CodeRefuse as refus:
        garder_saisie(request, demarche, "code", erreurs={"code": str(refus)})
        return redirect("reservations:code", jeton=demarche.jeton)
    except DemarcheIncomplete:
        return redirect("reservations:demarche", jeton=demarche.jeton)
    except ReservationImpossible as refus:
        return creneau_perdu(request, demarche, refus)
    oublier_saisie(request)
    request.session["vient_de"] = ["confirmer", rendez_vous.jeton]
    return redirect("reservations:rendez_vous_public", jeton=rendez_vous.jeton)


def _renvoyer(request: HttpRequest, demarche: Demarche) -> HttpResponse:
    oublier_saisie(request)
    with suppress(ReservationImpossible):  # the page says why
        services.verifier_encore_possible(demarche=demarche, maintenant=timezone.now())
        renvoyer_le_code(request, demarche)
    return redirect("reservations:code", jeton=demarche.jeton)


@login_not_required
@require_POST
@jamais_perimee
@pour_son_visiteur
def prolonger(request: HttpRequest, demarche: Demarche) -> HttpResponse:
    """Hold the slot longer. What is being typed stays: in the page under htmx, else carried by the session."""
    try:
        services.prolonger_option(demarche=demarche, maintenant=timezone.now())
        annonce = _("Votre créneau est gardé plus longtemps.")
    except CreneauIndisponible:
        annonce = ""
    ici = _etape_d_ou_vient(request, demarche)
    if request.htmx:  # type: ignore[attr-defined]
        demarche.refresh_from_db(fields=["rendez_vous"])
        return page_gardee(request, ici, demarche, {"annonce": annonce})
    garder_saisie(request, demarche, ici, a_verifier=False)
    if annonce:
        messages.success(request, annonce)
    return redirect(f"reservations:{ici}", jeton=demarche.jeton)


@login_not_required
@require_POST
@jamais_perimee
@pour_son_visiteur
def reprendre(request: HttpRequest, demarche: Demarche) -> HttpResponse:
    """Take back a slot that is no longer held, if it is still free."""
    maintenant = timezone.now()
    garder_saisie(request, demarche, _etape_d_ou_vient(request, demarche), a_verifier=False)
    if services.option_vivante(demarche, maintenant) is None:
        try:
            services.prendre_option(
                motif_id=demarche.motif_id,
                structure_id=demarche.motif.structure_id,
                lieu_id=demarche.lieu_id,
                debut=demarche.debut,
                visiteur=demarche.visiteur,
                adresse=adresse_du_visiteur(request),
                maintenant=maintenant,
                demarche=demarche,
                agent_id=demarche.agent_id,
                par_prescripteur=demarche.par_prescripteur,
                prescripteur=demarche.prescripteur,
            )
        except ReservationImpossible as refus:
            return creneau_perdu(request, demarche, refus)
        messages.success(request, _("Votre créneau est de nouveau réservé pour vous."))
    return redirect("reservations:demarche", jeton=demarche.jeton)


def _etape_d_ou_vient(request: HttpRequest, demarche: Demarche) -> str:
    """Return the step in which the button was pressed: the address says it, within the steps that exist."""
    ici = request.GET.get("etape", "")
    return ici if ici in ETAPES_GARDEES else etape_en_cours(request, demarche)


def page_gardee(request: HttpRequest, nom: str, demarche: Demarche, contexte: dict[str, object]) -> HttpResponse:
    """Show a step during which the slot is held: the choice stays visible, with the time left.

    Under htmx only that time is asked again (extended, or just run out): the form being filled is not touched.
    """
    maintenant = timezone.now()
    motif = demarche.motif
    option = services.option_vivante(demarche, maintenant)
    lien = lien_de(demarche)
    adresse = adresse_du_choix("choix_creneau", lien, motif.pk, lieu=demarche.lieu_id, demarche=demarche)
    complet = {
        "lien": lien,
        "structure": motif.structure,
        "motif": motif,
        "demarche": demarche,
        "ici": nom,
        "option": option,
        "minutes": minutes_restantes(option, maintenant) if option else 0,
        "prolongeable": option is not None and peut_etre_prolongee(option),
        "adresse_des_creneaux": adresse,
        **contexte,
    }
    if request.htmx and not request.htmx.history_restore_request:  # type: ignore[attr-defined]
        return render(request, "reservations/parcours/_garde.html", complet)
    try:
        services.verifier_encore_possible(demarche=demarche, maintenant=maintenant)
    except ReservationImpossible as refus:  # said now, not once everything is typed
        return creneau_perdu(request, demarche, refus)
    par_ici = Lien(motif.structure, demarche.agent, prescripteur=demarche.par_prescripteur)
    motifs = motifs_du_public(par_ici, timezone.localdate(maintenant))
    identification = demarche.par_prescripteur and (
        request.session.get(IDENTIFIE_DANS) == demarche.jeton or prescripteur_pour(request, motif.structure) is None
    )
    complet["etape"] = etape(ETAPES_GARDEES[nom], motif, proposes(motifs), identification=identification)
    dossier = "prescripteur" if nom in DU_PRESCRIPTEUR else "parcours"
    return render(request, f"reservations/{dossier}/{nom}.html", complet)


def creneau_perdu(request: HttpRequest, demarche: Demarche, refus: ReservationImpossible) -> HttpResponse:
    """Say that the slot is gone and what was kept, with the nearest other times: one click moves the booking there."""
    motif = demarche.motif
    recherche = Recherche(timezone.now(), demarche.visiteur, demarche.agent)
    pris = isinstance(refus, CreneauIndisponible)
    lien = lien_de(demarche)
    contexte = {
        "lien": lien,
        "structure": motif.structure,
        "motif": motif,
        "demarche": demarche,
        "refus": "" if pris else str(refus),
        "page_a_relire": reverse("reservations:demarche", args=[demarche.jeton]),  # this one may answer a POST only
        "proches": plus_proches(motif, demarche.lieu, demarche.debut, recherche) if pris else [],
        "ecrit": a_ecrit(request, demarche),
        "adresse": adresse_du_choix("choix_creneau", lien, motif.pk, lieu=demarche.lieu_id, demarche=demarche),
    }
    return render(request, "reservations/parcours/creneau_perdu.html", contexte)


def coordonnees_connues(demarche: Demarche) -> dict[str, str]:
    telephone = demarche.telephone.as_national if demarche.telephone else ""
    return {
        "prenom": demarche.prenom,
        "nom": demarche.nom,
        "courriel": demarche.courriel,
        "telephone": telephone,
        "adresse_domicile": demarche.adresse_domicile,
    }
