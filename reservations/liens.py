"""Addresses on other sites: the map of a lieu, a rendez-vous in a web calendar. Links, never requests.

The secret link is not given to them.
"""

from datetime import UTC, datetime
from urllib.parse import urlencode

from reservations.courrier.redaction import lieu_en_ligne, titre_pour_apprenant
from reservations.models import RendezVous
from structures.models import Lieu


def plan(lieu: Lieu) -> str:
    """Return the map of a lieu, which opens without an account: at its point, else by its address."""
    if lieu.latitude is not None and lieu.longitude is not None:
        point = urlencode({"mlat": lieu.latitude, "mlon": lieu.longitude})
        return f"https://www.openstreetmap.org/?{point}#map=18/{lieu.latitude}/{lieu.longitude}"
    return f"https://www.openstreetmap.org/search?{urlencode({'query': lieu.adresse_complete})}"


def agenda_google(rendez_vous: RendezVous) -> str:
    parametres = {
        "action": "TEMPLATE",
        "text": titre_pour_apprenant(rendez_vous),
        "dates": f"{_compact(rendez_vous.debut)}/{_compact(rendez_vous.fin)}",
        "location": lieu_en_ligne(rendez_vous),
    }
    return f"https://calendar.google.com/calendar/render?{urlencode(parametres)}"


def agenda_outlook(rendez_vous: RendezVous) -> str:
    parametres = {
        "path": "/calendar/action/compose",
        "rru": "addevent",
        "subject": titre_pour_apprenant(rendez_vous),
        "startdt": f"{rendez_vous.debut.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "enddt": f"{rendez_vous.fin.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "location": lieu_en_ligne(rendez_vous),
    }
    return f"https://outlook.live.com/calendar/0/deeplink/compose?{urlencode(parametres)}"


def _compact(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}"
