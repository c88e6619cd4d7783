"""manage.py donnees_nationales [--agents 4000] [--passe 1000000] [--graine 1]."""

import sys
import time
from argparse import ArgumentTypeError
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone
from tqdm import tqdm

from cartographie.donnees_nationales import DonneesReelles, Suivre, TropDePasse, charger
from reservations.models import RendezVous


def positif(texte: str) -> int:
    """Read a whole number that is not negative."""
    if not texte.isdecimal():
        raise ArgumentTypeError(f"« {texte} » n'est pas un nombre entier positif.")
    return int(texte)


def barres(*, muet: bool) -> Suivre:
    """Return what shows a bar for each thing written, unless `muet`."""

    def suivre(nom: str, lignes: Iterable[tuple], total: int) -> Iterable[tuple]:
        return tqdm(lignes, desc=f"{nom:20}", total=total or None, unit="", disable=muet, file=sys.stderr)

    return suivre


class Command(BaseCommand):
    help = (
        "Écrit une base à l'échelle du pays, pour mesurer : les vrais lieux, des agents inventés, un an de rendez-vous "
        "de chaque côté d'aujourd'hui. Remplace ce qu'elle avait écrit ; refuse une base qui contient autre chose."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--agents", type=positif, default=4000, help="combien d'agents")
        parser.add_argument("--passe", type=positif, default=1_000_000, help="combien de rendez-vous passés")
        parser.add_argument("--graine", type=int, default=1, help="la même graine le même jour donne la même base")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["agents"]:
            raise CommandError("Il faut au moins un agent.")
        depart = time.monotonic()
        try:
            pays = charger(
                agents=options["agents"],
                passe=options["passe"],
                graine=options["graine"],
                maintenant=timezone.now(),
                suivre=barres(muet=options["verbosity"] == 0),
            )
        except DonneesReelles:
            raise CommandError(
                "Cette base contient des agents ou des structures qui ne viennent pas de cette commande : "
                "rien n'a été touché. Donnez-lui une base vide (DATABASE_URL)."
            ) from None
        except TropDePasse:
            raise CommandError(
                f"{options['agents']} agents n'ont pas ouvert assez de créneaux pour {options['passe']} rendez-vous "
                "passés : rien n'a été écrit. Demandez plus d'agents ou moins de passé."
            ) from None
        if not connection.in_atomic_block:
            with connection.cursor() as curseur:
                curseur.execute("SET statement_timeout = 0")
                curseur.execute("VACUUM ANALYZE")
        self.stdout.write(
            f"{len(pays.affectations)} agents, {len(pays.structures)} structures, "
            f"{sum(map(len, pays.lieux))} lieux, {RendezVous.objects.count()} rendez-vous dont {options['passe']} "
            f"passés, en {time.monotonic() - depart:.0f} s."
        )
