"""The learner's path: for what, where, when, instructions, who, code. One view a page; GET never writes."""

from datetime import datetime
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from motifs.models import Motif
from reservations import services
from reservations.forms_parcours import FormulaireCode, FormulaireCoordonnees, FormulaireInstructions
from reservations.models import Demarche
from reservations.parcours import (
    a_des_instructions,
    dans_la_fenetre,
    disponibilites_des_lieux,
    disponibilites_des_motifs,
    etape,
    etapes,
    lieux_du_motif,
    lire_instant,
    lire_semaine,
    minutes_restantes,
    motifs_du_public,
    peut_etre_prolongee,
    plus_proches,
    premiere_etape_incomplete,
    proposes,
    propositions,
)
from reservations.redaction import HEURES_LOCALES
from reservations.refus import (
    CodeRefuse,
    CreneauIndisponible,
    DemarcheIncomplete,
    ReservationImpossible,
    TropDeCodes,
)
from reservations.saisies import garder_saisie, oublier_saisie, saisie_de
from reservations.visiteurs import demarche_du_visiteur, jamais_perimee, par_le_lien, pour_son_visiteur, visiteur
from structures.adresse import adresse_du_visiteur
from structures.htmx import page_ou_fragment
from structures.models import Lieu, Structure

ETAPES_GARDEES = ("instructions", "coordonnees", "code")  # the steps during which the slot is held
lecture_et_envoi = require_http_methods(["GET", "HEAD", "POST"])


# --- Choosing -------------------------------------------------------------------------------------------------------


@login_not_required
@require_safe
@jamais_perimee
@par_le_lien
def choix_motif(request: HttpRequest, structure: Structure) -> HttpResponse:
    """For what: who offers the help, then one card a motif. A single motif is not a choice: its page follows."""
    maintenant = timezone.now()
    motifs = proposes(motifs_du_public(structure, timezone.localdate(maintenant)))
    demarche = _demarche_a_deplacer(request, structure)
    if len(motifs) == 1:
        return redirect(_adresse("choix_lieu", structure, motifs[0].pk, demarche=demarche))
    totaux = {len(etapes(plusieurs_motifs=True, instructions=a_des_instructions(motif))) for motif in motifs}
    contexte = {
        "structure": structure,
        "etape": f"Étape 1 sur {max(totaux)}" if len(totaux) == 1 else "Étape 1" if totaux else "",
        "totaux": sorted(totaux),
        "choix": [
            (dispo, _adresse("choix_lieu", structure, dispo.objet.pk, demarche=demarche))
            for dispo in disponibilites_des_motifs(motifs, maintenant, visiteur(request))
        ],
    }
    return render(request, "reservations/parcours/choix_motif.html", contexte)


@login_not_required
@require_safe
@jamais_perimee
@par_le_lien
def choix_lieu(request: HttpRequest, structure: Structure, motif_id: int) -> HttpResponse:
    """Where, for a motif on site with several lieux; otherwise there is nothing to choose and the slots follow."""
    maintenant = timezone.now()
    motifs = motifs_du_public(structure, timezone.localdate(maintenant))
    motif = next((motif for motif in motifs if motif.pk == motif_id), None)
    if motif is None:
        return _motif_ferme(request, structure)
    lieux = lieux_du_motif(motif, timezone.localdate(maintenant))
    demarche = _demarche_a_deplacer(request, structure)
    if len(lieux) < 2:
        return redirect(_adresse("choix_creneau", structure, motif.pk, demarche=demarche))
    ici = etape("quand", motif, proposes(motifs))
    contexte = {
        "structure": structure,
        "motif": motif,
        "etape": ici,
        "totaux": [ici.total],
        "seul_motif": len(proposes(motifs)) < 2,
        "adresse_des_motifs": _adresse("choix_motif", structure, demarche=demarche),
        "choix": [
            (dispo, _adresse("choix_creneau", structure, motif.pk, lieu=dispo.objet.pk, demarche=demarche))
            for dispo in disponibilites_des_lieux(motif, lieux, maintenant, visiteur(request))
        ],
    }
    return render(request, "reservations/parcours/choix_lieu.html", contexte)


