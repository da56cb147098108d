"""Which figures there are (``resources/quality/indicators.yaml``), and how a day of each is counted.

To add one, add it to the file, and to `COUNTS` what it counts: rows of one table by a time, which of them are the
whole and which of those are good. A day is a range of an index; nothing reads a whole table.
"""

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Table,
    and_,
    case,
    func,
    or_,
    select,
    type_coerce,
)

from domain.alerts.records import Alert, Outcome
from domain.checkup.records import Report
from domain.conversations.hours import Hours, hours_of
from domain.conversations.records import Conversation, ConversationMessage, Direction
from domain.conversations.workflow import OWNERS_TIME
from domain.followup.feedback_records import Feedback
from domain.followup.task_records import FollowTask
from domain.kernel.columns import to_microseconds
from domain.kernel.content import ContentError, load_folder
from domain.kernel.ids import Id
from domain.kernel.rows import without_index
from domain.messaging.records import OutboxMessage
from domain.tracking.records import AbnormalTracking, TrackingGrade
from domain.tracking.workflow import NOTICE, tracking_life

FILE = "indicators"
SATISFIED = 4
LATEST = timedelta(days=4)
"""How long after a day an answer of it is looked for: a long weekend."""
MICROSECOND = timedelta(microseconds=1)
Tally = tuple[int, int]
"""Numerator and denominator."""


class IndicatorSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One figure of the file.

    Attributes:
        code: Names it, here and in `COUNTS`.
        name: What people call it.
        target: Per cent it should be at least, of the days it is judged by.
        days: How many days, ending with yesterday, it is judged by.
        least: Below this denominator of those days it is told and not judged.
        core: One of the core figures (A-047, A-048).
        quality: One of quality control (A-102, A-103).
        messaging: One of the private side (A-052).
        what: What is counted, in words.
    """

    code: Annotated[str, msgspec.Meta(pattern=r"^[a-z_]+\.[a-z_]+$")]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    target: Annotated[float, msgspec.Meta(gt=0, le=100)]
    days: Annotated[int, msgspec.Meta(ge=1, le=366)] = 30
    least: Annotated[int, msgspec.Meta(ge=1)] = 5
    core: bool = False
    quality: bool = False
    messaging: bool = False
    what: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]


class IndicatorFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``resources/quality/indicators.yaml``."""

    version: str
    source: str
    origin: str
    indicators: tuple[IndicatorSpec, ...]


def load_indicators(folder: Path) -> tuple[IndicatorSpec, ...]:
    """Return the figures of ``resources/quality``.

    Raises:
        ContentError: The file is missing, does not fit, or names what nothing counts.
    """
    found = load_folder(folder, IndicatorFile, f"{FILE}.yaml").get(FILE)
    if found is None:
        raise ContentError([f"{FILE}.yaml: missing"])
    codes = [one.code for one in found.indicators]
    wrong = [f"{FILE}.yaml: {code}: nothing counts it" for code in codes if code not in COUNTS]
    wrong += [f"{FILE}.yaml: {code}: twice" for code in {c for c in codes if codes.count(c) > 1}]
    if wrong:
        raise ContentError(wrong)
    return found.indicators


@dataclasses.dataclass(frozen=True, slots=True)
class Count:
    """What one figure counts of a table: rows by a time; of those that are `whole`, the `good` ones."""

    table: Table
    at: str
    whole: Callable[[Any, datetime], ColumnElement[bool]]
    good: Callable[[Any], ColumnElement[bool]]

    def of(self, connection: Connection, begin: datetime, end: datetime, now: datetime) -> dict[Id, Tally]:
        """Return the tally between two moments by organisation; one range of the index of the time."""
        c = self.table.c
        good = func.sum(case((self.good(c), 1), else_=0))
        query = select(c.org_id, good, func.count()).where(
            c[self.at] >= begin, c[self.at] < end, self.whole(c, now)
        )
        return {org: (int(n or 0), int(d)) for org, n, d in connection.execute(query.group_by(c.org_id))}


