"""The part of the DSFR that pages load: it is what the command gives, and nothing that a page uses was lost."""

import re

import pytest
from django.contrib.staticfiles import finders

from rdv.management.commands import feuille_dsfr

COMMANDE = "lancez « uv run manage.py feuille_dsfr »"


@pytest.fixture(scope="module")
def feuilles() -> dict[str, str]:
    return feuille_dsfr.feuilles()


@pytest.mark.parametrize("nom", [feuille_dsfr.FEUILLE, feuille_dsfr.MARQUE])
def test_the_committed_sheet_is_what_the_command_gives(feuilles: dict[str, str], nom: str) -> None:
    ecrite = (feuille_dsfr.STYLES / nom).read_text(encoding="utf-8")
    assert ecrite == feuilles[nom], f"{nom} n'est plus ce que les pages emploient du DSFR : {COMMANDE}"


def test_every_class_of_a_page_that_the_dsfr_knows_is_in_the_sheet(feuilles: dict[str, str]) -> None:
    # Without the parser nor the command's words: what is written between the quotes of a `class`, in any template.
    ecrites = {
        mot
        for gabarit in (feuille_dsfr.RACINE / "templates").rglob("*.html")
        for classes in re.findall(r'class="([^"]*)"', gabarit.read_text(encoding="utf-8"))
        for mot in re.findall(r"fr-[\w-]*\w", classes)
    }
    du_dsfr = "".join(feuille_dsfr.lire(fichier) for fichier in (*feuille_dsfr.FICHIERS, feuille_dsfr.LOGO))
    connues = {classe for classe in ecrites if re.search(rf"\.{classe}(?![\w-])", du_dsfr)}
    assert {"fr-btn", "fr-btn--secondary", "fr-alert--warning", "fr-logo", "fr-input"} <= connues
    gardees = "".join(feuilles.values())
    assert {classe for classe in connues if not re.search(rf"\.{classe}(?![\w-])", gardees)} == set()


def test_every_variable_that_our_sheets_ask_for_is_given() -> None:
    styles = {f.name: f.read_text(encoding="utf-8") for f in feuille_dsfr.STYLES.glob("*.css")}
    demandees = {nom for texte in styles.values() for nom in re.findall(r"var\((--[\w-]+)\)", texte)}
    du_dsfr = "".join(feuille_dsfr.lire(fichier) for fichier in feuille_dsfr.FICHIERS)
    donnees = "".join(styles.values())
    assert "--text-default-grey" in demandees
    assert {nom for nom in demandees if f"{nom}:" in du_dsfr and f"{nom}:" not in donnees} == set()


def test_the_images_and_fonts_of_the_sheet_exist(feuilles: dict[str, str]) -> None:
    adresses = {adresse for texte in feuilles.values() for adresse in re.findall(r"url\(\.\./([^)]+)\)", texte)}
    assert any(adresse.endswith("Marianne-Regular.woff2") for adresse in adresses)
    assert {adresse for adresse in adresses if finders.find(adresse) is None} == set()
    assert all(
        'url("data:' in morceau or "url(../" in morceau
        for morceau in re.findall(r"url\(.{6}", "".join(feuilles.values()))
    )


def test_what_no_page_uses_is_left_out(feuilles: dict[str, str]) -> None:
    texte = feuilles[feuille_dsfr.FEUILLE]
    assert len(texte) < 60_000
    assert "dark" not in texte
    assert "tilleul" not in texte
    assert "@font-face" not in texte
