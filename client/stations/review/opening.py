"""Which case lies open: asked for, shown, followed while others work on it; the next ones ahead. QtCore only."""

from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from client.live import Changed
from client.station import Context
from client.stations.review.case import UNWRITTEN, Case, CaseKey
from client.stations.review.loading import Loader, Opened
from client.stations.review.queue_model import CaseQueue
from client.stations.review.writing import Writing
from domain.kernel.errors import KnownError

SETTLE_MS = 400
"""A case that has just come up cannot be passed on at once: a key that bounced must not sign what nobody saw."""
LIVE_MS = 400
SHOWN_MS = 60
"""Reading behind a case waits until it is painted: both would only slow each other down."""
QUEUED = frozenset({"report", "visit", "critical_value", "finding", "patient"})
WATCHED = QUEUED | {
    "observation",
    "review_step",
    "attachment",
    "attachment_removal",
    "questionnaire_response",
}
AHEAD = 3
FETCH_AHEAD = 15


class Opening(QObject):
    """The open case. `taken` comes before anybody shows it, so that what hangs on it is ready by then."""

    state = Signal(str, str)
    """``empty``, ``loading``, ``ready`` or ``refused`` with the reason."""
    taken = Signal(object, bool)
    shown = Signal(object, bool)
    """The case, and whether it is another one than before."""
    moved_on = Signal(object)
    """Somebody else has taken the open case into another state."""
    changed = Signal()

    def __init__(
        self, context: Context, queue: CaseQueue, writing: Writing, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._context = context
        self._queue = queue
        self._writing = writing
        self.loader = Loader(context, writing.read_draft, self)
        self.case: Case | None = None
        self.wanted: CaseKey | None = None
        self.settle_ms = SETTLE_MS
        self.settled = False
        self.held = False
        """Set while an act runs, so that nothing is read anew below it."""
        self._live_due: set[str] = set()
        self._settle_timer = self._once(self._settle)
        self._live_timer = self._once(self._follow_live)
        self._shown_timer = self._once(self._look_around)
        self.loader.opened.connect(self._opened)
        self.loader.renewed.connect(self._renewed)
        self.loader.refused.connect(self._refused)
        queue.loaded.connect(self._queue_loaded)

    def open(self, key: CaseKey) -> None:
        """Show a case; at once if it was loaded ahead."""
        if key == self.wanted and self.case is not None:
            return
        self._writing.keep()
        self.wanted = key
        if not self.loader.open(key):
            self.state.emit("loading", "")

    def skip(self, step: int = 1) -> bool:
        """Go to the next case of the queue; returns whether there is one."""
        key = self._queue.after(self.wanted, step)
        if key is not None:
            self.open(key)
        return key is not None

    def leave_for_next(self, case: Case) -> None:
        """Go on to the next case; this one is done with and leaves the queue at once."""
        self.loader.forget(case.key)
        following = self._queue.after(case.key) or self._queue.after(case.key, -1)
        self._queue.drop(case.key)
        self.case, self.wanted = None, None
        self._writing.leave()
        if following is not None and following != case.key:
            self.open(following)
        else:
            self.state.emit("empty", "")

    def stay_with(self, key: CaseKey) -> None:
        """Go on with the same case under the key it has now."""
        if self.wanted is not None:
            self.loader.forget(self.wanted)
        self.wanted = key
        self.renew()

    @Slot()
    def renew(self) -> None:
        """Read the open case again."""
        if self.wanted is not None:
            self.loader.renew(self.wanted)

    def follow(self, changed: Changed) -> None:
        """Follow the log, at most a few times a second however much arrives."""
        self._live_due |= changed.entities & WATCHED
        if not self._live_timer.isActive():
            self._live_timer.start(LIVE_MS)

    def tell_state(self) -> None:
        """Say again how it stands, for a view that has just come up."""
        if self.case is None:
            self.state.emit("empty" if self.wanted is None else "loading", "")

    def close(self) -> None:
        self._writing.keep()
        for timer in (self._settle_timer, self._live_timer, self._shown_timer):
            timer.stop()
        self.loader.clear()

    def _once(self, slot: Any) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.timeout.connect(slot)
        return timer

    @Slot()
    def _queue_loaded(self) -> None:
        if self.wanted is None and self._queue.rowCount():
            self.open(self._queue.row(0).key)
        else:
            self._load_ahead()
        self.changed.emit()

    @Slot()
    def _follow_live(self) -> None:
        due, self._live_due = self._live_due, set()
        if due & QUEUED:
            self._queue.load()
        if not self.held:
            self.renew()

    @Slot(object)
    def _opened(self, opened: Opened) -> None:
        if opened.key != self.wanted:
            return
        case = opened.case
        fresh = self.case is None or self.case.visit_id != case.visit_id
        self.wanted, self.case = case.key, case
        if fresh:
            self.settled = False
            self._settle_timer.start(self.settle_ms)
        self._writing.show(case, opened.draft)
        self.taken.emit(case, fresh)
        self.shown.emit(case, fresh)
        self.state.emit("ready", "")
        self._shown_timer.start(SHOWN_MS)

    @Slot(object)
    def _renewed(self, opened: Opened) -> None:
        if self.case is None or opened.key != self.wanted or opened.case == self.case:
            return
        before, self.case = self.case, opened.case
        self.wanted = opened.case.key
        self._writing.follow(opened.case)
        if opened.case.state != before.state and before.state != UNWRITTEN:
            self.moved_on.emit(opened.case)
        self.taken.emit(opened.case, False)
        self.shown.emit(opened.case, False)

    @Slot(object, object)
    def _refused(self, key: CaseKey, error: KnownError) -> None:
        if key == self.wanted:
            self.case = None
            self._writing.leave()
            self.state.emit("refused", self._context.desk.texts.explain(error))
            self.changed.emit()

    @Slot()
    def _look_around(self) -> None:
        """Once a case is painted: see whether it is still so in the store, and read the next ones ahead."""
        self.renew()
        self._load_ahead()

    def _load_ahead(self) -> None:
        self._queue.fetch_ahead(self.wanted, FETCH_AHEAD)
        self.loader.ahead(self._queue.case_keys(self._queue.row_of(self.wanted) + 1, AHEAD))

    @Slot()
    def _settle(self) -> None:
        self.settled = True
        self.changed.emit()
