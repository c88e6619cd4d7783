"""My agenda in another program: the secret address to follow, and the page where it is made, changed and closed."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from reservations.agenda_externe import evenements_de
from reservations.courrier.ical import calendrier_suivi
from structures import services
from structures.acces import RequeteAgent, agent_de_la_structure
from structures.forms_parametres import AgendaExterneForm
from structures.models import Agent


@login_not_required
@require_safe
@never_cache
def agenda_externe(request: HttpRequest, jeton: str) -> HttpResponse:
    """Give the agenda to whoever has its address: a calendar program cannot sign in. An old address is a 404."""
    agent = get_object_or_404(Agent, jeton_agenda=jeton, is_active=True)
    maintenant = timezone.now()
    texte = calendrier_suivi(
        evenements_de(agent, maintenant), nom=f"{agent.nom_complet} · RDV Aide Numérique", horodatage=maintenant
    )
    return HttpResponse(
        texte,
        content_type="text/calendar; charset=utf-8",
        headers={"X-Robots-Tag": "noindex", "Content-Disposition": 'inline; filename="agenda.ics"'},
    )


@agent_de_la_structure
@require_http_methods(["GET", "HEAD", "POST"])
def mon_agenda_externe(request: RequeteAgent) -> HttpResponse:
    """Make the address, say what it shows, change it, close it. The same in all my structures."""
    # A copy: a refused form must not change what the page shows of me.
    agent = Agent.objects.get(pk=request.user.pk)
    form = AgendaExterneForm(instance=agent)
    if request.method == "POST":
        match request.POST.get("action"):
            case "renouveler":
                services.renouveler_agenda(agent=agent)
                messages.success(
                    request, "Voici votre nouvelle adresse. S'il y en avait une autre, elle ne marche plus."
                )
            case "fermer":
                services.fermer_agenda(agent=agent)
                messages.success(request, "L'adresse est fermée : les logiciels qui la suivaient ne voient plus rien.")
            case _:
                AgendaExterneForm(request.POST, instance=agent).save()
                messages.success(request, "C'est enregistré. Votre autre logiciel le verra à sa prochaine lecture.")
        return redirect("reservations:mon_agenda_externe", structure_id=request.structure.pk)
    adresse = ""
    if agent.jeton_agenda:
        adresse = settings.SITE_URL + reverse("reservations:agenda_externe", args=[agent.jeton_agenda])
    return render(request, "reservations/agent/agenda_externe.html", {"form": form, "adresse": adresse})
