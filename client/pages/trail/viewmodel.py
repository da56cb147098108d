"""The trail without its window: what is looked for, the picture, the lines, and what one of them changed."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from PySide6.QtCore import QObject, Signal
from sqlalchemy import Connection, or_, select

from client.actions import Action
from client.pages.record.history import changed_fields
from client.pages.trail.chart import AREAS, Chart, area_of, chart_of
from client.station import Context, PageModel
from domain.audit.trail import MOST, AuditLine, AuditQuery, audit_lines, audit_marks
from domain.audit.verification import Break, verify
from domain.kernel.change_log import change_log, decode_body
from domain.kernel.clock import clinic
from domain.kernel.columns import Means
from domain.kernel.commands import commands
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.record import record_classes
from domain.people.records import Staff
from domain.people.scans import spellings

PERIODS = (1, 7, 30, 180)
"""Days that may be looked at; the first comes first."""
PAGE = 200
CHARTED = 20_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person filled in; empty is everything."""

    who: str = ""
    area: str = ""
    command: str = ""
    outcome: str = ""
    record: str = ""
    days: int = PERIODS[0]


@dataclass(frozen=True, slots=True)
class Shown:
    """What was found: the first lines, the picture, and whether it is of the newest only."""

    query: AuditQuery
    lines: tuple[AuditLine, ...]
    chart: Chart
    cut: bool


class ViewModel(PageModel):
    """Looks when asked; `changed` when there is something else to show."""

    changed = Signal()
    detail_changed = Signal()
    form_asked = Signal()

    actions = (
        Action("look", "trail.action.look", "F5", permission="audit.view", primary=True),
        Action("find", "trail.action.find", "F3", permission="audit.view"),
        Action("more", "trail.action.more", "F6", permission="audit.view"),
        Action("out", "trail.action.out", "F7", permission="audit.view"),
        Action("record", "trail.action.record", "F8", permission="audit.view"),
        Action("verify", "trail.action.verify", "F9", permission="audit.view"),
    )

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(context, parent)
        self.wanted = Wanted()
        self.lines: tuple[AuditLine, ...] = ()
        self.chart: Chart | None = None
        self.cut = False
        self.selected: AuditLine | None = None
        self.detail: tuple[str, ...] = ()
        self.verdict = ("", "")
        self._query = AuditQuery()
        self._zoomed: list[tuple[datetime, datetime]] = []
        for name, act in {
            "look": self.look, "find": self.form_asked.emit, "more": self.more, "out": self.zoom_out,
            "record": self.follow_record, "verify": self.verify,
        }.items():  # fmt: skip
            self.action_set.on(name, act)
        self._enable()

    def on_open(self, **arguments: Any) -> None:
        if arguments.get("record_id"):
            self.wanted = Wanted(record=str(arguments["record_id"]), days=PERIODS[-1])
        self.look()

    def look_for(self, wanted: Wanted) -> None:
        """Look for something else."""
        self.wanted, self._zoomed = wanted, []
        self.look()

    def look(self) -> None:
        """Read it anew."""
        desk, actor, wanted = self.context.desk, self.context.actor, self.wanted
        zoomed = self._zoomed[-1] if self._zoomed else None
        now, say = desk.clock(), self.context.say

        def work() -> Shown:
            with desk.store.read() as connection:
                query = query_of(connection, wanted, now)
                if zoomed is not None:
                    query = replace(query, since=zoomed[0], until=zoomed[1])
                lines = audit_lines(connection, actor, query, limit=PAGE)
                marks = audit_marks(connection, actor, query, limit=CHARTED)
                names = _names(connection, {mark.staff_id for mark in marks})
            assert query.since is not None  # noqa: S101  (always a period)
            chart = chart_of(
                marks, query.since, query.until or now, by_area=query.staff_id is not None,
                name_of=lambda one: names.get(one, str(one)[:8]) if one else say("record.system"), say=say,
            )  # fmt: skip
            return Shown(query, tuple(lines), chart, len(marks) == CHARTED)

        self._follow(self.context.jobs.read(lambda _job: work(), "trail"), self._take, self._refuse_look)

    def more(self) -> None:
        """Read the lines after the last one shown."""
        if not self.lines:
            return
        desk, actor, query, last = self.context.desk, self.context.actor, self._query, self.lines[-1]

        def work() -> list[AuditLine]:
            with desk.store.read() as connection:
                return audit_lines(connection, actor, query, before=(last.at, last.number), limit=PAGE)

        self.query(work, self._add, "trail.more")

    def zoom(self, cell: int) -> None:
        """Look at the time of one cell of the picture."""
        if self.chart is not None and self.chart.step > timedelta(seconds=1):
            self._zoomed.append(self.chart.span(cell))
            self.look()

    def zoom_out(self) -> None:
        """Look at the time before."""
        if self._zoomed:
            self._zoomed.pop()
            self.look()

    def select(self, row: int) -> None:
        """Show what a line changed."""
        self.selected = self.lines[row] if 0 <= row < len(self.lines) else None
        self.detail = ()
        self._enable()
        if self.selected is None:
            self.detail_changed.emit()
            return
        context, line = self.context, self.selected

        def work() -> tuple[int, tuple[str, ...]]:
            with context.desk.store.read() as connection:
                return line.number, tuple(detail_of(connection, context, line))

        self.query(work, self._take_detail, "trail.detail")

    def follow_record(self) -> None:
        """Look for everything that was done to the first record of the line."""
        if self.selected is not None and self.selected.records:
            self.look_for(Wanted(record=str(self.selected.records[0][1]), days=PERIODS[-1]))

    def verify(self) -> None:
        """Check the chain of this store from its first line on; in the background, and said when it is done."""
        desk = self.context.desk
        self.verdict = (self.context.say("trail.verifying"), "")
        self.changed.emit()

        def work() -> Break | None:
            with desk.store.read() as connection:
                return verify(connection)

        self.query(work, self._verified, "trail.verify")

    @property
    def summary(self) -> str:
        """How many lines of which time."""
        if self.chart is None:
            return self.context.say("trail.reading")
        moment = self.context.formatter.moment
        told = {"since": moment(self.chart.since), "until": moment(self.chart.until)}
        count = sum(lane.count for lane in self.chart.lanes)
        return self.context.say("trail.summary_cut" if self.cut else "trail.summary", count=count, **told)

    def row(self, line: AuditLine) -> tuple[str, ...]:
        """Return a line as the table shows it."""
        format_ = self.context.formatter
        return (
            f"{clinic(line.at):%Y-%m-%d %H:%M:%S}", line.staff_name,
            format_.name(line.role, Means.ROLE) if line.staff_id else "",
            self.context.say(f"trail.area.{area_of(line.command)}"), line.command_label, line.records_label,
            self.context.say(f"trail.outcome.{line.outcome}"),
        )  # fmt: skip

    def _take(self, shown: Shown) -> None:
        self._query, self.lines, self.chart, self.cut = shown.query, shown.lines, shown.chart, shown.cut
        self.selected, self.detail = None, ()
        self._enable()
        self.changed.emit()

    def _refuse_look(self, error: Any) -> None:
        self.message.emit(self.explain(error), "danger")

    def _add(self, lines: list[AuditLine]) -> None:
        if not lines:
            self.toast("trail.no_more")
        self.lines += tuple(lines)
        self.changed.emit()

    def _take_detail(self, found: tuple[int, tuple[str, ...]]) -> None:
        if self.selected is not None and self.selected.number == found[0]:
            self.detail = found[1]
            self.detail_changed.emit()

    def _verified(self, broken: Break | None) -> None:
        say = self.context.say
        if broken is None:
            self.verdict = (say("trail.whole"), "success")
        else:
            self.verdict = (say(broken.code, number=broken.number), "danger")
        self.changed.emit()

    def _enable(self) -> None:
        self.action_set.enable("record", self.selected is not None and bool(self.selected.records))
        self.action_set.enable("out", bool(self._zoomed))
        self.action_set.enable("more", len(self.lines) >= PAGE)


