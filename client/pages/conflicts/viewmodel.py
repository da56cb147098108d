"""The conflict inbox without its window: what stands, what came later, and a decision by one key."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot
from sqlalchemy import select

from client.actions import Action
from client.live import Changed
from client.station import Context, PageModel
from domain.exchange.commands import DecideConflict
from domain.exchange.owners import Owner, owners_of
from domain.exchange.records import Conflict
from domain.exchange.rules import Choice, ConflictState, from_jsonable
from domain.kernel.columns import from_wire
from domain.kernel.commands import commands
from domain.kernel.ids import Id
from domain.kernel.masking import masked
from domain.kernel.record import column_info, record_classes
from domain.kernel.unit_of_work import Done
from domain.kernel.worklists import records
from domain.people.records import Patient

MOST = 200
DECIDE = "conflict.decide"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a conflict: the value before, the one that stands, the one that arrived later."""

    name: str
    label: str
    base: str
    theirs: str
    mine: str
    editable: bool


@dataclass(frozen=True, slots=True)
class ConflictCase:
    """One conflict as the page shows it."""

    conflict_id: Id
    entity: str
    record_id: Id
    title: str
    by: str
    at: str
    where: str
    theirs_by: str
    theirs_at: str
    theirs_where: str
    age: str
    waits_s: float
    author: str
    leads: str
    own: bool
    safety: bool
    patient_id: Id | None
    whose: str
    """The client's name as the reader may see it; '' for a record of nobody."""
    fields: tuple[Field, ...]


class ViewModel(PageModel):
    """The open conflicts, the oldest safety matters first. Keys: 1 keep, 2 take, 3 write anew."""

    cases_changed = Signal()
    case_changed = Signal(object)
    edit_asked = Signal(object)

    actions = (
        Action("keep", "conflict.action.keep", "1", command=DECIDE),
        Action("take", "conflict.action.take", "2", command=DECIDE),
        Action("edit", "conflict.action.edit", "3", command=DECIDE),
        Action("open", "conflict.action.open", "F4"),
        Action("reload", "worklist.reload", "F5"),
    )

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(context, parent)
        self.cases: list[ConflictCase] = []
        self.at = -1
        self.action_set.on("keep", self.keep)
        self.action_set.on("take", self.take)
        self.action_set.on("edit", self.ask_edit)
        self.action_set.on("open", self.open_record)
        self.action_set.on("reload", self.load)

    @property
    def case(self) -> ConflictCase | None:
        """The conflict being decided."""
        return self.cases[self.at] if 0 <= self.at < len(self.cases) else None

    @property
    def oldest_age(self) -> str:
        """How long the oldest conflict has waited, in words."""
        oldest = max(self.cases, key=lambda case: case.waits_s, default=None)
        return oldest.age if oldest is not None else ""

    def watches(self) -> frozenset[str]:
        return frozenset({"conflict"})

    def on_changed(self, changed: Changed) -> None:
        self.load()

    def on_open(self, **arguments: Any) -> None:
        self.load()

    @Slot()
    def load(self) -> None:
        """Read the open conflicts."""
        self.query(lambda: open_conflicts(self.context), self._take_cases, "conflicts")

    def select(self, at: int) -> None:
        """Turn to a conflict of the list."""
        self.at = at
        case = self.case
        for name in ("keep", "take", "edit", "open"):
            self.action_set.enable(name, case is not None)
        self.case_changed.emit(case)
        self.patient_changed.emit(case.patient_id if case is not None else None)

    @Slot()
    def keep(self) -> None:
        """Let the value that stands stand."""
        self._decide(Choice.THEIRS)

    @Slot()
    def take(self) -> None:
        """Take the value that arrived later."""
        self._decide(Choice.MINE)

    @Slot()
    def ask_edit(self) -> None:
        """Ask for values to write instead of both."""
        if self.case is not None:
            self.edit_asked.emit(self.case)

    def edit(self, values: dict[str, Any]) -> None:
        """Write these values instead of both."""
        self._decide(Choice.OTHER, values)

    @Slot()
    def open_record(self) -> None:
        """Open the record the conflict is about."""
        if self.case is not None:
            self.context.open_page(f"record:{self.case.entity}:{self.case.record_id}")

    def _decide(self, choice: Choice, values: dict[str, Any] | None = None) -> None:
        if self.case is not None:
            self.run(
                DecideConflict(conflict_id=self.case.conflict_id, choice=choice, values=values), self._decided
            )

    def _decided(self, _done: Done) -> None:
        self.toast("conflict.decided_now", "success")
        self.load()

    def _take_cases(self, cases: list[ConflictCase]) -> None:
        kept = self.case.conflict_id if self.case is not None else None
        before = max(self.at, 0)
        self.cases = cases
        self.cases_changed.emit()
        same = next((i for i, c in enumerate(cases) if c.conflict_id == kept), None)
        self.select(same if same is not None else min(before, len(cases) - 1))


