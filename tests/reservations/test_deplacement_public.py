"""The learner moves their rendez-vous by its secret link: what is offered, written, refused, said; the limits."""

import threading
from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from plages.models import Absence
from plages.services import enregistrer_absence
from reservations import services
from reservations.models import VALIDITE_DU_LIEN, Message, RendezVous, Statut
from reservations.refus import CreneauIndisponible, ReservationImpossible
from structures.models import Structure
from tests.htmx import page_apres_echange, page_rechargee
from tests.reservations.aides_parcours import (
    LUNDI_8H,
    MARDI_9H,
    MARDI_10H,
    Monde,
    boutons_de_creneau,
    page_des_creneaux,
    prendre_ailleurs,
    reserver,
    texte,
    titre,
    un_agent,
    un_monde,
    une_plage,
)

pytestmark = pytest.mark.django_db

JEUDI_9H = datetime(2026, 11, 26, 8, tzinfo=UTC)
JEUDI_10H = JEUDI_9H + timedelta(hours=1)
VENDREDI_9H = JEUDI_9H + timedelta(days=1)


@pytest.fixture(autouse=True)
def horloge(monkeypatch):
    instants = [LUNDI_8H]
    monkeypatch.setattr(timezone, "now", lambda: instants[-1])
    return instants


def adresse(rendez_vous: RendezVous, nom: str = "deplacer_rendez_vous") -> str:
    return reverse(f"reservations:{nom}", args=[rendez_vous.jeton])


def deplacer(client: Client, rendez_vous: RendezVous, debut: datetime):
    return client.post(adresse(rendez_vous, "confirmer_deplacement_public"), {"debut": debut.isoformat()}, follow=True)


def relu(rendez_vous: RendezVous) -> RendezVous:
    return RendezVous.objects.get(pk=rendez_vous.pk)


def test_from_the_page_to_another_hour_and_both_are_told(client):
    rendez_vous = reserver(client, un_monde(), JEUDI_9H)
    Message.objects.all().delete()
    accueil = client.get(adresse(rendez_vous, "rendez_vous_public"))
    assert "Changer le jour ou l'heure" in texte(accueil)

    page = client.get(adresse(rendez_vous))
    boutons = boutons_de_creneau(page)
    assert "jeudi 26 novembre à 9 h" not in boutons  # where it already is
    demande = client.get(adresse(rendez_vous, "confirmer_deplacement_public"), {"debut": VENDREDI_9H.isoformat()})
    assert "jeudi 26 novembre 2026 à 9 h" in texte(demande)
    assert "vendredi 27 novembre 2026 à 9 h" in texte(demande)
    assert relu(rendez_vous).debut == JEUDI_9H  # nothing is done by looking

    reponse = deplacer(client, rendez_vous, VENDREDI_9H)
    assert titre(reponse).startswith("Votre rendez-vous est déplacé")
    assert "vendredi 27 novembre 2026, de 9 h à 10 h" in texte(reponse)
    nouveau = relu(rendez_vous)
    assert (nouveau.debut, nouveau.sequence, nouveau.jeton) == (VENDREDI_9H, 1, rendez_vous.jeton)
    recus = {m.destinataire: m.texte for m in Message.objects.all()}
    assert "Vous avez déplacé votre rendez-vous du jeudi 26 novembre 2026 à 9 h." in recus["jeanne@exemple.fr"]
    assert "est déplacé par la personne" in recus[rendez_vous.agent.courriel]


def test_a_double_click_moves_once(client):
    rendez_vous = reserver(client, un_monde(), JEUDI_9H)
    Message.objects.all().delete()
    for _ in range(2):
        assert titre(deplacer(client, rendez_vous, MARDI_9H)).startswith("Votre rendez-vous est déplacé")
    assert relu(rendez_vous).sequence == 1
    assert Message.objects.count() == 2


