"""Reads over plages and their ouvertures that the form needs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import islice

from django.db.models import BooleanField
from django.db.models.expressions import RawSQL

from motifs.models import Motif
from plages.apercu import ANNEE, Apercu, apercu, derniere_date_comptee, reunir
from plages.avertissements import Avertissement, Conflit, avertir
from plages.models import Absence, AbsenceQuerySet, Ouverture, PlageOuverture, PlageQuerySet
from plages.mots import en_mots
from plages.recurrence import Frequence, Modification, Occurrence, Regle, developper
from plages.services import jours_fermes
from structures.dates import heure
from structures.models import Agent, Structure

# How far collisions are looked for: two endless rules that only meet in three years are not worth a warning.
SIX_MOIS = timedelta(days=183)
DATES_MONTREES = 10


def plages_a_lister(structure: Structure, *, agent: Agent | None, passees: bool, aujourd_hui: date) -> PlageQuerySet:
    """Return a structure's plages, of one agent or of all: those to come by first day, or the past ones, last first."""
    plages: PlageQuerySet = structure.plages.avec_details()
    if agent is not None:
        plages = plages.filter(agent=agent)
    if passees:
        return plages.passees(aujourd_hui).order_by("-premier_jour", "-heure_debut", "pk")
    return plages.en_cours(aujourd_hui).order_by("premier_jour", "heure_debut", "pk")


def absences_a_lister(
    structure: Structure, *, agent: Agent | None, passees: bool, aujourd_hui: date
) -> AbsenceQuerySet:
    """Return the absences entered in a structure, of one agent or of all, in the order of `plages_a_lister`."""
    absences: AbsenceQuerySet = structure.absences.select_related("agent")
    if agent is not None:
        absences = absences.filter(agent=agent)
    if passees:
        return absences.passees(aujourd_hui).order_by("-premier_jour", "-heure_debut", "pk")
    return absences.en_cours(aujourd_hui).order_by("premier_jour", "heure_debut", "pk")


def agents_pour_qui_ouvrir(structure: Structure, agent: Agent, *, est_admin: bool) -> list[Agent]:
    """Return those for whom an agent may create a plage or an absence, themselves first: an admin, for every active
    colleague."""
    if not est_admin:
        return [agent]
    return [agent, *structure.agents.filter(is_active=True).exclude(pk=agent.pk).order_by("nom", "prenom", "pk")]


def apercu_et_avertissements(
    plage: PlageOuverture, motifs: Iterable[Motif], maintenant: datetime
) -> tuple[Apercu, list[Avertissement]]:
    """Tell what a plage, saved or not, will give, and what to warn about. Three queries, whatever its rule."""
    regle, tz = plage.regle, plage.structure.tz
    aujourd_hui = maintenant.astimezone(tz).date()
    fermes = jours_fermes(
        plage.structure, min(regle.premier_jour, aujourd_hui), derniere_date_comptee(regle, aujourd_hui)
    )
    durees = [(motif.nom, motif.duree) for motif in motifs]
    modifications = [m.modification for m in plage.occurrences_modifiees.all()] if plage.pk else []
    vue = apercu(regle, tz, motifs=durees, fermes=fermes, maintenant=maintenant, modifications=modifications)
    collisions = conflits(plage, vue.occurrences, maintenant)
    return vue, avertir(regle, conflits=collisions, motifs=durees, fermes=fermes, nombre=vue.nombre)


def apercu_et_avertissements_de(
    plages: Sequence[PlageOuverture], motifs: Iterable[Motif], maintenant: datetime
) -> tuple[Apercu, list[Avertissement]]:
    """The same for new plages of the same days, at other hours: a warning that is not of all says its hours."""
    motifs = list(motifs)
    couples = [apercu_et_avertissements(plage, motifs, maintenant) for plage in plages]
    regles = [plage.regle for plage in plages]
    communs = [a for a in couples[0][1] if all(a in avertissements for _, avertissements in couples)]
    propres = [
        replace(a, phrase=f"De {heure(regle.debut)} à {heure(regle.fin)} : {a.phrase}")
        for regle, (_, avertissements) in zip(regles, couples, strict=True)
        for a in avertissements
        if a not in communs
    ]
    return reunir([vue for vue, _ in couples], en_mots(*regles)), [*communs, *propres]


