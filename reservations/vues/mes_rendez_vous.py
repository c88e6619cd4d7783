"""All my rendez-vous, in every structure, without an account: e-mail address or mobile, code, list."""

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from reservations import consultation as services
from reservations.forms.parcours import FormulaireCode, FormulaireContact
from reservations.models import STATUTS_ANNULES, VALIDITE_DU_LIEN, Consultation, RendezVous
from reservations.refus import CodeRefuse, TropDeCodes
from reservations.saisies import saisie_de_la_page
from reservations.visiteurs import jeton_du_formulaire, langue_sans_perdre, renvoyer_le_code
from structures.adresse import adresse_du_visiteur

CLE_DE_SESSION = "consultation"
NOMBRE_MONTRE = 100
lecture_et_envoi = require_http_methods(["GET", "HEAD", "POST"])


@login_not_required
@lecture_et_envoi
@never_cache
@langue_sans_perdre
def mes_rendez_vous(request: HttpRequest) -> HttpResponse:
    """The list, once the code was given; before, where to send the code."""
    maintenant = timezone.now()
    consultation = _consultation(request, maintenant)
    if consultation and consultation.ouverte_jusqu_a:
        return _liste(request, consultation, maintenant)
    form = FormulaireContact(request.POST or None, initial=saisie_de_la_page(request))
    jeton, refus = jeton_du_formulaire(request), ""
    if request.method == "POST" and form.is_valid():
        try:
            nouvelle = services.demander(
                **form.cleaned_data["contact"],
                adresse=adresse_du_visiteur(request),
                maintenant=maintenant,
                jeton=jeton,
            )
        except TropDeCodes as trop:
            refus = str(trop)
        else:
            request.session[CLE_DE_SESSION] = nouvelle.jeton
            return redirect("reservations:mes_rendez_vous_code")
    terminee = consultation is None and CLE_DE_SESSION in request.session
    contexte = {"form": form, "jeton": jeton, "refus": refus, "terminee": terminee}
    return render(request, "reservations/mes_rendez_vous_contact.html", contexte)


@login_not_required
@lecture_et_envoi
@never_cache
@langue_sans_perdre
def code(request: HttpRequest) -> HttpResponse:
    """The code received."""
    maintenant = timezone.now()
    consultation = _consultation(request, maintenant)
    if consultation is None or consultation.ouverte_jusqu_a:
        return redirect("reservations:mes_rendez_vous")
    if request.POST.get("action") == "renvoyer":
        renvoyer_le_code(request, consultation)
        return redirect("reservations:mes_rendez_vous_code")
    form = FormulaireCode(request.POST or None, initial=saisie_de_la_page(request))
    if request.method == "POST" and form.is_valid():
        try:
            services.ouvrir(consultation=consultation, code=form.cleaned_data["code"], maintenant=maintenant)
        except CodeRefuse as refus:
            form.add_error("code", str(refus))
        else:
            request.session.cycle_key()
            return redirect("reservations:mes_rendez_vous")
    return render(request, "reservations/mes_rendez_vous_code.html", {"form": form, "consultation": consultation})


@login_not_required
@require_POST
@never_cache
def quitter(request: HttpRequest) -> HttpResponse:
    """Close the list on this device: the next person at this computer sees nothing."""
    Consultation.objects.filter(jeton=request.session.pop(CLE_DE_SESSION, "")).delete()
    messages.success(request, _("Vos rendez-vous ne sont plus affichés sur cet appareil."))
    return redirect("accueil")


def _consultation(request: HttpRequest, maintenant: datetime) -> Consultation | None:
    return services.en_cours(request.session.get(CLE_DE_SESSION, ""), maintenant)


def _liste(request: HttpRequest, consultation: Consultation, maintenant: datetime) -> HttpResponse:
    """Those to come, the soonest first, then the others while their link opens, the latest first."""
    tous = RendezVous.objects.du_contact(consultation.contact_verifie).filter(fin__gte=maintenant - VALIDITE_DU_LIEN)
    liste = list(tous.avec_details().order_by("-debut", "-pk")[:NOMBRE_MONTRE])
    a_venir = [rdv for rdv in reversed(liste) if rdv.fin > maintenant and rdv.statut not in STATUTS_ANNULES]
    contexte = {
        "contact": consultation.courriel or consultation.telephone.as_national,
        "fin": consultation.ouverte_jusqu_a,
        "a_venir": a_venir,
        "autres": [(rdv, rdv.statut in STATUTS_ANNULES) for rdv in liste if rdv not in a_venir],
    }
    return render(request, "reservations/mes_rendez_vous.html", contexte)
