"""Writes on openings and absences: the rule is saved and its dated occurrences rewritten in one transaction."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, time, timedelta

from django.db import models, transaction
from django.db.models import Q

from motifs.models import DELAI_MAXIMUM, Motif
from plages.feries import feries
from plages.models import Absence, Indisponibilite, JourParticulier, OccurrenceModifiee, Ouverture, PlageOuverture
from plages.recurrence import Developpement, Frequence, developper, modifier
from structures.models import Agent, Structure
from structures.services import verrouiller_agents

# Longer than the longest booking delay, and the nightly job that extends it may be late by weeks.
HORIZON = DELAI_MAXIMUM + timedelta(days=31)
# An absence that is over still says where the rest of an ouverture under way begins; none lasts longer than this, the
# night when clocks go back included.
OUVERTURE_LA_PLUS_LONGUE = timedelta(hours=25)


def _horizon(maintenant: datetime) -> date:
    return (maintenant + HORIZON).date()


def jours_fermes(structure: Structure, du: date, au: date) -> dict[date, str]:
    """Return the days without ouverture between two local dates, both included, and why: the public holidays of the
    territory, less those on which the structure works, plus its own closings."""
    fermes = feries(structure.departement, du, au)
    for particulier in structure.jours_particuliers.filter(jour__range=(du, au)):
        if particulier.ferme:
            fermes[particulier.jour] = particulier.nom
        else:
            fermes.pop(particulier.jour, None)
    return fermes


def _occurrences_de_la_plage(
    plage: PlageOuverture, fermes: Collection[date], horizon: date, maintenant: datetime
) -> Developpement:
    regle, tz = plage.regle, plage.structure.tz
    tout = developper(regle, tz, apres=maintenant, horizon=horizon, feries=fermes)
    modifications = [m.modification for m in plage.occurrences_modifiees.all()]
    return modifier(tout, regle, tz, modifications, apres=maintenant, feries=fermes)


def _recrire_ouvertures(plages: Sequence[PlageOuverture], maintenant: datetime) -> list[Developpement]:
    """Replace the occurrences of plages of one structure that are not over yet; those that are over stay as they were.

    Three queries, and one a plage for its modified dates unless they are prefetched.
    """
    if not plages:
        return []
    horizon = _horizon(maintenant)
    fermes = jours_fermes(plages[0].structure, (maintenant - timedelta(days=2)).date(), horizon)
    developpements = [_occurrences_de_la_plage(plage, fermes, horizon, maintenant) for plage in plages]
    Ouverture.objects.filter(plage__in=plages, periode__endswith__gt=maintenant).delete()
    Ouverture.objects.bulk_create(
        [
            Ouverture(plage=plage, jour=o.jour, periode=(o.debut, o.fin))
            for plage, developpement in zip(plages, developpements, strict=True)
            for o in developpement.occurrences
        ],
        # The one of that date may be over: today's, moved to this evening.
        update_conflicts=True,
        unique_fields=["plage", "jour"],
        update_fields=["periode"],
    )
    return developpements


def _recrire_indisponibilites(absence: Absence, maintenant: datetime) -> Developpement:
    apres = maintenant - OUVERTURE_LA_PLUS_LONGUE
    developpement = developper(absence.regle, absence.structure.tz, apres=apres, horizon=_horizon(maintenant))
    absence.indisponibilites.filter(
        Q(periode__endswith__gt=apres) | Q(jour__in=[o.jour for o in developpement.occurrences])
    ).delete()
    Indisponibilite.objects.bulk_create(
        [
            Indisponibilite(absence=absence, agent_id=absence.agent_id, jour=o.jour, periode=(o.debut, o.fin))
            for o in developpement.occurrences
        ]
    )
    return developpement


def enregistrer_plage(*, plage: PlageOuverture, motifs: Iterable[Motif], maintenant: datetime) -> Developpement:
    """Save a plage with its motifs and rewrite its ouvertures that end after `maintenant` (UTC).

    Returns what the rule gave, so that the page can name the dates that a clock change makes impossible.
    """
    return enregistrer_plages(plages=[plage], motifs=motifs, maintenant=maintenant)[0]


@transaction.atomic
def enregistrer_plages(
    *, plages: Sequence[PlageOuverture], motifs: Iterable[Motif], maintenant: datetime
) -> list[Developpement]:
    """Save plages of one structure with the same motifs, all of them or none. Asked twice, it is once."""
    verrouiller_agents(plage.agent_id for plage in plages)
    motifs = list(motifs)
    for plage in plages:
        deja = (p for p in _deja_ecrites(plage) if set(p.motifs.all()) == set(motifs))
        if not _est(plage, next(deja, None)):
            plage.save()
            plage.motifs.set(motifs)
    return _recrire_ouvertures(plages, maintenant)


def _deja_ecrites[T: (PlageOuverture, Absence)](nouvelle: T) -> models.QuerySet[T]:
    """Return the rows that say the very same thing as one not saved yet, read under its agent's lock."""
    tous = type(nouvelle)._default_manager.order_by("pk")
    if nouvelle.pk:
        return tous.none()
    colonnes = [c.attname for c in nouvelle._meta.concrete_fields if c.name not in {"id", "cree_le"}]
    return tous.filter(**{nom: getattr(nouvelle, nom) for nom in colonnes})


