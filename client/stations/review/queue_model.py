"""The queue as Qt's views ask for it: rows come page by page as somebody scrolls. QtCore only."""

from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt, QTimer, Signal, Slot

from client.station import Context
from client.stations.review.case import CaseKey
from client.stations.review.queue import (
    Chosen,
    Cursor,
    QueuePage,
    read_counts,
    read_page,
    reasons,
)
from client.stations.review.queue_rows import QueueRow
from domain.kernel.errors import KnownError

ROW_ROLE = Qt.ItemDataRole.UserRole
PAGE = 60
TICK_MS = 20_000
MOST_RELOADED = 600
ROOT = QModelIndex()
Index = QModelIndex | QPersistentModelIndex


class CaseQueue(QAbstractListModel):
    """`state_changed` tells ``loading``, ``ready``, ``empty`` or ``refused`` with the reason."""

    counts_changed = Signal()

    state_changed = Signal(str, str)
    loaded = Signal()

    def __init__(self, context: Context, say: Any, parent: Any = None) -> None:
        super().__init__(parent)
        self._context = context
        self._say_row = say
        self._rows: list[QueueRow] = []
        self._cursor: Cursor | None = None
        self._generation = 0
        self._loading = False
        self.reasons = reasons(context.actor)
        self.counts: dict[str, int] = {}
        self.chosen = Chosen(self.reasons[0] if self.reasons else "all")
        self.state = "loading"
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == ROW_ROLE:
            return row
        if role in (
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.AccessibleTextRole,
            Qt.ItemDataRole.ToolTipRole,
        ):
            return self._say_row(row)
        return None

    def canFetchMore(self, parent: Index = ROOT) -> bool:
        return not parent.isValid() and self._cursor is not None and not self._loading

    def fetchMore(self, parent: Index = ROOT) -> None:
        if self.canFetchMore(parent) and self._cursor is not None:
            self._read(self._cursor, PAGE, fresh=False)

    def fetch_ahead(self, key: CaseKey | None, rows: int) -> None:
        """Read on when `key` comes close to the end of what is loaded, whether or not anybody scrolls."""
        at = self.row_of(key)
        if at >= 0 and at + rows >= len(self._rows):
            self.fetchMore()

    def row(self, number: int) -> QueueRow:
        return self._rows[number]

    def case_keys(self, first: int = 0, count: int | None = None) -> list[CaseKey]:
        """Return the keys of some loaded rows."""
        return [r.key for r in self._rows[first : None if count is None else first + count]]

    def row_of(self, key: CaseKey | None) -> int:
        """Return the number of a case's row among those loaded, -1 if it is not there."""
        return next((i for i, r in enumerate(self._rows) if r.key == key), -1)

    def after(self, key: CaseKey | None, step: int = 1) -> CaseKey | None:
        """Return the case `step` rows on from `key`; the first one if `key` is not in the queue."""
        at = self.row_of(key)
        wanted = at + step if at >= 0 else 0
        return self._rows[wanted].key if 0 <= wanted < len(self._rows) else None

    def start(self) -> None:
        """Read the queue and keep its times fresh."""
        self.load()
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    def choose(self, reason: str) -> None:
        """Show only the cases that wait for one reason."""
        if reason not in self.reasons:
            return
        self.chosen = Chosen(reason)
        self.beginResetModel()
        self._rows, self._cursor = [], None
        self.endResetModel()
        self.counts_changed.emit()
        self.load()

    def next_reason(self) -> None:
        """Go to the next reason that any case waits for."""
        at = self.reasons.index(self.chosen.reason)
        for reason in self.reasons[at + 1 :] + self.reasons[: at + 1]:
            if reason in {"all", "issued"} or self.counts.get(reason):
                self.choose(reason)
                return

    def load(self) -> None:
        """Read the front of the queue, or as much as is loaded, anew; and how many wait for each reason."""
        self._generation += 1
        if not self._rows:
            self._tell("loading")
        self._read(Cursor(), min(max(PAGE, len(self._rows)), MOST_RELOADED), fresh=True)

    def drop(self, key: CaseKey) -> None:
        """Take a case out at once that was just passed on; the next reading confirms it."""
        at = self.row_of(key)
        if at >= 0:
            self.beginRemoveRows(ROOT, at, at)
            del self._rows[at]
            self.endRemoveRows()

    def refresh_times(self) -> None:
        """Tell the view that what is left until the due times has changed."""
        if self._rows:
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))

    def _count(self) -> None:
        desk, actor = self._context.desk, self._context.actor
        job = self._context.jobs.read(lambda _job: read_counts(desk, actor), "review counts")
        job.succeeded.connect(self._counted)

    @Slot(object)
    def _counted(self, counts: dict[str, int]) -> None:
        if counts != self.counts:
            self.counts = counts
            self.counts_changed.emit()

    @Slot()
    def _tick(self) -> None:
        self.refresh_times()
        self._count()

    def _read(self, cursor: Cursor, wanted: int, *, fresh: bool) -> None:
        self._loading = True
        desk, actor, chosen, generation = (
            self._context.desk,
            self._context.actor,
            self.chosen,
            self._generation,
        )
        job = self._context.jobs.read(
            lambda _job: (generation, fresh, read_page(desk, actor, chosen, cursor, wanted)), "review queue"
        )
        job.succeeded.connect(self._take)
        job.refused.connect(self._refuse)

    @Slot(object)
    def _take(self, answer: tuple[int, bool, QueuePage]) -> None:
        generation, fresh, page = answer
        if generation != self._generation:
            return
        self._loading = False
        if fresh:
            self._replace(page)
            self._count()
        elif page.rows:
            self.beginInsertRows(ROOT, len(self._rows), len(self._rows) + len(page.rows) - 1)
            self._rows.extend(page.rows)
            self.endInsertRows()
        self._cursor = page.cursor
        self._tell("ready" if self._rows else "empty")
        self.loaded.emit()

    def _replace(self, page: QueuePage) -> None:
        if [r.key for r in page.rows] == [r.key for r in self._rows]:
            self._rows = list(page.rows)
            self.refresh_times()
            return
        self.beginResetModel()
        self._rows = list(page.rows)
        self.endResetModel()

    @Slot(object)
    def _refuse(self, error: KnownError) -> None:
        self._loading = False
        self._tell("refused", self._context.desk.texts.explain(error))

    def _tell(self, state: str, reason: str = "") -> None:
        self.state = state
        self.state_changed.emit(state, reason)
