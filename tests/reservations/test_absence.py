"""What an absence covers: the list, and the cancellation with one message."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.utils import timezone
from lxml import html

from reservations.models import Message, RendezVous
from reservations.refus import AnnulationImpossible
from reservations.services import annuler_par_structure
from reservations.vues import absence as vues_absence
from structures.dates import moment
from tests.aides_agent import connecte, demain, erreurs, messages_de, texte, un_rendez_vous, une_absence, une_equipe
from tests.factories import AppartenanceFactory

pytestmark = pytest.mark.django_db
PAGE = "reservations:rendez_vous_couverts"


def test_the_list_gives_who_and_how_to_reach_them_and_nothing_is_ticked() -> None:
    equipe = une_equipe()
    absence = une_absence(equipe)
    rdv = un_rendez_vous(equipe, heure=10, apprenant={"telephone": "+33612345678"})
    un_rendez_vous(equipe, jours=2, heure=10)  # another day
    un_rendez_vous(equipe, heure=12, agent=equipe.basique)

    reponse = connecte(equipe.admin).get(equipe.adresse(PAGE, absence.pk))

    arbre = html.fromstring(reponse.content)
    cases = arbre.xpath("//input[@name='a_annuler']")
    assert [case.get("value") for case in cases] == [str(rdv.pk)]
    assert not arbre.xpath("//input[@name='a_annuler'][@checked]")
    assert "Jeanne Martin" in texte(reponse)
    assert "06 12 34 56 78" in texte(reponse)
    assert "jeanne@exemple.fr" in texte(reponse)
    assert "à prévenir vous-même" not in texte(reponse)


def test_an_absence_that_begins_during_a_pause_covers_nothing() -> None:
    equipe = une_equipe()
    absence = une_absence(equipe, heure_debut=time(12))
    fin = datetime.combine(demain(), time(12), tzinfo=equipe.structure.tz)
    un_rendez_vous(equipe, debut=fin - timedelta(hours=1), fin=fin, pause=30)

    assert not html.fromstring(connecte(equipe.admin).get(equipe.adresse(PAGE, absence.pk)).content).xpath(
        "//input[@name='a_annuler']"
    )


def test_who_cannot_be_told_by_a_message_is_said() -> None:
    equipe = une_equipe()
    absence = une_absence(equipe)
    un_rendez_vous(equipe, heure=10, apprenant={"courriel": "", "telephone": "+33475250000"})

    assert "à prévenir vous-même" in texte(connecte(equipe.admin).get(equipe.adresse(PAGE, absence.pk)))


def test_only_what_is_ticked_is_cancelled_with_the_message() -> None:
    equipe = une_equipe()
    absence = une_absence(equipe)
    annule, garde = un_rendez_vous(equipe, heure=10), un_rendez_vous(equipe, heure=12)
    client = connecte(equipe.admin)
    adresse = equipe.adresse(PAGE, absence.pk)

    reponse = client.post(adresse, {"a_annuler": [annule.pk], "message": "Je suis en formation."}, follow=True)

    annule.refresh_from_db()
    garde.refresh_from_db()
    assert (annule.statut, garde.statut) == ("annule", "prevu")
    assert annule.message_d_annulation == "Je suis en formation."
    assert messages_de(reponse) == ["1 rendez-vous est annulé."]
    assert reponse.redirect_chain == [(adresse, 302)], "one is left: the list stays"
    envoye = Message.objects.get(destinataire="jeanne@exemple.fr")
    assert "Je suis en formation." in envoye.texte


def test_once_all_are_cancelled_the_absences_are_shown() -> None:
    equipe = une_equipe()
    absence = une_absence(equipe)
    deux = [un_rendez_vous(equipe, heure=10).pk, un_rendez_vous(equipe, heure=12).pk]

    reponse = connecte(equipe.admin).post(equipe.adresse(PAGE, absence.pk), {"a_annuler": deux}, follow=True)

    assert reponse.redirect_chain == [(equipe.adresse("plages:absences"), 302)]
    assert messages_de(reponse) == ["2 rendez-vous sont annulés."]


def test_nothing_ticked_is_said_and_the_message_is_kept() -> None:
    equipe = une_equipe()
    absence = une_absence(equipe)
    rdv = un_rendez_vous(equipe, heure=10)

    reponse = connecte(equipe.admin).post(equipe.adresse(PAGE, absence.pk), {"message": "Désolée"})

    assert erreurs(reponse) == {"a_annuler": ["Cochez les rendez-vous à annuler."]}
    assert "Désolée" in reponse.content.decode()
    rdv.refresh_from_db()
    assert rdv.statut == "prevu"


def test_what_is_outside_the_absence_is_never_cancelled() -> None:
    equipe = une_equipe()
    absence = une_absence(equipe)
    un_rendez_vous(equipe, heure=10)
    hors = [
        un_rendez_vous(equipe, jours=2, heure=10),
        un_rendez_vous(equipe, heure=12, agent=equipe.basique),
        un_rendez_vous(une_equipe(), heure=12),
    ]

    for rdv in hors:
        reponse = connecte(equipe.admin).post(equipe.adresse(PAGE, absence.pk), {"a_annuler": [rdv.pk]})
        assert list(erreurs(reponse)) == ["a_annuler"]
    assert not RendezVous.objects.filter(statut="annule").exists()


def test_another_structure_is_said_by_its_hours_only() -> None:
    equipe, ailleurs = une_equipe(), une_equipe(nom="Centre social")
    AppartenanceFactory(agent=equipe.admin, structure=ailleurs.structure)
    absence = une_absence(equipe)
    rdv = un_rendez_vous(ailleurs, heure=10, agent=equipe.admin, apprenant={"prenom": "Secret"})
    client = connecte(equipe.admin)
    adresse = equipe.adresse(PAGE, absence.pk)

    page = client.get(adresse)
    client.post(adresse, {"a_annuler": [rdv.pk]})

    lu = texte(page)
    assert "un rendez-vous (autre structure)" in lu
    assert "Secret" not in lu
    # The menu names the agent's own structures: only the main part of the page is read.
    assert "Centre social" not in lu
    rdv.refresh_from_db()
    assert rdv.statut == "prevu"


def test_the_hours_of_someone_who_left_are_said_no_more() -> None:
    equipe, ailleurs = une_equipe(), une_equipe(reunion=True)  # another clock: the absence stays where it was entered
    AppartenanceFactory(agent=equipe.basique, structure=ailleurs.structure)
    absence = une_absence(equipe, agent=equipe.basique)
    un_rendez_vous(ailleurs, heure=10, agent=equipe.basique)
    client, adresse = connecte(equipe.admin), equipe.adresse(PAGE, absence.pk)
    assert "autre structure" in texte(client.get(adresse))

    client.post(equipe.adresse("reservations:retirer_agent", equipe.basique.pk), {"message": ""})

    assert client.get(adresse).status_code == 404


def test_one_that_has_just_begun_is_named_and_the_others_are_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    equipe = une_equipe()
    absence = une_absence(equipe)
    commence, autre = (un_rendez_vous(equipe, heure=heure) for heure in (9, 12))

    def annuler(*, rendez_vous: RendezVous, **options: Any) -> None:
        if rendez_vous == commence:
            raise AnnulationImpossible
        annuler_par_structure(rendez_vous=rendez_vous, **options)

    monkeypatch.setattr(vues_absence, "annuler_par_structure", annuler)
    choix = {"a_annuler": [commence.pk, autre.pk], "message": ""}
    reponse = connecte(equipe.admin).post(equipe.adresse(PAGE, absence.pk), choix, follow=True)

    refus, fait = messages_de(reponse)
    quand = moment(timezone.localtime(commence.debut, equipe.structure.tz))
    assert refus == f"Le {quand} : ce rendez-vous a commencé, il ne peut plus être annulé."
    assert fait == "1 rendez-vous est annulé."


def test_a_repeated_absence_covers_each_of_its_dates() -> None:
    equipe = une_equipe()
    absence = une_absence(equipe, frequence="semaine", jusqu_au=demain() + timedelta(days=7))
    dans = [un_rendez_vous(equipe, jours=jours, heure=10).pk for jours in (1, 8)]
    un_rendez_vous(equipe, jours=15, heure=10)

    reponse = connecte(equipe.admin).get(equipe.adresse(PAGE, absence.pk))

    assert [rdv.pk for _, rdv, _ in reponse.context["lignes"]] == dans


def test_nothing_covered_is_said() -> None:
    equipe = une_equipe()
    absence = une_absence(equipe)

    assert "n'est prévu pendant cette absence" in texte(connecte(equipe.admin).get(equipe.adresse(PAGE, absence.pk)))


def test_the_list_costs_the_same_for_one_or_thirty(django_assert_num_queries) -> None:
    equipe = une_equipe()
    absence = une_absence(equipe, dernier_jour=demain() + timedelta(days=40))
    client = connecte(equipe.admin)
    adresse = equipe.adresse(PAGE, absence.pk)
    un_rendez_vous(equipe, heure=10)
    client.get(adresse)

    with django_assert_num_queries(7):
        client.get(adresse)
    for jours in range(2, 31):
        un_rendez_vous(equipe, jours=jours, heure=10)
    with django_assert_num_queries(7):
        assert len(client.get(adresse).context["lignes"]) == 30