def _est(nouvelle: PlageOuverture | Absence, deja: PlageOuverture | Absence | None) -> bool:
    """Whether it is a row already written: it becomes that one."""
    if deja is None:
        return False
    nouvelle.pk, nouvelle.cree_le, nouvelle._state.adding = deja.pk, deja.cree_le, False
    return True


@transaction.atomic
def supprimer_plage(*, plage: PlageOuverture) -> None:
    """Delete a plage and its ouvertures. Rendez-vous are not tied to a plage: they all stay."""
    verrouiller_agents([plage.agent_id])
    plage.delete()


def terminer_plages(*, structure: Structure, agent: Agent, maintenant: datetime) -> None:
    """Close what an agent opens in a structure, from now on; what is past stays. Needs a transaction and their lock.

    A date moved from the past to a day to come is dropped too: it would open again at the next rewriting.
    """
    aujourd_hui = maintenant.astimezone(structure.tz).date()
    hier = aujourd_hui - timedelta(days=1)
    siennes = structure.plages.filter(agent=agent)
    OccurrenceModifiee.objects.filter(plage__in=siennes, nouveau_jour__gte=aujourd_hui).delete()
    siennes.en_cours(aujourd_hui).filter(Q(frequence=Frequence.UNIQUE) | Q(premier_jour__gte=hier)).delete()
    siennes.en_cours(aujourd_hui).update(jusqu_au=hier)
    Ouverture.objects.filter(plage__in=siennes, periode__endswith__gt=maintenant).delete()


@transaction.atomic
def deplacer_occurrence(
    *, plage: PlageOuverture, jour: date, nouveau_jour: date, heure_debut: time, heure_fin: time, maintenant: datetime
) -> None:
    """Move one date of a repeated plage to another local day and hours; asked again, the last answer counts."""
    _modifier_occurrence(plage, jour, maintenant, nouveau_jour, heure_debut, heure_fin)


@transaction.atomic
def supprimer_occurrence(*, plage: PlageOuverture, jour: date, maintenant: datetime) -> None:
    """Drop one date of a repeated plage. Its rendez-vous stay."""
    _modifier_occurrence(plage, jour, maintenant)


@transaction.atomic
def retablir_occurrence(*, plage: PlageOuverture, jour: date, maintenant: datetime) -> None:
    """Give one date back what the rule says."""
    verrouiller_agents([plage.agent_id])
    plage.occurrences_modifiees.filter(jour=jour).delete()
    _recrire_ouvertures([plage], maintenant)


def _modifier_occurrence(
    plage: PlageOuverture,
    jour: date,
    maintenant: datetime,
    nouveau_jour: date | None = None,
    heure_debut: time | None = None,
    heure_fin: time | None = None,
) -> None:
    verrouiller_agents([plage.agent_id])
    plage.occurrences_modifiees.update_or_create(
        jour=jour, defaults={"nouveau_jour": nouveau_jour, "heure_debut": heure_debut, "heure_fin": heure_fin}
    )
    _recrire_ouvertures([plage], maintenant)


