"""The booking services: what they write, and what they refuse."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from unittest import mock

import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from motifs.models import Motif, Public
from plages.models import Absence, PlageOuverture
from plages.services import enregistrer_absence, enregistrer_plage
from reservations import identification, services
from reservations.creneaux import Demande, creneaux_libres
from reservations.models import Apprenant, Demarche, EnvoiDeCode, Message, Participation, RendezVous, Statut
from reservations.options import liberer_options, liberer_options_expirees
from reservations.refus import (
    AnnulationImpossible,
    CodeRefuse,
    CreneauIndisponible,
    DemarcheIncomplete,
    MotifFerme,
    ReservationImpossible,
    TropDeCodes,
    TropDeCreneauxGardes,
    TropDeRendezVous,
)
from structures.models import Agent, Appartenance, Lieu, Plateforme, Structure
from tests.ensemble import en_meme_temps
from tests.factories import AgentFactory, LieuFactory, MotifFactory, StructureFactory

MAINTENANT = datetime(2026, 11, 22, 8, tzinfo=UTC)
LUNDI = date(2026, 11, 23)
NEUF_HEURES = datetime(2026, 11, 23, 8, tzinfo=UTC)  # 9:00 in Paris
DIX_HEURES = NEUF_HEURES + timedelta(hours=1)

pytestmark = pytest.mark.django_db


def ouvrir(motif: Motif, agent: Agent, lieu: Lieu, *autres: Motif, debut: time = time(9), fin: time = time(12)) -> None:
    Appartenance.objects.get_or_create(agent=agent, structure=motif.structure)
    enregistrer_plage(
        plage=PlageOuverture(
            structure=motif.structure,
            agent=agent,
            lieu=lieu,
            titre="lundi",
            premier_jour=LUNDI,
            heure_debut=debut,
            heure_fin=fin,
        ),
        motifs=[motif, *autres],
        maintenant=MAINTENANT,
    )


class Monde:
    """One structure, one lieu, one open motif of an hour, and as many agents as asked, free on Monday morning."""

    def __init__(self, agents: int = 1, **motif: object) -> None:
        self.structure: Structure = StructureFactory()
        self.lieu: Lieu = LieuFactory(structure=self.structure)
        self.motif: Motif = MotifFactory(structure=self.structure, ouvert=True, **motif)
        self.agents: list[Agent] = [AgentFactory() for _ in range(agents)]
        for agent in self.agents:
            ouvrir(self.motif, agent, self.lieu)

    def option(self, debut: datetime = NEUF_HEURES, visiteur: str = "v1", **autres: object) -> Demarche:
        valeurs: dict[str, object] = {
            "motif_id": self.motif.pk,
            "structure_id": self.structure.pk,
            "lieu_id": self.lieu.pk,
            "debut": debut,
            "visiteur": visiteur,
            "adresse": "192.0.2.1",
            "maintenant": MAINTENANT,
        }
        return services.prendre_option(**(valeurs | autres))  # type: ignore[arg-type]

    def demarche_prete(
        self,
        debut: datetime = NEUF_HEURES,
        visiteur: str = "v1",
        maintenant: datetime = MAINTENANT,
        **champs: object,
    ) -> Demarche:
        demarche = self.option(debut, visiteur, maintenant=maintenant)
        return identifier(demarche, **champs)


def identifier(demarche: Demarche, **champs: object) -> Demarche:
    valeurs = {"prenom": "Nadia", "nom": "Benali", "courriel": "nadia@exemple.fr"} | champs
    valeurs.setdefault("contact_verifie", valeurs["courriel"] or valeurs.get("telephone"))
    Demarche.objects.filter(pk=demarche.pk).update(**valeurs)
    demarche.refresh_from_db()
    return demarche


@pytest.fixture
def monde() -> Monde:
    return Monde()


def options_vivantes() -> list[str]:
    return [f"{o.debut:%H}" for o in RendezVous.objects.filter(statut=Statut.OPTION).order_by("debut")]


# --- Options -------------------------------------------


def test_prendre_option_garde_le_creneau_quinze_minutes(monde: Monde) -> None:
    demarche = monde.option()
    option = demarche.rendez_vous
    assert option is not None
    assert (option.statut, option.debut, option.fin, option.lieu_id) == (
        Statut.OPTION,
        NEUF_HEURES,
        DIX_HEURES,
        monde.lieu.pk,
    )
    assert option.expire_a == MAINTENANT + timedelta(minutes=15)
    assert option.adresse != "192.0.2.1", "the address is kept hashed"


def test_prendre_option_deux_fois_est_la_meme(monde: Monde) -> None:
    assert monde.option() == monde.option()
    assert options_vivantes() == ["08"]


def test_une_option_prend_la_pause_de_la_plage_et_remplace_celle_qu_elle_touche(monde: Monde) -> None:
    monde.option(DIX_HEURES)
    PlageOuverture.objects.update(pause=15)
    option = monde.option().rendez_vous
    assert option is not None
    assert (option.fin, option.pause) == (DIX_HEURES, 15)
    assert options_vivantes() == ["08"]
    with pytest.raises(CreneauIndisponible):
        monde.option(DIX_HEURES, visiteur="v2")
    assert monde.option(DIX_HEURES + timedelta(minutes=15), visiteur="v2").rendez_vous is not None


def test_prendre_option_prise_par_un_autre_est_refusee(monde: Monde) -> None:
    monde.option()
    with pytest.raises(CreneauIndisponible):
        monde.option(visiteur="v2")


def test_une_option_expiree_ne_bloque_pas(monde: Monde) -> None:
    premiere = monde.option()
    plus_tard = MAINTENANT + timedelta(minutes=15)
    monde.option(visiteur="v2", maintenant=plus_tard)
    premiere.refresh_from_db()
    assert premiere.rendez_vous is None
    assert RendezVous.objects.count() == 1


def test_le_meme_visiteur_change_pour_un_creneau_qui_chevauche(monde: Monde) -> None:
    court = MotifFactory(structure=monde.structure, ouvert=True, duree=30)
    ouvrir(court, monde.agents[0], monde.lieu)
    monde.option()
    monde.option(NEUF_HEURES + timedelta(minutes=30), motif_id=court.pk)
    assert [o.motif_id for o in RendezVous.objects.all()] == [court.pk]


def test_deux_options_par_visiteur_la_plus_ancienne_est_rendue(monde: Monde) -> None:
    for n in range(3):
        monde.option(NEUF_HEURES + timedelta(hours=n), maintenant=MAINTENANT + timedelta(seconds=n))
    assert options_vivantes() == ["09", "10"]


def test_ce_que_coute_une_reservation_en_requetes(monde: Monde, django_assert_num_queries: Callable) -> None:
    with django_assert_num_queries(12):
        demarche = monde.option()
    identifier(demarche)
    with django_assert_num_queries(15):
        services.confirmer(demarche=demarche, maintenant=MAINTENANT)


def test_un_creneau_refuse_ne_rend_pas_ceux_qui_sont_gardes(monde: Monde) -> None:
    onze_heures = DIX_HEURES + timedelta(hours=1)
    monde.option()
    monde.option(DIX_HEURES)
    monde.option(onze_heures, "v2")
    with pytest.raises(CreneauIndisponible):
        monde.option(onze_heures)
    assert options_vivantes() == ["08", "09", "10"]


def test_the_same_hour_may_be_held_with_two_agents() -> None:
    monde = Monde(agents=2)
    for agent in monde.agents:
        monde.option(agent_id=agent.pk)
    assert options_vivantes() == ["08", "08"]


def test_a_slot_moved_over_its_own_time_is_the_same_row(monde: Monde) -> None:
    demarche = monde.option()
    with CaptureQueriesContext(connection) as requetes:
        deplacee = monde.option(demarche=demarche, maintenant=MAINTENANT + timedelta(minutes=16))
    assert deplacee.rendez_vous_id == demarche.rendez_vous_id
    assert not [requete["sql"] for requete in requetes if requete["sql"].startswith("DELETE")]


def test_one_s_own_slots_do_not_count_against_one_s_address(monde: Monde) -> None:
    with override_settings(OPTIONS_PAR_ADRESSE=1):
        monde.option()
        monde.option(DIX_HEURES)
    assert options_vivantes() == ["08", "09"]


def test_trop_d_options_depuis_une_adresse(monde: Monde) -> None:
    with override_settings(OPTIONS_PAR_ADRESSE=1):
        monde.option()
        with pytest.raises(TropDeCreneauxGardes):
            monde.option(DIX_HEURES, "v2")
        monde.option(DIX_HEURES, "v2", adresse="192.0.2.2")


def test_l_agent_le_moins_charge_de_la_semaine_puis_le_premier() -> None:
    monde = Monde(agents=3)
    charges = [2, 1, 1]
    for agent, nombre in zip(monde.agents, charges, strict=True):
        for n in range(nombre):
            debut = NEUF_HEURES + timedelta(days=1 + n)
            RendezVous.objects.create(
                structure=monde.structure,
                motif=monde.motif,
                agent=agent,
                lieu=monde.lieu,
                type_lieu="sur_place",
                debut=debut,
                fin=debut + timedelta(hours=1),
            )
    choisis = []
    for n in range(3):
        option = monde.option(visiteur=f"v{n}").rendez_vous
        assert option is not None
        choisis.append(monde.agents.index(option.agent))
    assert choisis == [1, 2, 0]


def test_changer_de_creneau_garde_ce_qui_est_tape_et_une_seule_option(monde: Monde) -> None:
    demarche = monde.demarche_prete()
    changee = monde.option(DIX_HEURES, demarche=demarche)
    assert (changee.pk, changee.prenom, changee.debut) == (demarche.pk, "Nadia", DIX_HEURES)
    assert options_vivantes() == ["09"]


def test_changer_vers_un_creneau_pris_garde_le_premier(monde: Monde) -> None:
    monde.option(DIX_HEURES, "v2")
    demarche = monde.option()
    with pytest.raises(CreneauIndisponible):
        monde.option(DIX_HEURES, demarche=demarche)
    demarche.refresh_from_db()
    assert demarche.debut == NEUF_HEURES
    assert options_vivantes() == ["08", "09"]


def test_redemander_son_creneau_ne_le_garde_pas_plus_longtemps(monde: Monde) -> None:
    demarche = monde.option()
    for minutes in (5, 14):
        monde.option(demarche=demarche, maintenant=MAINTENANT + timedelta(minutes=minutes))
    assert RendezVous.objects.get().expire_a == MAINTENANT + timedelta(minutes=15)


def test_reprendre_des_options_expirees_compte_dans_les_limites(monde: Monde) -> None:
    plus_tard = MAINTENANT + timedelta(minutes=16)
    with override_settings(OPTIONS_PAR_ADRESSE=1):
        premiere = monde.demarche_prete()
        seconde = monde.demarche_prete(DIX_HEURES, "v2", maintenant=plus_tard)
        with pytest.raises(TropDeCreneauxGardes):
            monde.option(demarche=premiere, maintenant=plus_tard)
        with pytest.raises(TropDeCreneauxGardes):
            services.confirmer(demarche=premiere, maintenant=plus_tard)
        assert services.confirmer(demarche=seconde, maintenant=plus_tard).statut == Statut.PREVU


def test_prolonger_jusqu_a_une_heure_en_tout(monde: Monde) -> None:
    demarche = monde.option()
    instants = [10, 24, 38, 52]
    expirations = []
    for minutes in instants:
        option = services.prolonger_option(demarche=demarche, maintenant=MAINTENANT + timedelta(minutes=minutes))
        assert option.expire_a is not None
        expirations.append((option.expire_a - MAINTENANT).total_seconds() / 60)
    assert expirations == [25, 39, 53, 60]
    with pytest.raises(CreneauIndisponible):
        services.prolonger_option(demarche=demarche, maintenant=MAINTENANT + timedelta(minutes=60))


def test_une_option_prolongee_a_l_instant_ou_un_autre_la_voit_expiree_reste(monde: Monde) -> None:
    demarche, instant = monde.option(), MAINTENANT + timedelta(minutes=15)
    lire = services._options_a_remplacer

    def lire_puis_prolonger(*valeurs: object) -> list[int]:
        lues = lire(*valeurs)
        services.prolonger_option(demarche=demarche, maintenant=instant - timedelta(milliseconds=1))
        return lues

    with mock.patch.object(services, "_options_a_remplacer", lire_puis_prolonger):
        monde.option(DIX_HEURES, visiteur="v2", maintenant=instant)
        with pytest.raises(CreneauIndisponible):
            monde.option(visiteur="v3", maintenant=instant)
    assert options_vivantes() == ["08", "09"]


# --- What a forged request gets -------------------------------------------


@pytest.mark.parametrize(
    ("changement", "refus"),
    [
        ({"reservable_en_ligne": False}, MotifFerme),
        ({"ouvert_a": Public.PRESCRIPTEURS}, MotifFerme),
        ({"archive_le": MAINTENANT}, MotifFerme),
        ({"duree": 240}, CreneauIndisponible),
        ({"delai_min": timedelta(days=3)}, CreneauIndisponible),
    ],
)
def test_un_motif_qui_n_est_plus_reservable_est_refuse(
    monde: Monde, changement: dict[str, object], refus: type[ReservationImpossible]
) -> None:
    Motif.objects.filter(pk=monde.motif.pk).update(**changement)
    with pytest.raises(refus):
        monde.option()


def test_solidarites_est_refuse(monde: Monde) -> None:
    Motif.objects.update(reservable_en_ligne=False)
    Structure.objects.update(plateforme=Plateforme.SOLIDARITES)
    with pytest.raises(MotifFerme):
        monde.option()


def test_le_motif_d_une_autre_structure_est_refuse(monde: Monde) -> None:
    with pytest.raises(MotifFerme):
        monde.option(structure_id=StructureFactory().pk)


@pytest.mark.parametrize(
    "debut",
    [
        NEUF_HEURES + timedelta(minutes=30),  # not on the grid
        NEUF_HEURES - timedelta(days=7),  # past
        NEUF_HEURES + timedelta(hours=3),  # ends after the plage
        NEUF_HEURES + timedelta(days=1),  # no plage
    ],
)
def test_un_creneau_qui_n_existe_pas_est_refuse(monde: Monde, debut: datetime) -> None:
    with pytest.raises(CreneauIndisponible):
        monde.option(debut)


def test_le_lieu_d_une_autre_structure_est_refuse(monde: Monde) -> None:
    for lieu_id in (LieuFactory().pk, None):
        with pytest.raises(CreneauIndisponible):
            monde.option(lieu_id=lieu_id)


# --- Instructions and codes -------------------------------------------


def test_accepter_d_anciennes_instructions_est_refuse() -> None:
    demarche = Monde(instructions_a_accepter="Apportez\nvotre téléphone.").option()
    with pytest.raises(DemarcheIncomplete):
        identification.accepter_instructions(
            demarche=demarche, texte="Apportez votre ordinateur.", maintenant=MAINTENANT
        )
    assert not identification.instructions_acceptees(demarche)
    identification.accepter_instructions(
        demarche=demarche, texte="Apportez\r\nvotre téléphone. ", maintenant=MAINTENANT
    )
    assert identification.instructions_acceptees(demarche)
    assert demarche.instructions == "Apportez\nvotre téléphone."


def code_recu() -> str:
    texte = Message.objects.order_by("-pk")[0].texte
    return next(mot for mot in texte.replace(".", " ").split() if mot.isdigit() and len(mot) == 6)


@pytest.fixture
def demarche_a_verifier(monde: Monde) -> Demarche:
    return identifier(monde.option(), contact_verifie="")


def test_le_bon_code_verifie_le_contact(demarche_a_verifier: Demarche) -> None:
    identification.envoyer_code(demarche=demarche_a_verifier, maintenant=MAINTENANT)
    code = code_recu()
    assert code not in Demarche.objects.get().code_hache
    identification.verifier_code(demarche=demarche_a_verifier, code=code, maintenant=MAINTENANT)
    assert Demarche.objects.get().est_verifiee


def test_cinq_mauvais_codes_puis_meme_le_bon_est_refuse(demarche_a_verifier: Demarche) -> None:
    identification.envoyer_code(demarche=demarche_a_verifier, maintenant=MAINTENANT)
    code = code_recu()
    faux = "000000" if code != "000000" else "111111"
    phrases = []
    for _ in range(5):
        with pytest.raises(CodeRefuse) as refus:
            identification.verifier_code(demarche=demarche_a_verifier, code=faux, maintenant=MAINTENANT)
        phrases.append(str(refus.value))
    assert "4 essais" in phrases[0]
    assert "1 essai." in phrases[3]
    assert "dernier essai" in phrases[4]
    with pytest.raises(CodeRefuse):
        identification.verifier_code(demarche=demarche_a_verifier, code=code, maintenant=MAINTENANT)
    assert not Demarche.objects.get().est_verifiee


def test_un_code_perime_ou_remplace_est_refuse(demarche_a_verifier: Demarche) -> None:
    identification.envoyer_code(demarche=demarche_a_verifier, maintenant=MAINTENANT)
    ancien = code_recu()
    with pytest.raises(CodeRefuse):
        identification.verifier_code(
            demarche=demarche_a_verifier, code=ancien, maintenant=MAINTENANT + timedelta(minutes=15)
        )
    identification.envoyer_code(demarche=demarche_a_verifier, maintenant=MAINTENANT)
    if code_recu() != ancien:
        with pytest.raises(CodeRefuse):
            identification.verifier_code(demarche=demarche_a_verifier, code=ancien, maintenant=MAINTENANT)


def test_changer_d_adresse_annule_le_code_et_la_verification(demarche_a_verifier: Demarche) -> None:
    identification.envoyer_code(demarche=demarche_a_verifier, maintenant=MAINTENANT)
    code = code_recu()
    Demarche.objects.update(courriel="autre@exemple.fr")
    with pytest.raises(CodeRefuse):
        identification.verifier_code(demarche=demarche_a_verifier, code=code, maintenant=MAINTENANT)
    Demarche.objects.update(contact_verifie="nadia@exemple.fr")
    assert not Demarche.objects.get().est_verifiee


@pytest.mark.parametrize("reglage", ["CODES_PAR_DEMARCHE", "CODES_PAR_CONTACT_ET_HEURE", "CODES_PAR_ADRESSE_ET_HEURE"])
def test_trop_de_codes(demarche_a_verifier: Demarche, reglage: str) -> None:
    with override_settings(**{reglage: 2}):
        for _ in range(2):
            identification.envoyer_code(demarche=demarche_a_verifier, maintenant=MAINTENANT)
        with pytest.raises(TropDeCodes):
            identification.envoyer_code(demarche=demarche_a_verifier, maintenant=MAINTENANT)
    assert Message.objects.count() == 2


def test_la_limite_par_contact_est_oubliee_apres_une_heure(demarche_a_verifier: Demarche) -> None:
    with override_settings(CODES_PAR_CONTACT_ET_HEURE=1):
        identification.envoyer_code(demarche=demarche_a_verifier, maintenant=MAINTENANT)
        identification.envoyer_code(demarche=demarche_a_verifier, maintenant=MAINTENANT + timedelta(hours=1))
    assert "exemple" not in str(list(EnvoiDeCode.objects.values_list("contact", "adresse")))


# --- Confirm -------------------------------------------


def test_confirmer_fait_le_rendez_vous_et_previent(monde: Monde) -> None:
    demarche = monde.demarche_prete()
    rendez_vous = services.confirmer(demarche=demarche, maintenant=MAINTENANT)
    rendez_vous.refresh_from_db()
    assert (rendez_vous.statut, rendez_vous.expire_a, rendez_vous.debut) == (Statut.PREVU, None, NEUF_HEURES)
    assert (rendez_vous.visiteur, rendez_vous.adresse) == ("", "")
    participation = rendez_vous.participations.get()
    assert str(participation.apprenant) == "Nadia Benali"
    assert {m.destinataire for m in rendez_vous.messages.all()} == {"nadia@exemple.fr", monde.agents[0].courriel}


def test_confirmer_deux_fois_est_le_meme_rendez_vous(monde: Monde) -> None:
    demarche = monde.demarche_prete()
    assert services.confirmer(demarche=demarche, maintenant=MAINTENANT) == services.confirmer(
        demarche=demarche, maintenant=MAINTENANT
    )
    assert (Participation.objects.count(), Message.objects.count()) == (1, 2)


def test_confirmer_garde_le_texte_et_l_heure_de_l_acceptation() -> None:
    demarche = Monde(instructions_a_accepter="Apportez votre téléphone.").demarche_prete()
    with pytest.raises(DemarcheIncomplete):
        services.confirmer(demarche=demarche, maintenant=MAINTENANT)
    identification.accepter_instructions(demarche=demarche, texte="Apportez votre téléphone.", maintenant=MAINTENANT)
    services.confirmer(demarche=demarche, maintenant=MAINTENANT + timedelta(minutes=2))
    participation = Participation.objects.get()
    assert participation.instructions == "Apportez votre téléphone."
    assert participation.instructions_acceptees_le == MAINTENANT


def test_des_instructions_changees_apres_l_acceptation_sont_a_relire() -> None:
    monde = Monde(instructions_a_accepter="Apportez votre téléphone.")
    demarche = monde.demarche_prete()
    identification.accepter_instructions(demarche=demarche, texte="Apportez votre téléphone.", maintenant=MAINTENANT)
    Motif.objects.update(instructions_a_accepter="Apportez votre ordinateur.")
    with pytest.raises(DemarcheIncomplete):
        services.confirmer(demarche=demarche, maintenant=MAINTENANT)


@pytest.mark.parametrize(
    "champs", [{"prenom": ""}, {"nom": ""}, {"contact_verifie": ""}, {"contact_verifie": "autre@exemple.fr"}]
)
def test_confirmer_sans_coordonnees_verifiees_est_refuse(monde: Monde, champs: dict[str, str]) -> None:
    demarche = monde.demarche_prete(**champs)
    with pytest.raises(DemarcheIncomplete):
        services.confirmer(demarche=demarche, maintenant=MAINTENANT)
    assert not Participation.objects.exists()


def test_un_rendez_vous_par_telephone_demande_un_numero() -> None:
    monde = Monde(telephone=True)
    demarche = identifier(monde.option(lieu_id=None))
    with pytest.raises(DemarcheIncomplete):
        services.confirmer(demarche=demarche, maintenant=MAINTENANT)
    identifier(demarche, telephone="+33475250001")
    assert services.confirmer(demarche=demarche, maintenant=MAINTENANT).lieu is None


def test_un_rendez_vous_a_domicile_demande_une_adresse() -> None:
    monde = Monde(type_lieu="domicile")
    demarche = identifier(monde.option(lieu_id=None))
    with pytest.raises(DemarcheIncomplete):
        services.confirmer(demarche=demarche, maintenant=MAINTENANT)
    identifier(demarche, adresse_domicile="3 rue du Lac, 26400 Crest")
    assert services.confirmer(demarche=demarche, maintenant=MAINTENANT).adresse_domicile == "3 rue du Lac, 26400 Crest"


def test_une_option_expiree_est_reprise_si_le_creneau_est_libre(monde: Monde) -> None:
    demarche = monde.demarche_prete()
    rendez_vous = services.confirmer(demarche=demarche, maintenant=MAINTENANT + timedelta(minutes=40))
    assert (rendez_vous.statut, rendez_vous.debut) == (Statut.PREVU, NEUF_HEURES)


def test_une_option_expiree_dont_le_creneau_est_pris_est_refusee_sans_rien_perdre(monde: Monde) -> None:
    demarche = monde.demarche_prete()
    plus_tard = MAINTENANT + timedelta(minutes=20)
    monde.option(visiteur="v2", maintenant=plus_tard)
    with pytest.raises(CreneauIndisponible):
        services.confirmer(demarche=demarche, maintenant=plus_tard)
    demarche.refresh_from_db()
    assert (demarche.prenom, demarche.est_verifiee) == ("Nadia", True)


def test_un_creneau_qui_change_d_agent_avant_le_verrou_n_est_pas_confirme(monde: Monde) -> None:
    demarche = monde.demarche_prete()
    autre = AgentFactory()
    with mock.patch.object(services, "_agent_de", return_value=autre.pk), pytest.raises(CreneauIndisponible):
        services.confirmer(demarche=demarche, maintenant=MAINTENANT)
    assert RendezVous.objects.get().statut == Statut.OPTION


def absenter(monde: Monde) -> None:
    enregistrer_absence(
        absence=Absence(
            structure=monde.structure,
            agent=monde.agents[0],
            titre="malade",
            premier_jour=LUNDI,
            dernier_jour=LUNDI,
            heure_debut=time(8),
            heure_fin=time(18),
        ),
        maintenant=MAINTENANT,
    )


def fermer_le_motif(monde: Monde) -> None:
    Motif.objects.update(reservable_en_ligne=False)


def fermer_le_lieu(monde: Monde) -> None:
    Lieu.objects.update(ouvert=False)


def supprimer_la_plage(monde: Monde) -> None:
    PlageOuverture.objects.all().delete()


@pytest.mark.parametrize("evenement", [absenter, fermer_le_motif, fermer_le_lieu, supprimer_la_plage])
def test_ce_qui_change_pendant_l_identification_refuse_la_confirmation(
    monde: Monde, evenement: Callable[[Monde], None]
) -> None:
    demarche = monde.demarche_prete()
    evenement(monde)
    with pytest.raises(ReservationImpossible):
        services.confirmer(demarche=demarche, maintenant=MAINTENANT)
    assert not RendezVous.objects.filter(statut=Statut.PREVU).exists()
    assert not Participation.objects.exists()


def test_a_place_held_for_someone_who_waits_passes_to_a_colleague_when_its_agent_is_absent(settings) -> None:
    settings.OPTIONS_PAR_ADRESSE = 0  # such a place counts for no address
    monde = Monde(agents=2)
    creneau = next(
        c
        for c in creneaux_libres([Demande(monde.motif, NEUF_HEURES, NEUF_HEURES)], maintenant=MAINTENANT)
        if c.agent_id == monde.agents[0].pk
    )
    demarche = services.garder_pour(
        creneau=creneau, motif=monde.motif, visiteur="v1", minutes=30, maintenant=MAINTENANT
    )
    absenter(monde)
    rendez_vous = services.confirmer(demarche=identifier(demarche), maintenant=MAINTENANT)
    assert (rendez_vous.agent, rendez_vous.debut) == (monde.agents[1], NEUF_HEURES)


def test_le_meme_apprenant_est_reconnu_apres_le_code(monde: Monde) -> None:
    services.confirmer(demarche=monde.demarche_prete(), maintenant=MAINTENANT)
    autre_fois = monde.demarche_prete(DIX_HEURES, prenom="nadia", nom="BENALI", courriel="nadia@exemple.fr")
    services.confirmer(demarche=autre_fois, maintenant=MAINTENANT)
    proche = monde.demarche_prete(DIX_HEURES + timedelta(hours=1), prenom="Karim")
    services.confirmer(demarche=proche, maintenant=MAINTENANT)
    assert sorted(str(a) for a in Apprenant.objects.all()) == ["Karim Benali", "Nadia Benali"]


def test_the_same_learner_is_known_by_the_number_that_a_code_verified(monde: Monde) -> None:
    par_numero = {"courriel": "", "telephone": "+33612345678", "contact_verifie": "+33612345678"}
    with override_settings(SMS_FOURNISSEUR="demo"):
        services.confirmer(demarche=monde.demarche_prete(**par_numero), maintenant=MAINTENANT)
        services.confirmer(demarche=monde.demarche_prete(DIX_HEURES, nom="BENALI", **par_numero), maintenant=MAINTENANT)

    [nadia] = Apprenant.objects.all()
    assert (str(nadia), nadia.telephone.as_e164, nadia.participations.count()) == ("Nadia Benali", "+33612345678", 2)


def test_the_limit_by_number_counts_those_who_are_reached_by_it_only(monde: Monde) -> None:
    au_numero = {"courriel": "", "telephone": "+33612345678", "contact_verifie": "+33612345678"}
    with override_settings(SMS_FOURNISSEUR="demo", RENDEZ_VOUS_PAR_CONTACT=1):
        par_courriel = monde.demarche_prete(telephone="+33612345678")
        services.confirmer(demarche=par_courriel, maintenant=MAINTENANT)
        services.confirmer(demarche=monde.demarche_prete(DIX_HEURES, **au_numero), maintenant=MAINTENANT)
        de_trop = monde.demarche_prete(DIX_HEURES + timedelta(hours=1), **au_numero)
        with pytest.raises(TropDeRendezVous):
            services.confirmer(demarche=de_trop, maintenant=MAINTENANT)


def test_un_numero_tape_par_un_autre_ne_detourne_pas_le_lien_secret(monde: Monde) -> None:
    """Somebody books under Nadia's name and number, with an address of their own: her link must not go there."""
    intrus = monde.demarche_prete(visiteur="intrus", courriel="intrus@exemple.fr", telephone="+33612345678")
    services.confirmer(demarche=intrus, maintenant=MAINTENANT)
    Message.objects.all().delete()

    nadia = monde.demarche_prete(DIX_HEURES, courriel="", telephone="+33612345678", contact_verifie="+33612345678")
    with override_settings(SMS_FOURNISSEUR="demo"):
        services.confirmer(demarche=nadia, maintenant=MAINTENANT)

    agent = monde.agents[0].courriel
    assert {m.destinataire for m in Message.objects.all()} == {agent, "+33612345678"}
    assert Apprenant.objects.count() == 2


