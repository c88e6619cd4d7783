"""Gives the test run its database; loaded with `-p`, before pytest-django reads the settings.

Without DATABASE_URL in the environment (`.env` is not read: it describes the developer's own instance), a throw-away
server is started. The workers of pytest-xdist inherit its address, so only their controller comes to that.
"""

import os

import pytest

from rdv.postgres_embarque import PostgresIndisponible, demarrer_pour_essais

os.environ |= {
    "FICHIER_ENV": os.devnull,
    "SECONDES_AVANT_CONTACT": "0",  # tests type faster than people
    "SECRET_KEY": "essais",  # signs nothing that outlives the run
    "DATABASE_POOL_MAX": "0",  # a pool would keep connections to the databases that the run drops
    "DJANGO_ALLOW_ASYNC_UNSAFE": "1",  # playwright's synchronous API runs an event loop in the thread of the tests
}
if not os.environ.get("DATABASE_URL"):
    try:
        os.environ["DATABASE_URL"] = demarrer_pour_essais()
    except PostgresIndisponible as erreur:
        raise pytest.UsageError(str(erreur)) from erreur
