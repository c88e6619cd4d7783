"""Who books: a visitor is a random token in their session, kept hashed in the database; a prescriber, a secret in a
cookie of their browser, kept hashed too, or the account of an agent."""

import re
import secrets
from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import add_never_cache_headers, patch_cache_control
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.i18n import set_language
from django_htmx.http import HttpResponseClientRedirect

from reservations.courrier.redaction import noms
from reservations.identification import hacher, renvoyer_code
from reservations.models import AppareilDuPrescripteur, Demarche, PorteurDeCode, Prescripteur, RendezVous
from reservations.parcours import Lien, lien_de, premiere_etape_incomplete
from reservations.prescripteurs import DUREE_DE_L_APPAREIL
from reservations.refus import TropDeCodes
from reservations.saisies import garder_pour_la_page, garder_saisie
from structures.models import Agent, AncienLien, Appartenance, Structure, jeton_secret
from structures.texte import de, en_ligne

CLE_DE_SESSION = "visiteur"
COOKIE_DE_L_APPAREIL = "prescripteur"
# The way chosen last on the first page of a link, kept in the browser: "pour quelqu'un que j'accompagne".
COOKIE_DE_LA_VOIE = "pour_autrui"
JETON = re.compile(r"[A-Za-z0-9_-]{1,43}")
Vue = Callable[..., HttpResponse]


