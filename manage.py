#!/usr/bin/env python
"""Django's command line; without DATABASE_URL it runs on the embedded PostgreSQL (see rdv/postgres_embarque.py)."""

import os
import sys


def main() -> None:
    """Prepare the environment that the settings will read, then hand over to Django."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rdv.settings")
    from rdv.postgres_embarque import preparer_environnement

    if sys.argv[1:2] == ["demo"]:
        from rdv.management.commands import demo

        demo.preparer(sys.argv[2:])
        demo.base_embarquee = preparer_environnement(sys.argv)
    else:
        preparer_environnement(sys.argv)

    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
