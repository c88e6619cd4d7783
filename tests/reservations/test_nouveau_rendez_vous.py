"""An agent creates a rendez-vous: what is written, who is told, what warns, what is refused, what the page proposes."""

import threading
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from motifs.models import TypeLieu
from plages.models import JourParticulier
from reservations.courrier.envoi import ics_du_message
from reservations.creation import creer_rendez_vous
from reservations.models import Apprenant, Message, Participation, RendezVous, Statut
from reservations.refus import CreationImpossible, CreneauIndisponible, ReservationImpossible
from reservations.requetes.creation import RendezVousVoulu
from structures.models import Plateforme
from tests.aides_agent import (
    Equipe,
    connecte,
    demain,
    erreurs,
    messages_de,
    texte,
    un_rendez_vous,
    une_absence,
    une_equipe,
    une_plage,
)
from tests.factories import AppartenanceFactory, LieuFactory, MotifFactory
from tests.htmx import page_apres_echange, page_rechargee

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture
def equipe() -> Equipe:
    """The admin is open from 9 h to 12 h tomorrow."""
    equipe = une_equipe()
    une_plage(equipe, frequence="unique")
    return equipe


def a(heure: int, minute: int = 0, jour: date | None = None) -> datetime:
    return datetime.combine(jour or demain(), time(heure, minute), tzinfo=PARIS).astimezone(UTC)


def jeanne(equipe: Equipe, **champs: Any) -> Apprenant:
    return Apprenant.objects.create(
        structure=equipe.structure,
        **{"prenom": "Jeanne", "nom": "Martin", "courriel": "jeanne@exemple.fr", **champs},
    )


def saisie(equipe: Equipe, **champs: Any) -> dict[str, Any]:
    """What the form sends for a new person, tomorrow at 9 h, with the admin."""
    return {
        "apprenant": "nouvelle",
        "prenom": "Jeanne",
        "nom": "Martin",
        "telephone": "06 12 34 56 78",
        "courriel": "jeanne@exemple.fr",
        "motif": equipe.motif.pk,
        "agent": equipe.admin.pk,
        "lieu": equipe.lieu.pk,
        "duree": "",
        "moment": "autre",
        "jour": demain().isoformat(),
        "heure": "09:00",
        **champs,
    }


def adresse(equipe: Equipe) -> str:
    return equipe.adresse("reservations:nouveau_rendez_vous")


def envoyer(equipe: Equipe, client: Client | None = None, **champs: Any) -> Any:
    return (client or connecte(equipe.admin)).post(adresse(equipe), saisie(equipe, **champs), follow=True)


def phrases(reponse: Any) -> list[str]:
    return [" ".join(avertissement.phrase.split()) for avertissement in reponse.context["avertissements"]]


# --- What is written ------------------------------------------------------------------------------------------------


def test_a_new_person_gets_a_rendez_vous_and_is_told(equipe: Equipe) -> None:
    reponse = envoyer(equipe)

    rdv = RendezVous.objects.get()
    assert (rdv.debut, rdv.fin, rdv.statut) == (a(9), a(10), Statut.PREVU)
    assert (rdv.motif, rdv.agent, rdv.lieu, rdv.structure) == (
        equipe.motif,
        equipe.admin,
        equipe.lieu,
        equipe.structure,
    )
    personne = rdv.participations.get().apprenant
    assert (str(personne), personne.courriel, personne.telephone.as_e164) == (
        "Jeanne Martin",
        "jeanne@exemple.fr",
        "+33612345678",
    )
    message = Message.objects.get()  # the agent is its author: nothing to learn
    assert (message.destinataire, message.ics_methode) == ("jeanne@exemple.fr", "REQUEST")
    assert "BEGIN:VEVENT" in ics_du_message(message)
    assert len(messages_de(reponse)) == 1
    assert "de 9 h à 10 h, avec Ada Admin." in messages_de(reponse)[0]
    assert reponse.redirect_chain[0][0].startswith(equipe.adresse("reservations:agenda"))
    assert "Jeanne Martin" in texte(reponse)


