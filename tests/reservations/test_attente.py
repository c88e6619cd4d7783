"""The waiting list: who is offered what, when, for how long; how one gets on it and leaves it."""

import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection, transaction
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from motifs.models import Motif, Public
from reservations import attente as services
from reservations import conservation, options
from reservations.attente import accepter, decliner, proposer_places, quitter
from reservations.courrier import envoi
from reservations.courrier.sms import GSM7, GSM7_DOUBLES, longueur_gsm7
from reservations.models import Apprenant, Attente, Etat, Message, Participation, RendezVous, Statut
from reservations.refus import (
    AttenteImpossible,
    CodeRefuse,
    CreneauIndisponible,
    DemarcheIncomplete,
    ReservationImpossible,
)
from structures.models import Structure
from tests.factories import MotifFactory
from tests.reservations.aides_attente import MINUTE, UN_JOUR, liberer, un_monde_plein, une_attente
from tests.reservations.aides_messages import PORTABLE
from tests.reservations.aides_parcours import (
    LUNDI_8H,
    MARDI_9H,
    MARDI_10H,
    Monde,
    autre_code,
    code_recu,
    prendre_ailleurs,
    un_agent,
    une_plage,
)

pytestmark = pytest.mark.django_db

HEURE = timedelta(hours=1)


def offertes() -> list[str]:
    """Who was written to about a place, in order."""
    return [m.destinataire.split("@")[0] for m in Message.objects.filter(valable_jusqu_a__isnull=False).order_by("pk")]


def place_de(attente: Attente, maintenant=LUNDI_8H) -> RendezVous | None:
    attente.refresh_from_db()
    return services.place_offerte(attente, maintenant)


def un_rendez_vous(monde: Monde, debut, prenom: str = "Ana") -> RendezVous:
    """Someone's own rendez-vous, with the e-mail address that `une_attente` gives them."""
    rendez_vous = prendre_ailleurs(monde, debut)
    apprenant = Apprenant.objects.create(
        structure=monde.structure, prenom=prenom, nom="Silva", courriel=f"{prenom.lower()}@exemple.fr"
    )
    Participation.objects.create(rendez_vous=rendez_vous, apprenant=apprenant)
    return rendez_vous


# --- The job: one place, one person, for half an hour -----------------------------------------------------------


def test_nothing_is_offered_while_nothing_is_free():
    monde, _ = un_monde_plein()
    une_attente(monde)

    assert proposer_places(maintenant=LUNDI_8H) == 0
    assert not Message.objects.exists()


def test_a_place_that_is_free_again_is_held_for_the_oldest_and_said_to_them():
    monde, pris = un_monde_plein()
    deuxieme, premier = une_attente(monde, "Bea"), une_attente(monde, "Ana", inscrite_le=LUNDI_8H - 2 * UN_JOUR)
    liberer(pris)

    assert proposer_places(maintenant=LUNDI_8H) == 1

    option = place_de(premier)
    assert option is not None
    assert (option.debut, option.expire_a) == (MARDI_9H, LUNDI_8H + 30 * MINUTE)
    assert place_de(deuxieme) is None
    message = Message.objects.get()
    assert (message.destinataire, message.valable_jusqu_a) == ("ana@exemple.fr", option.expire_a)
    assert message.sujet == "Une place s'est libérée : mardi 24 novembre 2026 à 9 h"
    assert "Une place s'est libérée mardi 24 novembre à 9 h. Elle est gardée pour vous jusqu'à 8 h 30." in message.texte
    assert f"/attente/{premier.jeton}/" in message.texte


def test_the_next_person_is_asked_once_the_half_hour_is_over():
    monde, pris = un_monde_plein()
    ana, bea = une_attente(monde, "Ana"), une_attente(monde, "Bea")
    liberer(pris)

    for minutes in (0, 5, 29, 30, 35, 60, 90):
        proposer_places(maintenant=LUNDI_8H + minutes * MINUTE)
        options.liberer_options_expirees(maintenant=LUNDI_8H + minutes * MINUTE)

    assert offertes() == ["ana", "bea"]
    assert place_de(ana, LUNDI_8H + 31 * MINUTE) is None
    assert place_de(bea, LUNDI_8H + 61 * MINUTE) is None


