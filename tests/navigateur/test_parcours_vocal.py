"""The learner's path by somebody who sees nothing: a script that knows of the page its accessibility tree alone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import CDPSession, Page, expect

from reservations.models import RendezVous, Statut
from tests.reservations.aides_parcours import Monde, code_recu, un_monde

pytestmark = [pytest.mark.navigateur, pytest.mark.django_db(transaction=True)]


@dataclass
class Voix:
    """What a screen reader has: roles, names and states, and the keyboard. No selector, no coordinate."""

    page: Page
    cdp: CDPSession

    def lire(self) -> Iterator[tuple[str, str, int]]:
        """Give (role, name, node) of what is exposed, in the order of reading."""
        for noeud in self.cdp.send("Accessibility.getFullAXTree")["nodes"]:
            if not noeud.get("ignored"):
                role, nom = (noeud.get(cle, {}).get("value", "") for cle in ("role", "name"))
                yield role, " ".join(nom.split()), noeud.get("backendDOMNodeId", 0)

    def trouver(self, role: str, nom: str) -> tuple[str, int]:
        for un_role, un_nom, noeud in self.lire():
            if un_role == role and re.search(nom, un_nom):
                return un_nom, noeud
        raise AssertionError(f"{role} « {nom} » n'est pas annoncé : {[n for n in self.lire() if n[1]]}")

    def titre(self) -> str:
        return self.trouver("heading", "")[0]

    def activer(self, role: str, nom: str, touche: str = "Enter") -> str:
        """Put the focus on what is announced, press a key, and return its name."""
        annonce, noeud = self.trouver(role, nom)
        self.cdp.send("DOM.focus", {"backendNodeId": noeud})
        avant = self.page.url
        self.page.keyboard.press(touche)
        if touche == "Enter":
            self.page.wait_for_url(lambda url: url != avant)
        return annonce

    def ecrire(self, nom: str, texte: str) -> None:
        self.cdp.send("DOM.focus", {"backendNodeId": self.trouver("textbox", nom)[1]})
        self.page.keyboard.type(texte)


@pytest.fixture
def monde(transactional_db: None) -> Monde:
    monde = un_monde(maintenant=timezone.now(), instructions_a_accepter="Apportez vos papiers.")
    monde.motif.delai_min = timedelta(days=1)  # the seconds of the test must not cross a slot
    monde.motif.save()
    return monde


def test_the_whole_path_by_the_accessibility_tree_alone(page: Page, live_server, monde: Monde) -> None:
    page.goto(f"{live_server.url}/r/{monde.structure.lien}/")
    cdp = page.context.new_cdp_session(page)
    cdp.send("Accessibility.enable")
    voix = Voix(page, cdp)

    assert voix.titre().startswith("Étape 1 sur 3 : ")
    creneau = voix.activer("button", r"^\w+ \d+\w* \w+ à \d+ h")
    assert voix.titre().startswith("Étape 2 sur 3 : ")
    voix.activer("checkbox", "J'ai lu et j'accepte", touche="Space")
    voix.activer("button", "^Continuer")
    assert voix.titre().startswith("Étape 3 sur 3 : ")
    assert any(creneau.split(" à ")[0] in nom for _, nom, _ in voix.lire()), "the choice stays announced"
    voix.ecrire("^Prénom", "Jeanne")
    voix.ecrire("^Nom", "Martin")
    voix.ecrire("^Adresse e-mail", "jeanne@exemple.fr")
    voix.activer("button", "^Recevoir mon code")
    voix.ecrire("^Votre code", code_recu())
    voix.activer("button", "^Confirmer le rendez-vous")

    assert "Votre rendez-vous est confirmé" in [nom for role, nom, _ in voix.lire() if role == "heading"]
    assert RendezVous.objects.get().statut == Statut.PREVU


def test_at_320_px_and_twice_the_size_nothing_is_cut(page: Page, live_server, monde: Monde) -> None:
    """A phone of 320 px whose letters are twice as large: the text wraps, the page is never wider than the screen."""
    page.set_viewport_size({"width": 320, "height": 640})
    adresses = [f"/r/{monde.structure.lien}/", f"/r/{monde.structure.lien}/motif/{monde.motif.pk}/creneaux/"]
    for adresse in adresses:
        page.goto(f"{live_server.url}{adresse}")
        _agrandir(page)
    page.get_by_role("button", name=re.compile(r" à \d+ h$")).first.click()
    _agrandir(page)
    page.locator("label", has_text="J'ai lu et j'accepte").click()
    page.get_by_role("button", name="Continuer").click()
    _agrandir(page)
    page.get_by_role("button", name="Recevoir mon code").click()
    expect(page.get_by_role("alert")).to_be_visible()
    _agrandir(page)
    for champ, valeur in (("Prénom", "Jeanne"), ("Nom", "Martin"), ("Adresse e-mail", "jeanne@exemple.fr")):
        page.get_by_role("textbox", name=re.compile(f"^{champ}")).fill(valeur)
    page.get_by_role("button", name="Recevoir mon code").click()
    _agrandir(page)
    page.get_by_label("Votre code").fill(code_recu())
    page.get_by_role("button", name="Confirmer le rendez-vous").click()
    expect(page.get_by_role("heading", name="Votre rendez-vous est confirmé")).to_be_visible()
    _agrandir(page)


def _agrandir(page: Page) -> None:
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    trop_large = page.evaluate(
        "[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
        ".map(e => e.tagName + ' ' + e.className).slice(0, 5)"
    )
    assert trop_large == [], page.url
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), page.url