def test_an_ordinary_agent_creates_for_a_colleague_who_is_told(equipe: Equipe) -> None:
    envoyer(equipe, connecte(equipe.basique), apprenant=jeanne(equipe).pk)

    assert RendezVous.objects.get().agent == equipe.admin
    assert set(Message.objects.values_list("destinataire", "ics_methode")) == {
        ("jeanne@exemple.fr", "REQUEST"),
        (equipe.admin.courriel, "REQUEST"),
    }


def test_a_person_without_any_contact_is_to_be_told_by_the_agent(equipe: Equipe) -> None:
    reponse = envoyer(equipe, telephone="", courriel="")

    assert not Message.objects.exists()
    assert "Jeanne Martin : donnez-lui vous-même le jour et l'heure" in messages_de(reponse)[1]


@pytest.mark.parametrize(
    "connue", [{}, {"prenom": "jéanne", "nom": "MARTIN", "courriel": "autre@exemple.fr", "telephone": "+33612345678"}]
)
def test_a_person_already_known_is_not_written_twice(equipe: Equipe, connue: dict[str, str]) -> None:
    personne = jeanne(equipe, cree_le=timezone.now() - timedelta(days=1), **connue)
    ailleurs = une_equipe()
    jeanne(ailleurs)

    reponse = envoyer(equipe)

    assert Participation.objects.get().apprenant == personne
    assert Apprenant.objects.count() == 2
    assert f"Cette personne est déjà connue : {personne}." in messages_de(reponse)[1]
    personne.refresh_from_db()
    assert personne.courriel == connue.get("courriel", "jeanne@exemple.fr")  # never overwritten
    assert personne.telephone.as_e164 == "+33612345678"  # what was missing is added


def test_a_homonym_with_another_contact_is_another_person_once_confirmed(equipe: Equipe) -> None:
    jeanne(equipe, courriel="", telephone="+33699999999")
    jeanne(une_equipe(), prenom="Paul")

    reponse = envoyer(equipe)
    assert phrases(reponse) == [
        "Quelqu'un de ce nom est déjà connu : Jeanne Martin (06 99 99 99 99). Si c'est la même personne, cherchez-la."
    ]
    envoyer(equipe, confirmes=confirmation(reponse))
    assert Apprenant.objects.filter(structure=equipe.structure).count() == 2
    envoyer(equipe, prenom="Paul", heure="10:00")  # known elsewhere only
    assert RendezVous.objects.count() == 2


def test_a_slot_in_one_click_brings_its_lieu_and_its_hour(equipe: Equipe) -> None:
    annexe = LieuFactory(structure=equipe.structure, nom="Annexe")
    une_plage(equipe, titre="Annexe", lieu=annexe, heure_debut=time(14), heure_fin=time(16), frequence="unique")
    client = connecte(equipe.admin)

    page = client.get(adresse(equipe), {"motif": equipe.motif.pk, "jour": demain().isoformat()})
    choix = {mots: cle for cle, mots in page.context["form"].fields["moment"].choices}
    envoyer(equipe, client, lieu="", moment=choix["Demain à 14 h, Annexe"], jour="n'importe", heure="")

    rdv = RendezVous.objects.get()
    assert (rdv.debut, rdv.lieu) == (a(14), annexe)


def test_the_duration_may_be_another(equipe: Equipe) -> None:
    envoyer(equipe, duree="90")

    assert RendezVous.objects.get().fin == a(10, 30)


def test_the_kind_of_place_of_the_motif_rules(equipe: Equipe) -> None:
    domicile = MotifFactory(structure=equipe.structure, type_lieu=TypeLieu.DOMICILE)

    assert list(erreurs(envoyer(equipe, motif=domicile.pk))) == ["adresse_domicile"]
    reponse = envoyer(equipe, motif=domicile.pk, adresse_domicile="3 rue des Lilas,\n26400 Crest")

    assert messages_de(reponse)
    rdv = RendezVous.objects.get()
    assert (rdv.lieu, rdv.type_lieu, rdv.adresse_domicile) == (None, "domicile", "3 rue des Lilas, 26400 Crest")


