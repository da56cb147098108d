"""Time in which answers are owed: pure arithmetic on spans of a week, and the setting a place goes by."""

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta

from sqlalchemy import Connection, select

from domain.conversations.records import AnswerHours
from domain.kernel.clock import CLINIC_TIME, clinic
from domain.kernel.ids import Id

DAYS = "1234567"
FURTHEST = 400
"""Days in which an open hour is looked for; a place that has none in a year is open at any time."""
_SPAN = re.compile(r"^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)$")
Span = tuple[int, int]
"""Minutes of a day from and to."""
DAY = 24 * 60


@dataclasses.dataclass(frozen=True, slots=True)
class Hours:
    """Spans by weekday (Monday is 1), in order and apart, and days on which nobody answers."""

    week: Mapping[int, tuple[Span, ...]]
    closed: frozenset[date] = frozenset()

    def due(self, since: datetime, limit: timedelta) -> datetime:
        """Return when `limit` of open time after a moment is over; as much time of any where nothing is ever open."""
        left = limit
        for begin, end in self._open(since):
            start = max(begin, since)
            if end - start >= left:
                return start + left
            left -= max(timedelta(), end - start)
        return since + limit

    def _open(self, since: datetime) -> Iterator[tuple[datetime, datetime]]:
        first = clinic(since).date()
        for number in range(FURTHEST):
            day = first + timedelta(days=number)
            if day in self.closed:
                continue
            midnight = datetime.combine(day, time(), CLINIC_TIME)
            for begin, end in self.week.get(day.isoweekday(), ()):
                stop = midnight + timedelta(minutes=end)
                if stop > since:
                    yield midnight + timedelta(minutes=begin), stop


ALWAYS = Hours(dict.fromkeys(range(1, 8), ((0, DAY),)))


def spans_of(text: str) -> tuple[Span, ...]:
    """Return the spans of a day as typed, ``08:00-12:00 13:30-17:30``; none for an empty text.

    Raises:
        ValueError: Something that is no span, one that ends before it begins, or two that overlap.
    """
    found = []
    for part in text.replace("，", " ").replace(",", " ").replace("－", "-").replace("：", ":").split():
        match = _SPAN.match(part)
        if match is None:
            raise ValueError(part)
        a, b, c, d = (int(one) for one in match.groups())
        found.append((60 * a + b, 60 * c + d))
    last = 0
    for begin, end in found:
        if not last <= begin < end <= DAY:
            raise ValueError(text.strip())
        last = end
    return tuple(found)


def read_hours(week: Mapping[str, Sequence[str]], closed: Sequence[str]) -> Hours:
    """Return what a record says."""
    return Hours(
        {int(day): spans_of(" ".join(spans)) for day, spans in week.items()},
        frozenset(date.fromisoformat(one) for one in closed),
    )


def hours_of(connection: Connection, org_id: Id) -> Hours:
    """Return the hours an organisation goes by: its own, else everybody's, else any time."""
    c = AnswerHours.__table__.c
    for place in (c.place_id == org_id, c.place_id.is_(None)):
        query = select(c.week, c.closed_days).where(place).order_by(c.number.desc()).limit(1)
        row = connection.execute(query).first()
        if row is not None:
            return read_hours(row.week, row.closed_days)
    return ALWAYS
