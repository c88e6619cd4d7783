"""Warnings about a plage that the agent may confirm (pure): each is a sentence, and a fingerprint of it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

from plages.recurrence import Frequence, Regle
from structures.dates import date_longue, duree, heure


@dataclass(frozen=True)
class Avertissement:
    """One thing to know before saving. `plage_id`: the plage of the same structure that it names, if any; `ferme`: a
    closed day, that an admin may open."""

    phrase: str
    plage_id: int | None = None
    ferme: bool = False

    @property
    def empreinte(self) -> str:
        """Identify what was confirmed: another sentence is another warning."""
        return sha256(f"{self.plage_id}:{self.phrase}".encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Conflit:
    """The first time an agent's other plage overlaps. Local times; `titre` empty for another structure."""

    titre: str
    plage_id: int | None
    debut: datetime
    fin: datetime


def empreinte(avertissements: Iterable[Avertissement]) -> str:
    """Return what a page carries to say "these very warnings were read"."""
    return ".".join(sorted(a.empreinte for a in avertissements))


def non_confirmes(avertissements: Iterable[Avertissement], confirmes: str) -> list[Avertissement]:
    """Return the warnings that were not among those confirmed."""
    lus = set(confirmes.split("."))
    return [a for a in avertissements if a.empreinte not in lus]


def avertir(
    regle: Regle,
    *,
    conflits: Collection[Conflit],
    motifs: Iterable[tuple[str, int]],
    fermes: Mapping[date, str],
    nombre: int,
) -> list[Avertissement]:
    """Return every warning of a rule that gives `nombre` dates, the collisions first."""
    avertissements = [
        *(_chevauchement(conflit) for conflit in conflits),
        *_motifs_trop_longs(regle, motifs),
        *_premier_jour_ferme(regle, fermes),
    ]
    if not nombre and regle.premier_jour not in fermes:
        avertissements.append(Avertissement("Cette plage n'a aucune date à venir."))
    return avertissements


def _chevauchement(conflit: Conflit) -> Avertissement:
    nom = f"que « {conflit.titre} »" if conflit.plage_id is not None else "qu'une plage d'une autre structure"
    return Avertissement(
        f"Même moment {nom} : {date_longue(conflit.debut)}, de {heure(conflit.debut)} à {heure(conflit.fin)}.",
        conflit.plage_id,
    )


def _motifs_trop_longs(regle: Regle, motifs: Iterable[tuple[str, int]]) -> Iterable[Avertissement]:
    ouverte = datetime.combine(regle.premier_jour, regle.fin) - datetime.combine(regle.premier_jour, regle.debut)
    for nom, minutes in motifs:
        if timedelta(minutes=minutes) > ouverte:
            deborde = duree(timedelta(minutes=minutes) - ouverte)
            yield Avertissement(
                f"« {nom} » dure {duree(minutes)} : il déborde de {deborde}. "
                "Personne ne pourra le réserver sur cette plage."
            )


def _premier_jour_ferme(regle: Regle, fermes: Mapping[date, str]) -> Iterable[Avertissement]:
    if regle.premier_jour in fermes and regle.couvre(regle.premier_jour):
        raison = f" ({fermes[regle.premier_jour]})" if fermes[regle.premier_jour] else ""
        suite = (
            "Cette plage n'aura aucune date."
            if regle.frequence == Frequence.UNIQUE
            else "La plage commencera à la date suivante."
        )
        yield Avertissement(f"Le {date_longue(regle.premier_jour)} est férié ou fermé{raison}. {suite}", ferme=True)
