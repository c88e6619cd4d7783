"""Moving a rendez-vous: the slots offered, what is written, what is refused, who is told."""

import threading
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone

from plages.models import JourParticulier, PlageOuverture
from reservations.courrier.envoi import _merite_l_envoi, ics_du_message
from reservations.deplacement import creneaux_de_deplacement
from reservations.models import Message, RendezVous, Statut
from reservations.refus import CreneauIndisponible, ReservationImpossible, SuiviImpossible
from reservations.services import deplacer, noter_presence
from structures.models import Agent
from tests.aides_agent import Equipe, connecte, demain, messages_de, texte, un_rendez_vous, une_equipe, une_plage

pytestmark = pytest.mark.django_db


@pytest.fixture
def equipe() -> Equipe:
    """The admin and the ordinary agent are free from 9 h to 12 h in three days; nothing is a holiday."""
    equipe = une_equipe()
    for n in range(1, 10):
        JourParticulier.objects.create(structure=equipe.structure, jour=demain() + timedelta(days=n), ferme=False)
    for agent in (equipe.admin, equipe.basique):
        une_plage(equipe, agent=agent, premier_jour=demain() + timedelta(days=2), frequence="unique")
    return equipe


def a(heure: int, minute: int = 0) -> datetime:
    """An instant of the day of the plages, in Paris time."""
    jour = demain() + timedelta(days=2)
    return datetime.combine(jour, time(heure, minute), tzinfo=ZoneInfo("Europe/Paris")).astimezone(UTC)


def pris(equipe: Equipe, debut: datetime, **champs: object) -> RendezVous:
    return un_rendez_vous(equipe, debut=debut, fin=debut + timedelta(hours=1), **champs)


def bouger(rdv: RendezVous, debut: datetime, agent: Agent | None = None) -> RendezVous:
    return deplacer(rendez_vous=rdv, agent_id=(agent or rdv.agent).pk, debut=debut, maintenant=timezone.now())


def test_it_is_moved_in_place_and_everyone_is_told(equipe: Equipe) -> None:
    rdv = pris(equipe, a(9))
    uid = rdv.uid

    bouger(rdv, a(11))

    rdv.refresh_from_db()
    assert (rdv.debut, rdv.fin, rdv.sequence, rdv.uid, rdv.statut) == (a(11), a(12), 1, uid, Statut.PREVU)
    par_destinataire = {m.destinataire: m for m in Message.objects.all()}
    assert set(par_destinataire) == {"jeanne@exemple.fr", equipe.admin.courriel}
    for message in par_destinataire.values():
        assert message.sujet.startswith("Rendez-vous déplacé : ")
        assert message.ics_methode == "REQUEST"
        assert "SEQUENCE:1" in ics_du_message(message)
        assert "à 9 h" in message.texte
        assert "de 11 h à 12 h" in message.texte
        assert _merite_l_envoi(message)


def test_to_another_agent_one_calendar_drops_it_and_the_other_gets_it(equipe: Equipe) -> None:
    rdv = pris(equipe, a(9))

    bouger(rdv, a(9), equipe.basique)

    rdv.refresh_from_db()
    assert (rdv.agent, rdv.debut) == (equipe.basique, a(9))
    recus = {m.destinataire: (m.ics_methode, _merite_l_envoi(m)) for m in Message.objects.all()}
    assert recus == {
        equipe.admin.courriel: ("CANCEL", True),
        equipe.basique.courriel: ("REQUEST", True),
        "jeanne@exemple.fr": ("REQUEST", True),
    }
    assert "Basile Basique" in Message.objects.get(destinataire="jeanne@exemple.fr").texte


def test_a_cancellation_of_one_taken_back_is_still_not_sent(equipe: Equipe) -> None:
    rdv = pris(equipe, a(9))
    for statut in (Statut.EXCUSE, Statut.PREVU):
        noter_presence(rendez_vous=rdv, statut=statut, maintenant=timezone.now())

    assert {m.ics_methode: _merite_l_envoi(m) for m in Message.objects.all()} == {"CANCEL": False, "REQUEST": True}


def test_it_may_overlap_its_own_old_time(equipe: Equipe) -> None:
    rdv = pris(equipe, a(9, 30))  # an agent put it across the grid

    assert [c.debut for c in proposes(rdv)] == [a(9), a(10), a(11)]
    assert bouger(rdv, a(9)).debut == a(9)


