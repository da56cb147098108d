"""What left, for who watches over it."""

from sqlalchemy import select

from domain.kernel.worklists import Query, worklist
from domain.outgoing.records import Outgoing, OutgoingEnd


@worklist("document.outgoing", "外发记录", permission="audit.view", record=Outgoing, order="-started_at")
def outgoing() -> Query:
    """Exports, prints and saved files, the latest first, each with its end."""
    return select(
        Outgoing.started_at, Outgoing.staff_name, Outgoing.kind, Outgoing.what, Outgoing.columns, Outgoing.filters,
        Outgoing.count, Outgoing.purpose, Outgoing.destination, OutgoingEnd.result, OutgoingEnd.detail,
    ).outerjoin(OutgoingEnd, OutgoingEnd.outgoing_id == Outgoing.id)  # fmt: skip
