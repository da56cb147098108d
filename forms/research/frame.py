"""The table of visits held in memory by column, for statistics; identities never come into it."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from domain.catalog.lookup import Catalog
from domain.research.choosing import Choice, Chosen
from domain.research.reading import Reader
from domain.research.records import DateRule
from forms.research.tables import Tables, Terms, days_by
from forms.research.variables import Dictionary, Variable

Numbers = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Frame:
    """Visits by column.

    Attributes:
        variables: What was measured, in the order of the data set; age and sex before all.
        numbers: Numeric columns by name, NaN for what is missing.
        codes: Other columns by name, None for what is missing.
        subject: Number of each line's subject.
        visit: Code of each line's visit.
        begun: Whether the visit has begun: a visit to come lacks nothing.
        day: Days from enrolment to the begin of the visit, NaN before it began.
        arm: Arm of each line.
        state: State of each line's visit.
        off_window: Whether it was outside its window.
        visits: Codes and names of the protocol's visits in order.
        contacts: Contacts of follow-up: state, outcome, late (None while open).
    """

    variables: tuple[Variable, ...]
    numbers: Mapping[str, Numbers]
    codes: Mapping[str, list[Any]]
    subject: list[str]
    visit: list[str]
    begun: npt.NDArray[np.bool_]
    day: Numbers
    arm: list[str | None]
    state: list[str]
    off_window: npt.NDArray[np.bool_]
    visits: tuple[tuple[str, str], ...]
    contacts: tuple[tuple[str, str | None, int | None], ...] = ()

    def at(self, visit: str) -> npt.NDArray[np.int64]:
        """Return the lines of a visit that has begun."""
        here = np.array([one == visit for one in self.visit], bool)
        return np.flatnonzero(here & self.begun)


def frame_of(
    connection: Connection, chosen: Chosen, choice: Choice, dictionary: Dictionary, catalog: Catalog,
    go_on: Any = lambda _done, _of: True,
) -> Frame | None:  # fmt: skip
    """Read the table of visits into memory; None if `go_on` said no."""
    terms = Terms(days_by(DateRule.STUDY_DAY, lambda _subject: 0), identified=False, free_text=False)
    tables = Tables(dictionary, chosen.plans, terms, catalog)
    columns = tables.described(choice.kinds, long=False)[0].columns
    gathered: list[list[Any]] = [[] for _ in columns]
    begun_days: list[float] = []
    contacts: list[tuple[str, str | None, int | None]] = []
    reader = Reader(connection, list(chosen.plans), choice.kinds, choice.since, choice.until)
    done = 0
    for start in range(0, len(chosen.subjects), CHUNK):
        some = chosen.subjects[start : start + CHUNK]
        visits = reader.read(some)
        for visit, row in zip(visits, tables.rows(visits, long=False)["visits"], strict=True):
            for column, value in zip(gathered, row, strict=True):
                column.append(value)
            day = visit.begun_on
            begun_days.append(np.nan if day is None else (day - visit.subject.enrolled_on).days)
        contacts += [(str(row[8]), row[6], row[9]) for row in tables.follow_up(connection, some)]
        done += len(some)
        if not go_on(done, len(chosen.subjects)):
            return None
    return made(columns, gathered, begun_days, tuple(chosen.plans.values()), tuple(contacts))


CHUNK = 400


def made(
    columns: Sequence[Variable], gathered: Sequence[list[Any]], begun_days: Sequence[float],
    visits: tuple[tuple[str, str], ...], contacts: tuple[tuple[str, str | None, int | None], ...] = (),
) -> Frame:  # fmt: skip
    """Return a frame of columns as the table of visits has them."""
    of = {column.name: values for column, values in zip(columns, gathered, strict=True)}
    own = [c for c in columns if c.part or c.name in ("age", "sex")]
    numbers = {
        c.name: np.array([np.nan if v is None else v for v in of[c.name]], np.float64)
        for c in own
        if c.kind in ("number", "flag")
    }
    codes = {c.name: of[c.name] for c in own if c.kind == "code"}
    day = np.array(begun_days, np.float64)
    return Frame(
        tuple(c for c in own if c.name in numbers or c.name in codes), numbers, codes, of["subject"], of["visit"],
        ~np.isnan(day), day, of["arm"], of["visit_state"], np.array(of["off_window"], bool), visits, contacts,
    )  # fmt: skip
