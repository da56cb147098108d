"""The board without its window: the day's stays are read once and then only those that changed. QtCore only."""

from datetime import datetime, timedelta
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot
from sqlalchemy import select

from client.actions import Action
from client.live import Changed
from client.ports import Scanned
from client.station import Context
from client.stations.process.board import EVERYBODY, Person, at_room, people_of, worst
from client.watching import WatchingStation
from domain.checkup.records import Visit
from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError, KnownError
from domain.kernel.ids import Id
from domain.kernel.masking import masked
from domain.kernel.record import column_info
from domain.people.records import Patient
from domain.process.definitions import Node, ProcessContent
from domain.process.in_force import process_in_force
from domain.process.queueing import Flow, Load, Proposal, flows_of, loads_of
from domain.process.reading import board_rows, board_rows_of, stays_since
from domain.process.stay_commands import ScanAtNode, ScanDone
from domain.process.stay_records import ProcessStay, ScanKind

DAYS = (1, 7, 30)
ROOM = "process.room"
ENTITY, CONTENT = ProcessStay.record_info.entity, "process_content_version"


class ViewModel(WatchingStation):
    """`loads` are the rooms, `people` who is where, `room` the one that is looked at, `here` the one this desk is."""

    changed = Signal()
    told = Signal(str, str)
    """What the last scan came to, and its tone."""
    next_changed = Signal(str)
    form_asked = Signal(str, object)
    flows_changed = Signal()
    sound = Signal(str)

    look_ms, tick_ms = 200, 15_000
    actions = (
        Action("record", "process.action.record", "F9", command="process.scan", primary=True),
        Action("here", "process.action.here", "F2", command="process.scan"),
        Action("skip", "process.action.skip", "F4", command="process.skip"),
        Action("anyway", "process.action.anyway", "Ctrl+Return", command="process.scan"),
        Action("part", "process.action.part", "F6"),
        Action("form", "process.action.form", "F8", permission="form.answer"),
        Action("reload", "process.action.reload", "F5"),
        Action("missing", "process.action.missing", "F10"),
    )

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(context, parent)
        self.content: ProcessContent | None = None
        self.loads: dict[str, Load] = {}
        self.people: list[Person] = []
        self.flows: list[Flow] = []
        self.days = DAYS[0]
        self.room = EVERYBODY
        self.here = str(context.preferences.get(ROOM, "")) if context.preferences is not None else ""
        self.selected: Id | None = None
        self._stays: dict[Id, Any] = {}
        self._day: datetime | None = None
        self._dirty: set[Id] = set()
        self._whole = False
        self._refused: ScanAtNode | None = None
        self._last: tuple[Id, str] | None = None
        on = self.action_set.on
        on("record", self.record)
        on("here", lambda: self.set_here(self.room))
        on("skip", self._skip)
        on("anyway", self._anyway)
        on("form", self._form)
        on("reload", self.load)
        on("missing", lambda: self.context.open_page("worklist:process.missing"))

    def watches(self) -> frozenset[str]:
        return frozenset({ENTITY, CONTENT})

    def on_changed(self, changed: Changed) -> None:
        """Remember which stays changed; they are read by their ids, the others stay as they are."""
        ids = changed.records.get(ENTITY, frozenset())
        if ids is None or CONTENT in changed.entities:
            self._whole = True
        else:
            self._dirty |= {Id(bytes=one) for one in ids}
        super().on_changed(changed)

    @Slot()
    def load(self) -> None:
        """Read the whole day anew."""
        self._whole = True
        self.look()

    def nodes(self) -> list[Node]:
        """Return the rooms in their order."""
        return [] if self.content is None else self.content.in_order()

    def node_name(self, code: str) -> str:
        """Return what a room is called; the code where it is none any more."""
        node = self.content.nodes.get(code) if self.content is not None else None
        return node.name if node is not None else code

    def shown(self) -> list[Person]:
        """Return who is at the room that is looked at."""
        return at_room(self.people, self.room)

    def choose_room(self, code: str) -> None:
        """Look at a room."""
        if code != self.room:
            self.room = code
            self.changed.emit()

    def set_here(self, code: str) -> None:
        """This desk is in a room from now on: what is scanned is recorded there."""
        if not code or self.content is None or code not in self.content.nodes:
            self.told.emit(self.context.say("process.choose_room"), "warning")
            return
        self.here = code
        if self.context.preferences is not None:
            self.context.preferences.set(ROOM, code)
        self.told.emit(self.context.say("process.here_is", node=self.node_name(code)), "info")
        self.changed.emit()

    # Scanning

    def on_scan(self, scanned: Scanned) -> bool:
        """Take a visit's number or a client's card; anything else belongs to other pages."""
        if scanned.record_id is None or scanned.kind not in {"visit", "patient"}:
            return False
        if not self.here:
            self._refuse(DomainError("process.no_room"))
        elif scanned.kind == "visit":
            self._scan(ScanAtNode(visit_id=scanned.record_id, node=self.here))
        else:
            self.query(lambda: self._visit_of(scanned.record_id), self._found_visit, "visit_today")
        return True

    def record(self) -> None:
        """Record the next step of the person who is chosen, at the room they are at."""
        person = self.person()
        if person is None:
            self.told.emit(self.context.say("process.choose_person"), "warning")
        elif person.where == "between" and not self.here:
            self._refuse(DomainError("process.no_room"))
        else:
            self._scan(
                ScanAtNode(
                    visit_id=person.visit_id, node=self.here if person.where == "between" else person.node
                )
            )

    def person(self) -> Person | None:
        """Return who is chosen."""
        return next((one for one in self.people if one.stay_id == self.selected), None)

    def _visit_of(self, patient_id: Any) -> Id | None:
        today = clinic(self.context.desk.clock()).date()
        v = Visit.__table__.c
        query = select(v.id).where(v.patient_id == patient_id, v.visit_date == today)
        with self.context.desk.store.read() as connection:
            return connection.execute(query.order_by(v.id.desc()).limit(1)).scalar()

    def _found_visit(self, visit_id: Id | None) -> None:
        if visit_id is None:
            self._refuse(DomainError("process.no_visit_today"))
        else:
            self._scan(ScanAtNode(visit_id=visit_id, node=self.here))

    def _scan(self, order: ScanAtNode) -> None:
        self._refused = None

        def refused(error: KnownError) -> None:
            self._refuse(error)
            self._refused = order if getattr(error, "code", "") == "process.comes_after" else None

        self.run(order, self._scanned, refused)

    def _scanned(self, done: Any) -> None:
        receipt: ScanDone = done.receipt
        say = self.context.say
        stay = self._stays.get(receipt.stay_id)
        who = self._name(stay) if stay is not None else receipt.visit_number
        code = "process.read_twice" if receipt.act is None else f"process.did.{receipt.act}"
        lines = [say(code, who=who, node=receipt.node_name)]
        tone = "info" if receipt.act is None else "success"
        if receipt.lacking:
            lines.append(say("process.lacking", count=len(receipt.lacking), items="、".join(receipt.lacking)))
            tone = "warning"
        if receipt.form:
            lines.append(
                say("process.write_record", form=self.context.formatter.name(receipt.form, "words:form"))
            )
        self._last = (receipt.stay_id, receipt.visit_number)
        self.selected = receipt.stay_id
        self.sound.emit("good")
        self.told.emit("\n".join(lines), tone)
        self.next_changed.emit(self.next_of(receipt.next))

    def next_of(self, rooms: list[Proposal]) -> str:
        """Return where the client goes next with why, and the two after it."""
        if not rooms:
            return ""
        say, first = self.context.say, rooms[0]
        why = say(
            "process.because", ahead=first.ahead, places=first.places, service=round(first.service),
            wait=round(first.wait),
        )  # fmt: skip
        if first.first:
            why = f"{say('process.fasting_first')}，{why}"
        if first.blocked:
            why = f"{say('process.after', nodes='、'.join(first.blocked))}，{why}"
        others = "、".join(say("process.other", node=one.name, wait=round(one.wait)) for one in rooms[1:3])
        return say("process.next", node=first.name, why=why) + (
            say("process.others", rooms=others) if others else ""
        )

    def _refuse(self, error: KnownError) -> None:
        self.sound.emit("bad")
        self.told.emit(self.explain(error), "danger")

    def _anyway(self) -> None:
        if self._refused is None:
            self.told.emit(self.context.say("process.nothing_refused"), "warning")
            return
        order = self._refused
        self._scan(ScanAtNode(visit_id=order.visit_id, node=order.node, act=ScanKind.ARRIVE, anyway=True))

    def _skip(self) -> None:
        person = self.person()
        if person is None or person.where == "between":
            self.told.emit(self.context.say("process.choose_person"), "warning")
        else:
            self.form_asked.emit("process.skip", {"visit_id": person.visit_id, "node": person.node})

    def _form(self) -> None:
        person = self.person()
        stay = self._stays.get(self._last[0]) if person is None and self._last else None
        visit_id = person.visit_id if person is not None else stay.visit_id if stay is not None else None
        if visit_id is None:
            self.told.emit(self.context.say("process.choose_person"), "warning")
        else:
            self.context.open_page(f"form:visit:{visit_id}")

    # Reading

    def look(self) -> None:
        desk, actor = self.context.desk, self.context.actor
        begin = _midnight(desk.clock())
        whole = self._whole or begin != self._day
        ids, self._dirty, self._whole, self._day = self._dirty, set(), False, begin

        def work() -> tuple[bool, ProcessContent | None, list[Any]]:
            with desk.store.read() as connection:
                content = process_in_force(connection, desk.dispatcher.content)
                if whole:
                    return True, content, board_rows(connection, actor, begin)
                return False, content, board_rows_of(connection, actor, ids)

        self.query(work, self._take, "process")

    def _take(self, found: tuple[bool, ProcessContent | None, list[Any]]) -> None:
        whole, self.content, rows = found
        if whole:
            self._stays = {}
        self._stays |= {row.id: row for row in rows}
        self._judge()

    @Slot()
    def tick(self) -> None:
        """Judge who stays too long; at midnight another day begins."""
        if _midnight(self.context.desk.clock()) != self._day:
            self.load()
        else:
            self._judge()

    def _judge(self) -> None:
        if self.content is None:
            return
        now, stays = self.context.desk.clock(), list(self._stays.values())
        self.loads = loads_of(self.content, stays, now)
        self.people = people_of(self.content, stays, now)
        self.changed.emit()

    def jam(self) -> str:
        """Return which room piles up and why, empty where none does."""
        load, say = worst(self.loads), self.context.say
        if load is None or self.content is None:
            return ""
        facts = {"used": round(load.used * 100), "growth": load.growth, "window": self.content.rules.window}
        because = [say(f"process.jam.{why}", wait=round(load.wait), **facts) for why in load.because]
        return say("process.jam", node=load.node.name, because="，".join(because))

    def _name(self, row: Any) -> str:
        return str(masked(column_info(Patient.__table__.c.name), row.name, self.context.actor.clearance))

    def name_of(self, person: Person) -> str:
        """Return the name as this person may read it."""
        return str(masked(column_info(Patient.__table__.c.name), person.name, self.context.actor.clearance))

    # Figures

    def choose_days(self, days: int) -> None:
        """Look at another time."""
        self.days = days
        self.load_flows()

    @Slot()
    def load_flows(self) -> None:
        """Work out how long rooms took, in the background."""
        desk, actor, content = self.context.desk, self.context.actor, self.content
        if content is None:
            return
        begin = _midnight(desk.clock()) - timedelta(days=self.days - 1)

        def work() -> list[Flow]:
            with desk.store.read() as connection:
                return flows_of(
                    content, stays_since(connection, actor.orgs, begin), lambda at: clinic(at).hour
                )

        self.query(work, self._take_flows, "flows")

    def _take_flows(self, flows: list[Flow]) -> None:
        self.flows = flows
        self.flows_changed.emit()


def _midnight(now: datetime) -> datetime:
    return clinic(now).replace(hour=0, minute=0, second=0, microsecond=0)
