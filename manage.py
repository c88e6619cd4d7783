#!/usr/bin/env python
"""Django's command line; without DATABASE_URL it runs on the embedded PostgreSQL (see rdv/postgres_embarque.py)."""

import os
import sys


def main() -> None:
    """Prepare the database address, then hand over to Django."""
    from rdv.postgres_embarque import preparer_environnement

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rdv.settings")
    preparer_environnement(sys.argv)

    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