def avertissements_du_deplacement(
    plage: PlageOuverture, *, nouveau_jour: date, heure_debut: time, heure_fin: time, maintenant: datetime
) -> list[Avertissement]:
    """Return what to warn about before one date of a plage goes to that day: the same as for a plage of that day alone.

    A closed day is refused by the form instead: nothing would open.
    """
    regle = Regle(premier_jour=nouveau_jour, debut=heure_debut, fin=heure_fin)
    vise = developper(regle, plage.tz, apres=maintenant, horizon=nouveau_jour).occurrences
    durees = [(motif.nom, motif.duree) for motif in plage.motifs.all()]
    return avertir(regle, conflits=conflits(plage, vise, maintenant), motifs=durees, fermes={}, nombre=len(vise))


@dataclass(frozen=True)
class DateDeLaPlage:
    """One date that the rule of a plage gives, what was decided for it, and whether the day where it is now is closed:
    nothing opens then. `passee`: it was moved, and its own day is over: nothing to put back."""

    jour: date
    modification: Modification | None
    ferme: bool
    passee: bool


def prochaines_dates(plage: PlageOuverture, aujourd_hui: date) -> list[DateDeLaPlage]:
    """Return the next dates of a repeated plage, and all those to come that were dropped or moved. Two queries."""
    regle = plage.regle
    if regle.frequence == Frequence.UNIQUE:
        return []
    modifications = {
        m.jour: m.modification for m in plage.occurrences_modifiees.a_venir(aujourd_hui) if regle.couvre(m.jour)
    }
    prochains = set(islice(regle.dates(aujourd_hui, aujourd_hui + ANNEE), DATES_MONTREES))
    jours = sorted(prochains | set(modifications))
    ou = {jour: jour for jour in jours} | {m.jour: m.nouveau_jour for m in modifications.values() if m.nouveau_jour}
    fermes = jours_fermes(plage.structure, min(ou.values()), max(ou.values())) if ou else {}
    return [DateDeLaPlage(jour, modifications.get(jour), ou[jour] in fermes, jour < aujourd_hui) for jour in jours]


def apercu_de_l_absence(absence: Absence, maintenant: datetime) -> Apercu:
    """Tell what an absence, saved or not, will give. Holidays do not matter: one may be away on them too."""
    return apercu(absence.regle, absence.structure.tz, motifs=(), fermes={}, maintenant=maintenant)


def conflits(plage: PlageOuverture, occurrences: Iterable[Occurrence], maintenant: datetime) -> list[Conflit]:
    """Return the agent's other plages, in any structure, that overlap these occurrences in the next six months.

    The stored ouvertures are compared, in UTC: other time zones, closed days and clock changes are already in them.
    Touching is not overlapping. One query.
    """
    limite = maintenant + SIX_MOIS
    periodes = ",".join(f"[{o.debut.isoformat()},{o.fin.isoformat()})" for o in occurrences if o.debut < limite)
    if not periodes:
        return []
    premieres = (
        Ouverture.objects.filter(plage__agent=plage.agent_id, periode__endswith__gt=maintenant)
        .filter(
            RawSQL("plages_ouverture.periode && %s::tstzmultirange", [f"{{{periodes}}}"], output_field=BooleanField())
        )
        .exclude(plage=plage.pk)
        .select_related("plage")
        .order_by("plage", "periode")
        .distinct("plage")
    )
    tz = plage.structure.tz
    return sorted(
        (
            Conflit(
                titre=ouverture.plage.titre if ouverture.plage.structure_id == plage.structure_id else "",
                plage_id=ouverture.plage_id if ouverture.plage.structure_id == plage.structure_id else None,
                debut=ouverture.periode.lower.astimezone(tz),
                fin=ouverture.periode.upper.astimezone(tz),
            )
            for ouverture in premieres
        ),
        key=lambda conflit: (conflit.debut, conflit.plage_id or 0),
    )
