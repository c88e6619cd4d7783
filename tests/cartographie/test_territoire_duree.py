"""How long the page of a whole territory takes, beside that of one structure, in one run."""

from pathlib import Path
from time import perf_counter, process_time

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from cartographie.models import LienDeTerritoire
from tests.cartographie.aides_territoire import DEPARTEMENT, ecrire_ailleurs, ecrire_territoire

MESURES = 5
FOIS = 3.5  # 3 are promised and measured (docs/prescripteurs.md): a loaded machine moves it by a quarter


def processeur() -> float:
    """Return the milliseconds of processor taken so far, ours and PostgreSQL's: what runs beside does not count."""
    with connection.cursor() as curseur:
        curseur.execute("SELECT pg_backend_pid()")
        (serveur,) = curseur.fetchone()
    return process_time() * 1000 + int(Path(f"/proc/{serveur}/schedstat").read_text().split()[0]) / 1e6


@pytest.mark.lent
@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="Linux says what a process took")
@pytest.mark.django_db(transaction=True)
def test_a_thousand_places_are_not_many_times_one_structure(client: Client) -> None:
    """Beside the page of the slots of one motif in one lieu, to which each row leads.

    Asked in turn, the best of each is kept.
    """
    ecrire_ailleurs(agents=4000)  # as many as in the country
    structure = ecrire_territoire(timezone.now(), structures=200, lieux=5)[0]
    lien = LienDeTerritoire.objects.create(structure=structure, nom="Drôme", departement=DEPARTEMENT)
    motif, lieu = structure.motifs.get(nom="Accompagnement"), structure.lieux.first()
    adresses = {
        "une structure": f"/p/{structure.lien}/motif/{motif.pk}/creneaux/?lieu={lieu.pk}",
        "le plus tôt": f"/t/{lien.jeton}/",
        "le plus près": f"/t/{lien.jeton}/?ou=Crest",
    }
    for adresse in adresses.values():
        assert client.get(adresse).status_code == 200

    temps, montre = dict.fromkeys(adresses, float("inf")), dict.fromkeys(adresses, float("inf"))
    for _ in range(MESURES):
        for nom, adresse in adresses.items():
            avant, debut = processeur(), perf_counter()
            client.get(adresse)
            montre[nom] = min(montre[nom], (perf_counter() - debut) * 1000)
            temps[nom] = min(temps[nom], processeur() - avant)
    for nom in adresses:
        print(f"{nom} : {temps[nom]:.1f} ms de processeur, {montre[nom]:.1f} ms au mieux")  # noqa: T201

    assert temps["le plus tôt"] < FOIS * temps["une structure"]
    assert temps["le plus près"] < FOIS * temps["une structure"]