def test_the_week_is_swapped_as_the_page_reloaded(client):
    rendez_vous = reserver(client, un_monde(), JEUDI_9H)
    suivante = f"{adresse(rendez_vous)}?semaine=2026-11-30"
    avant = client.get(adresse(rendez_vous)).content
    fragment = client.get(suivante, headers={"HX-Request": "true"}).content
    assert page_apres_echange(avant, fragment, "creneaux") == page_rechargee(client.get(suivante).content)


def test_it_may_overlap_its_own_old_time(client):
    monde = un_monde()
    rendez_vous = reserver(client, monde, JEUDI_9H)
    RendezVous.objects.update(debut=JEUDI_9H + timedelta(minutes=30), fin=JEUDI_10H + timedelta(minutes=30))
    deplacer(client, rendez_vous, JEUDI_10H)
    assert relu(rendez_vous).debut == JEUDI_10H


def test_taken_meanwhile_nothing_changes_and_one_sentence_says_so(client):
    monde = un_monde()
    rendez_vous = reserver(client, monde, JEUDI_9H)
    prendre_ailleurs(monde, VENDREDI_9H)
    reponse = deplacer(client, rendez_vous, VENDREDI_9H)
    assert "Cette heure vient d'être prise ou n'est plus libre. Votre rendez-vous n'a pas changé." in texte(reponse)
    assert "Semaine du lundi 23 novembre" in texte(reponse)
    assert (relu(rendez_vous).debut, relu(rendez_vous).sequence) == (JEUDI_9H, 0)


def test_the_agent_turned_absent_meanwhile(client):
    monde = un_monde()
    rendez_vous = reserver(client, monde, JEUDI_9H)
    absence = Absence(
        structure=monde.structure,
        agent=monde.agent,
        titre="congés",
        premier_jour=VENDREDI_9H.date(),
        dernier_jour=VENDREDI_9H.date(),
        heure_debut=time(8),
        heure_fin=time(18),
    )
    enregistrer_absence(absence=absence, maintenant=LUNDI_8H)
    assert "n'est plus libre" in texte(deplacer(client, rendez_vous, VENDREDI_9H))
    assert relu(rendez_vous).debut == JEUDI_9H


def test_the_motif_closed_meanwhile(client):
    monde = un_monde()
    rendez_vous = reserver(client, monde, JEUDI_9H)
    monde.motif.reservable_en_ligne = False
    monde.motif.save()
    for reponse in (client.get(adresse(rendez_vous), follow=True), deplacer(client, rendez_vous, VENDREDI_9H)):
        assert "Ce rendez-vous ne se déplace pas par Internet. Votre rendez-vous n'a pas changé." in texte(reponse)
        assert "04 75 25 00 00" in texte(reponse)
        assert "Changer le jour" not in texte(reponse)
    assert relu(rendez_vous).debut == JEUDI_9H


def test_two_tabs_the_last_choice_wins_and_one_row_is_left(client):
    rendez_vous = reserver(client, un_monde(), JEUDI_9H)
    onglet = client.get(adresse(rendez_vous, "confirmer_deplacement_public"), {"debut": VENDREDI_9H.isoformat()})
    deplacer(client, rendez_vous, MARDI_9H + timedelta(days=7))
    assert onglet.status_code == 200
    deplacer(client, rendez_vous, VENDREDI_9H)
    assert RendezVous.objects.get().debut == VENDREDI_9H


def test_cancelled_in_another_tab_it_does_not_move(client):
    rendez_vous = reserver(client, un_monde(), JEUDI_9H)
    services.annuler_par_apprenant(rendez_vous=rendez_vous, maintenant=LUNDI_8H)
    assert "il ne peut plus être déplacé" in texte(deplacer(client, rendez_vous, VENDREDI_9H))
    assert relu(rendez_vous).statut == Statut.EXCUSE


@pytest.mark.parametrize("debut", ["", "demain", "9999-12-31T23:00:00+00:00", "2026-11-27T08:07:00+00:00"])
def test_an_hour_that_is_not_offered_is_refused(client, debut):
    rendez_vous = reserver(client, un_monde(), JEUDI_9H)
    for demande in (client.get, client.post):
        reponse = demande(adresse(rendez_vous, "confirmer_deplacement_public"), {"debut": debut}, follow=True)
        assert "Votre rendez-vous n'a pas changé." in texte(reponse)
    assert relu(rendez_vous).debut == JEUDI_9H


