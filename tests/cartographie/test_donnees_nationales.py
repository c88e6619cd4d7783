"""The national base: the same seed gives the same rows, the rules of the database hold, real data is never touched."""

import re
from datetime import UTC, datetime
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from cartographie import donnees_nationales
from cartographie.donnees_nationales import TropDePasse, ajouter_passe, charger, copier
from motifs.models import Motif
from plages.models import Absence, Indisponibilite, Ouverture, PlageOuverture
from reservations.creneaux import creneaux_libres, demande_du_public
from reservations.models import Apprenant, Participation, RendezVous, Statut
from structures.models import Agent, Appartenance, Lieu, Structure
from tests.factories import AgentFactory, StructureFactory

MAINTENANT = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)
TABLES = [Structure, Lieu, Agent, Appartenance, Motif, PlageOuverture, PlageOuverture.motifs.through, Ouverture]
TABLES += [Absence, Indisponibilite, Apprenant, RendezVous, Participation]

pytestmark = pytest.mark.django_db


def charger_un_petit_pays(*, graine=1, agents=6, passe=200):
    return charger(agents=agents, passe=passe, graine=graine, maintenant=MAINTENANT)


def empreintes():
    """Return a digest of each table, order and identifiers included."""
    resultat = {}
    with connection.cursor() as curseur:
        curseur.execute("SET CONSTRAINTS ALL IMMEDIATE")  # foreign keys, as a commit would
        for modele in TABLES:
            table = modele._meta.db_table
            curseur.execute(f"SELECT md5(string_agg(t::text, '|' ORDER BY t.id)), count(*) FROM {table} t")  # noqa: S608
            resultat[table] = curseur.fetchone()
    return resultat


def test_the_same_seed_gives_the_same_base_and_another_seed_another_one():
    charger_un_petit_pays()
    premiere = empreintes()
    charger_un_petit_pays()
    assert empreintes() == premiere
    assert all(nombre for _, nombre in premiere.values())
    charger_un_petit_pays(graine=2)
    autre = empreintes()
    assert autre["reservations_rendezvous"] != premiere["reservations_rendezvous"]
    assert autre["plages_ouverture"] == premiere["plages_ouverture"]


def regles():
    """Return every constraint and index of the base; one that was read again has its casts and brackets elsewhere."""
    with connection.cursor() as curseur:
        curseur.execute(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint "
            "UNION SELECT tablename, indexname, indexdef, true FROM pg_indexes WHERE schemaname = 'public'"
        )
        return {
            (table, nom, re.sub(r"::character varying|::text(\[\])?|[()]", "", definition), valide)
            for table, nom, definition, valide in curseur.fetchall()
        }


def test_the_constraints_and_indexes_taken_away_are_made_again():
    avant = regles()
    pays = charger_un_petit_pays(passe=0)
    ajouter_passe(pays, 50)
    assert regles() == avant


@pytest.mark.parametrize(
    ("champ", "valeur", "contrainte"),
    [
        ("uid", "0" * 32, "reservations_rendezvous_uid_key"),
        ("lieu_id", 10**9, "reservations_rendezvous_lieu_id"),
        ("agent_id", 1, "reservations_agent_deja_pris"),
    ],
)
def test_rows_that_break_a_rule_are_refused_and_nothing_changes(monkeypatch, champ, valeur, contrainte):
    """A duplicate, a place that does not exist, an agent taken twice: what is verified at the end is verified."""
    charger_un_petit_pays(passe=0)
    avant, regles_d_avant = empreintes(), regles()

    def mal_copier(curseur, modele, champs, lignes, **constantes):
        if modele is RendezVous:
            n = champs.index(champ)
            lignes = ((*ligne[:n], valeur, *ligne[n + 1 :]) for ligne in lignes)
        copier(curseur, modele, champs, lignes, **constantes)

    monkeypatch.setattr(donnees_nationales, "copier", mal_copier)
    with pytest.raises((IntegrityError, psycopg.IntegrityError), match=contrainte), transaction.atomic():
        charger_un_petit_pays()
    assert empreintes() == avant
    assert regles() == regles_d_avant