class Answers:
    """How many of what clients wrote was answered within the owner's time.

    What a client writes while an answer is owed belongs to the first of it. Judged on the day it was written, by the
    messages of that day and the time of an answer after it.
    """

    table: Table = ConversationMessage.__table__  # type: ignore[assignment]
    at = "at"

    def of(self, connection: Connection, begin: datetime, end: datetime, now: datetime) -> dict[Id, Tally]:
        """Return the tally between two moments by organisation; what may still be answered in time is left out."""
        c, whole = self.table.c, Conversation.__table__.c
        query = (
            select(c.org_id, c.conversation_id, c.direction, c.at)
            .join(Conversation.__table__, whole.id == c.conversation_id)
            .where(c.at >= begin, c.at < min(end + LATEST, now), without_index(c.direction) != Direction.NOTE)
            .order_by(c.at)
        )
        hours: dict[Id, Hours] = {}
        owed: dict[Id, datetime] = {}
        found: dict[Id, list[int]] = defaultdict(lambda: [0, 0])
        for org_id, conversation, direction, at in connection.execute(query):
            if direction == Direction.IN:
                if org_id not in hours:
                    hours[org_id] = hours_of(connection, org_id)
                due = hours[org_id].due(at, OWNERS_TIME)
                if conversation not in owed and at < end and due <= now:
                    owed[conversation] = due
                    found[org_id][1] += 1
            elif conversation in owed:
                found[org_id][0] += at <= owed.pop(conversation)
        return {org: (good, all_) for org, (good, all_) in found.items()}


def _limits() -> dict[TrackingGrade, int]:
    """Return how long telling may take by grade, in microseconds."""
    found = {grade: tracking_life.states[state].limit for grade, state in NOTICE.items()}
    return {grade: limit // MICROSECOND for grade, limit in found.items() if limit is not None}


def _judged(c: Any, now: datetime) -> ColumnElement[bool]:
    """Whoever was told, and whose time to be told is over."""
    found = type_coerce(c.found_at, BigInteger)
    over = [
        and_(c.grade == grade, found + limit <= to_microseconds(now)) for grade, limit in _limits().items()
    ]
    return and_(without_index(c.state) != "withdrawn", or_(c.told_at.is_not(None), *over))


def _told_in_time(c: Any) -> ColumnElement[bool]:
    took = type_coerce(c.told_at, BigInteger) - type_coerce(c.found_at, BigInteger)
    in_time = [and_(c.grade == grade, took <= limit) for grade, limit in _limits().items()]
    return and_(c.told_at.is_not(None), or_(*in_time))


_ARRIVED = ("accepted", "delivered", "read")
_ENDED = (*_ARRIVED, "failed", "expired", "unknown")
COUNTS: Mapping[str, Count | Answers] = {
    "alert.not_escalated": Count(
        Alert.__table__, "state_since",  # type: ignore[arg-type]
        lambda c, _: and_(without_index(c.state).in_(("handled", "closed")), c.digest_id.is_(None)),
        lambda c: c.step == 0,
    ),
    "alert.true": Count(
        Alert.__table__, "state_since",  # type: ignore[arg-type]
        lambda c, _: c.outcome.is_not(None), lambda c: c.outcome != Outcome.FALSE,
    ),
    "alert.cause_known": Count(
        Alert.__table__, "state_since",  # type: ignore[arg-type]
        lambda c, _: c.outcome.is_not(None), lambda c: c.root_cause.is_not(None),
    ),
    "follow.completed": Count(
        FollowTask.__table__, "planned_at",  # type: ignore[arg-type]
        lambda c, _: without_index(c.state) != "cancelled", lambda c: c.state == "done",
    ),
    "messaging.reached": Count(
        OutboxMessage.__table__, "queued_at",  # type: ignore[arg-type]
        lambda c, _: and_(c.patient_id.is_not(None), without_index(c.state).in_(_ENDED)),
        lambda c: c.state.in_(_ARRIVED),
    ),
    "conversation.answered": Answers(),
    "feedback.satisfied": Count(
        Feedback.__table__, "given_at",  # type: ignore[arg-type]
        lambda c, _: c.score.is_not(None), lambda c: c.score >= SATISFIED,
    ),
    "tracking.told_in_time": Count(
        AbnormalTracking.__table__, "found_at",  # type: ignore[arg-type]
        _judged, _told_in_time,
    ),
    "report.first_pass": Count(
        Report.__table__, "issued_at",  # type: ignore[arg-type]
        lambda c, _: c.issued_at.is_not(None), lambda c: c.returns == 0,
    ),
}  # fmt: skip
