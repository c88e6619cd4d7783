"""The public page of a place."""

import json
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from lxml import html

from tests.aides_agent import Equipe, texte, une_equipe, une_plage
from tests.factories import LieuFactory, MotifFactory, StructureFactory

pytestmark = pytest.mark.django_db


def une_equipe_reservable() -> Equipe:
    equipe = une_equipe()
    equipe.motif.reservable_en_ligne = True
    equipe.motif.save()
    une_plage(equipe)
    return equipe


def page(client: Client, lieu: Any) -> HttpResponse:
    reponse = client.get(f"/lieux/{lieu.pk}/", follow=True)
    assert reponse.status_code == 200
    return reponse


def boutons(reponse: HttpResponse) -> list[tuple[str, str]]:
    """Return (words, address) of the primary buttons."""
    arbre = html.fromstring(reponse.content)
    trouves = arbre.xpath("//main//a[contains(@class, 'fr-btn') and not(contains(@class, 'fr-btn--secondary'))]")
    return [(a.text_content(), a.get("href")) for a in trouves]


def json_ld(reponse: HttpResponse) -> dict[str, Any]:
    (bloc,) = html.fromstring(reponse.content).xpath("//script[@type='application/ld+json']")
    return json.loads(bloc.text)


def test_the_number_makes_the_address_and_the_name_says_it(client: Client) -> None:
    lieu = LieuFactory(nom="Médiathèque d'Ô", commune="Crest")
    adresse = f"/lieux/{lieu.pk}-mediatheque-do-crest/"
    for ancienne in (f"/lieux/{lieu.pk}/", f"/lieux/{lieu.pk}-ancien-nom/"):
        reponse = client.get(ancienne)
        assert (reponse.status_code, reponse["Location"]) == (301, adresse)
    assert client.get(adresse).status_code == 200
    assert client.get("/lieux/999999999-x/").status_code == 404


def test_a_place_that_can_be_booked_has_one_button(client: Client) -> None:
    equipe = une_equipe_reservable()
    lu = page(client, equipe.lieu)
    assert boutons(lu) == [("Prendre rendez-vous", f"/r/{equipe.structure.lien}/?lieu={equipe.lieu.pk}")]
    assert "Accompagnement individuel · 1 heure · sur place Le plus tôt : demain à 9 h" in texte(lu)


def test_by_phone_the_button_leads_to_what_has_no_place(client: Client) -> None:
    equipe = une_equipe()
    motif = MotifFactory(structure=equipe.structure, nom="Par téléphone", telephone=True, ouvert=True)
    une_plage(equipe, motifs=[motif], lieu=None)
    assert boutons(page(client, equipe.lieu)) == [("Prendre rendez-vous", f"/r/{equipe.structure.lien}/")]


def test_otherwise_the_button_is_the_phone(client: Client) -> None:
    equipe = une_equipe()
    lu = page(client, equipe.lieu)
    assert boutons(lu) == [("Appeler le 04 75 25 00 00", "tel:+33-4-75-25-00-00")]
    assert "n'a pas de créneau à réserver par Internet" in texte(lu)
    sans_rien = LieuFactory(structure=StructureFactory(telephone=""))
    assert boutons(page(client, sans_rien)) == []


def test_a_closed_place_says_nothing_can_be_booked(client: Client) -> None:
    equipe = une_equipe_reservable()
    equipe.lieu.ouvert = False
    equipe.lieu.save()
    assert "Prendre rendez-vous" not in dict(boutons(page(client, equipe.lieu)))


def test_the_columns_of_the_standard_are_said(client: Client) -> None:
    fiche = {
        "horaires": "Mo-Fr 09:00-12:00",
        "services": ["Maîtrise des outils numériques du quotidien"],
        "frais_a_charge": ["Gratuit"],
        "courriels": ["accueil@exemple.fr"],
        "site_web": ["https://exemple.fr/"],
        "nombre_aidants": 2,
        "presentation_detail": "Entrée par la cour <b>.",
    }
    lu = texte(page(client, LieuFactory(fiche=fiche)))
    for attendu in ("Lundi9 h à 12 h", "Samedifermé", "Maîtrise des outils", "Gratuit", "accueil@exemple.fr"):
        assert attendu in lu
    assert "2 conseillers numériques" in lu
    assert "Entrée par la cour <b>." in lu


def test_hours_that_cannot_be_read_are_shown_as_they_are(client: Client) -> None:
    assert "le matin, sauf mardi" in texte(page(client, LieuFactory(fiche={"horaires": "le matin, sauf mardi"})))


def test_agents_are_named_by_their_first_name_only_if_they_agreed(client: Client) -> None:
    equipe = une_equipe_reservable()
    assert "Ada" not in page(client, equipe.lieu).content.decode()
    equipe.admin.prenom_public = equipe.basique.prenom_public = True  # the other receives nobody there
    equipe.admin.save()
    equipe.basique.save()
    lu = page(client, equipe.lieu).content.decode()
    assert "AvecAda" in texte(page(client, equipe.lieu))
    assert "Basile" not in lu
    assert equipe.admin.nom not in lu
    equipe.structure.appartenances.filter(agent=equipe.admin).delete()
    assert "Ada" not in page(client, equipe.lieu).content.decode()


def test_search_engines_read_the_place(client: Client, settings: Any) -> None:
    settings.SITE_URL = "https://rdv.exemple.fr"
    equipe = une_equipe_reservable()
    equipe.lieu.nom, equipe.lieu.latitude, equipe.lieu.longitude = "</script><b>&", 44.7, 5.02
    equipe.lieu.fiche = {"horaires": "Mo 09:00-12:00"}
    equipe.lieu.save()

    lu = page(client, equipe.lieu)

    donnees = json_ld(lu)
    assert donnees["name"] == "</script><b>&"
    assert donnees["geo"] == {"@type": "GeoCoordinates", "latitude": 44.7, "longitude": 5.02}
    assert donnees["openingHoursSpecification"] == [
        {"@type": "OpeningHoursSpecification", "dayOfWeek": "Monday", "opens": "09:00", "closes": "12:00"}
    ]
    assert donnees["potentialAction"]["target"] == f"https://rdv.exemple.fr/lieux/{equipe.lieu.pk}/rendez-vous/"
    tete = html.fromstring(lu.content)
    assert tete.xpath("//link[@rel='canonical']/@href") == [donnees["url"]]
    assert tete.xpath("//meta[@property='og:url']/@content") == [donnees["url"]]
    assert "44.7" in lu.content.decode()


def test_a_place_of_solidarites_that_the_directory_ignores_has_no_page(client: Client) -> None:
    lieu = LieuFactory(structure=StructureFactory(solidarites=True))
    assert client.get(f"/lieux/{lieu.pk}/").status_code == 404


def test_the_page_costs_the_same_for_one_or_thirty_motifs(client: Client) -> None:
    equipe = une_equipe_reservable()
    couts = []
    for nombre in (0, 29):
        une_plage(
            equipe, motifs=[equipe.motif, *MotifFactory.create_batch(nombre, structure=equipe.structure, ouvert=True)]
        )
        adresse = page(client, equipe.lieu).request["PATH_INFO"]
        with CaptureQueriesContext(connection) as requetes:
            client.get(adresse)
        couts.append(len(requetes))
    assert couts == [4, 4]
