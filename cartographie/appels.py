"""Readings of the feeds: counted, limited, and the last one kept for the agents to see. In PostgreSQL."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

from cartographie.models import AppelDeFlux, Publication
from reservations.identification import hacher

GARDES = timedelta(hours=1)


def compter_appel(*, adresse: str, maintenant: datetime) -> int:
    """Count one reading by this network address; return how many seconds to wait, 0 when it may read."""
    minute = maintenant.replace(second=0, microsecond=0)
    with connection.cursor() as curseur:
        curseur.execute(
            """
            INSERT INTO cartographie_appeldeflux AS a (adresse, minute, nombre) VALUES (%s, %s, 1)
            ON CONFLICT (minute, adresse) DO UPDATE SET nombre = a.nombre + 1 RETURNING nombre
            """,
            [hacher(adresse, usage="adresse"), minute],
        )
        (nombre,) = curseur.fetchone()
    return 0 if nombre <= settings.APPELS_PAR_ADRESSE_ET_MINUTE else 60 - maintenant.second


def noter_lecture(*, flux: str, maintenant: datetime) -> None:
    """Keep when a feed ("lieux" or "liens") was last read."""
    Publication.objects.update_or_create(pk=Publication.SEULE, defaults={f"{flux}_lus_le": maintenant})


def oublier_appels(*, maintenant: datetime) -> None:
    AppelDeFlux.objects.filter(minute__lt=maintenant - GARDES).delete()
