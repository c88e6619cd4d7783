"""The prescriber's own pages: the rendez-vous that they took, who they are, the browsers that remember them.

They open in a browser that gave the code, or with an agent's account.
"""

from collections.abc import Callable
from datetime import datetime
from functools import wraps

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from reservations import prescripteurs
from reservations.forms.parcours import FormulaireCode
from reservations.forms.prescripteurs import FormulaireCourriel, PrescripteurForm
from reservations.identification import code_en_cours
from reservations.models import STATUTS_ANNULES, VALIDITE_DU_LIEN, IdentificationPrescripteur, Prescripteur, RendezVous
from reservations.navigateurs import nom_du_navigateur
from reservations.refus import CodeRefuse, TropDeCodes
from reservations.visiteurs import (
    COOKIE_DE_L_APPAREIL,
    appareil_de,
    en_francais_seulement,
    jeton_du_formulaire,
    prescripteur_connu,
    renvoyer_le_code,
    retenir_l_appareil,
)
from structures.adresse import adresse_du_visiteur

CLE_DE_SESSION = "identification_prescripteur"
PAR_PAGE = 50
lecture_et_envoi = require_http_methods(["GET", "HEAD", "POST"])


def prescripteur_requis(vue: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Open `vue(request, prescripteur, …)` to a known prescriber; to others, the page where the code is asked."""

    @wraps(vue)
    def enveloppe(request: HttpRequest, **kwargs: int) -> HttpResponse:
        en_francais_seulement(request)
        prescripteur = prescripteur_connu(request)
        if prescripteur is None:
            rendez_vous_id = kwargs.get("rendez_vous_id")
            entree = reverse("reservations:mes_prescriptions")
            return redirect(f"{entree}?rdv={rendez_vous_id}" if rendez_vous_id else entree)
        return vue(request, prescripteur, **kwargs)

    return enveloppe


@login_not_required
@lecture_et_envoi
@never_cache
def mes_prescriptions(request: HttpRequest) -> HttpResponse:
    """The rendez-vous taken for others; before, where to send the code. `rdv`: the one asked for, shown afterwards."""
    en_francais_seulement(request)
    prescripteur = prescripteur_connu(request)
    if prescripteur is not None:
        return _liste(request, prescripteur, timezone.now())
    form, jeton, refus = FormulaireCourriel(request.POST or None), jeton_du_formulaire(request), ""
    if request.method == "POST" and form.is_valid():
        try:
            identification = prescripteurs.demander_l_entree(
                jeton=jeton,
                courriel=form.cleaned_data["courriel"],
                adresse=adresse_du_visiteur(request),
                maintenant=timezone.now(),
            )
        except TropDeCodes as trop:
            refus = str(trop)
        else:
            request.session[CLE_DE_SESSION] = {"jeton": identification.jeton, "rdv": request.GET.get("rdv", "")}
            return redirect("reservations:mes_prescriptions_code")
    return render(request, "reservations/prescripteur/entree.html", {"form": form, "jeton": jeton, "refus": refus})


def _liste(request: HttpRequest, prescripteur: Prescripteur, maintenant: datetime) -> HttpResponse:
    """Those to come, the soonest first, or the others as long as a learner's link would show them."""
    passes = request.GET.get("onglet") == "passes"
    liste = RendezVous.objects.prescrits_par(prescripteur).filter(fin__gte=maintenant - VALIDITE_DU_LIEN).avec_details()
    if passes:
        liste = liste.filter(Q(fin__lte=maintenant) | Q(statut__in=STATUTS_ANNULES)).order_by("-debut", "-pk")
    else:
        liste = liste.a_venir(maintenant)
    contexte = {
        "prescripteur": prescripteur,
        "page": Paginator(liste, PAR_PAGE).get_page(request.GET.get("page")),
        "passes": passes,
        "appareil": appareil_de(request),
    }
    return render(request, "reservations/prescripteur/liste.html", contexte)


@login_not_required
@lecture_et_envoi
@never_cache
def mes_prescriptions_code(request: HttpRequest) -> HttpResponse:
    """The code received. Nobody known by that address: said once it is proved, to its owner alone."""
    en_francais_seulement(request)
    demande = request.session.get(CLE_DE_SESSION, {})
    identification = IdentificationPrescripteur.objects.filter(jeton=demande.get("jeton", "")).first()
    if identification is None:
        return redirect("reservations:mes_prescriptions")
    if identification.est_verifiee and "code" not in request.POST:
        return redirect("reservations:mes_prescriptions")  # nobody is known by it: another address
    if request.POST.get("action") == "renvoyer":
        renvoyer_le_code(request, identification)
        return redirect("reservations:mes_prescriptions_code")
    form = FormulaireCode(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            prescripteur, secret = prescripteurs.identifier(
                identification=identification,
                code=form.cleaned_data["code"],
                navigateur=nom_du_navigateur(request.META.get("HTTP_USER_AGENT", "")),
                maintenant=timezone.now(),
            )
        except CodeRefuse as refus:
            form.add_error("code", str(refus))
        else:
            return _ouvrir(request, prescripteur, secret, str(demande.get("rdv", "")))
    contexte = {
        "form": form,
        "courriel": identification.courriel,
        "code_en_cours": code_en_cours(identification, timezone.now()),
    }
    return render(request, "reservations/prescripteur/code.html", contexte)


def _ouvrir(request: HttpRequest, prescripteur: Prescripteur | None, secret: str, demande: str) -> HttpResponse:
    if prescripteur is None:
        return render(request, "reservations/prescripteur/inconnu.html")
    request.session.pop(CLE_DE_SESSION, None)
    request.session.cycle_key()
    siens = RendezVous.objects.prescrits_par(prescripteur)
    voulu = siens.filter(pk=demande).first() if demande.isascii() and demande.isdecimal() else None
    page = reverse("reservations:prescription", args=[voulu.pk]) if voulu else reverse("reservations:mes_prescriptions")
    reponse = redirect(page)
    retenir_l_appareil(reponse, secret)
    return reponse


@login_not_required
@lecture_et_envoi
@never_cache
@prescripteur_requis
def mes_coordonnees(request: HttpRequest, prescripteur: Prescripteur) -> HttpResponse:
    """Who they are, and the browsers that remember them."""
    connues = {champ: getattr(prescripteur, champ) for champ in ("prenom", "nom", "organisation")}
    connues["telephone"] = prescripteur.telephone.as_national if prescripteur.telephone else ""
    form = PrescripteurForm(request.POST or None, initial=connues)
    if request.method == "POST" and form.is_valid():
        prescripteurs.modifier_prescripteur(prescripteur=prescripteur, **form.cleaned_data)
        messages.success(request, "Vos coordonnées sont modifiées.")
        return redirect("reservations:coordonnees_du_prescripteur")
    contexte = {
        "form": form,
        "prescripteur": prescripteur,
        "appareils": prescripteur.appareils.filter(expire_a__gt=timezone.now()).order_by("-cree_le", "-pk"),
        "ici": appareil_de(request),
    }
    return render(request, "reservations/prescripteur/coordonnees.html", contexte)


@login_not_required
@require_POST
@never_cache
@prescripteur_requis
def oublier(request: HttpRequest, prescripteur: Prescripteur, appareil_id: int) -> HttpResponse:
    """Forget one of their browsers; when it is this one, the next page asks for a code."""
    appareil = get_object_or_404(prescripteur.appareils, pk=appareil_id)
    ici = appareil == appareil_de(request)
    prescripteurs.oublier_appareil(appareil=appareil)
    messages.success(request, f"{'Cet appareil' if ici else appareil} est oublié : il demandera un nouveau code.")
    reponse = redirect("reservations:mes_prescriptions" if ici else "reservations:coordonnees_du_prescripteur")
    if ici:
        reponse.delete_cookie(COOKIE_DE_L_APPAREIL, samesite="Lax")
    return reponse
