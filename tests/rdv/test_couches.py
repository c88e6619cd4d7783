"""Imports go one way: structures ← motifs ← plages ← reservations ← cartographie; nobody imports `rdv`."""

import ast
from pathlib import Path

import pytest

RACINE = Path(__file__).resolve().parents[2]
ORDRE = ["structures", "motifs", "plages", "reservations", "cartographie"]
# Pure modules: no ORM, so that their rules are tested without a database.
PURS = [
    "structures/fuseaux.py",
    "structures/dates.py",
    "structures/carte.py",
    "plages/recurrence.py",
    "plages/feries.py",
    "plages/mots.py",
    "reservations/courrier/ical.py",
    "reservations/agenda.py",
    "reservations/refus.py",
    "reservations/verdict.py",
    "reservations/tour.py",
    "cartographie/standard.py",
    "cartographie/horaires.py",
    "structures/communes.py",
]
# What shows pages may read, never write, through a later application's querysets (design, "Layout").
LECTEURS = ("views", "vues", "forms", "requetes", "urls")


def importe(fichier: Path) -> set[str]:
    """Return the modules that a file imports, inner imports included."""
    noms: set[str] = set()
    for noeud in ast.walk(ast.parse(fichier.read_text(encoding="utf-8"))):
        if isinstance(noeud, ast.Import):
            noms |= {alias.name for alias in noeud.names}
        elif isinstance(noeud, ast.ImportFrom) and noeud.module and not noeud.level:
            noms |= {noeud.module} | {f"{noeud.module}.{alias.name}" for alias in noeud.names}
    return noms


def fichiers(application: str) -> list[Path]:
    return [f for f in sorted((RACINE / application).rglob("*.py")) if "migrations" not in f.parts]


@pytest.mark.parametrize("application", ORDRE)
def test_aucun_import_vers_une_application_suivante(application: str) -> None:
    suivantes = {*ORDRE[ORDRE.index(application) + 1 :], "rdv", "tests"}
    fautes = {
        (str(f.relative_to(RACINE)), module)
        for f in fichiers(application)
        if not f.relative_to(RACINE / application).parts[0].startswith(LECTEURS)
        for module in importe(f)
        if module.split(".")[0] in suivantes
    }
    assert fautes == set()


@pytest.mark.parametrize("application", ORDRE)
def test_les_pages_ne_font_que_lire_les_applications_suivantes(application: str) -> None:
    suivantes = set(ORDRE[ORDRE.index(application) + 1 :])
    fautes = {
        (str(f.relative_to(RACINE)), module)
        for f in fichiers(application)
        for module in importe(f)
        if module.split(".")[0] in suivantes and "services" in module.split(".")
    }
    assert fautes == set()


# Words in the language of the moment: neither a row nor a request.
MOTS = ("django.utils.translation", "django.utils.functional", "django.utils.dates")


@pytest.mark.parametrize("module", PURS)
def test_un_module_pur_ne_touche_pas_a_django(module: str) -> None:
    fautes = {
        nom
        for nom in importe(RACINE / module)
        if (nom.split(".")[0] == "django" and not nom.startswith(MOTS)) or nom.split(".")[-1] in {"models", "services"}
    }
    assert fautes == set()
