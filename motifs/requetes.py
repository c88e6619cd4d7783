"""Reads that the pages of the motifs need, over what comes after them: plages, rendez-vous, créneaux."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from motifs.models import DUREE_MAXIMUM, DUREE_MINIMUM, Motif, MotifQuerySet
from plages.models import PlageOuverture
from reservations.models import RendezVous
from reservations.parcours import Recherche, propositions
from structures.models import Structure


def motif_bascule(structure: Structure, numero: str) -> Motif | None:
    """Return the motif that has just been opened or closed, as the address of a page says it."""
    est_un_numero = numero.isascii() and numero.isdigit() and len(numero) < 10
    return structure.motifs.actifs().filter(pk=numero).first() if est_un_numero else None


def motifs_a_lister(structure: Structure) -> MotifQuerySet:
    """Return the motifs of a structure by name; each says `utilise`: a plage or a rendez-vous, even past, needs it."""
    plages = PlageOuverture.motifs.through._default_manager.filter(motif=OuterRef("pk"))
    rendez_vous = RendezVous.objects.filter(motif=OuterRef("pk"))
    motifs: MotifQuerySet = structure.motifs.par_nom()
    return motifs.annotate(utilise=Q(Exists(plages)) | Q(Exists(rendez_vous)))


@dataclass(frozen=True)
class ApercuMotif:
    """What a learner will read of a motif, saved or not, and the first times they may choose (UTC)."""

    motif: Motif
    heures: tuple[datetime, ...]
    a_une_plage: bool


def apercu_du_motif(motif: Motif, maintenant: datetime) -> ApercuMotif:
    """Show a motif as it is typed. Its plages are those it has: a new motif has none. Four queries at most."""
    # What is being typed may make no sense: the engine divides by the duration, PostgreSQL refuses an inverted range.
    if not DUREE_MINIMUM <= motif.duree <= DUREE_MAXIMUM or motif.delai_max <= motif.delai_min:
        return ApercuMotif(motif, (), a_une_plage=True)
    if motif.pk is None or not PlageOuverture.objects.filter(motifs=motif.pk).exists():
        return ApercuMotif(motif, (), a_une_plage=False)
    heures = propositions(motif, None, Recherche(maintenant)).plus_tot
    return ApercuMotif(motif, heures, a_une_plage=True)
