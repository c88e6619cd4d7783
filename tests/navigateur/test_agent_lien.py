"""The link and its poster in the real browser, read by axe, at both widths; the reasons of a verdict too."""

import os
import re
from datetime import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from motifs.models import Motif
from tests.aides_agent import Equipe, une_plage
from tests.factories import LieuFactory, MotifFactory
from tests.navigateur.test_agent import equipe, ouvrir_page  # noqa: F401 fixtures

pytestmark = [pytest.mark.navigateur, pytest.mark.django_db(transaction=True)]


def photographier(page: Page, nom: str) -> None:
    """Keep a picture of the page in the folder CAPTURES, when it is set."""
    if dossier := os.environ.get("CAPTURES"):
        page.screenshot(path=Path(dossier) / f"{nom}-{page.viewport_size['width']}.png", full_page=True)


@pytest.mark.parametrize("largeur", [375, 1280])
def test_every_page_of_the_link_is_without_fault(
    ouvrir_page,  # noqa: F811
    equipe: Equipe,  # noqa: F811
    sans_defaut_d_acces,
    largeur: int,
) -> None:
    Motif.objects.filter(pk=equipe.motif.pk).update(reservable_en_ligne=True)
    annexe = LieuFactory(structure=equipe.structure, nom="Annexe", ouvert=False)
    une_plage(equipe)
    empeche = MotifFactory(structure=equipe.structure, nom="Atelier photos", ouvert=True, duree=90)
    une_plage(equipe, motifs=[empeche], titre="Courte", heure_fin=time(9, 30), agent=equipe.basique)
    une_plage(equipe, motifs=[empeche], titre="À l'annexe", lieu=annexe, agent=equipe.basique)
    for nom, *args in (
        ("reservations:reservation_en_ligne",),
        ("reservations:lien",),
        ("reservations:affiche",),
        ("reservations:renouveler_lien",),
        ("reservations:fermer_lien",),
        ("reservations:rouvrir_lien",),
        ("motifs:modifier_motif", empeche.pk),
    ):
        page = ouvrir_page(nom, *args, largeur=largeur)
        sans_defaut_d_acces(page)
        photographier(page, nom.replace(":", "-"))
        page.context.close()


def test_the_poster_prints_alone_on_one_sheet(ouvrir_page, equipe: Equipe) -> None:  # noqa: F811
    LieuFactory.create_batch(4, structure=equipe.structure)
    page = ouvrir_page("reservations:affiche")

    feuilles = len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))

    assert feuilles == 1
    page.emulate_media(media="print")
    expect(page.get_by_role("banner")).to_be_hidden()
    expect(page.get_by_role("img", name="QR code du lien de réservation")).to_be_visible()
    assert page.evaluate("document.querySelector('.rdv-affiche img').naturalWidth > 0")
    photographier(page, "affiche-imprimee")


def test_closing_and_renewing_the_link_without_javascript(ouvrir_page, equipe: Equipe) -> None:  # noqa: F811
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
