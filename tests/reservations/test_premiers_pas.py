"""The guide of an empty account: its steps, who may do them, and when it goes away."""

from datetime import time

import pytest
from lxml import html

from motifs.models import Motif
from structures.models import Lieu
from tests.aides_agent import Equipe, connecte, texte, un_rendez_vous, une_equipe, une_plage

pytestmark = pytest.mark.django_db


@pytest.fixture
def vide() -> Equipe:
    """A structure with nothing but its agents."""
    equipe = une_equipe()
    Motif.objects.all().delete()
    Lieu.objects.all().delete()
    return equipe


def guide(equipe: Equipe, *, admin: bool = True) -> tuple[list[str], str]:
    """Return the steps marked as done, and the words of the one button (its address's end beside)."""
    client = connecte(equipe.admin if admin else equipe.basique)
    arbre = html.fromstring(client.get(equipe.adresse("reservations:rendez_vous")).content)
    faits = arbre.xpath("//li[contains(@class, '--faite')]/h3/text()[1]")
    boutons = arbre.xpath("//*[@aria-labelledby='titre-premiers-pas']//a[@class='fr-btn']")
    assert len(boutons) <= 1
    return [" ".join(fait.split()) for fait in faits], boutons[0].text if boutons else ""


def test_the_steps_come_one_after_the_other(vide: Equipe) -> None:
    admin = connecte(vide.admin)
    assert guide(vide) == ([], "Ajouter un lieu")

    lieu = {"nom": "Salle numérique", "code_postal": "26400", "commune": "Crest", "retour": "premiers-pas"}
    reponse = admin.post(vide.adresse("structures:nouveau_lieu"), lieu)
    assert reponse["Location"] == vide.adresse("reservations:rendez_vous")
    assert guide(vide) == (["Où recevez-vous ?"], "Créer un motif")

    form = admin.get(vide.adresse("motifs:nouveau_motif"), {"retour": "premiers-pas"}).context["form"]
    assert form["reservable_en_ligne"].value() is True
    motif = Motif.objects.create(structure=vide.structure, nom="Atelier", reservable_en_ligne=True)
    assert guide(vide) == (["Où recevez-vous ?", "Pour quoi prend-on rendez-vous ?"], "Ajouter une plage d'ouverture")

    une_plage(vide, motifs=[motif], lieu=Lieu.objects.get())
    assert guide(vide)[1] == "Voir mon lien"
    assert len(guide(vide)[0]) == 3


def test_a_closed_motif_is_opened_not_created_again(vide: Equipe) -> None:
    Motif.objects.create(structure=vide.structure, nom="Atelier")
    Lieu.objects.create(structure=vide.structure, nom="Ici", code_postal="26400", commune="Crest")
    assert guide(vide) == (["Où recevez-vous ?"], "Ouvrir un motif")


def test_who_works_by_phone_needs_no_lieu(vide: Equipe) -> None:
    Motif.objects.create(structure=vide.structure, nom="Appel", type_lieu="telephone", reservable_en_ligne=True)
    assert guide(vide)[0] == ["Où recevez-vous ?", "Pour quoi prend-on rendez-vous ?"]


def test_an_ordinary_agent_is_told_who_can_do_it(vide: Equipe) -> None:
    assert guide(vide, admin=False) == ([], "")
    page = connecte(vide.basique).get(vide.adresse("reservations:rendez_vous"))
    assert "Demandez-le à un administrateur de votre structure" in texte(page)


def test_it_goes_away_with_the_first_rendez_vous_whoever_has_it(vide: Equipe) -> None:
    vide.motif = Motif.objects.create(structure=vide.structure, nom="Appel", type_lieu="telephone")
    un_rendez_vous(vide, agent=vide.basique, jours=-2)
    page = texte(connecte(vide.admin).get(vide.adresse("reservations:rendez_vous")))
    assert "Bienvenue" not in page
    assert "Aucun rendez-vous à venir pour vous" in page


def test_a_plage_that_is_past_or_for_a_closed_motif_is_not_enough() -> None:
    equipe = une_equipe()
    une_plage(equipe, heure_debut=time(9))
    assert guide(equipe) == (["Où recevez-vous ?"], "Ouvrir un motif")


def test_rdv_solidarites_has_no_such_guide() -> None:
    equipe = une_equipe(plateforme="solidarites")
    assert guide(equipe) == ([], "")
