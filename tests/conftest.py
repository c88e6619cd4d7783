"""What every test stands on: the databases, passwords, examples, the file of slot cases to replay."""

import os
import threading
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db import connection, connections, transaction
from django.test import TransactionTestCase

# In CI the same change gives the same answer; elsewhere each run looks at other examples.
hypothesis.settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    hypothesis.settings.load_profile("ci")

# Argon2, as in production, but not as slow: it takes a tenth of a second on purpose.
Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost, Argon2PasswordHasher.parallelism = 1, 8, 1


# --- Databases ------------------------------------------------------------------------------------------------------

# One connection a thread. After a worker's first browser test, Playwright's loop is "running" in its thread, and Django
# keeps other connections where a loop runs: what a test without that loop wrote was not undone by the other connection.
connections._connections = threading.local()  # type: ignore[assignment]

MODELE = "test_modele"
GARDEES = ["django_migrations", "django_content_type", "auth_permission"]  # what the migrations filled
GROSSE = 1_000_000  # bytes


def pytest_xdist_auto_num_workers() -> int | None:
    """One more than the cores: a test often waits, for a browser or for a command."""
    return None if os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS") else (os.cpu_count() or 1) + 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest: a worker that ends on one of them leaves the others without work."""
    items.sort(key=lambda essai: essai.get_closest_marker("lent") is None)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    request: pytest.FixtureRequest, django_db_modify_db_settings: None, testrun_uid: str, django_db_blocker: Any
) -> None:
    """Migrate once a run: the first worker migrates a database, of which each worker takes a copy."""
    if not hasattr(request.config, "workerinput"):
        return
    reglages = connection.settings_dict
    with django_db_blocker.unblock(), connection._nodb_cursor() as curseur:
        curseur.execute("SET statement_timeout = 0; SET lock_timeout = 0")
        curseur.execute("SELECT pg_advisory_lock(hashtext(%s))", [MODELE])
        # It says for which run it was migrated, once it is: an older one may miss a migration.
        curseur.execute("SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [MODELE])
        if curseur.fetchone() != (testrun_uid,):
            nom, essais = reglages["NAME"], reglages["TEST"]["NAME"]
            reglages["TEST"]["NAME"] = MODELE
            connection.creation.create_test_db(verbosity=0, autoclobber=True)
            connection.close()
            reglages["NAME"], reglages["TEST"]["NAME"] = nom, essais
            curseur.execute(f"COMMENT ON DATABASE {MODELE} IS '{testrun_uid}'")
    reglages["TEST"] |= {"TEMPLATE": MODELE, "MIGRATE": False}


def _vider(self: TransactionTestCase) -> None:
    """Empty every table after a test that commits, those of the jobs too, which Django's flush leaves as they are.

    To delete its few rows costs a twentieth of a TRUNCATE of fifty tables. The lock waits for the requests under way.
    """
    with transaction.atomic(), connection.cursor() as curseur:
        curseur.execute(
            "SELECT quote_ident(relname), pg_relation_size(oid) FROM pg_class WHERE relkind = 'r' "
            "AND relnamespace = 'public'::regnamespace AND relname <> ALL(%s)",
            [GARDEES],
        )
        tailles = dict(curseur.fetchall())
        if max(tailles.values()) > GROSSE:
            curseur.execute(f"TRUNCATE {', '.join(tailles)}")
        else:
            curseur.execute(f"LOCK TABLE {', '.join(tailles)} IN SHARE ROW EXCLUSIVE MODE")
            curseur.execute("; ".join(f"DELETE FROM {table}" for table in tailles))  # noqa: S608


TransactionTestCase._fixture_teardown = _vider


# --- Slot cases -----------------------------------------------------------------------------------------------------

CAS_PAR_DEFAUT = Path(__file__).parent / "cas" / "creneaux.json"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--cas", metavar="FICHIER", help="rejoue les cas de créneaux de ce fichier, et eux seuls")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("cas") and not config.option.file_or_dir:
        config.args[:] = [str(Path(__file__).parent / "reservations" / "test_cas.py")]