# --- Cancel -------------------------------------------


def test_annuler_par_l_apprenant_rend_le_creneau(monde: Monde) -> None:
    rendez_vous = services.confirmer(demarche=monde.demarche_prete(), maintenant=MAINTENANT)
    annule = services.annuler_par_apprenant(rendez_vous=rendez_vous, maintenant=MAINTENANT)
    assert (annule.statut, annule.annule_le, annule.sequence) == (Statut.EXCUSE, MAINTENANT, 1)
    assert monde.option(visiteur="v2").debut == NEUF_HEURES


def test_annuler_deux_fois_ne_previent_qu_une_fois(monde: Monde) -> None:
    rendez_vous = services.confirmer(demarche=monde.demarche_prete(), maintenant=MAINTENANT)
    for _ in range(2):
        services.annuler_par_structure(rendez_vous=rendez_vous, message="Je suis malade.", maintenant=MAINTENANT)
    rendez_vous.refresh_from_db()
    assert (rendez_vous.statut, rendez_vous.message_d_annulation) == (Statut.ANNULE, "Je suis malade.")
    assert Message.objects.filter(ics_methode="CANCEL").count() == 2  # the learner and the agent


def test_annuler_un_rendez_vous_commence_est_refuse(monde: Monde) -> None:
    rendez_vous = services.confirmer(demarche=monde.demarche_prete(), maintenant=MAINTENANT)
    with pytest.raises(AnnulationImpossible):
        services.annuler_par_apprenant(rendez_vous=rendez_vous, maintenant=NEUF_HEURES)
    rendez_vous.refresh_from_db()
    assert rendez_vous.statut == Statut.PREVU


