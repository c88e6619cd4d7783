"""What the tests of messages share: one rendez-vous with one learner, far enough in the future to be announced."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from motifs.models import TypeLieu
from reservations.models import Apprenant, Participation, RendezVous
from tests.factories import AgentFactory, LieuFactory, MotifFactory, StructureFactory

PORTABLE = "+33612345678"


def un_rendez_vous(
    *,
    courriel: str = "ana@exemple.fr",
    telephone: str = "",
    instructions: str = "",
    structure: dict[str, Any] | None = None,
    motif: dict[str, Any] | None = None,
    agent: dict[str, Any] | None = None,
    **champs: Any,
) -> RendezVous:
    organisme = StructureFactory(**{"nom": "Médiathèque de Crest", **(structure or {})})
    raison = MotifFactory(structure=organisme, **{"nom": "Accompagnement individuel", **(motif or {})})
    lieu = LieuFactory(structure=organisme, nom="Médiathèque") if raison.sur_place else None
    debut = champs.pop("debut", timezone.now() + timedelta(days=3))
    rendez_vous = RendezVous.objects.create(
        structure=organisme,
        motif=raison,
        agent=AgentFactory(**(agent or {})),
        lieu=lieu,
        type_lieu=TypeLieu(raison.type_lieu),
        debut=debut,
        fin=debut + raison.delta,
        **champs,
    )
    apprenant = Apprenant.objects.create(
        structure=organisme, prenom="Ana", nom="Silva", courriel=courriel, telephone=telephone
    )
    Participation.objects.create(
        rendez_vous=rendez_vous,
        apprenant=apprenant,
        instructions=instructions,
        instructions_acceptees_le=timezone.now() if instructions else None,
    )
    return rendez_vous


def annuler(rendez_vous: RendezVous, statut: str, message: str = "") -> RendezVous:
    """Cancel without the service: the tests of messages look at what is said, not at who may."""
    rendez_vous.statut, rendez_vous.annule_le = statut, timezone.now()
    rendez_vous.message_d_annulation = message
    rendez_vous.sequence += 1
    rendez_vous.save()
    return rendez_vous