def test_the_next_person_is_asked_when_the_first_declines():
    monde, pris = un_monde_plein()
    ana = une_attente(monde, "Ana")
    une_attente(monde, "Bea")
    liberer(pris)
    proposer_places(maintenant=LUNDI_8H)

    decliner(attente=ana)
    proposer_places(maintenant=LUNDI_8H + 5 * MINUTE)

    assert offertes() == ["ana", "bea"]
    assert ana in Attente.objects.actives(LUNDI_8H)


def test_a_declined_place_is_not_offered_again_another_one_is():
    monde, pris = un_monde_plein()
    ana = une_attente(monde)
    liberer(pris)
    proposer_places(maintenant=LUNDI_8H)
    decliner(attente=ana)
    une_plage(monde, frequence="unique", jours=[], premier_jour=MARDI_9H.date() + UN_JOUR, de=9, a=10)

    assert proposer_places(maintenant=LUNDI_8H + UN_JOUR - MINUTE) == 0  # one message a day
    assert proposer_places(maintenant=LUNDI_8H + UN_JOUR) == 1
    assert place_de(ana, LUNDI_8H + UN_JOUR).debut == MARDI_9H + UN_JOUR


def test_one_message_a_day_for_a_contact_that_waits_twice():
    monde, pris = un_monde_plein()
    autre = MotifFactory(structure=monde.structure, ouvert=True)
    une_plage(monde, motifs=[autre], frequence="unique", jours=[], premier_jour=MARDI_9H.date(), de=14, a=15)
    une_attente(monde)
    une_attente(monde, motif=autre)
    liberer(pris)

    assert [proposer_places(maintenant=LUNDI_8H + n * HEURE) for n in range(3)] == [1, 0, 0]


def test_two_places_go_to_two_people():
    monde, pris = un_monde_plein()
    une_plage(monde, frequence="unique", jours=[], premier_jour=MARDI_9H.date(), de=10, a=11)
    ana, bea = une_attente(monde, "Ana"), une_attente(monde, "Bea")
    liberer(pris)

    assert proposer_places(maintenant=LUNDI_8H) == 2
    assert [place_de(a).debut for a in (ana, bea)] == [MARDI_9H, MARDI_10H]


@pytest.mark.parametrize(("heure", "nombre"), [(6, 0), (7, 1), (19, 1), (20, 0)])
def test_nothing_at_night(heure, nombre):
    monde, pris = un_monde_plein()
    une_attente(monde)
    liberer(pris)

    assert proposer_places(maintenant=LUNDI_8H.replace(hour=heure) - MINUTE * 0) == nombre


def test_nothing_too_soon_to_be_useful():
    monde, pris = un_monde_plein()
    une_attente(monde)
    liberer(pris)

    assert proposer_places(maintenant=MARDI_9H - HEURE) == 0  # 8 h for 9 h


@pytest.mark.parametrize(
    "changement",
    [
        {"motif": {"reservable_en_ligne": False}},
        {"motif": {"archive_le": LUNDI_8H}},
        {"motif": {"ouvert_a": Public.PRESCRIPTEURS}},
        {"motif": {"delai_min": timedelta(days=2)}},
        {"structure": {"lien_ferme": True}},
        {"structure": {"liste_d_attente": False}},
        {"attente": {"avant": MARDI_9H}},
        {"attente": {"fin": LUNDI_8H}},
        {"attente": {"close_le": LUNDI_8H}},
        {"attente": {"inscrite_le": None}},
        {"attente": {"deja_proposees": [LUNDI_8H] * 5}},
    ],
    ids=str,
)
def test_nothing_when_it_is_not_for_them(changement):
    monde, pris = un_monde_plein()
    une_attente(monde)
    liberer(pris)
    for modele, nom in ((Motif, "motif"), (Structure, "structure"), (Attente, "attente")):
        if nom in changement:
            modele.objects.update(**changement[nom])

    assert proposer_places(maintenant=LUNDI_8H) == 0


