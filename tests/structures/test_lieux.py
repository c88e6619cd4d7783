"""The pages of the lieux."""

import pytest
from django.urls import reverse
from lxml import html

from structures.models import Lieu
from tests.aides_agent import connecte, erreurs, messages_de, texte, un_rendez_vous, une_equipe, une_plage
from tests.factories import LieuFactory

pytestmark = pytest.mark.django_db
SAISIE = {
    "nom": "Mairie de Crest",
    "adresse": "10 place du Docteur Rozier",
    "complement_adresse": "",
    "code_postal": "26400",
    "commune": "Crest",
    "telephone": "04 75 25 00 00",
}


def test_an_admin_creates_a_lieu_which_is_open() -> None:
    equipe = une_equipe()

    reponse = connecte(equipe.admin).post(equipe.adresse("structures:nouveau_lieu"), SAISIE, follow=True)

    lieu = Lieu.objects.get(nom="Mairie de Crest")
    assert (lieu.structure, lieu.ouvert, str(lieu.telephone)) == (equipe.structure, True, "04 75 25 00 00")
    assert messages_de(reponse) == ["Le lieu « Mairie de Crest » est créé."]


@pytest.mark.parametrize(
    ("champ", "valeur", "erreur"),
    [
        ("code_postal", "2640", "Le code postal doit avoir cinq chiffres."),
        ("code_postal", "2A400", "Le code postal doit avoir cinq chiffres."),
        ("nom", "\u200b", "Ce champ est obligatoire."),
    ],
)
def test_a_wrong_field_says_so_beside_it(champ: str, valeur: str, erreur: str) -> None:
    equipe = une_equipe()

    reponse = connecte(equipe.admin).post(equipe.adresse("structures:nouveau_lieu"), {**SAISIE, champ: valeur})

    assert reponse.status_code == 200
    assert erreurs(reponse) == {champ: [erreur]}


def test_a_postcode_typed_with_its_space_is_forgiven() -> None:
    equipe = une_equipe()
    adresse = equipe.adresse("structures:nouveau_lieu")

    page = connecte(equipe.admin).get(adresse)
    assert int(html.fromstring(page.content).get_element_by_id("id_code_postal").get("maxlength")) > 5
    connecte(equipe.admin).post(adresse, {**SAISIE, "code_postal": "26 400"})

    assert Lieu.objects.get(nom="Mairie de Crest").code_postal == "26400"


def test_nothing_typed_asks_for_what_is_needed() -> None:
    equipe = une_equipe()

    reponse = connecte(equipe.admin).post(equipe.adresse("structures:nouveau_lieu"), {"nom": ""})

    assert set(erreurs(reponse)) == {"nom", "code_postal", "commune"}


def test_a_forged_structure_is_ignored() -> None:
    equipe, autre = une_equipe(), une_equipe()

    connecte(equipe.admin).post(equipe.adresse("structures:nouveau_lieu"), {**SAISIE, "structure": autre.structure.pk})

    assert Lieu.objects.get(nom="Mairie de Crest").structure == equipe.structure


def test_closing_says_what_still_uses_the_lieu() -> None:
    equipe = une_equipe()
    une_plage(equipe)
    un_rendez_vous(equipe)
    un_rendez_vous(equipe, heure=11)
    un_rendez_vous(equipe, jours=-3)
    adresse = equipe.adresse("structures:modifier_lieu", equipe.lieu.pk)
    client = connecte(equipe.admin)

    avant = client.get(adresse)
    apres = client.post(adresse, SAISIE, follow=True)

    assert "il sert à 1 plage d'ouverture et 2 rendez-vous à venir" in texte(avant)
    assert "il sert encore à 1 plage d'ouverture et 2 rendez-vous à venir" in messages_de(apres)[1]
    equipe.lieu.refresh_from_db()
    assert equipe.lieu.ouvert is False


def test_a_lieu_that_moves_forgets_its_place_on_the_map() -> None:
    equipe = une_equipe()
    lieu = LieuFactory(structure=equipe.structure, latitude=44.7, longitude=5.0, code_insee="26108")
    adresse = equipe.adresse("structures:modifier_lieu", lieu.pk)
    memes = {"nom": "Autre nom", "adresse": lieu.adresse, "code_postal": lieu.code_postal, "commune": lieu.commune}

    connecte(equipe.admin).post(adresse, memes)
    lieu.refresh_from_db()
    assert (lieu.nom, lieu.latitude, lieu.code_insee) == ("Autre nom", 44.7, "26108")

    connecte(equipe.admin).post(adresse, {**memes, "commune": "Die", "code_postal": "26150"})
    lieu.refresh_from_db()
    assert (lieu.latitude, lieu.longitude, lieu.code_insee) == (None, None, "")


def test_an_ordinary_agent_reads_the_list_without_links_to_edit() -> None:
    equipe = une_equipe()
    LieuFactory(structure=equipe.structure, nom="Ancienne salle", ouvert=False)

    reponse = connecte(equipe.basique).get(equipe.adresse("structures:lieux"))

    assert "Salle numérique" in texte(reponse)
    assert "○ fermé" in texte(reponse)
    assert equipe.adresse("structures:modifier_lieu", equipe.lieu.pk) not in reponse.content.decode()


def test_the_list_costs_the_same_for_one_or_thirty(django_assert_num_queries) -> None:
    equipe = une_equipe()
    client = connecte(equipe.admin)
    adresse = equipe.adresse("structures:lieux")
    client.get(adresse)

    with django_assert_num_queries(4):
        client.get(adresse)
    LieuFactory.create_batch(29, structure=equipe.structure)
    with django_assert_num_queries(4):
        assert len(client.get(adresse).context["lieux"]) == 30


def test_an_empty_list_says_what_to_do() -> None:
    equipe = une_equipe()
    equipe.lieu.delete()

    reponse = connecte(equipe.admin).get(equipe.adresse("structures:lieux"))

    assert "Aucun lieu pour le moment" in texte(reponse)
    assert reverse("structures:nouveau_lieu", args=[equipe.structure.pk]) in reponse.content.decode()
