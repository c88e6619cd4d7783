"""The agenda that other programs follow: what is in it, for whom, and its address."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest
import vobject
from django.test import Client
from django.utils import timezone

from reservations.models import Apprenant, Participation, RendezVous, Statut
from reservations.services import annuler_par_structure, deplacer
from structures.models import Agent
from tests.aides_agent import Equipe, connecte, demain, texte, un_rendez_vous, une_absence, une_equipe, une_plage
from tests.factories import AppartenanceFactory, StructureFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def equipe() -> Equipe:
    equipe = une_equipe()
    Agent.objects.filter(pk=equipe.admin.pk).update(jeton_agenda="secret")
    return equipe


def evenements(jeton: str = "secret") -> list[Any]:
    reponse = Client().get(f"/agenda/{jeton}.ics")
    assert reponse.status_code == 200
    assert reponse.headers["Content-Type"] == "text/calendar; charset=utf-8"
    return vobject.readOne(reponse.content.decode()).contents.get("vevent", [])


def un(titre: str) -> Any:
    trouves = [evenement for evenement in evenements() if evenement.summary.value.startswith(titre)]
    assert len(trouves) == 1, trouves
    return trouves[0]


def test_a_rendez_vous_is_at_its_local_hour_without_the_learner_s_name(equipe: Equipe) -> None:
    rdv = un_rendez_vous(equipe)

    lu = un("Rendez-vous : Accompagnement individuel")

    assert lu.dtstart.value == rdv.debut
    assert lu.dtstart.value.replace(tzinfo=None) == timezone.make_naive(rdv.debut, equipe.structure.tz)
    assert lu.dtstart.params["X-VOBJ-ORIGINAL-TZID"] == ["Europe/Paris"]
    assert lu.location.value.startswith("Salle numérique")
    assert "Martin" not in Client().get("/agenda/secret.ics").content.decode()


def test_names_and_objects_are_written_when_the_agent_asks(equipe: Equipe) -> None:
    un_rendez_vous(equipe)
    une_absence(equipe, premier_jour=demain() + timedelta(days=1))
    assert [un("Rendez-vous").summary.value, un("Absence").summary.value] == [
        "Rendez-vous : Accompagnement individuel",
        "Absence",
    ]

    connecte(equipe.admin).post(equipe.adresse("reservations:mon_agenda_externe"), {"agenda_detaille": "on"})

    assert un("Accompagnement individuel : Jeanne Martin")
    assert un("Absence : Formation")


def test_the_address_of_a_learner_at_home_is_theirs(equipe: Equipe) -> None:
    equipe.motif.type_lieu = "domicile"
    un_rendez_vous(equipe, adresse_domicile="3 impasse des Lilas, Crest")
    assert un("Rendez-vous").location.value == "À domicile"


def test_a_move_is_a_later_version_of_the_same_event_and_a_cancelled_one_disappears(equipe: Equipe) -> None:
    une_plage(equipe)
    rdv = un_rendez_vous(equipe, jours=2)
    avant = un("Rendez-vous")
    arrivee = datetime.combine(demain(), time(10), equipe.structure.tz)
    deplacer(rendez_vous=rdv, agent_id=equipe.admin.pk, debut=arrivee, maintenant=timezone.now())

    apres = un("Rendez-vous")
    assert (apres.uid.value, int(apres.sequence.value)) == (avant.uid.value, int(avant.sequence.value) + 1)
    assert apres.dtstart.value == arrivee

    annuler_par_structure(rendez_vous=rdv, message="", maintenant=timezone.now())
    assert [e for e in evenements() if e.summary.value.startswith("Rendez-vous")] == []


def test_plages_leave_their_agent_free_and_absences_do_not(equipe: Equipe) -> None:
    une_plage(equipe, frequence="unique")
    une_absence(equipe, premier_jour=demain() + timedelta(days=1))
    assert (un("Plage d'ouverture : Permanence").transp.value, un("Absence").transp.value) == ("TRANSPARENT", "OPAQUE")


def test_held_slots_colleagues_and_structures_left_are_not_in_it(equipe: Equipe) -> None:
    un_rendez_vous(equipe, heure=8, statut=Statut.OPTION, expire_a=timezone.now() + timedelta(minutes=15))
    un_rendez_vous(equipe, heure=10, agent=equipe.basique)
    un_rendez_vous(equipe, heure=12, structure=StructureFactory())
    assert evenements() == []


def test_other_structures_of_the_agent_are_in_it_each_in_its_own_zone(equipe: Equipe) -> None:
    ailleurs = AppartenanceFactory(agent=equipe.admin, structure=StructureFactory(reunion=True)).structure
    rdv = un_rendez_vous(equipe, structure=ailleurs)

    lu = un("Rendez-vous")

    assert lu.dtstart.value.replace(tzinfo=None) == timezone.make_naive(rdv.debut, ailleurs.tz)
    assert lu.dtstart.params["X-VOBJ-ORIGINAL-TZID"] == ["Indian/Reunion"]


def test_it_costs_the_same_for_one_or_thirty(equipe: Equipe, django_assert_num_queries: Any) -> None:
    rdv = un_rendez_vous(equipe)
    with django_assert_num_queries(5):
        assert len(evenements()) == 1
    for n in range(1, 30):
        debut = rdv.debut + timedelta(days=n)
        autre = RendezVous.objects.create(
            structure=equipe.structure,
            motif=equipe.motif,
            agent=equipe.admin,
            lieu=equipe.lieu,
            type_lieu=equipe.motif.type_lieu,
            debut=debut,
            fin=debut + timedelta(hours=1),
        )
        Participation.objects.create(rendez_vous=autre, apprenant=Apprenant.objects.get())
    with django_assert_num_queries(5):
        assert len(evenements()) == 30


def test_the_address_is_made_renewed_and_closed_by_its_agent_alone() -> None:
    equipe = une_equipe()
    client, page = connecte(equipe.basique), equipe.adresse("reservations:mon_agenda_externe")
    assert "Créer mon adresse" in texte(client.get(page))

    client.post(page, {"action": "renouveler"})
    premiere = Agent.objects.get(pk=equipe.basique.pk).jeton_agenda
    assert f"/agenda/{premiere}.ics" in client.get(page).content.decode()
    client.post(page, {"action": "renouveler"})
    seconde = Agent.objects.get(pk=equipe.basique.pk).jeton_agenda
    assert Client().get(f"/agenda/{premiere}.ics").status_code == 404
    assert Client().get(f"/agenda/{seconde}.ics").status_code == 200
    client.post(page, {"action": "fermer"})

    assert Client().get(f"/agenda/{seconde}.ics").status_code == 404
    assert Client().get("/agenda/None.ics").status_code == 404
    assert Agent.objects.get(pk=equipe.admin.pk).jeton_agenda is None


def test_an_agent_whose_account_is_closed_has_no_calendar(equipe: Equipe) -> None:
    Agent.objects.filter(pk=equipe.admin.pk).update(is_active=False)
    assert Client().get("/agenda/secret.ics").status_code == 404


def test_it_is_for_programs_not_for_search_engines_nor_caches(equipe: Equipe) -> None:
    reponse = Client().get("/agenda/secret.ics")
    assert reponse.headers["X-Robots-Tag"] == "noindex"
    assert "no-store" in reponse.headers["Cache-Control"]
    assert Client().post("/agenda/secret.ics").status_code == 405
