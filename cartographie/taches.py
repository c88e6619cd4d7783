"""The jobs of the map (procrastinate: `rdv.settings` says that modules of this name hold jobs)."""

from django.utils import timezone
from procrastinate.contrib.django import app

from cartographie.appels import oublier_appels
from cartographie.publication import publier


@app.periodic(cron="*/10 * * * *")
@app.task(name="cartographie.publier_boutons", queue="entretien", queueing_lock="publier_boutons")
def publier_boutons(timestamp: int) -> None:
    """Publish the state of the buttons. May repeat: only what changed is written."""
    maintenant = timezone.now()
    publier(maintenant=maintenant)
    oublier_appels(maintenant=maintenant)
