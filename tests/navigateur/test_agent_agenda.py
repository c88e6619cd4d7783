"""The agenda in the real browser: blocks are where the hours say, at both widths; a rendez-vous opens in place."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from reservations.models import RendezVous, Statut
from tests.aides_agent import Equipe, un_rendez_vous, une_plage

pytestmark = [pytest.mark.navigateur, pytest.mark.django_db(transaction=True)]


def test_the_agenda_shows_one_day_or_seven_with_blocks_at_their_hours(ouvrir_page, equipe: Equipe) -> None:
    une_plage(equipe)
    rdv = un_rendez_vous(equipe)
    page = ouvrir_page("reservations:agenda", parametres=f"?jour={rdv.debut.date()}")
    for largeur, jours in ((375, 1), (1280, 7)):
        page.set_viewport_size({"width": largeur, "height": 800})
        assert page.locator(".rdv-agenda__jour:visible").count() == jours
        bloc, heures = page.locator(".rdv-bloc--rdv"), page.locator(".rdv-agenda__heures > li")
        heure = timezone.localtime(rdv.debut, equipe.structure.tz).hour
        ligne = heures.filter(has_text=f"{heure} h").bounding_box()
        assert abs(bloc.bounding_box()["y"] - ligne["y"]) < 2
        assert abs(bloc.bounding_box()["height"] - ligne["height"]) < 2


def test_a_rendez_vous_opens_in_place_and_is_marked(ouvrir_page, equipe: Equipe, sans_defaut_d_acces) -> None:
    rdv = un_rendez_vous(equipe, jours=-1)
    jour = timezone.localdate(rdv.debut)
    page = ouvrir_page("reservations:agenda", parametres=f"?jour={jour}")
    page.evaluate("window.memePage = true")

    page.get_by_role("link", name="Jeanne Martin").click()
    expect(page.locator("#panneau")).to_be_focused()
    expect(page.get_by_role("link", name="jeanne@exemple.fr")).to_be_visible()
    assert page.evaluate("window.memePage"), "the region is swapped, the page is not loaded again"
    assert page.url.endswith(f"rdv={rdv.pk}")
    sans_defaut_d_acces(page)
    page.get_by_role("link", name="Fermer ce rendez-vous").click()
    expect(page.locator("#panneau")).to_have_count(0)
    page.go_back()
    expect(page.get_by_role("link", name="jeanne@exemple.fr")).to_be_visible()

    page.get_by_role("button", name="La personne est venue").click()
    expect(page.get_by_text("C'est noté : personne venue.")).to_be_visible()
    expect(page.locator(".rdv-bloc__statut")).to_have_text("Personne venue")
    assert RendezVous.objects.get().statut == Statut.HONORE


def test_moving_without_javascript(ouvrir_page, equipe: Equipe, sans_defaut_d_acces) -> None:
    une_plage(equipe)
    rdv = un_rendez_vous(equipe, jours=8)
    page = ouvrir_page("reservations:rendez_vous_detail", rdv.pk, javascript=False, largeur=375)
    page.get_by_role("link", name="Déplacer").click()
    page.locator(".rdv-creneau").last.click()
    page.get_by_role("button", name="Déplacer le rendez-vous").click()

    expect(page.get_by_text("La personne est prévenue.")).to_be_visible()
    avant, apres = rdv.debut, RendezVous.objects.get().debut
    assert apres != avant
    assert abs(apres - avant) < timedelta(days=15)
    for nom in ("reservations:rendez_vous_detail", "reservations:deplacer"):
        sans_defaut_d_acces(ouvrir_page(nom, rdv.pk), (375, 1280))
