"""manage.py banc [--cas CAS…] [--json] [--rapide] [--comparer FICHIER]."""

import json
import logging
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import django
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.utils import timezone
from tqdm import tqdm

from cartographie.banc.cout import Cout
from cartographie.banc.deroule import CAS, Resultat, banc_complet, banc_rapide
from cartographie.banc.mesures import Mesure, comparer, en_json
from cartographie.management.commands.donnees_nationales import barres, positif
from structures.models import Structure


class Command(BaseCommand):
    help = (
        "Mesure le moteur de créneaux, les pages publiques et la réservation à l'échelle du pays, chaque cas à côté "
        "d'une limite mesurée à tour de rôle avec lui. Crée ses propres bases à côté de celle de DATABASE_URL et les "
        "supprime ; n'écrit rien dans celle-là."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="le résultat en JSON, à garder pour --comparer")
        parser.add_argument("--rapide", action="store_true", help="quelques secondes, sans base de tout le pays")
        parser.add_argument("--cas", nargs="+", choices=CAS, default=CAS, help="seulement ceux-là")
        parser.add_argument(
            "--comparer", type=Path, metavar="FICHIER", help="échoue si un rapport est pire de plus de 25 %%"
        )
        parser.add_argument("--agents", type=positif, default=4000, help="agents de la plus grande base")
        parser.add_argument("--passe", type=positif, default=1_000_000, help="rendez-vous passés de la plus grande")
        parser.add_argument("--graine", type=int, default=1, help="celle de donnees_nationales")

    def handle(self, *args: Any, **options: Any) -> None:
        avant = self._lire(options["comparer"]) if options["comparer"] else None
        if options["rapide"] and Structure._meta.db_table not in connection.introspection.table_names():
            raise CommandError("Cette base n'a pas encore ses tables : lancez d'abord « manage.py migrate ».")
        muet = options["verbosity"] == 0
        maintenant = timezone.now()
        logging.getLogger("procrastinate").setLevel(logging.WARNING)  # it tells of each booking
        resultat, ou, processeur = Resultat(), machine(), temps_du_processeur()
        try:
            with tqdm(desc="mesures", unit="tour", disable=muet, file=sys.stderr) as barre:
                if options["rapide"]:
                    resultat.en_cours = "rapide"
                    with transaction.atomic():
                        resultat.mesures += banc_rapide(maintenant, barre.update)
                        transaction.set_rollback(True)
                else:
                    banc_complet(
                        resultat,
                        cas=options["cas"],
                        agents=options["agents"],
                        passe=options["passe"],
                        graine=options["graine"],
                        maintenant=maintenant,
                        suivre=barres(muet=muet),
                        avancer=barre.update,
                    )
        except Exception as erreur:
            raise CommandError(f"Arrêté pendant « {resultat.en_cours} » : {erreur!r}") from erreur
        finally:
            # Also when a case fails or is interrupted: those before it took minutes.
            if processeur:  # else nothing is known, and not that nothing was taken
                ou += f", {part_reprise(processeur, temps_du_processeur()):.0%} du processeur repris par l'hôte"
            self._ecrire(resultat, ou, maintenant, en_texte=not options["json"])
        if avant and (fautes := comparer(resultat.mesures, avant)):
            raise CommandError("\n".join(["Plus lent qu'avant :", *fautes]))

    def _lire(self, fichier: Path) -> dict[str, Any]:
        try:
            avant = json.loads(fichier.read_text(encoding="utf-8"))
            return {"mesures": [{cle: m[cle] for cle in ("nom", "rapport", "requetes")} for m in avant["mesures"]]}
        except (OSError, ValueError, KeyError, TypeError) as erreur:
            raise CommandError(f"{fichier} n'est pas un résultat de « banc --json ».") from erreur

    def _ecrire(self, resultat: Resultat, ou: str, maintenant: datetime, *, en_texte: bool) -> None:
        if en_texte:
            self.stdout.write(f"{ou}, {timezone.localdate():%Y-%m-%d}\n")
            self._afficher([m for m in resultat.mesures if m.par_seconde is None])
            self._afficher_le_debit([m for m in resultat.mesures if m.par_seconde is not None])
            if resultat.cout:
                self._afficher_le_cout(resultat.cout)
        else:
            cout, mesures = asdict(resultat.cout) if resultat.cout else None, en_json(resultat.mesures)
            sortie = {"machine": ou, "date": maintenant.isoformat(), "mesures": mesures, "cout": cout}
            self.stdout.write(json.dumps(sortie, ensure_ascii=False, indent=1))

    def _afficher(self, mesures: list[Mesure]) -> None:
        if not mesures:
            return
        self.stdout.write("| cas | médiane | p95 | première fois | requêtes | limite | rapport | permis |")
        self.stdout.write("|---|--:|--:|--:|--:|---|--:|--:|")
        for m in mesures:
            self.stdout.write(
                f"| {m.nom} | {m.mediane:.1f} ms | {m.p95:.1f} ms | {m.premier:.1f} ms | {m.requetes} "
                f"| {m.nom_limite} : {m.limite:.1f} ms | {m.rapport:.2f} | {_permis(m)} |"
            )

    def _afficher_le_debit(self, mesures: list[Mesure]) -> None:
        if not mesures:
            return
        self.stdout.write(
            "\n| cas | par seconde | médiane | p95 | p95 ÷ médiane | requêtes | limite | rapport | permis | |"
        )
        self.stdout.write("|---|--:|--:|--:|--:|--:|---|--:|--:|---|")
        for m in mesures:
            self.stdout.write(
                f"| {m.nom} | {m.par_seconde:.1f} | {m.mediane:.1f} ms | {m.p95:.1f} ms | {m.p95 / m.mediane:.1f} "
                f"| {m.requetes} | {m.nom_limite} : {m.limite_par_seconde:.1f} | {m.rapport:.2f} | {_permis(m)} "
                f"| {m.note} |"
            )

    def _afficher_le_cout(self, cout: Cout) -> None:
        postgres = "non mesuré" if cout.secondes_de_postgres is None else f"{cout.secondes_de_postgres:.1f} s"
        self.stdout.write("\n| pour 1 000 réservations | |\n|---|--:|")
        for quoi, combien in (
            ("demandes HTTP", f"{cout.demandes:.0f}"),
            ("processeur, web", f"{cout.secondes_du_web:.1f} s"),
            ("processeur, PostgreSQL", postgres),
            ("journal de PostgreSQL (WAL)", f"{cout.journal / 1e6:.1f} Mo"),
            ("lignes ajoutées", f"{cout.lignes_ajoutees:.0f}"),
            ("lignes modifiées", f"{cout.lignes_modifiees:.0f}"),
            ("lignes supprimées", f"{cout.lignes_supprimees:.0f}"),
        ):
            self.stdout.write(f"| {quoi} | {combien} |")


