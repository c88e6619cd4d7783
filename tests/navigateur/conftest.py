"""The real browser: the system's Chromium, driven by pytest-playwright, on pytest-django's live server."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

NOMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chemin_du_navigateur() -> str | None:
    if Path("/usr/bin/chromium").exists():
        return "/usr/bin/chromium"
    return next((chemin for nom in NOMS if (chemin := shutil.which(nom))), None)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    chemin = chemin_du_navigateur()
    if chemin is None:
        pytest.skip("Aucun navigateur : installez Chromium (apt install chromium) pour ces essais.")
    # Chromium's sandbox refuses to run as root.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {**browser_type_launch_args, "executable_path": chemin, "args": arguments}


@pytest.fixture
def sans_defaut_d_acces():
    """Give a function that fails on any violation that axe finds in a page, and names it."""

    def verifier(page: Page) -> None:
        resultat = Axe().run(page)
        fautes = [
            f"{faute['id']} : {faute['help']} ({', '.join(str(n['target']) for n in faute['nodes'])})"
            for faute in resultat.response["violations"]
        ]
        assert fautes == [], f"{page.url} : {fautes}"
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), f"{page.url} dépasse en largeur"

    return verifier
