"""Acts on a report, one at a time, in the writer queue; what came of each is told in a sentence. QtCore only."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from client.background import Crash
from client.station import Context
from client.stations.review import acting
from client.stations.review.case import Case
from client.stations.review.writing import Writing
from domain.checkup.workflow import report_review
from domain.kernel.errors import KnownError


class Doing(QObject):
    """`done` carries name, case and receipt when the act is on the disk; `failed` the error when nothing happened."""

    note = Signal(str, str)
    done = Signal(str, object, object)
    failed = Signal(object)
    changed = Signal()

    def __init__(self, context: Context, writing: Writing, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._writing = writing
        self.name = ""
        """The act that runs now, empty for none."""

    def save(self, case: Case) -> None:
        """Write the text to the store without handing the report on."""
        texts = (self._writing.conclusion, self._writing.advice)
        self._begin("save", case, lambda d, a: acting.save(d, a, case, *texts))

    def submit(self, case: Case, reason: str | None = None) -> None:
        """Write the text and hand the report on, with a reason where the check speaks against it."""
        texts = (self._writing.conclusion, self._writing.advice)
        self._begin("submit", case, lambda d, a: acting.submit(d, a, case, *texts, reason))

    def pass_first(self, case: Case) -> None:
        """Let the report go to the head office."""
        self._begin("pass_first", case, lambda d, a: acting.pass_on(d, a, case, "pass_first"))

    def pass_second(self, case: Case) -> None:
        """Let the report go to the final review."""
        self._begin("pass_second", case, lambda d, a: acting.pass_on(d, a, case, "pass_second"))

    def pass_further(self, case: Case) -> None:
        """Let the report go on from a level beside the usual ones."""
        self._begin("pass_further", case, lambda d, a: acting.pass_on(d, a, case, "pass_further"))

    def sign(self, case: Case) -> None:
        """Sign what is shown and issue the report."""
        self._begin("sign", case, lambda d, a: acting.sign(d, a, case))

    def issue(self, case: Case) -> None:
        """Let a signed report go out before its minute is over."""
        if (report_id := case.report_id) is not None:
            self._begin("issue", case, lambda d, a: acting.issue(d, a, report_id))

    def withdraw(self, case: Case) -> None:
        """Take the signature of the open case back."""
        if (report_id := case.report_id) is not None:
            self._begin("withdraw", case, lambda d, a: acting.withdraw(d, a, report_id))

    def give_back(self, case: Case) -> None:
        """Send the report back with the remark that was typed."""
        remark, anchor = self._writing.remark, self._writing.anchor
        place = None if anchor is None else str(anchor)
        self._begin("return", case, lambda d, a: acting.give_back(d, a, case, remark, place))

    def _begin(self, name: str, case: Case, work: Callable[[Any, Any], Any]) -> None:
        if self.name:
            return
        self.name = name
        self._writing.keep()
        self.changed.emit()
        self.note.emit(self._context.say(f"review.doing.{name}"), "info")
        desk, actor = self._context.desk, self._context.actor
        job = self._context.jobs.write(lambda _job: (name, case, work(desk, actor)), f"report.{name}")
        job.succeeded.connect(self._succeeded)
        job.refused.connect(self._refused)
        job.crashed.connect(self._crashed)

    @Slot(object)
    def _succeeded(self, answer: tuple[str, Case, Any]) -> None:
        name, case, receipt = answer
        self.name = ""
        self._writing.forget(case.visit_id)
        number = case.number or getattr(receipt, "number", "")
        onward = report_review.label_of(receipt) if name in acting.PASSES else ""
        told = self._context.say(f"review.done.{name}", number=number, name=case.name, state=onward)
        self.note.emit(told, "success")
        self.done.emit(name, case, receipt)

    @Slot(object)
    def _refused(self, error: KnownError) -> None:
        self.name = ""
        self.note.emit(self._context.desk.texts.explain(error), "danger")
        self.failed.emit(error)

    @Slot(object)
    def _crashed(self, crash: Crash) -> None:
        self.name = ""
        self.note.emit(self._context.say("review.crashed", number=crash.number), "danger")
        self.changed.emit()
