"""Reads over the learners of a structure."""

from datetime import datetime

from django.db.models import DateTimeField, OuterRef, Q, QuerySet, Subquery

from reservations.models import STATUTS_ANNULES, Apprenant, ApprenantQuerySet, Participation, RendezVous, Statut


def apprenant_connu(apprenant: Apprenant) -> Apprenant | None:
    """Return the learner of the structure who has this name and this e-mail address or number, if there is one.

    For agents only, who see the learners of their structure anyway: a contact typed by the public must be verified.
    """
    contact = Q()
    if apprenant.courriel:
        contact |= Q(courriel__iexact=apprenant.courriel)
    if apprenant.telephone:
        contact |= Q(telephone=apprenant.telephone)
    return homonymes(apprenant).filter(contact).first() if contact else None


def homonymes(apprenant: Apprenant) -> ApprenantQuerySet:
    """Return the learners of the structure who have this name, whatever the accents and the capitals."""
    trouves: ApprenantQuerySet = Apprenant.objects.filter(
        structure=apprenant.structure_id,
        prenom__unaccent__iexact=apprenant.prenom,
        nom__unaccent__iexact=apprenant.nom,
    ).order_by("pk")
    return trouves


def avec_leurs_rendez_vous(apprenants: ApprenantQuerySet, maintenant: datetime) -> ApprenantQuerySet:
    """Add to each learner `prochain` and `dernier`: the starts of their next rendez-vous and of the last one over."""
    siens: QuerySet[Participation] = Participation.objects.filter(apprenant=OuterRef("pk")).exclude(
        rendez_vous__statut__in=STATUTS_ANNULES
    )
    a_venir = siens.filter(rendez_vous__fin__gt=maintenant, rendez_vous__statut=Statut.PREVU)
    passes = siens.filter(rendez_vous__fin__lte=maintenant)
    return apprenants.annotate(
        prochain=_debut(a_venir.order_by("rendez_vous__debut")), dernier=_debut(passes.order_by("-rendez_vous__debut"))
    )


def rendez_vous_de(apprenant: Apprenant, maintenant: datetime) -> tuple[list[RendezVous], list[RendezVous]]:
    """Return a learner's rendez-vous to come, the next one first, and those over, the last one first. One query."""
    tous = RendezVous.objects.filter(participations__apprenant=apprenant).select_related("motif", "agent", "lieu")
    dans_l_ordre = list(tous.order_by("debut", "pk"))
    passes = [rdv for rdv in dans_l_ordre if rdv.fin <= maintenant]
    return [rdv for rdv in dans_l_ordre if rdv.fin > maintenant], passes[::-1]


def _debut(participations: QuerySet[Participation]) -> Subquery:
    return Subquery(participations.values("rendez_vous__debut")[:1], output_field=DateTimeField())