# --- Giving options back -------------------------------------------


def test_liberer_ne_touche_pas_un_rendez_vous_confirme(monde: Monde) -> None:
    rendez_vous = services.confirmer(demarche=monde.demarche_prete(), maintenant=MAINTENANT)
    assert liberer_options(RendezVous.objects.filter(pk=rendez_vous.pk)) == 0
    assert RendezVous.objects.filter(pk=rendez_vous.pk).exists()


def test_liberer_les_expirees_laisse_les_autres(monde: Monde) -> None:
    monde.option()
    monde.option(DIX_HEURES, maintenant=MAINTENANT + timedelta(minutes=10))
    assert liberer_options_expirees(maintenant=MAINTENANT + timedelta(minutes=15)) == 1
    assert options_vivantes() == ["09"]


# --- Races -------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("verrou", [True, False], ids=["verrou", "contrainte seule"])
@pytest.mark.parametrize("etape", ["option", "confirmation"])
def test_course_une_seule_reussit(verrou: bool, etape: str) -> None:
    # Two motifs of different durations, so that the slots overlap without being the same.
    monde = Monde()
    court = MotifFactory(structure=monde.structure, ouvert=True, duree=45)
    ouvrir(court, monde.agents[0], monde.lieu)
    motifs = [monde.motif, court]
    if etape == "option":
        taches = [lambda n=n: monde.option(visiteur=f"v{n}", motif_id=motifs[n % 2].pk) for n in range(6)]
    else:
        demarches = [
            identifier(
                Demarche.objects.create(
                    visiteur=f"v{n}", adresse=f"a{n}", motif=motifs[n % 2], lieu=monde.lieu, debut=NEUF_HEURES
                ),
                courriel=f"v{n}@exemple.fr",
            )
            for n in range(6)
        ]
        taches = [lambda d=d: services.confirmer(demarche=d, maintenant=MAINTENANT) for d in demarches]

    with override_settings(RESERVATION_VERROU_AGENT=verrou):
        resultats = en_meme_temps(taches)

    perdants = [r for r in resultats if isinstance(r, Exception)]
    assert [type(p) for p in perdants] == [CreneauIndisponible] * 5
    assert RendezVous.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_course_trois_agents_trois_reussites() -> None:
    monde = Monde(agents=3)
    resultats = en_meme_temps([lambda n=n: monde.option(visiteur=f"v{n}") for n in range(5)])
    assert sorted(type(r).__name__ for r in resultats) == ["CreneauIndisponible"] * 2 + ["Demarche"] * 3
    assert RendezVous.objects.values("agent").distinct().count() == 3