def test_only_in_the_lieu_and_with_the_agent_that_were_chosen():
    monde, pris = un_monde_plein()
    autre = un_agent(monde.structure)
    une_attente(monde, agent=autre)
    liberer(pris)
    assert proposer_places(maintenant=LUNDI_8H) == 0

    une_plage(monde, agent=autre, frequence="unique", jours=[], premier_jour=MARDI_9H.date(), de=10, a=11)
    assert proposer_places(maintenant=LUNDI_8H) == 1
    assert RendezVous.objects.get(statut=Statut.OPTION).agent == autre


def test_by_sms_it_fits_in_one_part():
    monde, pris = un_monde_plein()
    monde.lieu.nom = "Médiathèque intercommunale de la vallée de la Drôme et du Diois"
    monde.lieu.save()
    ana = une_attente(monde, telephone=PORTABLE)
    liberer(pris)
    assert proposer_places(maintenant=LUNDI_8H) == 0  # this instance sends no SMS

    with override_settings(SMS_FOURNISSEUR="console", SITE_URL="https://rdv-aide-numerique.fr"):
        assert proposer_places(maintenant=LUNDI_8H) == 1

    sms = Message.objects.get().texte
    assert sms.startswith("Place libre mardi 24 novembre à 9 h, Médiath")
    assert sms.endswith(f"vous jusqu'à 8 h 30 : https://rdv-aide-numerique.fr/attente/{ana.jeton}/")
    assert set(sms) <= GSM7 | GSM7_DOUBLES
    assert longueur_gsm7(sms) <= 160


@pytest.mark.parametrize(("minutes", "partis"), [(29, 1), (30, 0)])
def test_an_offer_that_is_over_is_not_sent(minutes, partis, monkeypatch):
    monde, pris = un_monde_plein()
    une_attente(monde)
    liberer(pris)
    proposer_places(maintenant=LUNDI_8H)
    monkeypatch.setattr("reservations.courrier.envoi.timezone.now", lambda: LUNDI_8H + minutes * MINUTE)

    envoi.envoyer(Message.objects.get().pk)

    assert len(mail.outbox) == partis
    assert Message.objects.get().etat == (Etat.ENVOYE if partis else Etat.SANS_OBJET)


def test_the_engine_is_asked_once_whatever_the_number_of_motifs_and_people():
    monde, _ = un_monde_plein()
    une_attente(monde)
    with CaptureQueriesContext(connection) as une:
        proposer_places(maintenant=LUNDI_8H)
    for n in range(10):
        motif = MotifFactory(structure=monde.structure, ouvert=True)
        une_attente(monde, f"Autre{n}", motif=motif)
        une_attente(monde, f"Encore{n}")
    with CaptureQueriesContext(connection) as vingt:
        assert proposer_places(maintenant=LUNDI_8H) == 0
    assert len(une) == len(vingt) <= 5


@pytest.mark.django_db(transaction=True)
def test_two_workers_together_offer_it_once():
    monde, pris = un_monde_plein()
    ana = une_attente(monde)
    liberer(pris)
    faits = []

    def autre_travailleur():
        faits.append(proposer_places(maintenant=LUNDI_8H))
        connection.close()

    with transaction.atomic():
        Attente.objects.select_for_update(no_key=True).get(pk=ana.pk)  # the first one is writing to her
        fil = threading.Thread(target=autre_travailleur)
        fil.start()
        fil.join(timeout=5)

    assert faits == [0]  # it did not wait either
    fils = [threading.Thread(target=autre_travailleur) for _ in range(3)]
    for fil in fils:
        fil.start()
    for fil in fils:
        fil.join()
    assert sum(faits) == 1
    assert offertes() == ["ana"]


# --- The answer ---------------------------------------------------------------------------------------------------


def test_taken_at_minute_29_it_is_a_rendez_vous_like_another():
    monde, pris = un_monde_plein()
    ana = une_attente(monde)
    liberer(pris)
    proposer_places(maintenant=LUNDI_8H)

    obtenu = accepter(attente=ana, maintenant=LUNDI_8H + 29 * MINUTE)

    assert (obtenu.statut, obtenu.debut, obtenu.expire_a) == (Statut.PREVU, MARDI_9H, None)
    assert str(obtenu.participations.get().apprenant) == "Ana Silva"
    assert Message.objects.filter(sujet__startswith="Rendez-vous confirmé", destinataire="ana@exemple.fr").count() == 1
    assert not Attente.objects.actives(LUNDI_8H).exists()
    assert accepter(attente=ana, maintenant=LUNDI_8H + 30 * MINUTE) == obtenu  # a double click
    assert RendezVous.objects.filter(statut=Statut.PREVU).count() == 1


