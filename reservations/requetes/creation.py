"""What an agent must know to create a rendez-vous: free slots to propose, what refuses an hour, what warns about it."""

from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max

from motifs.models import Motif, TypeLieu
from plages.avertissements import Avertissement
from plages.models import Indisponibilite, Ouverture, PlageOuverture
from plages.services import jours_fermes
from reservations.creneaux import Creneau, Demande, creneaux_libres
from reservations.models import Apprenant, RendezVous, Statut
from reservations.requetes.apprenants import apprenant_connu, homonymes
from structures.dates import date_longue, de_a, heure
from structures.models import Agent, Lieu, Structure

PROPOSES = 6
# Near first: a year of free slots is not cut to show six of them.
FENETRES = (timedelta(days=14), timedelta(days=183))


@dataclass(frozen=True)
class RendezVousVoulu:
    """What an agent asks for (UTC). `apprenant`: not saved yet for a new person."""

    apprenant: Apprenant
    motif: Motif
    agent: Agent
    lieu: Lieu | None
    debut: datetime
    fin: datetime
    adresse_domicile: str = ""


def prochains_creneaux(
    motif: Motif, agent: Agent, lieu: Lieu | None, *, minutes: int, du: datetime, maintenant: datetime
) -> list[Creneau]:
    """Return the first free slots of a motif with an agent from an instant on, of any lieu if none is given.

    The public's delays do not bind agents, nor does the motif's duration. Two queries at most.
    """
    tel_que_voulu = copy(motif)
    tel_que_voulu.duree = minutes
    trouves: list[Creneau] = []
    for fenetre in FENETRES:
        trouves = creneaux_libres(
            [Demande(tel_que_voulu, max(du, maintenant), max(du, maintenant) + fenetre)],
            maintenant=maintenant,
            agents=[agent.pk],
            lieux=[lieu.pk] if lieu is not None and motif.sur_place else None,
        )
        if len(trouves) >= PROPOSES:
            break
    return trouves[:PROPOSES]


def deja_cree(voulu: RendezVousVoulu) -> RendezVous | None:
    """Return the very same rendez-vous if it is already written: the form was sent twice (a double click)."""
    memes = RendezVous.objects.filter(
        agent=voulu.agent, motif=voulu.motif, debut=voulu.debut, fin=voulu.fin, statut=Statut.PREVU
    )
    personne = voulu.apprenant
    if personne.pk:
        return memes.filter(participations__apprenant=personne).first()
    return memes.filter(
        participations__apprenant__prenom=personne.prenom, participations__apprenant__nom=personne.nom
    ).first()


def occupation(structure: Structure, agent: Agent, debut: datetime, fin: datetime, maintenant: datetime) -> str:
    """Say what already takes this time of the agent, "" when it is free. Never with whom, nor where else."""
    pris = RendezVous.objects.occupant(agent.pk, debut, fin, maintenant).first()
    if pris is None:
        return ""
    de, a, libre_a = (heure(i.astimezone(structure.tz)) for i in (pris.debut, pris.fin, pris.periode.upper))
    pause = f", puis une pause jusqu'à {libre_a}" if pris.pause else ""
    if pris.structure_id != structure.pk:
        return f"{agent} : occupé (autre structure) de {de} à {libre_a}. Choisissez une autre heure."
    if pris.statut == Statut.OPTION:
        return (
            f"Une réservation est en cours par Internet avec {agent}, de {de} à {a}{pause}. Choisissez une autre heure."
        )
    return f"{agent} a déjà un rendez-vous de {de} à {a}{pause}. Choisissez une autre heure."