def jamais_perimee(vue: Vue) -> Vue:
    """`never_cache`, except that "back" may show again the answer to a form.

    With `no-store` the browser has no such page left: it shows an error of its own and offers to send the form again.
    A page asked by GET is always asked again, so that a confirmed booking leads to its rendez-vous.
    """

    @wraps(vue)
    def enveloppe(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        reponse = vue(request, *args, **kwargs)
        if request.method == "POST":
            patch_cache_control(reponse, no_cache=True, private=True)
        else:
            add_never_cache_headers(reponse)
        return reponse

    return enveloppe


def visiteur(request: HttpRequest, *, creer: bool = False) -> str:
    """Return the visitor of this session, "" when there is none yet; `creer` makes one (on POST only)."""
    jeton = request.session.get(CLE_DE_SESSION, "")
    if not jeton and creer:
        jeton = request.session[CLE_DE_SESSION] = secrets.token_urlsafe(24)
    return hacher(jeton, usage="visiteur") if jeton else ""


def demarche_du_visiteur(request: HttpRequest, jeton: str) -> Demarche | None:
    """Return a booking in progress if it belongs to the visitor of this session, or to the prescriber of this browser
    (who finds it again in a new session)."""
    if not JETON.fullmatch(jeton):
        return None
    trouvee = _demarches().filter(jeton=jeton).first()
    if trouvee is None:
        return None
    moi = visiteur(request)
    if moi and constant_time_compare(trouvee.visiteur, moi):
        return trouvee
    prescripteur = prescripteur_connu(request) if trouvee.prescripteur_id else None
    return trouvee if prescripteur is not None and prescripteur.pk == trouvee.prescripteur_id else None


def _demarches() -> QuerySet[Demarche]:
    return Demarche.objects.select_related("motif__structure", "lieu", "rendez_vous", "agent", "prescripteur")


def jeton_du_formulaire(request: HttpRequest) -> str:
    """Return the secret that the form carries, a new one at first: sent twice, even without a session, it is one
    request."""
    envoye = request.POST.get("jeton", "")
    return envoye if JETON.fullmatch(envoye) and len(envoye) > 20 else jeton_secret()


def renvoyer_le_code(request: HttpRequest, porteur: PorteurDeCode) -> None:
    """Send another code at the person's request; the next page says so, or why not."""
    try:
        parti = renvoyer_code(demarche=porteur, maintenant=timezone.now())
    except TropDeCodes as trop:
        messages.error(request, str(trop))
    else:
        if parti:
            messages.success(request, _("Un nouveau code vient de partir. L'ancien ne marche plus."))


# --- The prescriber -------------------------------------------------------------------------------------------------


def appareil_de(request: HttpRequest) -> AppareilDuPrescripteur | None:
    """Return the device that this browser is, if a prescriber gave the code in it and has not had it forgotten."""
    secret = request.get_signed_cookie(COOKIE_DE_L_APPAREIL, default="", salt=COOKIE_DE_L_APPAREIL)
    if not secret:
        return None
    appareils = AppareilDuPrescripteur.objects.select_related("prescripteur__agent")
    return appareils.filter(secret_hache=hacher(secret, usage="appareil"), expire_a__gt=timezone.now()).first()


def retenir_l_appareil(reponse: HttpResponse, secret: str) -> None:
    reponse.set_signed_cookie(
        COOKIE_DE_L_APPAREIL,
        secret,
        salt=COOKIE_DE_L_APPAREIL,
        max_age=DUREE_DE_L_APPAREIL,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def prescripteur_connu(request: HttpRequest) -> Prescripteur | None:
    """Return the prescriber of this request: that of the account signed in, else that of the browser."""
    if isinstance(request.user, Agent):
        sien = Prescripteur.objects.select_related("agent").filter(agent=request.user).first()
        if sien is not None:
            return sien
    appareil = appareil_de(request)
    return appareil.prescripteur if appareil else None


def prescripteur_pour(request: HttpRequest, structure: Structure) -> Prescripteur | None:
    """Return who books there for someone else: an agent of the same territory by their account, not saved the first
    time; else the prescriber of this request. None: they have to say who they are."""
    if isinstance(request.user, Agent) and structure.departement:
        siennes = request.user.appartenances.filter(structure__departement=structure.departement)
        appartenance = siennes.select_related("structure").order_by("pk").first()
        if appartenance is not None and request.user.prenom and request.user.nom:
            return _prescripteur_de_l_agent(request.user, appartenance.structure)
    return prescripteur_connu(request)


def _prescripteur_de_l_agent(agent: Agent, sa_structure: Structure) -> Prescripteur:
    return Prescripteur.objects.select_related("agent").filter(agent=agent).first() or Prescripteur(
        prenom=agent.prenom,
        nom=agent.nom,
        courriel=agent.courriel,
        telephone=sa_structure.telephone,
        organisation=sa_structure.nom[:150],
        agent=agent,
    )


def en_francais_seulement(request: HttpRequest) -> None:
    """The prescribers' pages are not translated, even those that they share with the learners."""
    langue = translation.get_language()
    request.traduite = False  # type: ignore[attr-defined]
    request.langue_refusee = langue if langue != settings.LANGUAGE_CODE else ""  # type: ignore[attr-defined]
    translation.activate(settings.LANGUAGE_CODE)


def etape_en_cours(request: HttpRequest, demarche: Demarche) -> str:
    """Return the URL name of the step where a booking in progress stands, for who asks."""
    prescripteur = prescripteur_pour(request, demarche.motif.structure) if demarche.par_prescripteur else None
    return premiere_etape_incomplete(demarche, identifie=prescripteur is not None)


# --- The link and the booking in progress, at their addresses -------------------------------------------------------


def _lien(jeton: str, *, prescripteur: bool) -> Lien | None:
    structure = Structure.objects.filter(lien=jeton).first()
    if structure is not None:
        return Lien(structure, prescripteur=prescripteur)
    siens = Appartenance.objects.select_related("structure", "agent").filter(agent__is_active=True)
    appartenance = siens.filter(lien=jeton).first()
    return Lien(appartenance.structure, appartenance.agent, jeton, prescripteur) if appartenance else None


def par_le_lien(vue: Vue) -> Vue:
    """Open `vue(request, lien, …)` at the address that carries the secret link of a structure or of one of its agents,
    after the way it is taken ("r/…" or "p/…").

    404 when nobody has it, or when online booking does not exist there. A link that was replaced (410) or closed
    (404) says so, with the structure's phone number. Dates are written in its time zone.
    """

    @wraps(vue)
    def enveloppe(request: HttpRequest, lien: str, **kwargs: object) -> HttpResponse:
        voie, _, jeton = lien.partition("/")
        trouve, ancien = _lien(jeton, prescripteur=voie == "p"), False
        if trouve is None:
            ancien = True
            trouve = Lien(get_object_or_404(AncienLien.objects.select_related("structure"), lien=jeton).structure)
        structure = trouve.structure
        if not structure.reservation_en_ligne_possible:
            raise Http404("La réservation en ligne n'existe pas pour cette structure.")
        if ancien or structure.lien_ferme:
            contexte = {"structure": structure, "ancien": ancien}
            return render(request, "reservations/parcours/lien_ferme.html", contexte, status=410 if ancien else 404)
        if trouve.prescripteur:
            en_francais_seulement(request)
        with timezone.override(structure.tz):
            reponse = vue(request, trouve, **kwargs)
        _retenir_la_voie(request, reponse)
        return reponse

    return enveloppe


def _retenir_la_voie(request: HttpRequest, reponse: HttpResponse) -> None:
    """Keep in the browser that its user books for others, when they have just said so; forget it when it is over."""
    if request.GET.get("pour") == "autrui":
        reponse.set_cookie(
            COOKIE_DE_LA_VOIE,
            "1",
            max_age=DUREE_DE_L_APPAREIL,
            httponly=True,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
    elif "pour" in request.GET and COOKIE_DE_LA_VOIE in request.COOKIES:
        reponse.delete_cookie(COOKIE_DE_LA_VOIE, samesite="Lax")


def langue_sans_perdre(vue: Vue) -> Vue:
    """Open `vue`. When the button of another language sends the form of this page, what is typed is shown again in it:
    see `saisie_de_la_page`."""

    @wraps(vue)
    def enveloppe(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if "language" not in request.POST:
            return vue(request, *args, **kwargs)
        garder_pour_la_page(request)
        return _changer_de_langue(request)

    return enveloppe


def _changer_de_langue(request: HttpRequest) -> HttpResponse:
    """Come back to this page, in the language of the button."""
    envoi = request.POST.copy()
    envoi["next"] = request.get_full_path()
    request.POST = envoi  # type: ignore[assignment]
    return set_language(request)


def pour_son_visiteur(vue: Vue) -> Vue:
    """Open `vue(request, demarche)` to the visitor who began that booking, until it is confirmed. In the middle of a
    step, another language keeps what is typed.

    To anybody else, nothing personal: the session is over, start again. Once confirmed, its rendez-vous is shown.
    """

    @wraps(vue)
    def enveloppe(request: HttpRequest, jeton: str) -> HttpResponse:
        demarche = demarche_du_visiteur(request, jeton)
        if demarche is None or (demarche.confirmee_le is not None and demarche.rendez_vous is None):
            if request.htmx:  # type: ignore[attr-defined]
                return HttpResponseClientRedirect(reverse("reservations:demarche", args=[jeton]))
            return _session_terminee(request, jeton)
        if demarche.confirmee_le is not None and demarche.rendez_vous is not None:
            if demarche.par_prescripteur:
                return vers_la_prescription(request, demarche, demarche.rendez_vous)
            return redirect("reservations:rendez_vous_public", jeton=demarche.rendez_vous.jeton)
        if "language" in request.POST and request.resolver_match is not None:
            garder_saisie(request, demarche, request.resolver_match.url_name or "", a_verifier=False)
            return _changer_de_langue(request)
        if demarche.par_prescripteur:
            en_francais_seulement(request)
        with timezone.override(demarche.motif.structure.tz):
            return vue(request, demarche)

    return enveloppe


def vers_la_prescription(request: HttpRequest, demarche: Demarche, rendez_vous: RendezVous) -> HttpResponse:
    """Lead to the rendez-vous. Sent from another tab for someone else, a form is not taken for theirs; sent twice, it
    is: what was typed is compared with what was typed, a known learner may be written otherwise."""
    voulu = en_ligne(" ".join(request.POST.get(champ, "") for champ in ("prenom", "nom")))
    if voulu and voulu != f"{demarche.prenom} {demarche.nom}":
        messages.error(
            request,
            f"Ce créneau est déjà pris, pour {noms(rendez_vous)}. Le rendez-vous {de(voulu[:200])} n'est pas pris : "
            "choisissez une autre heure.",
        )
    return redirect("reservations:prescription", rendez_vous_id=rendez_vous.pk)


def _session_terminee(request: HttpRequest, jeton: str) -> HttpResponse:
    demarche = _demarches().filter(jeton=jeton).first()
    contexte: dict[str, object] = {}
    if demarche is not None and demarche.motif.structure.reservation_en_ligne_possible:
        contexte = {"structure": demarche.motif.structure, "motif": demarche.motif, "lien": lien_de(demarche)}
    return render(request, "reservations/parcours/session_terminee.html", contexte, status=403)
