"""`manage.py demo`: the whole service on this machine, with data to play with, from one command."""

import argparse
import contextlib
import ctypes
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urljoin

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from rdv.postgres_embarque import PROJET, PostgresEmbarque, creer_dossier, dossier_du_projet, signaux_ignores, verrou

PORT = 8000
base_embarquee: PostgresEmbarque | None = None  # set by manage.py when the demo runs on it
TOUTES = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 listening everywhere is asked for by name


def adresse_et_port(texte: str) -> tuple[str, int]:
    """Read `ADDR:PORT`, `ADDR` or `PORT`; the address may be an IPv6 one between brackets."""
    trouve = re.fullmatch(r"(?:(?P<hote>\[[^]]+\]|[\w.-]*[^\d:][\w.-]*)(?::|$))?(?P<port>\d+)?", texte)
    if not texte or not trouve:
        raise argparse.ArgumentTypeError(f"« {texte} » n'est pas de la forme ADRESSE:PORT (127.0.0.1:8000).")
    return (trouve["hote"] or "127.0.0.1").strip("[]"), int(trouve["port"] or PORT)


def preparer(arguments: Sequence[str]) -> None:
    """Choose the address and say so to the settings, which are not loaded yet.

    What the caller's environment says wins; what `.env` says does not: it describes another instance.
    """
    options = Command().create_parser("manage.py", "demo").parse_args(list(arguments))
    hote, port = options.adresse or ("127.0.0.1", PORT)
    if not libre(hote, port):
        suivants = () if options.adresse else range(port + 1, port + 100)
        port = next((autre for autre in suivants if libre(hote, autre)), 0)
        if not port:
            sys.exit(
                f"L'adresse {hote}:{options.adresse[1]} est déjà prise, ou n'est pas de cette machine : "
                "arrêtez ce qui l'utilise, ou donnez-en une autre (`demo 127.0.0.1:8001`)."
            )
    ecoute = f"[{hote}]" if ":" in hote else hote
    noms = "*" if hote in TOUTES else f"{ecoute},localhost,127.0.0.1,[::1]"
    # Where compiled modules are not kept (PYTHONDONTWRITEBYTECODE), each process would compile Django again: 3 s more.
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ |= {
        "DEMO": "true",
        "DEMO_ECOUTE": f"{ecoute}:{port}",
        "SITE_URL": os.environ.get("SITE_URL") or f"http://{TOUTES.get(hote, ecoute)}:{port}",
        "ALLOWED_HOSTS": os.environ.get("ALLOWED_HOSTS") or noms,
        "STATICFILES_MANIFESTES": "false",
    }
    for nom, valeur in {"HTTPS": "false", "MANDATAIRES_DE_CONFIANCE": "0", "JOURNAL_NIVEAU": "WARNING"}.items():
        os.environ.setdefault(nom, valeur)


