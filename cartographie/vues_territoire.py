"""The links of territory: the agents' page where they are made, and the page that they open, for prescribers."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cartographie.forms_territoire import LienDeTerritoireForm, RechercheDeTerritoireForm
from cartographie.liens_de_territoire import creer_lien, fermer_lien, renouveler_lien
from cartographie.models import LienDeTerritoire
from cartographie.recherche import commune_demandee, nom_du_departement, position_de
from cartographie.territoire import motifs_du_lien, page_de_territoire
from reservations.visiteurs import jamais_perimee
from structures.acces import RequeteAgent, agent_de_la_structure, reservation_en_ligne_requise
from structures.htmx import page_ou_fragment
from structures.models import AncienLien, Structure


@agent_de_la_structure
@reservation_en_ligne_requise
@require_http_methods(["GET", "HEAD", "POST"])
def liens_de_territoire(request: RequeteAgent) -> HttpResponse:
    """List the links of territory that the structure made, and make one."""
    form = LienDeTerritoireForm(
        request.POST or None,
        structure=request.structure,
        agent=request.user,
        miennes=[appartenance.structure_id for appartenance in request.appartenances],
    )
    if request.method == "POST" and form.is_valid():
        creer_lien(lien=form.instance, structures=form.cleaned_data["structures"])
        messages.success(request, f"Le lien « {form.instance} » est prêt.")
        return redirect("cartographie:liens_de_territoire", structure_id=request.structure.pk)
    liens = request.structure.liens_de_territoire.select_related("cree_par").prefetch_related("structures")
    contexte = {
        "form": form,
        "liens": [
            (lien, request.build_absolute_uri(_adresse(lien)), nom_du_departement(lien.departement))
            for lien in liens.order_by("ferme", "nom", "pk")
        ],
    }
    return render(request, "cartographie/liens_de_territoire.html", contexte)


@agent_de_la_structure
@reservation_en_ligne_requise
@require_POST
def changer_lien_de_territoire(request: RequeteAgent, lien_id: int) -> HttpResponse:
    """Close a link, open it again, or replace its address."""
    lien = get_object_or_404(request.structure.liens_de_territoire, pk=lien_id)
    match request.POST.get("action"):
        case "fermer":
            fermer_lien(lien=lien)
            messages.success(request, f"Le lien « {lien} » est fermé. Les rendez-vous déjà pris restent.")
        case "rouvrir":
            fermer_lien(lien=lien, ferme=False)
            messages.success(request, f"Le lien « {lien} » est rouvert, à la même adresse.")
        case "renouveler":
            if renouveler_lien(lien=lien, jeton=request.POST.get("jeton", ""), maintenant=timezone.now()):
                messages.success(request, f"L'adresse du lien « {lien} » est changée : donnez la nouvelle.")
            else:
                messages.info(request, "L'adresse avait déjà été changée : voici la nouvelle.")
        case _:
            return HttpResponseBadRequest("Action inconnue.")
    return redirect("cartographie:liens_de_territoire", structure_id=request.structure.pk)


@login_not_required
@require_safe
@jamais_perimee
def territoire(request: HttpRequest, jeton: str) -> HttpResponse:
    """Compare the next slots of several structures, by date or by distance, and choose where to book for someone."""
    lien = LienDeTerritoire.objects.select_related("structure").filter(jeton=jeton).first()
    if lien is None or lien.ferme:
        return _lien_ferme(request, lien, jeton)
    formulaire = RechercheDeTerritoireForm(request.GET)
    demande = formulaire.demande
    commune, autres, inconnue = commune_demandee("", demande["ou"])
    a_distance = bool(demande["genre"])
    au_plus_pres = commune is not None and not a_distance and request.GET.get("ordre") != "tot"
    numero = request.GET.get("page", "")
    page = page_de_territoire(
        motifs_du_lien(lien, nom=demande["motif"], sur_place=not a_distance),
        timezone.now(),
        numero=int(numero) if numero.isascii() and numero.isdigit() and len(numero) < 4 else 1,
        position=position_de(commune) if commune else None,
        au_plus_pres=au_plus_pres,
    )
    contexte = {
        "lien": lien,
        "departement": nom_du_departement(lien.departement),
        "form": formulaire,
        "commune": commune,
        "autres": [f"{autre.codes_postaux[0]} {autre.nom}" for autre in autres if autre.codes_postaux],
        "inconnue": inconnue,
        "au_plus_pres": au_plus_pres,
        "a_distance": a_distance,
        "motif_cherche": demande["motif"],
        "page": page,
    }
    return page_ou_fragment(request, "cartographie/territoire.html", contexte, "resultats")


def _lien_ferme(request: HttpRequest, lien: LienDeTerritoire | None, jeton: str) -> HttpResponse:
    """A link that was closed (404) or replaced (410) says so, and whom to ask."""
    structure: Structure = (
        lien.structure
        if lien
        else get_object_or_404(AncienLien.objects.select_related("structure"), lien=jeton).structure
    )
    contexte = {"structure": structure, "ancien": lien is None}
    return render(request, "cartographie/territoire_ferme.html", contexte, status=404 if lien else 410)


def _adresse(lien: LienDeTerritoire) -> str:
    return reverse("cartographie:territoire", args=[lien.jeton])