def test_on_rdv_solidarites_agents_create_all_the_same() -> None:
    equipe = une_equipe(plateforme=Plateforme.SOLIDARITES)
    une_plage(equipe, frequence="unique")

    envoyer(equipe)

    assert RendezVous.objects.count() == 1


def test_overseas_hours_are_local() -> None:
    equipe = une_equipe(reunion=True)
    JourParticulier.objects.update_or_create(structure=equipe.structure, jour=demain(), defaults={"ferme": False})
    jour = demain() + timedelta(days=1)

    envoyer(equipe, jour=jour, confirmes=confirmation(envoyer(equipe, jour=jour)))

    local = RendezVous.objects.get().debut.astimezone(equipe.structure.tz)
    assert (local.date(), local.hour) == (jour, 9)


# --- What warns -----------------------------------------------------------------------------------------------------


def confirmation(reponse: Any) -> str:
    return str(reponse.context["a_confirmer"])


def test_outside_the_plages_it_warns_then_writes(equipe: Equipe) -> None:
    reponse = envoyer(equipe, heure="15:00")

    assert phrases(reponse) == ["Ada Admin n'a pas de plage d'ouverture à ce moment-là."]
    assert not RendezVous.objects.exists()
    assert "Enregistrer quand même" in texte(reponse)
    assert 'value="Jeanne"' in reponse.content.decode()
    envoyer(equipe, heure="15:00", confirmes=confirmation(reponse))
    assert RendezVous.objects.get().debut == a(15)


def test_a_warning_confirmed_is_no_other_warning(equipe: Equipe) -> None:
    confirmes = confirmation(envoyer(equipe, heure="15:00"))
    une_absence(equipe)

    reponse = envoyer(equipe, heure="15:00", confirmes=confirmes)

    assert "Ada Admin : absence « Formation », de 9 h à 18 h." in phrases(reponse)
    assert not RendezVous.objects.exists()


def test_two_plages_end_to_end_contain_it(equipe: Equipe) -> None:
    une_plage(equipe, titre="Suite", heure_debut=time(12), heure_fin=time(14), frequence="unique")

    envoyer(equipe, heure="11:30")

    assert RendezVous.objects.get().debut == a(11, 30)


def test_an_absence_entered_elsewhere_is_not_named(equipe: Equipe) -> None:
    ailleurs = une_equipe(nom="Autre association")
    AppartenanceFactory(agent=equipe.admin, structure=ailleurs.structure)
    une_absence(ailleurs, agent=equipe.admin, titre="Confidentielle")

    reponse = envoyer(equipe)

    assert phrases(reponse) == ["Ada Admin : occupé (autre structure), de 9 h à 18 h."]
    assert "Confidentielle" not in texte(reponse)


def test_a_closed_day_is_named(equipe: Equipe) -> None:
    JourParticulier.objects.update_or_create(
        structure=equipe.structure, jour=demain(), defaults={"ferme": True, "nom": "Pont"}
    )

    assert phrases(envoyer(equipe))[0].endswith("est férié ou fermé (Pont).")


def test_the_same_person_at_the_same_time_with_someone_else(equipe: Equipe) -> None:
    personne = un_rendez_vous(equipe, agent=equipe.basique, debut=a(9), fin=a(10)).participations.get().apprenant

    reponse = envoyer(equipe, apprenant=personne.pk)

    assert phrases(reponse)[0].startswith("Jeanne Martin a déjà un rendez-vous à ce moment-là")


def test_by_telephone_without_a_number(equipe: Equipe) -> None:
    par_telephone = MotifFactory(structure=equipe.structure, telephone=True)

    assert "aucun numéro n'est connu" in phrases(envoyer(equipe, motif=par_telephone.pk, telephone=""))[0]


def test_earlier_today_warns_and_tells_nobody(equipe: Equipe) -> None:
    """At midnight there is no earlier today: the first minute of the day is asked for."""
    aujourd_hui = timezone.localdate(timezone=PARIS)
    champs = {"jour": aujourd_hui.isoformat(), "heure": "00:00", "duree": "5"}

    reponse = envoyer(equipe, **champs)

    assert "Cette heure est déjà passée : personne ne recevra de message." in phrases(reponse)
    reponse = envoyer(equipe, **champs, confirmes=confirmation(reponse))
    assert RendezVous.objects.get().debut == a(0, 0, aujourd_hui)
    assert not Message.objects.exists()
    assert len(messages_de(reponse)) == 1


