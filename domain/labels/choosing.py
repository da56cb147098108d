"""Which template an organisation prints for a label: the most exact choice, in the highest version it was given."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from domain.kernel.ids import Id
from domain.labels.records import LabelChoice, LabelInUse

_C, _U = LabelChoice.__table__.c, LabelInUse.__table__.c


@dataclass(frozen=True, slots=True)
class Chosen:
    """A template in force: its code, version and content."""

    code: str
    title: str
    version: int
    content: dict[str, Any]


def chosen_for(
    connection: Connection, org_id: Id, purpose: str, kind: str | None, printer: str
) -> Chosen | None:
    """Return the template chosen for a kind of specimen at a printer; None where nobody has chosen one."""
    rows = connection.execute(
        select(_C.kind, _C.printer, _C.code).where(
            _C.org_id == org_id,
            _C.purpose == purpose,
            _C.kind.in_(("", kind or "")),
            _C.printer.in_(("", printer)),
        )
    ).all()
    if not rows:
        return None
    best = max(rows, key=lambda row: (bool(row.printer), bool(row.kind)))
    held = connection.execute(
        select(_U.code, _U.title, _U.version, _U.content)
        .where(_U.org_id == org_id, _U.code == best.code)
        .order_by(_U.version.desc())
        .limit(1)
    ).first()
    return Chosen(held.code, held.title, held.version, held.content) if held is not None else None
