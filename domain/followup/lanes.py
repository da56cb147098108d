"""The progress board: what is under way by person, by unit, by message, and about abnormal results.

A lane is a kind of record and the states it is counted in; to add one, add a `Lane` to `LANES`. Counting an open
state is a range of an index by its due time, what came to an end a range by its day: the cost is that of what is
open, whatever is stored.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any

from sqlalchemy import Connection, and_, case, func, or_, select

from domain.conversations.workflow import conversation_life
from domain.followup.register_workflow import register_life
from domain.followup.task_records import Audience
from domain.followup.workflow import case_life, task_life
from domain.kernel.authority import Actor
from domain.kernel.clock import CLINIC_TIME, clinic
from domain.kernel.rows import scoped
from domain.kernel.workflow import Workflow
from domain.reception.workflow import appointment_life, event_life
from domain.referrals.workflow import referral_life
from domain.tracking.records import TrackingGrade
from domain.tracking.workflow import tracking_life


@dataclasses.dataclass(frozen=True, slots=True)
class Lane:
    """One row of the board.

    Attributes:
        name: Key of its text.
        board: ``person``, ``unit``, ``message`` or ``tracking``.
        permission: Who sees it.
        life: The workflow whose states are counted.
        states: States somebody has to do something in, in the order of the work.
        listing: Worklist that shows what is behind a count.
        ended: States that are an end worth counting, and the column of their day; none without one.
        where: Values of columns that its records have.
    """

    name: str
    board: str
    permission: str
    life: Workflow
    states: tuple[str, ...]
    listing: str
    ended: tuple[tuple[str, ...], str, str] | None = None
    where: Mapping[str, Any] = dataclasses.field(default_factory=dict)


_TASKS = ("unassigned", "waiting", "in_progress", "executed")
BOARDS = ("person", "unit", "message", "tracking")
LANES = (
    Lane("tasks", "person", "followup.view", task_life, _TASKS, "followup.tasks",
         (("done", "lost"), "closed_at", "followup.done"), {"audience": Audience.PERSON}),
    Lane("receptions", "person", "reception.view", appointment_life, ("booked", "arrived", "ended"),
         "reception.open", (("recorded",), "starts_at", "reception.all")),
    Lane("cases", "person", "feedback.handle", case_life, ("open", "in_hand", "resolved"), "feedback.all_cases",
         (("closed",), "opened_at", "feedback.all_cases")),
    Lane("events", "unit", "unit.view", event_life, ("planned",), "unit.events",
         (("held",), "starts_at", "unit.events")),
    Lane("messages", "message", "followup.view", task_life,
         ("unassigned", "waiting", "in_progress", "sent", "executed"), "followup.tasks",
         (("done", "lost"), "closed_at", "followup.done"), {"audience": Audience.MESSAGING}),
    Lane("conversations", "message", "conversation.view", conversation_life, ("owed", "replying"),
         "conversation.all"),
    *(
        Lane(f"tracking_{grade}", "tracking", "tracking.view", tracking_life,
             ("urgent_notice" if grade is TrackingGrade.HIGH else "notice", "follow"), "tracking.open",
             (("ended", "refused", "referred"), "found_at", "tracking.ended"), {"grade": grade})
        for grade in TrackingGrade
    ),
    Lane("registers_waiting", "tracking", "register.view", register_life, ("candidate",), "register.waiting"),
    Lane("registers", "tracking", "register.view", register_life, ("enrolled",), "register.members",
         (("left",), "state_since", "register.over")),
    Lane("referrals", "tracking", "referral.view", referral_life, ("proposed", "open", "booked", "seen", "declined"),
         "referral.open", (("closed", "refused"), "closed_at", "referral.over")),
)  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Count:
    """How many are in a state: all, those past their time, and since when the oldest of these is.

    `state` is None for what came to an end since the first of the month.
    """

    state: str | None
    label: str
    count: int
    overdue: int
    oldest: datetime | None


@dataclasses.dataclass(frozen=True, slots=True)
class Counted:
    """A lane with its counts, in the order of its states, ends last."""

    lane: Lane
    counts: tuple[Count, ...]

    @property
    def open(self) -> int:
        return sum(one.count for one in self.counts if one.state is not None)

    @property
    def overdue(self) -> int:
        return sum(one.overdue for one in self.counts)


def count_lanes(connection: Connection, actor: Actor, board: str, now: datetime) -> list[Counted]:
    """Return the lanes of a board that a person may see, counted within their scope."""
    return [
        _counted(connection, actor, lane, now)
        for lane in LANES
        if lane.board == board and actor.may(lane.permission)
    ]


def _counted(connection: Connection, actor: Actor, lane: Lane, now: datetime) -> Counted:
    table = lane.life.record.__table__.c
    fits = [table[name] == value for name, value in lane.where.items()]
    late = and_(table.due_at.is_not(None), table.due_at < now)
    query = select(
        table.state, func.count(), func.sum(case((late, 1), else_=0)), func.min(case((late, table.due_at)))
    )
    query = query.where(_open(lane, table), *fits).group_by(table.state)
    found = {row[0]: row[1:] for row in connection.execute(scoped(query, lane.life.record, actor))}
    counts = []
    for state in lane.states:
        count, overdue, oldest = found.get(state, (0, 0, None))
        counts.append(Count(state, lane.life.label_of(state), count, int(overdue or 0), oldest))
    if lane.ended is not None:
        states, day, _listing = lane.ended
        first = datetime.combine(clinic(now).date().replace(day=1), time(), CLINIC_TIME)
        done = select(func.count()).where(table[day] >= first, table.state.in_(states), *fits)
        total = connection.execute(scoped(done, lane.life.record, actor)).scalar_one()
        counts.append(Count(None, "", total, 0, None))
    return Counted(lane, tuple(counts))


def _open(lane: Lane, table: Any) -> Any:
    """Return the condition of the open states, by the due time where every one of them has one."""
    inside = table.state.in_(lane.states)
    if all(lane.life.states[name].limit is not None for name in lane.states):
        return and_(inside, table.due_at.is_not(None))
    return or_(inside)


def boards_of(actor: Actor) -> Sequence[str]:
    """Return the boards on which a person sees anything."""
    return [board for board in BOARDS if any(x.board == board and actor.may(x.permission) for x in LANES)]
