"""What other sites read: the links of the structures, the places in the national standard, the addresses we give."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import wraps
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition, require_safe

from cartographie.appels import compter_appel, noter_lecture
from cartographie.disponibilites import prochaines
from cartographie.fiche import adresse_de_la_fiche, adresse_pour_reserver
from cartographie.flux import Ligne, en_csv, en_geojson, en_json, ligne_du_standard
from cartographie.models import Publication
from cartographie.recherche import departements
from cartographie.requetes import dernier_jour_connu, lieux_connus, lieux_publics, lieux_publies, structures_reservables
from structures.adresse import adresse_du_visiteur
from structures.fuseaux import PARIS
from structures.models import Structure

TERRITOIRE = "CN"  # the conseillers numériques: the one territory whose identifiers our structures have
FORMATS = {
    "json": (en_json, "application/json"),
    "csv": (en_csv, "text/csv; charset=utf-8"),
    "geojson": (en_geojson, "application/geo+json"),
}
LOT = 500

Vue = Callable[..., HttpResponseBase]


def flux_limite(vue: Vue) -> Vue:
    """Let one connection read the feeds so many times a minute, then 429. Any site may read them from a page."""

    @wraps(vue)
    def enveloppe(request: HttpRequest, **kwargs: object) -> HttpResponseBase:
        attente = compter_appel(adresse=adresse_du_visiteur(request), maintenant=timezone.now())
        if attente:
            refus = JsonResponse({"too_many_requests": "retry_later"}, status=429)
            refus["Retry-After"] = str(attente)
            return refus
        reponse = vue(request, **kwargs)
        reponse["Access-Control-Allow-Origin"] = "*"
        return reponse

    return enveloppe


@login_not_required
@require_safe
@flux_limite
@cache_control(public=True, max_age=60)
def public_links(request: HttpRequest) -> HttpResponse:
    """The structures of a territory that can be booked now, each with its link: what the national map asks."""
    territoire = request.GET.get("territory", "")
    if not territoire:
        return JsonResponse({"missing": "territory"}, status=400)
    if territoire != TERRITOIRE:
        return JsonResponse({"not_found": "territory"}, status=404)
    noter_lecture(flux="liens", maintenant=timezone.now())
    liens = [
        {"external_id": cle, "public_link": settings.SITE_URL + reverse("cartographie:lien_externe", args=["CN", cle])}
        for cle in structures_reservables().values_list("id_externe", flat=True)
    ]
    return JsonResponse({"public_links": liens})


def _publication() -> Publication | None:
    return Publication.objects.filter(pk=Publication.SEULE, empreinte__gt="").first()


def _etag(request: HttpRequest, extension: str) -> str | None:
    publication = _publication()
    # Weak: a place edited since the last publication is already said as it is.
    return f'W/"{publication.empreinte}-{extension}"' if publication else None


def _derniere_modification(request: HttpRequest, extension: str) -> datetime | None:
    publication = _publication()
    return publication.changee_le if publication else None


@login_not_required
@require_safe
@flux_limite
@cache_control(public=True, max_age=60)
@condition(etag_func=_etag, last_modified_func=_derniere_modification)
def lieux_standard(request: HttpRequest, extension: str) -> StreamingHttpResponse:
    """All places in the national standard v1.0.2, written while they are read."""
    noter_lecture(flux="lieux", maintenant=timezone.now())
    ecrire, type_de_contenu = FORMATS[extension]
    return StreamingHttpResponse(ecrire(lignes_du_flux()), content_type=type_de_contenu)


def lignes_du_flux() -> Iterator[Ligne]:
    """Yield each place as the feeds say it, read by lots."""
    aujourd_hui = timezone.now().astimezone(ZoneInfo(PARIS)).date()
    for lieu in lieux_publies().iterator(chunk_size=LOT):
        actif = any(etat.actif for etat in lieu.etats_en_cours)  # type: ignore[attr-defined]
        adresse = settings.SITE_URL + reverse("cartographie:prendre_rendez_vous", args=[lieu.pk]) if actif else ""
        yield ligne_du_standard(lieu, prise_rdv=adresse, jour=dernier_jour_connu(lieu, aujourd_hui))


# --- Search engines -----------------------------------------------------------------------------------------------


@login_not_required
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """What search engines need not read. Private links are not named here: each says "noindex" by itself."""
    prives = "".join(f"Disallow: {chemin}\n" for chemin in ("/agent/", "/api/", "/plateforme/"))
    plan = settings.SITE_URL + reverse("cartographie:plan_du_site")
    return HttpResponse(f"User-agent: *\n{prives}\nSitemap: {plan}\n", content_type="text/plain; charset=utf-8")


@login_not_required
@require_safe
@cache_control(public=True, max_age=3600)
def plan_du_site(request: HttpRequest) -> HttpResponse:
    """The public pages of the places, and the lists of the départements. Two queries."""
    chemins = [reverse("accueil"), reverse("cartographie:carte")]
    chemins += [reverse("cartographie:departement", args=[d["code"]]) for d in departements()]
    chemins += [adresse_de_la_fiche(lieu) for lieu in lieux_publics().only("nom", "commune").order_by("pk")]
    adresses = "".join(f"<url><loc>{settings.SITE_URL}{chemin}</loc></url>\n" for chemin in chemins)
    debut = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
    return HttpResponse(f"{debut}{adresses}</urlset>\n", content_type="application/xml; charset=utf-8")


# --- Addresses that others keep: they outlive the links they lead to ----------------------------------------------


@login_not_required
@require_safe
def lien_externe(request: HttpRequest, territoire: str, id_externe: str) -> HttpResponse:
    """Lead to the booking link of a structure known by its identifier in the national directory."""
    if territoire != TERRITOIRE:
        raise Http404("Ce territoire n'existe pas.")
    structure = get_object_or_404(Structure, id_externe=id_externe)
    if not structure.reservation_en_ligne_possible:
        return render(request, "cartographie/sans_reservation.html", {"structure": structure}, status=410)
    return redirect("reservations:choix_motif", lien=structure.lien)


@login_not_required
@require_safe
def prendre_rendez_vous(request: HttpRequest, lieu_id: int) -> HttpResponse:
    """Lead to what can be booked for a place now, or to its page, which says what to do otherwise."""
    lieu = get_object_or_404(lieux_connus().select_related("structure"), pk=lieu_id)
    disponibilite = prochaines([lieu], timezone.now()).get(lieu.pk)
    return redirect(adresse_pour_reserver(lieu, disponibilite) if disponibilite else adresse_de_la_fiche(lieu))
