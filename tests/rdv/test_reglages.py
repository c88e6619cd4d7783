"""`.env.example` says everything that can be set, and nothing else."""

import re

import pytest

from rdv.postgres_embarque import PROJET


def test_env_example_est_complet():
    reglages = (PROJET / "rdv" / "settings.py").read_text()
    composition = (PROJET / "docker-compose.yml").read_text()
    lus = set(re.findall(r'\benv(?:\.\w+)?\(\s*"(\w+)"', reglages)) | set(re.findall(r"\$\{(\w+)", composition))
    donnes = re.findall(r"^(?:# )?([A-Z_]+)=", (PROJET / ".env.example").read_text(), re.MULTILINE)
    assert sorted(donnes) == sorted(lus)


def test_env_example_se_lit_sans_surprise():
    """django-environ keeps a comment at the end of a line as part of the value."""
    lignes = (PROJET / ".env.example").read_text().splitlines()
    assert [ligne for ligne in lignes if not re.fullmatch(r"|#.*|[A-Z_]+=[^#]*", ligne)] == []


@pytest.mark.parametrize("page", ["README.md", "ARCHITECTURE.md", "docs/semaine-d-un-agent.md"])
def test_ce_que_la_documentation_montre_existe(page):
    """A screenshot never committed is a broken image for whoever opens the project."""
    liens = re.findall(r"\]\((?!https?:)([^)#]+)\)", (PROJET / page).read_text())
    assert [lien for lien in liens if not ((PROJET / page).parent / lien).is_file()] == []
