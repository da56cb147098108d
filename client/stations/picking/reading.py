"""Lists to fetch and shipments that are being packed; read in a job, by index, never on the UI thread."""

from dataclasses import dataclass

from domain.kernel.authority import Actor
from domain.kernel.ids import Id
from domain.kernel.rows import records
from domain.kernel.store import Store
from domain.storage.pick_records import PickLine, PickList, Shipment, ShipmentLine

PICK, SHIP = "pick", "ship"
MOST = 200


@dataclass(frozen=True, slots=True)
class Job:
    """A list to fetch or a shipment: `left` tubes of `total` are still to come (a shipment has none to come)."""

    kind: str
    id: Id
    number: str
    title: str
    state: str
    total: int
    left: int


@dataclass(frozen=True, slots=True)
class Line:
    """One tube of it."""

    id: Id
    number: str
    place: str
    path: str
    state: str
    out_s: int


def jobs(store: Store, actor: Actor) -> list[Job]:
    """Return what can be worked on: approved lists, then those that wait for an approval, then shipments."""
    with store.read() as connection:
        picks = records(
            connection, actor, PickList, PickList.state.in_(("requested", "approved")), limit=MOST
        )
        ships = records(
            connection, actor, Shipment, Shipment.state.in_(("packing", "sent", "partly")), limit=MOST
        )
        ids = [p.id for p in picks]
        waiting: dict[Id, int] = {}
        if ids:
            for line in records(
                connection,
                actor,
                PickLine,
                PickLine.pick_list_id.in_(ids),
                PickLine.state == "waiting",
                limit=20_000,
            ):
                waiting[line.pick_list_id] = waiting.get(line.pick_list_id, 0) + 1
    found = [Job(PICK, p.id, "", p.purpose, p.state, p.total, waiting.get(p.id, 0)) for p in picks]
    found.sort(key=lambda job: job.state != "approved")
    return found + [
        Job(SHIP, s.id, s.number, s.receiver, s.state, s.total, s.total - s.arrived) for s in ships
    ]


def lines(store: Store, actor: Actor, job: Job) -> list[Line]:
    """Return the tubes of a list by the way, or of a shipment by their numbers."""
    with store.read() as connection:
        if job.kind == PICK:
            rows = records(connection, actor, PickLine, PickLine.pick_list_id == job.id, limit=MOST * 3)
            rows.sort(key=lambda row: (row.state != "waiting", row.route))
            return [Line(r.id, r.number, r.place, r.path, str(r.state), 0) for r in rows]
        rows = records(connection, actor, ShipmentLine, ShipmentLine.shipment_id == job.id, limit=MOST * 3)
        rows.sort(key=lambda row: row.number)
        return [Line(r.id, r.number, "", "", str(r.state), r.out_s + (r.way_s or 0)) for r in rows]