def query_of(connection: Connection, wanted: Wanted, now: datetime) -> AuditQuery:
    """Return the query of what was filled in.

    Raises:
        DomainError: ``trail.nobody``, ``trail.no_command`` or ``trail.no_record`` for what is not known here.
    """
    names: tuple[str, ...] = ()
    if wanted.command:
        names = tuple(c.name for c in commands().values() if wanted.command in (c.label, c.name))
        names = names or tuple(c.name for c in commands().values() if wanted.command in c.label)
        if not names:
            raise DomainError("trail.no_command", value=wanted.command)
    elif wanted.area:
        names = tuple(name for name in commands() if area_of(name) == wanted.area)
    return AuditQuery(
        staff_id=_staff(connection, wanted.who) if wanted.who else None,
        record_id=_record(connection, wanted.record) if wanted.record else None,
        commands=names, outcome=wanted.outcome or None, since=now - timedelta(days=wanted.days), until=now,
    )  # fmt: skip


def _staff(connection: Connection, who: str) -> Id:
    c = Staff.__table__.c
    query = select(c.id).where(or_(c.login == who, c.name == who)).order_by(c.active.desc(), c.id).limit(1)
    found: Id | None = connection.execute(query).scalar()
    if found is None:
        raise DomainError("trail.nobody", value=who)
    return found


def _record(connection: Connection, text: str) -> Id:
    """Return the record of an id, or of a whole number of a client, visit, report or tube."""
    try:
        return uuid.UUID(text)
    except ValueError:
        pass
    for entity in ("patient", "visit", "report", "specimen"):
        c = record_classes()[entity].__table__.c
        found: Id | None = connection.execute(
            select(c.id).where(c.number.in_(spellings(text))).limit(1)
        ).scalar()
        if found is not None:
            return found
    raise DomainError("trail.no_record", value=text)


def _names(connection: Connection, ids: set[Id | None]) -> Mapping[Id | None, str]:
    c = Staff.__table__.c
    return {
        row.id: row.name for row in connection.execute(select(c.id, c.name).where(c.id.in_(ids - {None})))
    }


def detail_of(connection: Connection, context: Context, line: AuditLine) -> list[str]:
    """Return what one line changed, field by field, masked for who looks, and its place in the chain."""
    say = context.say
    told = [say("trail.place", number=line.number, device=str(line.device_id)[:8])]
    row = connection.execute(select(change_log.c.body).where(change_log.c.position == line.position)).first()
    if row is None:
        return [*told, say("trail.archived")]
    body = decode_body(bytes(row.body))
    for change in body.changes[:50]:
        kind = record_classes().get(change.entity)
        if kind is None:
            continue
        told.append(say(f"trail.op.{change.op}", record=kind.record_info.label))
        told += [f"　{field}" for field in changed_fields(context, kind, change)]
    return told if body.changes else [*told, say("trail.changed_nothing")]


__all__ = ["AREAS", "MOST", "PERIODS", "Shown", "ViewModel", "Wanted", "detail_of", "query_of"]
