"""`manage.py course`, with fewer rounds than by hand: gunicorn, HTTP, and the database of the test."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from reservations.models import RendezVous
from structures.models import Agent, Structure

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.lent]


def courir(**options: object) -> str:
    sortie = StringIO()
    call_command("course", tours=1, visiteurs=6, processus=2, stdout=sortie, **options)
    return sortie.getvalue()


@pytest.mark.parametrize("sans_verrou", [False, True], ids=["verrou", "contrainte seule"])
def test_course_une_reussite_par_tour_et_rien_ne_reste(sans_verrou: bool) -> None:
    sortie = courir(sans_verrou=sans_verrou)
    assert "réussite : 4\n" in sortie
    assert "refus poli : 20\n" in sortie
    assert not Structure.objects.exists()
    assert not Agent.objects.exists()


def test_course_sort_en_erreur_quand_rien_ne_protege() -> None:
    """The command would see a double booking: without lock nor constraint, there are some, each writing being slow."""
    contrainte = next(c for c in RendezVous._meta.constraints if c.name == "reservations_agent_deja_pris")
    with connection.schema_editor() as editeur:
        editeur.remove_constraint(RendezVous, contrainte)
        editeur.execute(
            "CREATE FUNCTION lenteur() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN PERFORM pg_sleep(0.1); RETURN NEW; END'"
        )
        editeur.execute(
            "CREATE TRIGGER lenteur BEFORE INSERT ON reservations_rendezvous FOR EACH ROW EXECUTE FUNCTION lenteur()"
        )
    try:
        with pytest.raises(CommandError, match=r"tour\(s\) en faute"):
            courir(sans_verrou=True)
    finally:
        with connection.schema_editor() as editeur:
            editeur.execute("DROP FUNCTION lenteur() CASCADE")
            editeur.add_constraint(RendezVous, contrainte)
