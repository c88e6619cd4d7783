"""The jobs of the accounts: the e-mails that let someone choose a password, or tell them that they are a member."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from structures.comptes import envoyer_bienvenue, envoyer_lien_mot_de_passe
from structures.models import Agent, Appartenance

REPOS_ENTRE_DEUX_LIENS = timedelta(minutes=5)


@transaction.atomic
def demander_lien_mot_de_passe(*, courriel: str, maintenant: datetime) -> None:
    """Have the link e-mailed by a job when an active agent has this address, with or without a password already.

    By a job, so that the answer takes the same time whether the account exists or not; one every few minutes, so that
    nobody's mailbox can be filled from here.
    """
    demandeurs = Agent.objects.filter(courriel__iexact=courriel, is_active=True).filter(
        Q(lien_demande_le__isnull=True) | Q(lien_demande_le__lte=maintenant - REPOS_ENTRE_DEUX_LIENS)
    )
    agent_id = demandeurs.values_list("pk", flat=True).first()
    if agent_id is not None and demandeurs.filter(pk=agent_id).update(lien_demande_le=maintenant):
        envoyer_lien.defer(agent_id=agent_id)


@app.task(name="structures.envoyer_lien", queue="messages", retry=RetryStrategy(max_attempts=6, exponential_wait=4))
def envoyer_lien(agent_id: int) -> None:
    """Send the link to an agent who is still active. May repeat if the worker dies just after the mail server's yes."""
    agent = Agent.objects.filter(pk=agent_id, is_active=True).first()
    if agent is not None:
        envoyer_lien_mot_de_passe(agent)


@app.task(
    name="structures.envoyer_invitation", queue="messages", retry=RetryStrategy(max_attempts=6, exponential_wait=4)
)
def envoyer_invitation(appartenance_id: int) -> None:
    """Tell an agent that they are a member, if they still are. May repeat, as `envoyer_lien`."""
    appartenance = (
        Appartenance.objects.select_related("agent", "structure")
        .filter(pk=appartenance_id, agent__is_active=True)
        .first()
    )
    if appartenance is not None:
        envoyer_bienvenue(appartenance.agent, appartenance.structure)
