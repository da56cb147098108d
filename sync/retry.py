"""Doing a transaction again when the database asks for it."""

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy.exc import DBAPIError

T = TypeVar("T")
ATTEMPTS = 5
_AGAIN = {1020, 1205, 1213}
"""MariaDB: record changed since last read, lock wait timeout, deadlock. Each rolls back and may be tried again."""


def retried(work: Callable[[], T], attempts: int = ATTEMPTS) -> T:
    """Return what `work` returns; it opens and commits its own transaction and may be called again."""
    for _ in range(attempts - 1):
        try:
            return work()
        except DBAPIError as error:
            if not asks_again(error):
                raise
    return work()


def asks_again(error: DBAPIError) -> bool:
    """Tell whether the database lost a transaction to another one and wants it again."""
    arguments: tuple[Any, ...] = getattr(error.orig, "args", ())
    return bool(arguments) and arguments[0] in _AGAIN
