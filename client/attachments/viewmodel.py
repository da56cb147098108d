"""The files of one visit without a window: added one after the other, each told at once when it cannot be."""

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtGui import QImage

from client.attaching import attach_file, look_at
from client.attachments.reading import FileLine, file_lines
from client.background import Job
from client.live import Changed
from client.outgoing import handed_out
from client.station import Context
from client.stations.review.case import AttachmentRow
from client.stations.review.files import take_out
from client.stations.review.preview import pdf_pages
from domain.kernel.errors import KnownError, UnavailableError
from domain.kernel.ids import Id
from domain.outgoing.commands import HandOutDocument
from domain.outgoing.records import Destination
from sync.blobs import BlobStore

LOOK_MS = 1500
PREVIEW_SCALE = 0.7
WATCHED = frozenset({"attachment", "attachment_removal"})


class AttachmentsModel(QObject):
    """Files of a visit; with a report, its own as well, and what is added belongs to it."""

    changed = Signal()
    told = Signal(str, str)
    """Sentence and tone: a file was added, or why not."""
    progressed = Signal(int, int)
    file_ready = Signal(object)
    """Path of a copy for the system's viewer."""
    previewed = Signal(object, object)
    """The id of an attachment and its picture (`QImage`), None where there is none to draw."""

    def __init__(
        self, context: Context, visit_id: Id, patient_id: Id, report_id: Id | None = None,
        parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.context = context
        self.lines: tuple[FileLine, ...] = ()
        self._visit_id, self._patient_id, self._report_id = visit_id, patient_id, report_id
        self._refusals: list[str] = []
        self._waiting = 0
        self._added = 0
        self._look = QTimer(self)
        self._look.setInterval(LOOK_MS)
        self._look.timeout.connect(self.reload)
        context.live.changed.connect(self._changed)

    @property
    def may_add(self) -> bool:
        """Whether this person may add and take away files."""
        return self.context.actor.may("checkup.edit")

    def start(self) -> None:
        """Begin to look; the transfer's progress is no change of a record, so it is looked at again and again."""
        self.reload()
        self._look.start()

    def close(self) -> None:
        """Look no more."""
        self._look.stop()
        self.context.live.changed.disconnect(self._changed)

    @Slot()
    def reload(self) -> None:
        """Read the files and where they are."""
        owners = tuple(i for i in (self._visit_id, self._report_id) if i is not None)
        desk, actor, say = self.context.desk, self.context.actor, self.context.say
        job = self.context.jobs.read(
            lambda _job: file_lines(desk, actor, owners, say, self.context.formatter.size), "attachments"
        )
        job.succeeded.connect(self._read)

    def add(self, paths: Sequence[Path]) -> None:
        """Add files in this order; what one of them is refused for is told and keeps no other."""
        desk, actor = self.context.desk, self.context.actor
        if self._waiting == 0:
            self._refusals, self._added = [], 0
        for path in paths:

            def work(job: Job, path: Path = path) -> str:
                look_at(path)
                return attach_file(
                    desk, actor, self._visit_id, path, report_id=self._report_id, progressed=job.tell
                )

            self._waiting += 1
            job = self.context.jobs.read(work, "attach")
            job.progressed.connect(self.progressed)
            job.succeeded.connect(self._one_added)
            job.refused.connect(self._one_refused)
            job.finished.connect(self._one_ended)

    def open(self, row: int) -> None:
        """Open a file in the system's viewer; that it went there is on record."""
        folder = self.context.desk.home.folder / "taken_out"
        job = self._hand_out(row, Destination.VIEWER, lambda blobs, taken: take_out(blobs, taken, folder))
        if job is not None:
            job.succeeded.connect(self.file_ready)

    def save(self, row: int, path: Path) -> None:
        """Write a copy of a file to where the person chose; that it went there is on record."""
        job = self._hand_out(row, Destination.FILE, lambda blobs, taken: _copy(blobs, taken, path))
        if job is not None:
            job.succeeded.connect(self._saved)

    def _hand_out(
        self, row: int, destination: Destination, send: Callable[[BlobStore, AttachmentRow], Path]
    ) -> Job | None:
        if not 0 <= row < len(self.lines):
            return None
        line, blobs = self.lines[row], self.context.desk.blobs
        order = HandOutDocument(what=line.name, destination=destination, patient_id=self._patient_id)
        taken = AttachmentRow(
            name=line.name, sha256=line.sha256, media_type=line.media_type, size=line.size, here=line.here,
            done=line.done, state=line.state, reason="",
        )  # fmt: skip
        job = self.context.jobs.read(
            lambda _job: handed_out(self.context, order, lambda: send(blobs, taken)), "hand out"
        )
        job.refused.connect(self._refused)
        return job

    def preview(self, row: int) -> None:
        """Draw a picture or the first page of a PDF; `previewed` brings it."""
        if not 0 <= row < len(self.lines):
            return
        line, blobs = self.lines[row], self.context.desk.blobs
        job = self.context.jobs.read(lambda _job: (line.attachment_id, _picture(line, blobs)), "preview")
        job.succeeded.connect(self._previewed)
        job.refused.connect(self._refused)

    def _changed(self, changed: Changed) -> None:
        if changed.touches(WATCHED):
            self.reload()

    def _read(self, lines: tuple[FileLine, ...]) -> None:
        if lines != self.lines:
            self.lines = lines
            self.changed.emit()

    def _previewed(self, found: tuple[Id, Any]) -> None:
        self.previewed.emit(*found)

    def _one_added(self, _sha256: str) -> None:
        self._added += 1

    def _one_refused(self, error: KnownError) -> None:
        self._refusals.append(self.context.desk.texts.explain(error))

    def _one_ended(self) -> None:
        self._waiting -= 1
        if self._waiting:
            return
        self.progressed.emit(-1, 0)
        self.reload()
        lines = list(self._refusals)
        if self._added:
            lines.insert(0, self.context.say("attachments.added", count=self._added))
        self.told.emit("\n".join(lines), "danger" if self._refusals else "success")

    def _saved(self, path: Path) -> None:
        self.told.emit(self.context.say("attachments.saved", path=path), "success")

    def _refused(self, error: KnownError) -> None:
        self.told.emit(self.context.desk.texts.explain(error), "danger")


def _copy(blobs: BlobStore, taken: AttachmentRow, path: Path) -> Path:
    """Write a proven copy; a file of that name is replaced whole or not at all."""
    if not blobs.has(taken.sha256):
        raise UnavailableError("review.on_its_way", name=taken.name, done=taken.done, size=taken.size)
    content = blobs.get(taken.sha256)
    draft = path.with_name(f"{path.name}.part")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise UnavailableError("export.cannot_write", path=str(path)) from error
    return path


def _picture(line: FileLine, blobs: BlobStore) -> QImage | None:
    if not line.here or not line.media_type.startswith(("image/", "application/pdf")):
        return None
    content = blobs.get(line.sha256)
    if line.media_type == "application/pdf":
        with contextlib.suppress(RuntimeError):  # a PDF no program can draw is still kept as it came
            return pdf_pages(content, PREVIEW_SCALE)[0]
        return None
    picture = QImage.fromData(content)
    return None if picture.isNull() else picture
