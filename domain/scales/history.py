"""What earlier answers say of a person: the factors that the items of forms ask for, the latest answer of each."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from domain.checkup.records import QuestionnaireResponse
from domain.kernel.content import ContentError
from domain.kernel.ids import Id
from domain.scales.values import answers_of_response

SYSTEM = "urn:aftercheck:factor"
Links = Mapping[str, Mapping[str, str]]
"""By form the factor code of each linkId that asks for one."""


def load_links(folder: Path) -> dict[str, dict[str, str]]:
    """Return which items of the forms in ``resources/forms`` ask for which factor.

    Raises:
        ContentError: A file is not JSON.
    """
    found: dict[str, dict[str, str]] = {}
    problems: list[str] = []
    for path in sorted(folder.glob("*.json")):
        try:
            found[path.stem] = _links(json.loads(path.read_text("utf-8")))
        except ValueError as error:
            problems.append(f"{path.name}: not JSON: {error}")
    if problems:
        raise ContentError(problems)
    return found


def _links(parent: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in parent.get("item", ()):
        for code in item.get("code", ()):
            if code.get("system") == SYSTEM:
                found[item["linkId"]] = code["code"]
        found |= _links(item)
    return found


def history_of(connection: Connection, patient_id: Id, links: Links) -> dict[str, Any]:
    """Return the latest answer to each factor by code: a tick, a code or a number.

    An answer that was corrected does not count; what was not answered is not there.
    """
    table = QuestionnaireResponse.__table__
    query = (
        select(table.c.id, table.c.form, table.c.answers, table.c.amends)
        .where(table.c.patient_id == patient_id)
        .order_by(table.c.authored_at, table.c.id)
    )
    rows = connection.execute(query).all()
    amended = {row.amends for row in rows if row.amends is not None}
    found: dict[str, Any] = {}
    for row in rows:
        coded = links.get(row.form, {})
        if row.id in amended or not coded:
            continue
        given = answers_of_response(row.answers) if "item" in row.answers else row.answers
        found |= {coded[link_id]: value for link_id, value in given.items() if link_id in coded}
    return found
