"""Opening hours as the standard writes them (the OpenStreetMap syntax), read by a library (pure, no Django)."""

from datetime import date, datetime, time, timedelta

from opening_hours import OpeningHours, ParserError, State  # type: ignore[attr-defined]

from structures.dates import JOURS, heure

Semaine = list[tuple[str, list[tuple[time, time]]]]
MINUIT = time(0)


def semaine(texte: str, jour: date) -> Semaine | None:
    """Return the hours of each day of the week of `jour`, Monday first; None when the text cannot be read.

    The week in sight, because some rules hold in certain weeks or months only.
    """
    try:
        horaires = OpeningHours(texte)
    except ParserError:
        return None
    lundi = datetime.combine(jour - timedelta(days=jour.weekday()), MINUIT)
    jours: Semaine = [(nom, []) for nom in JOURS]
    for debut, fin, etat, *_ in horaires.intervals(lundi, lundi + timedelta(days=7)):
        if etat != State.OPEN:
            continue
        while debut < fin:  # a range that passes midnight is said day by day
            lendemain = datetime.combine(debut.date() + timedelta(days=1), MINUIT)
            jours[(debut - lundi).days][1].append((debut.time(), min(fin, lendemain).time()))
            debut = lendemain
    return jours


def en_mots(plages: list[tuple[time, time]]) -> str:
    """Return "9 h à 12 h, 14 h à 17 h 30", "fermé", or "toute la journée"."""
    if plages == [(MINUIT, MINUIT)]:
        return "toute la journée"
    mots = (f"{heure(debut)} à {heure(fin) if fin != MINUIT else '24 h'}" for debut, fin in plages)
    return ", ".join(mot.replace(" ", "\u00a0") for mot in mots) or "fermé"
