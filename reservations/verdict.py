"""Why a motif can or cannot be booked by Internet, and what mends it (pure: facts in, sentences out)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum

from structures.dates import date_longue, duree, heure, jour_et_mois, jour_relatif

# Beyond this many plages, the list of plages says the rest.
PLAGES_NOMMEES = 3


class Action(Enum):
    """What an agent does to mend a motif: each is an address of the site."""

    OUVRIR = "ouvrir"
    RESTAURER = "restaurer"
    ROUVRIR_LIEN = "rouvrir_lien"
    CHANGER_DELAIS = "changer_delais"
    AJOUTER_PLAGE = "ajouter_plage"
    VOIR_ABSENCES = "voir_absences"
    MODIFIER_PLAGE = "modifier_plage"
    MODIFIER_LIEU = "modifier_lieu"


class Cause(Enum):
    """Each reason that a motif may have."""

    ARCHIVE = "archive"
    FERME = "ferme"
    LIEN_FERME = "lien_ferme"
    AUCUNE_PLAGE = "aucune_plage"
    PLAGES_PASSEES = "plages_passees"
    SANS_LIEU = "sans_lieu"
    LIEU_FERME = "lieu_ferme"
    TROP_COURTES = "trop_courtes"
    SANS_DATE = "sans_date"
    DELAIS = "delais"
    ABSENCE = "absence"
    TOUT_PRIS = "tout_pris"


@dataclass(frozen=True)
class Remede:
    """A link to offer: `objet` is the plage or the lieu to change, `agent` whose plage it is."""

    action: Action
    libelle: str
    objet: int | None = None
    agent: int | None = None


@dataclass(frozen=True)
class Raison:
    """One reason, in a sentence, and what mends it."""

    cause: Cause
    phrase: str
    remedes: tuple[Remede, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """The answer in one sentence, a shape (`genre`: ok, attente, ferme) with a word, and the reasons."""

    genre: str
    mot: str
    phrase: str
    raisons: tuple[Raison, ...] = ()


@dataclass(frozen=True)
class FaitsPlage:
    """What decides whether a plage that is not past can give créneaux of one motif."""

    plage: int
    titre: str
    agent: int
    agent_nom: str
    lieu: int | None
    lieu_nom: str
    lieu_ouvert: bool
    longueur: timedelta


@dataclass(frozen=True)
class Faits:
    """What is known of a motif at one moment. Every date is in the structure's time.

    premier: first créneau of the public. sans_rendez_vous: what it would be if nothing were booked; grille: if no agent
    were absent either. avant, apres: first créneaux before and after what the delays let the public see.
    dernier_jour: the last day that the public may book today.
    """

    aujourd_hui: date
    duree: timedelta
    delai_min: str
    delai_max: str
    dernier_jour: date
    sur_place: bool = True
    reservable: bool = True
    archive: bool = False
    lien_ferme: bool = False
    prescripteurs: bool = False
    eut_des_plages: bool = False
    plages: tuple[FaitsPlage, ...] = field(default=())
    premier: datetime | None = None
    sans_rendez_vous: datetime | None = None
    grille: datetime | None = None
    avant: datetime | None = None
    apres: datetime | None = None


def juger(faits: Faits) -> Verdict:
    """Return the verdict on a motif."""
    raisons = tuple(_raisons(faits))
    if faits.archive:
        return Verdict("ferme", "archivé", "Ce motif est archivé : il n'est proposé nulle part.", raisons)
    if not faits.reservable:
        return Verdict("ferme", "fermé", "Personne ne peut le réserver en ligne.", raisons)
    if faits.lien_ferme:
        return Verdict("attente", "fermé pour le moment", "Votre lien est fermé : personne ne peut réserver.", raisons)
    if faits.premier is not None:
        par_qui = "Par les prescripteurs seulement. " if faits.prescripteurs else ""
        phrase = f"{par_qui}Premier créneau : {_moment(faits.premier, faits.aujourd_hui)}"
        return Verdict("ok", "réservable", phrase, raisons)
    return Verdict("attente", "pas encore", "Personne ne peut le réserver pour l'instant.", raisons)


def _raisons(faits: Faits) -> list[Raison]:
    """Return the reasons, what must be done first before the others."""
    if faits.archive:
        return [
            Raison(
                Cause.ARCHIVE,
                "Il a été archivé. Restaurez-le, puis ouvrez-le.",
                (Remede(Action.RESTAURER, "restaurer le motif"),),
            )
        ]
    if not faits.reservable:
        return [Raison(Cause.FERME, "Il n'est pas ouvert.", (Remede(Action.OUVRIR, "ouvrir le motif"),))]
    raisons = []
    if faits.lien_ferme:
        raisons.append(
            Raison(
                Cause.LIEN_FERME,
                "La réservation en ligne est fermée pour toute la structure.",
                (Remede(Action.ROUVRIR_LIEN, "rouvrir le lien"),),
            )
        )
    if faits.premier is None:
        raisons += _sans_creneau(faits)
    return raisons


def _sans_creneau(faits: Faits) -> list[Raison]:
    """Say why no créneau is free: what is wrong with the time of good plages, then what is wrong with the others."""
    if not faits.plages:
        ajouter = (Remede(Action.AJOUTER_PLAGE, "ajouter une plage"),)
        if faits.eut_des_plages:
            return [Raison(Cause.PLAGES_PASSEES, "Toutes ses plages d'ouverture sont passées.", ajouter)]
        return [Raison(Cause.AUCUNE_PLAGE, "Aucune plage d'ouverture n'est prévue pour lui.", ajouter)]
    sans_lieu = [p for p in faits.plages if faits.sur_place and p.lieu is None]
    fermees = [p for p in faits.plages if faits.sur_place and p.lieu is not None and not p.lieu_ouvert]
    courtes = [p for p in faits.plages if p.longueur < faits.duree]
    ecartees = {p.plage for p in (*sans_lieu, *fermees, *courtes)}
    bonnes = [p for p in faits.plages if p.plage not in ecartees]
    return [
        *([_manque_de_temps(faits, bonnes)] if bonnes else []),
        *([_plages_sans_lieu(sans_lieu)] if sans_lieu else []),
        *([_lieux_fermes(fermees)] if fermees else []),
        *([_plages_courtes(courtes, faits)] if courtes else []),
    ]


def _manque_de_temps(faits: Faits, plages: list[FaitsPlage]) -> Raison:
    """Good plages, and yet nothing: outside the delays, or their agents absent, or everything booked."""
    ajouter = Remede(Action.AJOUTER_PLAGE, "ajouter une plage")
    if faits.grille is None and faits.avant is None and faits.apres is None:
        return Raison(
            Cause.SANS_DATE,
            "Ses plages n'ont aucune date à venir : répétition terminée, jours fériés ou fermés.",
            (ajouter,),
        )
    if faits.grille is None:
        return Raison(Cause.DELAIS, _hors_delais(faits), (Remede(Action.CHANGER_DELAIS, "changer les délais"), ajouter))
    if faits.sans_rendez_vous is None:
        noms = ", ".join(sorted({p.agent_nom for p in plages}))
        return Raison(
            Cause.ABSENCE,
            f"Toutes ses plages d'ouverture tombent pendant une absence ({noms}).",
            (Remede(Action.VOIR_ABSENCES, "voir les absences"), ajouter),
        )
    if faits.apres is not None:
        return Raison(
            Cause.TOUT_PRIS,
            f"Tous les créneaux sont pris jusqu'au {_jour(faits.dernier_jour, faits)}. Le premier libre est "
            f"{_moment(faits.apres, faits.aujourd_hui)}, au-delà du délai maximum ({faits.delai_max}).",
            (Remede(Action.CHANGER_DELAIS, "allonger le délai maximum"), ajouter),
        )
    return Raison(
        Cause.TOUT_PRIS,
        f"Tous les créneaux sont pris jusqu'au {_jour(faits.dernier_jour, faits)}, et aucun autre n'est prévu ensuite.",
        (ajouter,),
    )


def _hors_delais(faits: Faits) -> str:
    if faits.avant is not None:
        suite = f", et plus rien ensuite jusqu'au {_jour(faits.dernier_jour, faits)}" if faits.apres is None else ""
        return (
            f"Ses plages donnent un créneau {_moment(faits.avant, faits.aujourd_hui)}, "
            f"trop tôt pour le délai minimum ({faits.delai_min}){suite}."
        )
    assert faits.apres is not None  # noqa: S101 the caller has told the case without any date
    return (
        f"Ses plages ne donnent rien avant {_moment(faits.apres, faits.aujourd_hui)}, "
        f"au-delà du délai maximum ({faits.delai_max})."
    )


def _plages_sans_lieu(plages: list[FaitsPlage]) -> Raison:
    return Raison(
        Cause.SANS_LIEU,
        f"{_plages(plages)} sans lieu : un rendez-vous sur place en a besoin.",
        tuple(_modifier(p, "choisir un lieu") for p in plages[:PLAGES_NOMMEES]),
    )


def _lieux_fermes(plages: list[FaitsPlage]) -> Raison:
    lieux = {p.lieu: p.lieu_nom for p in plages}
    noms = ", ".join(f"« {nom} »" for nom in lieux.values())
    return Raison(
        Cause.LIEU_FERME,
        f"Lieu fermé : {noms}." if len(lieux) == 1 else f"Lieux fermés : {noms}.",
        tuple(Remede(Action.MODIFIER_LIEU, f"rouvrir « {nom} »", lieu) for lieu, nom in lieux.items()),
    )


def _plages_courtes(plages: list[FaitsPlage], faits: Faits) -> Raison:
    plus_longue = max(p.longueur for p in plages)
    longueur = "d'une heure" if faits.duree == timedelta(hours=1) else f"de {duree(faits.duree)}"
    return Raison(
        Cause.TROP_COURTES,
        f"{_plages(plages)} trop courte{'s' if len(plages) > 1 else ''} : {duree(plus_longue)}"
        f"{' au plus' if len(plages) > 1 else ''}, pour un rendez-vous {longueur}.",
        tuple(_modifier(p, "allonger") for p in plages[:PLAGES_NOMMEES]),
    )


def _plages(plages: Iterable[FaitsPlage]) -> str:
    """Return "Plage « A »" or "Plages « A », « B », « C » et 4 autres"."""
    noms = [f"« {p.titre} »" for p in plages]
    reste = len(noms) - PLAGES_NOMMEES
    suite = f" et {reste} autre{'s' if reste > 1 else ''}" if reste > 0 else ""
    return f"Plage{'s' if len(noms) > 1 else ''} {', '.join(noms[:PLAGES_NOMMEES])}{suite}"


def _modifier(plage: FaitsPlage, verbe: str) -> Remede:
    libelle = f"allonger « {plage.titre} »" if verbe == "allonger" else f"{verbe} pour « {plage.titre} »"
    return Remede(Action.MODIFIER_PLAGE, libelle, plage.plage, plage.agent)


def _jour(jour: date, faits: Faits) -> str:
    """Return a day after "jusqu'au": always its date, "jusqu'au demain" not being French."""
    return jour_et_mois(jour) if jour.year == faits.aujourd_hui.year else date_longue(jour)


def _moment(instant: datetime, aujourd_hui: date) -> str:
    """Return "mardi 24 novembre à 9 h" or "demain à 9 h"."""
    return f"{jour_relatif(instant, aujourd_hui)} à {heure(instant)}"