def open_conflicts(context: Context) -> list[ConflictCase]:
    """Return the conflicts this person may decide or see; off the UI thread."""
    context.actor.check("conflict.view")
    table = Conflict.__table__
    with context.desk.store.read() as connection:
        rows = records(connection, context.actor, Conflict, table.c.state == ConflictState.OPEN, limit=MOST)
        rows.sort(key=lambda r: (not r.safety, r.opened_at))
        owners = owners_of(connection, [(row.id, row.org_id, row.mine_by) for row in rows])
        clients = {row.id: _patient_of(connection, row) for row in rows if row.entity in record_classes()}
        names = _client_names(context, connection, {one for one in clients.values() if one is not None})
        return [_case(context, connection, row, owners[row.id], clients.get(row.id), names) for row in rows]


def _case(
    context: Context, connection: Any, row: Any, owner: Owner, patient_id: Id | None, names: Mapping[Id, str]
) -> ConflictCase:
    kind = record_classes().get(row.entity)
    now = context.desk.clock()
    whose = names.get(patient_id, "") if patient_id is not None else ""
    return ConflictCase(
        row.id, row.entity, row.record_id, kind.record_info.label if kind is not None else row.entity,
        owner.author or context.say("record.somebody"), context.formatter.moment(row.mine_at),
        _where(row.mine_command),
        (_name_of(connection, row.theirs_by) or context.say("record.somebody")) if row.theirs_at else "",
        context.formatter.moment(row.theirs_at) if row.theirs_at else "", _where(row.theirs_command),
        context.formatter.span(now - row.opened_at), (now - row.opened_at).total_seconds(),
        owner.author or context.say("record.somebody"), "、".join(owner.leads) or context.say("conflict.no_lead"),
        row.mine_by is not None and row.mine_by == context.actor.staff_id, bool(row.safety), patient_id, whose,
        tuple(_fields(context, kind, row)),
    )  # fmt: skip


def _where(command: str | None) -> str:
    """Return on which form or button a value was entered."""
    known = commands().get(command or "")
    return known.label if known is not None else command or ""


def _fields(context: Context, kind: Any, row: Any) -> list[Field]:
    sides = [
        from_jsonable(side) if isinstance(side, dict) else {} for side in (row.base, row.theirs, row.mine)
    ]
    names = list(dict.fromkeys([*sides[1], *sides[2]]))
    found = []
    for name in names:
        column = kind.__table__.columns.get(name) if kind is not None else None
        info = column_info(column) if column is not None else None
        texts = [_text(context, row.entity, column, info, side.get(name)) for side in sides]
        seen = info is None or info.sensitivity <= context.actor.clearance
        found.append(Field(name, info.label if info else name, *texts, editable=seen))
    return found


def _text(context: Context, entity: str, column: Any, info: Any, wire: Any) -> str:
    value = wire if column is None else masked(info, from_wire(column.type, wire), context.actor.clearance)
    return context.formatter.value(value, entity, column.name if column is not None else "")


def _patient_of(connection: Any, row: Any) -> Id | None:
    if row.entity == "patient":
        return uuid.UUID(bytes=row.record_id.bytes)
    table = record_classes()[row.entity].__table__
    if "patient_id" not in table.c:
        return None
    found: Id | None = connection.execute(
        select(table.c.patient_id).where(table.c.id == row.record_id)
    ).scalar()
    return found


def _client_names(context: Context, connection: Any, patient_ids: Collection[Id]) -> dict[Id, str]:
    """Return the names of clients as the reader may see them, in one look."""
    table = Patient.__table__
    query, info = (
        select(table.c.id, table.c.name).where(table.c.id.in_(patient_ids)),
        column_info(table.c.name),
    )
    return {
        row.id: str(masked(info, row.name, context.actor.clearance) or "")
        for row in connection.execute(query)
    }


def _name_of(connection: Any, staff_id: Id | None) -> str:
    from domain.people.records import Staff

    table = Staff.__table__
    found = (
        connection.execute(select(table.c.name).where(table.c.id == staff_id)).scalar() if staff_id else None
    )
    return str(found or "")
