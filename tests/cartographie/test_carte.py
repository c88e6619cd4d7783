"""The list of places: near a commune or a point, by département, in the order asked."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from lxml import html

from cartographie.recherche import Resultat, communes_cherchees
from structures.models import Lieu
from tests.aides_agent import Equipe, demain, texte, une_equipe, une_plage
from tests.factories import LieuFactory, StructureFactory

pytestmark = pytest.mark.django_db

CREST, DIE, VALENCE = (44.7289, 5.0222), (44.7537, 5.3704), (44.9229, 4.9143)


def un_lieu(nom: str, position: tuple[float, float] | None = CREST, **champs: Any) -> Lieu:
    if position:
        champs |= {"latitude": position[0], "longitude": position[1]}
    return LieuFactory(nom=nom, **{"structure": StructureFactory(), **champs})


def une_equipe_reservable(nom: str, position: tuple[float, float], *, dans: int = 0) -> Equipe:
    equipe = une_equipe()
    equipe.motif.reservable_en_ligne = True
    equipe.motif.save()
    equipe.lieu.nom, (equipe.lieu.latitude, equipe.lieu.longitude) = nom, position
    equipe.lieu.save()
    une_plage(equipe, premier_jour=demain() + timedelta(days=dans))
    return equipe


def noms(reponse: HttpResponse) -> list[str]:
    assert reponse.status_code == 200
    return [a.text_content() for a in html.fromstring(reponse.content).xpath("//main//ul/li/h3/a")]


@pytest.mark.parametrize("ou", ["26400", "Crest", "crest", "26400 Crest", "Crest (26400)"])
def test_the_nearest_places_come_first(client: Client, ou: str) -> None:
    un_lieu("À Valence", VALENCE)
    un_lieu("À Crest")
    un_lieu("À Die", DIE)
    un_lieu("Nulle part", None)

    reponse = client.get("/carte/", {"ou": ou})

    assert noms(reponse) == ["À Crest", "À Valence", "À Die"]
    if "Crest" in ou:
        assert "Aide numérique près de Crest" in texte(reponse)


def test_the_soonest_is_the_other_order(client: Client) -> None:
    un_lieu("Sans rendez-vous")
    une_equipe_reservable("Plus tard, tout près", CREST, dans=3)
    une_equipe_reservable("Demain, plus loin", DIE)

    pres, tot = client.get("/carte/", {"ou": "Crest"}), client.get("/carte/", {"ou": "Crest", "ordre": "tot"})

    assert noms(pres)[-1] == "Demain, plus loin"
    assert noms(tot) == ["Demain, plus loin", "Plus tard, tout près", "Sans rendez-vous"]
    assert "● prochain créneau demain à 9 h" in texte(tot)
    assert "○ sans rendez-vous en ligne" in texte(tot)


def test_filters_leave_out_what_was_not_asked(client: Client) -> None:
    une_equipe_reservable("Réservable", CREST)
    un_lieu("Parentalité", fiche={"services": ["Parentalité et éducation avec le numérique"]})
    un_lieu("Surdité", fiche={"prise_en_charge_specifique": ["Surdité", "Illettrisme"]})
    for filtre, attendu in (
        ({"reservable": "on"}, ["Réservable"]),
        ({"service": "Parentalité et éducation avec le numérique"}, ["Parentalité"]),
        ({"accueil": "Surdité"}, ["Surdité"]),
        ({"accueil": "Femmes"}, ["Réservable", "Parentalité", "Surdité"]),  # not one of the choices
    ):
        assert noms(client.get("/carte/", {"ou": "Crest", **filtre})) == attendu
    assert "Aucun lieu ne correspond" in texte(
        client.get("/carte/", {"ou": "Crest", "accueil": "Illettrisme", "reservable": "on"})
    )


def test_a_name_of_several_communes_offers_the_others(client: Client) -> None:
    un_lieu("Ici")
    reponse = client.get("/carte/", {"ou": "Saint-Denis"})
    autres = html.fromstring(reponse.content).xpath("//main//a[contains(@href, 'commune=')]/@href")
    assert len(autres) >= 2
    assert noms(client.get("/carte/" + autres[0])) == ["Ici"]


def test_of_several_communes_the_one_with_the_most_places_is_meant(client: Client) -> None:
    un_lieu("À Valence", VALENCE, code_insee="26362", commune="Valence")
    reponse = client.get("/carte/", {"ou": "Valence"})
    assert noms(reponse) == ["À Valence"]
    assert "à 100 m" not in texte(client.get("/carte/", {"ou": "Valence (16460)"}))
    assert "à 200 m" in texte(reponse) or "à 100 m" in texte(reponse)


def test_a_commune_nobody_knows_is_said(client: Client) -> None:
    reponse = client.get("/carte/", {"ou": "Trifouillis <b>"})
    assert "Nous ne connaissons pas « Trifouillis <b> »" in texte(reponse)
    assert communes_cherchees(" ") == []


def test_around_a_point(client: Client) -> None:
    un_lieu("À Crest")
    assert noms(client.get("/carte/", {"lat": "44.7", "lon": "5.0"})) == ["À Crest"]
    for lat, lon in (("nan", "5"), ("x", "5"), ("100", "5"), ("inf", "1")):
        assert client.get("/carte/", {"lat": lat, "lon": lon}).status_code == 200


def test_a_departement_has_its_page(client: Client) -> None:
    un_lieu("À Crest")
    un_lieu("Sans position", None)
    un_lieu("Corse", None, code_insee="2A004", code_postal="20000", commune="Ajaccio")
    assert noms(client.get("/carte/departement/26/")) == ["À Crest", "Sans position"]
    assert noms(client.get("/carte/departement/2A/")) == ["Corse"]
    assert client.get("/carte/departement/99/").status_code == 404
    index = texte(client.get("/carte/"))
    assert "Drôme 2 lieux" in index
    assert "Corse-du-Sud 1 lieu" in index


def test_only_pages_worth_it_are_indexed(client: Client) -> None:
    def indexee(adresse: str) -> bool:
        return b'name="robots"' not in client.get(adresse).content

    assert indexee("/carte/")
    assert indexee("/carte/departement/26/?page=2")
    assert not indexee("/carte/?ou=Crest")
    assert not indexee("/carte/departement/26/?ordre=tot")


@pytest.mark.parametrize(
    ("km", "mots"), [(None, ""), (0.01, "100 m"), (0.84, "800 m"), (2.44, "2,4 km"), (36.6, "37 km")]
)
def test_a_distance_in_words(km: float | None, mots: str) -> None:
    assert Resultat(LieuFactory.build(structure=StructureFactory.build()), km, None).distance == mots


@pytest.mark.parametrize("adresse", ["/carte/?ou=Crest", "/carte/departement/26/?ordre=tot", "/carte/"])
def test_the_list_costs_the_same_for_one_or_thirty_places(client: Client, adresse: str) -> None:
    une_equipe_reservable("Réservable", CREST)
    couts = []
    for nombre in (1, 29):
        for rang in range(nombre):
            un_lieu(f"Lieu {rang}")
        client.get(adresse)
        with CaptureQueriesContext(connection) as requetes:
            client.get(adresse)
        couts.append(len(requetes))
    assert couts[0] == couts[1] <= 4


def test_a_long_list_has_pages(client: Client) -> None:
    for rang in range(21):
        un_lieu(f"Lieu {rang:02d}")
    assert noms(client.get("/carte/departement/26/?page=2")) == ["Lieu 20"]
    assert "page=2" in client.get("/carte/?ou=Crest").content.decode()


def test_another_filter_loses_neither_the_place_nor_the_order(client: Client) -> None:
    une_equipe_reservable("Réservable", CREST)
    un_lieu("Sans rendez-vous")

    def renvoyer(adresse: str, **coches: str) -> HttpResponse:
        """Send the search form of a page again, as a browser does."""
        formulaire = html.fromstring(client.get(adresse).content).forms[0]
        valeurs = {nom: valeur for nom, valeur in formulaire.form_values() if nom}
        return client.get(formulaire.action, {**valeurs, **coches}, follow=True)

    for adresse, titre in (
        ("/carte/departement/26/?ordre=tot", "Aide numérique : Drôme"),
        ("/carte/?lat=44.7&lon=5.0&ordre=tot", "Aide numérique à proximité"),
        ("/carte/?commune=26108&ordre=tot", "Aide numérique près de Crest"),
        ("/integrer/carte/departement/26/?ordre=tot", "Aide numérique : Drôme"),
    ):
        reponse = renvoyer(adresse, reservable="on")
        assert [nom.removesuffix(" (nouvel onglet)") for nom in noms(reponse)] == ["Réservable"]
        assert titre in texte(reponse)
        assert reponse.context["au_plus_tot"] is True