# --- What is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("champs", "champ", "phrase"),
    [
        ({"apprenant": ""}, "apprenant", "Choisissez une personne"),
        ({"prenom": " ", "nom": "\u200b"}, "prenom", "Écrivez le prénom."),
        ({"telephone": "12"}, "telephone", "Ce numéro n'existe pas"),
        ({"courriel": "jeanne@"}, "courriel", "n'est pas complète"),
        ({"motif": ""}, "motif", "Choisissez un motif."),
        ({"lieu": ""}, "lieu", "Choisissez un lieu"),
        ({"jour": ""}, "jour", "Choisissez un jour."),
        ({"heure": ""}, "heure", "Choisissez une heure."),
        ({"heure": "25:00"}, "heure", "valide"),
        ({"jour": "2026-02-30"}, "jour", "valide"),
        ({"jour": "9999-12-31"}, "jour", "trop loin"),
        ({"jour": "0001-01-01"}, "jour", "passé"),
        ({"moment": ""}, "moment", "Choisissez un créneau"),
        ({"moment": "20300101T0900-1"}, "moment", "n'est plus libre"),
        ({"moment": "00010101T0000-x"}, "moment", "n'est plus libre"),
        ({"duree": "0"}, "duree", "5"),
        ({"duree": "721"}, "duree", "720"),
        ({"prenom": "\x00"}, "prenom", ""),
    ],
)
def test_bad_input_is_said_beside_its_field(equipe: Equipe, champs: dict, champ: str, phrase: str) -> None:
    if champ == "lieu":
        LieuFactory(structure=equipe.structure)

    reponse = envoyer(equipe, **champs)

    assert phrase in erreurs(reponse)[champ][0]
    assert not RendezVous.objects.exists()
    assert not Apprenant.objects.exists()


def test_an_earlier_day_is_refused(equipe: Equipe) -> None:
    hier = (timezone.localdate(timezone=PARIS) - timedelta(days=1)).isoformat()

    assert erreurs(envoyer(equipe, jour=hier))["jour"] == [
        "Ce jour est passé. Un rendez-vous se note au plus tard le jour même."
    ]


def test_an_hour_that_the_clock_change_skips_is_refused(equipe: Equipe) -> None:
    printemps = next(
        jour
        for n in range(1, 380)
        if (jour := demain() + timedelta(days=n)).month == 3 and jour.weekday() == 6 and jour.day > 24
    )

    assert "changement d'heure" in erreurs(envoyer(equipe, jour=printemps, heure="02:30"))["heure"][0]


@pytest.mark.parametrize("quoi", ["apprenant", "motif", "agent", "lieu"])
def test_what_belongs_to_another_structure_is_refused(equipe: Equipe, quoi: str) -> None:
    ailleurs = une_equipe()
    etranger = {
        "apprenant": jeanne(ailleurs),
        "motif": ailleurs.motif,
        "agent": ailleurs.admin,
        "lieu": ailleurs.lieu,
    }[quoi]

    reponse = envoyer(equipe, **{quoi: etranger.pk})

    assert list(erreurs(reponse)) == [quoi]
    assert not RendezVous.objects.exists()


def test_a_time_already_taken_is_refused_without_saying_by_whom(equipe: Equipe) -> None:
    ailleurs = une_equipe()
    un_rendez_vous(equipe, debut=a(9, 30), fin=a(10, 30), apprenant={"prenom": "Zoé"})
    un_rendez_vous(ailleurs, agent=equipe.admin, debut=a(14), fin=a(15))
    un_rendez_vous(equipe, debut=a(16), fin=a(17), statut=Statut.OPTION, expire_a=timezone.now() + timedelta(minutes=9))

    reponse = envoyer(equipe)
    assert erreurs(reponse)["heure"] == [
        "Ada Admin a déjà un rendez-vous de 9 h 30 à 10 h 30. Choisissez une autre heure."
    ]
    assert "Zoé" not in texte(reponse)
    assert "occupé (autre structure) de 14 h à 15 h" in erreurs(envoyer(equipe, heure="14:00"))["heure"][0]
    assert "en cours par Internet" in erreurs(envoyer(equipe, heure="16:00"))["heure"][0]


