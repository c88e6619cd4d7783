"""What the map draws: places grouped by a grid, in the frame asked."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import html

from cartographie.points import CASES, Cadre, points
from cartographie.publication import publier
from cartographie.recherche import lieux_filtres
from tests.aides_agent import une_equipe, une_plage
from tests.factories import LieuFactory, StructureFactory

FRANCE = Cadre(ouest=-6, sud=41, est=10, nord=52)


@pytest.mark.parametrize("cadre", [FRANCE, Cadre(5.0, 44.7, 5.1, 44.75), Cadre(-180, -90, 180, 90)])
def test_cells_follow_the_frame_and_stay_in_place(cadre: Cadre) -> None:
    cote = max(cadre.est - cadre.ouest, cadre.nord - cadre.sud)
    assert CASES <= cote / cadre.case <= 2 * CASES
    assert (360 / cadre.case).is_integer()
    decale = Cadre(cadre.ouest * 0.99, cadre.sud * 0.99, cadre.ouest * 0.99 + cote, cadre.sud * 0.99 + cote / 2)
    assert decale.case == cadre.case


@pytest.mark.django_db
def test_places_close_to_each_other_are_one_point() -> None:
    equipe = une_equipe()
    equipe.motif.reservable_en_ligne = True
    equipe.motif.save()
    equipe.lieu.latitude, equipe.lieu.longitude = 44.7289, 5.0222
    equipe.lieu.save()
    une_plage(equipe)
    publier(maintenant=timezone.now())
    LieuFactory(structure=equipe.structure, latitude=44.7291, longitude=5.0224)
    seul = LieuFactory(structure=equipe.structure, latitude=48.85, longitude=2.35, nom="Paris")
    LieuFactory(structure=equipe.structure)
    LieuFactory(structure=StructureFactory(solidarites=True), latitude=48.85, longitude=2.35)

    assert points(FRANCE, lieux_filtres()) == [[44.729, 5.0223, 2, 1], [48.85, 2.35, 1, 0, seul.pk, "Paris"]]
    assert [p[:4] for p in points(Cadre(5.0222, 44.7289, 5.0225, 44.7292), lieux_filtres())] == [
        [44.7289, 5.0222, 1, 1],
        [44.7291, 5.0224, 1, 0],
    ]


@pytest.mark.django_db
def test_the_frame_asked_is_answered_in_one_query(client: Client, django_assert_num_queries: Any) -> None:
    LieuFactory(latitude=44.7, longitude=5.0)
    with django_assert_num_queries(1):
        reponse = client.get("/carte/points.json", {"ouest": -6, "sud": 41, "est": 10, "nord": 52})
    assert len(json.loads(reponse.content)["points"]) == 1


@pytest.mark.parametrize(
    "demande",
    [
        {},
        {"ouest": "x", "sud": 41, "est": 10, "nord": 52},
        {"ouest": "nan", "sud": 41, "est": 10, "nord": 52},
        {"ouest": 10, "sud": 41, "est": -6, "nord": 52},
        {"ouest": -6, "sud": 41, "est": 1e9, "nord": 52},
    ],
)
def test_a_frame_that_makes_no_sense_is_refused(client: Client, demande: dict[str, Any]) -> None:
    reponse = client.get("/carte/points.json", demande)
    assert reponse.status_code == 400
    assert reponse.json() == {"erreur": "Cadre attendu : ouest, sud, est, nord, en degrés."}


@pytest.mark.django_db
def test_the_map_shows_the_places_of_the_filters(client: Client) -> None:
    equipe = une_equipe()
    equipe.motif.reservable_en_ligne = True
    equipe.motif.save()
    equipe.lieu.latitude, equipe.lieu.longitude = 44.7289, 5.0222
    equipe.lieu.save()
    une_plage(equipe)
    publier(maintenant=timezone.now())
    ferme = LieuFactory(structure=equipe.structure, ouvert=False, latitude=47, longitude=5, nom="Fermé")
    LieuFactory(latitude=48.8, longitude=2.3, nom="Paris", fiche={"prise_en_charge_specifique": ["Surdité"]})

    def noms(**filtres: str) -> list[str]:
        lus = client.get("/carte/points.json", {"ouest": -6, "sud": 41, "est": 10, "nord": 52, **filtres}).json()
        return [point[5] for point in lus["points"]]

    assert noms() == ["Salle numérique", ferme.nom, "Paris"]
    assert noms(reservable="on") == ["Salle numérique"]
    assert noms(accueil="Surdité") == ["Paris"]
    assert noms(accueil="Inconnu", service="<b>") == noms()
    zone = html.fromstring(client.get("/carte/", {"accueil": "Surdité", "reservable": "on"}).content)
    assert zone.xpath("//@data-filtres") == ["accueil=Surdit%C3%A9&reservable=on"]


@pytest.mark.django_db
def test_the_measures_run_on_any_base_and_write_nothing() -> None:
    LieuFactory(latitude=44.7, longitude=5.0)
    sortie = StringIO()
    with CaptureQueriesContext(connection) as requetes:
        call_command("mesurer_carte", stdout=sortie)
    assert "prochain créneau de 1 lieux, Crest : médiane" in sortie.getvalue()
    assert "flux geojson : " in sortie.getvalue()
    assert {requete["sql"].split()[0] for requete in requetes} <= {"SELECT", "DECLARE", "SHOW"}
