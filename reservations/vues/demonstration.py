"""The page of a demonstration where the messages that would have been sent are read. It exists in DEMO only."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from reservations.courrier.envoi import ics_du_message
from reservations.models import Message

NOMBRE = 50


def _en_demonstration_seulement(vue: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """These pages show codes and secret links to anybody: outside DEMO they must not exist."""

    @wraps(vue)
    def enveloppe(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not settings.DEMO:
            raise Http404
        return vue(request, *args, **kwargs)

    return enveloppe


@login_not_required
@require_safe
@never_cache
@_en_demonstration_seulement
def messages_demonstration(request: HttpRequest) -> HttpResponse:
    """The last messages, newest first, with what an e-mail or a telephone would have shown."""
    messages = Message.objects.order_by("-cree_le", "-pk")[:NOMBRE]
    # Not "messages": that name is the framework's one-time notices, which base.html shows.
    return render(request, "reservations/messages_demonstration.html", {"envois": messages, "nombre": NOMBRE})


@login_not_required
@require_safe
@never_cache
@_en_demonstration_seulement
def invitation_demonstration(request: HttpRequest, message_id: int) -> HttpResponse:
    """The invitation joined to a message, as a file that a calendar program opens."""
    messages = Message.objects.filter(evenement__isnull=False, rendez_vous__isnull=False)
    message = get_object_or_404(messages.select_related("rendez_vous__structure"), pk=message_id)
    forme = f"text/calendar; method={message.ics_methode}; charset=utf-8"
    reponse = HttpResponse(ics_du_message(message), content_type=forme)
    reponse["Content-Disposition"] = 'attachment; filename="rendez-vous.ics"'
    return reponse