def pause_a_garder(structure: Structure, agent: Agent, debut: datetime, fin: datetime, maintenant: datetime) -> int:
    """Return the minutes to keep free afterwards: the longest pause of the agent's plages at that time, or what is left
    of it before the next rendez-vous, which an agent may place closer."""
    plages = PlageOuverture.objects.filter(agent=agent, structure=structure, ouvertures__periode__overlap=(debut, fin))
    pause = plages.aggregate(pause=Max("pause"))["pause"] or 0
    suivant = RendezVous.objects.occupant(agent.pk, fin, fin + timedelta(minutes=pause), maintenant) if pause else None
    if suivant and (premier := suivant.values_list("debut", flat=True).first()):
        pause = min(pause, (premier - fin) // timedelta(minutes=1))
    return pause


def avertissements_de_creation(voulu: RendezVousVoulu, maintenant: datetime) -> list[Avertissement]:
    """Return what to tell before a rendez-vous is written; none of it forbids it. Five queries at most."""
    structure, agent, apprenant = voulu.motif.structure, voulu.agent, voulu.apprenant
    phrases = []
    if apprenant.pk is None and apprenant_connu(apprenant) is None and (homonyme := homonymes(apprenant).first()):
        contact = homonyme.telephone.as_national if homonyme.telephone else homonyme.courriel
        precision = f" ({contact})" if contact else ""
        phrases.append(
            f"Quelqu'un de ce nom est déjà connu : {homonyme}{precision}. Si c'est la même personne, cherchez-la."
        )
    if voulu.debut <= maintenant:
        phrases.append("Cette heure est déjà passée : personne ne recevra de message.")
    if voulu.motif.type_lieu == TypeLieu.TELEPHONE and not apprenant.telephone:
        phrases.append(f"Ce rendez-vous est par téléphone, et aucun numéro n'est connu pour {apprenant}.")
    phrases += _absences(structure, agent, voulu.debut, voulu.fin)
    jour = voulu.debut.astimezone(structure.tz).date()
    fermes = jours_fermes(structure, jour, jour)
    if jour in fermes:
        raison = f" ({fermes[jour]})" if fermes[jour] else ""
        phrases.append(f"Le {date_longue(jour)} est férié ou fermé{raison}.")
    elif not _dans_une_plage(structure, agent, voulu.debut, voulu.fin):
        phrases.append(f"{agent} n'a pas de plage d'ouverture à ce moment-là.")
    if apprenant.pk:
        autre = RendezVous.objects.de_la_structure(structure).filter(
            participations__apprenant=apprenant, statut=Statut.PREVU, debut__lt=voulu.fin, fin__gt=voulu.debut
        )
        for debut, fin in autre.order_by("debut").values_list("debut", "fin")[:1]:
            quand = de_a(debut.astimezone(structure.tz), fin.astimezone(structure.tz))
            phrases.append(f"{apprenant} a déjà un rendez-vous à ce moment-là : {quand}.")
    return [Avertissement(phrase) for phrase in phrases]


def _absences(structure: Structure, agent: Agent, debut: datetime, fin: datetime) -> list[str]:
    absences = Indisponibilite.objects.filter(agent=agent, periode__overlap=(debut, fin)).select_related("absence")
    phrases = []
    for i in absences.order_by("periode", "pk"):
        ici = i.absence.structure_id == structure.pk
        quoi = f"absence « {i.absence.titre} »" if ici else "occupé (autre structure)"
        de, a = i.periode.lower.astimezone(structure.tz), i.periode.upper.astimezone(structure.tz)
        quand = f"de {heure(de)} à {heure(a)}" if de.date() == a.date() else f"du {date_longue(de)} au {date_longue(a)}"
        phrases.append(f"{agent} : {quoi}, {quand}.")
    return phrases


def _dans_une_plage(structure: Structure, agent: Agent, debut: datetime, fin: datetime) -> bool:
    """Whether the agent's ouvertures there, put end to end, contain this time, whatever their motifs."""
    ouvertures = Ouverture.objects.filter(
        plage__agent=agent, plage__structure=structure, periode__overlap=(debut, fin)
    ).values_list("periode", flat=True)
    jusqu_a = debut
    for periode in sorted(ouvertures, key=lambda p: p.lower):
        if periode.lower > jusqu_a:
            return False
        jusqu_a = max(jusqu_a, periode.upper)
    return jusqu_a >= fin
