"""The day as Qt's views ask for it: lines come page by page as somebody scrolls. QtCore only."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt, Signal, Slot

from client.station import Context
from client.stations.care_desk.bands import Cursor, Look, read_lines
from client.stations.care_desk.lines import Line
from domain.followup.definitions import FOLLOWUP, FollowUpContent
from domain.followup.own_content import content_in_force
from domain.kernel.errors import KnownError

LINE_ROLE = Qt.ItemDataRole.UserRole
PAGE = 60
MOST_RELOADED = 600
ROOT = QModelIndex()
Index = QModelIndex | QPersistentModelIndex
SPOKEN = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole)


class DayModel(QAbstractListModel):
    """`state_changed` tells ``loading``, ``ready``, ``empty`` or ``refused`` with the reason."""

    state_changed = Signal(str, str)
    loaded = Signal()

    def __init__(self, context: Context, say_line: Callable[[Line], str], parent: Any = None) -> None:
        super().__init__(parent)
        self._context = context
        self._say_line = say_line
        self._lines: list[Line] = []
        self._cursor: Cursor | None = None
        self._generation = 0
        self._loading = False
        self.content: FollowUpContent | None = None
        """Scripts and steps as they were in force when the day was read."""
        self.state = "loading"

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._lines)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        line = self._lines[index.row()]
        if role == LINE_ROLE:
            return line
        return self._say_line(line) if role in SPOKEN else None

    def canFetchMore(self, parent: Index = ROOT) -> bool:
        return not parent.isValid() and self._cursor is not None and not self._loading

    def fetchMore(self, parent: Index = ROOT) -> None:
        if self.canFetchMore(parent) and self._cursor is not None:
            self._read(self._cursor, PAGE, fresh=False)

    def line(self, row: int) -> Line | None:
        return self._lines[row] if 0 <= row < len(self._lines) else None

    def row_of(self, line: Line | None) -> int:
        """Return the number of a line among those loaded, -1 if it is not there."""
        return next((i for i, one in enumerate(self._lines) if line is not None and one.key == line.key), -1)

    def load(self) -> None:
        """Read the front of the day, or as much as is loaded, anew."""
        self._generation += 1
        if not self._lines:
            self._tell("loading")
        self._read(Cursor(), min(max(PAGE, len(self._lines)), MOST_RELOADED), fresh=True)

    def refresh_times(self) -> None:
        """Tell the view that what is left until the due times has changed."""
        if self._lines:
            self.dataChanged.emit(self.index(0), self.index(len(self._lines) - 1))

    def _read(self, cursor: Cursor, wanted: int, *, fresh: bool) -> None:
        self._loading = True
        desk, actor, generation = self._context.desk, self._context.actor, self._generation

        def work(_job: Any) -> Any:
            with desk.store.read() as connection:
                content = content_in_force(connection, desk.dispatcher.content[FOLLOWUP])
                found = read_lines(Look(connection, actor, desk.clock()), cursor, wanted)
                return generation, fresh, found, content

        job = self._context.jobs.read(work, "care desk")
        job.succeeded.connect(self._take)
        job.refused.connect(self._refuse)

    @Slot(object)
    def _take(self, answer: tuple[int, bool, tuple[list[Line], Cursor | None], FollowUpContent]) -> None:
        generation, fresh, (lines, cursor), self.content = answer
        if generation != self._generation:
            return
        self._loading = False
        if fresh:
            self.beginResetModel()
            self._lines = list(lines)
            self.endResetModel()
        elif lines:
            self.beginInsertRows(ROOT, len(self._lines), len(self._lines) + len(lines) - 1)
            self._lines.extend(lines)
            self.endInsertRows()
        self._cursor = cursor
        self._tell("ready" if self._lines else "empty")
        self.loaded.emit()

    @Slot(object)
    def _refuse(self, error: KnownError) -> None:
        self._loading = False
        self._tell("refused", self._context.desk.texts.explain(error))

    def _tell(self, state: str, reason: str = "") -> None:
        self.state = state
        self.state_changed.emit(state, reason)
