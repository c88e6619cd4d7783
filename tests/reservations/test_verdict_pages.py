"""The verdict on the page: each reason is created, then removed by the very link that the page offers."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from lxml import html

from motifs.models import Motif
from plages.models import Absence
from plages.services import enregistrer_absence, enregistrer_plage
from reservations.models import RendezVous
from reservations.reservation_en_ligne import verdict_du_motif
from structures.models import Lieu
from tests.aides_agent import Equipe, connecte, demain, texte, un_rendez_vous, une_equipe, une_plage
from tests.factories import LieuFactory, MotifFactory

pytestmark = pytest.mark.django_db

JOUR = timedelta(days=1)


@pytest.fixture
def equipe() -> Equipe:
    equipe = une_equipe()
    equipe.motif.reservable_en_ligne = True
    equipe.motif.save()
    return equipe


def _aucune_plage(equipe: Equipe) -> None:
    une_plage(equipe, motifs=[MotifFactory(structure=equipe.structure)])


def _plages_passees(equipe: Equipe) -> None:
    une_plage(equipe, premier_jour=timezone.localdate() - 9 * JOUR, frequence="unique")


def _sans_lieu(equipe: Equipe) -> None:
    une_plage(equipe, lieu=None)


def _lieu_ferme(equipe: Equipe) -> None:
    une_plage(equipe, lieu=LieuFactory(structure=equipe.structure, nom="Annexe", ouvert=False))


def _trop_courte(equipe: Equipe) -> None:
    une_plage(equipe, heure_fin=time(9, 30))


def _trop_tot(equipe: Equipe) -> None:
    une_plage(equipe, frequence="unique", premier_jour=timezone.localdate() + 3 * JOUR)
    Motif.objects.filter(pk=equipe.motif.pk).update(delai_min=7 * JOUR)


def _trop_tard(equipe: Equipe) -> None:
    une_plage(equipe, frequence="unique", premier_jour=timezone.localdate() + 100 * JOUR)


def _absence(equipe: Equipe) -> None:
    une_plage(equipe)
    absence = Absence(
        structure=equipe.structure,
        agent=equipe.admin,
        titre="Congé",
        premier_jour=timezone.localdate(),
        dernier_jour=timezone.localdate() + 500 * JOUR,
        heure_debut=time(0),
        heure_fin=time(23),
    )
    enregistrer_absence(absence=absence, maintenant=timezone.now())


def _tout_pris(equipe: Equipe) -> None:
    une_plage(equipe, frequence="unique", heure_fin=time(10))
    _prendre(equipe)


def _tout_pris_dans_le_delai(equipe: Equipe) -> None:
    une_plage(equipe, heure_fin=time(10), jusqu_au=demain() + 7 * JOUR)
    Motif.objects.filter(pk=equipe.motif.pk).update(delai_max=2 * JOUR)
    for rang in range(3):
        _prendre(equipe, jours=1 + rang)


def _prendre(equipe: Equipe, jours: int = 1) -> None:
    """Take a rendez-vous at 9 h of that day, which the engine must not offer any more."""
    rdv = un_rendez_vous(equipe)
    debut = timezone.make_aware(datetime.combine(timezone.localdate() + jours * JOUR, time(9)), equipe.structure.tz)
    RendezVous.objects.filter(pk=rdv.pk).update(debut=debut, fin=debut + timedelta(hours=1))


def _ferme(equipe: Equipe) -> None:
    une_plage(equipe)
    Motif.objects.filter(pk=equipe.motif.pk).update(reservable_en_ligne=False)


NOUVELLE_PLAGE = {"titre": "Autre", "heure_debut": "14:00", "heure_fin": "17:00", "frequence": "unique"}


def _une_autre_plage(equipe: Equipe) -> dict[str, str]:
    return {
        **NOUVELLE_PLAGE,
        "premier_jour": (timezone.localdate() + 8 * JOUR).isoformat(),
        "lieu": str(equipe.lieu.pk),
    }


Saisie = Callable[[Equipe], dict[str, Any]]
SITUATIONS: dict[str, tuple[Callable[[Equipe], None], str, str, Saisie]] = {
    "no plage": (_aucune_plage, "Aucune plage d'ouverture n'est prévue", "Ajouter une plage", _une_autre_plage),
    "past plages": (
        _plages_passees,
        "Toutes ses plages d'ouverture sont passées",
        "Ajouter une plage",
        _une_autre_plage,
    ),
    "no lieu": (
        _sans_lieu,
        "« Permanence » sans lieu",
        "Choisir un lieu pour « Permanence »",
        lambda e: {"lieu": str(e.lieu.pk)},
    ),
    "closed lieu": (_lieu_ferme, "Lieu fermé : « Annexe »", "Rouvrir « Annexe »", lambda e: {"ouvert": "on"}),
    "too short": (
        _trop_courte,
        "« Permanence » trop courte : 30 minutes",
        "Allonger « Permanence »",
        lambda e: {"heure_fin": "12:00"},
    ),
    "minimum delay": (
        _trop_tot,
        "trop tôt pour le délai minimum (1 semaine)",
        "Changer les délais",
        lambda e: {"delai_min": "1800"},
    ),
    "maximum delay": (
        _trop_tard,
        "au-delà du délai maximum (3 mois)",
        "Changer les délais",
        lambda e: {"delai_max": str(366 * 86400)},
    ),
    "all taken": (_tout_pris, "Tous les créneaux sont pris", "Ajouter une plage", _une_autre_plage),
    "all taken, free later": (
        _tout_pris_dans_le_delai,
        "Le premier libre est",
        "Allonger le délai maximum",
        lambda e: {"delai_max": str(7 * 86400)},
    ),
}
chaque_situation = pytest.mark.parametrize(
    ("creer", "phrase", "libelle", "saisie"), SITUATIONS.values(), ids=SITUATIONS.keys()
)


def _ligne(client: Client, equipe: Equipe) -> html.HtmlElement:
    arbre = html.fromstring(client.get(equipe.adresse("reservations:reservation_en_ligne")).content)
    (ligne,) = [tr for tr in arbre.xpath("//tbody/tr") if "Accompagnement individuel" in tr.text_content()]
    return ligne


def _lu(element: html.HtmlElement) -> str:
    """Return what is read there, no-break spaces as the others."""
    return " ".join(element.text_content().split())


@chaque_situation
def test_the_link_offered_removes_the_reason(
    equipe: Equipe, creer: Callable[[Equipe], None], phrase: str, libelle: str, saisie: Saisie
) -> None:
    creer(equipe)
    client = connecte(equipe.admin)
    ligne = _ligne(client, equipe)
    assert phrase in _lu(ligne)
    assert "réservable" not in ligne.text_content()
    (lien,) = [lien for lien in ligne.iter("a") if _lu(lien).startswith(libelle)]

    _remplir(client, lien.get("href"), saisie(equipe))

    apres = _ligne(client, equipe).text_content()
    assert phrase not in apres
    assert "● réservable" in " ".join(apres.split())


def _remplir(client: Client, adresse: str, saisie: dict[str, Any]) -> None:
    """Open the address of a link, change what is told in its form, send it, and confirm the warnings if there are."""
    adresse = adresse.partition("#")[0]
    reponse = client.get(adresse)
    valeurs = {**_valeurs(reponse), **saisie}
    reponse = client.post(adresse, valeurs)
    if reponse.status_code == 200:
        reponse = client.post(adresse, {**valeurs, "confirmes": reponse.context["a_confirmer"]})
    assert reponse.status_code == 302, reponse.context["form"].errors


def _valeurs(page: HttpResponse) -> dict[str, Any]:
    """Return what the form of a page would send as it is."""
    # The page's own form: the others (archive it, drop one of its dates) have a button and little else.
    formulaire = max(html.fromstring(page.content).xpath("//main//form"), key=lambda form: len(form.fields))
    valeurs: dict[str, Any] = {}
    for nom, valeur in formulaire.form_values():
        valeurs.setdefault(nom, []).append(valeur)
    return valeurs


def test_an_absence_is_the_reason_until_it_is_shortened(equipe: Equipe) -> None:
    _absence(equipe)
    client = connecte(equipe.admin)
    ligne = _ligne(client, equipe)
    assert "tombent pendant une absence (Ada Admin)" in ligne.text_content()
    (lien,) = ligne.xpath('.//a[starts-with(normalize-space(), "Voir les absences")]')

    liste = client.get(lien.get("href"))
    absence = Absence.objects.get()
    modifier = equipe.adresse("plages:modifier_absence", absence.pk)
    assert modifier in liste.content.decode()
    _remplir(client, modifier, {"dernier_jour": (timezone.localdate() + 2 * JOUR).isoformat()})

    assert "● réservable" in " ".join(_ligne(client, equipe).text_content().split())


def test_a_closed_motif_is_opened_from_its_row(equipe: Equipe) -> None:
    _ferme(equipe)
    client = connecte(equipe.admin)
    ligne = _ligne(client, equipe)
    assert "○ fermé" in " ".join(ligne.text_content().split())
    (formulaire,) = ligne.xpath(".//form")

    client.post(formulaire.action, dict(formulaire.form_values()))

    assert "● réservable" in " ".join(_ligne(client, equipe).text_content().split())


def test_the_page_of_an_archived_motif_leads_to_the_button_that_brings_it_back(equipe: Equipe) -> None:
    Motif.objects.filter(pk=equipe.motif.pk).update(archive_le=timezone.now())
    client = connecte(equipe.admin)
    page = client.get(equipe.adresse("motifs:modifier_motif", equipe.motif.pk))
    assert "○ archivé" in texte(page)
    (lien,) = html.fromstring(page.content).xpath('//a[starts-with(normalize-space(), "Restaurer le motif")]')

    liste = html.fromstring(client.get(lien.get("href")).content)
    assert liste.get_element_by_id("archives") is not None
    (formulaire,) = liste.xpath("//form[contains(@action, 'restaurer')]")
    client.post(formulaire.action)

    assert "archivé" not in texte(client.get(equipe.adresse("motifs:modifier_motif", equipe.motif.pk)))


def test_the_verdict_is_the_first_time_of_the_public_page(equipe: Equipe) -> None:
    une_plage(equipe, heure_debut=time(10, 30))
    client = connecte(equipe.admin)

    assert "Premier créneau : demain à 10 h 30" in _ligne(client, equipe).text_content()
    publique = Client().get(f"/r/{equipe.structure.lien}/motif/{equipe.motif.pk}/creneaux/")
    premier = html.fromstring(publique.content).xpath("string((//*[@name='debut']/@value)[1])")
    debut = datetime.combine(demain(), time(10, 30), equipe.structure.tz)
    assert datetime.fromisoformat(premier) == debut


def test_an_ordinary_agent_is_only_offered_what_they_may_do(equipe: Equipe) -> None:
    une_plage(equipe, heure_fin=time(9, 30))
    une_plage(equipe, heure_fin=time(9, 30), titre="Mienne", agent=equipe.basique)
    Lieu.objects.filter(pk=equipe.lieu.pk).update(ouvert=False)

    ligne = _ligne(connecte(equipe.basique), equipe)

    assert [a.get("href").partition("?")[0] for a in ligne.xpath(".//td//a")] == [
        equipe.adresse("plages:modifier_plage", equipe.basique.plages.get().pk)
    ]
    assert "Lieu fermé : « Salle numérique ». Demandez à un administrateur" in " ".join(ligne.text_content().split())


def test_a_plage_that_ended_this_morning_is_past(equipe: Equipe) -> None:
    plage = une_plage(equipe, frequence="unique")
    le_soir = timezone.make_aware(datetime.combine(plage.premier_jour, time(18)), equipe.structure.tz)

    (raison,) = verdict_du_motif(equipe.motif, le_soir).raisons

    assert raison.phrase == "Toutes ses plages d'ouverture sont passées."


def test_the_plages_of_an_agent_who_left_do_not_count(equipe: Equipe) -> None:
    plage = une_plage(equipe, agent=equipe.basique)
    enregistrer_plage(plage=plage, motifs=[equipe.motif], maintenant=timezone.now())
    equipe.basique.is_active = False
    equipe.basique.save()

    assert "Aucune plage d'ouverture" in _ligne(connecte(equipe.admin), equipe).text_content()