@login_not_required
@lecture_et_envoi
@jamais_perimee
@par_le_lien
def choix_creneau(request: HttpRequest, structure: Structure, motif_id: int) -> HttpResponse:
    """When: the soonest times, then a week. A POST holds the slot, for a new booking or for the one being moved."""
    maintenant = timezone.now()
    motifs = motifs_du_public(structure, timezone.localdate(maintenant))
    motif = next((motif for motif in motifs if motif.pk == motif_id), None)
    if motif is None:
        return _motif_ferme(request, structure)
    lieux = lieux_du_motif(motif, timezone.localdate(maintenant))
    lieu = lieux[0] if len(lieux) == 1 else next((x for x in lieux if str(x.pk) == request.GET.get("lieu")), None)
    demarche = _demarche_a_deplacer(request, structure)
    if lieu is None and lieux:
        return redirect(_adresse("choix_lieu", structure, motif.pk, demarche=demarche))
    semaine = lire_semaine(request.GET.get("semaine", ""))
    perdu: dict[str, object] = {}
    if request.method == "POST":
        debut = lire_instant(request.POST.get("debut", ""))
        try:
            return redirect(_prendre(request, motif, lieu, debut, demarche, maintenant))
        except ReservationImpossible as refus:
            perdu = _refus_du_creneau(request, refus, motif, lieu, debut, maintenant)
            if debut:
                semaine = timezone.localdate(dans_la_fenetre(motif, debut, maintenant))
    contexte = {
        **_contexte_du_choix(structure, motif, proposes(motifs), lieu, lieux, demarche, maintenant),
        **perdu,
        "propositions": propositions(motif, lieu, semaine=semaine, maintenant=maintenant, visiteur=visiteur(request)),
    }
    region = "creneaux" if request.method == "GET" else None
    return page_ou_fragment(request, "reservations/parcours/choix_creneau.html", contexte, region)


def _contexte_du_choix(
    structure: Structure,
    motif: Motif,
    choix: list[Motif],
    lieu: Lieu | None,
    lieux: list[Lieu],
    demarche: Demarche | None,
    maintenant: datetime,
) -> dict[str, object]:
    ici = etape("quand", motif, choix)
    adresse = _adresse("choix_creneau", structure, motif.pk, lieu=lieu.pk if lieu else None, demarche=demarche)
    return {
        "structure": structure,
        "motif": motif,
        "lieu": lieu,
        "etape": ici,
        "totaux": [ici.total],
        "seul_motif": len(choix) < 2,
        "heure_locale": "" if motif.sur_place else HEURES_LOCALES.get(structure.fuseau, ""),
        "dernier_jour": motif.fenetre_du_public(maintenant)[1],
        "adresse": adresse,
        "adresse_de_semaine": f"{adresse}{'&' if '?' in adresse else '?'}semaine=",
        "adresse_des_motifs": "" if len(choix) < 2 else _adresse("choix_motif", structure, demarche=demarche),
        "adresse_des_lieux": "" if len(lieux) < 2 else _adresse("choix_lieu", structure, motif.pk, demarche=demarche),
        "demarche": demarche,
        "encore_garde": services.option_vivante(demarche, maintenant) if demarche else None,
    }


def _prendre(
    request: HttpRequest,
    motif: Motif,
    lieu: Lieu | None,
    debut: datetime | None,
    demarche: Demarche | None,
    maintenant: datetime,
) -> str:
    """Hold the slot asked and return the address of the step that follows."""
    if debut is None:
        raise ReservationImpossible("Cette heure n'est pas dans la liste. Choisissez-en une ci-dessous.")
    prise = services.prendre_option(
        motif_id=motif.pk,
        structure_id=motif.structure_id,
        lieu_id=lieu.pk if lieu else None,
        debut=debut,
        visiteur=visiteur(request, creer=True),
        adresse=adresse_du_visiteur(request),
        maintenant=maintenant,
        demarche=demarche,
    )
    return reverse(f"reservations:{premiere_etape_incomplete(prise)}", args=[prise.jeton])


def _refus_du_creneau(
    request: HttpRequest,
    refus: ReservationImpossible,
    motif: Motif,
    lieu: Lieu | None,
    debut: datetime | None,
    maintenant: datetime,
) -> dict[str, object]:
    """Say what happened, with the nearest other times when the slot itself is what is missing."""
    if debut is None or not isinstance(refus, CreneauIndisponible):
        return {"refus": str(refus)}
    proches = plus_proches(motif, lieu, debut, maintenant=maintenant, visiteur=visiteur(request))
    return {"refus": "Ce créneau vient d'être pris.", "proches": proches}