@pytest.mark.parametrize("type_lieu", TypeLieu.values)
def test_several_errors_are_said_at_once(equipe: Equipe, type_lieu: str) -> None:
    motif = MotifFactory(structure=equipe.structure, type_lieu=type_lieu)
    LieuFactory(structure=equipe.structure)
    un_rendez_vous(equipe, debut=a(9), fin=a(10))

    reponse = envoyer(equipe, motif=motif.pk, lieu="", adresse_domicile="", duree="30", apprenant=jeanne(equipe).pk)

    manque = {"sur_place": {"lieu"}, "domicile": {"adresse_domicile"}}.get(type_lieu, set())
    assert set(erreurs(reponse)) == {"heure", *manque}


def test_a_cancelled_one_and_an_expired_option_take_no_time(equipe: Equipe) -> None:
    un_rendez_vous(equipe, debut=a(9), fin=a(10), statut=Statut.EXCUSE, annule_le=timezone.now())
    un_rendez_vous(equipe, debut=a(9), fin=a(10), statut=Statut.OPTION, expire_a=timezone.now() - timedelta(minutes=1))

    envoyer(equipe, prenom="Paul")

    assert RendezVous.objects.filter(statut=Statut.PREVU).count() == 1


def test_the_pause_of_the_plage_is_kept_as_far_as_it_fits(equipe: Equipe) -> None:
    equipe.admin.plages.update(pause=15)
    un_rendez_vous(equipe, debut=a(11, 10), fin=a(11, 40), pause=20)

    envoyer(equipe)
    envoyer(equipe, heure="10:15", duree="45", courriel="paul@exemple.fr", prenom="Paul")

    assert [r.pause for r in RendezVous.objects.order_by("debut")] == [15, 10, 20]
    assert erreurs(envoyer(equipe, heure="11:50"))["heure"] == [
        "Ada Admin a déjà un rendez-vous de 11 h 10 à 11 h 40, puis une pause jusqu'à 12 h. Choisissez une autre heure."
    ]
    agenda = connecte(equipe.admin).get(equipe.adresse("reservations:agenda"), {"jour": demain(), "vue": "jour"})
    assert "ajouter ici" not in texte(agenda)


def voulu(equipe: Equipe, personne: Apprenant, **champs: Any) -> RendezVousVoulu:
    return RendezVousVoulu(
        **{
            "apprenant": personne,
            "motif": equipe.motif,
            "agent": equipe.admin,
            "lieu": equipe.lieu,
            "debut": a(9),
            "fin": a(10),
            **champs,
        }
    )


def creer(equipe: Equipe, personne: Apprenant, **champs: Any) -> RendezVous:
    return creer_rendez_vous(voulu=voulu(equipe, personne, **champs), auteur=equipe.admin, maintenant=timezone.now())


@pytest.mark.parametrize("cas", ["archivé", "lieu fermé", "sans lieu", "agent parti", "personne partie", "hier"])
def test_what_changed_since_the_form_was_read_is_refused(equipe: Equipe, cas: str) -> None:
    personne = jeanne(equipe)
    champs: dict[str, Any] = {}
    match cas:
        case "archivé":
            type(equipe.motif).objects.update(archive_le=timezone.now())
        case "lieu fermé":
            type(equipe.lieu).objects.update(ouvert=False)
        case "sans lieu":
            champs = {"lieu": None}
        case "agent parti":
            equipe.basique.appartenances.all().delete()
            champs = {"agent": equipe.basique}
        case "personne partie":
            Apprenant.objects.all().delete()
            personne = Apprenant(pk=10**9, structure=equipe.structure, prenom="Jeanne", nom="Martin")
        case "hier":
            champs = {"debut": a(9) - timedelta(days=3), "fin": a(10) - timedelta(days=3)}

    with pytest.raises(CreationImpossible):
        creer(equipe, personne, **champs)

    assert not RendezVous.objects.exists()
    assert not Message.objects.exists()