def test_a_place_is_held_to_the_end_even_past_the_last_day_of_waiting():
    monde, pris = un_monde_plein()
    ana = une_attente(monde, fin=LUNDI_8H + 10 * MINUTE)
    liberer(pris)
    assert proposer_places(maintenant=LUNDI_8H) == 1
    proposer_places(maintenant=LUNDI_8H + 15 * MINUTE)

    assert accepter(attente=ana, maintenant=LUNDI_8H + 29 * MINUTE).debut == MARDI_9H


@pytest.mark.parametrize("effacee", [False, True])
def test_at_minute_31_it_is_no_longer_theirs_and_they_stay_on_the_list(effacee):
    monde, pris = un_monde_plein()
    ana = une_attente(monde)
    liberer(pris)
    proposer_places(maintenant=LUNDI_8H)
    if effacee:
        options.liberer_options_expirees(maintenant=LUNDI_8H + 31 * MINUTE)

    with pytest.raises(CreneauIndisponible, match="n'est plus gardée"):
        accepter(attente=ana, maintenant=LUNDI_8H + 31 * MINUTE)

    assert not RendezVous.objects.filter(statut=Statut.PREVU).exists()
    assert ana in Attente.objects.actives(LUNDI_8H + 31 * MINUTE)


def test_an_accepted_place_moves_the_rendez_vous_that_they_have():
    monde, pris = un_monde_plein()
    sien = un_rendez_vous(monde, MARDI_9H + 7 * UN_JOUR)
    ana = services.attendre_plus_tot(rendez_vous=sien, maintenant=LUNDI_8H)
    liberer(pris)
    proposer_places(maintenant=LUNDI_8H)
    assert "elle remplace votre rendez-vous du mardi 1er décembre 2026 à 9 h" in Message.objects.get().texte

    obtenu = accepter(attente=ana, maintenant=LUNDI_8H + MINUTE)

    assert (obtenu.pk, obtenu.debut, obtenu.sequence) == (sien.pk, MARDI_9H, 1)
    assert not RendezVous.objects.filter(statut=Statut.OPTION).exists()
    assert Message.objects.filter(sujet__startswith="Rendez-vous déplacé", destinataire="ana@exemple.fr").count() == 1
    assert not Attente.objects.actives(LUNDI_8H).exists()


def test_a_rendez_vous_that_can_no_longer_be_moved_is_offered_nothing_and_keeps_its_time():
    monde, pris = un_monde_plein()
    sien = un_rendez_vous(monde, MARDI_9H + 2 * UN_JOUR)
    ana = services.attendre_plus_tot(rendez_vous=sien, maintenant=LUNDI_8H)
    liberer(pris)
    Structure.objects.update(deplacement_heures=96)
    assert proposer_places(maintenant=LUNDI_8H) == 0
    Structure.objects.update(deplacement_heures=48)
    assert proposer_places(maintenant=LUNDI_8H) == 1
    Structure.objects.update(deplacement_heures=96)

    with pytest.raises(ReservationImpossible, match="trop tard"):
        accepter(attente=ana, maintenant=LUNDI_8H)

    sien.refresh_from_db()
    assert sien.debut == MARDI_9H + 2 * UN_JOUR
    assert place_de(ana) is not None


def test_who_takes_a_rendez_vous_meanwhile_is_offered_sooner_ones_to_move_it():
    monde, pris = un_monde_plein()
    ana, bea = une_attente(monde, "Ana"), une_attente(monde, "Bea")
    sien = un_rendez_vous(monde, MARDI_9H + 7 * UN_JOUR)
    liberer(pris)

    proposer_places(maintenant=LUNDI_8H)

    assert accepter(attente=ana, maintenant=LUNDI_8H) == sien
    bea.refresh_from_db()
    assert bea.rendez_vous is None


