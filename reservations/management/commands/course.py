"""`manage.py course`: show that simultaneous bookings never take an agent twice."""

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from reservations.course import courir


class Command(BaseCommand):
    help = (
        "Fait réserver le même moment par plusieurs visiteurs à la fois, par HTTP, contre gunicorn : "
        "une seule réussite par tour, des refus polis pour les autres. Sort en erreur sinon."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tours", type=int, default=200, help="tours de chaque sorte (il y en a quatre)")
        parser.add_argument("--visiteurs", type=int, default=10, help="réservations simultanées d'un tour")
        parser.add_argument("--processus", type=int, default=4, help="processus de gunicorn")
        parser.add_argument(
            "--sans-verrou", action="store_true", help="sans le verrou de l'agent : la contrainte tient seule"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        tours, visiteurs = options["tours"], options["visiteurs"]
        with (
            serveur(options["processus"], verrou=not options["sans_verrou"]) as base,
            tqdm(total=tours * 4, unit="tour", file=sys.stderr) as barre,
        ):
            bilan = courir(base=base, tours=tours, visiteurs=visiteurs, suivre=barre.update)
        self.stdout.write(
            f"{bilan.tours} tours de {visiteurs} réservations simultanées en {bilan.secondes:.0f} s, "
            f"{'sans' if options['sans_verrou'] else 'avec'} le verrou de l'agent :"
        )
        for verdict, nombre in bilan.reponses.most_common():
            self.stdout.write(f"  {verdict} : {nombre}")
        if bilan.fautes:
            raise CommandError("\n".join([f"{len(bilan.fautes)} tour(s) en faute :", *bilan.fautes[:20]]))
        self.stdout.write("Aucune double réservation, aucune erreur.")


@contextlib.contextmanager
def serveur(processus: int, *, verrou: bool) -> Iterator[str]:
    """Run gunicorn on a free port of this machine, on this database; give its address."""
    with socket.socket() as prise:
        prise.bind(("127.0.0.1", 0))
        port = prise.getsockname()[1]
    environnement = os.environ | {
        # The database in use, which a test run has renamed.
        "DATABASE_URL": adresse_de_la_base(),
        "RESERVATION_VERROU_AGENT": str(verrou),
        "ALLOWED_HOSTS": "127.0.0.1",
        "HTTPS": "false",
        "OPTIONS_PAR_ADRESSE": "1000",  # every visitor of the race comes from this machine
        "JOURNAL_NIVEAU": "ERROR",
    }
    commande = [sys.executable, "-m", "gunicorn", "rdv.wsgi:application", "--bind", f"127.0.0.1:{port}"]
    commande += ["--workers", str(processus), "--threads", "4", "--log-level", "error"]
    enfant = subprocess.Popen(commande, cwd=settings.BASE_DIR, env=environnement)  # noqa: S603
    try:
        attendre(port, enfant)
        yield f"http://127.0.0.1:{port}"
    finally:
        enfant.terminate()
        enfant.wait(20)


def adresse_de_la_base() -> str:
    """Return DATABASE_URL with the name of the database really used."""
    base = settings.DATABASES["default"]
    racine, _, suite = os.environ["DATABASE_URL"].rpartition("/")
    _, separateur, options = suite.partition("?")
    return f"{racine}/{base['NAME']}{separateur}{options}"


def attendre(port: int, enfant: "subprocess.Popen[bytes]") -> None:
    """Wait until the server answers. Raises CommandError when it does not start."""
    for _ in range(300):
        if enfant.poll() is not None:
            raise CommandError("gunicorn ne démarre pas (voir ci-dessus).")
        with contextlib.suppress(OSError, http.client.HTTPException):
            connexion = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connexion.request("GET", "/")
            connexion.getresponse().read()
            return
        time.sleep(0.1)
    raise CommandError("gunicorn ne répond pas.")
