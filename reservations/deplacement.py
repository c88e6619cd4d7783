"""Where a rendez-vous may be moved, and by whom: what the pages show is what the services accept."""

from collections.abc import Collection
from copy import copy
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from motifs.models import Motif, delai_en_mots
from reservations.creneaux import Creneau, Demande, creneaux_libres
from reservations.models import RendezVous
from structures.models import Structure


def a_sa_duree(rendez_vous: RendezVous) -> Motif:
    """Return the motif of a rendez-vous with the duration that was agreed, whatever the motif says today."""
    motif = copy(rendez_vous.motif)
    motif.structure = rendez_vous.structure
    motif.duree = (rendez_vous.fin - rendez_vous.debut) // timedelta(minutes=1)
    return motif


def limites_en_mots(structure: Structure) -> dict[str, str]:
    """Return until when the learner may act alone: {"annuler": "4 heures", "deplacer": "2 jours"}, "" without limit."""
    heures = {"annuler": structure.annulation_heures, "deplacer": structure.deplacement_heures}
    return {geste: delai_en_mots(timedelta(hours=nombre)) if nombre else "" for geste, nombre in heures.items()}


def refus_du_deplacement(rendez_vous: RendezVous, maintenant: datetime) -> str:
    """Say why the learner cannot move this rendez-vous alone; "" when they can. At most one query."""
    if not rendez_vous.est_annulable(maintenant):
        return _("Ce rendez-vous a commencé ou n'est plus prévu : il ne peut plus être déplacé.")
    if not rendez_vous.est_deplacable_par_la_personne(maintenant):
        limite = limites_en_mots(rendez_vous.structure)["deplacer"]
        return _(
            "Il est trop tard pour déplacer ce rendez-vous par Internet : c'est possible jusqu'à %(limite)s avant."
        ) % {"limite": limite}
    ouverts = Motif.objects.reservables().filter(pk=rendez_vous.motif_id, type_lieu=rendez_vous.type_lieu)
    return "" if ouverts.exists() else _("Ce rendez-vous ne se déplace pas par Internet.")


def creneaux_de_deplacement(
    rendez_vous: RendezVous, *, du: datetime, au: datetime, agents: Collection[int], maintenant: datetime
) -> list[Creneau]:
    """Return the free slots of the same motif and lieu that start between two instants (UTC, both included).

    The public's delays do not bind agents. The rendez-vous keeps its own duration, whatever its motif says today, and
    its own time counts as free.
    """
    trouves = creneaux_libres(
        [Demande(a_sa_duree(rendez_vous), max(du, maintenant), au)],
        maintenant=maintenant,
        agents=agents,
        lieux=None if rendez_vous.lieu_id is None else [rendez_vous.lieu_id],
        sauf=rendez_vous.pk,
    )
    ici = (rendez_vous.agent_id, rendez_vous.debut)
    return [c for c in trouves if c.debut > maintenant and (c.agent_id, c.debut) != ici]
