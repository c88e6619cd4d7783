"""A prescriber's day in the real browser: the first booking, then the second, timed; and each page read by axe.

RYTHME_HUMAIN=1 types and reads at a human's speed (five keys a second, one second before each field, two before each
click, ten to fetch the code): the figures that docs/prescripteurs.md quotes. CAPTURES=docs/captures keeps its pictures.
"""

import os
import re
import time
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from reservations.models import RendezVous, Statut
from tests.reservations.aides_parcours import Monde, code_recu, un_monde

pytestmark = [pytest.mark.navigateur, pytest.mark.django_db(transaction=True)]

HUMAIN = bool(os.environ.get("RYTHME_HUMAIN"))
LARGEUR = 320
HEURE = re.compile(r" à \d+ h$")


@pytest.fixture
def monde(transactional_db, settings) -> Monde:
    settings.SMS_FOURNISSEUR = "demo"
    monde = un_monde(maintenant=timezone.now())
    # The seconds of the test must not cross a slot: nothing is bookable before tomorrow.
    monde.motif.delai_min = timedelta(days=1)
    monde.motif.save()
    return monde


def cliquer(element: Locator) -> None:
    if HUMAIN:
        time.sleep(2)
    element.click()


def ecrire(page: Page, champs: dict[str, str]) -> None:
    for libelle, texte in champs.items():
        champ = page.get_by_role("textbox", name=re.compile(f"^{libelle}"))
        if HUMAIN:
            time.sleep(1)
            champ.press_sequentially(texte, delay=200)
        else:
            champ.fill(texte)


def test_the_first_booking_then_the_second_one_timed(page, live_server, monde, sans_defaut_d_acces, photographier):
    mesure = {"depuis": time.monotonic(), "hors": 0.0}

    def montrer(nom: str) -> None:
        """Read the page by axe and keep its pictures, out of the time that is measured."""
        debut = time.monotonic()
        sans_defaut_d_acces(page, (LARGEUR,))
        for largeur in (375, 1280) if os.environ.get("CAPTURES") else ():
            page.set_viewport_size({"width": largeur, "height": 800})
            photographier(page, f"prescripteur-{nom}")
        mesure["hors"] += time.monotonic() - debut

    def duree() -> float:
        passee = time.monotonic() - mesure["depuis"] - mesure["hors"]
        mesure["depuis"], mesure["hors"] = time.monotonic(), 0.0
        return passee

    page.goto(f"{live_server.url}/r/{monde.structure.lien}/")
    cliquer(page.get_by_role("link", name="pour quelqu'un que j'accompagne"))
    montrer("1-creneaux")
    cliquer(page.get_by_role("button", name=HEURE).first)
    montrer("2-vos-coordonnees")
    ecrire(
        page,
        {
            "Prénom": "Léa",
            "Nom": "Roux",
            "Organisation": "CCAS de Crest",
            "E-mail": "lea.roux@ccas-crest.fr",
            "Téléphone": "0475000000",
        },
    )
    cliquer(page.get_by_role("button", name="Recevoir mon code"))
    montrer("3-code")
    if HUMAIN:
        time.sleep(10)
    ecrire(page, {"Votre code": code_recu()})
    cliquer(page.get_by_role("button", name="Continuer"))
    montrer("4-la-personne")
    ecrire(page, {"Prénom": "Jeanne", "Nom": "Martin", "Téléphone": "0612345678"})
    cliquer(page.get_by_role("button", name="Confirmer le rendez-vous"))
    expect(page.get_by_role("status").filter(has_text="Le rendez-vous de Jeanne Martin est confirmé")).to_be_focused()
    premier = duree()
    montrer("5-confirme")
    duree()

    cliquer(page.get_by_role("link", name="Prendre un autre rendez-vous"))
    cliquer(page.get_by_role("button", name=HEURE).nth(1))
    ecrire(page, {"Prénom": "Ali", "Nom": "Benali", "Téléphone": "0698765432"})
    cliquer(page.get_by_role("button", name="Confirmer le rendez-vous"))
    expect(page.get_by_role("status").filter(has_text="Le rendez-vous d'Ali Benali est confirmé")).to_be_visible()
    second = duree()
    print(f"\nPremier rendez-vous : {premier:.0f} s. Deuxième : {second:.0f} s.")  # noqa: T201 quoted in docs/
    assert premier < 60
    assert second < 25
    assert RendezVous.objects.filter(statut=Statut.PREVU, prescripteur__nom="Roux").count() == 2

    page.go_back()  # the form of a confirmed booking is its rendez-vous
    expect(page.get_by_role("heading", name="Ali Benali")).to_be_visible()
    page.goto(f"{live_server.url}/prescripteur/")
    montrer("6-rendez-vous-pris")
    page.get_by_role("link", name=re.compile("Jeanne Martin")).click()
    page.add_init_script("window.print = function () { window.imprime = true }")
    page.get_by_role("link", name="Imprimer la fiche").click()
    page.wait_for_function("window.imprime")  # one click prints
    montrer("7-fiche")
    page.get_by_role("link", name="Revenir au rendez-vous").click()
    page.get_by_role("link", name="Annuler ce rendez-vous").click()
    montrer("8-annuler")
    page.goto(f"{live_server.url}/prescripteur/coordonnees/")
    montrer("9-coordonnees")
    page.get_by_role("button", name=re.compile("^Oublier cet appareil")).click()
    expect(page.get_by_label("Votre e-mail professionnel")).to_be_visible()
    montrer("10-entree")
