"""Querysets whose SQL Django writes once: those of the public pages and of a booking that are asked most.

Writing it takes 0.7 to 3 ms of Python each time, often more than PostgreSQL takes to answer (docs/performance.md).
"""

import inspect
from collections.abc import Callable
from copy import copy
from functools import cache, wraps
from typing import Any

from django.db import connections
from django.db.models import Expression, QuerySet
from django.db.transaction import TransactionManagementError


class _Valeur(Expression):
    """In a queryset, the place of what each call gives."""

    def __init__(self, rang: int) -> None:
        super().__init__()
        self.rang = rang

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", [self]


def ecrite_une_fois[**P, R](ecrire: Callable[P, QuerySet[Any, R]]) -> Callable[P, list[R]]:
    """Turn a function that returns a queryset into one that returns its rows.

    Positional arguments are values, sent to PostgreSQL at each call as they are: an id, not a model; never None, which
    SQL does not compare. Keyword arguments change the SQL, which is written once for each of their combinations. So
    `ecrire` decides nothing by a value, and reads neither setting nor clock.

    It leans on how a QuerySet asks its Query for a compiler, which Django does not document: its tests say when that
    changes. Raises TransactionManagementError, as Django does, when it locks outside a transaction.
    """
    places: Any = [_Valeur(rang) for rang, _ in enumerate(inspect.signature(ecrire).parameters)]

    @cache
    def ecrite(nombre: int, **variante: Any) -> tuple[QuerySet[Any, R], Any, str, Any]:
        ensemble = ecrire(*places[:nombre], **variante)
        redacteur = ensemble.query.get_compiler(ensemble.db)
        sql, parametres = redacteur.as_sql()
        redacteur.connection = None  # each thread has its own
        return ensemble, redacteur, sql, parametres

    @wraps(ecrire)
    def demander(*valeurs: P.args, **variante: P.kwargs) -> list[R]:
        choisie: Any = variante
        ensemble, modele, sql, parametres = ecrite(len(valeurs), **choisie)
        redacteur = copy(modele)
        redacteur.connection = connections[ensemble.db]
        if ensemble.query.select_for_update and redacteur.connection.get_autocommit():
            raise TransactionManagementError(f"{ecrire.__name__} verrouille hors d'une transaction.")
        remplis = [valeurs[p.rang] if isinstance(p, _Valeur) else p for p in parametres]
        redacteur.as_sql = lambda *_, **__: (sql, remplis)
        ensemble = ensemble.all()
        ensemble.query.get_compiler = lambda *_, **__: redacteur  # type: ignore[method-assign]
        return list(ensemble)

    return demander