@transaction.atomic
def fermer(*, structure: Structure, du: date, au: date, nom: str, maintenant: datetime) -> None:
    """Close a structure on local days, both included, public holidays or not. Rendez-vous stay."""
    _verrouiller_les_agents(structure)
    jours = [du + timedelta(days=n) for n in range((au - du).days + 1)]
    JourParticulier.objects.bulk_create(
        [JourParticulier(structure=structure, jour=jour, ferme=True, nom=nom) for jour in jours],
        update_conflicts=True,
        unique_fields=["structure", "jour"],
        update_fields=["ferme", "nom"],
    )
    _recrire_la_structure(structure, maintenant)


@transaction.atomic
def rouvrir(*, structure: Structure, du: date, au: date, maintenant: datetime) -> None:
    """Take back the closings between two local days, both included; a public holiday in between is closed again."""
    _verrouiller_les_agents(structure)
    structure.jours_particuliers.filter(jour__range=(du, au), ferme=True).delete()
    _recrire_la_structure(structure, maintenant)


@transaction.atomic
def travailler_un_ferie(*, structure: Structure, jour: date, travaille: bool, maintenant: datetime) -> None:
    """Say that a structure works on a public holiday, or that it does not after all."""
    _verrouiller_les_agents(structure)
    if travaille:
        structure.jours_particuliers.update_or_create(jour=jour, defaults={"ferme": False, "nom": ""})
    else:
        structure.jours_particuliers.filter(jour=jour, ferme=False).delete()
    _recrire_la_structure(structure, maintenant)


def _verrouiller_les_agents(structure: Structure) -> None:
    """Lock everyone who has, or is about to add, a plage there: the plages read afterwards are all of them."""
    membres = structure.appartenances.values_list("agent", flat=True)
    verrouiller_agents(membres.union(structure.plages.values_list("agent", flat=True)))


def _recrire_la_structure(structure: Structure, maintenant: datetime) -> None:
    """Rewrite the ouvertures of every plage that has, or may have, one to come. Five queries, whatever their number."""
    hier = maintenant.date() - timedelta(days=1)
    plages = list(structure.plages.en_cours(hier).prefetch_related("occurrences_modifiees"))
    for plage in plages:
        plage.structure = structure
    _recrire_ouvertures(plages, maintenant)


@transaction.atomic
def enregistrer_absence(*, absence: Absence, maintenant: datetime) -> Developpement:
    """Save an absence and rewrite its occurrences to come at `maintenant` (UTC), under way, or over so lately that an
    ouverture which they cut may go on. Rendez-vous stay. Asked twice (a double click), it is once."""
    verrouiller_agents([absence.agent_id])
    if not _est(absence, _deja_ecrites(absence).first()):
        absence.save()
    # The agent of an absence may change: its past occurrences follow.
    absence.indisponibilites.exclude(agent_id=absence.agent_id).update(agent_id=absence.agent_id)
    return _recrire_indisponibilites(absence, maintenant)


@transaction.atomic
def supprimer_absence(*, absence: Absence) -> None:
    """Delete an absence and its occurrences."""
    verrouiller_agents([absence.agent_id])
    absence.delete()


def etendre_horizon(*, maintenant: datetime) -> int:
    """Rewrite the occurrences of every rule that still goes on (the nightly job); return how many rules.

    One transaction a rule: no agent stays locked longer than their own rewriting takes.
    """
    aujourd_hui = maintenant.date()
    nombre = 0
    for plage_id in (
        PlageOuverture.objects.en_cours(aujourd_hui).exclude(frequence="unique").values_list("pk", flat=True)
    ):
        with transaction.atomic():
            plage = PlageOuverture.objects.select_related("structure").filter(pk=plage_id).first()
            if plage is None:
                continue
            verrouiller_agents([plage.agent_id])
            _recrire_ouvertures([plage], maintenant)
            nombre += 1
    absences = Absence.objects.exclude(frequence="unique").filter(
        Q(jusqu_au__isnull=True) | Q(jusqu_au__gte=aujourd_hui)
    )
    for absence_id in absences.values_list("pk", flat=True):
        with transaction.atomic():
            absence = Absence.objects.select_related("structure").filter(pk=absence_id).first()
            if absence is None:
                continue
            verrouiller_agents([absence.agent_id])
            _recrire_indisponibilites(absence, maintenant)
            nombre += 1
    return nombre
