"""How long what protects the accounts is kept, as the privacy notice says. May be run again at any time."""

from datetime import datetime, timedelta

from axes.models import AccessAttempt
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session

CONSERVATION_ECHECS = timedelta(hours=24)
CONSERVATION_JOURNAL = timedelta(days=365)


def oublier_connexions(*, maintenant: datetime) -> dict[str, int]:
    """Delete failed sign-ins older than a day (their lockout lasts 15 minutes), sessions that have expired, and the log
    of what the staff of the platform changed, after a year."""
    echecs = AccessAttempt.objects.filter(attempt_time__lt=maintenant - CONSERVATION_ECHECS).delete()[0]
    sessions = Session.objects.filter(expire_date__lt=maintenant).delete()[0]
    journal = LogEntry.objects.filter(action_time__lt=maintenant - CONSERVATION_JOURNAL).delete()[0]
    return {"echecs": echecs, "sessions": sessions, "journal": journal}
