"""The prescriber's own steps, for the slot held: who they are (a code, once on this browser), whom they accompany."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from reservations import prescripteurs, services
from reservations.forms.parcours import FormulaireCode
from reservations.forms.prescripteurs import FormulaireBeneficiaire, FormulairePrescripteur
from reservations.identification import code_en_cours
from reservations.models import Demarche, IdentificationPrescripteur, Prescripteur
from reservations.navigateurs import nom_du_navigateur
from reservations.refus import (
    CodeRefuse,
    DemarcheIncomplete,
    ReservationImpossible,
    TropDeCodes,
    TropPourCettePersonne,
)
from reservations.saisies import garder_saisie, oublier_saisie, saisie_de
from reservations.visiteurs import (
    COOKIE_DE_L_APPAREIL,
    appareil_de,
    etape_en_cours,
    jamais_perimee,
    pour_son_visiteur,
    prescripteur_pour,
    renvoyer_le_code,
    retenir_l_appareil,
    vers_la_prescription,
)
from reservations.vues.parcours import (
    IDENTIFIE_DANS,
    coordonnees_connues,
    creneau_perdu,
    lecture_et_envoi,
    page_gardee,
)
from structures.adresse import adresse_du_visiteur


@login_not_required
@lecture_et_envoi
@jamais_perimee
@pour_son_visiteur
def prescripteur(request: HttpRequest, demarche: Demarche) -> HttpResponse:
    """Who the prescriber is; then a code is sent to their address."""
    if etape_en_cours(request, demarche) != "prescripteur":
        return redirect("reservations:demarche", jeton=demarche.jeton)
    departement = demarche.motif.structure.departement
    if request.method == "POST":
        formulaire = FormulairePrescripteur(request.POST, departement=departement)
        refus = ""
        if formulaire.is_valid():
            try:
                prescripteurs.demander_code(
                    jeton=demarche.jeton,
                    adresse=adresse_du_visiteur(request),
                    maintenant=timezone.now(),
                    **formulaire.cleaned_data,
                )
            except TropDeCodes as trop:
                refus = str(trop)
            else:
                oublier_saisie(request)
                return redirect("reservations:code_prescripteur", jeton=demarche.jeton)
        garder_saisie(request, demarche, "prescripteur", refus=refus)
        return redirect("reservations:prescripteur", jeton=demarche.jeton)
    saisie = saisie_de(request, demarche, "prescripteur")
    formulaire = FormulairePrescripteur(
        saisie.champs if saisie and saisie.a_verifier else None,
        departement=departement,
        initial=saisie.champs if saisie else _deja_dit(demarche),
    )
    return page_gardee(request, "prescripteur", demarche, {"form": formulaire, "refus": saisie.refus if saisie else ""})


@login_not_required
@lecture_et_envoi
@jamais_perimee
@pour_son_visiteur
def code_prescripteur(request: HttpRequest, demarche: Demarche) -> HttpResponse:
    """The code received: this browser then remembers who they are."""
    identification = IdentificationPrescripteur.objects.filter(jeton=demarche.jeton).first()
    if etape_en_cours(request, demarche) != "prescripteur" or identification is None:
        return redirect("reservations:demarche", jeton=demarche.jeton)
    if request.POST.get("action") == "renvoyer":
        oublier_saisie(request)
        renvoyer_le_code(request, identification)
        return redirect("reservations:code_prescripteur", jeton=demarche.jeton)
    if request.method == "POST":
        return _verifier(request, demarche, identification)
    saisie = saisie_de(request, demarche, "code_prescripteur")
    champs = saisie.champs if saisie else None
    formulaire = FormulaireCode(champs if saisie and saisie.a_verifier else None, initial=champs)
    for champ, erreur in saisie.erreurs.items() if saisie else ():
        formulaire.add_error(champ, erreur)
    contexte = {
        "form": formulaire,
        "courriel": identification.courriel,
        "code_en_cours": code_en_cours(identification, timezone.now()),
    }
    return page_gardee(request, "code_prescripteur", demarche, contexte)


def _verifier(request: HttpRequest, demarche: Demarche, identification: IdentificationPrescripteur) -> HttpResponse:
    formulaire, erreurs = FormulaireCode(request.POST), {}
    if formulaire.is_valid():
        try:
            _, secret = prescripteurs.identifier(
                identification=identification,
                code=formulaire.cleaned_data["code"],
                navigateur=nom_du_navigateur(request.META.get("HTTP_USER_AGENT", "")),
                maintenant=timezone.now(),
                demarche=demarche,
            )
        except CodeRefuse as refus:
            erreurs = {"code": str(refus)}
        else:
            oublier_saisie(request)
            request.session[IDENTIFIE_DANS] = demarche.jeton
            reponse = redirect("reservations:demarche", jeton=demarche.jeton)
            retenir_l_appareil(reponse, secret)
            return reponse
    garder_saisie(request, demarche, "code_prescripteur", erreurs=erreurs)
    return redirect("reservations:code_prescripteur", jeton=demarche.jeton)


@login_not_required
@lecture_et_envoi
@jamais_perimee
@pour_son_visiteur
def beneficiaire(request: HttpRequest, demarche: Demarche) -> HttpResponse:
    """Whom the rendez-vous is for; the same button confirms it."""
    qui = prescripteur_pour(request, demarche.motif.structure)
    if etape_en_cours(request, demarche) != "beneficiaire" or qui is None:
        return redirect("reservations:demarche", jeton=demarche.jeton)
    if request.method == "POST":
        return _confirmer(request, demarche, qui)
    saisie = saisie_de(request, demarche, "beneficiaire")
    formulaire = FormulaireBeneficiaire(
        saisie.champs if saisie and saisie.a_verifier and not saisie.refus else None,
        motif=demarche.motif,
        initial=saisie.champs if saisie else {**coordonnees_connues(demarche), "note": demarche.note},
    )
    contexte = {
        "form": formulaire,
        "refus": saisie.refus if saisie else "",
        "prescripteur": qui,
        "avec_son_compte": qui.agent is not None and qui.agent == request.user,
    }
    return page_gardee(request, "beneficiaire", demarche, contexte)


def _confirmer(request: HttpRequest, demarche: Demarche, qui: Prescripteur) -> HttpResponse:
    formulaire = FormulaireBeneficiaire(request.POST, motif=demarche.motif)
    if not formulaire.is_valid():
        garder_saisie(request, demarche, "beneficiaire")
        return redirect("reservations:beneficiaire", jeton=demarche.jeton)
    prescripteurs.donner_beneficiaire(demarche=demarche, **formulaire.cleaned_data)
    try:
        rendez_vous = services.confirmer(
            demarche=demarche, maintenant=timezone.now(), prescripteur=prescripteurs.enregistrer(qui)
        )
    except DemarcheIncomplete:
        return redirect("reservations:demarche", jeton=demarche.jeton)
    except TropPourCettePersonne as refus:
        garder_saisie(request, demarche, "beneficiaire", refus=str(refus))
        return redirect("reservations:beneficiaire", jeton=demarche.jeton)
    except ReservationImpossible as refus:
        return creneau_perdu(request, demarche, refus)
    oublier_saisie(request)
    request.session["vient_de"] = ["prescrire", rendez_vous.jeton]
    demarche.refresh_from_db(fields=["prenom", "nom"])  # another tab may have said another name meanwhile
    return vers_la_prescription(request, demarche, rendez_vous)


@login_not_required
@require_POST
@jamais_perimee
@pour_son_visiteur
def changer_de_prescripteur(request: HttpRequest, demarche: Demarche) -> HttpResponse:
    """ "Ce n'est pas vous ?": this browser forgets who was here before; the slot stays held."""
    if appareil := appareil_de(request):
        prescripteurs.oublier_appareil(appareil=appareil)
    garder_saisie(request, demarche, "beneficiaire", a_verifier=False)
    reponse = redirect("reservations:demarche", jeton=demarche.jeton)
    reponse.delete_cookie(COOKIE_DE_L_APPAREIL, samesite="Lax")
    return reponse


def _deja_dit(demarche: Demarche) -> dict[str, str]:
    """What they have already said in this booking, before the code."""
    connue = IdentificationPrescripteur.objects.filter(jeton=demarche.jeton).first()
    if connue is None:
        return {}
    telephone = connue.telephone.as_national if connue.telephone else ""
    return {
        "prenom": connue.prenom,
        "nom": connue.nom,
        "organisation": connue.organisation,
        "courriel": connue.courriel,
        "telephone": telephone,
    }
