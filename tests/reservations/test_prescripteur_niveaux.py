"""Who may book what: the level of a motif, and the way that the address says, checked at each step."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from motifs.models import Public
from reservations import services
from reservations.models import Demarche, RendezVous
from reservations.refus import MotifFerme
from tests.factories import MotifFactory
from tests.reservations.aides_parcours import LUNDI_8H, MARDI_9H, MARDI_10H, texte, un_monde, une_plage

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def horloge(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: LUNDI_8H)


def adresse(voie: str, monde, suite: str = "") -> str:
    return f"/{voie}/{monde.structure.lien}/{suite}"


def prendre(client: Client, voie: str, monde, motif=None, suite: str = "", debut=MARDI_9H):
    page = adresse(voie, monde, f"motif/{(motif or monde.motif).pk}/creneaux/{suite}")
    return client.post(page, {"debut": debut.isoformat(timespec="seconds")})


def test_a_motif_for_prescribers_is_seen_by_their_way_only(client):
    monde = un_monde()
    reserve = MotifFactory(structure=monde.structure, nom="Suivi CCAS", ouvert=True, ouvert_a=Public.PRESCRIPTEURS)
    une_plage(monde, motifs=[reserve], de=14, a=16)
    assert "Suivi CCAS" not in texte(client.get(adresse("r", monde), follow=True))
    lu = texte(client.get(adresse("p", monde)))
    assert "Suivi CCAS" in lu
    assert "Accompagnement individuel" in lu
    for page in (f"motif/{reserve.pk}/", f"motif/{reserve.pk}/creneaux/"):
        assert client.get(adresse("r", monde, page)).status_code == 404
        assert client.get(adresse("p", monde, page), follow=True).status_code == 200


@pytest.mark.parametrize("voie", ["r", "p"])
@pytest.mark.parametrize("interdit", [{"reservable_en_ligne": False}, {"archive_le": LUNDI_8H}, {"structure": None}])
def test_a_motif_of_agents_or_of_another_structure_is_held_by_no_way(client, voie, interdit):
    monde = un_monde()
    motif = un_monde(structure={"nom": "Ailleurs"}).motif if "structure" in interdit else monde.motif
    for champ, valeur in interdit.items():
        if champ != "structure":
            setattr(motif, champ, valeur)
    motif.save()
    assert prendre(client, voie, monde, motif).status_code == 404
    assert not RendezVous.objects.exists()


def test_a_motif_for_prescribers_is_not_held_by_the_way_of_everyone(client):
    monde = un_monde(ouvert_a=Public.PRESCRIPTEURS)
    assert prendre(client, "r", monde).status_code == 404
    assert not RendezVous.objects.exists()
    assert prendre(client, "p", monde).status_code == 302
    assert Demarche.objects.get().par_prescripteur
    with pytest.raises(MotifFerme):
        services.motif_reservable(motif_id=monde.motif.pk, structure_id=monde.structure.pk)


def test_closed_to_prescribers_meanwhile_the_slot_is_not_taken_back(client):
    monde = un_monde(ouvert_a=Public.PRESCRIPTEURS)
    prendre(client, "p", monde)
    monde.motif.reservable_en_ligne = False
    monde.motif.save()
    RendezVous.objects.update(expire_a=LUNDI_8H)
    reponse = client.post(reverse("reservations:reprendre", args=[Demarche.objects.get().jeton]))
    assert "ne se réserve plus en ligne" in texte(reponse)


def test_two_ways_are_two_bookings_even_for_the_same_slot(client):
    monde = un_monde()
    prendre(client, "r", monde)
    pour_moi = Demarche.objects.get()
    prendre(client, "p", monde, debut=MARDI_10H, suite=f"?demarche={pour_moi.jeton}")
    assert Demarche.objects.count() == 2
    assert set(Demarche.objects.values_list("par_prescripteur", flat=True)) == {True, False}
    pour_moi.refresh_from_db()
    assert pour_moi.debut == MARDI_9H


def test_an_unknown_or_a_replaced_link_answers_the_same_by_both_ways(client):
    monde = un_monde()
    assert client.get("/p/inconnu/").status_code == client.get("/r/inconnu/").status_code == 404
    assert client.get(f"/q/{monde.structure.lien}/").status_code == 404
