"""An agent creates a rendez-vous in the real browser: search, slot, warning, back to the agenda."""

from datetime import timedelta

import pytest
from playwright.sync_api import Route, expect

from plages.models import JourParticulier
from reservations.models import Apprenant, RendezVous
from tests.aides_agent import Equipe, demain, une_plage

pytestmark = [pytest.mark.navigateur, pytest.mark.django_db(transaction=True)]


def test_what_is_typed_before_the_scripts_are_there_is_looked_for(ouvrir_page, live_server, equipe: Equipe) -> None:
    Apprenant.objects.create(structure=equipe.structure, prenom="Jeanne", nom="Martin")
    page = ouvrir_page("reservations:agenda")
    retenus: list[Route] = []
    page.route("**/htmx*.js", lambda route: retenus.append(route))
    page.goto(f"{live_server.url}{equipe.adresse('reservations:nouveau_rendez_vous')}", wait_until="commit")
    page.get_by_label("Nom ou téléphone").press_sequentially("jeanne")
    assert len(retenus) == 1

    retenus[0].continue_()

    expect(page.get_by_label("Jeanne Martin")).to_be_visible()


def test_from_a_free_hour_of_the_agenda_to_the_rendez_vous(
    ouvrir_page, equipe: Equipe, sans_defaut_d_acces, photographier
) -> None:
    jour = demain() + timedelta(days=1)
    JourParticulier.objects.create(structure=equipe.structure, jour=jour, ferme=False)
    une_plage(equipe, premier_jour=jour, frequence="unique")
    for prenom in ("Jeanne", "Paul"):
        Apprenant.objects.create(structure=equipe.structure, prenom=prenom, nom="Martin", telephone="+33612345678")
    erreurs: list[str] = []
    page = ouvrir_page("reservations:agenda", parametres=f"?jour={jour}", largeur=375)
    page.on("console", lambda message: erreurs.append(message.text) if message.type == "error" else None)

    page.get_by_role("link", name="ajouter ici à 10 h").click()
    expect(page.get_by_label("Heure", exact=True)).to_have_value("10:00")
    expect(page.get_by_label("Prénom")).to_be_visible()
    page.get_by_label("Nom ou téléphone").press_sequentially("06 12")
    expect(page.get_by_text("Jeanne Martin")).to_be_visible()
    page.get_by_text("Paul Martin").click()
    expect(page.get_by_label("Prénom")).to_be_hidden()
    page.get_by_label("Durée, en minutes").fill("90")
    page.get_by_label("Durée, en minutes").press("Tab")
    expect(page.locator("#creneaux")).to_contain_text("à 10 h 30")
    expect(page.get_by_role("radio", name="Un autre jour, une autre heure")).to_be_checked()
    sans_defaut_d_acces(page, (320, 1280))
    photographier(page, "nouveau-rendez-vous")
    page.get_by_label("Heure", exact=True).fill("11:00")
    page.get_by_role("button", name="Créer le rendez-vous").click()

    avertissement = page.get_by_role("alert")
    expect(avertissement).to_be_focused()
    expect(avertissement).to_contain_text("n'a pas de plage d'ouverture à ce moment-là")
    page.get_by_label("Heure", exact=True).press("Enter")
    expect(avertissement).to_be_focused()
    assert not RendezVous.objects.exists()
    sans_defaut_d_acces(page)
    page.get_by_role("button", name="Enregistrer quand même").click()

    expect(page.locator("#panneau")).to_be_visible()
    expect(page.get_by_text("C'est noté : Paul Martin")).to_be_visible()
    assert RendezVous.objects.get().participations.get().apprenant.prenom == "Paul"
    sans_defaut_d_acces(page)
    assert erreurs == []
