"""The list of motifs: searched, filtered, opened and closed with undo, duplicated, deleted."""

from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.utils import timezone
from lxml import html

from motifs.models import Motif
from structures.models import Role, Structure
from tests.aides_agent import Equipe, connecte, erreurs, messages_de, texte, un_rendez_vous, une_equipe, une_plage
from tests.factories import AppartenanceFactory, MotifFactory, StructureFactory
from tests.htmx import page_apres_echange, page_rechargee

pytestmark = pytest.mark.django_db


@pytest.fixture
def equipe() -> Equipe:
    equipe = une_equipe()
    MotifFactory(structure=equipe.structure, nom="Démarches CAF", telephone=True, ouvert=True)
    MotifFactory(structure=equipe.structure, nom="Atelier photos", ouvert=True)
    return equipe


def _noms(reponse: HttpResponse) -> list[str]:
    return [
        " ".join(th.text_content().split())
        for th in html.fromstring(reponse.content).xpath("//tbody//th[@scope='row']")
    ]


@pytest.mark.parametrize(
    ("recherche", "trouves"),
    [
        ("", ["Accompagnement individuel", "Atelier photos", "Démarches CAF"]),
        ("q=DEMARCHES", ["Démarches CAF"]),
        ("q=photô", ["Atelier photos"]),
        ("ouvert=oui", ["Atelier photos", "Démarches CAF"]),
        ("ouvert=non", ["Accompagnement individuel"]),
        ("type=telephone", ["Démarches CAF"]),
        ("ouvert=oui&type=sur_place&q=a", ["Atelier photos"]),
        ("type=lune&ouvert=peut-etre", ["Accompagnement individuel", "Atelier photos", "Démarches CAF"]),
        ("q=introuvable", []),
    ],
)
def test_the_list_is_searched_and_filtered(equipe: Equipe, recherche: str, trouves: list[str]) -> None:
    reponse = connecte(equipe.basique).get(f"{equipe.adresse('motifs:motifs')}?{recherche}")

    assert _noms(reponse) == trouves
    assert not reponse.content.decode().count("<title>Erreur")
    if not trouves:
        assert "Aucun motif ne correspond." in texte(reponse)


def test_searching_swaps_the_list_and_equals_the_page_reloaded(equipe: Equipe) -> None:
    client, adresse = connecte(equipe.admin), equipe.adresse("motifs:motifs")
    page = client.get(f"{adresse}?q=atelier")

    fragment = client.get(f"{adresse}?q=atelier", headers={"HX-Request": "true"})

    assert b"<main" not in fragment.content
    assert page_apres_echange(page.content, fragment.content, "liste") == page_rechargee(page.content)


def test_on_rdv_solidarites_nothing_is_opened_nor_filtered_by_it() -> None:
    equipe = une_equipe(solidarites=True)
    client = connecte(equipe.admin)

    assert 'name="ouvert"' not in client.get(equipe.adresse("motifs:motifs")).content.decode()
    reponse = client.post(equipe.adresse("motifs:ouvrir_ou_fermer", equipe.motif.pk), {"action": "ouvrir"})
    assert reponse.status_code == 404


def test_opening_then_undoing_without_javascript(equipe: Equipe) -> None:
    client = connecte(equipe.admin)
    adresse = equipe.adresse("motifs:ouvrir_ou_fermer", equipe.motif.pk)

    page = client.post(f"{adresse}?q=acc", {"action": "ouvrir"}, follow=True)
    assert page.redirect_chain == [(f"{equipe.adresse('motifs:motifs')}?q=acc&bascule={equipe.motif.pk}", 302)]
    assert "« Accompagnement individuel » est ouvert à la réservation en ligne. Annuler" in texte(page)
    equipe.motif.refresh_from_db()
    assert equipe.motif.reservable_en_ligne is True

    (defaire,) = html.fromstring(page.content).xpath("//*[@role='status']//form[.//button]")
    page = client.post(defaire.action, dict(defaire.form_values()), follow=True)
    assert "est fermé à la réservation en ligne. Annuler" in texte(page)
    assert _noms(page) == ["Accompagnement individuel"]
    equipe.motif.refresh_from_db()
    assert equipe.motif.reservable_en_ligne is False


@pytest.mark.parametrize("action", ["ouvrir", "fermer"])
def test_the_swap_equals_the_page_reloaded(equipe: Equipe, action: str) -> None:
    Motif.objects.filter(pk=equipe.motif.pk).update(reservable_en_ligne=action == "fermer")
    client = connecte(equipe.admin)
    adresse = equipe.adresse("motifs:motifs")
    page = client.get(f"{adresse}?q=acc")

    fragment = client.post(
        f"{equipe.adresse('motifs:ouvrir_ou_fermer', equipe.motif.pk)}?q=acc",
        {"action": action},
        headers={"HX-Request": "true"},
    )

    apres = client.get(f"{adresse}?q=acc&bascule={equipe.motif.pk}")
    assert page_apres_echange(page.content, fragment.content, "liste") == page_rechargee(apres.content)


def test_an_unknown_action_or_an_archived_motif_is_refused(equipe: Equipe) -> None:
    client = connecte(equipe.admin)
    assert client.post(equipe.adresse("motifs:ouvrir_ou_fermer", equipe.motif.pk), {"action": "x"}).status_code == 400
    archive = MotifFactory(structure=equipe.structure, archive_le=timezone.now())
    adresse = equipe.adresse("motifs:ouvrir_ou_fermer", archive.pk)

    assert "restaurez-le" in messages_de(client.post(adresse, {"action": "ouvrir"}, follow=True))[0]
    fragment = client.post(adresse, {"action": "ouvrir"}, headers={"HX-Request": "true"})
    assert "restaurez-le" in texte(fragment)
    archive.refresh_from_db()
    assert archive.reservable_en_ligne is False