@pytest.mark.django_db(transaction=True)
def test_double_clic_sur_confirmer_fait_un_rendez_vous() -> None:
    demarche = Monde().demarche_prete()
    resultats = en_meme_temps([lambda: services.confirmer(demarche=demarche, maintenant=MAINTENANT)] * 4)
    assert {r.pk for r in resultats} == {RendezVous.objects.get().pk}  # type: ignore[attr-defined]
    assert (Participation.objects.count(), Message.objects.count()) == (1, 2)


@pytest.mark.django_db(transaction=True)
def test_une_absence_et_une_reservation_en_meme_temps() -> None:
    """Whichever comes first, no option is taken under an absence already written."""
    monde = Monde()
    option, absence = en_meme_temps([lambda: monde.option(), lambda: absenter(monde)])
    assert absence is None
    assert isinstance(option, Demarche | CreneauIndisponible)
    with pytest.raises(CreneauIndisponible):
        monde.option(DIX_HEURES, "v2")


@pytest.mark.django_db(transaction=True)
def test_des_codes_demandes_ensemble_ne_passent_pas_la_limite() -> None:
    """Six bookings of one contact, each with a row of its own: counting and writing are one step."""
    monde = Monde()
    demarches = [
        identifier(
            Demarche.objects.create(visiteur=f"v{n}", adresse="a", motif=monde.motif, debut=NEUF_HEURES),
            contact_verifie="",
        )
        for n in range(6)
    ]
    with override_settings(CODES_PAR_CONTACT_ET_HEURE=2):
        resultats = en_meme_temps(
            [lambda d=d: identification.envoyer_code(demarche=d, maintenant=MAINTENANT) for d in demarches]
        )
    assert [type(r) for r in resultats if r is not None] == [TropDeCodes] * 4
    assert EnvoiDeCode.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_slots_held_together_from_one_address_do_not_pass_the_limit() -> None:
    monde = Monde(agents=6)
    with override_settings(OPTIONS_PAR_ADRESSE=2):
        resultats = en_meme_temps([lambda n=n: monde.option(visiteur=f"v{n}", adresse="a") for n in range(6)])
    assert sorted(type(r).__name__ for r in resultats) == ["Demarche"] * 2 + ["TropDeCreneauxGardes"] * 4
    assert RendezVous.objects.filter(statut=Statut.OPTION).count() == 2
