"""An agent leaves a structure: what it cancels, what it closes, what stays."""

import threading
from datetime import time, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.utils import timezone

from motifs.models import Motif
from plages.models import Ouverture, PlageOuverture
from plages.services import deplacer_occurrence, etendre_horizon, fermer
from reservations import depart
from reservations.creneaux import creneaux_libres, demande_du_public
from reservations.models import Message, RendezVous, Statut
from reservations.refus import CreneauIndisponible, ReservationImpossible
from reservations.services import prendre_option
from structures.models import Agent, Appartenance, Role
from tests.aides_agent import Equipe, connecte, demain, messages_de, texte, un_rendez_vous, une_absence, une_equipe
from tests.aides_agent import une_plage as une_plage_de
from tests.factories import AppartenanceFactory, MotifFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def equipe() -> Equipe:
    return une_equipe()


def une_plage(equipe: Equipe, **champs: Any) -> PlageOuverture:
    return une_plage_de(equipe, **{"agent": equipe.basique, **champs})


def retirer(equipe: Equipe, agent: Agent | None = None, **donnees: Any) -> HttpResponse:
    adresse = equipe.adresse("reservations:retirer_agent", (agent or equipe.basique).pk)
    return connecte(equipe.admin).post(adresse, donnees, follow=True)  # type: ignore[return-value]


def est_membre(equipe: Equipe, agent: Agent) -> bool:
    return equipe.structure.appartenances.filter(agent=agent).exists()


def creneaux(motif: Motif) -> int:
    maintenant = timezone.now()
    return len(creneaux_libres([demande_du_public(motif, maintenant=maintenant)], maintenant=maintenant))


def test_the_page_says_what_it_cancels_and_changes_nothing(equipe: Equipe) -> None:
    une_plage(equipe)
    un_rendez_vous(equipe, agent=equipe.basique)
    un_rendez_vous(equipe, agent=equipe.basique, heure=11, apprenant={"prenom": "Sami", "nom": "Roy", "courriel": ""})
    un_rendez_vous(equipe, heure=15, apprenant={"prenom": "Autre", "nom": "Agent"})

    page = texte(connecte(equipe.admin).get(equipe.adresse("reservations:retirer_agent", equipe.basique.pk)))  # type: ignore[arg-type]

    assert "2 rendez-vous à venir seront annulés" in page
    assert "Sa plage d'ouverture ici s'arrête aujourd'hui" in page
    assert page.count("à prévenir vous-même") == 1
    assert "Autre Agent" not in page
    assert est_membre(equipe, equipe.basique)


def test_leaving_closes_every_slot_for_good(equipe: Equipe) -> None:
    motif = MotifFactory(structure=equipe.structure, ouvert=True)
    une_plage(equipe, motifs=[motif])
    une_plage(equipe, motifs=[motif], frequence="unique", heure_debut=time(14), heure_fin=time(16))
    ancienne = une_plage(equipe, motifs=[motif], premier_jour=demain() - timedelta(days=30), titre="Ancienne")
    # A date of last week, moved to next week: its rule is past, the hours are to come.
    deplacer_occurrence(
        plage=ancienne,
        jour=demain() - timedelta(days=8),
        nouveau_jour=demain() + timedelta(days=7),
        heure_debut=ancienne.heure_debut,
        heure_fin=ancienne.heure_fin,
        maintenant=timezone.now(),
    )
    assert creneaux(motif)

    reponse = retirer(equipe)

    assert messages_de(reponse) == ["Basile Basique ne fait plus partie de la structure."]
    assert not est_membre(equipe, equipe.basique)
    assert creneaux(motif) == 0
    etendre_horizon(maintenant=timezone.now())
    loin = demain() + timedelta(days=90)
    fermer(structure=equipe.structure, du=loin, au=loin, nom="Inventaire", maintenant=timezone.now())  # rewrites all
    assert creneaux(motif) == 0
    assert [plage.titre for plage in PlageOuverture.objects.all()] == ["Ancienne"]  # what is past can be read
    assert not Ouverture.objects.filter(periode__endswith__gt=timezone.now()).exists()


def test_a_plage_left_or_reopened_after_leaving_offers_nothing(equipe: Equipe) -> None:
    motif = MotifFactory(structure=equipe.structure, ouvert=True)
    retirer(equipe)

    une_plage(equipe, motifs=[motif])  # a form that an admin had open, a past plage that someone extends

    assert Ouverture.objects.exists()
    assert creneaux(motif) == 0


def test_leaving_cancels_what_the_page_listed_and_tells_everyone(equipe: Equipe) -> None:
    rdv = un_rendez_vous(equipe, agent=equipe.basique)
    passe = un_rendez_vous(equipe, agent=equipe.basique, jours=-1)
    autre = un_rendez_vous(equipe, heure=15)

    reponse = retirer(equipe, rendez_vous=[rdv.pk], message="Basile change de métier.")

    assert messages_de(reponse) == ["Basile Basique ne fait plus partie de la structure. 1 rendez-vous est annulé."]
    rdv.refresh_from_db()
    assert (rdv.statut, rdv.message_d_annulation) == (Statut.ANNULE, "Basile change de métier.")
    recu = {m.destinataire: m for m in Message.objects.filter(rendez_vous=rdv)}
    assert set(recu) == {"jeanne@exemple.fr", equipe.basique.courriel}
    assert "Basile change de métier." in recu["jeanne@exemple.fr"].texte
    for reste in (passe, autre):
        reste.refresh_from_db()
        assert reste.statut == Statut.PREVU
    detail = connecte(equipe.admin).get(equipe.adresse("reservations:rendez_vous_detail", passe.pk))
    assert "Basile Basique" in texte(detail)  # type: ignore[arg-type]


