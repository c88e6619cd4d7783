"""iCalendar invitations (RFC 5545 and 5546), pure: no ORM, no settings, no clock.

The icalendar library writes them, although it is slow (2 ms each): what other programs read is not what this project
exists for, and the design fixes the library. It runs when a message leaves, in the worker, not while booking.

The VTIMEZONE is computed here, from the UTC instants at which the zone changes its offset: the generator of the
icalendar library walks on local time and puts the spring change one hour late.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard, vCalAddress

from structures.texte import en_ligne, sans_controle

Methode = Literal["REQUEST", "CANCEL"]

PRODID = "-//RDV Aide Numerique//Reservation//FR"
DEBUT_EVENEMENT = "BEGIN:VEVENT\r\n"
JOURS_ICAL = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class Changement(NamedTuple):
    """The zone passes from one offset to another. `local` is read on the clock that is about to be changed, as the
    DTSTART of a VTIMEZONE observance asks."""

    local: datetime
    avant: timedelta
    apres: timedelta
    nom: str


def uid_ical(identifiant: str) -> str:
    """Return the UID of a rendez-vous: made of nothing that can change (neither host nor date)."""
    return f"{identifiant}@rdv-aide-numerique"


class Evenement(NamedTuple):
    """One line of a calendar that other programs follow. Times are UTC, written in the zone `tz`.

    `occupe`: whether it makes its owner busy. The same `uid` with a greater `sequence` is a later version of it.
    """

    uid: str
    sequence: int
    debut: datetime
    fin: datetime
    tz: ZoneInfo
    titre: str
    lieu: str
    description: str
    occupe: bool


def calendrier_suivi(evenements: Iterable[Evenement], *, nom: str, horodatage: datetime) -> str:
    """Return the calendar's text, CRLF included. What is no more in it disappears from the programs that follow."""
    calendrier = _calendrier("PUBLISH")
    calendrier.add("x-wr-calname", en_ligne(nom))
    # How often to come back: two properties for the same wish (RFC 7986, and what Outlook and Google read).
    calendrier.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    calendrier.add("x-published-ttl", "PT1H")
    lignes = list(evenements)
    for fuseau in sorted({e.tz.key for e in lignes}):
        tz = ZoneInfo(fuseau)
        annees = {e.debut.astimezone(tz).year for e in lignes if e.tz.key == fuseau}
        calendrier.add_component(_vtimezone(tz, min(annees), max(annees)))
    for e in lignes:
        calendrier.add_component(_evenement(e, horodatage))
    return calendrier.to_ical().decode()


def _calendrier(methode: str) -> Calendar:
    calendrier = Calendar()
    calendrier.add("prodid", PRODID)
    calendrier.add("version", "2.0")
    calendrier.add("calscale", "GREGORIAN")
    calendrier.add("method", methode)
    return calendrier


def _evenement(e: Evenement, horodatage: datetime) -> Event:
    evenement = Event()
    evenement.add("uid", en_ligne(e.uid))
    evenement.add("sequence", e.sequence)
    evenement.add("dtstamp", horodatage.astimezone(UTC))
    evenement.add("dtstart", e.debut.astimezone(e.tz))
    evenement.add("dtend", e.fin.astimezone(e.tz))
    evenement.add("transp", "OPAQUE" if e.occupe else "TRANSPARENT")
    evenement.add("summary", en_ligne(e.titre))
    if e.description:
        evenement.add("description", sans_controle(e.description))
    if e.lieu:
        evenement.add("location", en_ligne(e.lieu))
    return evenement


def invitation(
    *,
    uid: str,
    sequence: int,
    methode: Methode,
    debut: datetime,
    fin: datetime,
    tz: ZoneInfo,
    titre: str,
    lieu: str,
    description: str,
    organisateur: tuple[str, str],
    participant: tuple[str, str],
    url: str,
    horodatage: datetime,
) -> str:
    """Return the text of a calendar with one event, CRLF included; `organisateur` and `participant` are (name, e-mail).

    A later version of the same event keeps its `uid` and has a greater `sequence`: calendar programs then replace the
    event (REQUEST) or remove it (CANCEL).
    """
    evenement = _evenement(
        Evenement(uid, sequence, debut, fin, tz, titre, lieu, description, occupe=methode == "REQUEST"), horodatage
    )
    evenement.add("status", "CANCELLED" if methode == "CANCEL" else "CONFIRMED")
    if url:
        evenement.add("url", en_ligne(url))
    evenement.add("organizer", _adresse(organisateur))
    # The rendez-vous is already taken: nothing to accept, and no answer is read at the sender's address.
    # Without an e-mail there is no ATTENDEE: its value must be an address.
    if participant[1]:
        evenement.add(
            "attendee",
            _adresse(participant, CUTYPE="INDIVIDUAL", ROLE="REQ-PARTICIPANT", PARTSTAT="ACCEPTED", RSVP="FALSE"),
        )

    calendrier = _calendrier(methode)
    calendrier.add_component(evenement)
    fuseau = _vtimezone_ecrit(tz, debut.astimezone(tz).year)
    return calendrier.to_ical().decode().replace(DEBUT_EVENEMENT, fuseau + DEBUT_EVENEMENT, 1)


