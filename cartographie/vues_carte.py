"""Public pages of the places: the list, by commune or by département, and the page of one of them."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from cartographie.disponibilites import par_motif
from cartographie.fiche import adresse_de_la_fiche, departement_du_lieu, fiche_du_lieu
from cartographie.forms import FormulaireRecherche
from cartographie.points import Cadre, points
from cartographie.recherche import (
    autour,
    commune_demandee,
    departements,
    du_departement,
    lieux_filtres,
    nom_du_departement,
    position_de,
    resultats,
)
from cartographie.requetes import est_retire, lieux_connus, prenoms_publics
from structures.communes import Commune, Position
from structures.models import Lieu

PAR_PAGE = 20


@login_not_required
@require_safe
def fiche(request: HttpRequest, lieu_id: int, nom: str = "") -> HttpResponse:
    """A place: what, when, where, and one button. The number makes the address: an old name leads to the new one."""
    lieu = get_object_or_404(lieux_connus().select_related("structure", "releve"), pk=lieu_id)
    if est_retire(lieu):
        return render(request, "cartographie/lieu_retire.html", {"lieu": lieu}, status=410)
    if request.path != (adresse := adresse_de_la_fiche(lieu)):
        return redirect(adresse, permanent=True)
    maintenant = timezone.now()
    with timezone.override(lieu.structure.tz):
        page = fiche_du_lieu(lieu, par_motif(lieu, maintenant), maintenant)
        code = departement_du_lieu(lieu)
        contexte = {"fiche": page, "lieu": lieu, "structure": lieu.structure, "code_departement": code}
        contexte["prenoms"] = prenoms_publics(lieu, timezone.localdate(maintenant))
        return render(request, "cartographie/fiche.html", {**contexte, "departement": nom_du_departement(code)})


@login_not_required
@require_safe
def carte(request: HttpRequest, *, integree: bool = False) -> HttpResponse:
    """Find a place near a commune or a point; without either, choose a département."""
    formulaire = FormulaireRecherche(request.GET)
    demande = formulaire.demande()
    if not demande["ou"] and nom_du_departement(departement_choisi := request.GET.get("departement", "")):
        return _filtrer_le_departement(request, departement_choisi, integree=integree)
    commune, autres, inconnue = commune_demandee(request.GET.get("commune", ""), demande["ou"])
    position = position_de(commune) if commune else _position(request)
    if commune and not demande["ou"]:  # chosen among others of its name: said in the field
        formulaire = FormulaireRecherche(
            {**request.GET.dict(), "ou": " ".join([commune.nom, *commune.codes_postaux[:1]])}
        )
    contexte: dict[str, Any] = {
        "titre": _titre(commune, position),
        "commune": commune,
        "autres": autres,
        "inconnue": inconnue,
        "gardes": _gardes(request, "lat", "lon") if position and not commune else _gardes(request),
        "proches": True,
        "ordre_simple": "Le plus près",
        "indexable": not request.GET,
        **_page(integree),
    }
    if position:
        lieux = autour(_filtres(demande), position)
        contexte |= _page_de_resultats(request, lieux, demande, position)
    else:
        contexte["departements"] = departements()
    contexte["vue"] = _vue(position, 10, demande)
    return render(request, "cartographie/carte.html", {**contexte, "form": formulaire})


@login_not_required
@require_safe
def departement(request: HttpRequest, code: str, *, integree: bool = False) -> HttpResponse:
    """Every place of a département."""
    nom = nom_du_departement(code)
    if not nom:
        raise Http404("Ce département n'existe pas.")
    formulaire = FormulaireRecherche(request.GET)
    demande = formulaire.demande()
    lieux = du_departement(_filtres(demande), code)
    contexte = {
        "titre": f"Aide numérique : {nom}",
        "gardes": [("departement", code), *_gardes(request)],
        "ordre_simple": "Par commune",
        "indexable": not request.GET.keys() - {"page"},
        **_page(integree),
        "form": formulaire,
        "vue": _vue(_centre(lieux), 8, demande),
        **_page_de_resultats(request, lieux, demande, None),
    }
    return render(request, "cartographie/carte.html", contexte)


@login_not_required
@require_safe
@cache_control(public=True, max_age=300)
def points_de_la_carte(request: HttpRequest) -> JsonResponse:
    """What the map draws in a frame: the places of the list's filters."""
    try:
        cadre = Cadre(*(float(request.GET.get(bord, "")) for bord in ("ouest", "sud", "est", "nord")))
    except ValueError:
        cadre = None
    if cadre is None or not cadre.valable:
        return JsonResponse({"erreur": "Cadre attendu : ouest, sud, est, nord, en degrés."}, status=400)
    demande = FormulaireRecherche(request.GET).demande()
    trouves = points(cadre, _filtres(demande), reservable=demande["reservable"])
    return JsonResponse({"points": trouves}, json_dumps_params={"ensure_ascii": False, "separators": (",", ":")})


