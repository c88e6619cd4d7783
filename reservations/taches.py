"""Periodic jobs, in PostgreSQL like everything else (procrastinate). Hours are those of the worker's clock: UTC.

`rdv.settings` says that modules of this name hold jobs; the job that sends a message is in
`reservations.courrier.envoi`, loaded by `messagerie`.
"""

import logging

from django.utils import timezone
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Status
from procrastinate.manager import JobManager

from plages import services as plages_services
from reservations import attente, conservation, options
from reservations.courrier import messagerie
from structures.conservation import oublier_connexions

journal = logging.getLogger(__name__)


@app.periodic(cron="*/5 * * * *")
@app.task(name="reservations.liberer_options", queue="entretien", queueing_lock="liberer_options")
def liberer_options(timestamp: int) -> None:
    """Delete the options that expired and the bookings in progress of yesterday. May repeat: deleting is idempotent."""
    options.liberer_options_expirees(maintenant=timezone.now())
    conservation.oublier_demarches(maintenant=timezone.now())


@app.periodic(cron="*/5 * * * *")
@app.task(name="reservations.rappeler", queue="messages", queueing_lock="rappeler")
def rappeler(timestamp: int) -> None:
    """Write the reminders that are due, each with the job that sends it. May repeat: a reminder is written once."""
    messagerie.ecrire_rappels(maintenant=timezone.now())


@app.periodic(cron="*/5 * * * *")
@app.task(name="reservations.proposer_places", queue="messages", queueing_lock="proposer_places")
def proposer_places(timestamp: int) -> None:
    """Offer the places that are free again to those who wait for them. May repeat: nobody gets two offers in a day."""
    attente.proposer_places(maintenant=timezone.now())


@app.periodic(cron="30 3 * * *")
@app.task(name="reservations.purger", queue="entretien", queueing_lock="purger")
def purger(timestamp: int) -> None:
    """Erase personal data kept long enough. May repeat: deleting is idempotent."""
    maintenant = timezone.now()
    bilan = conservation.purger(maintenant=maintenant) | oublier_connexions(maintenant=maintenant)
    journal.info("Purge : %s", bilan)


@app.periodic(cron="0 2 * * *")
@app.task(name="reservations.etendre_horizon", queue="entretien", queueing_lock="etendre_horizon")
def etendre_horizon(timestamp: int) -> None:
    """Write the occurrences of one more day. May repeat: occurrences are rewritten, not added."""
    plages_services.etendre_horizon(maintenant=timezone.now())


@app.periodic(cron="*/10 * * * *")
@app.task(
    name="reservations.relancer_interrompus", queue="entretien", queueing_lock="relancer_interrompus", pass_context=True
)
async def relancer_interrompus(context: JobContext, timestamp: int) -> None:
    """Give back the jobs of a worker that died (killed, machine lost): procrastinate leaves them "doing" for ever."""
    await rendre_les_interrompus(context.app.job_manager)


async def rendre_les_interrompus(manager: JobManager) -> None:
    """A periodic job that is already queued again is not: both cannot be (`queueing_lock`), and one is enough."""
    for job in await manager.get_stalled_jobs():
        try:
            await manager.retry_job(job)
        except UniqueViolation:
            await manager.finish_job(job, status=Status.FAILED, delete_job=True)
