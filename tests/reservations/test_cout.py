"""What the slots page costs does not depend on how many agents there are, nor on the past."""

from datetime import time, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from motifs.models import Motif
from plages.models import PlageOuverture
from plages.recurrence import Frequence
from plages.services import enregistrer_plage
from reservations.creneaux import creneaux_libres, demande_du_public, premiers_creneaux
from reservations.models import RendezVous
from structures.models import Agent, Lieu
from tests.factories import AppartenanceFactory, LieuFactory, MotifFactory

pytestmark = pytest.mark.django_db
MAXIMUM_PAGE, MAXIMUM_MOTEUR = 8, 2


def ouvrir(motif: Motif, lieu: Lieu) -> Agent:
    maintenant = timezone.now()
    agent = AppartenanceFactory(structure=motif.structure).agent
    enregistrer_plage(
        plage=PlageOuverture(
            structure=motif.structure,
            agent=agent,
            lieu=lieu,
            titre="tous les jours",
            premier_jour=timezone.localdate(maintenant),
            heure_debut=time(9),
            heure_fin=time(12),
            frequence=Frequence.JOUR.value,
        ),
        motifs=[motif],
        maintenant=maintenant,
    )
    return agent


def remplir_le_passe(motif: Motif, agents: list[Agent], chacun: int) -> None:
    """Write `chacun` past rendez-vous an agent, an hour each, end to end."""
    with connection.cursor() as curseur:
        curseur.execute(
            """
            INSERT INTO reservations_rendezvous (uid, jeton, structure_id, motif_id, agent_id, type_lieu, debut, fin,
                pause, statut, visiteur, adresse, adresse_domicile, sequence, message_d_annulation, agent_choisi,
                annule_par_prescripteur, note_du_prescripteur, cree_le)
            SELECT gen_random_uuid(), 'passe-' || agent || '-' || n, %s, %s, agent, 'telephone',
                now() - interval '1 hour' * (n + 1), now() - interval '1 hour' * n,
                0, 'honore', '', '', '', 0, '', false, false, '', now()
            FROM unnest(%s) AS agent, generate_series(1, %s) AS n
            """,
            [motif.structure_id, motif.pk, [agent.pk for agent in agents], chacun],
        )
        curseur.execute("ANALYZE reservations_rendezvous")


def test_requetes_de_la_page_des_creneaux(client: Client) -> None:
    motif = MotifFactory(ouvert=True)
    lieu = LieuFactory(structure=motif.structure)
    page = reverse("reservations:choix_creneau", args=[motif.structure.lien, motif.pk])
    agents = [ouvrir(motif, lieu)]
    couts = []
    for agents_de_plus, passe in ((0, 0), (9, 0), (0, 2_000)):
        agents += [ouvrir(motif, lieu) for _ in range(agents_de_plus)]
        remplir_le_passe(motif, agents, passe)
        with CaptureQueriesContext(connection) as requetes:
            reponse = client.get(page)
        assert reponse.status_code == 200
        assert "9 h" in reponse.content.decode()
        couts.append(len(requetes))
    assert RendezVous.objects.count() == 20_000
    assert len(set(couts)) == 1
    assert couts[0] <= MAXIMUM_PAGE


def test_requetes_du_moteur() -> None:
    motif = MotifFactory(ouvert=True)
    lieu = LieuFactory(structure=motif.structure)
    agents = [ouvrir(motif, lieu) for _ in range(3)]
    remplir_le_passe(motif, agents, 100)
    maintenant = timezone.now()
    demande = demande_du_public(motif, maintenant=maintenant, au=maintenant + timedelta(days=28))
    for moteur in (creneaux_libres, premiers_creneaux):
        with CaptureQueriesContext(connection) as requetes:
            assert moteur([demande], maintenant=maintenant)
        assert len(requetes) <= MAXIMUM_MOTEUR
