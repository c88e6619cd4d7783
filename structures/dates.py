"""Words for dates, times and durations, in the language of the moment (no ORM, no clock, no time zone).

Every date or time here is already local: callers convert first (templates through the filters of `rdv`, services with
`instant.astimezone(structure.tz)`). Plain spaces only: a no-break space would double the price of an SMS (it is not in
its alphabet). The names of days and months are Django's own; hours are on 24 everywhere, as on the clocks of France.
"""

from datetime import date, datetime, time, timedelta
from functools import cache

from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

JOURS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")  # agents' pages


def _quantieme(jour: date) -> str:
    return _("1er") if jour.day == 1 else str(jour.day)


def jour_et_mois(jour: date) -> str:
    """Return "mardi 24 novembre"."""
    return f"{WEEKDAYS[jour.weekday()]} {_quantieme(jour)} {MONTHS[jour.month]}"


def date_longue(jour: date) -> str:
    """Return "mardi 24 novembre 2026"."""
    return f"{jour_et_mois(jour)} {jour.year}"


def date_sans_jour(jour: date) -> str:
    """Return "24 novembre 2026"."""
    return f"{_quantieme(jour)} {MONTHS[jour.month]} {jour.year}"


def heure(instant: time | datetime) -> str:
    """Return "9 h" or "9 h 30"."""
    return _heure(instant.hour, instant.minute, get_language())


@cache  # written up to hundreds of times in a page, and each translation is looked for in every catalogue
def _heure(heure: int, minute: int, _langue: str) -> str:
    modele = _("%(heure)d h %(minute)02d") if minute else _("%(heure)d h")
    return modele % {"heure": heure, "minute": minute}


def a_heure(instant: time | datetime) -> str:
    """Return "à 9 h 30"."""
    return _("à %(heure)s") % {"heure": heure(instant)}


def duree(valeur: timedelta | int) -> str:
    """Return "30 minutes", "1 heure", "1 h 30"; an int is a number of minutes."""
    minutes = valeur if isinstance(valeur, int) else round(valeur.total_seconds() / 60)
    heures, reste = divmod(minutes, 60)
    if heures and reste:
        return _("%(heures)d h %(minutes)02d") % {"heures": heures, "minutes": reste}
    if heures:
        return ngettext("%(nombre)d heure", "%(nombre)d heures", heures) % {"nombre": heures}
    return ngettext("%(nombre)d minute", "%(nombre)d minutes", reste) % {"nombre": reste}


def jour_relatif(jour: date, aujourd_hui: date) -> str:
    """Return "aujourd'hui", "demain" or "mardi 24 novembre"; the year is said only when it is another one."""
    ecart = (date(jour.year, jour.month, jour.day) - aujourd_hui).days
    if ecart == 0:
        return _("aujourd'hui")
    if ecart == 1:
        return _("demain")
    return jour_et_mois(jour) if jour.year == aujourd_hui.year else date_longue(jour)


def jour_et_heure(debut: datetime) -> str:
    """Return "mardi 24 novembre à 9 h"."""
    return f"{jour_et_mois(debut)} {a_heure(debut)}"


def moment(debut: datetime) -> str:
    """Return "mardi 24 novembre 2026 à 9 h"."""
    return f"{date_longue(debut)} {a_heure(debut)}"


def de_a(debut: datetime, fin: datetime) -> str:
    """Return "mardi 24 novembre 2026, de 9 h à 10 h"."""
    heures = _("de %(debut)s à %(fin)s") % {"debut": heure(debut), "fin": heure(fin)}
    return f"{date_longue(debut)}, {heures}"
