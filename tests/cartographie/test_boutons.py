"""The button "Prendre rendez-vous" of a place: on when it can be booked, off otherwise, and why."""

from datetime import datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import html

from cartographie.boutons import boutons_de_la_structure
from cartographie.disponibilites import prochaines, raisons
from cartographie.models import EtatDuBouton, Publication
from cartographie.publication import publier
from cartographie.taches import publier_boutons
from motifs.models import Public
from plages.models import JourParticulier
from reservations.models import RendezVous
from structures.models import Lieu
from tests.aides_agent import Equipe, connecte, demain, texte, une_absence, une_equipe, une_plage
from tests.factories import LieuFactory, MotifFactory

pytestmark = pytest.mark.django_db


def une_equipe_ouverte() -> Equipe:
    equipe = une_equipe()
    equipe.motif.reservable_en_ligne = True
    equipe.motif.save()
    return equipe


def raison(equipe: Equipe) -> str:
    """Return why the place has no slot now, "" when it has one."""
    maintenant = timezone.now()
    if prochaines([equipe.lieu], maintenant):
        return ""
    return raisons([equipe.lieu], maintenant)[equipe.lieu.pk]


def etats(lieu: Lieu) -> list[tuple[bool, bool]]:
    """Return (on, still so) for each state of a place, in order."""
    return [(etat.actif, etat.jusqu_a is None) for etat in lieu.etats_du_bouton.order_by("depuis")]


def la_page(equipe: Equipe) -> str:
    return texte(connecte(equipe.admin).get(equipe.adresse("reservations:reservation_en_ligne")))


def la_ligne(equipe: Equipe) -> str:
    reponse = connecte(equipe.admin).get(equipe.adresse("reservations:reservation_en_ligne"))
    (ligne,) = html.fromstring(reponse.content).xpath("//h2[@id='carte']/following-sibling::table[1]/tbody/tr")
    return " ".join(ligne.text_content().split())


# --- Is there a slot, and why not ---------------------------------------------------------------------------------


def test_the_first_slot_of_a_place_is_the_engine_s() -> None:
    equipe = une_equipe_ouverte()
    une_plage(equipe)

    trouvee = prochaines([equipe.lieu], timezone.now())[equipe.lieu.pk]

    assert trouvee.debut == datetime.combine(demain(), time(9), equipe.structure.tz)
    assert (trouvee.motif, trouvee.sur_place) == (equipe.motif, True)


def test_a_slot_further_than_two_weeks_is_found() -> None:
    equipe = une_equipe_ouverte()
    jour = demain() + timedelta(days=40)
    JourParticulier.objects.create(structure=equipe.structure, jour=jour, ferme=False)  # worked, holiday or not
    une_plage(equipe, frequence="unique", premier_jour=jour)

    assert prochaines([equipe.lieu], timezone.now())[equipe.lieu.pk].debut.date() == jour


def test_each_obstacle_has_its_reason() -> None:
    equipe = une_equipe()
    assert raison(equipe) == "aucun motif n'est ouvert à tout le monde"
    equipe.motif.reservable_en_ligne, equipe.motif.ouvert_a = True, Public.PRESCRIPTEURS
    equipe.motif.save()
    assert raison(equipe) == "aucun motif n'est ouvert à tout le monde"
    equipe.motif.ouvert_a = Public.TOUS
    equipe.motif.save()
    assert raison(equipe) == "aucune plage d'ouverture dans ce lieu pour un motif ouvert"
    une_plage(equipe, lieu=LieuFactory(structure=equipe.structure))
    assert raison(equipe) == "aucune plage d'ouverture dans ce lieu pour un motif ouvert"
    une_plage(equipe)
    assert raison(equipe) == ""
    equipe.lieu.ouvert = False
    assert raison(equipe) == "ce lieu est fermé"
    equipe.structure.lien_ferme = equipe.lieu.structure.lien_ferme = True
    equipe.structure.save()
    assert raison(equipe) == "le lien de réservation de la structure est fermé"


def test_a_slot_beyond_the_delays_is_no_slot() -> None:
    equipe = une_equipe_ouverte()
    equipe.motif.delai_max = timedelta(hours=1)
    equipe.motif.save()
    une_plage(equipe, premier_jour=demain() + timedelta(days=2))

    assert raison(equipe) == "aucun créneau dans les délais de réservation"


def test_absences_and_rendez_vous_are_told_apart() -> None:
    equipe = une_equipe_ouverte()
    une_plage(equipe, frequence="unique", heure_fin=time(10))
    absence = une_absence(equipe)
    assert raison(equipe) == "les agents sont absents"
    absence.delete()
    remplir(equipe)
    assert raison(equipe) == "tous les créneaux sont pris"


def test_a_motif_without_place_opens_every_open_place_of_its_structure() -> None:
    equipe = une_equipe()
    fermee = LieuFactory(structure=equipe.structure, ouvert=False)
    ailleurs = LieuFactory()
    motif = MotifFactory(structure=equipe.structure, telephone=True, ouvert=True)
    une_plage(equipe, motifs=[motif], lieu=None)

    trouvees = prochaines([equipe.lieu, fermee, ailleurs], timezone.now())

    assert {cle: trouvee.sur_place for cle, trouvee in trouvees.items()} == {equipe.lieu.pk: False}


def test_on_site_comes_before_what_has_no_place() -> None:
    equipe = une_equipe_ouverte()
    motif = MotifFactory(structure=equipe.structure, telephone=True, ouvert=True)
    une_plage(equipe, motifs=[motif], lieu=None)
    une_plage(equipe, premier_jour=demain() + timedelta(days=20))

    assert prochaines([equipe.lieu], timezone.now())[equipe.lieu.pk].motif == equipe.motif