def _demarche_a_deplacer(request: HttpRequest, structure: Structure) -> Demarche | None:
    """Return the visitor's own booking in progress whose slot is being changed; anything else is ignored."""
    jeton = request.GET.get("demarche", "")
    demarche = demarche_du_visiteur(request, jeton) if jeton else None
    if demarche is None or demarche.confirmee_le is not None or demarche.motif.structure_id != structure.pk:
        return None
    return demarche


def _adresse(
    nom: str, structure: Structure, *args: int, lieu: int | None = None, demarche: Demarche | None = None
) -> str:
    """Return the address of a page of choice, with what was already chosen."""
    chemin = reverse(f"reservations:{nom}", args=[structure.lien, *args])
    parametres = {"lieu": lieu, "demarche": demarche.jeton if demarche else None}
    choisis = urlencode({cle: valeur for cle, valeur in parametres.items() if valeur})
    return f"{chemin}?{choisis}" if choisis else chemin


def _motif_ferme(request: HttpRequest, structure: Structure) -> HttpResponse:
    """The same answer for a motif that was closed, is not for everyone, or never existed."""
    return render(request, "reservations/parcours/motif_ferme.html", {"structure": structure}, status=404)


# --- Identifying ----------------------------------------------------------------------------------------------------


@login_not_required
@require_safe
@jamais_perimee
@pour_son_visiteur
def demarche(request: HttpRequest, demarche: Demarche) -> HttpResponse:
    """Go to the step where this booking stands."""
    return redirect(f"reservations:{premiere_etape_incomplete(demarche)}", jeton=demarche.jeton)


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
    accepte = "accepte" in saisie.champs if saisie else services.instructions_acceptees(demarche)
    # Refused because the text changed: the new one is still to be ticked.
    formulaire = FormulaireInstructions(
        {"texte": texte} if saisie and saisie.a_verifier and not refus else None,
        initial={"texte": texte, "accepte": accepte and not refus},
    )
    return _page_gardee(request, "instructions", demarche, {"form": formulaire, "texte": texte, "refus": refus})


def _accepter(request: HttpRequest, demarche: Demarche) -> HttpResponse:
    formulaire = FormulaireInstructions(request.POST)
    if formulaire.is_valid():
        lu = formulaire.cleaned_data["texte"]
        try:
            services.accepter_instructions(demarche=demarche, texte=lu, maintenant=timezone.now())
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
    if premiere_etape_incomplete(demarche) == "instructions":
        return redirect("reservations:instructions", jeton=demarche.jeton)
    if request.method == "POST":
        return _donner_coordonnees(request, demarche)
    saisie = saisie_de(request, demarche, "coordonnees")
    formulaire = FormulaireCoordonnees(
        saisie.champs if saisie and saisie.a_verifier else None,
        motif=demarche.motif,
        initial=saisie.champs if saisie else _coordonnees_connues(demarche),
    )
    refus = saisie.refus if saisie else ""
    return _page_gardee(request, "coordonnees", demarche, {"form": formulaire, "refus": refus})


def _donner_coordonnees(request: HttpRequest, demarche: Demarche) -> HttpResponse:
    formulaire = FormulaireCoordonnees(request.POST, motif=demarche.motif)
    if formulaire.is_valid():
        try:
            services.donner_coordonnees(demarche=demarche, maintenant=timezone.now(), **formulaire.cleaned_data)
        except TropDeCodes as trop:
            garder_saisie(request, demarche, "coordonnees", refus=str(trop))
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
    en_cours = services.code_en_cours(demarche, timezone.now())
    return _page_gardee(request, "code", demarche, {"form": formulaire, "code_en_cours": en_cours})


def _verifier_et_confirmer(request: HttpRequest, demarche: Demarche) -> HttpResponse:
    maintenant = timezone.now()
    formulaire = None if demarche.est_verifiee else FormulaireCode(request.POST)
    if formulaire is not None and not formulaire.is_valid():
        garder_saisie(request, demarche, "code")
        return redirect("reservations:code", jeton=demarche.jeton)
    try:
        if formulaire is not None:
            services.verifier_code(demarche=demarche, code=formulaire.cleaned_data["code"], maintenant=maintenant)
        rendez_vous = services.confirmer(demarche=demarche, maintenant=maintenant)
    except CodeRefuse as refus:
        garder_saisie(request, demarche, "code", erreurs={"code": str(refus)})
        return redirect("reservations:code", jeton=demarche.jeton)
    except DemarcheIncomplete:
        return redirect("reservations:demarche", jeton=demarche.jeton)
    except ReservationImpossible as refus:
        return _creneau_perdu(request, demarche, refus)
    oublier_saisie(request)
    request.session["vient_de"] = ["confirmer", rendez_vous.jeton]
    return redirect("reservations:rendez_vous_public", jeton=rendez_vous.jeton)


