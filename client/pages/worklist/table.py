"""The table behind a worklist page: reads page by page by key, in the background, as far as somebody scrolls.

Nothing is counted and nothing is skipped over, so the first page of a million rows costs as much as that of ten.
QtCore only.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal, Slot

from client.background import Job
from client.station import Context
from domain.kernel.columns import Mask
from domain.kernel.errors import KnownError
from domain.kernel.worklists import Filter, ListColumn, Page, Row, Worklist

ID_ROLE = Qt.ItemDataRole.UserRole
TONE_ROLE = Qt.ItemDataRole.UserRole + 1
VALUE_ROLE = Qt.ItemDataRole.UserRole + 2
MOST_ROWS = 50_000
"""Nobody scrolls further; the page then asks for a filter, the export has no limit."""
MOST_RELOADED = 5_000
NUMBERS = frozenset({"BigInteger", "Integer", "Float"})
UNSORTABLE = frozenset({"JsonText", "LargeBinary"})

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one reading brought; `generation` tells answers that came too late."""

    generation: int
    rows: tuple[Row, ...]
    next_key: tuple[Any, Any] | None
    fresh: bool


class WorklistTable(QAbstractTableModel):
    """Rows of one worklist for one person. `state_changed` tells ``loading``, ``ready``, ``empty`` or ``refused``."""

    state_changed = Signal(str, str)
    reloaded = Signal()

    def __init__(self, context: Context, listing: Worklist, parent: Any = None) -> None:
        super().__init__(parent)
        self._context = context
        self.listing = listing
        self.columns: tuple[ListColumn, ...] = tuple(c for c in listing.columns if c.kind != "Id16")
        self._positions = {c.name: i for i, c in enumerate(listing.columns)}
        self._rows: list[Row] = []
        self._next_key: tuple[Any, Any] | None = None
        self._generation = 0
        self._loading = False
        self.filters: tuple[Filter, ...] = ()
        self.order = ("-" if listing.descending else "") + listing.order
        self.state = "loading"
        self.reason = ""

    # What Qt asks

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = self._rows[index.row()], self.columns[index.column()]
        value = row.values[self._positions[column.name]]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self.text_of(column, value)
        if role == TONE_ROLE:
            return self._tone(column, value)
        if role == ID_ROLE:
            return row.id
        if role == VALUE_ROLE:
            return value
        if role == Qt.ItemDataRole.TextAlignmentRole and column.kind in NUMBERS:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def headerData(self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if way is not Qt.Orientation.Horizontal or section >= len(self.columns):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.columns[section].label
        return None

    def canFetchMore(self, parent: Index = ROOT) -> bool:
        more = self._next_key is not None and len(self._rows) < MOST_ROWS
        return not parent.isValid() and more and not self._loading

    def fetchMore(self, parent: Index = ROOT) -> None:
        if self.canFetchMore(parent):
            self._read(self._next_key, self._context.desk.settings.page_rows)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column in the store, not in memory; one the reader may not see does not sort."""
        if 0 <= column < len(self.columns) and self.sortable(column):
            self.order = ("-" if order == Qt.SortOrder.DescendingOrder else "") + self.columns[column].name
            self.load()

    # What the page asks

    @property
    def cut(self) -> bool:
        """Whether there is more than this table will ever load."""
        return self._next_key is not None and len(self._rows) >= MOST_ROWS

    @property
    def complete(self) -> bool:
        """Whether every row there is has been loaded."""
        return self._next_key is None and not self._loading

    def row(self, number: int) -> Row:
        return self._rows[number]

    def row_of(self, record_id: Any) -> int:
        """Return the number of a record's row among those loaded, -1 if it is not there."""
        return next((i for i, row in enumerate(self._rows) if row.id == record_id), -1)

    def values_of(self, number: int) -> dict[str, Any]:
        """Return a row's values by column name, as the reader may see them."""
        return {c.name: self._rows[number].values[i] for i, c in enumerate(self.listing.columns)}

    def sortable(self, column: int) -> bool:
        """Tell whether the reader may sort and filter by a column: not by what is masked for them."""
        found = self.columns[column]
        return found.kind not in UNSORTABLE and self.clear(found)

    def clear(self, column: ListColumn) -> bool:
        """Tell whether the reader sees a column unmasked."""
        info = column.info
        return info is None or info.sensitivity <= self._context.actor.clearance or info.mask is Mask.NAME

    def text_of(self, column: ListColumn, value: Any) -> str:
        """Return a cell's text."""
        if column.name == "due_at" and isinstance(value, datetime):
            return self._context.formatter.due(value, self._context.desk.clock())[0]
        entity = self.listing.record.record_info.entity
        return self._context.formatter.value(value, entity, column.name)

    def load(self) -> None:
        """Read the first page anew and forget what was loaded."""
        self._generation += 1
        self._loading = False
        self.beginResetModel()
        self._rows, self._next_key = [], None
        self.endResetModel()
        self._read(None, self._context.desk.settings.page_rows)

    def reload(self, seen_rows: int) -> None:
        """Read again what was loaded, as far as it is looked at (`seen_rows`), without emptying the table."""
        self._generation += 1
        wanted = min(max(seen_rows, self._context.desk.settings.page_rows), MOST_RELOADED)
        self._read(None, wanted, fresh=True)

    def refresh_times(self) -> None:
        """Tell the view that what is left until a deadline has changed."""
        names = [c.name for c in self.columns]
        if "due_at" in names and self._rows:
            at = names.index("due_at")
            self.dataChanged.emit(self.index(0, at), self.index(len(self._rows) - 1, at))

    # Reading

    def _read(self, after: tuple[Any, Any] | None, wanted: int, *, fresh: bool = False) -> None:
        self._loading = True
        if not self._rows:
            self._say("loading")
        work = self._reading(self._generation, after, wanted, fresh or after is None)
        job = self._context.jobs.read(work, f"worklist {self.listing.name}")
        job.succeeded.connect(self._take)
        job.refused.connect(self._refuse)

    def _reading(
        self, generation: int, after: tuple[Any, Any] | None, wanted: int, fresh: bool
    ) -> Callable[[Job], Fetched]:
        pages, listing, actor = self._context.desk.pages, self.listing, self._context.actor
        filters, order = self.filters, self.order

        def work(job: Job) -> Fetched:
            rows: list[Row] = []
            key = after
            while not job.cancelled:
                page: Page = pages.page(
                    listing,
                    actor,
                    filters=filters,
                    order=order,
                    after=key,
                    limit=min(500, wanted - len(rows)),
                )
                rows += page.rows
                key = page.next_key
                if key is None or len(rows) >= wanted:
                    break
            return Fetched(generation, tuple(rows), key, fresh)

        return work

    @Slot(object)
    def _take(self, found: Fetched) -> None:
        if found.generation != self._generation:
            return
        self._loading = False
        if found.fresh:
            self._replace(found)
        elif found.rows:
            first = len(self._rows)
            self.beginInsertRows(ROOT, first, first + len(found.rows) - 1)
            self._rows.extend(found.rows)
            self._next_key = found.next_key
            self.endInsertRows()
        else:
            self._next_key = None
        self._say("ready" if self._rows else "empty")

    def _replace(self, found: Fetched) -> None:
        same = [r.id for r in found.rows] == [r.id for r in self._rows]
        if same:
            self._rows, self._next_key = list(found.rows), found.next_key
            if self._rows:
                self.dataChanged.emit(
                    self.index(0, 0), self.index(len(self._rows) - 1, len(self.columns) - 1)
                )
            return
        self.beginResetModel()
        self._rows, self._next_key = list(found.rows), found.next_key
        self.endResetModel()
        self.reloaded.emit()

    @Slot(object)
    def _refuse(self, error: KnownError) -> None:
        self._loading = False
        self._say("refused", self._context.desk.texts.explain(error))

    def _say(self, state: str, reason: str = "") -> None:
        self.state, self.reason = state, reason
        self.state_changed.emit(state, reason)

    def _tone(self, column: ListColumn, value: Any) -> str:
        if column.name == "due_at" and isinstance(value, datetime):
            return self._context.formatter.due(value, self._context.desk.clock())[1]
        if column.name in {"severity", "important_class"} and str(value) in {"urgent", "A"}:
            return "danger"
        return ""
