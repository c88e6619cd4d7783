"""manage.py banc [--json] [--rapide] [--comparer FICHIER]."""

import json
import os
import platform
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import django
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.utils import timezone
from tqdm import tqdm

from cartographie.banc import REPETITIONS, REPETITIONS_RAPIDES, Mesure, banc_complet, banc_rapide, comparer, en_json
from cartographie.management.commands.donnees_nationales import positif


class Command(BaseCommand):
    help = (
        "Mesure le moteur de créneaux à l'échelle du pays, chaque cas à côté d'une limite mesurée à tour de rôle avec "
        "lui. Crée ses propres bases à côté de celle de DATABASE_URL et les supprime ; n'écrit rien dans celle-là."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="le résultat en JSON, à garder pour --comparer")
        parser.add_argument("--rapide", action="store_true", help="quelques secondes, sans base de tout le pays")
        parser.add_argument(
            "--comparer", type=Path, metavar="FICHIER", help="échoue si un rapport est pire de plus de 25 %%"
        )
        parser.add_argument("--agents", type=positif, default=4000, help="agents de la plus grande base")
        parser.add_argument("--passe", type=positif, default=1_000_000, help="rendez-vous passés de la plus grande")
        parser.add_argument("--graine", type=int, default=1, help="celle de donnees_nationales")

    def handle(self, *args: Any, **options: Any) -> None:
        avant = self._lire(options["comparer"]) if options["comparer"] else None
        muet = options["verbosity"] == 0
        maintenant = timezone.now()

        def suivre(nom: str, lignes: Iterable[tuple], total: int) -> Iterable[tuple]:
            return tqdm(lignes, desc=f"{nom:20}", total=total or None, unit=" lignes", disable=muet, file=sys.stderr)

        tours = REPETITIONS_RAPIDES if options["rapide"] else REPETITIONS
        with tqdm(total=tours, desc="mesures", unit="tour", disable=muet, file=sys.stderr) as barre:
            if options["rapide"]:
                with transaction.atomic():
                    mesures = banc_rapide(maintenant, barre.update)
                    transaction.set_rollback(True)
            else:
                mesures = banc_complet(
                    agents=options["agents"],
                    passe=options["passe"],
                    graine=options["graine"],
                    maintenant=maintenant,
                    suivre=suivre,
                    avancer=barre.update,
                )
        if options["json"]:
            resultat = {"machine": machine(), "date": maintenant.isoformat(), "mesures": en_json(mesures)}
            self.stdout.write(json.dumps(resultat, ensure_ascii=False, indent=1))
        else:
            self._afficher(mesures)
        if avant and (fautes := comparer(mesures, avant)):
            raise CommandError("\n".join(["Plus lent qu'avant :", *fautes]))

    def _lire(self, fichier: Path) -> dict[str, Any]:
        try:
            avant = json.loads(fichier.read_text(encoding="utf-8"))
            return {"mesures": [{cle: m[cle] for cle in ("nom", "rapport", "requetes")} for m in avant["mesures"]]}
        except (OSError, ValueError, KeyError, TypeError) as erreur:
            raise CommandError(f"{fichier} n'est pas un résultat de « banc --json ».") from erreur

    def _afficher(self, mesures: list[Mesure]) -> None:
        self.stdout.write(f"{machine()}, {timezone.localdate():%Y-%m-%d}\n")
        self.stdout.write("| cas | médiane | p95 | première fois | requêtes | limite | rapport | permis |")
        self.stdout.write("|---|--:|--:|--:|--:|---|--:|--:|")
        for m in mesures:
            permis = f"{m.maximum:g}{'' if m.tenue else ' ✗'}" if m.maximum else ""
            self.stdout.write(
                f"| {m.nom} | {m.mediane:.1f} ms | {m.p95:.1f} ms | {m.premier:.1f} ms | {m.requetes} "
                f"| {m.nom_limite} : {m.limite:.1f} ms | {m.rapport:.2f} | {permis} |"
            )


def machine() -> str:
    """Say on what this was measured."""
    with connection.cursor() as curseur:
        curseur.execute("SHOW server_version")
        (postgres,) = curseur.fetchone()
    charge = ", ".join(f"{valeur:.1f}" for valeur in os.getloadavg())
    return (
        f"{os.cpu_count()} cœurs {platform.machine()}, charge {charge}, Python {platform.python_version()}, "
        f"Django {django.__version__}, PostgreSQL {postgres}"
    )
