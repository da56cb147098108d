"""How messages to clients fared, by channel and category."""

import dataclasses
from datetime import timedelta

from sqlalchemy import ColumnElement, case, func, select

from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.rows import without_index
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.records import OutboxMessage
from domain.messaging.workflow import OUT, WAITING


@dataclasses.dataclass(frozen=True, slots=True)
class MessageFigures:
    """Messages of one channel and category: `out` the vendor has, `read` were opened, `lost` came to nothing."""

    channel: str
    category: str
    queued: int
    waiting: int
    out: int
    read: int
    lost: int

    @property
    def reached(self) -> float | None:
        """Return the share that reached the vendor or the client, of those that have an end; None for none."""
        ended = self.out + self.read + self.lost
        return (self.out + self.read) / ended if ended else None


@command("quality.count_messages", "私域触达统计", permission="quality.view")
class ReviewMessages:
    """The figures of the last days, the most frequent first."""

    days: int = ask("最近天数", kind=Kind.NUMBER, default=30, low=1, high=366, unit="d")


@handles(ReviewMessages)
def count_messages(order: ReviewMessages, work: UnitOfWork) -> list[MessageFigures]:
    """Return the figures within the scope, counted by the store over a range of one index."""
    c = OutboxMessage.__table__.c

    def how_many(*states: str) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((without_index(c.state).in_(states), 1), else_=0)), 0)

    within = [c.queued_at >= work.now - timedelta(days=order.days), c.patient_id.is_not(None)]
    if work.actor.orgs is not None:
        within.append(without_index(c.org_id).in_(work.actor.orgs))
    query = (
        select(
            c.channel, c.category, func.count(), how_many(*WAITING, "sending"), how_many(*OUT), how_many("read"),
            how_many("failed", "expired", "unknown"),
        )
        .where(*within)
        .group_by(c.channel, c.category)
    )  # fmt: skip
    found = [MessageFigures(str(row[0]), str(row[1]), *row[2:]) for row in work.connection.execute(query)]
    return sorted(found, key=lambda one: (-one.queued, one.channel, one.category))
