"""The map in the real browser: drawn with no third party and no violation of the policy; the list without it."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from cartographie.publication import publier
from tests.aides_agent import Equipe, une_plage
from tests.factories import LieuFactory

pytestmark = [pytest.mark.navigateur, pytest.mark.django_db(transaction=True)]


def test_the_list_and_the_map_lead_to_a_place(live_server, page: Page, equipe: Equipe, sans_defaut_d_acces) -> None:
    equipe.motif.reservable_en_ligne = True
    equipe.motif.save()
    equipe.lieu.latitude, equipe.lieu.longitude = 44.7289, 5.0222
    equipe.lieu.save()
    une_plage(equipe)
    publier(maintenant=timezone.now())
    LieuFactory(structure=equipe.structure, nom="Autre lieu", latitude=44.9, longitude=5.3)
    demandees, plaintes = [], []
    page.on("request", lambda requete: demandees.append(requete.url))
    page.on("console", lambda message: plaintes.append(message.text) if message.type == "error" else None)

    page.goto(f"{live_server.url}/carte/")
    page.get_by_label("Votre commune ou votre code postal").fill("Crest")
    page.get_by_role("button", name="Chercher").click()
    expect(page.get_by_role("link", name="Autre lieu")).to_be_visible()
    marque = page.get_by_role("button", name="Salle numérique")
    expect(marque).to_be_visible()
    sans_defaut_d_acces(page, (375, 1280))
    marque.click()
    page.locator(".leaflet-popup").get_by_role("link", name="Salle numérique").click()

    expect(page.get_by_role("heading", level=1, name="Salle numérique")).to_be_visible()
    sans_defaut_d_acces(page, (375, 1280))
    page.get_by_role("link", name="Prendre rendez-vous").click()
    expect(page).to_have_url(
        f"{live_server.url}/r/{equipe.structure.lien}/motif/{equipe.motif.pk}/creneaux/?lieu={equipe.lieu.pk}"
    )
    assert {url for url in demandees if not url.startswith((live_server.url, "data:"))} == set()
    assert plaintes == []
