"""What other sites read of the places and of the structures."""

import csv
import json
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from frictionless import Resource, Schema

from cartographie import standard
from cartographie.fichiers import lire_csv
from cartographie.flux import URL_LUE, en_csv, en_json, ligne_du_standard
from cartographie.models import AppelDeFlux, Publication
from cartographie.publication import publier
from cartographie.services import importer_lieux
from cartographie.taches import publier_boutons
from structures.models import Lieu
from tests.aides_agent import Equipe, une_equipe, une_plage
from tests.factories import LieuFactory, MotifFactory, StructureFactory

pytestmark = pytest.mark.django_db

DONNEES = Path(__file__).resolve().parents[1] / "donnees"
SCHEMA = DONNEES / "standard-mediation-num.schema.json"
LIENS = "/api/v1/public_links"
SITE = "https://rdv.exemple.fr"


@pytest.fixture(autouse=True)
def site(settings: Any) -> None:
    settings.SITE_URL = SITE


def une_equipe_reservable(**structure: Any) -> Equipe:
    equipe = une_equipe(**{"id_externe": "6082a8ba4f47999865ae409b", **structure})
    equipe.motif.reservable_en_ligne = True
    equipe.motif.save()
    une_plage(equipe)
    publier(maintenant=timezone.now())
    return equipe


def corps(reponse: HttpResponse) -> str:
    return b"".join(reponse).decode()


def lieux(client: Client, extension: str = "json") -> list[dict[str, Any]]:
    texte = corps(client.get(f"/api/v1/lieux.{extension}"))
    if extension == "csv":
        return [{cle: v for cle, v in ligne.items() if v} for ligne in csv.DictReader(StringIO(texte, newline=""))]
    lu = json.loads(texte)
    return lu if extension == "json" else [element["properties"] for element in lu["features"]]


def erreurs_du_schema(lignes: list[dict[str, Any]]) -> list[Any]:
    schema = Schema.from_descriptor(json.loads(SCHEMA.read_text(encoding="utf-8")))
    noms = [champ.name for champ in schema.fields]
    table = [noms, *([ligne.get(nom) for nom in noms] for ligne in lignes)]
    return Resource(data=table, schema=schema).validate().flatten(["rowNumber", "fieldName", "note"])


# --- The links of the structures ----------------------------------------------------------------------------------


def test_the_links_are_read_as_their_reader_does(client: Client) -> None:
    une_equipe_reservable()
    StructureFactory(id_externe="60c32620838083d3396115ec")

    reponse = client.get(LIENS, {"territory": "CN"})

    assert reponse.json() == {
        "public_links": [
            {
                "external_id": "6082a8ba4f47999865ae409b",
                "public_link": f"{SITE}/org/ext/CN/6082a8ba4f47999865ae409b/",
            }
        ]
    }
    assert reponse["Content-Type"] == "application/json"
    assert Publication.objects.get().liens_lus_le is not None


def test_an_identifier_that_we_made_up_is_not_given(client: Client) -> None:
    une_equipe_reservable(id_externe="pivot:77556026100015")

    assert client.get(LIENS, {"territory": "CN"}).json() == {"public_links": []}


@pytest.mark.parametrize(
    ("demande", "statut", "attendu"),
    [
        ({}, 400, {"missing": "territory"}),
        ({"territory": ""}, 400, {"missing": "territory"}),
        ({"territory": "92"}, 404, {"not_found": "territory"}),
    ],
)
def test_a_territory_is_needed(client: Client, demande: dict[str, str], statut: int, attendu: dict[str, str]) -> None:
    reponse = client.get(LIENS, demande)

    assert (reponse.status_code, reponse.json()) == (statut, attendu)


def test_one_connection_reads_so_many_times_a_minute(client: Client, settings: Any) -> None:
    settings.APPELS_PAR_ADRESSE_ET_MINUTE = 2
    # The last readings may fall in another minute than the first.
    reponses = [client.get(LIENS, {"territory": "CN"}) for _ in range(5)]
    refus = next(reponse for reponse in reponses if reponse.status_code == 429)
    assert 0 < int(refus["Retry-After"]) <= 60
    assert client.get(LIENS, {"territory": "CN"}, REMOTE_ADDR="192.0.2.7").status_code == 200
    assert "127.0.0.1" not in str(list(AppelDeFlux.objects.values()))


def test_the_count_of_readings_is_forgotten() -> None:
    AppelDeFlux.objects.create(adresse="abc", minute=timezone.now() - timedelta(hours=2))
    AppelDeFlux.objects.create(adresse="abc", minute=timezone.now())

    publier_boutons(timestamp=0)

    assert AppelDeFlux.objects.count() == 1


# --- The places in the standard -----------------------------------------------------------------------------------


def importer() -> None:
    lignes = lire_csv(
        (DONNEES / "lieux.csv").read_bytes(), obligatoires=standard.OBLIGATOIRES, connues=standard.COLONNES
    ).lignes
    assert importer_lieux(lignes=lignes).lieux_crees >= 3


def test_all_places_follow_the_standard(client: Client) -> None:
    importer()
    equipe = une_equipe_reservable()
    LieuFactory(structure=equipe.structure, telephone="+33475250000", fiche={"presentation_resume": "a" * 300})

    trouves = {extension: lieux(client, extension) for extension in ("json", "csv", "geojson")}

    assert len(trouves["json"]) == Lieu.objects.count()
    assert erreurs_du_schema(trouves["json"]) == []
    assert trouves["geojson"] == trouves["json"]
    assert trouves["csv"] == [{cle: str(v) for cle, v in ligne.items()} for ligne in trouves["json"]]
    assert Publication.objects.get().lieux_lus_le is not None