def libre(hote: str, port: int) -> bool:
    """Tell whether the address can be listened to."""
    with contextlib.suppress(OSError):
        famille, *_, adresse = socket.getaddrinfo(hote, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(famille) as prise:
            prise.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            prise.bind(adresse)
            return True
    return False


class Command(BaseCommand):
    """Prepares the database, runs the web server and the job worker, and stops them."""

    requires_system_checks = []  # the worker runs them too
    help = "Lance tout le service sur cette machine, avec des données de démonstration."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments; no abbreviation: `--reset` is also looked for before Django loads."""
        parser.allow_abbrev = False
        parser.add_argument(
            "adresse",
            nargs="?",
            type=adresse_et_port,
            metavar="ADRESSE:PORT",
            help="127.0.0.1:8000 par défaut, ou le premier port libre ensuite",
        )
        parser.add_argument("--reset", action="store_true", help="repartir d'une base neuve (base embarquée seulement)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until Ctrl-C or until one of the two servers dies."""
        from django.conf import settings
        from django.db import connection, connections

        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's `&` would have us ignore it
        ecoute = os.environ.get("DEMO_ECOUTE")
        if not ecoute:
            raise CommandError("Cette commande se lance par `manage.py demo`.")
        gunicorn = ["-m", "gunicorn", "rdv.wsgi:application", "--bind", ecoute, "--workers", "2", "--threads", "4"]
        with contextlib.ExitStack() as pile:
            # The web server loads while the database is being prepared; nobody knows its address yet.
            web = pile.enter_context(
                enfant(*gunicorn, "--preload", "--graceful-timeout", "3", "--log-level", "warning")
            )
            # Two demos started together must not both migrate.
            with verrou(creer_dossier(dossier_du_projet()) / "demo"):
                self.migrer()
                from cartographie.demonstration import charger

                demo = charger()
            connections.close_all()
            if settings.DATABASE_POOL_MAX:
                connection.close_pool()  # type: ignore[attr-defined]
            travaux = pile.enter_context(
                enfant("manage.py", "procrastinate", "worker", "--shutdown-graceful-timeout", "3")
            )
            attendre(ecoute, web)

            def adresse(chemin: str) -> str:
                return urljoin(settings.SITE_URL + "/", chemin)

            self.stdout.write(
                f"\nRDV Aide Numérique — démonstration\n\n"
                f"  Accueil                {adresse('/')}\n"
                f"  Prendre rendez-vous    {adresse(demo.lien_public)}\n"
                f"  Espace des agents      {adresse(demo.adresse_agent)}\n"
                f"      adresse e-mail     {demo.courriel}\n"
                f"      mot de passe       {demo.mot_de_passe}\n"
                f"  Messages « envoyés »   {adresse('/demonstration/messages/')}\n\n"
                f"Ctrl-C pour arrêter."
            )
            self.stdout.flush()
            with contextlib.suppress(KeyboardInterrupt):
                while web.poll() is None and travaux.poll() is None:
                    time.sleep(1)
                    if base_embarquee and not base_embarquee.pret():
                        self.stderr.write("La base de données s'est arrêtée : elle est relancée.")
                        base_embarquee.demarrer()
                mort = "web" if web.poll() is not None else "des tâches"
                raise CommandError(f"Le serveur {mort} s'est arrêté (voir ci-dessus) : fin de la démonstration.")
            self.stdout.write("\nArrêt…")

    def migrer(self) -> None:
        """Migrate if there is anything to migrate: finding out is faster than `migrate` with nothing to do."""
        from django.db import connection
        from django.db.migrations.executor import MigrationExecutor

        executeur = MigrationExecutor(connection)
        if executeur.migration_plan(executeur.loader.graph.leaf_nodes()):
            self.stdout.write("Préparation de la base de données…")
            self.stdout.flush()
            call_command("migrate", verbosity=0, interactive=False)


@contextlib.contextmanager
def enfant(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a Python program beside this one; it does not outlive it.

    In its own session, so that Ctrl-C reaches only the demo, which stops its children in order.
    """
    processus = subprocess.Popen(  # noqa: S603
        [sys.executable, *arguments], cwd=PROJET, start_new_session=True, preexec_fn=mourir_avec_le_parent
    )
    try:
        yield processus
    finally:
        with signaux_ignores():
            processus.terminate()
            try:
                processus.wait(10)
            except subprocess.TimeoutExpired:
                processus.kill()
                processus.wait()


def mourir_avec_le_parent() -> None:
    """Ask Linux to end this process when the demo is killed without a chance to do it (elsewhere: nothing)."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # 1: PR_SET_PDEATHSIG


def attendre(ecoute: str, web: subprocess.Popen[bytes]) -> None:
    """Wait until the web server answers, whatever it answers."""
    hote, _, port = ecoute.rpartition(":")
    hote = TOUTES.get(hote.strip("[]"), hote).strip("[]")
    for _ in range(600):
        if web.poll() is not None:
            raise CommandError("Le serveur web n'a pas démarré (voir ci-dessus).")
        with contextlib.suppress(OSError, http.client.HTTPException):
            connexion = http.client.HTTPConnection(hote, int(port), timeout=30)
            connexion.request("GET", "/")
            connexion.getresponse()
            return
        time.sleep(0.1)
    raise CommandError("Le serveur web ne répond pas.")