def _renvoyer(request: HttpRequest, demarche: Demarche) -> HttpResponse:
    oublier_saisie(request)
    try:
        services.renvoyer_code(demarche=demarche, maintenant=timezone.now())
    except TropDeCodes as trop:
        messages.error(request, str(trop))
    else:
        messages.success(request, "Un nouveau code vient de partir. L'ancien ne marche plus.")
    return redirect("reservations:code", jeton=demarche.jeton)


@login_not_required
@require_POST
@jamais_perimee
@pour_son_visiteur
def prolonger(request: HttpRequest, demarche: Demarche) -> HttpResponse:
    """Hold the slot longer. What is being typed stays: in the page under htmx, else carried by the session."""
    try:
        services.prolonger_option(demarche=demarche, maintenant=timezone.now())
        annonce = "Votre créneau est gardé plus longtemps."
    except CreneauIndisponible:
        annonce = ""
    ici = _etape_d_ou_vient(request, demarche)
    if request.htmx:  # type: ignore[attr-defined]
        demarche.refresh_from_db(fields=["rendez_vous"])
        return _page_gardee(request, ici, demarche, {"annonce": annonce})
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
            )
        except ReservationImpossible as refus:
            return _creneau_perdu(request, demarche, refus)
        messages.success(request, "Votre créneau est de nouveau réservé pour vous.")
    return redirect("reservations:demarche", jeton=demarche.jeton)


def _etape_d_ou_vient(request: HttpRequest, demarche: Demarche) -> str:
    """Return the step in which the button was pressed: the address says it, within the steps that exist."""
    ici = request.GET.get("etape", "")
    return ici if ici in ETAPES_GARDEES else premiere_etape_incomplete(demarche)


def _page_gardee(request: HttpRequest, nom: str, demarche: Demarche, contexte: dict[str, object]) -> HttpResponse:
    """Show a step during which the slot is held: the choice stays visible, with the time left.

    Under htmx only that time is asked again (extended, or just run out): the form being filled is not touched.
    """
    maintenant = timezone.now()
    motif = demarche.motif
    option = services.option_vivante(demarche, maintenant)
    complet = {
        "structure": motif.structure,
        "motif": motif,
        "demarche": demarche,
        "ici": nom,
        "option": option,
        "minutes": minutes_restantes(option, maintenant) if option else 0,
        "prolongeable": bool(option) and peut_etre_prolongee(option),
        "adresse_des_creneaux": _adresse(
            "choix_creneau", motif.structure, motif.pk, lieu=demarche.lieu_id, demarche=demarche
        ),
        **contexte,
    }
    if request.htmx and not request.htmx.history_restore_request:  # type: ignore[attr-defined]
        return render(request, "reservations/parcours/_garde.html", complet)
    motifs = proposes(motifs_du_public(motif.structure, timezone.localdate(maintenant)))
    complet["etape"] = etape({"instructions": "a_lire"}.get(nom, "coordonnees"), motif, motifs)
    return render(request, f"reservations/parcours/{nom}.html", complet)


def _creneau_perdu(request: HttpRequest, demarche: Demarche, refus: ReservationImpossible) -> HttpResponse:
    """Say that the slot is gone and what was kept, with the nearest other times: one click moves the booking there."""
    motif = demarche.motif
    maintenant = timezone.now()
    pris = isinstance(refus, CreneauIndisponible)
    contexte = {
        "structure": motif.structure,
        "motif": motif,
        "demarche": demarche,
        "refus": "" if pris else str(refus),
        "proches": plus_proches(motif, demarche.lieu, demarche.debut, maintenant=maintenant, visiteur=demarche.visiteur)
        if pris
        else [],
        "adresse": _adresse("choix_creneau", motif.structure, motif.pk, lieu=demarche.lieu_id, demarche=demarche),
    }
    return render(request, "reservations/parcours/creneau_perdu.html", contexte)


def _coordonnees_connues(demarche: Demarche) -> dict[str, str]:
    telephone = demarche.telephone.as_national if demarche.telephone else ""
    return {
        "prenom": demarche.prenom,
        "nom": demarche.nom,
        "courriel": demarche.courriel,
        "telephone": telephone,
    }
