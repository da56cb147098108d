"""Marks of the audit as a picture: a lane a person or area, a cell a span of time. No widgets."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.audit.trail import AuditMark
from domain.kernel.change_log import REFUSED
from domain.kernel.ids import Id
from domain.security.reporting import GROUPS

CELLS = 48
LANES = 8
OTHERS = "others"
AREAS = (*GROUPS, "other")


@dataclass(frozen=True, slots=True)
class Cell:
    """What happened in one lane in one span: how often, how much of it refused, and mostly in which area."""

    count: int
    refused: int
    area: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One row of the picture; `staff_id` is None for the rest of the people and for areas."""

    label: str
    staff_id: Id | None
    area: str
    cells: dict[int, Cell]
    count: int


@dataclass(frozen=True, slots=True)
class Chart:
    """The picture of a time."""

    since: datetime
    until: datetime
    lanes: tuple[Lane, ...] = ()

    @property
    def step(self) -> timedelta:
        return (self.until - self.since) / CELLS

    def span(self, cell: int) -> tuple[datetime, datetime]:
        """Return the time that a cell stands for."""
        return self.since + self.step * cell, self.since + self.step * (cell + 1)


def area_of(command: str) -> str:
    """Return the area of a command as the audit reports count it."""
    first = command.partition(".")[0]
    return next((area for area, firsts in GROUPS.items() if first in firsts), "other")


def chart_of(
    marks: Sequence[AuditMark], since: datetime, until: datetime, *,
    by_area: bool, name_of: Callable[[Id | None], str], say: Callable[[str], str],
) -> Chart:  # fmt: skip
    """Return the picture: lanes of the people with most operations, or of areas where one person is looked at."""
    step = max((until - since) / CELLS, timedelta(microseconds=1))
    keys: Counter[object] = Counter()
    cells: dict[object, dict[int, list[AuditMark]]] = defaultdict(lambda: defaultdict(list))
    for mark in marks:
        key: object = area_of(mark.command) if by_area else mark.staff_id
        keys[key] += 1
        cells[key][min(CELLS - 1, max(0, int((mark.at - since) / step)))].append(mark)
    shown = [key for key, _ in keys.most_common(LANES)]
    rest = [key for key in keys if key not in shown]
    lanes = []
    for key in shown:
        label = say(f"trail.area.{key}") if by_area else name_of(key)  # type: ignore[arg-type]
        staff_id = key if isinstance(key, Id) else None
        area = str(key) if by_area else ""
        lanes.append(Lane(label, staff_id, area, _cells(cells[key]), keys[key]))
    if rest:
        together: dict[int, list[AuditMark]] = defaultdict(list)
        for key in rest:
            for at, found in cells[key].items():
                together[at] += found
        count = sum(keys[key] for key in rest)
        lanes.append(Lane(say("trail.others"), None, "", _cells(together), count))
    return Chart(since, until, tuple(lanes))


def _cells(found: dict[int, list[AuditMark]]) -> dict[int, Cell]:
    made = {}
    for at, marks in found.items():
        area = Counter(area_of(mark.command) for mark in marks).most_common(1)[0][0]
        made[at] = Cell(len(marks), sum(mark.outcome == REFUSED for mark in marks), area)
    return made