def _adresse(personne: tuple[str, str], **parametres: str) -> vCalAddress:
    nom, courriel = personne
    adresse = vCalAddress(f"mailto:{en_ligne(courriel)}")
    # A parameter has no escape for the double quote (RFC 5545 §3.1): it becomes an apostrophe.
    adresse.params["CN"] = en_ligne(nom).replace('"', "'")
    adresse.params.update(parametres)
    return adresse


@lru_cache(maxsize=64)
def _vtimezone_ecrit(tz: ZoneInfo, annee: int) -> str:
    """Return the VTIMEZONE of an invitation: writing it again for each would be half of the work."""
    return str(_vtimezone(tz, annee, annee).to_ical().decode())


@lru_cache(maxsize=64)
def _vtimezone(tz: ZoneInfo, premiere: int, derniere: int) -> Timezone:
    """Return the VTIMEZONE that is right from the year before `premiere` to the year after `derniere`.

    A rule that is the same all those years (last Sunday of March…) is written as a yearly recurrence, which every
    calendar program reads; otherwise each change is written alone, after the offset at the beginning.
    """
    depart = datetime(premiere - 1, 1, 1, tzinfo=UTC)
    changements = list(_changements(tz, depart, datetime(derniere + 2, 1, 1, tzinfo=UTC)))
    zone = Timezone()
    zone.add("tzid", tz.key)
    regles = _regles_annuelles(changements, derniere - premiere + 3)
    if regles is None:
        local = depart.astimezone(tz)
        decalage = _decalage(local)
        zone.add_component(
            _observance(Changement(local.replace(tzinfo=None), decalage, decalage, local.tzname() or tz.key))
        )
        for changement in changements:
            zone.add_component(_observance(changement))
    else:
        for changement, regle in regles:
            observance = _observance(changement)
            observance.add("rrule", regle)
            zone.add_component(observance)
    return zone


def _decalage(instant: datetime) -> timedelta:
    """The offset from UTC, which only a naive datetime lacks."""
    return instant.utcoffset() or timedelta()


def _observance(changement: Changement) -> TimezoneStandard | TimezoneDaylight:
    # "Daylight" is the offset that a change leads up to: enough for readers, and right where tzdata counts negatively.
    observance = TimezoneDaylight() if changement.apres > changement.avant else TimezoneStandard()
    observance.add("dtstart", changement.local)
    observance.add("tzoffsetfrom", changement.avant)
    observance.add("tzoffsetto", changement.apres)
    observance.add("tzname", changement.nom)
    return observance


def _changements(tz: ZoneInfo, debut: datetime, fin: datetime) -> Iterator[Changement]:
    """Give the changes of offset between two UTC instants, each found to the second by bisection inside its day."""
    jour = timedelta(days=1)
    while debut < fin:
        avant, apres = _decalage(debut.astimezone(tz)), _decalage((debut + jour).astimezone(tz))
        if avant != apres:
            tot, tard = debut, debut + jour
            while tard - tot > timedelta(seconds=1):
                milieu = tot + (tard - tot) // 2
                milieu = milieu.replace(microsecond=0)
                if _decalage(milieu.astimezone(tz)) == avant:
                    tot = milieu
                else:
                    tard = milieu
            local = (tard + avant).replace(tzinfo=None)
            yield Changement(local, avant, apres, tard.astimezone(tz).tzname() or tz.key)
        debut += jour


def _regles_annuelles(changements: list[Changement], annees: int) -> list[tuple[Changement, dict[str, object]]] | None:
    """Return the first year's changes with the yearly rule of each, or None when the years have no common rule."""
    if len(changements) != 2 * annees:
        return None
    regles = []
    for rang in (0, 1):
        memes = changements[rang::2]
        if len({(c.local.time(), c.local.month, c.local.weekday(), c.avant, c.apres, c.nom) for c in memes}) != 1:
            return None
        semaines = {(c.local.day - 1) // 7 + 1 for c in memes}
        if all(c.local.day > monthrange(c.local.year, c.local.month)[1] - 7 for c in memes):
            numero = -1
        elif len(semaines) == 1:
            numero = semaines.pop()
        else:
            return None
        premier = memes[0]
        jour = f"{numero}{JOURS_ICAL[premier.local.weekday()]}"
        regles.append((premier, {"freq": "yearly", "bymonth": premier.local.month, "byday": jour}))
    return regles
