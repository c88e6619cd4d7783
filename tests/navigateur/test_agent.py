"""The agents' pages in the real browser: with JavaScript, without, and read by axe, errors included."""

import re
from datetime import time, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from motifs.models import Motif
from plages.models import PlageOuverture
from reservations.models import Attente
from tests.aides_agent import Equipe, demain, un_rendez_vous, une_absence, une_plage
from tests.factories import LieuFactory, MotifFactory

LARGEURS = (320, 1280)

pytestmark = [pytest.mark.navigateur, pytest.mark.django_db(transaction=True)]

AJOUTER = "Ajouter des plages d'ouverture pour les motifs ouverts à la réservation en ligne"


def test_from_the_tab_to_the_link_with_javascript(ouvrir_page, equipe: Equipe) -> None:
    erreurs: list[str] = []
    page = ouvrir_page("reservations:reservation_en_ligne")
    page.on("console", lambda message: erreurs.append(message.text) if message.type == "error" else None)
    page.evaluate("window.memePage = true")

    page.get_by_role("button", name="Ouvrir Accompagnement individuel").click()
    expect(page.get_by_text("Vous avez 1 motif ouvert.")).to_be_visible()
    expect(page.get_by_role("row", name="Accompagnement individuel")).to_contain_text("Aucune plage d'ouverture")
    succes = page.locator("#etat [role=status]")
    expect(succes).to_contain_text("« Accompagnement individuel » est ouvert à la réservation en ligne.")
    expect(succes).to_be_focused()
    succes.get_by_role("button", name="Annuler").click()
    expect(page.get_by_text("Aucun motif n'est ouvert.")).to_be_visible()
    page.get_by_role("row", name="Accompagnement individuel").get_by_role("button").click()
    expect(page.get_by_text("Vous avez 1 motif ouvert.")).to_be_visible()
    assert page.evaluate("window.memePage"), "the row is swapped, the page is not loaded again"
    expect(page.get_by_role("button", name="Copier le lien")).to_be_disabled()

    page.get_by_role("link", name=AJOUTER).click()
    expect(page.get_by_role("checkbox", name=re.compile("Accompagnement individuel"))).to_be_checked()
    page.get_by_label("Nom de la plage").fill("Permanence")
    page.get_by_label("Premier jour").fill(demain().isoformat())
    page.get_by_text("Toutes les semaines", exact=True).click()
    apercu = page.locator("#apercu")
    expect(apercu).to_contain_text("à partir du")
    expect(apercu).to_contain_text("créneaux d'une heure pour « Accompagnement individuel »")
    page.get_by_role("button", name="Ajouter la plage").click()

    expect(page).to_have_url(re.compile("/reservation-en-ligne/$"))
    expect(page.get_by_text("Vous avez 1 plage d'ouverture pour ce motif.")).to_be_visible()
    page.get_by_role("button", name="Copier le lien").click()
    expect(page.locator("#annonces")).to_contain_text("Lien copié")
    lien = page.evaluate("navigator.clipboard.readText()")
    assert lien.endswith(f"/r/{equipe.structure.lien}/")
    assert erreurs == []


def test_from_the_tab_to_the_link_without_javascript(ouvrir_page, equipe: Equipe) -> None:
    page = ouvrir_page("reservations:reservation_en_ligne", javascript=False)

    page.get_by_role("button", name="Ouvrir Accompagnement individuel").click()
    expect(page.get_by_text("est ouvert à la réservation en ligne.")).to_be_visible()
    expect(page.get_by_role("button", name="Copier le lien")).to_be_hidden()
    page.get_by_role("link", name=AJOUTER).click()
    page.get_by_label("Nom de la plage").fill("Permanence")
    page.get_by_label("Premier jour").fill(demain().isoformat())
    page.get_by_text("Toutes les semaines", exact=True).click()
    page.get_by_role("button", name="Voir l'aperçu").click()
    expect(page.locator("#apercu")).to_contain_text("créneaux d'une heure")
    assert not PlageOuverture.objects.exists()
    page.get_by_role("button", name="Ajouter la plage").click()

    lien = page.get_by_label("Votre lien de réservation")
    expect(lien).to_be_enabled()
    assert lien.input_value().endswith(f"/r/{equipe.structure.lien}/")


