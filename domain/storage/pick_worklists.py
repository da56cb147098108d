"""Lists of tubes to fetch and shipments."""

from sqlalchemy import select

from domain.kernel.worklists import Query, worklist
from domain.storage.pick_commands import ApprovePick, CancelPick, ConfirmPicked, PickMissing
from domain.storage.pick_records import PickLine, PickLineState, PickList, Shipment, ShipmentLine
from domain.storage.shipment_commands import SendShipment

VIEW = "biobank.view"


@worklist("pick.lists", "取样单", permission=VIEW, record=PickList, order="-asked_at")
def lists() -> Query:
    """Lists of tubes, the latest first."""
    p = PickList
    return select(p.purpose, p.state, p.total, p.asked_by, p.asked_at, p.approved_by, p.due_at)


lists.offers(ApprovePick, ConfirmPicked, CancelPick)


@worklist("pick.lines", "待取标本", permission=VIEW, record=PickLine, order="route")
def lines() -> Query:
    """Tubes to fetch, by the way through the store."""
    line = PickLine
    return (
        select(line.number, line.path, line.place, line.route, PickList.purpose, PickList.state)
        .join(PickList, PickList.id == line.pick_list_id)
        .where(line.state == PickLineState.WAITING, PickList.state == "approved")
    )


lines.offers(PickMissing)


@worklist("shipment.all", "标本运输", permission=VIEW, record=Shipment, order="-packed_at")
def shipments() -> Query:
    """Shipments, the latest first."""
    s = Shipment
    return select(
        s.number, s.receiver, s.condition, s.state, s.total, s.arrived, s.sent_at, s.due_at, s.courier, s.logger,
        s.packed_by, s.packed_at, s.received_by,
    )  # fmt: skip


shipments.offers(SendShipment)


@worklist("shipment.lines", "运输明细", permission=VIEW, record=ShipmentLine, order="-at")
def shipment_lines() -> Query:
    """Tubes of shipments with their time out of the cold."""
    line = ShipmentLine
    return select(
        Shipment.number.label("shipment"), line.number, line.type, line.state, line.at, line.remaining_ul, line.out_s,
        line.way_s,
    ).join(Shipment, Shipment.id == line.shipment_id)  # fmt: skip
