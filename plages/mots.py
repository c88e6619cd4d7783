"""Recurrence rules in French words (pure)."""

from datetime import date, time, timedelta

from plages.recurrence import RANGS, Frequence, Regle
from structures.dates import JOURS, date_longue, date_sans_jour, heure


def en_mots(regle: Regle, *autres: Regle) -> str:
    """Return the whole rule: "Tous les mardis et jeudis de 9 h à 12 h, du 24 novembre 2026 au 30 juin 2027".

    Several days on end happen once: "Du mardi 24 novembre 2026 à 9 h au jeudi 26 novembre 2026 à 18 h". `autres`: rules
    of the same days, whose hours are said too.
    """
    if regle.jours_de_suite:
        fin = regle.premier_jour + timedelta(days=regle.jours_de_suite)
        return f"Du {_moment(regle.premier_jour, regle.debut)} au {_moment(fin, regle.fin)}"
    heures = _liste([f"de {heure(r.debut)} à {heure(r.fin)}" for r in (regle, *autres)])
    if regle.frequence == Frequence.UNIQUE:
        return f"Le {date_longue(regle.premier_jour)} {heures}"
    virgule = "," if regle.intervalle > 1 else ""
    return f"{rythme(regle)}{virgule} {heures}, {periode(regle)}"


def rythme(regle: Regle) -> str:
    """Return on which days: "Tous les mardis et jeudis", "Toutes les 2 semaines, le mardi", "Le 24 de chaque mois"."""
    match regle.frequence:
        case Frequence.UNIQUE:
            return f"Le {date_longue(regle.premier_jour)}"
        case Frequence.JOUR:
            return "Tous les jours" if regle.intervalle == 1 else f"Tous les {regle.intervalle} jours"
        case Frequence.SEMAINE:
            return _rythme_de_semaine(regle)
        case Frequence.MOIS:
            return _rythme_de_mois(regle)


def periode(regle: Regle) -> str:
    """Return "du 24 novembre 2026 au 30 juin 2027" or "à partir du 24 novembre 2026"."""
    debut = date_sans_jour(regle.premier_jour)
    return f"à partir du {debut}" if regle.jusqu_au is None else f"du {debut} au {date_sans_jour(regle.jusqu_au)}"


def rang_dans_le_mois(quantieme: int) -> int:
    """Return which one of its weekday in its month a day is: the 8th to the 14th are the second ones."""
    return (quantieme - 1) // 7 + 1


def _rythme_de_semaine(regle: Regle) -> str:
    jours = sorted(set(regle.jours)) or [regle.premier_jour.isoweekday()]
    a_la_suite = len(jours) > 2 and jours[-1] - jours[0] == len(jours) - 1
    if regle.intervalle == 1:
        if len(jours) == 7:
            return "Tous les jours"
        if a_la_suite:
            return f"Toutes les semaines du {_jour(jours[0])} au {_jour(jours[-1])}"
        return f"Tous les {_liste([f'{_jour(jour)}s' for jour in jours])}"
    toutes = f"Toutes les {regle.intervalle} semaines"
    if a_la_suite:
        return f"{toutes}, du {_jour(jours[0])} au {_jour(jours[-1])}"
    return f"{toutes}, {_liste([f'le {_jour(jour)}' for jour in jours])}"


def _rythme_de_mois(regle: Regle) -> str:
    if not regle.rangs:
        quantieme = "1er" if regle.premier_jour.day == 1 else str(regle.premier_jour.day)
        if regle.intervalle == 1:
            return f"Le {quantieme} de chaque mois"
        return f"Tous les {regle.intervalle} mois, le {quantieme}"
    jours = {jour for jour, _ in regle.rangs}
    rangs = sorted(regle.rangs, key=lambda couple: (couple[1], couple[0]))
    if len(jours) == 1:
        jour = _jour(jours.pop())
        if regle.intervalle == 1:
            return f"Tous les {_liste([f'{RANGS[rang]}s' for _, rang in rangs])} {jour}s du mois"
        return f"Tous les {regle.intervalle} mois, {_liste([f'le {RANGS[rang]}' for _, rang in rangs])} {jour}"
    if regle.intervalle == 1:
        return f"Tous les {_liste([f'{RANGS[rang]}s {_jour(jour)}s' for jour, rang in rangs])} du mois"
    return f"Tous les {regle.intervalle} mois, {_liste([f'le {RANGS[rang]} {_jour(jour)}' for jour, rang in rangs])}"


def _jour(iso: int) -> str:
    return JOURS[iso - 1]


def _moment(jour: date, heures: time) -> str:
    return f"{date_longue(jour)} à {heure(heures)}"


def _liste(mots: list[str]) -> str:
    return mots[0] if len(mots) == 1 else f"{', '.join(mots[:-1])} et {mots[-1]}"
