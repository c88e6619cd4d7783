"""Tasks that run at once, as requests do."""

import threading
from collections.abc import Callable

from django.db import connection


def en_meme_temps(taches: list[Callable[[], object]]) -> list[object]:
    """Run the tasks at once, each on its own connection; return their results or exceptions, in order."""
    depart = threading.Barrier(len(taches))
    resultats: list[object] = [None] * len(taches)

    def courir(n: int, tache: Callable[[], object]) -> None:
        depart.wait()
        try:
            resultats[n] = tache()
        except Exception as erreur:
            resultats[n] = erreur
        finally:
            connection.close()

    fils = [threading.Thread(target=courir, args=paire) for paire in enumerate(taches)]
    for fil in fils:
        fil.start()
    for fil in fils:
        fil.join()
    return resultats