def test_the_public_s_delays_hold(client):
    monde = un_monde(delai_min=timedelta(days=3))
    rendez_vous = reserver(client, monde, VENDREDI_9H)
    assert boutons_de_creneau(client.get(adresse(rendez_vous)))[0] == "jeudi 26 novembre à 9 h"
    assert "n'est plus libre" in texte(deplacer(client, rendez_vous, MARDI_10H))


# --- Which agent ---------------------------------------------------------------------------------------------------


def deux_agents() -> Monde:
    monde = un_monde()
    une_plage(monde, agent=un_agent(monde.structure), de=14, a=16)
    return monde


def test_any_agent_free_may_take_it_and_both_agents_are_told(client):
    monde = deux_agents()
    rendez_vous = reserver(client, monde, JEUDI_9H)
    Message.objects.all().delete()
    deplacer(client, rendez_vous, JEUDI_9H + timedelta(hours=5))
    nouveau = relu(rendez_vous)
    assert nouveau.agent != monde.agent
    assert {m.destinataire: m.ics_methode for m in Message.objects.all()} == {
        monde.agent.courriel: "CANCEL",
        nouveau.agent.courriel: "REQUEST",
        "jeanne@exemple.fr": "REQUEST",
    }


def test_the_same_agent_keeps_it_when_they_are_free(client):
    monde = un_monde()
    une_plage(monde, agent=un_agent(monde.structure))
    rendez_vous = reserver(client, monde, JEUDI_9H)
    agent = rendez_vous.agent
    for n in range(1, 3):  # the busier of the two, this week
        prendre_ailleurs(monde, JEUDI_9H + timedelta(hours=n), agent)
    deplacer(client, rendez_vous, VENDREDI_9H)
    assert relu(rendez_vous).agent == agent


def test_booked_by_an_agent_s_link_it_stays_with_them(client):
    monde = deux_agents()
    appartenance = monde.agent.appartenances.get()
    appartenance.lien = "lien-de-camille"
    appartenance.save()
    rendez_vous = reserver_par_son_lien(client, monde)
    assert rendez_vous.agent_choisi
    assert not any("14 h" in bouton for bouton in boutons_de_creneau(client.get(adresse(rendez_vous))))
    assert "n'est plus libre" in texte(deplacer(client, rendez_vous, JEUDI_9H + timedelta(hours=5)))
    assert relu(rendez_vous).agent == monde.agent


def reserver_par_son_lien(client: Client, monde: Monde) -> RendezVous:
    structure, monde.structure = monde.structure, Structure(lien="lien-de-camille")
    try:
        return reserver(client, monde, JEUDI_9H)
    finally:
        monde.structure = structure


@pytest.mark.django_db(transaction=True)
def test_two_learners_for_one_hour_one_wins(client):
    monde = un_monde()
    premier, second = reserver(client, monde, JEUDI_9H), reserver(Client(), monde, JEUDI_10H, prenom="Ali")
    resultats: list[str] = []
    depart = threading.Barrier(2)

    def bouger(rendez_vous: RendezVous) -> None:
        depart.wait()
        try:
            services.deplacer_par_apprenant(rendez_vous=rendez_vous, debut=VENDREDI_9H, maintenant=LUNDI_8H)
            resultats.append("fait")
        except CreneauIndisponible:
            resultats.append("pris")
        finally:
            connection.close()

    fils = [threading.Thread(target=bouger, args=[rdv]) for rdv in (premier, second)]
    for fil in fils:
        fil.start()
    for fil in fils:
        fil.join()
    assert sorted(resultats) == ["fait", "pris"]
    assert sorted(rdv.debut for rdv in RendezVous.objects.all())[-1] == VENDREDI_9H


# --- The limits set by the structure -------------------------------------------------------------------------------


