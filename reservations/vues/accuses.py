"""Where the SMS provider says what became of each SMS. It signs nothing: a secret in the address stands for that."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from reservations.courrier.envoi import noter_accuse
from reservations.courrier.octopush import lire_accuse


@csrf_exempt
@login_not_required
@require_POST
def accuse_sms(request: HttpRequest, jeton: str) -> HttpResponse:
    """Note a delivery report. The same report twice changes nothing; 404 when no SMS has its reference."""
    if not settings.SMS_JETON_ACCUSES or not constant_time_compare(jeton, settings.SMS_JETON_ACCUSES):
        raise Http404
    try:
        accuse = lire_accuse(request.body)
    except ValueError as erreur:
        return HttpResponseBadRequest(str(erreur))
    if not noter_accuse(accuse=accuse, maintenant=timezone.now()):
        raise Http404
    return HttpResponse(status=204)
