"""The demonstration loads once, the same way whatever the day, and always has free slots close by."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured

from cartographie.demonstration import charger
from motifs.models import Motif
from plages.models import Absence, Frequence, Ouverture, PlageOuverture
from reservations.attente import proposer_places
from reservations.creneaux import Demande, creneaux_libres
from reservations.models import Apprenant, Attente, Participation, RendezVous, Statut
from structures.models import Agent, Lieu, Plateforme, Role, Structure

MAINTENANT = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)
TABLES = (
    Structure,
    Lieu,
    Agent,
    Motif,
    PlageOuverture,
    Ouverture,
    Absence,
    Apprenant,
    RendezVous,
    Participation,
    Attente,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _demo(settings):
    settings.DEMO = True


def structure_du_lien(chemin):
    return Structure.objects.get(lien=chemin.removeprefix("/r/").removesuffix("/"))


def test_charger_refuse_hors_demo(settings):
    settings.DEMO = False

    with pytest.raises(ImproperlyConfigured, match="DEMO"):
        charger(maintenant=MAINTENANT)
    assert not Agent.objects.exists()


def test_charger_deux_fois_ne_fait_que_lire_la_seconde(django_assert_num_queries):
    premiere = charger(maintenant=MAINTENANT)
    comptes = [table.objects.count() for table in TABLES]

    with django_assert_num_queries(2):
        seconde = charger(maintenant=MAINTENANT + timedelta(days=1))

    assert seconde == premiere
    assert [table.objects.count() for table in TABLES] == comptes
    assert all(comptes)


def test_charger_montre_chaque_situation():
    infos = charger(maintenant=MAINTENANT)

    agent = Agent.objects.get(courriel=infos.courriel)
    assert agent.check_password(infos.mot_de_passe)
    principale = structure_du_lien(infos.lien_public)
    assert agent.appartenances.get().structure == principale
    assert agent.appartenances.get().role == Role.ADMIN
    assert principale.lieux.count() > 2
    assert Structure.objects.filter(plateforme=Plateforme.SOLIDARITES).count() == 1
    assert structure_du_lien(infos.lien_outre_mer).fuseau == "Indian/Reunion"
    simple = structure_du_lien(infos.lien_un_seul_motif)
    assert (simple.motifs.reservables().count(), simple.lieux.count()) == (1, 1)
    assert Agent.objects.get(courriel=infos.courriel_agent_simple).appartenances.get().role == Role.BASIQUE
    assert sorted(agent.appartenances.count() for agent in Agent.objects.all()) == [1, 1, 1, 1, 1, 2]
    assert {"unique", "semaine", "mois"} == set(PlageOuverture.objects.values_list("frequence", flat=True))
    assert PlageOuverture.objects.filter(intervalle=2, frequence=Frequence.SEMAINE).exists()
    statuts = set(RendezVous.objects.values_list("statut", flat=True))
    assert statuts == {Statut.PREVU, Statut.HONORE, Statut.ABSENT, Statut.EXCUSE, Statut.ANNULE}
    assert not RendezVous.objects.filter(statut=Statut.PREVU, debut__lte=MAINTENANT).exists()
    assert not Motif.objects.reservables().filter(structure__plateforme=Plateforme.SOLIDARITES).exists()
    en_attente = Attente.objects.actives(MAINTENANT + timedelta(hours=12)).de_la_structure(principale)
    assert en_attente.count() == 3
    assert proposer_places(maintenant=MAINTENANT) == 0


@pytest.mark.parametrize(
    "maintenant",
    [
        pytest.param(datetime(2026, 3, 4, 22, 59, tzinfo=UTC), id="mercredi-minuit-moins-une"),
        pytest.param(datetime(2026, 3, 6, 17, 0, tzinfo=UTC), id="vendredi-soir"),
        pytest.param(datetime(2026, 3, 28, 23, 30, tzinfo=UTC), id="veille-heure-d-ete"),
        pytest.param(datetime(2026, 5, 13, 16, 0, tzinfo=UTC), id="veille-de-l-ascension"),
        pytest.param(datetime(2026, 12, 24, 16, 0, tzinfo=UTC), id="24-decembre"),
    ],
)
def test_charger_laisse_des_creneaux_libres_sous_sept_jours(maintenant):
    infos = charger(maintenant=maintenant)

    for lien in (infos.lien_public, infos.lien_un_seul_motif, infos.lien_outre_mer):
        structure = structure_du_lien(lien)
        motif = structure.motifs.ouverts_a_tous().order_by("pk").first()
        libres = creneaux_libres(
            [Demande(motif, maintenant + motif.delai_min, maintenant + timedelta(days=7))], maintenant=maintenant
        )
        assert libres, structure
        premier_jour = libres[0].debut.astimezone(structure.tz).date()
        # Tomorrow, or the next working day.
        assert premier_jour > maintenant.astimezone(structure.tz).date()
        assert premier_jour - maintenant.astimezone(structure.tz).date() <= timedelta(days=4)
