"""The learner's path in the real browser: with JavaScript, without, with the keyboard only, and read by axe."""

import re
from datetime import datetime, time, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from motifs.models import Motif
from plages.services import jours_fermes
from reservations.models import RendezVous, Statut
from structures.models import Structure
from tests.factories import LieuFactory, MotifFactory
from tests.reservations.aides_parcours import (
    Monde,
    autre_code,
    code_recu,
    prendre_ailleurs,
    reserver,
    un_agent,
    un_monde,
    une_plage,
)

pytestmark = [pytest.mark.navigateur, pytest.mark.django_db(transaction=True)]

LARGEURS = (320, 1280)
HEURE = re.compile(r" à \d+ h$")


@pytest.fixture
def monde(transactional_db, settings) -> Monde:
    settings.SMS_FOURNISSEUR = "demo"
    maintenant = timezone.now()
    monde = un_monde(maintenant=maintenant, instructions_a_accepter="Apportez vos papiers : https://exemple.fr/liste")
    # The seconds of the test must not cross a slot: nothing is bookable before tomorrow.
    monde.motif.delai_min = timedelta(days=1)
    monde.motif.save()
    return monde


def accueil(live_server, monde: Monde) -> str:
    return f"{live_server.url}/r/{monde.structure.lien}/"


def choisir_le_premier(page: Page) -> str:
    """Press the first slot and return its words."""
    bouton = page.get_by_role("button", name=HEURE).first
    mots = bouton.inner_text()
    bouton.click()
    return mots


def accepter_puis_donner(page: Page, **champs: str) -> None:
    # The DSFR draws the box on the label.
    page.locator("label", has_text="J'ai lu et j'accepte").click()
    page.get_by_role("button", name="Continuer").click()
    page.get_by_label("Prénom").fill("Jeanne")
    page.get_by_label("Nom", exact=True).fill("Martin")
    for libelle, valeur in (champs or {"Adresse e-mail": "jeanne@exemple.fr"}).items():
        page.get_by_label(libelle).fill(valeur)
    page.get_by_role("button", name="Recevoir mon code").click()
    expect(page.get_by_label("Votre code")).to_be_visible()


