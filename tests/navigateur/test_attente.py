"""The waiting list in the real browser: asked for, offered, taken; each page read by axe."""

from datetime import datetime, time, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from plages.models import JourParticulier
from reservations import attente
from reservations.models import Attente
from tests.reservations.aides_attente import liberer
from tests.reservations.aides_parcours import code_recu, page_des_creneaux, prendre_ailleurs, un_monde, une_plage

pytestmark = [pytest.mark.navigateur, pytest.mark.django_db(transaction=True)]


def test_from_nothing_free_to_a_rendez_vous(
    page: Page, live_server, sans_defaut_d_acces, photographier, monkeypatch
) -> None:
    monkeypatch.setattr(attente, "heure_de_prevenir", lambda maintenant, tz: True)  # these tests may run at night
    maintenant = timezone.now()
    jour = timezone.localdate() + timedelta(days=3)
    monde = un_monde(ouvrir=False, instructions_a_accepter="Venez avec vos papiers.")
    JourParticulier.objects.create(structure=monde.structure, jour=jour, ferme=False)
    une_plage(monde, maintenant=maintenant, frequence="unique", jours=[], premier_jour=jour, de=9, a=10)
    pris = prendre_ailleurs(monde, datetime.combine(jour, time(9), monde.structure.tz))

    page.goto(f"{live_server.url}{page_des_creneaux(monde)}")
    page.get_by_role("link", name="Prévenez-moi si une place se libère").click()
    sans_defaut_d_acces(page, (320,))
    page.get_by_label("Prénom").fill("Jeanne")
    page.get_by_label("Nom", exact=True).fill("Martin")
    page.get_by_role("button", name="Recevoir mon code").click()
    expect(page.get_by_role("alert")).to_be_focused()
    sans_defaut_d_acces(page)
    page.get_by_label("Adresse e-mail").fill("jeanne@exemple.fr")
    page.get_by_role("button", name="Recevoir mon code").click()
    page.get_by_label("Votre code à 6 chiffres").fill(code_recu())
    page.get_by_role("button", name="Me prévenir").click()
    expect(page.get_by_role("heading", name="Vous êtes sur la liste")).to_be_visible()
    sans_defaut_d_acces(page, (320,))

    liberer(pris, maintenant)
    assert attente.proposer_places(maintenant=timezone.now()) == 1
    page.reload()
    sans_defaut_d_acces(page, (320, 1280))
    photographier(page, "place-liberee")
    page.locator("label", has_text="J'ai lu et j'accepte").click()
    page.get_by_role("button", name="Je prends ce créneau").click()

    expect(page.get_by_role("heading", name="Votre rendez-vous est confirmé")).to_be_visible()
    assert Attente.objects.get().rendez_vous is not None
