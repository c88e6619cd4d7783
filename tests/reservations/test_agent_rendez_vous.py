"""The agents' list of rendez-vous, and the page that cancels one."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from motifs.models import TypeLieu
from reservations.models import Message, Statut
from tests.aides_agent import connecte, messages_de, texte, un_rendez_vous, une_equipe
from tests.factories import MotifFactory

pytestmark = pytest.mark.django_db


def test_the_list_tells_all_the_agent_needs_before_the_rendez_vous() -> None:
    equipe = une_equipe()
    rdv = un_rendez_vous(equipe, jours=2, apprenant={"telephone": "+33612345678"})
    rdv.participations.update(
        instructions="Apportez https://exemple.fr/formulaire",
        instructions_acceptees_le=datetime(2026, 11, 20, 8, 42, tzinfo=UTC),
    )

    reponse = connecte(equipe.admin).get(equipe.adresse("reservations:rendez_vous"))

    lu, page = texte(reponse), reponse.content.decode()
    heure_locale = timezone.localtime(rdv.debut, equipe.structure.tz).hour
    assert f"{heure_locale} h – {heure_locale + 1} h Jeanne Martin 06 12 34 56 78 jeanne@exemple.fr" in lu
    assert "Instructions acceptées le vendredi 20 novembre 2026 à 9 h 42" in lu
    assert 'href="https://exemple.fr/formulaire"' in page
    assert 'href="tel:+33-6-12-34-56-78"' in page
    assert 'href="mailto:jeanne@exemple.fr"' in page
    assert "Accompagnement individuel Salle numérique" in lu


def test_a_visio_shows_the_agent_s_room() -> None:
    equipe = une_equipe()
    visio = MotifFactory(structure=equipe.structure, type_lieu=TypeLieu.VISIO)
    un_rendez_vous(equipe, motif=visio)
    client = connecte(equipe.admin)
    adresse = equipe.adresse("reservations:rendez_vous")

    assert "donner mon lien de visioconférence" in texte(client.get(adresse))
    collegue = connecte(equipe.basique).get(f"{adresse}?agents=tous")
    assert "lien de visioconférence non renseigné" in texte(collegue)
    equipe.admin.url_visio = "https://visio.exemple.fr/ada"
    equipe.admin.save()
    assert 'href="https://visio.exemple.fr/ada"' in client.get(adresse).content.decode()


def test_days_are_local_to_the_structure() -> None:
    """23 h UTC is already tomorrow in La Réunion."""
    equipe = une_equipe(reunion=True)
    rdv = un_rendez_vous(equipe, jours=5, heure=22)

    lu = texte(connecte(equipe.admin).get(equipe.adresse("reservations:rendez_vous")))

    jour = timezone.localtime(rdv.debut, equipe.structure.tz)
    assert (jour.date() - rdv.debut.date(), jour.hour) == (timedelta(days=1), 2)
    assert f"{jour.day if jour.day > 1 else '1er'} " in lu
    assert "2 h – 3 h" in lu


@pytest.mark.parametrize(("parametres", "nombre"), [({}, 1), ({"agents": "tous"}, 2)])
def test_mine_or_the_structure_s(parametres: dict[str, str], nombre: int) -> None:
    equipe, ailleurs = une_equipe(), une_equipe()
    un_rendez_vous(equipe)
    un_rendez_vous(equipe, agent=equipe.basique)
    un_rendez_vous(ailleurs, agent=equipe.basique, jours=2)

    reponse = connecte(equipe.basique).get(equipe.adresse("reservations:rendez_vous"), parametres)

    assert len(reponse.context["page"]) == nombre


def test_the_past_has_its_tab_and_options_are_nobody_s() -> None:
    equipe = une_equipe()
    un_rendez_vous(equipe, jours=1)
    un_rendez_vous(equipe, jours=2, statut=Statut.OPTION, expire_a=timezone.now() + timedelta(minutes=9))
    un_rendez_vous(equipe, jours=3, statut=Statut.EXCUSE, annule_le=timezone.now())
    honore = un_rendez_vous(equipe, jours=-2, statut=Statut.HONORE)
    absent = un_rendez_vous(equipe, jours=-4, statut=Statut.ABSENT)
    un_rendez_vous(equipe, jours=-40)
    client = connecte(equipe.admin)
    adresse = equipe.adresse("reservations:rendez_vous")

    assert len(client.get(adresse).context["page"]) == 1
    passes = client.get(adresse, {"onglet": "passes"})
    assert list(passes.context["page"]) == [honore, absent]
    assert "Personne absente" in texte(passes)
    assert "Annuler" not in texte(passes)


def test_those_cancelled_that_were_to_come_have_their_tab() -> None:
    equipe = une_equipe()
    annule_le = datetime(2026, 11, 20, 8, 42, tzinfo=UTC)
    excuse = un_rendez_vous(equipe, jours=1, statut=Statut.EXCUSE, annule_le=annule_le)
    autre = un_rendez_vous(equipe, jours=2, agent=equipe.basique, statut=Statut.ANNULE, annule_le=annule_le)
    un_rendez_vous(equipe, jours=-1, statut=Statut.EXCUSE, annule_le=annule_le)
    un_rendez_vous(equipe, jours=3)
    client = connecte(equipe.admin)
    adresse = equipe.adresse("reservations:rendez_vous")

    miens = client.get(adresse, {"onglet": "annules"})
    assert list(miens.context["page"]) == [excuse]
    assert "Annulé par la personne, le vendredi 20 novembre 2026 à 9 h 42" in texte(miens)
    tous = client.get(adresse, {"onglet": "annules", "agents": "tous"})
    assert list(tous.context["page"]) == [excuse, autre]
    assert client.get(adresse, {"onglet": "x"}).context["onglet"] == ""


@pytest.mark.parametrize(("plateforme", "lien"), [("aide_numerique", True), ("solidarites", False)])
def test_an_empty_list_says_what_to_do(plateforme: str, lien: bool) -> None:
    equipe = une_equipe(plateforme=plateforme)
    un_rendez_vous(equipe, jours=-2)  # else the guide of an empty account takes its place

    reponse = connecte(equipe.admin).get(equipe.adresse("reservations:rendez_vous"))

    assert "Aucun rendez-vous à venir pour vous." in texte(reponse)
    assert ("parametres/reservation-en-ligne/" in reponse.content.decode()) is lien


def test_the_list_costs_the_same_for_one_or_thirty(django_assert_num_queries) -> None:
    equipe = une_equipe()
    client = connecte(equipe.admin)
    adresse = equipe.adresse("reservations:rendez_vous")
    un_rendez_vous(equipe)
    client.get(adresse)

    with django_assert_num_queries(7):
        client.get(adresse)
    for jours in range(2, 31):
        un_rendez_vous(equipe, jours=jours, motif=MotifFactory(structure=equipe.structure))
    with django_assert_num_queries(7):
        assert len(client.get(adresse).context["page"]) == 30


def test_cancelling_tells_the_person_and_frees_the_time() -> None:
    equipe = une_equipe()
    rdv = un_rendez_vous(equipe)
    adresse = equipe.adresse("reservations:annuler", rdv.pk)
    client = connecte(equipe.basique)

    assert "Jeanne Martin" in texte(client.get(adresse))
    reponse = client.post(adresse, {"message": "Je suis malade."}, follow=True)

    rdv.refresh_from_db()
    assert (rdv.statut, rdv.message_d_annulation) == (Statut.ANNULE, "Je suis malade.")
    assert "est annulé" in messages_de(reponse)[0]
    assert "Je suis malade." in Message.objects.get(destinataire="jeanne@exemple.fr").texte


def test_whom_no_message_reaches_is_to_be_told_by_the_agent() -> None:
    equipe = une_equipe()
    rdv = un_rendez_vous(equipe, apprenant={"prenom": "Sami", "nom": "Roy", "courriel": ""})
    client, adresse = connecte(equipe.admin), equipe.adresse("reservations:annuler", rdv.pk)

    page, fait = client.get(adresse), client.post(adresse, {"message": ""}, follow=True)

    assert "Aucun message ne peut partir à Sami Roy" in texte(page)
    assert "La personne est prévenue" not in texte(page)
    assert messages_de(fait)[1] == "Aucun message n'a pu partir à Sami Roy : prévenez cette personne."


@pytest.mark.parametrize(
    ("champs", "phrase"),
    [
        ({"jours": -1}, "ne peut plus être annulé"),
        ({"statut": Statut.EXCUSE, "annule_le": datetime(2026, 1, 1, tzinfo=UTC)}, "déjà annulé"),
    ],
)
def test_what_cannot_be_cancelled_is_refused_politely(champs: dict, phrase: str) -> None:
    equipe = une_equipe()
    rdv = un_rendez_vous(equipe, **champs)
    client = connecte(equipe.admin)
    adresse = equipe.adresse("reservations:annuler", rdv.pk)

    for reponse in (client.get(adresse, follow=True), client.post(adresse, {"message": ""}, follow=True)):
        assert phrase in messages_de(reponse)[0]
    avant = rdv.statut
    rdv.refresh_from_db()
    assert rdv.statut == avant
    assert not Message.objects.exists()


def test_a_message_too_long_is_refused() -> None:
    equipe = une_equipe()
    rdv = un_rendez_vous(equipe)

    reponse = connecte(equipe.admin).post(equipe.adresse("reservations:annuler", rdv.pk), {"message": "a" * 1001})

    assert list(reponse.context["form"].errors) == ["message"]
    rdv.refresh_from_db()
    assert rdv.statut == Statut.PREVU


def test_an_option_cannot_be_cancelled_from_here() -> None:
    equipe = une_equipe()
    option = un_rendez_vous(equipe, statut=Statut.OPTION, expire_a=timezone.now() + timedelta(minutes=9))

    assert connecte(equipe.admin).post(equipe.adresse("reservations:annuler", option.pk)).status_code == 404
