"""Querysets whose SQL is written once: the same rows as Django's own, at each call, whoever asks."""

import threading

import pytest
from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Lower
from django.db.transaction import TransactionManagementError, atomic
from django.test.utils import CaptureQueriesContext

from structures.models import Agent, Appartenance, Lieu, Structure
from structures.requete_ecrite import ecrite_une_fois
from tests.factories import AppartenanceFactory, LieuFactory, StructureFactory

pytestmark = pytest.mark.django_db


@ecrite_une_fois
def lieux_du_nom(nom: str, structure_id: int, *, a_l_envers: bool = False) -> QuerySet[Lieu]:
    membres = Appartenance.objects.filter(structure=OuterRef("structure"), agent__is_active=True)
    lieux = Lieu.objects.filter(nom__iexact=nom, structure=structure_id).annotate(a_un_agent=Exists(membres))
    ordre = Lower("commune")
    return lieux.select_related("structure").order_by(ordre.desc() if a_l_envers else ordre.asc())


def test_the_rows_are_those_of_the_queryset_in_one_query() -> None:
    structure = StructureFactory(nom="Maison France Services")
    LieuFactory(structure=structure, nom="Mairie", commune="Die")
    LieuFactory(structure=structure, nom="MAIRIE", commune="crest")
    LieuFactory(structure=structure, nom="Gare")
    LieuFactory(nom="Mairie")

    with CaptureQueriesContext(connection) as requetes:
        lieux = lieux_du_nom("mairie", structure.pk)
        lus = [(lieu.commune, lieu.structure.nom, lieu.a_un_agent) for lieu in lieux]  # type: ignore[attr-defined]

    assert lus == [("crest", "Maison France Services", False), ("Die", "Maison France Services", False)]
    assert len(requetes) == 1


def test_each_call_has_its_values_and_reads_the_base_again() -> None:
    crest, die = StructureFactory(), StructureFactory()
    LieuFactory(structure=crest, nom="Mairie")
    assert (len(lieux_du_nom("Mairie", crest.pk)), len(lieux_du_nom("Mairie", die.pk))) == (1, 0)

    AppartenanceFactory(structure=die)
    LieuFactory(structure=die, nom="Mairie")

    [lieu] = lieux_du_nom("Mairie", die.pk)
    assert (lieu.structure, lieu.a_un_agent) == (die, True)  # type: ignore[attr-defined]
    assert not lieux_du_nom("Gare", die.pk)


def test_a_keyword_changes_the_sql_for_that_call_only() -> None:
    structure = StructureFactory()
    for commune in ("Crest", "Die"):
        LieuFactory(structure=structure, nom="Mairie", commune=commune)

    ordres = [
        [lieu.commune for lieu in lieux_du_nom("Mairie", structure.pk, a_l_envers=a_l_envers)]
        for a_l_envers in (False, True, False)
    ]

    assert ordres == [["Crest", "Die"], ["Die", "Crest"], ["Crest", "Die"]]


def test_the_queryset_is_written_once_for_each_variant() -> None:
    ecritures: list[bool] = []

    @ecrite_une_fois
    def noms(structure_id: int, *, en_entier: bool) -> QuerySet[Structure, str]:
        ecritures.append(en_entier)
        return Structure.objects.filter(pk=structure_id).values_list("nom" if en_entier else "departement", flat=True)

    structure = StructureFactory(nom="Crest", departement="26")

    lus = [noms(structure.pk, en_entier=en_entier) for en_entier in (True, True, False, True, False)]

    assert lus == [["Crest"], ["Crest"], ["26"], ["Crest"], ["26"]]
    assert ecritures == [True, False]


def test_a_value_cannot_become_sql() -> None:
    structure = StructureFactory()
    LieuFactory(structure=structure, nom="' OR 1=1 --")
    LieuFactory(structure=structure, nom="Mairie")

    assert [lieu.nom for lieu in lieux_du_nom("' OR 1=1 --", structure.pk)] == ["' OR 1=1 --"]


@pytest.mark.django_db(transaction=True)
def test_each_thread_asks_on_its_own_connection() -> None:
    structure = StructureFactory()
    LieuFactory(structure=structure, nom="Mairie")
    lieux_du_nom("Mairie", structure.pk)
    vues: list[tuple[int, int]] = []

    def ailleurs() -> None:
        with CaptureQueriesContext(connection) as requetes:
            vues.append((len(lieux_du_nom("Mairie", structure.pk)), len(requetes)))
        connection.close()

    fil = threading.Thread(target=ailleurs)
    with CaptureQueriesContext(connection) as requetes:
        fil.start()
        fil.join()

    assert (vues, len(requetes)) == ([(1, 1)], 0)


@pytest.mark.django_db(transaction=True)
def test_a_lock_outside_a_transaction_is_an_error() -> None:
    @ecrite_une_fois
    def sous_verrou(agent_id: int) -> QuerySet[Agent]:
        return Agent.objects.select_for_update().filter(pk=agent_id)

    agent = AppartenanceFactory().agent
    with atomic():
        assert sous_verrou(agent.pk) == [agent]

    with pytest.raises(TransactionManagementError):
        sous_verrou(agent.pk)