def test_the_numbers_asked_for_are_written_on_both_sides_of_today():
    charger_un_petit_pays(agents=6, passe=200)
    assert Agent.objects.count() == 6
    passes = RendezVous.objects.filter(fin__lte=MAINTENANT)
    assert passes.count() == 200
    assert set(passes.values_list("statut", flat=True)) == {
        Statut.HONORE,
        Statut.ABSENT,
        Statut.EXCUSE,
        Statut.ANNULE,
    }
    a_venir = RendezVous.objects.filter(debut__gt=MAINTENANT)
    assert set(a_venir.values_list("statut", flat=True)) == {Statut.PREVU}
    assert Participation.objects.count() == RendezVous.objects.count() == 200 + a_venir.count()
    par_agent = [passes.filter(agent=agent).count() for agent in Agent.objects.all()]
    assert max(par_agent) - min(par_agent) <= 1
    assert Ouverture.objects.filter(periode__endswith__lt=MAINTENANT).exists()


def test_no_agent_is_taken_twice_nor_during_an_absence():
    """Checked without the constraint's own condition: cancelled rendez-vous too, which it would let through."""
    charger_un_petit_pays()
    with connection.cursor() as curseur:
        curseur.execute(
            """
            SELECT (SELECT count(*) FROM reservations_rendezvous a JOIN reservations_rendezvous b
                    ON a.agent_id = b.agent_id AND a.id < b.id AND a.periode && b.periode),
                   (SELECT count(*) FROM reservations_rendezvous r JOIN plages_indisponibilite i
                    ON r.agent_id = i.agent_id AND tstzrange(r.debut, r.fin) && i.periode),
                   (SELECT count(*) FROM reservations_rendezvous r WHERE NOT EXISTS (
                        SELECT FROM plages_ouverture o JOIN plages_plageouverture p ON p.id = o.plage_id
                        WHERE p.agent_id = r.agent_id AND o.periode @> tstzrange(r.debut, r.fin))),
                   (SELECT count(*) FROM reservations_rendezvous r JOIN reservations_participation p
                    ON p.rendez_vous_id = r.id JOIN reservations_apprenant a ON a.id = p.apprenant_id
                    WHERE a.structure_id <> r.structure_id)
            """
        )
        assert curseur.fetchone() == (0, 0, 0, 0)


def test_the_engine_finds_free_slots_there_and_new_rows_get_new_identifiers():
    charger_un_petit_pays()
    motif = Motif.objects.select_related("structure").first()
    assert creneaux_libres([demande_du_public(motif, maintenant=MAINTENANT)], maintenant=MAINTENANT)
    with connection.cursor() as curseur:
        for modele in TABLES:
            table = modele._meta.db_table
            curseur.execute(f"SELECT nextval(pg_get_serial_sequence('{table}', 'id')) > max(id) FROM {table}")  # noqa: S608
            assert curseur.fetchone() == (True,), table


@pytest.mark.parametrize("fabrique", [AgentFactory, StructureFactory])
def test_a_base_that_holds_anything_else_is_refused_untouched(fabrique):
    charger_un_petit_pays(passe=0)
    fabrique()
    avant = empreintes()
    with pytest.raises(CommandError, match="rien n'a été touché"):
        call_command("donnees_nationales", agents=6, passe=0, verbosity=0)
    assert empreintes() == avant


def test_more_past_than_the_agents_opened_is_refused():
    with pytest.raises(TropDePasse):
        charger_un_petit_pays(agents=2, passe=100_000)
    with pytest.raises(CommandError, match="pas ouvert assez de créneaux"):
        call_command("donnees_nationales", agents=2, passe=100_000, verbosity=0)
    assert not Agent.objects.exists()


def test_the_command_says_what_it_wrote():
    sortie = StringIO()
    call_command("donnees_nationales", agents=3, passe=30, verbosity=0, stdout=sortie)
    assert sortie.getvalue().startswith("3 agents, ")
    assert "dont 30 passés" in sortie.getvalue()
    assert Structure.objects.filter(courriel__endswith=donnees_nationales.DOMAINE).count() == Structure.objects.count()
