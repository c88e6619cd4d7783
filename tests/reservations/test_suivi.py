"""What became of a rendez-vous: present, absent, excused, back to prevu; and the page that says all about one."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from motifs.models import TypeLieu
from reservations.courrier.messagerie import annoncer_confirmation
from reservations.models import Etat, Message, RendezVous, Statut
from reservations.refus import CreneauIndisponible, ReservationImpossible, SuiviImpossible
from reservations.services import annuler_par_structure, noter_presence
from tests.aides_agent import connecte, messages_de, texte, un_rendez_vous, une_equipe
from tests.factories import MotifFactory
from tests.htmx import page_apres_echange, page_rechargee

pytestmark = pytest.mark.django_db

AVANT, PENDANT, APRES = timedelta(hours=-1), timedelta(minutes=5), timedelta(days=2)


def noter(rdv: RendezVous, statut: Statut, ecart: timedelta) -> RendezVous:
    return noter_presence(rendez_vous=rdv, statut=statut, maintenant=rdv.debut + ecart)


@pytest.mark.parametrize("ecart", [timedelta(), PENDANT, APRES])
@pytest.mark.parametrize("statut", [Statut.HONORE, Statut.ABSENT, Statut.EXCUSE])
def test_what_became_of_it_is_written_once_begun(statut: Statut, ecart: timedelta) -> None:
    rdv = un_rendez_vous(une_equipe())

    noter(rdv, statut, ecart)
    noter(rdv, statut, ecart)  # a double click

    rdv.refresh_from_db()
    assert rdv.statut == statut
    assert (rdv.annule_le is not None) == (statut == Statut.EXCUSE)
    assert not Message.objects.exists()


@pytest.mark.parametrize("avant", [Statut.HONORE, Statut.ABSENT, Statut.EXCUSE])
@pytest.mark.parametrize("apres", [Statut.PREVU, Statut.HONORE, Statut.ABSENT, Statut.EXCUSE])
def test_a_mistake_is_mended(avant: Statut, apres: Statut) -> None:
    rdv = un_rendez_vous(une_equipe())
    noter(rdv, avant, APRES)

    if avant == Statut.EXCUSE and apres in (Statut.HONORE, Statut.ABSENT):
        with pytest.raises(SuiviImpossible, match="annulé"):
            noter(rdv, apres, APRES)
    else:
        assert noter(rdv, apres, APRES).statut == apres
    assert not Message.objects.exists()


@pytest.mark.parametrize("statut", [Statut.HONORE, Statut.ABSENT])
def test_present_or_absent_is_refused_before_it_begins(statut: Statut) -> None:
    rdv = un_rendez_vous(une_equipe())

    with pytest.raises(SuiviImpossible, match="pas encore commencé"):
        noter(rdv, statut, AVANT)

    rdv.refresh_from_db()
    assert rdv.statut == Statut.PREVU


def test_excused_before_it_begins_is_a_cancellation_that_everyone_is_told() -> None:
    rdv = un_rendez_vous(une_equipe())

    noter(rdv, Statut.EXCUSE, AVANT)

    rdv.refresh_from_db()
    assert (rdv.statut, rdv.sequence, Message.objects.filter(ics_methode="CANCEL").count()) == (Statut.EXCUSE, 1, 2)


@pytest.mark.parametrize("statut", [Statut.OPTION, Statut.ANNULE])
def test_other_statuses_are_not_written_here(statut: Statut) -> None:
    with pytest.raises(SuiviImpossible):
        noter(un_rendez_vous(une_equipe()), statut, APRES)


def test_taking_a_cancelled_one_back_is_a_booking() -> None:
    rdv = un_rendez_vous(une_equipe())
    annuler_par_structure(rendez_vous=rdv, message="Je suis malade.", maintenant=rdv.debut + AVANT)
    Message.objects.all().delete()

    noter(rdv, Statut.PREVU, AVANT)

    rdv.refresh_from_db()
    assert (rdv.statut, rdv.annule_le, rdv.message_d_annulation, rdv.sequence) == (Statut.PREVU, None, "", 2)
    assert {m.destinataire for m in Message.objects.filter(ics_methode="REQUEST")} == {
        "jeanne@exemple.fr",
        rdv.agent.courriel,
    }


def test_taking_back_a_time_that_was_given_since_is_refused() -> None:
    equipe = une_equipe()
    rdv = un_rendez_vous(equipe)
    annuler_par_structure(rendez_vous=rdv, message="", maintenant=rdv.debut + AVANT)
    un_rendez_vous(equipe)

    with pytest.raises(CreneauIndisponible):
        noter(rdv, Statut.PREVU, AVANT)

    rdv.refresh_from_db()
    assert rdv.statut == Statut.ANNULE


@pytest.mark.parametrize(("expire_dans", "repris"), [(9, False), (-1, True)])
def test_an_option_refuses_only_while_it_lives(expire_dans: int, repris: bool) -> None:
    equipe = une_equipe()
    rdv = un_rendez_vous(equipe)
    maintenant = rdv.debut + AVANT
    annuler_par_structure(rendez_vous=rdv, message="", maintenant=maintenant)
    un_rendez_vous(equipe, statut=Statut.OPTION, expire_a=maintenant + timedelta(minutes=expire_dans))

    if repris:
        assert noter(rdv, Statut.PREVU, AVANT).statut == Statut.PREVU
    else:
        with pytest.raises(CreneauIndisponible):
            noter(rdv, Statut.PREVU, AVANT)


def test_an_agent_who_left_gets_nothing_back() -> None:
    equipe = une_equipe()
    rdv = un_rendez_vous(equipe)
    annuler_par_structure(rendez_vous=rdv, message="", maintenant=rdv.debut + AVANT)
    equipe.admin.appartenances.all().delete()

    with pytest.raises(SuiviImpossible, match="plus dans la structure"):
        noter(rdv, Statut.PREVU, AVANT)


@pytest.mark.django_db(transaction=True)
def test_two_cancelled_at_one_time_taken_back_together_give_one() -> None:
    equipe = une_equipe()
    un, autre = un_rendez_vous(equipe, jours=3), None
    annuler_par_structure(rendez_vous=un, message="", maintenant=un.debut + AVANT)
    autre = un_rendez_vous(equipe, jours=3)
    annuler_par_structure(rendez_vous=autre, message="", maintenant=autre.debut + AVANT)
    depart, issues = threading.Barrier(2), []

    def retablir(rdv: RendezVous) -> None:
        try:
            depart.wait()
            noter(rdv, Statut.PREVU, AVANT)
            issues.append("rétabli")
        except ReservationImpossible:
            issues.append("refusé")
        finally:
            connection.close()

    fils = [threading.Thread(target=retablir, args=(rdv,)) for rdv in (un, autre)]
    for fil in fils:
        fil.start()
    for fil in fils:
        fil.join()

    assert sorted(issues) == ["refusé", "rétabli"]
    assert RendezVous.objects.filter(statut=Statut.PREVU).count() == 1


# --- The page -------------------------------------------------------------------------------------------------------


def test_the_page_says_all_about_a_rendez_vous() -> None:
    equipe = une_equipe()
    rdv = un_rendez_vous(equipe, apprenant={"telephone": "+33612345678"})
    rdv.participations.update(
        instructions="Apportez https://exemple.fr/formulaire",
        instructions_acceptees_le=datetime(2026, 11, 20, 8, 42, tzinfo=UTC),
    )
    annoncer_confirmation(rendez_vous=rdv)
    Message.objects.filter(destinataire="jeanne@exemple.fr").update(etat=Etat.ENVOYE, etat_le=timezone.now())

    lu = texte(connecte(equipe.basique).get(equipe.adresse("reservations:rendez_vous_detail", rdv.pk)))

    for morceau in (
        "Jeanne Martin 06 12 34 56 78 jeanne@exemple.fr",
        "Accompagnement individuel",
        "Salle numérique",
        "1 rue de la République, 26400 Crest",
        "Instructions acceptées le vendredi 20 novembre 2026 à 9 h 42",
        "Apportez https://exemple.fr/formulaire",
        "à jeanne@exemple.fr : envoyé",
        f"à {equipe.admin.courriel} : en attente d'envoi",
        "Rendez-vous pris",
    ):
        assert morceau in lu


def test_a_visio_shows_the_agent_s_room() -> None:
    equipe = une_equipe()
    equipe.admin.url_visio = "https://visio.exemple.fr/ada"
    equipe.admin.save()
    visio = MotifFactory(structure=equipe.structure, type_lieu=TypeLieu.VISIO)
    rdv = un_rendez_vous(equipe, motif=visio)

    page = connecte(equipe.admin).get(equipe.adresse("reservations:rendez_vous_detail", rdv.pk)).content.decode()

    assert 'href="https://visio.exemple.fr/ada"' in page


@pytest.mark.parametrize(
    ("jours", "champs", "attendus"),
    [
        (1, {}, ["excuse"]),
        (-1, {}, ["honore", "absent", "excuse"]),
        (-1, {"statut": Statut.HONORE}, ["absent", "excuse", "prevu"]),
        (-1, {"statut": Statut.ANNULE, "annule_le": datetime(2026, 1, 1, tzinfo=UTC)}, ["prevu"]),
    ],
)
def test_only_what_can_be_done_is_offered(jours: int, champs: dict, attendus: list[str]) -> None:
    equipe = une_equipe()
    rdv = un_rendez_vous(equipe, jours=jours, **champs)

    reponse = connecte(equipe.admin).get(equipe.adresse("reservations:rendez_vous_detail", rdv.pk))

    assert [statut.value for statut, _ in reponse.context["gestes"]] == attendus


def test_a_status_is_written_from_the_page_and_from_the_agenda() -> None:
    equipe = une_equipe()
    rdv = un_rendez_vous(equipe, jours=-1)
    client = connecte(equipe.basique)
    adresse = equipe.adresse("reservations:rendez_vous_detail", rdv.pk)

    reponse = client.post(adresse, {"statut": "honore"}, follow=True)
    assert reponse.redirect_chain == [(adresse, 302)]
    assert "personne venue" in messages_de(reponse)[0]

    agenda = "?jour=2026-11-20&vue=jour&ailleurs=https://exemple.fr"
    reponse = client.post(adresse, {"statut": "absent", "agenda": agenda})
    assert reponse["Location"].endswith(f"/agenda/?jour=2026-11-20&vue=jour&rdv={rdv.pk}")
    rdv.refresh_from_db()
    assert rdv.statut == Statut.ABSENT


def test_a_refusal_is_said_and_an_unknown_status_is_a_400() -> None:
    equipe = une_equipe()
    rdv = un_rendez_vous(equipe)
    client = connecte(equipe.admin)
    adresse = equipe.adresse("reservations:rendez_vous_detail", rdv.pk)

    assert "pas encore commencé" in messages_de(client.post(adresse, {"statut": "honore"}, follow=True))[0]
    assert "pas encore commencé" in texte(client.post(adresse, {"statut": "honore"}, headers={"HX-Request": "true"}))
    for statut in ("option", "annule", "", "\x00"):
        assert client.post(adresse, {"statut": statut}).status_code == 400


def test_an_option_has_no_page() -> None:
    equipe = une_equipe()
    option = un_rendez_vous(equipe, statut=Statut.OPTION, expire_a=timezone.now() + timedelta(minutes=9))

    client = connecte(equipe.admin)
    assert client.get(equipe.adresse("reservations:rendez_vous_detail", option.pk)).status_code == 404
    agenda = client.get(equipe.adresse("reservations:agenda"), {"rdv": option.pk})
    assert "Jeanne" not in texte(agenda)


def test_the_region_swapped_is_the_page_reloaded() -> None:
    equipe = une_equipe()
    rdv = un_rendez_vous(equipe, jours=-1)
    client = connecte(equipe.admin)
    adresse = equipe.adresse("reservations:rendez_vous_detail", rdv.pk)

    page = client.get(adresse)
    client.post(adresse, {"statut": "honore"}, headers={"HX-Request": "true"})
    fragment = client.get(adresse, headers={"HX-Request": "true"})

    assert page_apres_echange(page.content, fragment.content, "detail") == page_rechargee(client.get(adresse).content)


def test_it_opens_in_the_agenda_and_the_swap_is_the_reload() -> None:
    equipe, ailleurs = une_equipe(), une_equipe()
    rdv, etranger = un_rendez_vous(equipe), un_rendez_vous(ailleurs)
    client = connecte(equipe.admin)
    adresse = equipe.adresse("reservations:agenda")
    jour = timezone.localdate(rdv.debut).isoformat()

    page = client.get(adresse, {"jour": jour})
    fragment = client.get(adresse, {"jour": jour, "rdv": rdv.pk}, headers={"HX-Request": "true"})
    rechargee = client.get(adresse, {"jour": jour, "rdv": rdv.pk})

    assert page_apres_echange(page.content, fragment.content, "agenda") == page_rechargee(rechargee.content)
    assert "jeanne@exemple.fr" in texte(rechargee)
    assert "jeanne@exemple.fr" not in texte(client.get(adresse, {"jour": jour, "rdv": etranger.pk}))
