"""An agent's week: from an empty structure to the first shared link, then to a full agenda.

CAPTURES=docs/captures keeps the pictures of docs/semaine-d-un-agent.md; RYTHME_HUMAIN=1 types and reads at a human's
speed (five keys a second, two seconds before each click), to measure how long the first link takes.
"""

import os
import re
import time
from datetime import datetime, timedelta
from datetime import time as heure
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from motifs.models import Motif
from plages.models import PlageOuverture
from reservations.models import Statut
from structures.models import Lieu
from tests.aides_agent import Equipe, demain, un_rendez_vous, une_absence

pytestmark = [pytest.mark.navigateur, pytest.mark.django_db(transaction=True)]

HUMAIN = bool(os.environ.get("RYTHME_HUMAIN"))
PERSONNES = [("Jeanne", "Martin"), ("Ahmed", "Benali"), ("Lucie", "Faure"), ("Paul", "Morel"), ("Rosa", "Alves")]


def cliquer(element: Locator) -> None:
    if HUMAIN:
        time.sleep(2)
    element.click()


def ecrire(page: Page, libelle: str, texte: str) -> None:
    champ = page.get_by_role("textbox", name=re.compile(f"^{libelle}"))
    if HUMAIN:
        time.sleep(1)
        champ.press_sequentially(texte, delay=200)
    else:
        champ.fill(texte)


def test_from_an_empty_structure_to_the_link_then_to_a_full_week(
    ouvrir_page: Any, equipe: Equipe, sans_defaut_d_acces: Any, photographier: Any
) -> None:
    Motif.objects.all().delete()
    Lieu.objects.all().delete()

    def montrer(page: Page, nom: str) -> None:
        sans_defaut_d_acces(page, (375, 1280) if os.environ.get("CAPTURES") else ())
        for largeur in (375, 1280) if os.environ.get("CAPTURES") else ():
            page.set_viewport_size({"width": largeur, "height": 800})
            photographier(page, f"semaine-{nom}")

    page = ouvrir_page("reservations:rendez_vous")
    debut = time.monotonic()
    montrer(page, "1-bienvenue")
    cliquer(page.get_by_role("link", name="Ajouter un lieu"))
    ecrire(page, "Nom", "Médiathèque de Crest")
    ecrire(page, "Code postal", "26400")
    ecrire(page, "Commune", "Crest")
    cliquer(page.get_by_role("button", name="Ajouter le lieu"))
    cliquer(page.get_by_role("link", name="Créer un motif"))
    ecrire(page, "Nom du motif", "Accompagnement individuel")
    cliquer(page.get_by_role("button", name="Créer le motif"))
    cliquer(page.get_by_role("link", name="Ajouter une plage d'ouverture"))
    ecrire(page, "Nom de la plage", "Permanence")
    page.get_by_label("Premier jour", exact=True).fill(demain().isoformat())
    cliquer(page.get_by_text("Toutes les semaines", exact=True))
    for jour in ("Lundi", "Mardi", "Mercredi", "Jeudi", "Vendredi"):
        cliquer(page.get_by_text(jour, exact=True))
    cliquer(page.get_by_role("button", name="Ajouter la plage"))
    montrer(page, "2-pret")
    cliquer(page.get_by_role("link", name="Voir mon lien"))
    cliquer(page.get_by_role("button", name="Copier le lien"))
    lien = page.evaluate("navigator.clipboard.readText()")
    assert lien.endswith(f"/r/{equipe.structure.lien}/")
    duree = time.monotonic() - debut
    assert duree < 180, "the first link takes under three minutes"
    print(f"\nDe la structure vide au lien copié : {duree:.0f} s")  # noqa: T201 the figure that docs/ quotes
    montrer(page, "3-lien")

    _remplir(equipe)
    lundi = _lundi_prochain()
    page = ouvrir_page("reservations:agenda", parametres=f"?jour={lundi}")
    expect(page.locator(".rdv-bloc--rdv")).to_have_count(15)
    montrer(page, "4-agenda")
    page = ouvrir_page("reservations:agenda", parametres=f"?jour={lundi + timedelta(days=1)}&vue=jour")
    page.get_by_role("link", name=re.compile("Ahmed Benali")).first.click()
    expect(page.locator("#panneau")).to_be_visible()
    montrer(page, "5-un-rendez-vous")


def _lundi_prochain() -> Any:
    aujourd_hui = timezone.localdate()
    return aujourd_hui + timedelta(days=7 - aujourd_hui.weekday())


def _remplir(equipe: Equipe) -> None:
    """A week of a busy agent: three rendez-vous a day, an absence."""
    equipe.motif, equipe.lieu = Motif.objects.get(), Lieu.objects.get()
    assert PlageOuverture.objects.exists()
    lundi = _lundi_prochain()
    for n in range(15):
        prenom, nom = PERSONNES[(n + n // 3) % 5]
        debut = datetime.combine(lundi + timedelta(days=n // 3), heure((9, 10, 14)[n % 3]), equipe.structure.tz)
        un_rendez_vous(
            equipe,
            debut=debut,
            fin=debut + timedelta(minutes=30 if n % 2 else 60),
            statut=Statut.PREVU,
            apprenant={"prenom": prenom, "nom": nom, "courriel": "", "telephone": "+33612345678"},
        )
    une_absence(equipe, premier_jour=lundi + timedelta(days=3), heure_debut=heure(16), heure_fin=heure(18))
