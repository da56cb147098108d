"""What earlier answers say of a person: the latest answer to each factor that items of forms ask for."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from domain.interop.one_person import records_of
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.risk.answers import FormLinks, answered
from domain.risk.content import RISK, RiskModels

LINKS = "factor_links"
"""Name in the content of what the items of forms ask for."""


def history_of(
    connection: Connection, patient_id: Id, content: Mapping[str, Any], until: datetime
) -> dict[str, Any]:
    """Return the latest answer to each factor by code: a tick, a code or a number in the factor's unit.

    Args:
        connection: The store.
        patient_id: Whose.
        content: That of commands; the models are asked for only where an answer has a unit of its own.
        until: The moment up to which answers count.
    """
    links: FormLinks | None = content.get(LINKS)
    if links is None:
        return {}
    found: dict[str, Any] = {}
    for one in answered(connection, records_of(connection, patient_id), links, until):
        value = one.value
        if one.unit and isinstance(value, int | float):
            models: RiskModels = content[RISK]
            try:
                factor, offset = models.book.scale(one.code, one.unit)
            except (DomainError, KeyError):
                continue  # a unit that cannot be compared says nothing
            value = value if (factor, offset) == (1, 0) else round(value * factor + offset, 9)
        found[one.code] = value
    return found
