"""The link and its poster in the real browser: printed, closed, opened again, renewed."""

import re

import pytest
from playwright.sync_api import expect

from tests.aides_agent import Equipe
from tests.factories import LieuFactory

pytestmark = [pytest.mark.navigateur, pytest.mark.django_db(transaction=True)]


def test_the_poster_prints_alone_on_one_sheet(ouvrir_page, equipe: Equipe, photographier) -> None:
    LieuFactory.create_batch(4, structure=equipe.structure)
    page = ouvrir_page("reservations:affiche")

    feuilles = len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))

    assert feuilles == 1
    page.emulate_media(media="print")
    expect(page.get_by_role("banner")).to_be_hidden()
    expect(page.get_by_role("img", name="QR code du lien de réservation")).to_be_visible()
    assert page.evaluate("document.querySelector('.rdv-affiche img').naturalWidth > 0")
    photographier(page, "affiche-imprimee")


def test_closing_and_renewing_the_link_without_javascript(ouvrir_page, equipe: Equipe, photographier) -> None:
    ancien = equipe.structure.lien
    page = ouvrir_page("reservations:lien", javascript=False)

    page.get_by_role("link", name="Fermer le lien pour un temps").click()
    page.get_by_role("button", name="Fermer le lien").click()
    expect(page.get_by_text("Votre lien est fermé", exact=False).first).to_be_visible()
    page.get_by_role("link", name="Rouvrir le lien").click()
    page.get_by_role("button", name="Rouvrir le lien").click()
    expect(page.get_by_text("Votre lien est rouvert.")).to_be_visible()
    page.get_by_role("link", name="QR code, affiche, texte d'e-mail").click()
    page.get_by_role("link", name="Renouveler le lien").click()
    page.get_by_role("button", name="Renouveler le lien").click()
    expect(page.get_by_text("Votre lien est renouvelé.")).to_be_visible()

    reponse = page.goto(page.url.split("/agent/")[0] + f"/r/{ancien}/")
    assert reponse.status == 410
    expect(page.get_by_role("heading", name="Ce lien a été remplacé")).to_be_visible()
    photographier(page, "ancien-lien")
