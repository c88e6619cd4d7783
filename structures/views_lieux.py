"""Agents' pages: the lieux of a structure."""

from django.contrib import messages
from django.db.models.functions import Lower
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from structures.acces import RequeteAgent, admin_requis, agent_de_la_structure
from structures.forms_lieux import LieuForm
from structures.formulaires import adresse_de_retour, jeton_de_retour
from structures.htmx import page_ou_fragment
from structures.lieux import enregistrer_lieu, ouvrir_ou_fermer
from structures.models import Lieu


@agent_de_la_structure
@require_safe
def lieux(request: RequeteAgent) -> HttpResponse:
    """List the lieux of the structure, the open ones first."""
    return render(
        request, "structures/lieux.html", {"lieux": request.structure.lieux.order_by("-ouvert", Lower("nom"), "pk")}
    )


@agent_de_la_structure
@admin_requis
@require_http_methods(["GET", "HEAD", "POST"])
def nouveau_lieu(request: RequeteAgent) -> HttpResponse:
    """Create a lieu. The region `situation` is what htmx refreshes while the address is typed."""
    if "apercu" in request.POST:
        form = LieuForm(initial=request.POST.dict(), structure=request.structure)
        return page_ou_fragment(request, "structures/lieu.html", {"form": form}, "situation")
    form = LieuForm(request.POST or None, structure=request.structure)
    if request.method == "POST" and form.is_valid():
        enregistrer_lieu(lieu=form.instance)
        messages.success(request, f"Le lieu « {form.instance} » est créé.")
        return redirect(adresse_de_retour(request, request.structure, "structures:lieux"))
    contexte = {
        "form": form,
        "retour": jeton_de_retour(request),
        "annuler": adresse_de_retour(request, request.structure, "structures:lieux"),
    }
    return render(request, "structures/lieu.html", contexte)


@agent_de_la_structure
@admin_requis
@require_http_methods(["GET", "HEAD", "POST"])
def modifier_lieu(request: RequeteAgent, lieu_id: int) -> HttpResponse:
    """Edit, close or reopen a lieu; closing says what still uses it."""
    lieu = get_object_or_404(request.structure.lieux, pk=lieu_id)
    etait_ouvert, nom = lieu.ouvert, lieu.nom
    if "apercu" in request.POST:
        form = LieuForm(initial=request.POST.dict(), instance=lieu, structure=request.structure)
        contexte = {"form": form, "lieu": lieu, "nom": nom}
        return page_ou_fragment(request, "structures/lieu.html", contexte, "situation")
    form = LieuForm(request.POST or None, instance=lieu, structure=request.structure)
    if request.method == "POST" and form.is_valid():
        enregistrer_lieu(lieu=form.instance)
        messages.success(request, f"Le lieu « {form.instance} » est enregistré.")
        if etait_ouvert and not lieu.ouvert:
            _dire_ce_qui_reste(request, lieu)
        return redirect("structures:lieux", structure_id=request.structure.pk)
    contexte = {"form": form, "lieu": lieu, "nom": nom, "usages": _usages(lieu)}
    contexte["annuler"] = reverse("structures:lieux", args=[request.structure.pk])
    return render(request, "structures/lieu.html", contexte)


@agent_de_la_structure
@admin_requis
@require_POST
def basculer_lieu(request: RequeteAgent, lieu_id: int) -> HttpResponse:
    """Close a lieu, or open it again, from the list."""
    lieu = get_object_or_404(request.structure.lieux, pk=lieu_id)
    ouvert = request.POST.get("action") == "ouvrir"
    ouvrir_ou_fermer(lieu=lieu, ouvert=ouvert)
    if ouvert:
        messages.success(request, f"Le lieu « {lieu} » est ouvert : ses créneaux sont de nouveau proposés.")
    else:
        messages.success(request, f"Le lieu « {lieu} » est fermé : ses créneaux ne sont plus proposés.")
        _dire_ce_qui_reste(request, lieu)
    return redirect("structures:lieux", structure_id=request.structure.pk)


def _dire_ce_qui_reste(request: RequeteAgent, lieu: Lieu) -> None:
    """Warn about what still uses a lieu that has just been closed."""
    if usages := _usages(lieu):
        messages.warning(
            request,
            f"Ce lieu est fermé, mais il sert encore à {usages}. "
            "Aucun nouveau rendez-vous n'y sera pris en ligne ; "
            "pensez à prévenir les personnes attendues.",
        )


def _usages(lieu: Lieu) -> str:
    """Say what uses a lieu from now on: "2 plages d'ouverture et 1 rendez-vous à venir", "" for nothing."""
    plages = lieu.plages.en_cours(timezone.localdate()).count()
    rendez_vous = lieu.rendez_vous.a_venir(timezone.now()).count()
    parties = []
    if plages:
        parties.append(f"{plages} plage{'s' if plages > 1 else ''} d'ouverture")
    if rendez_vous:
        parties.append(f"{rendez_vous} rendez-vous à venir")
    return " et ".join(parties)