def test_after_the_limit_to_move_only_cancelling_is_left(client, horloge):
    rendez_vous = reserver(client, un_monde(), JEUDI_9H)
    horloge.append(JEUDI_9H - timedelta(days=2))
    assert "changer l'heure jusqu'à 2 jours avant, annuler jusqu'à 4 heures avant" in texte(
        client.get(adresse(rendez_vous, "rendez_vous_public"))
    )
    horloge.append(JEUDI_9H - timedelta(days=2) + timedelta(seconds=1))
    page = texte(client.get(adresse(rendez_vous, "rendez_vous_public")))
    assert "Annuler ce rendez-vous" in page
    assert "Changer le jour ou l'heure" not in page
    refus = texte(deplacer(client, rendez_vous, VENDREDI_9H))
    assert "Il est trop tard pour déplacer ce rendez-vous par Internet" in refus
    assert "jusqu'à 2 jours avant. Votre rendez-vous n'a pas changé." in refus
    assert relu(rendez_vous).debut == JEUDI_9H


def test_after_the_limit_to_cancel_the_page_gives_the_phone_number(client, horloge):
    rendez_vous = reserver(client, un_monde(), JEUDI_9H)
    horloge.append(JEUDI_9H - timedelta(hours=4) + timedelta(seconds=1))
    page = texte(client.get(adresse(rendez_vous, "rendez_vous_public")))
    assert "Il est trop tard pour le changer ou l'annuler par Internet." in page
    assert "Prévenez-nous. Vous pouvez téléphoner : 04 75 25 00 00." in page
    reponse = client.post(adresse(rendez_vous, "annuler_rendez_vous"), follow=True)
    assert "Ce rendez-vous ne peut plus être annulé en ligne." in texte(reponse)
    assert relu(rendez_vous).statut == Statut.PREVU


def test_the_agent_is_not_bound_by_these_limits(client, horloge):
    rendez_vous = reserver(client, un_monde(), JEUDI_9H)
    horloge.append(JEUDI_9H - timedelta(minutes=30))
    services.annuler_par_structure(rendez_vous=rendez_vous, message="", maintenant=horloge[-1])
    assert relu(rendez_vous).statut == Statut.ANNULE


def test_without_limit_it_is_until_the_beginning(client, horloge):
    monde = un_monde(structure={"annulation_heures": 0, "deplacement_heures": 0})
    rendez_vous = reserver(client, monde, JEUDI_9H)
    horloge.append(JEUDI_9H - timedelta(minutes=1))
    assert titre(deplacer(client, rendez_vous, VENDREDI_9H)).startswith("Votre rendez-vous est déplacé")
    horloge.append(VENDREDI_9H)
    with pytest.raises(ReservationImpossible):
        services.annuler_par_apprenant(rendez_vous=rendez_vous, maintenant=VENDREDI_9H)


# --- The link expires ----------------------------------------------------------------------------------------------


def test_ninety_days_later_the_link_says_nothing_any_more(client, horloge):
    rendez_vous = reserver(client, un_monde(), JEUDI_9H)
    horloge.append(rendez_vous.fin + VALIDITE_DU_LIEN)
    assert client.get(adresse(rendez_vous, "rendez_vous_public")).status_code == 200
    horloge.append(horloge[-1] + timedelta(seconds=1))
    noms = ("rendez_vous_public", "annuler_rendez_vous", "ics", "deplacer_rendez_vous", "confirmer_deplacement_public")
    for nom in noms:
        reponse = client.get(adresse(rendez_vous, nom))
        assert reponse.status_code == 410
        assert "Ce lien ne fonctionne plus" in texte(reponse)
        assert "Jeanne" not in texte(reponse)
        assert reponse["X-Robots-Tag"] == "noindex"


def test_the_place_left_is_free_for_others(client):
    monde = un_monde()
    rendez_vous = reserver(client, monde, JEUDI_9H)
    deplacer(client, rendez_vous, VENDREDI_9H)
    boutons = boutons_de_creneau(Client().get(page_des_creneaux(monde)))
    assert "jeudi 26 novembre à 9 h" in boutons
    assert "vendredi 27 novembre à 9 h" not in boutons
