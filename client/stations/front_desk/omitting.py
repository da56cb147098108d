"""Noting what a client refuses or postpones: the signature's picture to the disk first, then one command."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal

from client.background import Job
from client.pages.worklist.filters import read_day
from client.station import PageModel
from domain.checkup.omission_commands import RecordOmission
from domain.checkup.omission_records import OmissionKind
from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError, KnownError
from domain.kernel.ids import Id


class OmissionModel(QObject):
    """One form; `kept` when it is on the disk."""

    field_error = Signal(str, str)
    """Field (empty for the whole form) and sentence."""
    kept = Signal()

    def __init__(self, page: PageModel, visit_id: Id, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._page, self._visit_id = page, visit_id
        self._busy = False

    def submit(
        self, items: Sequence[str], kind: OmissionKind, *, reason: str, day: str, witness: str, picture: bytes
    ) -> None:
        """Keep it; `picture` is the signature as PNG, empty where the client cannot sign."""
        if self._busy:
            return
        for field in ("items", "reason", "postponed_to", "witness", ""):
            self.field_error.emit(field, "")
        desk, actor = self._page.context.desk, self._page.context.actor
        try:
            facts: dict[str, Any] = {"reason": _given(reason), "witness": witness.strip() or None}
            if kind is OmissionKind.POSTPONED and day.strip():
                today = clinic(desk.clock()).date()
                facts["postponed_to"] = read_day("postponed_to", day, today, "form.day")
        except DomainError as error:
            self._refuse(error)
            return

        def work(_job: Job) -> Any:
            if picture:
                sha256 = desk.blobs.put([picture])
                facts.update(signature_sha256=sha256, signature_size=len(picture))
            order = RecordOmission(visit_id=self._visit_id, items=list(items), kind=kind, **facts)
            return desk.dispatcher.run(order, actor)

        self._busy = True
        job = self._page.context.jobs.write(work, "omit")
        job.succeeded.connect(self._done)
        job.refused.connect(self._refuse)
        job.finished.connect(self._ended)

    def _done(self, _done: Any) -> None:
        self.kept.emit()

    def _refuse(self, error: KnownError) -> None:
        self.field_error.emit(error.field or "", self._page.explain(error))

    def _ended(self) -> None:
        self._busy = False


def _given(reason: str) -> str:
    if not reason.strip():
        raise DomainError("input.missing", field="reason", label="原因")
    return reason.strip()