def proposes(rdv: RendezVous) -> list:
    return creneaux_de_deplacement(rdv, du=a(0), au=a(23), agents=[rdv.agent_id], maintenant=timezone.now())


def test_it_keeps_its_own_duration(equipe: Equipe) -> None:
    rdv = pris(equipe, a(9))
    equipe.motif.duree = 30
    equipe.motif.save()

    bouger(RendezVous.objects.get(pk=rdv.pk), a(10))

    rdv.refresh_from_db()
    assert rdv.fin - rdv.debut == timedelta(hours=1)


def test_it_takes_the_pause_of_the_plage_where_it_goes(equipe: Equipe) -> None:
    PlageOuverture.objects.update(pause=15)
    rdv = pris(equipe, a(9), pause=60)

    assert bouger(rdv, a(11)).pause == 15
    rdv.refresh_from_db()
    assert (rdv.fin, rdv.periode.upper) == (a(12), a(12, 15))


def test_delays_bind_the_public_only(equipe: Equipe) -> None:
    equipe.motif.delai_min, equipe.motif.delai_max = timedelta(weeks=3), timedelta(weeks=6)
    equipe.motif.save()

    assert bouger(pris(equipe, a(9)), a(11)).debut == a(11)


def test_the_same_twice_is_once(equipe: Equipe) -> None:
    rdv = pris(equipe, a(9))

    bouger(rdv, a(11))
    bouger(rdv, a(11))

    rdv.refresh_from_db()
    assert (rdv.sequence, Message.objects.count()) == (1, 2)


@pytest.mark.parametrize(
    "cas", ["pris", "hors de la plage", "de travers", "passé", "option", "autre structure", "agent parti"]
)
def test_what_is_not_free_is_refused_and_nothing_changes(equipe: Equipe, cas: str) -> None:
    rdv = pris(equipe, a(9))
    debut, agent = a(11), equipe.admin
    match cas:
        case "pris":
            pris(equipe, a(11))
        case "option":
            pris(equipe, a(11), statut=Statut.OPTION, expire_a=timezone.now() + timedelta(minutes=9))
        case "hors de la plage":
            debut = a(12)
        case "de travers":
            debut = a(10, 30)
        case "passé":
            debut = timezone.now() - timedelta(days=1)
        case "autre structure":
            agent = une_equipe().admin
        case "agent parti":
            equipe.basique.appartenances.all().delete()
            agent = equipe.basique

    with pytest.raises(CreneauIndisponible):
        bouger(rdv, debut, agent)

    rdv.refresh_from_db()
    assert (rdv.debut, rdv.agent, rdv.sequence, Message.objects.count()) == (a(9), equipe.admin, 0, 0)


def test_an_expired_option_does_not_refuse(equipe: Equipe) -> None:
    pris(equipe, a(11), statut=Statut.OPTION, expire_a=timezone.now() - timedelta(minutes=1))

    assert bouger(pris(equipe, a(9)), a(11)).debut == a(11)


@pytest.mark.parametrize(
    "champs",
    [
        {"statut": Statut.HONORE},
        {"statut": Statut.EXCUSE, "annule_le": datetime(2026, 1, 1, tzinfo=UTC)},
        {"jours": -1},
    ],
)
def test_one_over_or_cancelled_is_not_moved(equipe: Equipe, champs: dict) -> None:
    with pytest.raises(SuiviImpossible):
        bouger(un_rendez_vous(equipe, **champs), a(11))


@pytest.mark.django_db(transaction=True)
def test_two_moved_together_to_one_slot_give_one(equipe: Equipe) -> None:
    rendez_vous = [pris(equipe, a(9)), pris(equipe, a(10))]
    depart, issues = threading.Barrier(2), []

    def courir(rdv: RendezVous) -> None:
        try:
            depart.wait()
            bouger(rdv, a(11))
            issues.append("déplacé")
        except ReservationImpossible:
            issues.append("refusé")
        finally:
            connection.close()

    fils = [threading.Thread(target=courir, args=(rdv,)) for rdv in rendez_vous]
    for fil in fils:
        fil.start()
    for fil in fils:
        fil.join()

    assert sorted(issues) == ["déplacé", "refusé"]
    assert RendezVous.objects.filter(debut=a(11)).count() == 1


