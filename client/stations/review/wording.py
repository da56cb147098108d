"""The words of the desk: how urgency, due time, state, age and a result's course are said. No widgets."""

from typing import Any

from client.station import Context
from client.stations.review.case import UNWRITTEN, Case
from client.stations.review.queue_rows import QueueRow
from domain.checkup.compared import ResultRow
from domain.checkup.workflow import LEVELS, report_review
from domain.people.records import Sex

URGENCY_TONE = {2: "danger", 1: "warning", 0: "muted"}
FLAG_TONE = {"HH": "danger", "LL": "danger", "AA": "danger", "H": "warning", "L": "warning", "A": "warning"}


class Wording:
    """Chinese for what view and model show, made with the catalogue of texts."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._say = context.say

    def urgency(self, level: int) -> str:
        return self._say(f"review.urgency.{level}")

    def state(self, state: str) -> str:
        return self._say("review.state.unwritten") if state == UNWRITTEN else report_review.label_of(state)

    def sex(self, sex: str) -> str:
        try:
            return self._context.formatter.value(Sex(sex))
        except ValueError:
            return sex

    def due(self, row: "QueueRow | Case") -> tuple[str, str]:
        """Return the due time with what is left, and its tone; for an issued report when it was issued."""
        now = self._context.desk.clock()
        if row.due_at is not None:
            return self._context.formatter.due(row.due_at, now)
        at = row.at if isinstance(row, QueueRow) else row.issued_at
        if at is None:
            return "", ""
        code = "review.issued_at" if row.state == "issued" else "review.since"
        return self._say(code, at=self._context.formatter.short_moment(at, now)), ""

    def row(self, row: QueueRow) -> str:
        """Return a line of the queue as one sentence, for the screen reader."""
        return self._say(
            "review.row", urgency=self.urgency(row.urgency), name=row.name, sex=self.sex(row.sex), number=row.number,
            state=self.state(row.state), due=self.due(row)[0],
        )  # fmt: skip

    def progress(self, case: Case) -> str:
        """Return how far the report is through its levels, and who has it: done, here, to come."""
        if case.state == UNWRITTEN:
            return ""
        through = [level for level in LEVELS if level in case.levels or level == case.state]
        states = ["drafting", *through, "signed"]
        at = {"returned": 0, "issued": len(states)}.get(case.state)
        at = states.index(case.state) if at is None else at
        marks = [("✓" if n < at else "●" if n == at else "○") for n in range(len(states))]
        way = " ".join(
            f"{mark}{self._say(f'review.reason.{state}')}" for mark, state in zip(marks, states, strict=True)
        )
        return self._say("review.progress.owner", way=way, name=case.task) if case.task else way

    def reason(self, reason: str) -> str:
        """Return the name of a part of the queue."""
        kind, _, value = reason.partition(":")
        if kind == "state":
            return self._say(f"review.reason.{value}")
        return self.urgency(int(value)) if kind == "urgency" else self._say(f"review.reason.{reason}")

    def flag(self, row: ResultRow) -> str:
        """Return the sign of a result: arrows and words, so that it never hangs on the colour."""
        if row.critical:
            return self._say(f"review.flag.critical_{'low' if row.flag in {'L', 'LL'} else 'high'}")
        return self._say(f"review.flag.{row.flag}") if row.flag not in {"", "N"} else ""

    def flag_tone(self, row: ResultRow) -> str:
        if row.critical or row.important_class == "A":
            return "danger"
        return FLAG_TONE.get(row.flag, "")

    def shift(self, row: ResultRow) -> str:
        """Return how a result moved since the visit before."""
        if row.shift:
            return self._say(f"review.shift.{row.shift}", change=row.change).strip()
        if row.abnormal and row.previous_flag in {"", "N"} and not row.previous:
            return self._say("review.shift.first")
        return row.change

    def person(self, case: Case) -> str:
        """Return name, sex and age as they head a case."""
        age = "" if case.age is None else self._say("review.age", age=case.age)
        return " ".join(p for p in (case.name, self.sex(case.sex), age) if p)

    def size(self, count: int) -> str:
        return self._context.formatter.size(count)

    def explain_code(self, code: str) -> str:
        """Return the sentence of a reason a transfer was given, or a general one."""
        return (
            self._say(code) if code and code in self._context.desk.texts else self._say("review.file.waiting")
        )

    def moment(self, value: Any) -> str:
        return self._context.formatter.moment(value)
