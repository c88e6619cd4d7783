"""The learners of a structure: searched, shown, edited, deleted when nothing keeps them."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from reservations.apprenants import supprimer_apprenant
from reservations.models import Apprenant, Participation, RendezVous, Statut
from reservations.refus import SuppressionImpossible
from reservations.telephones import debuts_de_numero
from tests.aides_agent import Equipe, connecte, erreurs, messages_de, texte, un_rendez_vous, une_equipe
from tests.htmx import page_apres_echange, page_rechargee


@pytest.fixture
def equipe() -> Equipe:
    return une_equipe()


def personne(equipe: Equipe, **champs: Any) -> Apprenant:
    return Apprenant.objects.create(structure=equipe.structure, **{"prenom": "Jeanne", "nom": "Martin", **champs})


def rendez_vous_pour(apprenant: Apprenant, equipe: Equipe, **champs: Any) -> RendezVous:
    rdv = un_rendez_vous(equipe, **champs)
    autre = rdv.participations.get().apprenant
    rdv.participations.update(apprenant=apprenant)
    autre.delete()
    return rdv


def chercher(equipe: Equipe, texte: str = "", **champs: Any) -> list[str]:
    reponse = connecte(equipe.basique).get(equipe.adresse("reservations:apprenants"), {"q": texte, **champs})
    return [str(apprenant) for apprenant in reponse.context["page"]]


# --- Beginnings of numbers (pure) -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "saisie", ["06 12", "0612", "06.12", "06-12", "+33612", "+33 6 12", "+33 (0)6 12", "0033612", "612"]
)
def test_a_number_is_read_however_it_is_typed(saisie: str) -> None:
    debuts = debuts_de_numero(saisie)

    assert any("+33612345678".startswith(debut) for debut in debuts)
    assert not any("+33712345678".startswith(debut) for debut in debuts)


def test_a_leading_zero_may_be_overseas() -> None:
    assert any("+262692123456".startswith(debut) for debut in debuts_de_numero("0692 12"))


@pytest.mark.parametrize("saisie", ["", "6", "martin", "06 martin", "+", "06+12", "1" * 16, "٠٦١٢", "3 suisses"])
def test_what_is_no_number_is_a_name(saisie: str) -> None:
    assert debuts_de_numero(saisie) == []


# --- The list -------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_people_are_in_order_whatever_accents_and_capitals(equipe: Equipe) -> None:
    for nom in ("Zola", "éluard", "Eco", "abeille"):
        personne(equipe, prenom="A", nom=nom)
    personne(une_equipe())

    assert chercher(equipe) == ["A abeille", "A Eco", "A éluard", "A Zola"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "cherche", ["helene", "HÉLÈNE de", "tour d auvergne", "d'Auvergne hél", "06 12 34", "+33612345678", "  Tour  "]
)
def test_one_is_found_by_words_or_number(equipe: Equipe, cherche: str) -> None:
    personne(equipe, prenom="Hélène", nom="De La Tour-d’Auvergne", telephone="+33612345678")
    personne(equipe, prenom="Paul", nom="Durand", telephone="+33712345678")

    assert chercher(equipe, cherche) == ["Hélène De La Tour-d’Auvergne"]


@pytest.mark.django_db
@pytest.mark.parametrize("cherche", ["\x00", "a" * 101])
def test_a_search_that_means_nothing_is_as_if_absent(equipe: Equipe, cherche: str) -> None:
    personne(equipe)

    assert chercher(equipe, cherche, page="-1") == ["Jeanne Martin"]


@pytest.mark.django_db
def test_the_percent_sign_is_no_joker(equipe: Equipe) -> None:
    personne(equipe)

    assert chercher(equipe, "J_anne") == []


@pytest.mark.django_db
def test_each_has_their_next_and_last_rendez_vous(equipe: Equipe) -> None:
    jeanne = personne(equipe)
    for jours, heure, champs in (
        (5, 9, {}),
        (2, 9, {}),
        (1, 9, {"statut": Statut.EXCUSE, "annule_le": timezone.now()}),
        (-9, 9, {"statut": Statut.HONORE}),
        (-3, 9, {"statut": Statut.ABSENT}),
        (-1, 9, {"statut": Statut.ANNULE, "annule_le": timezone.now()}),
    ):
        rendez_vous_pour(jeanne, equipe, jours=jours, heure=heure, **champs)

    trouvee = connecte(equipe.admin).get(equipe.adresse("reservations:apprenants")).context["page"][0]

    aujourd_hui = timezone.localdate()
    assert trouvee.prochain.date() == aujourd_hui + timedelta(days=2)
    assert trouvee.dernier.date() == aujourd_hui - timedelta(days=3)


@pytest.mark.django_db
def test_the_list_costs_the_same_for_one_or_thirty(equipe: Equipe, django_assert_num_queries) -> None:
    client = connecte(equipe.admin)
    adresse = equipe.adresse("reservations:apprenants")
    un_rendez_vous(equipe)
    client.get(adresse)

    with django_assert_num_queries(5):
        client.get(adresse)
    for jours in range(2, 31):
        un_rendez_vous(equipe, jours=jours, apprenant={"telephone": "+33612345678"})
    with django_assert_num_queries(5):
        assert len(client.get(adresse).context["page"]) == 30


@pytest.mark.django_db
def test_a_search_swapped_is_the_page_reloaded(equipe: Equipe) -> None:
    personne(equipe)
    personne(equipe, prenom="Paul")
    client = connecte(equipe.admin)
    adresse = equipe.adresse("reservations:apprenants")

    page = client.get(adresse)
    fragment = client.get(adresse, {"q": "paul"}, headers={"HX-Request": "true"})
    rechargee = client.get(adresse, {"q": "paul"})

    # What is searched stays in the browser's own field.
    attendue = page_rechargee(rechargee.content).replace(' value="paul"', "")
    assert page_apres_echange(page.content, fragment.content, "liste") == attendue
    assert fragment["Vary"].count("HX-Request") == 1


@pytest.mark.django_db
def test_empty_lists_say_what_it_means(equipe: Equipe) -> None:
    client = connecte(equipe.admin)
    adresse = equipe.adresse("reservations:apprenants")

    assert "à son premier rendez-vous" in texte(client.get(adresse))
    assert "Voir tout le monde" in texte(client.get(adresse, {"q": "zzz"}))


# --- One person -----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_person_s_page_has_all_their_rendez_vous(equipe: Equipe, django_assert_num_queries) -> None:
    jeanne = personne(equipe, telephone="+33612345678")
    a_venir = rendez_vous_pour(jeanne, equipe, jours=3)
    annule = rendez_vous_pour(jeanne, equipe, jours=1, statut=Statut.EXCUSE, annule_le=timezone.now())
    passe = rendez_vous_pour(jeanne, equipe, jours=-4, statut=Statut.ABSENT, agent=equipe.basique)
    ancien = rendez_vous_pour(jeanne, equipe, jours=-40, statut=Statut.HONORE)
    un_rendez_vous(equipe, jours=6)
    client = connecte(equipe.basique)
    adresse = equipe.adresse("reservations:apprenant", jeanne.pk)

    with django_assert_num_queries(5):
        reponse = client.get(adresse)

    assert reponse.context["a_venir"] == [annule, a_venir]
    assert reponse.context["passes"] == [passe, ancien]
    lu = texte(reponse)
    for attendu in ("06 12 34 56 78", "Annulé par la personne", "Personne absente", "avec Basile Basique"):
        assert attendu in lu
    assert f"?apprenant={jeanne.pk}" in reponse.content.decode()


@pytest.mark.django_db
def test_editing_a_person(equipe: Equipe) -> None:
    jeanne = personne(equipe, courriel="jeanne@exemple.fr")
    client = connecte(equipe.basique)
    adresse = equipe.adresse("reservations:modifier_apprenant", jeanne.pk)

    assert 'value="jeanne@exemple.fr"' in client.get(adresse).content.decode()
    reponse = client.post(
        adresse, {"prenom": "Jeanne", "nom": " Dupont\t", "courriel": "", "telephone": "0692 12 34 56"}, follow=True
    )

    jeanne.refresh_from_db()
    assert (jeanne.nom, jeanne.courriel, jeanne.telephone.as_e164) == ("Dupont", "", "+262692123456")
    assert messages_de(reponse) == ["La fiche de Jeanne Dupont est enregistrée."]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("champs", "champ"),
    [
        ({"prenom": ""}, "prenom"),
        ({"nom": "\u200b"}, "nom"),
        ({"nom": "a" * 101}, "nom"),
        ({"courriel": "jeanne"}, "courriel"),
        ({"courriel": '"a\x01"@exemple.fr'}, "courriel"),
        ({"telephone": "06 12"}, "telephone"),
    ],
)
def test_bad_input_is_said_beside_its_field_and_kept(equipe: Equipe, champs: dict[str, str], champ: str) -> None:
    jeanne = personne(equipe)
    saisie = {"prenom": "Jeanne", "nom": "Dupont", "courriel": "", "telephone": "", **champs}

    reponse = connecte(equipe.admin).post(equipe.adresse("reservations:modifier_apprenant", jeanne.pk), saisie)

    assert list(erreurs(reponse)) == [champ]
    jeanne.refresh_from_db()
    assert jeanne.nom == "Martin"
    assert reponse.context["form"]["nom"].value() == saisie["nom"]


@pytest.mark.django_db
def test_a_person_without_rendez_vous_is_deleted(equipe: Equipe) -> None:
    jeanne = personne(equipe)
    client = connecte(equipe.basique)
    adresse = equipe.adresse("reservations:supprimer_apprenant", jeanne.pk)

    assert "Son nom et ses coordonnées seront effacés." in texte(client.get(adresse))
    assert Apprenant.objects.exists()
    reponse = client.post(adresse, follow=True)

    assert messages_de(reponse) == ["La fiche de Jeanne Martin est supprimée."]
    assert not Apprenant.objects.exists()


@pytest.mark.django_db
def test_a_person_with_rendez_vous_cancelled_included_stays(equipe: Equipe) -> None:
    rdv = un_rendez_vous(equipe, jours=-1, statut=Statut.EXCUSE, annule_le=timezone.now())
    jeanne = rdv.participations.get().apprenant
    client = connecte(equipe.admin)
    adresse = equipe.adresse("reservations:supprimer_apprenant", jeanne.pk)

    assert "2 ans après le dernier" in texte(client.get(adresse))
    reponse = client.post(adresse, follow=True)

    assert "ne peut pas être supprimée" in messages_de(reponse)[0]
    assert Participation.objects.get().apprenant == jeanne
    with pytest.raises(SuppressionImpossible):
        supprimer_apprenant(apprenant=jeanne)


@pytest.mark.django_db
def test_a_rendez_vous_leads_to_its_person(equipe: Equipe) -> None:
    rdv = un_rendez_vous(equipe)
    jeanne = rdv.participations.get().apprenant

    page = connecte(equipe.admin).get(equipe.adresse("reservations:rendez_vous_detail", rdv.pk)).content.decode()

    assert equipe.adresse("reservations:apprenant", jeanne.pk) in page


@pytest.mark.django_db
def test_the_page_of_a_person_says_the_language_of_their_messages_when_it_is_another_one(equipe: Equipe) -> None:
    jane = personne(equipe, langue="en")
    page = texte(connecte(equipe.admin).get(equipe.adresse("reservations:apprenant", jane.pk)))
    assert "Langue de ses messages : English" in page
    jeanne = personne(equipe)
    page = texte(connecte(equipe.admin).get(equipe.adresse("reservations:apprenant", jeanne.pk)))
    assert "Langue de ses messages" not in page
