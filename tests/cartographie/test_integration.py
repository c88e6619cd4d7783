"""The pages that another site shows in a frame, and them alone."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from lxml import html

from cartographie.fiche import code_de_la_carte, code_du_lieu
from structures.lieux import ouvrir_ou_fermer
from tests.aides_agent import Equipe, connecte, texte, une_equipe, une_plage
from tests.factories import LieuFactory, MotifFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def equipe() -> Equipe:
    equipe = une_equipe()
    equipe.motif.reservable_en_ligne = True
    equipe.motif.save()
    equipe.lieu.latitude, equipe.lieu.longitude = 44.7289, 5.0222
    equipe.lieu.save()
    une_plage(equipe)
    return equipe


def adresses(equipe: Equipe) -> list[str]:
    return [
        "/integrer/carte/",
        "/integrer/carte/?ou=Crest",
        "/integrer/carte/departement/26/",
        f"/integrer/lieux/{equipe.lieu.pk}/",
    ]


def ancetres(reponse: HttpResponse) -> str:
    directives = reponse["Content-Security-Policy"].split("; ")
    return next(directive for directive in directives if directive.startswith("frame-ancestors"))


def test_these_pages_may_be_framed_and_keep_no_cookie(client: Client, equipe: Equipe) -> None:
    for adresse in adresses(equipe):
        reponse = client.get(adresse)
        assert reponse.status_code == 200
        assert ancetres(reponse) == "frame-ancestors *"
        assert "X-Frame-Options" not in reponse
        assert "default-src 'self'" in reponse["Content-Security-Policy"]
        assert not reponse.cookies
        assert "Cookie" not in reponse.get("Vary", "")
        assert b'content="noindex, follow"' in reponse.content


def test_no_other_page_may_be_framed(client: Client, equipe: Equipe) -> None:
    fiche = client.get(f"/lieux/{equipe.lieu.pk}/")["Location"]
    lien = f"/r/{equipe.structure.lien}/"
    publiques = ["/", "/carte/", "/carte/departement/26/", fiche, lien, f"{lien}motif/{equipe.motif.pk}/creneaux/"]
    for adresse in publiques:
        reponse = client.get(adresse, follow=True)
        assert (ancetres(reponse), reponse["X-Frame-Options"]) == ("frame-ancestors 'none'", "DENY"), adresse
    page = connecte(equipe.admin).get(equipe.adresse("reservations:reservation_en_ligne"))
    assert (ancetres(page), page["X-Frame-Options"]) == ("frame-ancestors 'none'", "DENY")


def test_what_leads_out_of_the_frame_opens_elsewhere(client: Client, equipe: Equipe) -> None:
    for adresse in adresses(equipe):
        arbre = html.fromstring(client.get(adresse).content)
        arbre.make_links_absolute(f"http://testserver{adresse}")
        for lien in arbre.xpath("//a"):
            dedans = urlsplit(lien.get("href")).path.startswith("/integrer/")
            assert dedans or lien.get("target") in ("_blank", "_top"), html.tostring(lien)
        assert all(f.get("method") == "get" for f in arbre.xpath("//form"))
        assert arbre.xpath("//title")[0].text.strip()


def test_the_next_times_of_a_place_lead_to_their_week(client: Client, equipe: Equipe) -> None:
    page = client.get(f"/integrer/lieux/{equipe.lieu.pk}/")
    heures = html.fromstring(page.content).xpath("//main//ul/li/ul/li/a")
    dites = [" ".join(a.text_content().split()) for a in heures]
    assert dites == [f"demain à {heure} h (nouvel onglet)" for heure in (9, 10, 11)]
    cible = heures[0].get("href")
    assert cible.startswith(
        f"/r/{equipe.structure.lien}/motif/{equipe.motif.pk}/creneaux/?lieu={equipe.lieu.pk}&semaine="
    )
    assert client.get(cible).status_code == 200


def test_a_place_without_slot_gives_its_phone_and_one_by_phone_its_times(client: Client, equipe: Equipe) -> None:
    ouvrir_ou_fermer(lieu=equipe.lieu, ouvert=False)
    ferme = texte(client.get(f"/integrer/lieux/{equipe.lieu.pk}/"))
    assert "n'a pas de créneau à réserver par Internet en ce moment. Par téléphone : 04 75 25 00 00" in ferme
    ouvrir_ou_fermer(lieu=equipe.lieu, ouvert=True)
    equipe.structure.plages.all().delete()
    une_plage(equipe, motifs=[MotifFactory(structure=equipe.structure, telephone=True, ouvert=True)], lieu=None)
    par_telephone = client.get(f"/integrer/lieux/{equipe.lieu.pk}/")
    assert "· par téléphone" in texte(par_telephone)
    assert b"?semaine=" in par_telephone.content
    assert client.get("/integrer/lieux/999999999/").status_code == 404


def test_the_frame_costs_the_same_for_one_or_thirty_motifs(client: Client, equipe: Equipe) -> None:
    couts = []
    for nombre in (0, 29):
        une_plage(
            equipe, motifs=[equipe.motif, *MotifFactory.create_batch(nombre, structure=equipe.structure, ouvert=True)]
        )
        with CaptureQueriesContext(connection) as requetes:
            client.get(f"/integrer/lieux/{equipe.lieu.pk}/")
        couts.append(len(requetes))
    assert couts == [4, 4]


def test_the_code_is_to_be_pasted_as_it_is(client: Client, equipe: Equipe, settings: Any) -> None:
    settings.SITE_URL = "https://rdv.exemple.fr"
    lieu = LieuFactory(structure=equipe.structure, nom='L\'"Espace" <b>')
    cadre = html.fromstring(code_du_lieu(lieu))
    assert (cadre.tag, cadre.get("src")) == ("iframe", f"https://rdv.exemple.fr/integrer/lieux/{lieu.pk}/")
    assert cadre.get("title") == 'Rendez-vous : L\'"Espace" <b>, Crest'
    carte = html.fromstring(code_de_la_carte(lieu))
    assert carte.get("src") == "https://rdv.exemple.fr/integrer/carte/?commune=26108"
    assert carte.get("allow") == "geolocation"
    fiche = html.fromstring(client.get(f"/lieux/{lieu.pk}/", follow=True).content)
    assert [champ.text for champ in fiche.xpath("//textarea")] == [code_du_lieu(lieu), code_de_la_carte(lieu)]
    page = html.fromstring(connecte(equipe.basique).get(equipe.adresse("reservations:lien")).content)
    assert code_du_lieu(lieu) in [champ.text for champ in page.xpath("//textarea")]
