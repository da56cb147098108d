"""The pictures of a case without a window: which is looked at, decoding ahead of it, how far missing files are.

QtCore only. One job at a time decodes, always what is wanted most; the UI thread only takes what is ready.
"""

import dataclasses
import threading
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from sqlalchemy import select

from client.background import Job
from client.station import Context
from client.stations.review.case import AttachmentRow, Case
from client.stations.review.media.identity import read_shown, verdict_on
from client.stations.review.media.slides import Kept, Slide, nearest_first, slides_of
from domain.checkup.image_identity import Match, Shown, Verdict
from domain.kernel.errors import DomainError, KnownError
from forms.imaging.decoder import Decoder
from forms.imaging.shapes import MOST_FILE_BYTES, Facts, Told
from sync.files import want_file
from sync.local_tables import blob_state

LOOK_MS = 1500


class MediaModel(QObject):
    """The pictures of the open case; `close` ends the decoding."""

    shown = Signal(object, object)
    """The `Slide` and what was decoded of it (`Told`)."""
    refused = Signal(object, str)
    """The `Slide` and the sentence that says why it is not shown."""
    waiting = Signal(object, int, int)
    """The `Slide` whose bytes are on their way, how many have come and of how many."""
    placed = Signal()
    """Order or number of pictures changed."""
    _told = Signal(object)

    def __init__(
        self, context: Context, parent: QObject | None = None, *, decoder: Decoder | None = None
    ) -> None:
        super().__init__(parent)
        self._context = context
        self._decoder = decoder or Decoder()
        self._lock = threading.Lock()
        self._kept = Kept()
        self._facts: dict[str, Facts] = {}
        self._problems: dict[tuple[str, int], str] = {}
        self._shown: Shown | None = None
        self._step = 1
        self._running = False
        self._case: Case | None = None
        self.slides: tuple[Slide, ...] = ()
        self.at = 0
        self._look = QTimer(self)
        self._look.setInterval(LOOK_MS)
        self._look.timeout.connect(self._look_again)
        self._told.connect(self._arrived, Qt.ConnectionType.QueuedConnection)

    @property
    def slide(self) -> Slide | None:
        """What is looked at."""
        return self.slides[self.at] if self.at < len(self.slides) else None

    @property
    def place(self) -> tuple[int, int]:
        """Number of the picture in its series, from 1, and how many that has."""
        if self.slide is None:
            return 0, 0
        mine = [n for n, s in enumerate(self.slides) if s.series == self.slide.series]
        return mine.index(self.at) + 1, len(mine)

    def ready(self, slide: Slide) -> Told | None:
        """Return what was decoded already."""
        with self._lock:
            return self._kept.get(slide)

    def kept_bytes(self) -> int:
        """Return the memory of decoded pictures."""
        return self._kept.bytes

    def verdict(self, told: Told) -> Verdict:
        """Return whether a picture is of the case's client."""
        return verdict_on(self._shown, told.facts)

    def warm_up(self) -> None:
        """Let the decoder load its libraries while the case is read, so that the first picture is there at once."""
        if self._decoder.pid is None:
            self._context.jobs.read(lambda _job: self._decoder.warm_up(), "warm up decoder")

    def open(self, case: Case, row: AttachmentRow) -> None:
        """Look at one file of a case."""
        if self._case is None or self._case.visit_id != case.visit_id:
            self._leave()
        self._case = case
        self._problems.pop((row.sha256, 0), None)  # opened again: tried again
        self._sort(case.attachments, (row.sha256, 0))
        self._show()

    def step(self, by: int) -> None:
        """Go on in the series, no farther than its ends."""
        if self.slide is None:
            return
        self._step = 1 if by > 0 else -1
        series, to = self.slide.series, self.at
        for _ in range(abs(by)):
            following = to + self._step
            if not 0 <= following < len(self.slides) or self.slides[following].series != series:
                break
            to = following
        self._go(to)

    def skip(self, by: int) -> None:
        """Go to the next or the previous series or file."""
        if self.slide is None:
            return
        firsts = [n for n, s in enumerate(self.slides) if not n or self.slides[n - 1].series != s.series]
        mine = max(n for n, first in enumerate(firsts) if first <= self.at)
        self._step = 1
        self._go(firsts[max(0, min(len(firsts) - 1, mine + by))])

    def leave(self) -> None:
        """Look at nothing; what was decoded is forgotten."""
        self._leave()

    def close(self) -> None:
        """End the decoding and its process."""
        self._leave()
        self._decoder.close()

    def _leave(self) -> None:
        self._look.stop()
        with self._lock:
            self._case = self._shown = None
            self._kept.clear()
            self._facts, self._problems = {}, {}
            self.slides, self.at = (), 0

    def _go(self, to: int) -> None:
        if to != self.at:
            self.at = to
            self._show()

    def _sort(self, rows: Sequence[AttachmentRow], key: tuple[str, int]) -> None:
        with self._lock:
            self.slides = slides_of(rows, self._facts)
            self.at = next((n for n, s in enumerate(self.slides) if s.key == key), 0)

    def _show(self) -> None:
        slide = self.slide
        if slide is None:
            return
        told, problem = self.ready(slide), self._problems.get(slide.key)
        if told is not None and self._shown is not None:
            self._tell(slide, told)
        elif problem is not None:
            self.refused.emit(slide, problem)
        elif not slide.row.here:
            self.waiting.emit(slide, slide.row.done, slide.row.size)
            self._look.start()
        self._decode()

    def _tell(self, slide: Slide, told: Told) -> None:
        found = self.verdict(told)
        if found.match is Match.FOREIGN:
            say = self._context.say
            differs = "、".join(say(f"review_page.differs.{one}") for one in found.differs)
            name = self._case.name if self._case else ""
            self.refused.emit(slide, say("review_page.foreign_why", differs=differs, name=name))
        else:
            self.shown.emit(slide, told)

    def _decode(self) -> None:
        if self._running or self._case is None:
            return
        self._running = True
        case = self._case
        job = self._context.jobs.read(lambda job: self._work(job, case), "decode pictures")
        job.finished.connect(self._ended)

    def _work(self, job: Job, case: Case) -> None:
        """Decode what is wanted most until nothing is left; runs in a thread of the readers."""
        desk = self._context.desk
        if self._shown is None:
            shown = read_shown(desk, case)
            with self._lock:
                self._shown = shown if self._case is case else None
        blobs = desk.blobs
        room, held, content = True, "", b""
        while not job.cancelled:
            with self._lock:
                following = self._wanted(room) if self._case is case else None
                order = nearest_first(self.slides, self.at, self._step) if following is not None else []
            if following is None:
                return
            try:
                if following.row.size > MOST_FILE_BYTES:
                    raise DomainError("imaging.too_large")
                if held != following.row.sha256:  # frames of one file lie together: it is read once
                    content, held = b"", ""
                    content, held = blobs.get(following.row.sha256), following.row.sha256
                told = self._decoder.decode(
                    following.row.sha256, following.row.media_type, content, following.index
                )
            except KnownError as error:
                with self._lock:
                    self._problems[following.key] = desk.texts.explain(error)
                    self._facts.setdefault(following.row.sha256, Facts(kind="unread"))
            else:
                with self._lock:
                    if self._case is not case:
                        return
                    if told.facts is not None:
                        self._facts[following.row.sha256] = told.facts
                    room = self._kept.put(following, told, order)
            self._told.emit(following)

    def _wanted(self, room: bool) -> Slide | None:
        if not self.slides:
            return None
        here = self.slides[self.at]
        ahead = nearest_first(self.slides, self.at, self._step) if room else [here]
        return next(
            (
                s
                for s in ahead
                if s.row.here and self._kept.get(s) is None and s.key not in self._problems
            ),
            None,
        )  # fmt: skip

    @Slot(object)
    def _arrived(self, slide: Slide) -> None:
        here = self.slide
        if here is None:
            return
        if self._case is not None and self._new_order():
            self._sort(self._case.attachments, here.key)
            self.placed.emit()
            here = self.slide
        if here is not None and here.key == slide.key:
            self._show()

    def _new_order(self) -> bool:
        """Tell whether what is known now puts pictures elsewhere: a file of several, or the last of a series."""
        counted = {s.row.sha256: 0 for s in self.slides}
        for slide in self.slides:
            counted[slide.row.sha256] += 1
        several = any(f.frames != counted.get(name, f.frames) for name, f in self._facts.items())
        unsorted = any(s.series == "" for s in self.slides)
        return several or (
            unsorted and all(s.row.sha256 in self._facts or not s.row.here for s in self.slides)
        )

    @Slot()
    def _ended(self) -> None:
        self._running = False
        slide = self.slide
        if (
            slide is not None
            and slide.row.here
            and self.ready(slide) is None
            and slide.key not in self._problems
        ):
            self._decode()

    @Slot()
    def _look_again(self) -> None:
        """Ask for the bytes that are missing and see how far they are."""
        slide = self.slide
        if slide is None or slide.row.here:
            self._look.stop()
            return
        desk, sha256 = self._context.desk, slide.row.sha256

        def work(_job: Job) -> tuple[str, bool, int]:
            blobs = desk.blobs
            if blobs.has(sha256):
                return sha256, True, blobs.size(sha256)
            want_file(desk.store, blobs, sha256)
            with desk.store.read() as connection:
                sent = connection.execute(
                    select(blob_state.c.sent).where(blob_state.c.sha256 == sha256)
                ).scalar()
            return sha256, False, int(sent or 0)

        self._context.jobs.read(work, "look for picture").succeeded.connect(self._looked)

    @Slot(object)
    def _looked(self, answer: Any) -> None:
        sha256, here, done = answer
        slide = self.slide
        if slide is None or slide.row.sha256 != sha256 or self._case is None:
            return
        if not here:
            self.waiting.emit(slide, done, slide.row.size)
            return
        rows = tuple(
            dataclasses.replace(r, here=True, done=r.size) if r.sha256 == sha256 else r
            for r in self._case.attachments
        )
        with self._lock:
            self._case = dataclasses.replace(self._case, attachments=rows)
        self._sort(rows, slide.key)
        self._show()
