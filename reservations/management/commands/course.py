"""`manage.py course`: show that simultaneous bookings never take an agent twice."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from reservations.course import courir
from reservations.serveur import serveur


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
            serveur(
                options["processus"], environnement={"RESERVATION_VERROU_AGENT": str(not options["sans_verrou"])}
            ) as gunicorn,
            tqdm(total=tours * 4, unit="tour", file=sys.stderr) as barre,
        ):
            bilan = courir(base=gunicorn.base, tours=tours, visiteurs=visiteurs, suivre=barre.update)
        self.stdout.write(
            f"{bilan.tours} tours de {visiteurs} réservations simultanées en {bilan.secondes:.0f} s, "
            f"{'sans' if options['sans_verrou'] else 'avec'} le verrou de l'agent :"
        )
        for verdict, nombre in bilan.reponses.most_common():
            self.stdout.write(f"  {verdict} : {nombre}")
        if bilan.fautes:
            raise CommandError("\n".join([f"{len(bilan.fautes)} tour(s) en faute :", *bilan.fautes[:20]]))
        self.stdout.write("Aucune double réservation, aucune erreur.")