@pytest.mark.parametrize("bascule", ["x", "9999999999", "0", "²"])
def test_a_forged_undo_says_nothing(equipe: Equipe, bascule: str) -> None:
    reponse = connecte(equipe.admin).get(equipe.adresse("motifs:motifs"), {"bascule": bascule})

    assert reponse.status_code == 200
    assert "Annuler" not in texte(reponse)


def test_duplicating_here_copies_everything_but_the_opening(equipe: Equipe) -> None:
    source = MotifFactory(
        structure=equipe.structure,
        nom="Source",
        ouvert=True,
        duree=45,
        couleur="#123456",
        delai_min=timedelta(days=2),
        delai_max=timedelta(days=20),
        ouvert_a="prescripteurs",
        instructions_a_accepter="Venez.",
        information_apres="Merci.",
        message_annulation="Sûr ?",
    )
    client, adresse = connecte(equipe.admin), equipe.adresse("motifs:dupliquer_motif", source.pk)
    (formulaire,) = html.fromstring(client.get(adresse).content).xpath("//main//form")
    assert formulaire.fields["nom"] == "Source (copie)"

    reponse = client.post(adresse, dict(formulaire.form_values()), follow=True)

    copie = Motif.objects.get(nom="Source (copie)")
    assert reponse.redirect_chain == [(equipe.adresse("motifs:modifier_motif", copie.pk), 302)]
    for champ in ("duree", "couleur", "delai_min", "delai_max", "ouvert_a", "type_lieu", "structure_id"):
        assert getattr(copie, champ) == getattr(source, champ)
    assert (copie.instructions_a_accepter, copie.information_apres, copie.message_annulation) == (
        "Venez.",
        "Merci.",
        "Sûr ?",
    )
    assert copie.reservable_en_ligne is False


def _membre(equipe: Equipe, role: Role) -> Structure:
    autre = StructureFactory()
    AppartenanceFactory(agent=equipe.admin, structure=autre, role=role)
    return autre


def test_duplicating_into_another_structure_where_i_am_admin(equipe: Equipe) -> None:
    autre = _membre(equipe, Role.ADMIN)

    reponse = connecte(equipe.admin).post(
        equipe.adresse("motifs:dupliquer_motif", equipe.motif.pk), {"nom": equipe.motif.nom, "structure": autre.pk}
    )

    copie = Motif.objects.get(structure=autre)
    assert copie.nom == equipe.motif.nom
    assert reponse["Location"] == f"/agent/{autre.pk}/parametres/motifs/{copie.pk}/"


@pytest.mark.parametrize("role", [None, Role.BASIQUE])
def test_duplicating_elsewhere_is_refused(equipe: Equipe, role: Role | None) -> None:
    autre = _membre(equipe, role) if role else StructureFactory()

    reponse = connecte(equipe.admin).post(
        equipe.adresse("motifs:dupliquer_motif", equipe.motif.pk), {"nom": "Copie", "structure": autre.pk}
    )

    assert list(erreurs(reponse)) == ["structure"]
    assert not Motif.objects.filter(nom="Copie").exists()


def test_duplicating_under_a_name_taken_is_said_beside_the_name(equipe: Equipe) -> None:
    reponse = connecte(equipe.admin).post(
        equipe.adresse("motifs:dupliquer_motif", equipe.motif.pk),
        {"nom": equipe.motif.nom.upper(), "structure": equipe.structure.pk},
    )

    assert erreurs(reponse) == {"nom": ["Un motif de ce nom existe déjà pour ce type de rendez-vous."]}


def test_a_motif_that_nothing_uses_is_deleted_after_asking(equipe: Equipe) -> None:
    client, adresse = connecte(equipe.admin), equipe.adresse("motifs:supprimer_motif", equipe.motif.pk)
    assert "On ne peut pas revenir en arrière." in texte(client.get(adresse))
    assert Motif.objects.filter(pk=equipe.motif.pk).exists()

    reponse = client.post(adresse, follow=True)

    assert messages_de(reponse) == ["Le motif « Accompagnement individuel » est supprimé."]
    assert not Motif.objects.filter(pk=equipe.motif.pk).exists()


@pytest.mark.parametrize("usage", [une_plage, un_rendez_vous])
def test_a_motif_in_use_is_archived_rather_than_deleted(equipe: Equipe, usage) -> None:
    usage(equipe)
    client, adresse = connecte(equipe.admin), equipe.adresse("motifs:supprimer_motif", equipe.motif.pk)

    liste = html.fromstring(client.get(equipe.adresse("motifs:motifs")).content)
    assert liste.xpath(f"//a[@href='{adresse}']") == []
    assert "Vous pouvez l'archiver" in texte(client.get(adresse))
    reponse = client.post(adresse, follow=True)

    assert "archivez-le plutôt" in messages_de(reponse)[0]
    assert Motif.objects.filter(pk=equipe.motif.pk).exists()


def test_the_filtered_list_costs_the_same_for_one_or_thirty(equipe: Equipe, django_assert_num_queries) -> None:
    client = connecte(equipe.admin)
    adresse = f"{equipe.adresse('motifs:motifs')}?q=atelier&bascule={equipe.motif.pk}"
    client.get(adresse)

    with django_assert_num_queries(5):
        client.get(adresse)
    for rang in range(29):
        motif = MotifFactory(structure=equipe.structure, nom=f"Atelier {rang}")
        une_plage(equipe, motifs=[motif], frequence="unique")
    with django_assert_num_queries(5):
        assert len(client.get(adresse).context["motifs"]) == 30