@pytest.mark.parametrize("moment", ["autre", "un créneau"])
def test_a_double_click_is_one_rendez_vous(equipe: Equipe, moment: str) -> None:
    client = connecte(equipe.admin)
    if moment != "autre":
        LieuFactory(structure=equipe.structure)
        page = client.get(adresse(equipe), {"motif": equipe.motif.pk})
        moment = page.context["form"].fields["moment"].choices[0][0]
    champs = {"apprenant": jeanne(equipe).pk, "moment": moment, "lieu": equipe.lieu.pk if moment == "autre" else ""}

    premiere, seconde = (envoyer(equipe, client, **champs) for _ in range(2))

    assert RendezVous.objects.get().debut == a(9)
    assert messages_de(seconde) == messages_de(premiere)
    assert Message.objects.count() == 1
    autre = envoyer(equipe, client, **{**champs, "apprenant": jeanne(equipe, prenom="Paul").pk})
    assert set(erreurs(autre)) <= {"heure", "moment", "lieu"}
    assert RendezVous.objects.count() == 1


def test_the_same_asked_twice_of_the_service_is_written_once(equipe: Equipe) -> None:
    for _ in range(2):
        creer(equipe, Apprenant(structure=equipe.structure, prenom="Jeanne", nom="Martin"))

    assert (RendezVous.objects.count(), Apprenant.objects.count()) == (1, 1)
    with pytest.raises(CreneauIndisponible):
        creer(equipe, Apprenant(structure=equipe.structure, prenom="Paul", nom="Martin"))


@pytest.mark.parametrize("verrou", [True, False])
@pytest.mark.django_db(transaction=True)
def test_two_together_for_one_hour_give_one(equipe: Equipe, settings, verrou: bool) -> None:
    """With the lock, and with the constraint alone."""
    settings.RESERVATION_VERROU_AGENT = verrou
    depart, issues = threading.Barrier(2), []

    def courir(personne: Apprenant) -> None:
        try:
            depart.wait()
            creer(equipe, personne)
            issues.append("créé")
        except ReservationImpossible:
            issues.append("refusé")
        finally:
            connection.close()

    personnes = [jeanne(equipe), jeanne(equipe, prenom="Paul")]
    fils = [threading.Thread(target=courir, args=(personne,)) for personne in personnes]
    for fil in fils:
        fil.start()
    for fil in fils:
        fil.join()

    assert sorted(issues) == ["créé", "refusé"]
    assert (RendezVous.objects.count(), Message.objects.count()) == (1, 1)


# --- What the page proposes -----------------------------------------------------------------------------------------


def proposes(reponse: Any) -> list[str]:
    return [mots for cle, mots in reponse.context["form"].fields["moment"].choices][:-1]


def trouves(reponse: Any) -> list[str]:
    return [mots for cle, mots in reponse.context["form"].fields["apprenant"].choices][:-1]


def test_the_next_free_slots_ignore_the_delays_and_follow_agent_and_duration(equipe: Equipe) -> None:
    equipe.motif.delai_min = timedelta(weeks=3)
    equipe.motif.delai_max = timedelta(weeks=6)
    equipe.motif.save()
    un_rendez_vous(equipe, debut=a(9), fin=a(10))
    client = connecte(equipe.admin)

    assert proposes(client.get(adresse(equipe), {"motif": equipe.motif.pk})) == ["Demain à 10 h", "Demain à 11 h"]
    assert proposes(client.get(adresse(equipe), {"motif": equipe.motif.pk, "duree": "90"})) == ["Demain à 10 h"]
    sans = client.get(adresse(equipe), {"motif": equipe.motif.pk, "agent": equipe.basique.pk})
    assert proposes(sans) == []
    assert "Aucun créneau libre" in texte(sans)


