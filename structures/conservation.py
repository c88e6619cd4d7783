"""How long what protects the accounts is kept, as the privacy notice says. May be run again at any time."""

from datetime import datetime, timedelta

from axes.models import AccessAttempt
from django.contrib.sessions.models import Session

CONSERVATION_ECHECS = timedelta(hours=24)


def oublier_connexions(*, maintenant: datetime) -> dict[str, int]:
    """Delete failed sign-ins older than a day (their lockout lasts 15 minutes) and sessions that have expired."""
    echecs = AccessAttempt.objects.filter(attempt_time__lt=maintenant - CONSERVATION_ECHECS).delete()[0]
    sessions = Session.objects.filter(expire_date__lt=maintenant).delete()[0]
    return {"echecs": echecs, "sessions": sessions}