def _permis(mesure: Mesure) -> str:
    """Write what was promised of a ratio, and what does not hold."""
    permis = f"{mesure.maximum:g}" if mesure.maximum else ""
    return " ✗ ".join([permis, *mesure.manques]) if mesure.manques else permis


def machine() -> str:
    """Say on what this was measured."""
    with connection.cursor() as curseur:
        curseur.execute(
            "SELECT current_setting('server_version'), "
            "current_setting('fsync') = 'on' AND current_setting('synchronous_commit') <> 'off'"
        )
        postgres, durable = curseur.fetchone()
    charge = ", ".join(f"{valeur:.1f}" for valeur in os.getloadavg())
    return (
        f"{os.cpu_count()} cœurs {platform.machine()}, charge {charge}, Python {platform.python_version()}, "
        f"Django {django.__version__}, PostgreSQL {postgres} "
        f"{'durable (fsync)' if durable else 'non durable (sans fsync)'}"
    )


def temps_du_processeur() -> list[int]:
    """Return what `/proc/stat` says since the start (proc_stat(5)), nothing where there is none."""
    try:
        return [int(temps) for temps in Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:9]]
    except OSError:
        return []


def part_reprise(avant: Sequence[int], apres: Sequence[int]) -> float:
    """Return how much of the processor that was asked for the host of a virtual machine gave to others ("steal"):
    absolute times only mean something when it is near zero.
    """
    ecoule = [fin - debut for debut, fin in zip(avant, apres, strict=True)]
    demande = sum(ecoule) - sum(ecoule[3:5])  # all but idle and waiting for the disk
    return sum(ecoule[7:]) / demande if demande else 0.0
