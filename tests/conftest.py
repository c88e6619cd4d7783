"""What every test may use: the file of slot cases to replay."""

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from django.db import connection

# In CI the same change gives the same answer; elsewhere each run looks at other examples.
hypothesis.settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    hypothesis.settings.load_profile("ci")


@pytest.fixture(autouse=True)
def _travaux_oublies(request: pytest.FixtureRequest) -> Iterator[None]:
    """Empty the table of jobs after a test that commits: it is not Django's own, so its flush leaves them there."""
    marque = request.node.get_closest_marker("django_db")
    if not (
        {"transactional_db", "live_server"} & set(request.fixturenames) or (marque and marque.kwargs.get("transaction"))
    ):
        yield
        return
    request.getfixturevalue("transactional_db")
    yield
    with connection.cursor() as curseur:
        curseur.execute("TRUNCATE procrastinate_jobs CASCADE")


CAS_PAR_DEFAUT = Path(__file__).parent / "cas" / "creneaux.json"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--cas", metavar="FICHIER", help="rejoue les cas de créneaux de ce fichier, et eux seuls")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("cas") and not config.option.file_or_dir:
        config.args[:] = [str(Path(__file__).parent / "reservations" / "test_cas.py")]
