"""The real browser: the system's Chromium, driven by pytest-playwright, on pytest-django's live server."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, Page

from tests.aides_agent import Equipe, connecte, une_equipe
from tests.navigateur.chromium import arguments_du_navigateur, chemin_du_navigateur

# The faults alone come back: what passes is a hundred times as long to read.
FAUTES = """async () => (await axe.run({resultTypes: ["violations"]})).violations.map(
    faute => `${faute.id} : ${faute.help} (${faute.nodes.map(noeud => noeud.target)})`)"""
# As wide as it gets, whatever the day of the test: the longest names of a day and of a month, hours of two figures.
TROP_LARGE = r"""() => {
    const mois = /(\d )(janvier|février|mars|avril|mai|juin|juillet|août|octobre|novembre|décembre)/g;
    const textes = [], marche = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (marche.nextNode()) textes.push([marche.currentNode, marche.currentNode.nodeValue]);
    for (const [noeud, texte] of textes) {
        const long = texte
            .replace(/\b(lundi|mardi|jeudi|vendredi|samedi|dimanche)\b/g, "mercredi")
            .replace(mois, "$1septembre")
            .replace(/\b\d{1,2} h\b( \d\d)?/g, "10 h 30");
        if (long !== texte) noeud.nodeValue = long;
    }
    const trop = document.documentElement.scrollWidth > innerWidth;
    for (const [noeud, texte] of textes) if (noeud.nodeValue !== texte) noeud.nodeValue = texte;
    return trop;
}"""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    chemin = chemin_du_navigateur()
    if chemin is None:
        pytest.skip("Aucun navigateur : installez Chromium (apt install chromium) pour ces essais.")
    return {**browser_type_launch_args, "executable_path": chemin, "args": arguments_du_navigateur()}


@pytest.fixture
def sans_defaut_d_acces():
    """Give a function that fails on any violation that axe finds in a page, and names it.

    The page is read at its own width, or at each of `largeurs` (pixels).
    """

    def verifier(page: Page, largeurs: tuple[int, ...] = ()) -> None:
        for largeur in largeurs or (None,):
            if largeur:
                page.set_viewport_size({"width": largeur, "height": 800})
            if not page.evaluate("() => 'axe' in window"):
                page.evaluate(AXE_SCRIPT)
            fautes = page.evaluate(FAUTES)
            endroit = f"{page.url}, {page.viewport_size['width']} px"
            assert fautes == [], f"{endroit} : {fautes}"
            assert not page.evaluate(TROP_LARGE), f"{endroit} : trop large"

    return verifier


@pytest.fixture
def equipe(transactional_db: None) -> Equipe:
    return une_equipe()


@pytest.fixture
def ouvrir_page(browser: Browser, live_server, equipe: Equipe) -> Iterator[Callable[..., Page]]:
    """Give a function that opens a page of the structure, the admin being signed in.

    One window with JavaScript and one without serve all the pages of a test: session and static files are kept.
    """
    fenetres: dict[bool, BrowserContext] = {}

    def fenetre(javascript: bool) -> BrowserContext:
        if javascript not in fenetres:
            fenetres[javascript] = browser.new_context(
                java_script_enabled=javascript, locale="fr-FR", permissions=["clipboard-read", "clipboard-write"]
            )
            session = connecte(equipe.admin).cookies["sessionid"].value
            fenetres[javascript].add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        return fenetres[javascript]

    def ouvrir(
        nom: str,
        *args: int,
        javascript: bool = True,
        largeur: int = 1280,
        parametres: str = "",
        dans: Page | None = None,
    ) -> Page:
        page = dans or fenetre(javascript).new_page()  # a new tab takes half a second more than an open one
        page.set_viewport_size({"width": largeur, "height": 800})
        page.goto(f"{live_server.url}{equipe.adresse(nom, *args)}{parametres}")
        return page

    yield ouvrir
    for ouverte in fenetres.values():
        ouverte.close()


@pytest.fixture
def photographier() -> Callable[[Page, str], None]:
    """Give a function that keeps a picture of a page in the folder CAPTURES, when it is set."""

    def garder(page: Page, nom: str) -> None:
        if dossier := os.environ.get("CAPTURES"):
            page.screenshot(path=Path(dossier) / f"{nom}-{page.viewport_size['width']}.png", full_page=True)

    return garder