def test_tout_le_parcours_avec_javascript_sans_defaut_d_acces(page, live_server, monde, sans_defaut_d_acces):
    erreurs: list[str] = []
    page.on("console", lambda message: erreurs.append(message.text) if message.type == "error" else None)
    page.set_viewport_size({"width": 375, "height": 800})
    page.goto(accueil(live_server, monde))
    sans_defaut_d_acces(page)
    premiere = page.locator("#titre-semaine").inner_text()
    page.evaluate("window.memePage = true")
    page.get_by_role("link", name="Semaine d'après").click()
    expect(page.locator("#titre-semaine")).not_to_have_text(premiere)
    expect(page.locator("#titre-semaine")).to_be_focused()
    assert "semaine=" in page.url
    assert page.evaluate("window.memePage"), "the week is swapped, the page is not loaded again"
    sans_defaut_d_acces(page)
    page.go_back()
    expect(page.locator("#titre-semaine")).to_have_text(premiere)

    mots = choisir_le_premier(page)
    sans_defaut_d_acces(page)
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_role("alert")).to_be_focused()
    sans_defaut_d_acces(page)
    page.locator("label", has_text="J'ai lu et j'accepte").click()
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_text(mots)).to_be_visible()
    page.get_by_label("Prénom").fill("Jeanne")
    page.get_by_role("button", name="Garder plus longtemps").click()
    expect(page.locator("#annonces")).to_have_text("Votre créneau est gardé plus longtemps.")
    expect(page.get_by_label("Prénom")).to_have_value("Jeanne")
    # The time runs out while typing: only the region of the time changes, and says so.
    RendezVous.objects.update(expire_a=timezone.now())
    page.locator("#garde").dispatch_event("expire")
    page.get_by_role("button", name="Le reprendre").click()
    expect(page.get_by_text("Votre créneau est de nouveau réservé pour vous.")).to_be_visible()
    expect(page.get_by_label("Prénom")).to_have_value("Jeanne")
    # "Enter" goes on: it does not press "Garder plus longtemps", which comes first.
    page.get_by_label("Prénom").press("Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_label("Prénom")).to_have_value("Jeanne")
    sans_defaut_d_acces(page)
    page.get_by_label("Nom", exact=True).fill("Martin")
    page.get_by_label("Téléphone portable").fill("06 12 34 56 78")
    page.get_by_role("button", name="Recevoir mon code").click()
    sans_defaut_d_acces(page)
    code = code_recu()
    page.get_by_label("Votre code").fill(autre_code(code))
    page.get_by_role("button", name="Confirmer le rendez-vous").click()
    expect(page.get_by_text("Il vous reste 4 essais.").first).to_be_visible()
    sans_defaut_d_acces(page)
    page.get_by_label("Votre code").fill(f"{code[:3]} {code[3:]}")
    page.get_by_label("Votre code").press("Enter")
    expect(page.get_by_role("status").filter(has_text="Votre rendez-vous est confirmé")).to_be_focused()
    sans_defaut_d_acces(page)
    assert RendezVous.objects.get().statut == Statut.PREVU

    page.go_back()  # the code page of a confirmed booking is its rendez-vous
    expect(page).to_have_url(re.compile("/rendez-vous/"))
    page.get_by_role("link", name="Annuler ce rendez-vous").click()
    sans_defaut_d_acces(page)
    page.get_by_role("button", name="Annuler le rendez-vous").click()
    expect(page.get_by_role("heading", name="Votre rendez-vous est annulé")).to_be_visible()
    sans_defaut_d_acces(page)
    page.get_by_role("link", name="Prendre un autre rendez-vous").click()
    expect(page.get_by_role("button", name=mots).first).to_be_visible()
    assert erreurs == []


def test_tout_le_parcours_sans_javascript(browser: Browser, live_server, monde):
    contexte = browser.new_context(java_script_enabled=False)
    page = contexte.new_page()
    page.goto(accueil(live_server, monde))
    premiere = page.locator("#titre-semaine").inner_text()
    page.get_by_role("link", name="Semaine d'après").click()
    expect(page.locator("#titre-semaine")).not_to_have_text(premiere)
    choisir_le_premier(page)
    page.locator("label", has_text="J'ai lu et j'accepte").click()
    page.get_by_role("button", name="Continuer").click()
    page.get_by_label("Prénom").fill("Jeanne")
    page.get_by_role("button", name="Garder plus longtemps").click()
    expect(page.get_by_label("Prénom")).to_have_value("Jeanne")
    page.get_by_label("Nom", exact=True).fill("Martin")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_label("First name")).to_have_value("Jeanne")
    page.get_by_role("button", name="Français").click()
    expect(page.get_by_label("Nom", exact=True)).to_have_value("Martin")
    page.get_by_label("Adresse e-mail").fill("jeanne@exemple.fr")
    page.get_by_label("Adresse e-mail").press("Enter")
    page.get_by_label("Votre code").fill(code_recu())
    page.get_by_role("button", name="Confirmer le rendez-vous").dblclick()
    expect(page.get_by_role("heading", name="Votre rendez-vous est confirmé")).to_be_visible()
    assert RendezVous.objects.get().statut == Statut.PREVU
    page.get_by_role("link", name="Annuler ce rendez-vous").click()
    page.get_by_role("button", name="Annuler le rendez-vous").dblclick()
    expect(page.get_by_role("heading", name="Votre rendez-vous est annulé")).to_be_visible()
    assert RendezVous.objects.get().statut == Statut.EXCUSE
    contexte.close()


