"""The page of a territory in the real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from cartographie.models import LienDeTerritoire
from tests.aides_agent import Equipe, une_plage

pytestmark = [pytest.mark.navigateur, pytest.mark.django_db(transaction=True)]


def test_a_territory_is_searched_in_place_and_leads_to_the_prescribers_way(
    live_server, page: Page, equipe: Equipe, sans_defaut_d_acces
) -> None:
    equipe.motif.reservable_en_ligne = True
    equipe.motif.save()
    equipe.lieu.latitude, equipe.lieu.longitude = 44.7289, 5.0222
    equipe.lieu.save()
    une_plage(equipe)
    lien = LienDeTerritoire.objects.create(structure=equipe.structure, nom="Toute la Drôme", departement="26")
    page.goto(f"{live_server.url}/t/{lien.jeton}/")
    page.evaluate("window.memePage = true")

    page.get_by_label("Commune ou code postal").fill("Die")
    page.get_by_label("Commune ou code postal").press("Tab")
    expect(page.get_by_text("Le plus près de Die")).to_be_visible()
    page.get_by_role("link", name="Le plus tôt").click()
    expect(page).to_have_url(re.compile("ordre=tot"))
    assert page.evaluate("window.memePage"), "the list is swapped, the page is not loaded again"
    sans_defaut_d_acces(page, (375, 1280))
    page.get_by_role("link", name="Salle numérique").click()

    expect(page).to_have_url(re.compile(f"/p/{equipe.structure.lien}/motif/{equipe.motif.pk}/creneaux/"))