def test_asking_for_thirty_places_costs_as_for_one() -> None:
    maintenant = timezone.now()
    equipe = une_equipe_ouverte()
    une_plage(equipe)
    couts = []
    for nombre in (0, 30):
        LieuFactory.create_batch(nombre, structure=equipe.structure)
        with CaptureQueriesContext(connection) as requetes:
            assert list(prochaines(list(equipe.structure.lieux.all()), maintenant)) == [equipe.lieu.pk]
        couts.append(len(requetes))
    assert couts == [3, 3]  # the places, the motifs, the engine


# --- Published ----------------------------------------------------------------------------------------------------


def remplir(equipe: Equipe) -> None:
    """Take the one slot of tomorrow at 9 h."""
    debut = datetime.combine(demain(), time(9), equipe.structure.tz)
    RendezVous.objects.create(
        structure=equipe.structure,
        motif=equipe.motif,
        agent=equipe.admin,
        lieu=equipe.lieu,
        type_lieu=equipe.motif.type_lieu,
        debut=debut,
        fin=debut + timedelta(hours=1),
    )


def test_a_switch_is_written_once_with_its_reason() -> None:
    equipe = une_equipe_ouverte()
    maintenant = timezone.now()
    assert publier(maintenant=maintenant) == 0
    assert not EtatDuBouton.objects.exists()
    plage = une_plage(equipe)

    assert publier(maintenant=maintenant + timedelta(minutes=10)) == 1
    assert publier(maintenant=maintenant + timedelta(minutes=20)) == 0
    allume = EtatDuBouton.objects.get()
    assert (allume.actif, allume.depuis) == (True, maintenant + timedelta(minutes=10))
    assert allume.pourquoi.startswith("premier créneau ")

    plage.delete()
    assert publier(maintenant=maintenant + timedelta(minutes=30)) == 1
    assert etats(equipe.lieu) == [(True, False), (False, True)]
    eteint = EtatDuBouton.objects.en_cours().get()
    assert eteint.pourquoi == "aucune plage d'ouverture dans ce lieu pour un motif ouvert"
    allume.refresh_from_db()
    assert allume.jusqu_a == eteint.depuis == maintenant + timedelta(minutes=30)


def test_a_structure_whose_link_closes_loses_its_buttons() -> None:
    equipe = une_equipe_ouverte()
    une_plage(equipe)
    publier(maintenant=timezone.now())
    equipe.structure.lien_ferme = True
    equipe.structure.save()

    publier(maintenant=timezone.now())

    assert etats(equipe.lieu) == [(True, False), (False, True)]


def test_the_publication_knows_when_what_it_says_changed() -> None:
    equipe = une_equipe_ouverte()
    maintenant = timezone.now().replace(hour=9)
    publier(maintenant=maintenant)
    publier(maintenant=maintenant + timedelta(minutes=10))
    publication = Publication.objects.get()
    assert (publication.publiee_le, publication.changee_le) == (maintenant + timedelta(minutes=10), maintenant)

    Lieu.objects.filter(pk=equipe.lieu.pk).update(adresse="2 rue Neuve")
    publier(maintenant=maintenant + timedelta(minutes=20))

    publication.refresh_from_db()
    assert publication.changee_le == maintenant + timedelta(minutes=20)


def test_publishing_costs_the_same_for_one_or_thirty_places() -> None:
    couts = []
    for nombre in (1, 30):
        for _ in range(nombre):
            equipe = une_equipe_ouverte()
        une_plage(equipe)
        publier(maintenant=timezone.now())
        with CaptureQueriesContext(connection) as requetes:
            publier(maintenant=timezone.now())
        couts.append(len(requetes))
    assert couts[0] <= couts[1] <= 14


def test_the_job_publishes() -> None:
    publier_boutons(timestamp=0)

    assert Publication.objects.get().publiee_le is not None


# --- The agents' page ---------------------------------------------------------------------------------------------


def test_the_tab_says_the_button_of_each_place() -> None:
    equipe = une_equipe_ouverte()
    assert la_ligne(equipe) == (
        "Salle numérique : sa fiche publique ○ inactif : aucune plage d'ouverture dans ce lieu pour un motif ouvert"
    )
    plage = une_plage(equipe)
    assert la_ligne(equipe) == "Salle numérique : sa fiche publique ◐ s'allume d'ici 10 minutes"
    publier(maintenant=timezone.now())
    assert "● actif sur la carte depuis le " in la_ligne(equipe)
    plage.delete()
    assert "◐ s'éteint d'ici 10 minutes aucune plage d'ouverture" in la_ligne(equipe)
    publier(maintenant=timezone.now())
    ligne = la_ligne(equipe)
    assert "○ inactif depuis le " in ligne
    assert "Historique" in ligne
    assert ligne.count("allumé") == ligne.count("éteint") == 1


def test_the_tab_says_when_it_was_published_and_read() -> None:
    equipe = une_equipe()
    page = la_page(equipe)
    assert "État pas encore publié." in page
    publier(maintenant=timezone.now())
    page = la_page(equipe)
    assert "État publié aujourd'hui à " in page
    assert "personne ne l'a encore lu" in page
    Publication.objects.update(lieux_lus_le=timezone.now())
    page = la_page(equipe)
    assert "l'a lu pour la dernière fois aujourd'hui à " in page


def test_the_tab_costs_the_same_for_one_or_thirty_places() -> None:
    equipe = une_equipe_ouverte()
    couts = []
    for nombre in (0, 29):
        LieuFactory.create_batch(nombre, structure=equipe.structure)
        with CaptureQueriesContext(connection) as requetes:
            boutons_de_la_structure(equipe.structure, timezone.now())
        couts.append(len(requetes))
    assert couts[0] == couts[1] <= 10