def _aller_a(page: Page, nom: str) -> None:
    """Press Tab until what has the focus says `nom`, then Enter: no mouse."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if nom in page.evaluate("(document.activeElement.innerText || document.activeElement.name || '')"):
            return
    raise AssertionError(f"« {nom} » ne se trouve pas au clavier sur {page.url}")


def test_au_clavier_seulement(page, live_server, monde):
    page.goto(accueil(live_server, monde))
    _aller_a(page, " h")
    page.keyboard.press("Enter")
    page.wait_for_url("**/instructions/")
    _aller_a(page, "accepte")
    page.keyboard.press("Space")
    _aller_a(page, "Continuer")
    page.keyboard.press("Enter")
    page.wait_for_url("**/coordonnees/")
    for champ, valeur in (("prenom", "Jeanne"), ("nom", "Martin"), ("courriel", "jeanne@exemple.fr")):
        _aller_a(page, champ)
        page.keyboard.type(valeur)
    page.keyboard.press("Enter")
    page.wait_for_url("**/code/")
    _aller_a(page, "code")
    page.keyboard.type(code_recu())
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Votre rendez-vous est confirmé")).to_be_visible()


def test_les_choix_et_les_refus_sans_defaut_d_acces(page, live_server, monde, sans_defaut_d_acces):
    """The pages that the straight path does not show, at 320 px."""
    maintenant = timezone.now()
    page.set_viewport_size({"width": 320, "height": 700})
    vide = un_monde(maintenant=maintenant, ouvrir=False)
    page.goto(accueil(live_server, vide))
    sans_defaut_d_acces(page)
    page.goto(f"{accueil(live_server, vide)}motif/{vide.motif.pk}/creneaux/")
    sans_defaut_d_acces(page)
    page.goto(f"{accueil(live_server, vide)}motif/{monde.motif.pk}/creneaux/")
    sans_defaut_d_acces(page)
    page.goto(f"{live_server.url}/reservation/inconnue/")
    sans_defaut_d_acces(page)

    autre = MotifFactory(structure=monde.structure, nom="Aide à l'ordinateur", ouvert=True)
    annexe = LieuFactory(structure=monde.structure, nom="Annexe")
    une_plage(monde, maintenant=maintenant, motifs=[autre], de=14, a=16)
    une_plage(monde, maintenant=maintenant, motifs=[autre], agent=un_agent(monde.structure), lieu=annexe, de=10, a=16)
    page.goto(accueil(live_server, monde))
    sans_defaut_d_acces(page)
    page.get_by_role("link", name="Aide à l'ordinateur").click()
    sans_defaut_d_acces(page)
    page.get_by_role("link", name="Annexe").click()
    page.get_by_role("link", name="Après-midi").click()
    expect(page.get_by_role("heading", name="Le plus tôt l'après-midi")).to_be_focused()
    expect(page.get_by_role("button", name=re.compile(" à 1[01] h$"))).to_have_count(0)
    sans_defaut_d_acces(page)

    page.goto(f"{accueil(live_server, monde)}motif/{monde.motif.pk}/creneaux/")
    bouton = page.get_by_role("button", name=HEURE).first
    debut = datetime.fromisoformat(bouton.get_attribute("value"))
    prendre_ailleurs(monde, debut)
    bouton.click()
    expect(page.get_by_role("alert")).to_be_focused()
    sans_defaut_d_acces(page)

    choisir_le_premier(page)
    accepter_puis_donner(page)
    option = RendezVous.objects.get(statut=Statut.OPTION)
    RendezVous.objects.filter(pk=option.pk).update(expire_a=timezone.now())
    page.reload()
    expect(page.get_by_role("button", name="Le reprendre")).to_be_visible()
    sans_defaut_d_acces(page)
    option.delete()
    prendre_ailleurs(monde, option.debut)
    page.get_by_label("Votre code").fill(code_recu())
    page.get_by_role("button", name="Confirmer le rendez-vous").click()
    expect(page.get_by_role("alert")).to_contain_text("Ce que vous avez écrit est gardé.")
    sans_defaut_d_acces(page)
    choisir_le_premier(page)
    page.get_by_role("button", name="Confirmer le rendez-vous").click()
    expect(page.get_by_role("heading", name="Votre rendez-vous est confirmé")).to_be_visible()
    sans_defaut_d_acces(page)


def test_afterwards_moved_and_found_again_without_fault(page, live_server, monde, sans_defaut_d_acces):
    """With the secret link: another day, the sheet to print; without it: the list, by a code."""
    rdv = reserver(Client(), monde, _dans_une_semaine(monde))
    page.goto(f"{live_server.url}/rendez-vous/{rdv.jeton}/")
    page.get_by_role("link", name=re.compile("Changer|Déplacer")).first.click()
    sans_defaut_d_acces(page, LARGEURS)
    page.get_by_role("button", name=HEURE).last.click()
    sans_defaut_d_acces(page, LARGEURS)
    page.locator("main form button[type=submit]").last.click()
    expect(page.get_by_role("heading", name="Votre rendez-vous est déplacé")).to_be_visible()
    sans_defaut_d_acces(page, LARGEURS)
    avant = rdv.debut
    rdv.refresh_from_db()
    assert rdv.debut != avant
    page.get_by_role("link", name="Imprimer en gros caractères").click()
    sans_defaut_d_acces(page, LARGEURS)

    page.goto(f"{live_server.url}/mes-rendez-vous/")
    sans_defaut_d_acces(page, LARGEURS)
    page.get_by_role("textbox", name=re.compile("Adresse e-mail")).fill("jeanne@exemple.fr")
    page.get_by_role("button", name="Recevoir mon code").click()
    sans_defaut_d_acces(page, LARGEURS)
    page.get_by_role("textbox", name=re.compile("Votre code")).fill(code_recu())
    page.get_by_role("button", name="Voir mes rendez-vous").click()
    expect(page.get_by_text("Médiathèque de Crest").first).to_be_visible()
    sans_defaut_d_acces(page, LARGEURS)


def test_the_pages_around_the_path_without_fault(page, live_server, monde, sans_defaut_d_acces):
    """Those that nobody hopes to see, at 320 px: closed, too late, refused, not found; and those of the site itself."""

    def lire(adresse: str) -> None:
        page.goto(f"{live_server.url}{adresse}")
        sans_defaut_d_acces(page)

    page.set_viewport_size({"width": 320, "height": 700})
    rdv = reserver(Client(), monde, _dans_une_semaine(monde))
    motif = f"/r/{monde.structure.lien}/motif/{monde.motif.pk}/"
    inconnue = f"/rendez-vous/{'x' * 22}/"
    for adresse in ("", "mentions-legales/", "donnees-personnelles/", "accessibilite/", "aide/", "connexion/"):
        lire(f"/{adresse}")
    for adresse in (inconnue, f"{motif}attente/", f"/attente/{'x' * 22}/", f"/lieux/{monde.lieu.pk}/", "/carte/?q=zzz"):
        lire(adresse)
    for adresse in ("", "renvoyer/", "annuler/", "attente/"):
        lire(f"/rendez-vous/{rdv.jeton}/{adresse}")

    # Refused: a form left empty, then a wrong code; a text to accept that changed meanwhile; a motif that closed.
    for adresse, bouton in (("/mes-rendez-vous/", "Recevoir mon code"), (f"{motif}attente/", "Recevoir mon code")):
        page.goto(f"{live_server.url}{adresse}")
        page.get_by_role("button", name=bouton).click()
        expect(page.get_by_role("alert")).to_be_visible()
        sans_defaut_d_acces(page)
    page.goto(f"{live_server.url}/mes-rendez-vous/")
    page.get_by_role("textbox", name=re.compile("Adresse e-mail")).fill("personne@exemple.fr")
    page.get_by_role("button", name="Recevoir mon code").click()
    page.get_by_role("textbox", name=re.compile("Votre code")).fill("12")
    page.get_by_role("button", name="Voir mes rendez-vous").click()
    expect(page.get_by_role("alert")).to_be_visible()
    sans_defaut_d_acces(page)
    page.get_by_role("textbox", name=re.compile("Votre code")).fill(code_recu())
    page.get_by_role("button", name="Voir mes rendez-vous").click()
    sans_defaut_d_acces(page)
    page.goto(accueil(live_server, monde))
    choisir_le_premier(page)
    Motif.objects.update(instructions_a_accepter="Apportez votre téléphone.")
    page.locator("label", has_text="J'ai lu et j'accepte").click()
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_role("alert")).to_contain_text("Les instructions viennent de changer.")
    sans_defaut_d_acces(page)
    Motif.objects.update(reservable_en_ligne=False)
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("ne se réserve plus en ligne")
    sans_defaut_d_acces(page)
    lire(f"/rendez-vous/{rdv.jeton}/deplacer/")  # refused too: the rendez-vous, with the reason
    Structure.objects.update(lien_ferme=True)
    lire(f"/r/{monde.structure.lien}/")
    for jours in (1, 200):  # past, then too old for its link
        debut = timezone.now() - timedelta(days=jours)
        RendezVous.objects.filter(pk=rdv.pk).update(debut=debut, fin=debut + timedelta(hours=1))
        lire(f"/rendez-vous/{rdv.jeton}/")


def _dans_une_semaine(monde: Monde) -> datetime:
    """A slot of the plage, at 9 h on a working day, eight days ahead or a little more: it may still be moved."""
    jour = timezone.localdate() + timedelta(days=8)
    while jour.weekday() > 4 or jours_fermes(monde.structure, jour, jour):
        jour += timedelta(days=1)
    return datetime.combine(jour, time(9), monde.structure.tz)