def test_enter_never_confirms_a_warning(ouvrir_page, equipe: Equipe) -> None:
    une_plage(equipe, titre="Matinée")
    page = ouvrir_page("plages:nouvelle_plage", parametres=f"?motifs={equipe.motif.pk}")
    page.get_by_label("Nom de la plage").fill("Par-dessus")
    page.get_by_label("Premier jour").fill((demain() + timedelta(days=1)).isoformat())
    page.get_by_role("button", name="Ajouter la plage").click()

    avertissement = page.get_by_role("alert")
    expect(avertissement).to_be_focused()
    expect(avertissement).to_contain_text("Même moment que « Matinée »")
    page.get_by_label("Nom de la plage").press("Enter")
    expect(avertissement).to_be_visible()
    assert PlageOuverture.objects.count() == 1

    page.get_by_role("button", name="Enregistrer quand même").click()
    expect(page.get_by_text("La plage « Par-dessus » est enregistrée.")).to_be_visible()


def test_the_delays_appear_with_the_box(ouvrir_page, equipe: Equipe) -> None:
    page = ouvrir_page("motifs:modifier_motif", equipe.motif.pk, javascript=False)

    delai = page.get_by_label("Délai minimum avant le rendez-vous")
    expect(delai).to_be_hidden()
    page.get_by_text("Réservable en ligne", exact=True).click()
    expect(delai).to_be_visible()
    delai.select_option("1 jour")
    page.get_by_role("button", name="Enregistrer").click()

    expect(page.get_by_text("est enregistré.")).to_be_visible()
    motif = Motif.objects.get()
    assert (motif.reservable_en_ligne, motif.delai_min) == (True, timedelta(days=1))


@pytest.mark.parametrize("javascript", [True, False])
def test_an_absence_over_a_rendez_vous(ouvrir_page, equipe: Equipe, javascript: bool) -> None:
    rdv = un_rendez_vous(equipe, heure=10)
    page = ouvrir_page("plages:nouvelle_absence", javascript=javascript)
    page.get_by_label("Description").fill("Formation")
    page.get_by_label("Heure de fin").fill("19:00")
    if javascript:
        page.get_by_label("Heure de fin").press("Tab")
    else:
        page.get_by_role("button", name="Voir l'aperçu").click()
    expect(page.locator("#apercu")).to_contain_text("de 9 h à 19 h")
    expect(page.locator("#apercu")).to_contain_text("1 rendez-vous déjà pris")
    page.get_by_role("button", name="Ajouter l'absence").click()

    case = page.get_by_role("checkbox", name=re.compile("Jeanne Martin"))
    expect(case).not_to_be_checked()
    page.get_by_text("Jeanne Martin").click()
    page.get_by_label("Message pour les personnes").fill("Je suis en formation.")
    page.get_by_role("button", name="Annuler les rendez-vous cochés").click()

    expect(page.get_by_text("1 rendez-vous est annulé.")).to_be_visible()
    rdv.refresh_from_db()
    assert (rdv.statut, rdv.message_d_annulation) == ("annule", "Je suis en formation.")


