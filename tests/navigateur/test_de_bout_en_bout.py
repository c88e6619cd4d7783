"""The main job, agent and learner together, in the real browser: with JavaScript and without."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from plages.models import JourParticulier
from structures.models import Agent, Structure
from tests.aides_agent import demain
from tests.factories import MOT_DE_PASSE, AppartenanceFactory, LieuFactory, MotifFactory
from tests.reservations.aides_parcours import code_recu

pytestmark = [pytest.mark.navigateur, pytest.mark.django_db(transaction=True)]


@pytest.fixture(params=[True, False], ids=["avec JavaScript", "sans JavaScript"])
def javascript(request: pytest.FixtureRequest) -> bool:
    return request.param


@pytest.fixture
def pages(browser: Browser, javascript: bool) -> Iterator[tuple[Page, Page]]:
    """One browser window for the agent, one for the learner."""
    fenetres = [browser.new_context(java_script_enabled=javascript, locale="fr-FR") for _ in range(2)]
    yield fenetres[0].new_page(), fenetres[1].new_page()
    for fenetre in fenetres:
        fenetre.close()


@pytest.fixture
def agent(transactional_db: None) -> Agent:
    """The admin of a new structure: one lieu, one closed motif, nothing else."""
    appartenance = AppartenanceFactory(structure__nom="Médiathèque de Crest")
    LieuFactory(structure=appartenance.structure, nom="Salle numérique")
    MotifFactory(structure=appartenance.structure, nom="Accompagnement individuel")
    # Tomorrow, when its agent receives first, is worked there even on the eve of a public holiday.
    JourParticulier.objects.create(structure=appartenance.structure, jour=demain(), ferme=False)
    return appartenance.agent


def premier_creneau(page: Page) -> str:
    return page.get_by_role("button", name=re.compile(r" à \d+ h")).first.inner_text()


def ouvrir_ses_creneaux(page: Page, racine: str, agent: Agent, *, javascript: bool) -> str:
    """Do the brief's two steps from the tab Réservation en ligne, and return the link to share."""
    page.goto(f"{racine}/connexion/")
    page.get_by_label("Adresse e-mail").fill(agent.courriel)
    page.get_by_label("Mot de passe").fill(MOT_DE_PASSE)
    page.get_by_role("button", name="Se connecter").click()
    page.goto(f"{racine}/agent/{agent.structures.get().pk}/parametres/reservation-en-ligne/")
    expect(page.get_by_label("Votre lien de réservation")).to_be_disabled()

    page.get_by_role("link", name="Ouvrir un motif à la réservation en ligne").click()
    page.get_by_role("link", name="Accompagnement individuel", exact=True).click()
    page.get_by_text("Réservable en ligne", exact=True).click()
    page.get_by_role("button", name="Enregistrer").click()
    if "reservation-en-ligne" not in page.url:
        page.get_by_role("link", name="Réservation en ligne").first.click()

    page.get_by_role("link", name="Ajouter des plages d'ouverture pour les motifs ouverts").click()
    expect(page.get_by_role("checkbox", name=re.compile("Accompagnement individuel"))).to_be_checked()
    page.get_by_label("Nom de la plage").fill("Permanence")
    page.get_by_label("Premier jour").fill(demain().isoformat())
    page.get_by_text("Toutes les semaines", exact=True).click()
    for jour in ("Lundi", "Mardi", "Mercredi", "Jeudi", "Vendredi", "Samedi", "Dimanche"):
        page.get_by_text(jour, exact=True).click()
    page.get_by_role("button", name="Ajouter la plage").click()

    lien = page.get_by_label("Votre lien de réservation")
    expect(lien).to_be_enabled()
    if javascript:
        page.get_by_role("button", name="Copier le lien").click()
        expect(page.locator("#annonces")).to_contain_text("Lien copié")
    return lien.input_value()


def test_un_motif_ouvert_reserve_puis_annule(
    pages: tuple[Page, Page], live_server, agent: Agent, *, javascript: bool
) -> None:
    cote_agent, cote_apprenant = pages
    lien = ouvrir_ses_creneaux(cote_agent, live_server.url, agent, javascript=javascript)
    assert Structure.objects.get().lien in lien

    # The learner books the first slot.
    cote_apprenant.goto(lien)
    creneau = premier_creneau(cote_apprenant)
    cote_apprenant.get_by_role("button", name=creneau).first.click()
    cote_apprenant.get_by_label("Prénom").fill("Jeanne")
    cote_apprenant.get_by_label("Nom", exact=True).fill("Martin")
    cote_apprenant.get_by_label("Adresse e-mail").fill("jeanne@exemple.fr")
    cote_apprenant.get_by_role("button", name="Recevoir mon code").click()
    cote_apprenant.get_by_label("Votre code").fill(code_recu())
    cote_apprenant.get_by_role("button", name="Confirmer le rendez-vous").click()
    expect(cote_apprenant.get_by_role("heading", level=1)).to_contain_text("Votre rendez-vous est confirmé")
    secret = cote_apprenant.url

    # The slot is gone for the others, and the agent sees the rendez-vous.
    cote_apprenant.goto(lien)
    assert premier_creneau(cote_apprenant) != creneau
    cote_agent.get_by_role("link", name="Rendez-vous", exact=True).click()
    expect(cote_agent.get_by_role("heading", name="Jeanne Martin")).to_be_visible()

    # The learner cancels: the slot is back, and the agent's list is empty.
    cote_apprenant.goto(secret)
    cote_apprenant.get_by_role("link", name="Annuler ce rendez-vous").click()
    cote_apprenant.get_by_role("button", name="Annuler le rendez-vous").click()
    expect(cote_apprenant.get_by_role("heading", level=1)).to_contain_text("annulé")
    cote_apprenant.goto(lien)
    assert premier_creneau(cote_apprenant) == creneau
    cote_agent.reload()
    expect(cote_agent.get_by_role("heading", name="Jeanne Martin")).to_have_count(0)
