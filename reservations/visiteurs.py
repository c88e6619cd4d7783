"""Who books: a visitor is a random token in their session, kept hashed in the database."""

import re
import secrets
from collections.abc import Callable
from functools import wraps

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers, patch_cache_control
from django.utils.crypto import constant_time_compare
from django_htmx.http import HttpResponseClientRedirect

from reservations.identification import hacher
from reservations.models import Demarche
from reservations.parcours import Lien, lien_de
from structures.models import AncienLien, Appartenance, Structure

CLE_DE_SESSION = "visiteur"
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
    """Return a booking in progress if it belongs to the visitor of this session."""
    moi = visiteur(request)
    if not moi or not JETON.fullmatch(jeton):
        return None
    trouvee = _demarches().filter(jeton=jeton).first()
    return trouvee if trouvee is not None and constant_time_compare(trouvee.visiteur, moi) else None


def _demarches() -> QuerySet[Demarche]:
    return Demarche.objects.select_related("motif__structure", "lieu", "rendez_vous", "agent")


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
        with timezone.override(structure.tz):
            return vue(request, trouve, **kwargs)

    return enveloppe


def pour_son_visiteur(vue: Vue) -> Vue:
    """Open `vue(request, demarche)` to the visitor who began that booking, until it is confirmed.

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
            return redirect("reservations:rendez_vous_public", jeton=demarche.rendez_vous.jeton)
        with timezone.override(demarche.motif.structure.tz):
            return vue(request, demarche)

    return enveloppe


def _session_terminee(request: HttpRequest, jeton: str) -> HttpResponse:
    demarche = _demarches().filter(jeton=jeton).first()
    contexte: dict[str, object] = {}
    if demarche is not None and demarche.motif.structure.reservation_en_ligne_possible:
        contexte = {"structure": demarche.motif.structure, "motif": demarche.motif, "lien": lien_de(demarche)}
    return render(request, "reservations/parcours/session_terminee.html", contexte, status=403)
