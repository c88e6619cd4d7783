"""Where the reasons of a verdict are mended: the links that this agent may follow."""

from dataclasses import dataclass

from django.urls import reverse

from motifs.models import Motif
from reservations.verdict import Action, Raison, Remede, Verdict
from structures.models import Appartenance

RETOUR = "retour=reservation-en-ligne"
# What only an admin may change.
REGLAGES = {
    Action.OUVRIR,
    Action.RESTAURER,
    Action.ROUVRIR_LIEN,
    Action.CHANGER_DELAIS,
    Action.MODIFIER_LIEU,
}


@dataclass(frozen=True)
class RaisonAffichee:
    """A reason with its links, as (label, address); `a_demander`: an admin must be asked."""

    phrase: str
    liens: tuple[tuple[str, str], ...]
    a_demander: bool


def raisons_affichees(verdict: Verdict, motif: Motif, appartenance: Appartenance) -> list[RaisonAffichee]:
    """Return the reasons of a verdict for one agent: only the links that will not refuse them."""
    return [_affichee(raison, motif, appartenance) for raison in verdict.raisons]


def _affichee(raison: Raison, motif: Motif, appartenance: Appartenance) -> RaisonAffichee:
    permis = [remede for remede in raison.remedes if _permis(remede, appartenance)]
    liens = tuple((remede.libelle, _adresse(remede, motif)) for remede in permis)
    return RaisonAffichee(raison.phrase, liens, a_demander=not permis)


def _permis(remede: Remede, appartenance: Appartenance) -> bool:
    if appartenance.est_admin:
        return True
    if remede.action is Action.MODIFIER_PLAGE:
        return remede.agent == appartenance.agent_id
    return remede.action not in REGLAGES


def _adresse(remede: Remede, motif: Motif) -> str:
    structure = motif.structure_id
    match remede.action:
        case Action.AJOUTER_PLAGE:
            return f"{reverse('plages:nouvelle_plage', args=[structure])}?motifs={motif.pk}&{RETOUR}"
        case Action.MODIFIER_PLAGE:
            return f"{reverse('plages:modifier_plage', args=[structure, remede.objet])}?{RETOUR}"
        case Action.VOIR_ABSENCES:
            return f"{reverse('plages:absences', args=[structure])}?agents=tous"
        case Action.MODIFIER_LIEU:
            return reverse("structures:modifier_lieu", args=[structure, remede.objet])
        case Action.ROUVRIR_LIEN:
            return reverse("reservations:rouvrir_lien", args=[structure])
        case Action.RESTAURER:
            return f"{reverse('motifs:motifs', args=[structure])}#archives"
        case _:
            return f"{reverse('motifs:modifier_motif', args=[structure, motif.pk])}?{RETOUR}#reservation-en-ligne"