# --- The pages ------------------------------------------------------------------------------------------------------


def test_from_the_list_of_slots_to_the_new_date(equipe: Equipe) -> None:
    rdv = pris(equipe, a(9))
    client = connecte(equipe.basique)
    liste = equipe.adresse("reservations:deplacer", rdv.pk)

    assert [c["debut"] for c in client.get(liste).context["creneaux"]] == [a(10), a(11)]
    tous = client.get(liste, {"agents": "tous"}).context["creneaux"]
    assert [(c["debut"], c["agent"]) for c in tous if c["agent"] == equipe.basique] == [
        (heure, equipe.basique) for heure in (a(9), a(10), a(11))
    ]
    confirmer = equipe.adresse("reservations:confirmer_deplacement", rdv.pk)
    champs = {"debut": a(11).isoformat(), "agent": equipe.basique.pk}
    assert "de 11 h à 12 h, avec Basile Basique" in texte(client.get(confirmer, champs))
    reponse = client.post(confirmer, champs, follow=True)

    assert "est déplacé au" in messages_de(reponse)[0]
    rdv.refresh_from_db()
    assert (rdv.debut, rdv.agent) == (a(11), equipe.basique)


def test_whom_no_message_reaches_is_to_be_told_by_the_agent(equipe: Equipe) -> None:
    rdv = pris(equipe, a(9), apprenant={"prenom": "Sami", "nom": "Roy", "courriel": ""})
    confirmer = equipe.adresse("reservations:confirmer_deplacement", rdv.pk)
    choix = {"debut": a(11).isoformat(), "agent": equipe.admin.pk}
    client = connecte(equipe.admin)

    page, fait = client.get(confirmer, choix), client.post(confirmer, choix, follow=True)

    assert "donnez-lui vous-même la nouvelle date" in texte(page)
    assert "La personne reçoit" not in texte(page)
    deplace, a_dire = messages_de(fait)
    assert "La personne est prévenue" not in deplace
    assert a_dire.startswith("Aucun message n'a pu partir à Sami Roy")


def test_a_slot_gone_sends_back_to_the_list(equipe: Equipe) -> None:
    rdv = pris(equipe, a(9))
    pris(equipe, a(11))
    client = connecte(equipe.admin)
    confirmer = equipe.adresse("reservations:confirmer_deplacement", rdv.pk)

    for methode in (client.get, client.post):
        reponse = methode(confirmer, {"debut": a(11).isoformat(), "agent": equipe.admin.pk}, follow=True)
        assert reponse.redirect_chain == [(equipe.adresse("reservations:deplacer", rdv.pk), 302)]
        assert "n'est plus libre" in messages_de(reponse)[0]


@pytest.mark.parametrize(
    "champs",
    [
        {},
        {"debut": "demain"},
        {"debut": "2026-13-45T25:61:00Z"},
        {"debut": "2026-11-24T09:00:00"},
        {"debut": "0001-01-01T00:00:00+14:00"},
        {"debut": "9999-12-31T23:59:59-14:00"},
        {"debut": "\x00", "agent": "\x00"},
    ],
)
def test_bad_parameters_send_back_to_the_list(equipe: Equipe, champs: dict[str, str]) -> None:
    rdv = pris(equipe, a(9))
    client = connecte(equipe.admin)
    champs = {"agent": str(equipe.admin.pk), **champs}

    for methode in (client.get, client.post):
        reponse = methode(equipe.adresse("reservations:confirmer_deplacement", rdv.pk), champs)
        assert (reponse.status_code, reponse["Location"]) == (302, equipe.adresse("reservations:deplacer", rdv.pk))


@pytest.mark.parametrize("du", ["", "demain", "2026-02-30", "0001-01-01", "2100-01-01", "9999-12-31"])
def test_the_list_bears_any_date(equipe: Equipe, du: str) -> None:
    rdv = pris(equipe, a(9))

    assert connecte(equipe.admin).get(equipe.adresse("reservations:deplacer", rdv.pk), {"du": du}).status_code == 200


def test_one_over_cannot_be_moved_from_the_page(equipe: Equipe) -> None:
    rdv = un_rendez_vous(equipe, jours=-1)

    reponse = connecte(equipe.admin).get(equipe.adresse("reservations:deplacer", rdv.pk), follow=True)

    assert "ne peut plus être déplacé" in messages_de(reponse)[0]
