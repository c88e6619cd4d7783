"""Writes on motifs. What the database refuses comes back as a sentence."""

from datetime import datetime

from django.db import IntegrityError, transaction

from motifs.models import Motif
from structures.formulaires import contrainte_violee
from structures.models import Structure

# Neither the name, nor what makes the copy public: it is read again before it is opened.
CHAMPS_COPIES = (
    *("couleur", "duree", "type_lieu", "ouvert_a", "delai_min", "delai_max"),
    *("instructions_a_accepter", "information_apres", "message_annulation"),
)


class MotifRefuse(Exception):
    """A write on a motif is refused: `str()` is the sentence to show, `contrainte` the rule that says no."""

    def __init__(self, phrase: str, contrainte: str = "") -> None:
        super().__init__(phrase)
        self.contrainte = contrainte


_PHRASES = {
    "motifs_plateforme_solidarites": "La réservation en ligne n'existe pas sur RDV Solidarités.",
    **{c.name: str(c.violation_error_message) for c in Motif._meta.constraints},
}


def enregistrer_motif(*, motif: Motif) -> Motif:
    """Save a motif. Raises MotifRefuse when a rule of the database says no, a lost race for the name included."""
    try:
        with transaction.atomic():
            motif.save()
    except IntegrityError as erreur:
        contrainte = contrainte_violee(erreur)
        if contrainte not in _PHRASES:
            raise
        raise MotifRefuse(_PHRASES[contrainte], contrainte) from erreur
    return motif


def ouvrir(*, motif: Motif) -> Motif:
    """Make a motif bookable online, with the delays and the public it has. Raises MotifRefuse."""
    if motif.archive_le is not None:
        raise MotifRefuse("Ce motif est archivé : restaurez-le avant de l'ouvrir.")
    motif.reservable_en_ligne = True
    return enregistrer_motif(motif=motif)


def fermer(*, motif: Motif) -> Motif:
    """Close a motif to online booking; the rendez-vous already taken stay."""
    motif.reservable_en_ligne = False
    return enregistrer_motif(motif=motif)


@transaction.atomic
def supprimer(*, motif: Motif) -> None:
    """Delete a motif that nothing uses. Raises MotifRefuse when a plage or a rendez-vous, even past, does.

    The row is locked first: whoever ties something to it meanwhile waits, then learns that it is gone.
    """
    motif = Motif.objects.select_for_update().get(pk=motif.pk)
    if motif.plages.exists() or motif.rendez_vous.exists():
        raise MotifRefuse(f"« {motif} » sert à des plages ou à des rendez-vous : archivez-le plutôt.")
    motif.delete()


def dupliquer(*, motif: Motif, nom: str, structure: Structure) -> Motif:
    """Copy a motif under another name, in the same structure or another one, closed to online booking.

    Raises MotifRefuse when the name is taken there.
    """
    copie = Motif(structure=structure, nom=nom)
    for champ in CHAMPS_COPIES:
        setattr(copie, champ, getattr(motif, champ))
    return enregistrer_motif(motif=copie)


def archiver(*, motif: Motif, maintenant: datetime) -> Motif:
    """Set a motif aside: no longer offered anywhere, its name free again. Its rendez-vous stay. Twice is once."""
    if motif.archive_le is None:
        motif.archive_le = maintenant
    return enregistrer_motif(motif=motif)


def restaurer(*, motif: Motif) -> Motif:
    """Bring an archived motif back, closed to online booking. Raises MotifRefuse when its name is taken meanwhile."""
    if motif.archive_le is None:
        return motif
    motif.archive_le, motif.reservable_en_ligne = None, False
    try:
        return enregistrer_motif(motif=motif)
    except MotifRefuse as refus:
        if refus.contrainte != "motifs_nom_unique":
            raise
        raise MotifRefuse(
            f"Un autre motif s'appelle déjà « {motif.nom} » pour ce type de rendez-vous : "
            "renommez-le d'abord, puis restaurez celui-ci.",
            refus.contrainte,
        ) from refus