def test_the_address_may_propose_everything(equipe: Equipe) -> None:
    personne = jeanne(equipe)
    autre = MotifFactory(structure=equipe.structure)

    reponse = connecte(equipe.admin).get(
        adresse(equipe),
        {
            "apprenant": personne.pk,
            "agent": equipe.basique.pk,
            "motif": autre.pk,
            "jour": "2030-01-02",
            "heure": "09:30",
        },
    )

    page = reponse.content.decode()
    for attendu in (
        "Jeanne Martin · jeanne@exemple.fr",
        f'<option value="{equipe.basique.pk}" selected>',
        f'<option value="{autre.pk}" selected data-type="sur_place">',
        'value="2030-01-02"',
        'value="09:30"',
    ):
        assert attendu in page


@pytest.mark.parametrize(
    "parametres",
    [
        {"jour": "2026-02-30", "heure": "99:99", "duree": "x"},
        {"apprenant": "9" * 30, "agent": "\x00", "motif": "-1", "lieu": "'"},
        {"q": "\x00", "vue": "mois", "moment": "\x00"},
    ],
)
def test_parameters_that_mean_nothing_are_as_if_absent(equipe: Equipe, parametres: dict[str, str]) -> None:
    client = connecte(equipe.admin)

    assert client.get(adresse(equipe), parametres).status_code == 200
    assert client.post(adresse(equipe), {**parametres, "apercu": "personnes"}).status_code == 200
    assert client.post(adresse(equipe), parametres).status_code == 200


@pytest.mark.parametrize("cherche", ["marie curie", "Curie", "cúrie MA", "06 12 34", "+33612", "0033 6 12", "61234"])
def test_people_are_found_by_name_or_number(equipe: Equipe, cherche: str) -> None:
    jeanne(equipe, prenom="Marie", nom="Curié", telephone="+33612345678")
    jeanne(equipe, prenom="Paul", nom="Durand", telephone="+33712345678")
    jeanne(une_equipe(), prenom="Marie", nom="Curie", telephone="+33612345678")

    reponse = connecte(equipe.admin).post(adresse(equipe), saisie(equipe, q=cherche, apercu="personnes"))

    assert trouves(reponse) == ["Marie Curié · 06 12 34 56 78 · jeanne@exemple.fr"]


def test_nobody_found_is_said_and_announced(equipe: Equipe) -> None:
    reponse = connecte(equipe.admin).post(adresse(equipe), saisie(equipe, q="inconnue", apercu="personnes"))

    assert trouves(reponse) == []
    assert "Aucune personne de ce nom ou de ce numéro dans votre structure." in texte(reponse)
    assert 'data-annonce="Aucune personne de ce nom ou de ce numéro"' in reponse.content.decode()


def test_enter_in_the_search_is_a_search_and_keeps_the_rest(equipe: Equipe) -> None:
    personne = jeanne(equipe)

    reponse = envoyer(equipe, q="martin", prenom="Tapé")
    assert trouves(reponse) == ["Jeanne Martin · jeanne@exemple.fr"]
    assert not reponse.context["form"].errors
    assert 'value="Tapé"' in reponse.content.decode()
    assert not RendezVous.objects.exists()
    envoyer(equipe, q="martin", cherchee="martin", apprenant=personne.pk)
    assert Participation.objects.get().apprenant == personne


@pytest.mark.parametrize(("prenom", "choisi"), [("", ""), ("Tapé", "nouvelle")])
def test_people_found_take_the_place_of_a_new_one_not_typed_yet(equipe: Equipe, prenom: str, choisi: str) -> None:
    jeanne(equipe)
    champs = saisie(equipe, q="martin", prenom=prenom, nom="", apercu="personnes")

    assert connecte(equipe.admin).post(adresse(equipe), champs).context["form"]["apprenant"].value() == choisi


def test_too_many_people_ask_to_be_precise(equipe: Equipe) -> None:
    Apprenant.objects.bulk_create(
        Apprenant(structure=equipe.structure, prenom="Jeanne", nom=f"Martin {n}") for n in range(12)
    )

    reponse = connecte(equipe.admin).post(adresse(equipe), saisie(equipe, q="martin", apercu="personnes"))

    assert len(trouves(reponse)) == 8
    assert "précisez" in texte(reponse)


