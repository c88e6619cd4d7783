"""French words for dates, times and durations (pure: no Django, no clock, no time zone).

Every date or time here is already local: callers convert first (templates through the filters of `rdv`, services with
`instant.astimezone(structure.tz)`). Plain spaces only: a no-break space would double the price of an SMS (it is not in
its alphabet).
"""

from datetime import date, datetime, time, timedelta

JOURS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
MOIS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)


def _quantieme(jour: date) -> str:
    return "1er" if jour.day == 1 else str(jour.day)


def jour_et_mois(jour: date) -> str:
    """Return "mardi 24 novembre"."""
    return f"{JOURS[jour.weekday()]} {_quantieme(jour)} {MOIS[jour.month - 1]}"


def date_longue(jour: date) -> str:
    """Return "mardi 24 novembre 2026"."""
    return f"{jour_et_mois(jour)} {jour.year}"


def date_sans_jour(jour: date) -> str:
    """Return "24 novembre 2026"."""
    return f"{_quantieme(jour)} {MOIS[jour.month - 1]} {jour.year}"


def heure(instant: time | datetime) -> str:
    """Return "9 h" or "9 h 30"."""
    return f"{instant.hour} h {instant.minute:02d}" if instant.minute else f"{instant.hour} h"


def duree(valeur: timedelta | int) -> str:
    """Return "30 minutes", "1 heure", "1 h 30"; an int is a number of minutes."""
    minutes = valeur if isinstance(valeur, int) else round(valeur.total_seconds() / 60)
    heures, reste = divmod(minutes, 60)
    if heures and reste:
        return f"{heures} h {reste:02d}"
    if heures:
        return f"{heures} heure" if heures == 1 else f"{heures} heures"
    return f"{reste} minute" if reste <= 1 else f"{reste} minutes"


def jour_relatif(jour: date, aujourd_hui: date) -> str:
    """Return "aujourd'hui", "demain" or "mardi 24 novembre"; the year is said only when it is another one."""
    ecart = (date(jour.year, jour.month, jour.day) - aujourd_hui).days
    if ecart == 0:
        return "aujourd'hui"
    if ecart == 1:
        return "demain"
    return jour_et_mois(jour) if jour.year == aujourd_hui.year else date_longue(jour)


def moment(debut: datetime) -> str:
    """Return "mardi 24 novembre 2026 à 9 h"."""
    return f"{date_longue(debut)} à {heure(debut)}"


def de_a(debut: datetime, fin: datetime) -> str:
    """Return "mardi 24 novembre 2026, de 9 h à 10 h"."""
    return f"{date_longue(debut)}, de {heure(debut)} à {heure(fin)}"
