"""The pages of the motifs."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from lxml import html

from motifs.models import DELAIS, Motif, TypeLieu
from structures.models import Structure
from tests.aides_agent import connecte, erreurs, messages_de, texte, un_rendez_vous, une_equipe
from tests.factories import MotifFactory

pytestmark = pytest.mark.django_db


def _cle(delai: timedelta) -> str:
    return str(int(delai.total_seconds()))


SAISIE = {
    "nom": "Atelier photos",
    "type_lieu": "sur_place",
    "duree": "120",
    "couleur": "#4A86E8",
    "ouvert_a": "tous",
    "delai_min": _cle(timedelta(days=1)),
    "delai_max": _cle(timedelta(days=31)),
    "instructions_a_accepter": "",
    "information_apres": "",
    "message_annulation": "",
}


def test_the_form_of_a_new_motif_proposes_the_usual_values() -> None:
    equipe = une_equipe()

    arbre = html.fromstring(connecte(equipe.admin).get(equipe.adresse("motifs:nouveau_motif")).content)

    choisis = {
        nom: arbre.xpath(f"//select[@name='{nom}']/option[@selected]")[0].text for nom in ("delai_min", "delai_max")
    }
    assert choisis == {"delai_min": "30 minutes", "delai_max": "3 mois"}
    assert [o.text for o in arbre.xpath("//select[@name='delai_min']/option")] == [libelle for _, libelle in DELAIS]
    assert not arbre.xpath("//input[@name='reservable_en_ligne'][@checked]")
    assert len(arbre.xpath("//form//fieldset/h2")) == 3
    aide = arbre.get_element_by_id("id_instructions_a_accepter_helptext").text_content()
    for mot in ("formulaire", "document", "matériel", "liens"):
        assert mot in aide


def test_an_admin_creates_an_open_motif() -> None:
    equipe = une_equipe()
    saisie = {**SAISIE, "reservable_en_ligne": "on", "ouvert_a": "prescripteurs", "instructions_a_accepter": "Venez."}

    reponse = connecte(equipe.admin).post(equipe.adresse("motifs:nouveau_motif"), saisie, follow=True)

    motif = Motif.objects.get(nom="Atelier photos")
    assert messages_de(reponse) == ["Le motif « Atelier photos » est créé."]
    assert (motif.structure, motif.duree, motif.couleur) == (equipe.structure, 120, "#4A86E8")
    assert (motif.reservable_en_ligne, motif.ouvert_a, motif.instructions_a_accepter) == (
        True,
        "prescripteurs",
        "Venez.",
    )
    assert (motif.delai_min, motif.delai_max) == (timedelta(days=1), timedelta(days=31))


@pytest.mark.parametrize(
    ("changements", "attendues"),
    [
        ({"nom": ""}, {"nom": ["Ce champ est obligatoire."]}),
        (
            {"nom": "accompagnement INDIVIDUEL"},
            {"nom": ["Un motif de ce nom existe déjà pour ce type de rendez-vous."]},
        ),
        ({"duree": "4"}, {"duree": ["La durée va de 5 minutes à 12 heures."]}),
        ({"duree": "721"}, {"duree": ["La durée va de 5 minutes à 12 heures."]}),
        (
            {"couleur": "vert"},
            {"couleur": ["La couleur s'écrit # suivi de six chiffres ou lettres de A à F."]},
        ),
        (
            {"delai_max": _cle(timedelta(days=1))},
            {"delai_max": ["Le délai maximum doit être supérieur au délai minimum."]},
        ),
        ({"delai_max": "17"}, {"delai_max": ["Sélectionnez un choix valide. 17 n’en fait pas partie."]}),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(changements: dict[str, str], attendues: dict[str, list[str]]) -> None:
    equipe = une_equipe()

    reponse = connecte(equipe.admin).post(equipe.adresse("motifs:nouveau_motif"), {**SAISIE, **changements})

    assert reponse.status_code == 200
    assert erreurs(reponse) == attendues
    assert not Motif.objects.filter(nom="Atelier photos").exists()


def test_the_same_name_is_free_for_another_kind_of_place_or_another_structure() -> None:
    equipe = une_equipe()
    MotifFactory(nom="Atelier photos")
    client = connecte(equipe.admin)

    client.post(equipe.adresse("motifs:nouveau_motif"), SAISIE)
    client.post(equipe.adresse("motifs:nouveau_motif"), {**SAISIE, "type_lieu": "visio"})

    assert Motif.objects.filter(structure=equipe.structure, nom="Atelier photos").count() == 2


def test_editing_keeps_an_unusual_delay_selectable() -> None:
    equipe = une_equipe()
    motif = MotifFactory(structure=equipe.structure, delai_min=timedelta(minutes=45), delai_max=timedelta(days=100))
    adresse = equipe.adresse("motifs:modifier_motif", motif.pk)
    client = connecte(equipe.admin)

    arbre = html.fromstring(client.get(adresse).content)
    assert arbre.xpath("//select[@name='delai_min']/option[@selected]")[0].text == "45 minutes"
    assert arbre.xpath("//select[@name='delai_max']/option[@selected]")[0].text == "100 jours"

    client.post(adresse, {**SAISIE, "delai_min": _cle(timedelta(minutes=45)), "delai_max": _cle(timedelta(days=100))})
    motif.refresh_from_db()
    assert (motif.nom, motif.delai_min, motif.delai_max) == (
        "Atelier photos",
        timedelta(minutes=45),
        timedelta(days=100),
    )


def test_the_kind_of_place_is_frozen_once_a_rendez_vous_exists() -> None:
    equipe = une_equipe()
    un_rendez_vous(equipe)
    adresse = equipe.adresse("motifs:modifier_motif", equipe.motif.pk)
    client = connecte(equipe.admin)

    assert "leur type ne peut plus changer" in texte(client.get(adresse))
    client.post(adresse, {**SAISIE, "type_lieu": "visio"})

    equipe.motif.refresh_from_db()
    assert (equipe.motif.nom, equipe.motif.type_lieu) == ("Atelier photos", TypeLieu.SUR_PLACE)


def test_on_rdv_solidarites_the_group_is_absent_and_a_forged_flag_ignored() -> None:
    equipe = une_equipe(solidarites=True)
    client = connecte(equipe.admin)

    page = client.get(equipe.adresse("motifs:nouveau_motif"))
    reponse = client.post(equipe.adresse("motifs:nouveau_motif"), {**SAISIE, "reservable_en_ligne": "on"}, follow=True)

    for nom in ("reservable_en_ligne", "ouvert_a", "delai_min", "delai_max"):
        assert f'name="{nom}"' not in page.content.decode()
    assert reponse.status_code == 200
    assert Motif.objects.get(nom="Atelier photos").reservable_en_ligne is False
    assert "Réservable en ligne" not in texte(reponse)
    assert "Réservation en ligne" not in reponse.content.decode()


def test_the_platform_changed_meanwhile_is_a_message_not_a_500(monkeypatch: pytest.MonkeyPatch) -> None:
    """The trigger of the database speaks last: here the form still shows the box."""
    equipe = une_equipe(solidarites=True)
    monkeypatch.setattr(Structure, "reservation_en_ligne_possible", True)

    reponse = connecte(equipe.admin).post(
        equipe.adresse("motifs:nouveau_motif"), {**SAISIE, "reservable_en_ligne": "on"}
    )

    assert erreurs(reponse) == {"reservable_en_ligne": ["La réservation en ligne n'existe pas sur RDV Solidarités."]}


def test_the_list_says_who_may_book_and_keeps_the_archives_apart() -> None:
    equipe = une_equipe()
    MotifFactory(structure=equipe.structure, nom="Public", ouvert=True)
    MotifFactory(structure=equipe.structure, nom="Partenaires", ouvert=True, ouvert_a="prescripteurs")
    MotifFactory(structure=equipe.structure, nom="Ancien", archive_le=timezone.now())

    reponse = connecte(equipe.basique).get(equipe.adresse("motifs:motifs"))

    lignes = [" ".join(tr.text_content().split()) for tr in html.fromstring(reponse.content).xpath("//tbody/tr")]
    assert lignes == [
        "Accompagnement individuel 1 heure Sur place ○ non",
        "Partenaires 1 heure Sur place ● oui prescripteurs seulement",
        "Public 1 heure Sur place ● oui tout le monde",
    ]
    assert "Motifs archivés Ancien" in texte(reponse)
    assert "Archiver" not in texte(reponse)


def test_archive_and_restore() -> None:
    equipe = une_equipe()
    client = connecte(equipe.admin)

    reponse = client.post(equipe.adresse("motifs:archiver_motif", equipe.motif.pk), follow=True)
    equipe.motif.refresh_from_db()
    assert equipe.motif.archive_le is not None
    assert "est archivé" in messages_de(reponse)[0]

    reponse = client.post(equipe.adresse("motifs:restaurer_motif", equipe.motif.pk), follow=True)
    equipe.motif.refresh_from_db()
    assert equipe.motif.archive_le is None
    assert "est de retour" in messages_de(reponse)[0]


def test_restoring_a_name_taken_is_refused_with_a_message() -> None:
    equipe = une_equipe()
    archive = MotifFactory(structure=equipe.structure, nom=equipe.motif.nom, archive_le=timezone.now())

    reponse = connecte(equipe.admin).post(equipe.adresse("motifs:restaurer_motif", archive.pk), follow=True)

    assert "renommez-le d'abord" in messages_de(reponse)[0]
    archive.refresh_from_db()
    assert archive.archive_le is not None


@pytest.mark.parametrize(
    ("jeton", "retour"),
    [
        ("reservation-en-ligne", "reservations:reservation_en_ligne"),
        ("https://exemple.com/", "motifs:motifs"),
        ("", "motifs:motifs"),
    ],
)
def test_saving_goes_back_to_a_known_page_only(jeton: str, retour: str) -> None:
    equipe = une_equipe()

    reponse = connecte(equipe.admin).post(equipe.adresse("motifs:nouveau_motif"), {**SAISIE, "retour": jeton})

    assert reponse["Location"] == equipe.adresse(retour)


def test_the_list_costs_the_same_for_one_or_thirty(django_assert_num_queries) -> None:
    equipe = une_equipe()
    client: Client = connecte(equipe.admin)
    adresse = equipe.adresse("motifs:motifs")
    client.get(adresse)

    with django_assert_num_queries(4):
        client.get(adresse)
    MotifFactory.create_batch(29, structure=equipe.structure)
    with django_assert_num_queries(4):
        assert len(client.get(adresse).context["motifs"]) == 30
