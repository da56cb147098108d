"""Critical values of the open case: taking one with its read-back, then writing what was done. QtCore only."""

from typing import Any

from PySide6.QtCore import QObject, Signal

from client.stations.review.case import Case, CriticalRow
from domain.checkup.critical_commands import HandleCritical, ReceiveCritical
from domain.checkup.workflow import critical_handling
from domain.kernel.errors import KnownError


class Criticals(QObject):
    """Runs the commands by the page's `run`; `asked` wants the entry opened, `error` is said beside it."""

    asked = Signal(object)
    error = Signal(str)
    answered = Signal()

    def __init__(self, page: Any) -> None:
        super().__init__(page)
        self._page = page

    def waiting(self, case: Case | None) -> CriticalRow | None:
        """Return the first critical value of the case that still waits for somebody."""
        rows = case.criticals if case is not None else ()
        return next((c for c in rows if not critical_handling.states[c.state].final), None)

    def answer(self, critical: CriticalRow, text: str) -> None:
        """Take a critical value with the value as it was read back, or write what was done for the client."""
        order: Any
        if not text.strip():
            self.error.emit(self._page.context.say("review.critical.empty"))
            return
        if critical_handling.allows(critical.state, "receive"):
            order = ReceiveCritical(critical_id=critical.id, read_back=text.strip())
        else:
            order = HandleCritical(critical_id=critical.id, outcome=text.strip())
        self._page.run(order, self._done, self._refused)

    def _done(self, _done: Any) -> None:
        self.error.emit("")
        self.answered.emit()

    def _refused(self, error: KnownError) -> None:
        self.error.emit(self._page.explain(error))
        self.answered.emit()
