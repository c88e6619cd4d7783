"""An agent creates a rendez-vous, in any free time of a colleague or of their own."""

from datetime import datetime

from django.db import transaction

from reservations.courrier import messagerie
from reservations.models import Apprenant, Participation, RendezVous
from reservations.options import course_perdue_est_un_refus, liberer_options, verrouiller
from reservations.refus import CreationImpossible, CreneauIndisponible
from reservations.requetes.apprenants import apprenant_connu
from reservations.requetes.creation import RendezVousVoulu, deja_cree, occupation, pause_a_garder
from structures.models import Agent


def creer_rendez_vous(*, voulu: RendezVousVoulu, auteur: Agent, maintenant: datetime) -> RendezVous:
    """Write a rendez-vous of the motif's structure, and tell the learner and the agent (unless they are its author).

    Neither the plages nor the absences are asked: the page warned about them. A learner who is not saved yet is found
    by name and contact in the structure, or written. Asked twice (a double click), it is one rendez-vous.

    Raises CreneauIndisponible, CreationImpossible.
    """
    with course_perdue_est_un_refus(), transaction.atomic():
        verrouiller({voulu.agent.pk})
        if deja := deja_cree(voulu):
            return deja
        _verifier_encore_possible(voulu, maintenant)
        liberer_options(RendezVous.objects.options_expirees(maintenant).filter(agent=voulu.agent))
        if pris := occupation(voulu.motif.structure, voulu.agent, voulu.debut, voulu.fin, maintenant):
            raise CreneauIndisponible(pris)
        rendez_vous = RendezVous.objects.create(
            structure=voulu.motif.structure,
            motif=voulu.motif,
            type_lieu=voulu.motif.type_lieu,
            agent=voulu.agent,
            lieu=voulu.lieu,
            adresse_domicile=voulu.adresse_domicile,
            debut=voulu.debut,
            fin=voulu.fin,
            pause=pause_a_garder(voulu.motif.structure, voulu.agent, voulu.debut, voulu.fin, maintenant),
            cree_le=maintenant,
        )
        participation = Participation.objects.create(rendez_vous=rendez_vous, apprenant=_inscrire(voulu.apprenant))
        rendez_vous.inscrits = [participation]
        if voulu.debut > maintenant:
            messagerie.annoncer_confirmation(rendez_vous=rendez_vous, auteur=auteur)
        return rendez_vous


def _verifier_encore_possible(voulu: RendezVousVoulu, maintenant: datetime) -> None:
    """Refuse what changed since the form was read, and what no form offers."""
    motif, lieu, structure = voulu.motif, voulu.lieu, voulu.motif.structure
    if not structure.motifs.actifs().filter(pk=motif.pk, type_lieu=motif.type_lieu).exists():
        raise CreationImpossible("Ce motif vient de changer ou d'être archivé. Choisissez-le de nouveau.")
    if not structure.agents.filter(pk=voulu.agent.pk, is_active=True).exists():
        raise CreationImpossible("Cet agent n'est plus dans la structure. Choisissez-en un autre.")
    if motif.sur_place != (lieu is not None) or (lieu and not structure.lieux.ouverts().filter(pk=lieu.pk).exists()):
        raise CreationImpossible("Ce lieu vient de changer ou de fermer. Choisissez-le de nouveau.")
    if voulu.apprenant.structure_id != structure.pk:
        raise CreationImpossible
    if voulu.debut.astimezone(structure.tz).date() < maintenant.astimezone(structure.tz).date():
        raise CreationImpossible("Ce jour est passé. Un rendez-vous se note au plus tard le jour même.")


def _inscrire(apprenant: Apprenant) -> Apprenant:
    """Return the learner as they are in the base, locked: one already known is completed, never overwritten."""
    connu = apprenant if apprenant.pk else apprenant_connu(apprenant)
    if connu is None:
        apprenant.save()
        return apprenant
    garde = Apprenant.objects.select_for_update(of=("self",), no_key=True).filter(pk=connu.pk).first()
    if garde is None:
        raise CreationImpossible("La fiche de cette personne vient d'être supprimée.")
    manquants = [nom for nom in ("courriel", "telephone") if not getattr(garde, nom) and getattr(apprenant, nom)]
    if manquants:
        for nom in manquants:
            setattr(garde, nom, getattr(apprenant, nom))
        garde.save(update_fields=manquants)
    return garde