@pytest.mark.parametrize("tiers", range(3))
def test_every_page_is_without_fault(
    ouvrir_page, equipe: Equipe, sans_defaut_d_acces, photographier, tiers: int
) -> None:
    ouvert = MotifFactory(structure=equipe.structure, nom="Un nom assez long pour un petit écran", ouvert=True)
    libre = MotifFactory(structure=equipe.structure, nom="Atelier photos", ouvert=True, duree=90)
    MotifFactory(structure=equipe.structure, nom="Ancien", archive_le=timezone.now())
    annexe = LieuFactory(structure=equipe.structure, nom="Annexe", ouvert=False)
    plage, rdv = une_plage(equipe, motifs=[equipe.motif, ouvert]), un_rendez_vous(equipe)
    une_plage(equipe, motifs=[libre], titre="Courte", heure_fin=time(9, 30), agent=equipe.basique)
    une_plage(equipe, motifs=[libre], titre="À l'annexe", lieu=annexe, agent=equipe.basique)
    absence = une_absence(equipe)
    rdv.participations.update(instructions="Apportez vos papiers", instructions_acceptees_le=timezone.now())
    personne = rdv.participations.get().apprenant
    Attente.objects.create(
        motif=ouvert,
        lieu=equipe.lieu,
        rendez_vous=rdv,
        prenom="Ana",
        nom="Silva",
        contact_verifie="ana@exemple.fr",
        inscrite_le=timezone.now(),
        fin=timezone.now() + timedelta(days=30),
    )
    pages = [
        ("reservations:rendez_vous",),
        ("reservations:nouveau_rendez_vous",),
        ("reservations:apprenants",),
        ("reservations:apprenant", personne.pk),
        ("reservations:modifier_apprenant", personne.pk),
        ("reservations:supprimer_apprenant", personne.pk),
        ("reservations:annuler", rdv.pk),
        ("reservations:liste_d_attente",),
        ("reservations:reservation_en_ligne",),
        ("reservations:lien",),
        ("cartographie:liens_de_territoire",),
        ("reservations:prescriptions",),
        ("reservations:affiche",),
        ("reservations:renouveler_lien",),
        ("reservations:fermer_lien",),
        ("reservations:rouvrir_lien",),
        ("plages:plages",),
        ("plages:modifier_plage", plage.pk),
        ("plages:supprimer", plage.pk),
        ("plages:fermetures",),
        ("plages:absences",),
        ("plages:modifier_absence", absence.pk),
        ("plages:supprimer_absence", absence.pk),
        ("reservations:rendez_vous_couverts", absence.pk),
        ("motifs:motifs",),
        ("motifs:nouveau_motif",),
        ("motifs:modifier_motif", ouvert.pk),
        ("motifs:modifier_motif", libre.pk),
        ("motifs:dupliquer_motif", libre.pk),
        ("motifs:supprimer_motif", libre.pk),
        ("motifs:supprimer_motif", equipe.motif.pk),
        ("structures:lieux",),
        ("structures:modifier_lieu", equipe.lieu.pk),
        ("structures:agents",),
        ("reservations:retirer_agent", equipe.basique.pk),
    ]
    parametres = {"plages:occurrence": f"?jour={demain()}", "reservations:agenda": f"?jour={rdv.debut.date()}"}
    pages += [("plages:occurrence", plage.pk), ("reservations:agenda",)]
    page = None
    for nom, *args in pages[tiers::3]:
        page = ouvrir_page(nom, *args, parametres=parametres.get(nom, ""), dans=page)
        sans_defaut_d_acces(page, LARGEURS)
        photographier(page, "-".join(map(str, [nom.replace(":", "-"), *args])))


def test_every_refused_form_is_without_fault(ouvrir_page, equipe: Equipe, sans_defaut_d_acces) -> None:
    page = None
    for nom in ("plages:nouvelle_plage", "plages:nouvelle_absence", "motifs:nouveau_motif", "structures:nouveau_lieu"):
        page = ouvrir_page(nom, dans=page)
        page.locator("main button.fr-btn:visible").first.click()
        expect(page.get_by_role("alert")).to_be_focused()
        assert page.title().startswith("Erreur :")
        sans_defaut_d_acces(page, LARGEURS)


def test_the_step_that_confirms_is_without_fault(ouvrir_page, equipe: Equipe, sans_defaut_d_acces) -> None:
    une_plage(equipe, heure_debut=time(8))
    page = ouvrir_page("plages:nouvelle_plage", parametres=f"?motifs={equipe.motif.pk}", largeur=375)
    page.get_by_label("Nom de la plage").fill("Par-dessus")
    page.get_by_label("Premier jour").fill(demain().isoformat())
    page.get_by_role("button", name="Ajouter la plage").click()

    expect(page.get_by_role("alert")).to_be_focused()
    sans_defaut_d_acces(page)
