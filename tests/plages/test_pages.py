"""The list of the plages and their deletion."""

from datetime import time, timedelta

import pytest
from django.utils import timezone

from plages.models import Absence, OccurrenceModifiee, PlageOuverture
from tests.aides_agent import connecte, demain, messages_de, texte, un_rendez_vous, une_absence, une_equipe, une_plage
from tests.ensemble import en_meme_temps
from tests.factories import MotifFactory

pytestmark = pytest.mark.django_db


def test_the_list_says_each_rule_in_words() -> None:
    equipe = une_equipe()
    equipe.lieu.ouvert = False
    equipe.lieu.save()
    une_plage(equipe, titre="Matinée", frequence="semaine", jours=[2, 4])

    lu = texte(connecte(equipe.admin).get(equipe.adresse("plages:plages")))

    assert "Matinée" in lu
    assert "Tous les mardis et jeudis de 9 h à 12 h, à partir du" in lu
    assert "Salle numérique (lieu fermé)" in lu
    assert "Accompagnement individuel" in lu


def test_past_plages_have_their_own_tab() -> None:
    equipe = une_equipe()
    hier = timezone.localdate() - timedelta(days=1)
    une_plage(equipe, titre="Hier", frequence="unique", premier_jour=hier)
    finie = une_plage(equipe, titre="Finie", premier_jour=hier - timedelta(days=9), jusqu_au=hier)
    une_plage(equipe, titre="En cours", premier_jour=hier)
    deplacee = une_plage(equipe, titre="Date déplacée", premier_jour=hier - timedelta(days=9), jusqu_au=hier)
    raccourcie = une_plage(equipe, titre="Date retirée", premier_jour=hier - timedelta(days=9), jusqu_au=hier)
    for plage, jour, ou in ((deplacee, hier, demain()), (raccourcie, demain(), demain()), (finie, hier, hier)):
        OccurrenceModifiee.objects.create(
            plage=plage, jour=jour, nouveau_jour=ou, heure_debut=time(14), heure_fin=time(15)
        )
    client = connecte(equipe.admin)

    a_venir = client.get(equipe.adresse("plages:plages"))
    passees = client.get(equipe.adresse("plages:plages"), {"onglet": "passees"})

    assert [plage.titre for plage in a_venir.context["page"]] == ["Date déplacée", "En cours"]
    assert [plage.titre for plage in passees.context["page"]] == ["Hier", "Finie", "Date retirée"]


@pytest.mark.parametrize(
    ("role", "parametres", "attendues"),
    [
        ("admin", {}, ["À l'admin"]),
        ("admin", {"agents": "tous"}, ["À l'admin", "À Basile"]),
        ("basique", {}, ["À Basile"]),
        ("basique", {"agents": "tous"}, ["À Basile"]),
    ],
)
def test_mine_or_everyone_s(role: str, parametres: dict[str, str], attendues: list[str]) -> None:
    equipe = une_equipe()
    une_plage(equipe, titre="À l'admin")
    une_plage(equipe, titre="À Basile", agent=equipe.basique, heure_debut=time(10))
    une_plage(une_equipe(), titre="Ailleurs")

    reponse = connecte(getattr(equipe, role)).get(equipe.adresse("plages:plages"), parametres)

    assert [plage.titre for plage in reponse.context["page"]] == attendues


def test_deleting_asks_first_and_leaves_the_rendez_vous() -> None:
    equipe = une_equipe()
    plage, rdv = une_plage(equipe), un_rendez_vous(equipe)
    adresse = equipe.adresse("plages:supprimer", plage.pk)
    client = connecte(equipe.admin)

    assert "Les rendez-vous déjà pris restent" in texte(client.get(adresse))
    assert PlageOuverture.objects.filter(pk=plage.pk).exists()

    reponse = client.post(adresse, follow=True)
    assert not PlageOuverture.objects.filter(pk=plage.pk).exists()
    rdv.refresh_from_db()
    assert rdv.statut == "prevu"
    assert "est supprimée" in messages_de(reponse)[0]


def test_a_colleague_s_plage_is_not_deleted_by_an_ordinary_agent() -> None:
    equipe = une_equipe()
    plage = une_plage(equipe)

    assert connecte(equipe.basique).post(equipe.adresse("plages:supprimer", plage.pk)).status_code == 403
    assert PlageOuverture.objects.filter(pk=plage.pk).exists()


def test_an_empty_list_says_what_to_do() -> None:
    equipe = une_equipe()

    lu = texte(connecte(equipe.admin).get(equipe.adresse("plages:plages")))

    assert "sans elle, personne ne peut prendre rendez-vous" in lu


def test_the_list_costs_the_same_for_one_or_thirty(django_assert_num_queries) -> None:
    equipe = une_equipe()
    client = connecte(equipe.admin)
    adresse = equipe.adresse("plages:plages")
    une_plage(equipe, frequence="unique")
    client.get(adresse)

    with django_assert_num_queries(7):
        client.get(adresse)
    for rang in range(29):
        motif = MotifFactory(structure=equipe.structure)
        une_plage(equipe, frequence="unique", titre=f"Plage {rang}", motifs=[equipe.motif, motif])
    with django_assert_num_queries(7):
        assert len(client.get(adresse).context["lignes"]) == 30


@pytest.mark.django_db(transaction=True)
def test_the_same_plage_or_absence_sent_twice_at_once_is_one() -> None:
    equipe = une_equipe()
    en_meme_temps([lambda: une_plage(equipe, frequence="unique"), lambda: une_absence(equipe)] * 2)
    assert PlageOuverture.objects.get().ouvertures.count() == 1
    assert Absence.objects.get().indisponibilites.count() == 1


def test_a_plage_that_differs_by_its_hours_its_motifs_or_its_agent_is_another() -> None:
    equipe = une_equipe()
    une_plage(equipe)
    une_plage(equipe, heure_fin=time(11))
    une_plage(equipe, motifs=[MotifFactory(structure=equipe.structure)])
    une_plage(equipe, agent=equipe.basique)
    assert PlageOuverture.objects.count() == 4


def test_a_long_list_has_pages_that_keep_the_tab() -> None:
    equipe = une_equipe()
    for rang in range(51):
        une_plage(equipe, frequence="unique", titre=f"Plage {rang}")

    reponse = connecte(equipe.admin).get(equipe.adresse("plages:plages"), {"agents": "tous"})

    assert "Page 1 sur 2" in texte(reponse)
    assert 'href="?agents=tous&amp;page=2"' in reponse.content.decode()
