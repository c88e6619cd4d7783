"""The motifs in the real browser: search, open with undo, live preview; read by axe at both widths."""

import re

import pytest
from playwright.sync_api import expect

from motifs.models import Motif
from tests.aides_agent import Equipe, une_plage
from tests.factories import MotifFactory

pytestmark = [pytest.mark.navigateur, pytest.mark.django_db(transaction=True)]


def test_searching_opening_and_undoing_without_loading_the_page(
    ouvrir_page,
    equipe: Equipe,
    sans_defaut_d_acces,
    photographier,
) -> None:
    MotifFactory(structure=equipe.structure, nom="Démarches CAF")
    page = ouvrir_page("motifs:motifs", largeur=375)
    erreurs: list[str] = []
    page.on("console", lambda message: erreurs.append(message.text) if message.type == "error" else None)
    page.evaluate("window.memePage = true")

    page.get_by_label("Nom").press_sequentially("demarches")
    expect(page.get_by_role("row", name="Accompagnement individuel")).to_have_count(0)
    expect(page).to_have_url(re.compile("q=demarches"))
    page.get_by_role("button", name="Ouvrir Démarches CAF").click()
    succes = page.locator("#liste [role=status]")
    expect(succes).to_contain_text("« Démarches CAF » est ouvert à la réservation en ligne.")
    expect(succes).to_be_focused()
    sans_defaut_d_acces(page)
    photographier(page, "motifs-ouvert")
    succes.get_by_role("button", name="Annuler").click()
    expect(succes).to_contain_text("est fermé")
    assert not Motif.objects.filter(reservable_en_ligne=True).exists()
    assert page.evaluate("window.memePage")
    assert erreurs == []


def test_the_preview_follows_what_is_typed(
    ouvrir_page,
    equipe: Equipe,
    sans_defaut_d_acces,
    photographier,
) -> None:
    une_plage(equipe)
    page = ouvrir_page("motifs:modifier_motif", equipe.motif.pk)
    apercu = page.locator("#apercu")
    expect(apercu).to_contain_text("demain à 10 h")

    page.get_by_label("Durée, en minutes").fill("90")
    page.get_by_label("Instructions à accepter").fill("Apportez vos papiers.")
    page.get_by_label("Nom du motif").fill("Aide aux démarches")
    page.get_by_label("Nom du motif").press("Tab")
    expect(apercu).to_contain_text("Aide aux démarches")
    expect(apercu).to_contain_text("demain à 10 h 30")
    expect(apercu).to_contain_text("Apportez vos papiers.")
    sans_defaut_d_acces(page, (375, 1280))
    photographier(page, "motif-apercu")
