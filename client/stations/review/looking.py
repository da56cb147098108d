"""Looking at documents: the preview of a report, the issued one, attachments; printing. QtCore only."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from client.background import Job, while_there
from client.outgoing import handed_out
from client.printing import Printer
from client.station import Context
from client.stations.review import acting
from client.stations.review.case import AttachmentRow, Case
from client.stations.review.files import clear_out, take_out
from client.stations.review.preview import pdf_pages
from domain.kernel.errors import KnownError
from domain.outgoing.commands import HandOutDocument
from domain.outgoing.records import Destination


class Looking(QObject):
    """`previewed` carries case and pages, `file_ready` the path of a file taken out for the system's viewer."""

    note = Signal(str, str)
    previewed = Signal(object, object)
    file_ready = Signal(object)

    def __init__(self, context: Context, printer: Printer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._printer = printer
        self._folder = context.desk.home.folder / "taken_out"

    def preview(self, case: Case) -> None:
        """Draw the report as it will be printed, or the issued document itself."""
        desk = self._context.desk
        self.note.emit(self._context.say("review.doing.preview"), "info")
        self._start(lambda _job: (case, pdf_pages(acting.preview(desk, case))), "preview", self._previewed)

    def print_issued(self, case: Case) -> None:
        """Print the issued document, if its bytes have arrived."""
        printer, taking = self._printer, self._issued(case)
        if taking is not None:
            work = self._out(case, case.number, Destination.PRINTER, lambda job: printer(taking(job)))
            self._start(work, "print", self._printed)

    def open_issued(self, case: Case) -> None:
        """Open the issued document in the system's viewer."""
        taking = self._issued(case)
        if taking is not None:
            work = self._out(case, case.number, Destination.VIEWER, taking)
            self._start(work, "take out", self.file_ready.emit)

    def open_file(self, attachment: AttachmentRow, case: Case) -> None:
        """Open an attachment in the system's viewer, if its bytes have arrived."""
        work = self._out(case, attachment.name, Destination.VIEWER, self._taking(attachment))
        self._start(work, "take out", self.file_ready.emit)

    def close(self) -> None:
        """Remove the copies that were made for viewers."""
        clear_out(self._folder)

    def _issued(self, case: Case) -> Callable[[Job], Path] | None:
        found = next((a for a in case.attachments if a.sha256 == case.document_sha256), None)
        return None if found is None else self._taking(found)

    def _taking(self, attachment: AttachmentRow) -> Callable[[Job], Path]:
        blobs, folder = self._context.desk.blobs, self._folder
        return lambda _job: take_out(blobs, attachment, folder)

    def _out(
        self, case: Case, what: str, destination: Destination, send: Callable[[Job], Any]
    ) -> Callable[[Job], Any]:
        """Return the work that puts on record what leaves, and then lets it go."""
        order = HandOutDocument(what=what, destination=destination, patient_id=case.patient_id)
        return lambda job: handed_out(self._context, order, lambda: send(job))

    def _start(self, work: Callable[[Job], Any], name: str, then: Any) -> None:
        job = self._context.jobs.read(work, name)
        job.succeeded.connect(while_there(self, then))
        job.refused.connect(self._refused)

    @Slot(object)
    def _previewed(self, answer: tuple[Case, list[Any]]) -> None:
        self.note.emit("", "")
        self.previewed.emit(*answer)

    @Slot(object)
    def _printed(self, _nothing: Any) -> None:
        self.note.emit(self._context.say("review.done.print"), "success")

    @Slot(object)
    def _refused(self, error: KnownError) -> None:
        self.note.emit(self._context.desk.texts.explain(error), "danger")
