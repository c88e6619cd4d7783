"""The facts of the tab "Réservation en ligne": which motifs can be booked, from when, and why the others cannot.

Counts are those of the structure, every agent included.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from motifs.models import Motif, Public
from plages.models import PlageOuverture
from reservations.creneaux import Creneau, demande_du_public, premiers_creneaux
from structures.models import Structure


@dataclass(frozen=True)
class PlageDuMotif:
    """What decides whether a plage that is not past can give créneaux of one motif."""

    plage_id: int
    a_un_lieu: bool
    lieu_ouvert: bool
    longueur: timedelta


@dataclass(frozen=True)
class LigneMotif:
    """One motif of the recap: its first free créneau, or the reason why there is none ("" for a closed motif)."""

    motif: Motif
    premier: Creneau | None
    raison: str

    @property
    def manque_une_plage(self) -> bool:
        """Whether adding a plage mends it."""
        return self.raison in (AUCUNE_PLAGE, PLAGES_PASSEES, TROP_COURTES, AUCUN_CRENEAU)


@dataclass(frozen=True)
class EtatReservation:
    """The three steps and the recap."""

    lignes: list[LigneMotif]
    motifs_ouverts: list[Motif]
    plages: int

    @property
    def pret(self) -> bool:
        """Whether the link can be given: both conditions of the brief are met."""
        return bool(self.motifs_ouverts) and self.plages > 0

    @property
    def prescripteurs_seulement(self) -> bool:
        """Whether a learner alone would find nothing behind the link."""
        return all(motif.ouvert_a == Public.PRESCRIPTEURS for motif in self.motifs_ouverts)


AUCUNE_PLAGE = "aucune plage"
PLAGES_PASSEES = "plages passées"
LIEU_MANQUANT = "plages sans lieu"
LIEU_FERME = "lieu fermé"
TROP_COURTES = "plages trop courtes"
AUCUN_CRENEAU = "aucun créneau libre"


def raison_sans_creneau(motif: Motif, *, plages: list[PlageDuMotif], eut_des_plages: bool) -> str:
    """Return in a few words why an open motif has no free créneau (pure). `plages`: those that are not past."""
    if not plages:
        return PLAGES_PASSEES if eut_des_plages else AUCUNE_PLAGE
    if motif.sur_place:
        if not any(plage.a_un_lieu for plage in plages):
            return LIEU_MANQUANT
        plages = [plage for plage in plages if plage.a_un_lieu and plage.lieu_ouvert]
        if not plages:
            return LIEU_FERME
    if all(plage.longueur < motif.delta for plage in plages):
        return TROP_COURTES
    return AUCUN_CRENEAU


def etat_de_la_reservation(structure: Structure, maintenant: datetime) -> EtatReservation:
    """Read everything in four queries, whatever the number of motifs and plages."""
    motifs = list(structure.motifs.actifs().par_nom())
    ouverts = [motif for motif in motifs if motif.reservable_en_ligne]
    plages = _plages_par_motif(structure, maintenant.astimezone(structure.tz).date())
    eurent_des_plages = set(
        PlageOuverture.motifs.through._default_manager.filter(plageouverture__structure=structure)
        .values_list("motif_id", flat=True)
        .distinct()
    )
    premiers: dict[int, Creneau] = {}
    demandes = [demande_du_public(motif, maintenant=maintenant) for motif in ouverts]
    for creneau in premiers_creneaux(demandes, maintenant=maintenant):
        premiers.setdefault(creneau.motif_id, creneau)
    lignes = []
    for motif in motifs:
        premier = premiers.get(motif.pk)
        raison = ""
        if motif.reservable_en_ligne and premier is None:
            raison = raison_sans_creneau(motif, plages=plages[motif.pk], eut_des_plages=motif.pk in eurent_des_plages)
        lignes.append(LigneMotif(motif, premier, raison))
    utiles = {plage.plage_id for motif in ouverts for plage in plages[motif.pk]}
    return EtatReservation(lignes, ouverts, len(utiles))


def _plages_par_motif(structure: Structure, aujourd_hui: date) -> defaultdict[int, list[PlageDuMotif]]:
    """Return the plages that are not past, motif by motif. One query."""
    par_motif: defaultdict[int, list[PlageDuMotif]] = defaultdict(list)
    lignes = structure.plages.en_cours(aujourd_hui).values_list(
        "motifs", "pk", "lieu", "lieu__ouvert", "heure_debut", "heure_fin"
    )
    for motif, plage, lieu, ouvert, debut, fin in lignes:
        longueur = datetime.combine(aujourd_hui, fin) - datetime.combine(aujourd_hui, debut)
        par_motif[motif].append(PlageDuMotif(plage, lieu is not None, bool(ouvert), longueur))
    return par_motif