def test_the_schema_would_refuse_what_is_wrong() -> None:
    assert erreurs_du_schema([{"id": "a", "pivot": "?", "nom": "n"}])


def test_no_place_is_still_a_file(client: Client) -> None:
    assert lieux(client) == lieux(client, "csv") == lieux(client, "geojson") == []
    assert next(iter(en_csv([]))).startswith("id,pivot,nom,")
    assert json.loads("".join(en_json([]))) == []


def test_a_place_is_bookable_while_its_button_is_on(client: Client) -> None:
    equipe = une_equipe_reservable()
    LieuFactory(structure=equipe.structure, id_externe="ailleurs", fiche={"date_maj": "2022-05-09", "prise_rdv": SITE})

    ici, ailleurs = lieux(client)

    aujourd_hui = datetime.now(equipe.structure.tz).date().isoformat()
    assert (ici["prise_rdv"], ici["date_maj"]) == (f"{SITE}/lieux/{equipe.lieu.pk}/rendez-vous/", aujourd_hui)
    assert "prise_rdv" not in ailleurs
    assert ailleurs["date_maj"] == "2022-05-09"
    assert (ici["id"], ici["pivot"]) == (f"rdv-{equipe.lieu.pk}", "0" * 14)


def test_a_place_of_solidarites_is_there_only_if_the_directory_knows_it(client: Client) -> None:
    solidarites = StructureFactory(solidarites=True)
    LieuFactory(structure=solidarites)
    LieuFactory(structure=solidarites, id_externe="connu")

    assert [lieu["id"] for lieu in lieux(client)] == ["connu"]


@pytest.mark.parametrize(
    ("adresse", "lue"),
    [
        ("https://exemple.fr/a?b=1", True),
        ("http://exemple.fr", True),
        ("https://exemple.fr:8080/a", False),
        ("https://exemple.fr/a,b", False),
        ("https://exemple.fr/(a)", False),
        ("https://exemple.fr/[a]", False),
    ],
)
def test_an_address_that_the_map_cannot_read_is_left_out(adresse: str, *, lue: bool) -> None:
    lieu = LieuFactory.build(structure=StructureFactory.build(), fiche={"site_web": [adresse, "https://ok.fr/"]})

    ligne = ligne_du_standard(lieu, prise_rdv="", jour=timezone.localdate())

    assert bool(URL_LUE.fullmatch(adresse)) == lue
    assert ligne["site_web"] == (f"{adresse}|https://ok.fr/" if lue else "https://ok.fr/")


def test_what_did_not_change_is_not_sent_again(client: Client) -> None:
    equipe = une_equipe_reservable()
    premiere = client.get("/api/v1/lieux.csv")
    entetes = {"If-None-Match": premiere["ETag"], "If-Modified-Since": premiere["Last-Modified"]}

    assert client.get("/api/v1/lieux.csv", headers=entetes).status_code == 304
    assert client.get("/api/v1/lieux.json", headers=entetes).status_code == 200
    equipe.lieu.nom = "Autre nom"
    equipe.lieu.save()
    publier(maintenant=timezone.now())
    assert client.get("/api/v1/lieux.csv", headers=entetes).status_code == 200


def test_the_feed_costs_the_same_for_one_or_thirty_places(client: Client) -> None:
    structure = une_equipe_reservable().structure
    couts = []
    for nombre in (0, 29):
        LieuFactory.create_batch(nombre, structure=structure)
        with CaptureQueriesContext(connection) as requetes:
            lieux(client)
        couts.append(len(requetes))
    assert couts[0] == couts[1] <= 9


# --- Addresses that lead to a booking -----------------------------------------------------------------------------


def test_the_directory_s_address_leads_to_the_link_of_today(client: Client) -> None:
    structure = une_equipe_reservable().structure
    adresse = f"/org/ext/CN/{structure.id_externe}/"
    assert client.get(adresse)["Location"] == f"/r/{structure.lien}/"
    assert client.get(adresse.replace("CN", "92")).status_code == 404
    assert client.get("/org/ext/CN/inconnu/").status_code == 404


def test_where_booking_is_not_online_the_phone_is_said(client: Client) -> None:
    StructureFactory(solidarites=True, id_externe="abc")

    reponse = client.get("/org/ext/CN/abc/")

    assert reponse.status_code == 410
    assert "04 75 25 00 00" in reponse.content.decode()


def test_the_address_of_a_place_leads_to_what_it_offers(client: Client) -> None:
    equipe = une_equipe_reservable()
    adresse, lien = f"/lieux/{equipe.lieu.pk}/rendez-vous/", f"/r/{equipe.structure.lien}/"
    assert client.get(adresse)["Location"] == f"{lien}?lieu={equipe.lieu.pk}"

    equipe.structure.plages.all().delete()
    une_plage(equipe, motifs=[MotifFactory(structure=equipe.structure, telephone=True, ouvert=True)], lieu=None)

    assert client.get(adresse)["Location"] == lien

    equipe.structure.plages.all().delete()
    assert client.get(adresse)["Location"] == f"/lieux/{equipe.lieu.pk}-salle-numerique-crest/"
    assert client.get("/lieux/999999999/rendez-vous/").status_code == 404