def _titre(commune: Commune | None, position: Position | None) -> str:
    if commune:
        return f"Aide numérique près de {commune.nom}"
    return "Aide numérique à proximité" if position else "Trouver un lieu d'aide numérique"


def _page(integree: bool) -> dict[str, Any]:
    """Where the pages of the list lead: to each other, in the frame of another site or not."""
    fin = "_integree" if integree else ""
    return {
        "integree": integree,
        "gabarit": "cartographie/integration.html" if integree else "base.html",
        "vue_carte": f"cartographie:carte{fin}",
        "vue_departement": f"cartographie:departement{fin}",
    }


def _vue(position: Position | None, zoom: int, demande: dict[str, Any]) -> dict[str, Any]:
    """Where the map opens (None: on the mainland), on what (our outlines, or tiles), and which places."""
    filtres = {nom: demande[nom] for nom in ("service", "accueil") if demande[nom]}
    vue: dict[str, Any] = {
        "tuiles": settings.CARTE_TUILES,
        "attribution": settings.CARTE_ATTRIBUTION,
        "filtres": urlencode(filtres | ({"reservable": "on"} if demande["reservable"] else {})),
    }
    return vue | ({"latitude": position[0], "longitude": position[1], "zoom": zoom} if position else {"zoom": ""})


def _gardes(request: HttpRequest, *noms: str) -> list[tuple[str, str]]:
    """Return what the search form sends again, so that another filter loses neither the point nor the order."""
    return [(nom, request.GET[nom]) for nom in (*noms, "ordre") if nom in request.GET]


def _filtrer_le_departement(request: HttpRequest, code: str, *, integree: bool) -> HttpResponse:
    """Lead back to the page of a département with the filters chosen there."""
    demande = request.GET.copy()
    for nom in ("departement", "ou", "page"):
        demande.pop(nom, None)
    adresse = reverse(_page(integree)["vue_departement"], args=[code])
    return redirect(f"{adresse}?{demande.urlencode()}" if demande else adresse)


def _centre(lieux: list[Lieu]) -> Position | None:
    situes = [
        (lieu.latitude, lieu.longitude) for lieu in lieux if lieu.latitude is not None and lieu.longitude is not None
    ]
    if not situes:
        return None
    return sum(latitude for latitude, _ in situes) / len(situes), sum(longitude for _, longitude in situes) / len(
        situes
    )


def _filtres(demande: dict[str, Any]) -> QuerySet[Lieu]:
    return lieux_filtres(service=demande["service"], accueil=demande["accueil"], reservable=demande["reservable"])


def _page_de_resultats(
    request: HttpRequest, lieux: list[Lieu], demande: dict[str, Any], position: Position | None
) -> dict[str, Any]:
    au_plus_tot = request.GET.get("ordre") == "tot"
    trouves = resultats(
        lieux, timezone.now(), position=position, reservable=demande["reservable"], au_plus_tot=au_plus_tot
    )
    page = Paginator(trouves, PAR_PAGE).get_page(request.GET.get("page"))
    return {"page": page if trouves else None, "nombre": len(trouves), "au_plus_tot": au_plus_tot, "cherche": True}


def _position(request: HttpRequest) -> Position | None:
    """Return the point of "autour de moi", None when the address has none that is on Earth."""
    try:
        latitude, longitude = float(request.GET.get("lat", "")), float(request.GET.get("lon", ""))
    except ValueError:
        return None
    return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None
