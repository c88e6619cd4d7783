"""The learner chooses English and books, on a phone: the hidden texts, the focus and the names are in English too."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect

from reservations.models import RendezVous
from tests.reservations.aides_parcours import code_recu, un_monde

pytestmark = [pytest.mark.navigateur, pytest.mark.django_db(transaction=True)]


def test_the_language_is_chosen_on_a_page_and_kept_until_the_confirmation(
    browser: Browser, live_server, settings, sans_defaut_d_acces, photographier
) -> None:
    settings.SMS_FOURNISSEUR = "demo"
    settings.SECONDES_AVANT_CONTACT = 0
    monde = un_monde(maintenant=timezone.now(), delai_min=timedelta(days=1))
    fenetre = browser.new_context(locale="fr-FR", viewport={"width": 320, "height": 800})
    page = fenetre.new_page()
    page.goto(f"{live_server.url}/r/{monde.structure.lien}/")
    page.get_by_role("link", name="Semaine d'après").click()
    expect(page).to_have_url(re.compile("semaine="))
    adresse = page.url
    page.get_by_role("button", name="English").focus()
    page.keyboard.press("Enter")
    # Back to the same page, at the week that htmx had brought.
    expect(page.locator("html[lang=en]")).to_be_visible()
    assert page.url == adresse
    sans_defaut_d_acces(page)
    photographier(page, "anglais-creneaux")
    page.get_by_role("button", name=" at ").first.click()
    photographier(page, "anglais-coordonnees")
    RendezVous.objects.update(expire_a=timezone.now())
    page.locator("#garde").dispatch_event("expire")
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("Your time is kept for you again.")).to_be_visible()
    page.get_by_role("button", name="Get my code").click()
    expect(page.get_by_role("alert")).to_be_focused()
    sans_defaut_d_acces(page)
    page.get_by_label("First name").fill("Jane")
    page.get_by_label("Last name").fill("Smith")
    page.get_by_label("E-mail address").fill("jane@exemple.fr")
    page.get_by_role("button", name="Get my code").click()
    page.get_by_label("Your 6-digit code").fill(code_recu())
    page.get_by_role("button", name="Confirm the appointment").click()
    expect(page.get_by_role("heading", name="Your appointment is confirmed")).to_be_visible()
    sans_defaut_d_acces(page)
    photographier(page, "anglais-confirmation")
    page.get_by_role("button", name="Français").click()
    expect(page.get_by_role("heading", name="Votre rendez-vous")).to_be_visible()
    fenetre.close()
