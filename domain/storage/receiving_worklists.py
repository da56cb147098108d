"""Lists of what was sent, and their lines."""

from sqlalchemy import select

from domain.biobank.receiving_records import ReceivingLine, ReceivingList
from domain.kernel.worklists import Query, worklist
from domain.storage.receiving_commands import CloseReceivingList

VIEW = "biobank.view"


@worklist("receiving.lists", "到货清单", permission=VIEW, record=ReceivingList, order="-imported_at")
def lists() -> Query:
    """Lists that came with batches, the latest first."""
    r = ReceivingList
    return select(
        r.number, r.name, r.state, r.due_at, r.total, r.doubtful, r.imported_at, r.staff_name, r.file_name,
        r.closed_by,
    )  # fmt: skip


lists.offers(CloseReceivingList)


@worklist("receiving.lines", "到货清单明细", permission=VIEW, record=ReceivingLine, order="row")
def lines() -> Query:
    """Every line of every list, with what is wrong with it and whether its tube has come."""
    line, listed = ReceivingLine, ReceivingList
    return select(
        listed.number.label("list_number"), line.row, line.number, line.said_type, line.state, line.remark, line.at,
        line.staff_name,
    ).join(listed, listed.id == line.list_id)  # fmt: skip