@pytest.mark.parametrize("region", ["personnes", "creneaux"])
def test_a_region_swapped_is_the_page_reloaded(equipe: Equipe, region: str) -> None:
    personne = jeanne(equipe)
    client = connecte(equipe.admin)
    avant = saisie(equipe, q="mart", apprenant=personne.pk, motif="")
    apres = saisie(equipe, q="mart", apprenant=personne.pk, apercu=region)
    if region == "personnes":
        avant = {**apres, "q": "", "apprenant": "nouvelle"}
        apres = {**avant, "q": "mart"}
    else:
        avant = {**apres, "duree": ""}
        apres = {**avant, "duree": "90"}

    page = client.post(adresse(equipe), {**avant, "apercu": region})
    fragment = client.post(adresse(equipe), apres, headers={"HX-Request": "true"})
    rechargee = client.post(adresse(equipe), apres)

    assert fragment.content != page.content
    attendu = page_rechargee(rechargee.content)
    echange = page_apres_echange(page.content, fragment.content, region)
    # What was typed is in the browser's own fields; only the region comes from the server.
    for nom, valeur in (("q", "mart"), ("duree", "90")):
        attendu = attendu.replace(f'name="{nom}" value="{valeur}"', f'name="{nom}"')
        echange = echange.replace(f'name="{nom}" value="{valeur}"', f'name="{nom}"')
    assert echange == attendu


def test_the_cost_does_not_follow_the_number(equipe: Equipe, django_assert_num_queries) -> None:
    client = connecte(equipe.admin)
    champs = saisie(equipe, q="martin", apercu="personnes")
    jeanne(equipe)
    client.post(adresse(equipe), champs)

    with django_assert_num_queries(9):
        client.post(adresse(equipe), champs)
    for n in range(30):
        jeanne(equipe, nom=f"Martin {n}")
        MotifFactory(structure=equipe.structure)
        LieuFactory(structure=equipe.structure)
        AppartenanceFactory(structure=equipe.structure)
    with django_assert_num_queries(9):
        client.post(adresse(equipe), champs)


def test_without_a_motif_the_page_says_what_to_do() -> None:
    equipe = une_equipe()
    equipe.motif.delete()

    for agent, attendu in ((equipe.admin, "Créer un motif"), (equipe.basique, "Demandez à un administrateur")):
        assert attendu in texte(connecte(agent).get(adresse(equipe)))


# --- From the agenda ------------------------------------------------------------------------------------------------


def test_free_hours_of_the_agenda_are_links_prefilled(equipe: Equipe) -> None:
    un_rendez_vous(equipe, debut=a(9, 30), fin=a(10, 15))
    une_plage(equipe, titre="Par-dessus", heure_debut=time(10), heure_fin=time(13), frequence="unique")
    une_absence(equipe, heure_debut=time(11, 30), heure_fin=time(12))

    reponse = connecte(equipe.basique).get(
        equipe.adresse("reservations:agenda"), {"jour": demain(), "agent": equipe.admin.pk, "vue": "jour"}
    )

    libres = [bloc.de_a for bloc in reponse.context["jours"][0][0].blocs if bloc.objet.genre == "libre"]
    assert libres == ["9 h – 9 h 30", "10 h 15 – 11 h", "11 h – 11 h 30", "12 h – 13 h"]
    lien = f"?agent={equipe.admin.pk}&vue=jour&jour={demain():%Y-%m-%d}&heure=10:15"
    assert escape(adresse(equipe) + lien) in reponse.content.decode()


def test_a_cancelled_rendez_vous_leaves_its_hour_to_add(equipe: Equipe) -> None:
    un_rendez_vous(equipe, debut=a(9), fin=a(10), statut=Statut.EXCUSE, annule_le=timezone.now())

    reponse = connecte(equipe.admin).get(equipe.adresse("reservations:agenda"), {"jour": demain(), "vue": "jour"})

    assert texte(reponse).count("ajouter ici") == 3


def test_back_to_the_view_it_comes_from(equipe: Equipe) -> None:
    reponse = envoyer(equipe, vue="jour")

    assert "vue=jour" in reponse.redirect_chain[0][0]
    assert reponse.context["rdv"] == RendezVous.objects.get()
