"""Whether a place has the settings and the knowledge in force: how many versions of them its store has taken in.

Settings travel as versions that are only ever added (`Merge.APPEND`), so a place has what counts exactly when it has
as many of them as the centre.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from domain.kernel.record import Record

SETTINGS = (
    "alert_rule_change",
    "answer_hours",
    "care_preset",
    "critical_limit_change",
    "follow_content",
    "risk_rule_set",
)
"""Records an administrator publishes settings by."""

KNOWLEDGE = ("care_library", "follow_content", "knowledge_version")
"""Records the library, the talk scripts and what is given to clients are published by."""


def settings_count(connection: Connection) -> int:
    """Return how many versions of settings a store has; some hundreds of rows at most."""
    return _count(connection, SETTINGS)


def knowledge_count(connection: Connection) -> int:
    """Return how many versions of knowledge a store has; some thousands of rows at most."""
    return _count(connection, KNOWLEDGE)


def _count(connection: Connection, names: Sequence[str]) -> int:
    tables = Record.metadata.tables
    return sum(
        connection.execute(select(func.count()).select_from(tables[name])).scalar_one()
        for name in names
        if name in tables
    )
