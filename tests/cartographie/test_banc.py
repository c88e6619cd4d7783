"""The bench: what it promises of the engine holds on any machine, and a regression is refused."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from statistics import median
from unittest.mock import MagicMock

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from cartographie.banc.deroule import banc_rapide
from cartographie.banc.mesures import Mesure, comparer, en_json, rapport
from cartographie.banc.rejeu import BLOC, script
from cartographie.management.commands.banc import part_reprise
from reservations.models import RendezVous
from structures.models import Agent, Structure

MESURE = Mesure(
    nom="1. créneaux",
    premier=9.0,
    mediane=5.0,
    p95=6.0,
    limite=2.5,
    nom_limite="les mêmes",
    rapport=2.0,
    rapport_des_meilleurs=1.9,
    maximum=2.5,
    requetes=1,
    repetitions=15,
)


@pytest.mark.lent
@pytest.mark.django_db
def test_ratios_and_queries_of_the_engine_and_of_the_pages_hold() -> None:
    """Never an absolute time. Twice the ratio allowed, of the best times: CI machines are shared, and what this is for
    (a table read whole, something computed again for each row) is far worse."""
    mesures = banc_rapide(timezone.now(), lambda: None)
    assert {mesure.nom: mesure.requetes for mesure in mesures} == {
        "1. créneaux libres : 10 agents, 28 jours, 1 900 créneaux": 1,
        "2. prochain créneau : 10 agents, rien avant 6 mois": 1,
        "3. prochain créneau de 64 lieux": 1,
        "3. prochain créneau de 200 lieux": 1,
        "4. page des créneaux": 5,
        "4. page des motifs": 4,
        "4. carte, en liste": 4,
        "6. cas 1, 20 000 passés": 1,
    }
    trop = {m.nom: m for m in mesures if m.maximum and m.rapport_des_meilleurs > 2 * m.maximum}
    assert trop == {}


def test_a_ratio_is_of_what_was_timed_together() -> None:
    """Twice its limit, on a machine slow half of the time; what comes second is a tenth quicker."""
    lenteurs = [1, 1, 1, 2, 2, 2, 2, 1, 1]
    gestes = [lenteur * (18 if tour % 2 else 20) for tour, lenteur in enumerate(lenteurs)]
    limites = [lenteur * (10 if tour % 2 else 9) for tour, lenteur in enumerate(lenteurs)]
    limites[0] *= 2  # slow between the two
    gestes[5] *= 50  # something else ran

    assert median(gestes) / median(limites) < 1.5
    assert rapport(gestes, limites) == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize(
    ("avant", "apres", "part"),
    [
        ([9, 9, 9, 9, 9, 9, 9, 9], [69, 9, 24, 500, 70, 9, 14, 29], 0.2),  # 60 + 15 + 5 had, 20 waited for
        ([9, 9, 9, 9, 9, 9, 9, 9], [9, 9, 9, 99, 9, 9, 9, 9], 0.0),  # nothing was asked
        ([], [], 0.0),  # a system that does not tell
    ],
)
def test_what_the_host_took_back_is_a_share_of_what_was_asked(avant: list[int], apres: list[int], part: float) -> None:
    assert part_reprise(avant, apres) == pytest.approx(part)


@pytest.mark.parametrize(
    ("champs", "fautes"),
    [
        ({"rapport": 2.49}, []),
        ({"rapport": 2.51}, ["1. créneaux : rapport 2.51, il était de 2.00"]),
        ({"rapport": 0.5}, []),
        ({"requetes": 2}, ["1. créneaux : 2 requêtes, il y en avait 1"]),
        ({"mediane": 500.0}, []),
        ({"nom": "un nouveau cas", "rapport": 9.0}, []),
    ],
)
def test_a_ratio_worse_by_more_than_a_quarter_is_a_regression(champs: dict[str, object], fautes: list[str]) -> None:
    avant = {"mesures": en_json([MESURE])}
    assert comparer([replace(MESURE, **champs)], avant) == fautes


@pytest.mark.parametrize("avant", range(BLOC + 1))
def test_no_command_of_pgbench_that_keeps_an_identifier_ends_a_block(avant: int) -> None:
    """pgbench crashes on two of them there."""
    garde = "INSERT INTO t DEFAULT VALUES RETURNING id \\gset n7_"
    une = ["SELECT 1;"] * avant + [garde] * 3
    commandes = script({}, [[une, une], [une]])
    assert [c for c in commandes if c == garde or c == "SELECT 1;"] == une * 3
    assert garde not in commandes[BLOC - 1 :: BLOC]


@pytest.mark.django_db
def test_a_base_without_tables_is_told_what_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection.introspection, "table_names", list)
    with pytest.raises(CommandError, match=r"manage\.py migrate"):
        call_command("banc", rapide=True)


@pytest.fixture
def mesures(monkeypatch: pytest.MonkeyPatch) -> list[Mesure]:
    """What the bench would measure, and rows that it would have written to do so."""

    def faux_banc(maintenant: object, suivre: object) -> list[Mesure]:
        Structure.objects.create(nom="Banc")
        return resultat

    resultat = [MESURE]
    monkeypatch.setattr("cartographie.management.commands.banc.banc_rapide", faux_banc)
    return resultat


@pytest.mark.django_db
def test_what_json_wrote_is_what_comparer_reads(tmp_path, mesures: list[Mesure]) -> None:
    sortie, fichier = StringIO(), tmp_path / "avant.json"
    call_command("banc", "--rapide", "--json", verbosity=0, stdout=sortie)
    fichier.write_text(sortie.getvalue(), encoding="utf-8")
    assert json.loads(sortie.getvalue())["mesures"] == en_json([MESURE])
    call_command("banc", "--rapide", "--comparer", str(fichier), verbosity=0, stdout=StringIO())

    mesures[0] = replace(MESURE, rapport=2.6)
    with pytest.raises(CommandError, match="Plus lent qu'avant"):
        call_command("banc", "--rapide", "--comparer", str(fichier), verbosity=0, stdout=StringIO())


@pytest.mark.django_db
@pytest.mark.parametrize("contenu", [None, "", "[]", '{"mesures": [{}]}', '{"mesures": 3}'])
def test_a_file_that_is_no_result_is_refused_before_measuring(tmp_path, mesures: list[Mesure], contenu) -> None:
    fichier = tmp_path / "avant.json"
    if contenu is not None:
        fichier.write_text(contenu, encoding="utf-8")
    with pytest.raises(CommandError, match="n'est pas un résultat"):
        call_command("banc", "--rapide", "--comparer", str(fichier), verbosity=0)


@pytest.mark.django_db
def test_the_quick_bench_leaves_nothing_in_the_base(mesures: list[Mesure]) -> None:
    sortie = StringIO()
    call_command("banc", "--rapide", verbosity=0, stdout=sortie)
    assert "| 1. créneaux | 5.0 ms | 6.0 ms | 9.0 ms | 1 | les mêmes : 2.5 ms | 2.00 | 2.5 |" in sortie.getvalue()
    assert re.search(r"\d% du processeur repris par l'hôte", sortie.getvalue())
    assert not Structure.objects.exists()
    assert not Agent.objects.exists()
    assert not RendezVous.objects.exists()
    assert not connection.needs_rollback


@pytest.mark.django_db
@pytest.mark.parametrize("json_voulu", [False, True])
def test_what_was_measured_before_a_case_failed_is_kept(monkeypatch: pytest.MonkeyPatch, json_voulu: bool) -> None:
    """Neither the bases nor the clients are real: what is tested is what becomes of the measures."""
    debit = replace(MESURE, nom="5. réservation, 1 client", par_seconde=12.0, limite_par_seconde=30.0)

    def reservations(*_: object) -> Iterator[Mesure]:
        yield debit
        raise OSError("seize clients de trop")

    bases = MagicMock()
    bases.return_value.__enter__.return_value.pays.return_value = (MagicMock(), MagicMock(), MagicMock())
    bases.return_value.__exit__.return_value = False
    for nom, faux in {
        "Bases": bases,
        "sur": MagicMock(),
        "call_command": MagicMock(),
        "epreuves_du_moteur": lambda *_: [],
        "epreuve_de_tous_les_lieux": lambda *_: None,
        "mesurer": lambda *_: [MESURE],
        "mesurer_les_reservations": reservations,
        "mesurer_le_cout": lambda *_: pytest.fail("after the failure"),
    }.items():
        monkeypatch.setattr(f"cartographie.banc.deroule.{nom}", faux)
    sortie = StringIO()
    with pytest.raises(CommandError, match=r"Arrêté pendant « reservations ».*seize clients de trop"):
        call_command("banc", "--cas", "cout", "reservations", "moteur", json=json_voulu, verbosity=0, stdout=sortie)
    if json_voulu:
        assert json.loads(sortie.getvalue())["mesures"] == en_json([MESURE, debit])
    else:
        assert "| 1. créneaux | 5.0 ms |" in sortie.getvalue()
        assert "| 5. réservation, 1 client | 12.0 |" in sortie.getvalue()