def test_a_rendez_vous_taken_meanwhile_refuses_the_whole(equipe: Equipe) -> None:
    vu, nouveau = un_rendez_vous(equipe, agent=equipe.basique), un_rendez_vous(equipe, agent=equipe.basique, heure=15)
    une_plage(equipe)

    reponse = retirer(equipe, rendez_vous=[vu.pk, "x", "²", "9" * 5000])

    assert "Un rendez-vous vient d'être pris avec cet agent." in texte(reponse)
    assert f'value="{nouveau.pk}"' in reponse.content.decode()  # the list shows it now
    assert est_membre(equipe, equipe.basique)
    vu.refresh_from_db()
    assert vu.statut == Statut.PREVU
    assert Ouverture.objects.exists()


def test_a_rendez_vous_under_way_stays_with_its_agent(equipe: Equipe) -> None:
    debut = timezone.now() - timedelta(minutes=20)
    rdv = un_rendez_vous(equipe, agent=equipe.basique, debut=debut, fin=debut + timedelta(hours=1))

    retirer(equipe)

    rdv.refresh_from_db()
    assert (rdv.statut, est_membre(equipe, equipe.basique)) == (Statut.PREVU, False)


def test_other_structures_keep_everything(equipe: Equipe) -> None:
    ailleurs = une_equipe()
    AppartenanceFactory(agent=equipe.basique, structure=ailleurs.structure)
    motif = MotifFactory(structure=ailleurs.structure, ouvert=True)
    une_plage_de(ailleurs, agent=equipe.basique, motifs=[motif])
    rdv = un_rendez_vous(ailleurs, agent=equipe.basique)
    absence = une_absence(equipe, agent=equipe.basique, premier_jour=demain() + timedelta(days=3))
    avant = creneaux(motif)

    retirer(equipe)

    rdv.refresh_from_db()
    absence.refresh_from_db()
    assert (rdv.statut, creneaux(motif)) == (Statut.PREVU, avant)
    assert absence.structure == ailleurs.structure  # it still counts there: its agent must be able to change it


def test_the_last_admin_stays(equipe: Equipe) -> None:
    rdv = un_rendez_vous(equipe)
    adresse = equipe.adresse("reservations:retirer_agent", equipe.admin.pk)

    page = connecte(equipe.admin).get(adresse)
    reponse = retirer(equipe, equipe.admin, rendez_vous=[rdv.pk])

    assert "Vous êtes le seul administrateur de la structure." in texte(page)  # type: ignore[arg-type]
    assert '<form method="post" novalidate>' not in page.content.decode()
    assert est_membre(equipe, equipe.admin)
    assert "seul administrateur" in texte(reponse)
    rdv.refresh_from_db()
    assert rdv.statut == Statut.PREVU


def test_an_admin_leaves_once_there_is_another(equipe: Equipe) -> None:
    Appartenance.objects.filter(agent=equipe.basique).update(role=Role.ADMIN)

    reponse = retirer(equipe, equipe.admin)

    assert messages_de(reponse) == ["Vous avez quitté Médiathèque de Crest."]
    assert not est_membre(equipe, equipe.admin)
    assert connecte(equipe.admin).get(equipe.adresse("structures:agents")).status_code == 404


def test_what_someone_left_behind_is_not_changed_but_deleted(equipe: Equipe) -> None:
    plage = une_plage(equipe, premier_jour=demain() - timedelta(days=30))
    absence = une_absence(equipe, agent=equipe.basique)
    retirer(equipe)
    client, hier = connecte(equipe.admin), PlageOuverture.objects.get().jusqu_au

    for nom, objet in (("modifier_plage", plage), ("occurrence", plage), ("modifier_absence", absence)):
        for methode in (client.get, client.post):
            reponse = methode(equipe.adresse(f"plages:{nom}", objet.pk), {"titre": "x"}, follow=True)
            assert "Basile Basique ne fait plus partie de la structure" in messages_de(reponse)[0]  # type: ignore[arg-type]
    assert PlageOuverture.objects.get().jusqu_au == hier
    for nom, objet in (("supprimer", plage), ("supprimer_absence", absence)):
        client.post(equipe.adresse(f"plages:{nom}", objet.pk))
        assert not type(objet).objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_booking_that_waits_for_the_departure_is_refused(transactional_db: None) -> None:
    equipe = une_equipe()
    motif = MotifFactory(structure=equipe.structure, ouvert=True)
    une_plage(equipe, motifs=[motif])
    maintenant = timezone.now()
    creneau = creneaux_libres([demande_du_public(motif, maintenant=maintenant)], maintenant=maintenant)[0]
    issues: list[object] = []

    def reserver() -> None:
        try:
            issues.append(
                prendre_option(
                    motif_id=motif.pk,
                    structure_id=motif.structure_id,
                    lieu_id=creneau.lieu_id,
                    debut=creneau.debut,
                    visiteur="v",
                    adresse="192.0.2.1",
                    maintenant=maintenant,
                )
            )
        except ReservationImpossible as refus:
            issues.append(type(refus))
        finally:
            connection.close()

    fil = threading.Thread(target=reserver)
    appartenance = equipe.structure.appartenances.get(agent=equipe.basique)
    with transaction.atomic():
        depart.retirer(appartenance=appartenance, message="", listes=(), maintenant=maintenant)
        fil.start()
        fil.join(timeout=0.2)
        assert fil.is_alive(), "it waits for the lock of the agent"
    fil.join()

    assert issues == [CreneauIndisponible]
    assert not RendezVous.objects.exists()
