"""manage.py mesurer_carte: what the map costs on the base in use. Writes nothing."""

import resource
import time
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cartographie.disponibilites import prochaines
from cartographie.flux import Ligne
from cartographie.management.commands.banc import machine
from cartographie.points import Cadre, points
from cartographie.recherche import autour, departements, du_departement, lieux_filtres
from cartographie.vues_flux import FORMATS, lignes_du_flux

REPETITIONS = 7
VUES = {"Paris": (48.8566, 2.3522), "Crest": (44.7289, 5.0222), "Guéret": (46.1706, 1.8715)}


class Command(BaseCommand):
    help = "Mesure la carte sur la base en service : prochains créneaux d'une vue, du pays, et les flux. N'écrit rien."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(machine())
        maintenant = timezone.now()
        with connection.cursor() as curseur:
            curseur.execute(
                "SELECT (SELECT count(*) FROM structures_lieu), (SELECT count(*) FROM structures_agent), "
                "(SELECT count(*) FROM reservations_rendezvous)"
            )
            self.stdout.write("{} lieux, {} agents, {} rendez-vous".format(*curseur.fetchone()))
        for nom, position in VUES.items():
            lieux = autour(lieux_filtres(), position)
            self._chronometrer(f"prochain créneau de {len(lieux)} lieux, {nom}", partial(prochaines, lieux, maintenant))
        self._chronometrer("la carte du pays : ses points", lambda: points(Cadre(-6, 41, 10, 52), lieux_filtres()))
        self._chronometrer(
            "prochain créneau de tous les lieux, département par département",
            lambda: [prochaines(du_departement(lieux_filtres(), d["code"]), maintenant) for d in departements()],
            repetitions=1,
        )
        for extension, (ecrire, _) in FORMATS.items():
            self._flux(extension, ecrire)

    def _chronometrer(self, nom: str, faire: Callable[[], Any], *, repetitions: int = REPETITIONS) -> None:
        with CaptureQueriesContext(connection) as requetes:  # the first time, not counted
            faire()
        temps = []
        for _ in range(repetitions):
            depart = time.perf_counter()
            faire()
            temps.append((time.perf_counter() - depart) * 1000)
        self.stdout.write(
            f"{nom} : médiane {median(temps):.0f} ms, meilleur {min(temps):.0f} ms, {len(requetes)} requêtes"
        )

    def _flux(self, extension: str, ecrire: Callable[[Iterator[Ligne]], Iterator[str]]) -> None:
        depart = time.perf_counter()
        premier = octets = 0.0
        for morceau in ecrire(lignes_du_flux()):
            premier = premier or (time.perf_counter() - depart) * 1000
            octets += len(morceau.encode())
        duree = time.perf_counter() - depart
        tracemalloc.start()
        for _ in ecrire(lignes_du_flux()):
            pass
        _, sommet = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        processus = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        self.stdout.write(
            f"flux {extension} : {octets / 1e6:.1f} Mo en {duree:.1f} s, premier morceau après {premier:.0f} ms, "
            f"{sommet / 1e6:.1f} Mo de mémoire en l'écrivant (processus : {processus / 1e3:.0f} Mo)"
        )
