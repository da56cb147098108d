"""Compiled statements shared by all stores of a process and of what is forked from it.

SQLAlchemy keeps what it has compiled with each engine. A workstation lives for a second here, so nearly all of its
time would go into compiling the statements that the one before it had compiled too; a real one compiles them once.
"""

from typing import Any

from sqlalchemy.engine import Engine

import sync.stores

STATEMENTS = 5_000
_FIRST: list[Engine] = []


def share_statements() -> None:
    """Let every SQLite store that is opened from now on use the dialect and the statements of the first."""
    make = sync.stores.create_engine

    def made(*given: Any, **options: Any) -> Engine:
        engine = make(*given, **options, query_cache_size=STATEMENTS)
        if _FIRST:
            engine.dialect = _FIRST[0].dialect
            engine._compiled_cache = _FIRST[0]._compiled_cache
        else:
            _FIRST.append(engine)
        return engine

    sync.stores.create_engine = made
