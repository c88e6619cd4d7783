"""Changing a plage removes no rendez-vous: it says which ones are left outside any plage."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.utils import timezone
from lxml import html

from plages.models import PlageOuverture
from plages.services import supprimer_plage
from reservations.models import RendezVous
from reservations.requetes.plages import rendez_vous_hors_plage
from tests.aides_agent import Equipe, connecte, demain, messages_de, texte, un_rendez_vous, une_equipe, une_plage
from tests.factories import AppartenanceFactory
from tests.plages.test_formulaire import saisie

pytestmark = pytest.mark.django_db


def un_rendez_vous_a(equipe: Equipe, heure: int, minutes: int = 60, **champs: int) -> RendezVous:
    """Take some minutes tomorrow from a local hour."""
    debut = datetime.combine(demain(), time(heure), tzinfo=equipe.structure.tz).astimezone(UTC)
    return un_rendez_vous(equipe, debut=debut, fin=debut + timedelta(minutes=minutes), **champs)


def hors_plage(equipe: Equipe) -> list[RendezVous]:
    return list(rendez_vous_hors_plage(equipe.structure, equipe.admin, timezone.now()))


def une_fois(equipe: Equipe, debut: int, fin: int, **champs) -> PlageOuverture:
    """Open these hours tomorrow, a public holiday or not."""
    equipe.structure.jours_particuliers.get_or_create(jour=demain(), defaults={"ferme": False})
    return une_plage(equipe, frequence="unique", heure_debut=time(debut), heure_fin=time(fin), **champs)


# --- Which ones ---------------------------------------------------------------------------------------------------
def test_a_rendez_vous_is_inside_one_ouverture_or_two_end_to_end() -> None:
    equipe = une_equipe()
    une_fois(equipe, 9, 11)
    une_fois(equipe, 11, 12)
    un_rendez_vous_a(equipe, 9)
    un_rendez_vous_a(equipe, 10, minutes=120)

    assert hors_plage(equipe) == []


def test_one_that_overflows_by_a_minute_is_outside() -> None:
    equipe = une_equipe()
    une_fois(equipe, 9, 12)
    un_rendez_vous_a(equipe, 9)
    deborde = un_rendez_vous_a(equipe, 11, minutes=61)

    assert hors_plage(equipe) == [deborde]


def test_the_pause_after_it_may_be_outside() -> None:
    equipe = une_equipe()
    une_fois(equipe, 9, 12)
    un_rendez_vous_a(equipe, 11, pause=30)

    assert hors_plage(equipe) == []


def test_another_agent_or_structure_opens_nothing_for_this_one() -> None:
    equipe, ailleurs = une_equipe(), une_equipe()
    AppartenanceFactory(agent=equipe.admin, structure=ailleurs.structure)
    une_fois(equipe, 9, 12, agent=equipe.basique)
    une_fois(ailleurs, 9, 12, agent=equipe.admin)
    rdv = un_rendez_vous_a(equipe, 9)

    assert hors_plage(equipe) == [rdv]


def test_what_is_cancelled_or_past_is_left_out() -> None:
    equipe = une_equipe()
    un_rendez_vous(equipe, jours=-1)
    un_rendez_vous(equipe, statut="annule", annule_le=timezone.now())

    assert hors_plage(equipe) == []


# --- What is said -------------------------------------------------------------------------------------------------
def test_shortening_a_plage_says_what_it_leaves_outside_and_cancels_nothing() -> None:
    equipe = une_equipe()
    plage = une_fois(equipe, 9, 12)
    garde, sorti = un_rendez_vous_a(equipe, 9), un_rendez_vous_a(equipe, 11)
    client = connecte(equipe.admin)

    reponse = client.post(
        equipe.adresse("plages:modifier_plage", plage.pk),
        saisie(equipe, premier_jour=demain().isoformat(), heure_debut="09:00", heure_fin="11:00"),
        follow=True,
    )

    assert messages_de(reponse)[1].startswith("1 rendez-vous n'est plus dans aucune plage, et reste prévu.")
    assert reponse.context["hors_plage"] == [sorti]
    assert set(RendezVous.objects.values_list("statut", flat=True)) == {"prevu"}
    assert garde not in reponse.context["hors_plage"]


def test_deleting_a_plage_links_to_the_list() -> None:
    equipe = une_equipe()
    plage = une_fois(equipe, 9, 12)
    un_rendez_vous_a(equipe, 9)
    un_rendez_vous_a(equipe, 11)

    reponse = connecte(equipe.admin).post(equipe.adresse("plages:supprimer", plage.pk), follow=True)

    assert messages_de(reponse)[1].startswith("2 rendez-vous ne sont plus dans aucune plage, et restent prévus.")
    arbre = html.fromstring(reponse.content)
    assert arbre.xpath("//*[@id='messages']//a/@href") == [f"{equipe.adresse('plages:plages')}#hors-plage"]
    assert arbre.get_element_by_id("hors-plage") is not None
    assert "Jeanne Martin" in texte(reponse)


def test_an_admin_is_led_to_the_colleague_s() -> None:
    equipe = une_equipe()
    plage = une_fois(equipe, 9, 12, agent=equipe.basique)
    rdv = un_rendez_vous_a(equipe, 9)
    RendezVous.objects.update(agent=equipe.basique)
    client = connecte(equipe.admin)

    reponse = client.post(equipe.adresse("plages:supprimer", plage.pk), follow=True)
    lien = html.fromstring(reponse.content).xpath("//*[@id='messages']//a/@href")[0]

    assert client.get(lien.partition("#")[0]).context["hors_plage"] == [rdv]


def test_what_was_already_outside_is_no_news() -> None:
    equipe = une_equipe()
    plage = une_fois(equipe, 9, 12)
    un_rendez_vous_a(equipe, 15)

    reponse = connecte(equipe.admin).post(equipe.adresse("plages:supprimer", plage.pk), follow=True)

    assert len(messages_de(reponse)) == 1
    assert len(reponse.context["hors_plage"]) == 1


def test_another_plage_at_the_same_time_keeps_it_inside() -> None:
    equipe = une_equipe()
    plage = une_fois(equipe, 9, 12)
    une_fois(equipe, 8, 13)
    un_rendez_vous_a(equipe, 9)

    supprimer_plage(plage=plage)

    assert hors_plage(equipe) == []


def test_the_section_costs_the_same_for_one_or_thirty(django_assert_num_queries) -> None:
    equipe = une_equipe()
    client = connecte(equipe.admin)
    adresse = equipe.adresse("plages:plages")
    un_rendez_vous(equipe)
    client.get(adresse)

    with django_assert_num_queries(6):
        client.get(adresse)
    for jours in range(2, 31):
        un_rendez_vous(equipe, jours=jours)
    with django_assert_num_queries(6):
        assert len(client.get(adresse).context["hors_plage"]) == 30
