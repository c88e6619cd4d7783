"""The pages of the lieux."""

import pytest
from django.http import HttpResponse
from django.urls import reverse
from lxml import html

from structures.models import Lieu
from tests.aides_agent import Equipe, connecte, erreurs, messages_de, texte, un_rendez_vous, une_equipe, une_plage
from tests.factories import LieuFactory
from tests.htmx import page_apres_echange, page_rechargee

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


def test_a_lieu_that_moves_is_placed_in_its_new_commune() -> None:
    equipe = une_equipe()
    lieu = LieuFactory(structure=equipe.structure, latitude=44.7, longitude=5.0, code_insee="26108")
    adresse = equipe.adresse("structures:modifier_lieu", lieu.pk)
    memes = {"nom": "Autre nom", "adresse": lieu.adresse, "code_postal": lieu.code_postal, "commune": lieu.commune}

    connecte(equipe.admin).post(adresse, memes)
    lieu.refresh_from_db()
    assert (lieu.nom, lieu.latitude, lieu.code_insee) == ("Autre nom", 44.7, "26108")

    connecte(equipe.admin).post(adresse, {**memes, "commune": "Die", "code_postal": "26150"})
    lieu.refresh_from_db()
    assert lieu.code_insee == "26113"
    assert (lieu.latitude, lieu.longitude) == pytest.approx((44.75, 5.37), abs=0.05)  # the centre of Die


# --- The commune --------------------------------------------------------------------------------------------------
def ajouter(equipe: Equipe, **champs: str) -> HttpResponse:
    donnees = {**SAISIE, **champs}
    return connecte(equipe.admin).post(equipe.adresse("structures:nouveau_lieu"), donnees)  # type: ignore[return-value]


def propositions(reponse: HttpResponse) -> list[str]:
    return html.fromstring(reponse.content).xpath("//select[@name='choix_commune']/option/text()")


def test_a_new_lieu_is_placed_at_the_centre_of_its_commune() -> None:
    ajouter(une_equipe(), commune="CREST")

    lieu = Lieu.objects.get(nom="Mairie de Crest")
    assert (lieu.commune, lieu.code_insee) == ("CREST", "26108")  # what was typed is kept
    assert (lieu.latitude, lieu.longitude) == pytest.approx((44.73, 5.02), abs=0.05)


def test_a_postcode_alone_proposes_its_communes_and_one_is_chosen() -> None:
    equipe = une_equipe()

    doute = ajouter(equipe, commune="")
    assert erreurs(doute) == {"choix_commune": ["Choisissez la commune dans la liste."]}
    assert "Crest (26400)" in propositions(doute)
    assert not Lieu.objects.filter(nom="Mairie de Crest").exists()

    ajouter(equipe, commune="", choix_commune="26108")
    lieu = Lieu.objects.get(nom="Mairie de Crest")
    assert (lieu.commune, lieu.code_postal, lieu.code_insee) == ("Crest", "26400", "26108")


def test_the_only_commune_of_a_postcode_need_not_be_typed() -> None:
    ajouter(une_equipe(), code_postal="59000", commune="")

    assert Lieu.objects.get(nom="Mairie de Crest").commune == "Lille"


def test_a_name_of_elsewhere_is_proposed_with_its_own_postcode() -> None:
    equipe = une_equipe()

    doute = ajouter(equipe, commune="Vesoul")
    assert "Vesoul (70000)" in propositions(doute)
    ajouter(equipe, commune="Vesoul", choix_commune="70550")

    lieu = Lieu.objects.get(nom="Mairie de Crest")
    assert (lieu.commune, lieu.code_postal, lieu.code_insee) == ("Vesoul", "70000", "70550")


def test_an_unknown_commune_can_be_kept_as_typed() -> None:
    equipe = une_equipe()

    assert "Aucune de celles-ci : garder « Ailleurs »" in propositions(ajouter(equipe, commune="Ailleurs"))
    ajouter(equipe, commune="Ailleurs", choix_commune="aucune")

    lieu = Lieu.objects.get(nom="Mairie de Crest")
    assert (lieu.commune, lieu.code_insee, lieu.latitude) == ("Ailleurs", "", None)
    memes = {**SAISIE, "commune": "Ailleurs", "ouvert": "on", "nom": "Renommé"}
    connecte(equipe.admin).post(equipe.adresse("structures:modifier_lieu", lieu.pk), memes)
    lieu.refresh_from_db()
    assert lieu.nom == "Renommé"  # an old doubt is not raised again


def test_a_forged_commune_is_refused() -> None:
    reponse = ajouter(une_equipe(), commune="Ailleurs", choix_commune="75056")

    assert erreurs(reponse) == {"choix_commune": ["Choisissez la commune dans la liste."]}


def test_the_address_typed_is_situated_before_saving() -> None:
    equipe = une_equipe()
    adresse = equipe.adresse("structures:nouveau_lieu")
    client = connecte(equipe.admin)

    def region(**champs: str) -> HttpResponse:
        saisie = {"apercu": "oui", "nom": "", **champs}
        return client.post(adresse, saisie, headers={"HX-Request": "true"})  # type: ignore[return-value]

    trouvee = region(code_postal="26400", commune="crest")
    assert texte(trouvee) == "Crest (26400), Drôme"
    assert len(html.fromstring(trouvee.content).xpath("//svg/circle")) == 1
    assert len(trouvee.content) < 5_000

    doute = region(code_postal="26400", commune="")
    assert "Crest (26400)" in propositions(doute)
    assert "Choisissez la commune" not in texte(doute)  # a question, not yet an error
    assert texte(region(code_postal="97500", commune="Saint-Pierre")) == "Saint-Pierre (97500)"  # no outline
    assert texte(region(code_postal="264", commune="")) == ""
    assert texte(region(code_postal="x" * 5000, commune="é" * 5000)) == ""
    assert Lieu.objects.count() == 1


def test_the_region_swapped_in_is_the_page_reloaded() -> None:
    equipe = une_equipe()
    lieu = LieuFactory(structure=equipe.structure, commune="Crest", latitude=44.72, longitude=5.02)
    adresse = equipe.adresse("structures:modifier_lieu", lieu.pk)
    client = connecte(equipe.admin)
    page = client.get(adresse).content

    fragment = client.post(
        adresse,
        {"apercu": "oui", "code_postal": "26400", "commune": "Crest", "nom": lieu.nom},
        headers={"HX-Request": "true"},
    ).content

    assert page_apres_echange(page, fragment, "situation") == page_rechargee(client.get(adresse).content)


# --- Open, closed -------------------------------------------------------------------------------------------------
def test_a_lieu_is_closed_then_opened_from_the_list_in_one_click() -> None:
    equipe = une_equipe()
    un_rendez_vous(equipe)
    adresse = equipe.adresse("structures:basculer_lieu", equipe.lieu.pk)
    client = connecte(equipe.admin)

    ferme = client.post(adresse, {"action": "fermer"}, follow=True)
    equipe.lieu.refresh_from_db()
    assert not equipe.lieu.ouvert
    assert messages_de(ferme)[0] == "Le lieu « Salle numérique » est fermé : ses créneaux ne sont plus proposés."
    assert "il sert encore à 1 rendez-vous à venir" in messages_de(ferme)[1]

    client.post(adresse, {"action": "ouvrir"})
    equipe.lieu.refresh_from_db()
    assert equipe.lieu.ouvert


# --- List ---------------------------------------------------------------------------------------------------------
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