def test_instructions_are_accepted_with_the_place():
    monde, pris = un_monde_plein(instructions_a_accepter="Venez avec vos papiers.")
    ana = une_attente(monde)
    liberer(pris)
    proposer_places(maintenant=LUNDI_8H)

    with pytest.raises(DemarcheIncomplete):
        accepter(attente=ana, maintenant=LUNDI_8H, instructions="Un texte d'hier")
    obtenu = accepter(attente=ana, maintenant=LUNDI_8H, instructions="Venez avec vos papiers.")

    assert obtenu.participations.get().instructions == "Venez avec vos papiers."


def test_a_motif_closed_meanwhile_gives_no_rendez_vous():
    monde, pris = un_monde_plein()
    ana = une_attente(monde)
    liberer(pris)
    proposer_places(maintenant=LUNDI_8H)
    Motif.objects.update(reservable_en_ligne=False)

    with pytest.raises(ReservationImpossible, match="ne se réserve plus"):
        accepter(attente=ana, maintenant=LUNDI_8H)


def test_leaving_gives_the_place_back():
    monde, pris = un_monde_plein()
    ana = une_attente(monde)
    liberer(pris)
    proposer_places(maintenant=LUNDI_8H)

    quitter(attente=ana, maintenant=LUNDI_8H)
    quitter(attente=ana, maintenant=LUNDI_8H + MINUTE)

    ana.refresh_from_db()
    assert ana.close_le == LUNDI_8H
    assert not RendezVous.objects.filter(statut=Statut.OPTION).exists()


# --- On the list, off the list ------------------------------------------------------------------------------------


def demander(monde: Monde, **champs) -> Attente:
    identite = {"prenom": "Ana", "nom": "Silva", "courriel": "ana@exemple.fr", "telephone": ""}
    return services.demander(
        **{"motif": monde.motif, "lieu": monde.lieu, "agent": None, **identite, **champs},
        adresse="192.0.2.1",
        maintenant=LUNDI_8H,
    )


def inscrire(monde: Monde, **champs) -> Attente:
    return services.verifier(attente=demander(monde, **champs), code=code_recu(), maintenant=LUNDI_8H)


def test_nobody_is_on_the_list_before_the_code():
    monde, _ = un_monde_plein()
    ana = demander(monde)
    assert "être prévenu" in Message.objects.get().sujet
    assert not Attente.objects.actives(LUNDI_8H).exists()

    with pytest.raises(CodeRefuse):
        services.verifier(attente=ana, code=autre_code(code_recu()), maintenant=LUNDI_8H)
    assert not Attente.objects.actives(LUNDI_8H).exists()
    inscrite = services.verifier(attente=ana, code=code_recu(), maintenant=LUNDI_8H)

    assert Attente.objects.actives(LUNDI_8H).get() == inscrite
    assert (inscrite.avant, inscrite.fin) == (None, LUNDI_8H + 92 * UN_JOUR)


def test_what_is_free_already_is_no_news():
    monde, pris = un_monde_plein()
    une_plage(monde, frequence="unique", jours=[], premier_jour=MARDI_9H.date() + 7 * UN_JOUR, de=9, a=10)

    ana = inscrire(monde)

    assert (ana.avant, ana.fin) == (MARDI_9H + 7 * UN_JOUR, MARDI_9H + 7 * UN_JOUR)
    assert proposer_places(maintenant=LUNDI_8H) == 0
    liberer(pris)
    assert proposer_places(maintenant=LUNDI_8H) == 1


def test_asked_twice_one_waits_once_at_the_first_rank():
    monde, _ = un_monde_plein()

    premiere, seconde = inscrire(monde), inscrire(monde, prenom="Anna")

    assert Attente.objects.get() == premiere == seconde
    assert str(seconde) == "Anna Silva"


def test_a_few_lists_at_a_time():
    monde, _ = un_monde_plein()
    for _ in range(3):
        motif = MotifFactory(structure=monde.structure, ouvert=True)
        une_attente(monde, motif=motif)

    with pytest.raises(AttenteImpossible, match="3 rendez-vous différents"):
        inscrire(monde)
    Attente.objects.filter(motif=motif).update(fin=LUNDI_8H)
    assert inscrire(monde).inscrite_le == LUNDI_8H


