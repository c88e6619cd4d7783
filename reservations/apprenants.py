"""Writes of the agents on the learners of their structure."""

from django.db import transaction

from reservations.models import Apprenant
from reservations.refus import SuppressionImpossible


def modifier_apprenant(*, apprenant: Apprenant) -> None:
    """Save who a learner is and how to reach them. What was already sent stays as it was."""
    apprenant.save(update_fields=["prenom", "nom", "courriel", "telephone"])


@transaction.atomic
def supprimer_apprenant(*, apprenant: Apprenant) -> None:
    """Delete a learner who has no rendez-vous, cancelled ones included; raises SuppressionImpossible otherwise.

    Locked first: a booking of the same instant either keeps them or writes them anew.
    """
    for garde in Apprenant.objects.select_for_update(of=("self",)).filter(pk=apprenant.pk):
        if garde.participations.exists():
            raise SuppressionImpossible
        garde.delete()
