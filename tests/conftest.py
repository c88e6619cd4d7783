"""What every test may use: the file of slot cases to replay."""

import os
from pathlib import Path

import hypothesis
import pytest

# In CI the same change gives the same answer; elsewhere each run looks at other examples.
hypothesis.settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    hypothesis.settings.load_profile("ci")

CAS_PAR_DEFAUT = Path(__file__).parent / "cas" / "creneaux.json"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--cas", metavar="FICHIER", help="rejoue les cas de créneaux de ce fichier, et eux seuls")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("cas") and not config.option.file_or_dir:
        config.args[:] = [str(Path(__file__).parent / "reservations" / "test_cas.py")]
