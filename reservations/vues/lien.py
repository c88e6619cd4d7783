"""Agents' pages: the booking link, to share (copy, QR code, poster, e-mail) or to change (renew, close, open again)."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cartographie.fiche import code_du_lieu
from reservations.parcours import Lien
from reservations.reservation_en_ligne import etat_de_la_reservation
from structures import services
from structures.acces import RequeteAgent, admin_requis, agent_de_la_structure, reservation_en_ligne_requise
from structures.qr import qr_svg

lecture_et_envoi = require_http_methods(["GET", "HEAD", "POST"])


def lien_complet(request: RequeteAgent) -> str:
    """Return the booking link of the structure, as it is given to people."""
    return _adresse(request, request.structure.lien)


def lien_des_prescripteurs(request: RequeteAgent) -> str:
    """Return the same link, already taken for someone else."""
    return _adresse(request, Lien(request.structure, prescripteur=True))


def _adresse(request: RequeteAgent, lien: str | Lien) -> str:
    return request.build_absolute_uri(reverse("reservations:choix_motif", args=[lien]))


@agent_de_la_structure
@reservation_en_ligne_requise
@require_safe
def lien(request: RequeteAgent) -> HttpResponse:
    """Everything to give the link away: copy it, its QR code, the poster, an e-mail ready to paste, narrower links."""
    adresse, etat = lien_complet(request), etat_de_la_reservation(request.structure, timezone.now())
    lieux = list(request.structure.lieux.ouverts().order_by("nom", "pk"))
    contexte = {
        "lien": adresse,
        "lien_des_prescripteurs": lien_des_prescripteurs(request),
        "etat": etat,
        "mon_lien": _adresse(request, request.appartenance.lien) if request.appartenance.lien else "",
        "precis": [
            ("Un seul motif", [(motif, f"{adresse}motif/{motif.pk}/") for motif in etat.motifs_ouverts]),
            ("Un seul lieu", [(lieu, f"{adresse}?lieu={lieu.pk}") for lieu in lieux] if len(lieux) > 1 else []),
        ],
        "codes": [(str(lieu), code_du_lieu(lieu)) for lieu in lieux],
    }
    return render(request, "reservations/agent/lien.html", contexte)


@agent_de_la_structure
@reservation_en_ligne_requise
@require_POST
def mon_lien(request: RequeteAgent) -> HttpResponse:
    """Make, replace or close the link to my own slots."""
    ouvert = request.POST.get("action") != "fermer"
    services.changer_lien_d_agent(appartenance=request.appartenance, ouvert=ouvert, maintenant=timezone.now())
    messages.success(
        request,
        "Votre lien à vous est prêt." if ouvert else "Votre lien à vous est fermé. Celui de la structure reste.",
    )
    return redirect("reservations:lien", structure_id=request.structure.pk)


@agent_de_la_structure
@reservation_en_ligne_requise
@require_safe
def qr_code(request: RequeteAgent) -> HttpResponse:
    """Draw the link as a QR code (SVG). Level Q: it is still read with a quarter of the poster torn or stained."""
    return HttpResponse(
        qr_svg(lien_complet(request), correction="q"),
        content_type="image/svg+xml",
        headers={"Content-Disposition": 'inline; filename="lien-de-reservation.svg"'},
    )


@agent_de_la_structure
@reservation_en_ligne_requise
@require_safe
def affiche(request: RequeteAgent) -> HttpResponse:
    """Show the A4 poster to print: who, where, the QR code and the link."""
    contexte = {"lien": lien_complet(request), "lieux": request.structure.lieux.ouverts().order_by("nom", "pk")[:4]}
    return render(request, "reservations/agent/affiche.html", contexte)


@agent_de_la_structure
@reservation_en_ligne_requise
@admin_requis
@lecture_et_envoi
def renouveler_lien(request: RequeteAgent) -> HttpResponse:
    """Ask, then replace the link. The one on screen is sent back: twice is once."""
    if request.method == "POST":
        envoye = request.POST.get("lien", "")
        if services.renouveler_lien(structure=request.structure, lien=envoye, maintenant=timezone.now()):
            messages.success(request, "Votre lien est renouvelé. L'ancien ne permet plus de réserver.")
        else:
            messages.info(request, "Votre lien avait déjà été renouvelé : voici le nouveau.")
        return redirect("reservations:lien", structure_id=request.structure.pk)
    return render(request, "reservations/agent/renouveler_lien.html", {"lien": lien_complet(request)})


@agent_de_la_structure
@reservation_en_ligne_requise
@admin_requis
@lecture_et_envoi
def fermer_lien(request: RequeteAgent) -> HttpResponse:
    """Ask, then close the link for a while."""
    if request.method == "POST":
        services.fermer_lien(structure=request.structure)
        messages.success(
            request, "Votre lien est fermé : plus personne ne réserve par Internet. Les rendez-vous restent."
        )
        return redirect("reservations:lien", structure_id=request.structure.pk)
    return render(request, "reservations/agent/fermer_lien.html", {"a_rouvrir": False})


@agent_de_la_structure
@reservation_en_ligne_requise
@admin_requis
@lecture_et_envoi
def rouvrir_lien(request: RequeteAgent) -> HttpResponse:
    """Ask, then open the link again, the same as before."""
    if request.method == "POST":
        services.fermer_lien(structure=request.structure, ferme=False)
        messages.success(request, "Votre lien est rouvert.")
        return redirect("reservations:reservation_en_ligne", structure_id=request.structure.pk)
    return render(request, "reservations/agent/fermer_lien.html", {"a_rouvrir": True})
