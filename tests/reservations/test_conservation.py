"""What is erased, and above all what is kept."""

from datetime import timedelta

import pytest
from django.utils import timezone

from reservations import conservation, options
from reservations.models import Apprenant, Canal, Demarche, EnvoiDeCode, Message, Participation, RendezVous, Statut
from tests.factories import MotifFactory
from tests.reservations.aides_messages import un_rendez_vous

pytestmark = pytest.mark.django_db


@pytest.fixture
def maintenant():
    return timezone.now()


def _vieillir(apprenant: Apprenant, maintenant) -> Apprenant:
    Apprenant.objects.filter(pk=apprenant.pk).update(cree_le=maintenant - timedelta(days=2000))
    return apprenant


def test_options_expirees_liberees_les_autres_gardees(maintenant):
    expiree = un_rendez_vous(statut=Statut.OPTION, expire_a=maintenant)
    vivante = un_rendez_vous(statut=Statut.OPTION, expire_a=maintenant + timedelta(minutes=1))
    confirme = un_rendez_vous()
    Participation.objects.filter(rendez_vous=expiree).delete()
    demarche = Demarche.objects.create(visiteur="v", motif=expiree.motif, debut=expiree.debut, rendez_vous=expiree)

    assert options.liberer_options_expirees(maintenant=maintenant) == 1

    assert set(RendezVous.objects.all()) == {vivante, confirme}
    demarche.refresh_from_db()
    assert demarche.rendez_vous is None  # what was typed outlives the slot


def test_demarches_et_comptes_de_codes_oublies_apres_un_jour(maintenant):
    motif = MotifFactory()
    for heures in (23, 25):
        instant = maintenant - timedelta(hours=heures)
        Demarche.objects.create(visiteur=str(heures), motif=motif, debut=maintenant, cree_le=instant)
        EnvoiDeCode.objects.create(contact=str(heures), adresse="a", envoye_le=instant)

    assert conservation.oublier_demarches(maintenant=maintenant) == 1

    assert Demarche.objects.get().visiteur == "23"
    assert EnvoiDeCode.objects.get().contact == "23"


def test_le_rendez_vous_confirme_survit_a_sa_demarche(maintenant):
    rendez_vous = un_rendez_vous()
    Demarche.objects.create(
        visiteur="v",
        motif=rendez_vous.motif,
        debut=rendez_vous.debut,
        rendez_vous=rendez_vous,
        cree_le=maintenant - timedelta(days=2),
    )

    conservation.oublier_demarches(maintenant=maintenant)

    assert RendezVous.objects.get() == rendez_vous


def test_messages_effaces_apres_six_mois(maintenant):
    for jours in (180, 190):
        Message.objects.create(
            canal=Canal.SMS, destinataire=str(jours), texte="t", cree_le=maintenant - timedelta(days=jours)
        )

    bilan = conservation.purger(maintenant=maintenant)

    assert bilan["messages"] == 1
    assert Message.objects.get().destinataire == "180"


@pytest.mark.parametrize(("jours", "gardes"), [(725, 1), (735, 0)])
def test_apprenant_efface_deux_ans_apres_son_rendez_vous(maintenant, jours, gardes):
    rendez_vous = un_rendez_vous(debut=maintenant - timedelta(days=jours))
    _vieillir(rendez_vous.participations.get().apprenant, maintenant)

    conservation.purger(maintenant=maintenant)

    assert Apprenant.objects.count() == Participation.objects.count() == RendezVous.objects.count() == gardes


def test_un_rendez_vous_recent_garde_l_apprenant_et_son_histoire(maintenant):
    ancien = un_rendez_vous(debut=maintenant - timedelta(days=1500))
    recent = un_rendez_vous(debut=maintenant - timedelta(days=10))
    apprenant = _vieillir(ancien.participations.get().apprenant, maintenant)
    Participation.objects.create(rendez_vous=recent, apprenant=apprenant)

    conservation.purger(maintenant=maintenant)

    assert apprenant in Apprenant.objects.all()
    assert set(RendezVous.objects.all()) == {ancien, recent}


def test_un_rendez_vous_a_venir_garde_l_apprenant(maintenant):
    rendez_vous = un_rendez_vous()
    apprenant = _vieillir(rendez_vous.participations.get().apprenant, maintenant)

    conservation.purger(maintenant=maintenant)

    assert apprenant in Apprenant.objects.all()


def test_rejouer_la_purge_n_efface_rien_de_plus(maintenant):
    un_rendez_vous()

    vide = dict.fromkeys(("messages", "apprenants", "rendez_vous", "prescripteurs"), 0)
    assert conservation.purger(maintenant=maintenant) == vide