@pytest.mark.parametrize(
    ("changement", "refus"),
    [
        ({"courriel": "", "telephone": PORTABLE}, "ni adresse e-mail ni numéro"),  # no SMS on this instance
        ({"liste_d_attente": False}, "ne prévient pas"),
        ({"deplacement_heures": 240}, "trop tard"),
        ({"duree": 30}, "ne se déplace pas"),
        ({"libre": True}, "déjà libres"),
    ],
    ids=str,
)
def test_a_rendez_vous_that_cannot_wait_for_a_sooner_time(changement, refus):
    monde, pris = un_monde_plein()
    sien = un_rendez_vous(monde, MARDI_9H + 7 * UN_JOUR)
    if changement.pop("libre", False):
        liberer(pris)
    for modele in (Apprenant, Structure, Motif):
        a_changer = {c: v for c, v in changement.items() if c in {f.name for f in modele._meta.fields}}
        if a_changer and (modele is not Structure or "courriel" not in a_changer):
            modele.objects.update(**a_changer)

    with pytest.raises(AttenteImpossible, match=refus):
        services.attendre_plus_tot(rendez_vous=sien, maintenant=LUNDI_8H)


def test_the_rendez_vous_of_someone_on_the_list_joins_them():
    monde, _ = un_monde_plein()
    ana = une_attente(monde)
    sien = un_rendez_vous(monde, MARDI_9H + 7 * UN_JOUR)

    assert services.attendre_plus_tot(rendez_vous=sien, maintenant=LUNDI_8H) == ana
    assert services.attendre_plus_tot(rendez_vous=sien, maintenant=LUNDI_8H) == ana
    ana.refresh_from_db()
    assert ana.rendez_vous == sien
    autre = un_rendez_vous(monde, MARDI_10H + 7 * UN_JOUR)
    with pytest.raises(AttenteImpossible, match="un autre rendez-vous"):
        services.attendre_plus_tot(rendez_vous=autre, maintenant=LUNDI_8H)


@pytest.mark.parametrize("ce_qui_arrive", ["annulé", "commencé"])
def test_off_the_list_with_the_rendez_vous(ce_qui_arrive):
    monde, _ = un_monde_plein()
    sien = un_rendez_vous(monde, MARDI_9H + 7 * UN_JOUR)
    ana = services.attendre_plus_tot(rendez_vous=sien, maintenant=LUNDI_8H)
    if ce_qui_arrive == "annulé":
        liberer(sien)
    maintenant = LUNDI_8H if ce_qui_arrive == "annulé" else sien.debut

    assert not Attente.objects.actives(maintenant).exists()
    proposer_places(maintenant=maintenant)

    ana.refresh_from_db()
    assert ana.close_le == maintenant


def test_after_the_last_offer_it_is_over():
    monde, pris = un_monde_plein()
    ana = une_attente(monde, deja_proposees=[LUNDI_8H - n * UN_JOUR for n in range(1, 5)])
    liberer(pris)

    proposer_places(maintenant=LUNDI_8H)
    assert "la dernière place que nous vous proposons" in Message.objects.get().texte
    assert place_de(ana) is not None
    proposer_places(maintenant=LUNDI_8H + 29 * MINUTE)
    assert ana in Attente.objects.actives(LUNDI_8H + 29 * MINUTE)
    proposer_places(maintenant=LUNDI_8H + 30 * MINUTE)

    ana.refresh_from_db()
    assert ana.close_le == LUNDI_8H + 30 * MINUTE


def test_what_is_known_of_them_is_erased_a_day_after():
    monde, _ = un_monde_plein()
    une_attente(monde, "Ana")
    for prenom, champs in {
        "Bea": {"close_le": LUNDI_8H - 25 * HEURE},
        "Cleo": {"close_le": LUNDI_8H - 23 * HEURE},
        "Dora": {"inscrite_le": None, "cree_le": LUNDI_8H - 25 * HEURE},
        "Eva": {"inscrite_le": None, "cree_le": LUNDI_8H - 23 * HEURE},
    }.items():
        une_attente(monde, prenom, **champs)

    conservation.oublier_demarches(maintenant=LUNDI_8H)

    assert sorted(Attente.objects.values_list("prenom", flat=True)) == ["Ana", "Cleo", "Eva"]
