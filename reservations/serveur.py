"""gunicorn on a free port of this machine, as in production: what `course` and `banc` talk to."""

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.core.management import CommandError


@dataclass(frozen=True)
class Serveur:
    base: str  # its address
    pid: int


@contextlib.contextmanager
def serveur(
    processus: int,
    *,
    nom_de_la_base: str = "",
    application: str = "rdv.wsgi:application",
    environnement: Mapping[str, str] | None = None,
) -> Iterator[Serveur]:
    """Run gunicorn on a database, by default the one in use. Raises CommandError when it does not start."""
    with socket.socket() as prise:
        prise.bind(("127.0.0.1", 0))
        port = prise.getsockname()[1]
    variables = os.environ | {
        # The database in use, which a test run has renamed.
        "DATABASE_URL": adresse_de_la_base(nom_de_la_base),
        "ALLOWED_HOSTS": "127.0.0.1",
        "HTTPS": "false",
        "OPTIONS_PAR_ADRESSE": "1000",  # every visitor comes from this machine
        "JOURNAL_NIVEAU": "ERROR",
        **(environnement or {}),
    }
    commande = [sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}"]
    commande += ["--workers", str(processus), "--threads", "4", "--log-level", "error"]
    enfant = subprocess.Popen(commande, cwd=settings.BASE_DIR, env=variables)  # noqa: S603
    try:
        _attendre(port, enfant)
        yield Serveur(f"http://127.0.0.1:{port}", enfant.pid)
    finally:
        enfant.terminate()
        enfant.wait(20)


def adresse_de_la_base(nom: str = "") -> str:
    """Return DATABASE_URL with another database name: that of the database really used unless one is given."""
    racine, _, suite = os.environ["DATABASE_URL"].rpartition("/")
    _, separateur, options = suite.partition("?")
    return f"{racine}/{nom or settings.DATABASES['default']['NAME']}{separateur}{options}"


def _attendre(port: int, enfant: "subprocess.Popen[bytes]") -> None:
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
