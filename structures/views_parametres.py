"""Agents' pages: my account, and my structure's details."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from structures.acces import RequeteAgent, admin_requis, agent_de_la_structure
from structures.forms_parametres import MonCompteForm, StructureForm
from structures.models import Agent, Structure


@agent_de_la_structure
@require_http_methods(["GET", "HEAD", "POST"])
def mon_compte(request: RequeteAgent) -> HttpResponse:
    """Edit my name and my visioconférence link, the same in all my structures."""
    # A copy: a refused form must not change the name in the page's header.
    form = MonCompteForm(request.POST or None, instance=Agent.objects.get(pk=request.user.pk))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Votre compte est enregistré.")
        return redirect("structures:mon_compte", structure_id=request.structure.pk)
    return render(request, "structures/mon_compte.html", {"form": form})


@agent_de_la_structure
@admin_requis
@require_http_methods(["GET", "HEAD", "POST"])
def structure(request: RequeteAgent) -> HttpResponse:
    """Edit what the public reads of the structure."""
    form = StructureForm(request.POST or None, instance=Structure.objects.get(pk=request.structure.pk))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "La structure est enregistrée.")
        return redirect("structures:structure", structure_id=request.structure.pk)
    return render(request, "structures/structure.html", {"form": form, "contact": settings.EDITEUR_COURRIEL})
