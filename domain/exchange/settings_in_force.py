"""Whether a place has the settings that are in force: how many versions of them its store has taken in.

Settings travel as versions that are only ever added (`Merge.APPEND`), so a place has what counts exactly when it has
as many of them as the centre.
"""

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


def settings_count(connection: Connection) -> int:
    """Return how many versions of settings a store has; some hundreds of rows at most."""
    tables = Record.metadata.tables
    return sum(
        connection.execute(select(func.count()).select_from(tables[name])).scalar_one()
        for name in SETTINGS
        if name in tables
    )
