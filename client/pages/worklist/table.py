"""The table behind a worklist page: all rows have their place, those around what is looked at are in memory.

The first rows are there after one small reading; where the others begin is found in the background while the first
are looked at, and from then on any place of a million rows is one small reading away. QtCore only.
"""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal, Slot

from client.background import Job, while_there
from client.live import Changed
from client.pages.worklist import cells
from client.pages.worklist.following import Follower
from client.pages.worklist.leaves import Leaf, Leaves, leaves_of_ids, leaves_of_marks
from client.pages.worklist.reading import FIRST_WALK, MOST_WALKED, Beginning, Reading, Renewed
from client.station import Context
from domain.kernel.columns import Mask
from domain.kernel.errors import KnownError
from domain.kernel.keyset import Mark
from domain.kernel.worklists import Filter, ListColumn, Row, Worklist

ID_ROLE = Qt.ItemDataRole.UserRole
TONE_ROLE = Qt.ItemDataRole.UserRole + 1
VALUE_ROLE = Qt.ItemDataRole.UserRole + 2
UNSORTABLE = frozenset({"JsonText", "LargeBinary"})
NOT_YET = "…"

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()


class WorklistTable(QAbstractTableModel):
    """Rows of one worklist for one person. `state_changed` tells ``loading``, ``ready``, ``empty`` or ``refused``."""

    state_changed = Signal(str, str)
    reloaded = Signal()
    counted = Signal()
    """How many rows there are, or how far counting them is, has changed."""

    def __init__(self, context: Context, listing: Worklist, parent: Any = None) -> None:
        super().__init__(parent)
        self._context = context
        self.listing = listing
        self.columns: tuple[ListColumn, ...] = tuple(c for c in listing.columns if c.kind != "Id16")
        self._positions = {c.name: i for i, c in enumerate(listing.columns)}
        self.leaves = Leaves()
        self._generation = 0
        self._jobs: list[Job] = []
        self._sight = (0, 0)
        self._filling: Leaf | None = None
        self.filters: tuple[Filter, ...] = ()
        self.order = ("-" if listing.descending else "") + listing.order
        self.state = "loading"
        self.reason = ""
        self.complete = False
        """Whether every row has its place, so that their number is exact."""
        self.sorted_so_far = -1
        """How many rows were read to sort them, where no index has the order; -1 when nothing is being sorted."""
        self.selected: Callable[[], Row | None] = lambda: None
        self.follower = Follower(self, context.jobs)

    # What Qt asks

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else self.leaves.total

    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = self.row(index.row()), self.columns[index.column()]
        if row is None:
            return NOT_YET if role == Qt.ItemDataRole.DisplayRole else None
        value = row.values[self._positions[column.name]]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._marked(row, index.column(), role, self.text_of(column, value))
        if role == TONE_ROLE:
            if row.disputes and index.column() == 0:
                return "danger"
            return cells.tone_of(self._context, column, value)
        if role == ID_ROLE:
            return row.id
        if role == VALUE_ROLE:
            return value
        if role == Qt.ItemDataRole.TextAlignmentRole and self._to_the_right(index.column()):
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def _marked(self, row: Row, at: int, role: int, text: str) -> str:
        """Mark a row whose client or tube has safety values in dispute; the tip tells all values."""
        if not row.disputes:
            return text
        told = self._context.formatter.disputes(row.disputes)
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{text}\n{self._context.say('worklist.disputed', disputes=told)}"
        return f"⚠ {text}" if at == 0 else text

    def _to_the_right(self, at: int) -> bool:
        """Numbers stand to the right; the last column is as wide as the window leaves it, so there they do not."""
        return cells.is_number(self.columns[at]) and at < len(self.columns) - 1

    def headerData(self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if way is not Qt.Orientation.Horizontal or section >= len(self.columns):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.columns[section].label
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column in the store, not in memory; one the reader may not see does not sort."""
        if 0 <= column < len(self.columns) and self.sortable(column):
            self.order = ("-" if order == Qt.SortOrder.DescendingOrder else "") + self.columns[column].name
            self.load()

    # What the page asks

    @property
    def order_label(self) -> str:
        """The title of the column that the rows are sorted by."""
        name = self.order.removeprefix("-")
        return next((c.label for c in self.listing.columns if c.name == name), name)

    def row(self, number: int) -> Row | None:
        """Return a row, None while it is not in memory."""
        return self.leaves.row(number)

    def row_of(self, record_id: Any) -> int:
        """Return the number of a record's row among those in memory, -1 if it is not there."""
        for leaf, at, row in self.leaves.rows():
            if row.id == record_id:
                return self.leaves.start_of(leaf) + at
        return -1

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
        return cells.text_of(self._context, column, value)

    def load(self) -> None:
        """Forget everything and read the list from its beginning, in the present order and conditions."""
        self._anew()
        self.beginResetModel()
        self.leaves = Leaves()
        self.endResetModel()
        self._say("loading")
        reading, generation = self.reading(), self._generation
        self._ask(lambda _job: (generation, reading.begin()), self._begun)

    def reload(self) -> None:
        """Read the list anew in the background; what is shown stays until that is done."""
        self._anew()
        reading, generation, keep = self.reading(), self._generation, self.selected()
        job = self._ask(lambda job: (generation, reading.renew(job, keep)), self._renewed)
        job.progressed.connect(self._sorting)

    def look_at(self, first: int, last: int) -> None:
        """Say which rows are in sight: they and those around them are read, the nearest first."""
        self._sight = (first, last)
        self._fill()

    def follow(self, changed: Changed, others: frozenset[str]) -> None:
        """Bring up to date what is shown of changed records; `others` are joined to the list's own."""
        self.follower.follow(changed, self.listing.record.record_info.entity, others)

    def refresh_times(self) -> None:
        """Tell the view that what is left until a deadline has changed."""
        names = [c.name for c in self.columns]
        if "due_at" in names and self.leaves.total:
            at = names.index("due_at")
            self.dataChanged.emit(self.index(0, at), self.index(self.leaves.total - 1, at))

    def close(self) -> None:
        """Let nothing be read any more."""
        self._anew()
        self.follower.stop()

    # Reading

    @property
    def generation(self) -> int:
        """Rises when the list is read anew: answers to older questions are let fall."""
        return self._generation

    def reading(self) -> Reading:
        """Return the way the list is looked at now."""
        return Reading(
            self._context.desk.pages, self.listing, self._context.actor, self.filters, self.order,
            self._context.desk.settings.page_rows,
        )  # fmt: skip

    def _anew(self) -> None:
        self._generation += 1
        self._filling = None
        self.sorted_so_far = -1
        for job in self._jobs:
            job.cancel()
        self._jobs = []
        self.follower.forget()

    def _ask(self, work: Callable[[Job], Any], take: Any) -> Job:
        job = self._context.jobs.read(work, f"worklist {self.listing.name}")
        job.succeeded.connect(while_there(self, take))
        job.refused.connect(self._refuse)
        self._jobs = [*self._jobs[-4:], job]
        return job

    @Slot(object)
    def _begun(self, answer: tuple[int, Beginning]) -> None:
        generation, found = answer
        if generation != self._generation:
            return
        first = Leaf(len(found.rows), found.rows[-1].key if found.more else None, rows=found.rows)
        self._replace(Leaves([first], falling=self.reading().falling), complete=not found.more)
        if found.more and found.walks:
            self._walk(FIRST_WALK)
        elif found.more:
            self._sort()

    def _walk(self, limit: int) -> None:
        reading, generation, after = self.reading(), self._generation, self.leaves.last.until
        self._ask(lambda _job: (generation, limit, reading.walk(after, limit)), self._walked)

    @Slot(object)
    def _walked(self, answer: tuple[int, int, list[Mark]]) -> None:
        generation, limit, marks = answer
        if generation != self._generation:
            return
        added = sum(m.rows for m in marks)
        if added:
            first = self.leaves.total
            self.beginInsertRows(ROOT, first, first + added - 1)
            self.leaves.append(leaves_of_marks(marks))
            self.endInsertRows()
        self.complete = added < limit
        if self.complete:
            self.leaves.last.until = None
        else:
            self._walk(min(2 * limit, MOST_WALKED))
        self.counted.emit()
        self._fill()

    def _sort(self) -> None:
        reading, generation = self.reading(), self._generation
        self._sorting(0, 0)
        job = self._ask(lambda job: (generation, reading.sort(job)), self._sorted)
        job.progressed.connect(self._sorting)

    @Slot(int, int)
    def _sorting(self, read: int, _total: int) -> None:
        self.sorted_so_far = read
        self.counted.emit()

    @Slot(object)
    def _sorted(self, answer: tuple[int, bytes]) -> None:
        generation, ids = answer
        if generation != self._generation:
            return
        leaves = Leaves(leaves_of_ids(ids, self.reading().every))
        shown = self.leaves.last.rows
        first = leaves.at(0)[0]
        if shown and first.ids == b"".join(row.id.bytes for row in shown):
            leaves.load(first, shown)
        self._replace(leaves, complete=True)

    @Slot(object)
    def _renewed(self, answer: tuple[int, Renewed | None]) -> None:
        generation, found = answer
        if generation == self._generation and found is not None:
            self._replace(found.leaves, complete=True)

    def _replace(self, leaves: Leaves, *, complete: bool) -> None:
        self.sorted_so_far = -1
        if not self._same(leaves):
            self.beginResetModel()
            self.leaves = leaves
            self.endResetModel()
        self.complete = complete
        self._say("ready" if self.leaves.total else "empty")
        self.counted.emit()
        self.reloaded.emit()
        self._fill()

    def _same(self, leaves: Leaves) -> bool:
        """Take over the rows of a list whose places are as before, so that nothing moves on the screen."""
        old, new = self.leaves.last, leaves.last
        if len(leaves) != 1 or len(self.leaves) != 1 or old.rows is None or new.rows is None:
            return False
        if not old.rows or [r.id for r in old.rows] != [r.id for r in new.rows]:
            return False
        self.leaves = leaves
        self._tell_changed(0, len(new.rows))
        return True

    # What is looked at

    @Slot()
    def _fill(self) -> None:
        """Read one leaf that is in sight, or near it, and not in memory; its answer reads the next."""
        if self._filling is not None or not self.leaves.total:
            return
        first, last = self._sight
        every = self.reading().every
        seen = self.leaves.covering(first, last)
        for leaf in seen:
            self.leaves.touch(leaf) if leaf.rows is not None else None
        near = self.leaves.covering(first - every // 2, last + every // 2)
        wanted = next((leaf for leaf in [*seen, *near] if leaf.rows is None or leaf.stale), None)
        if wanted is None:
            return
        self._filling = wanted
        reading, generation, after = self.reading(), self._generation, self.leaves.after_of(wanted)
        self._ask(lambda _job: (generation, wanted, reading.fill(wanted, after)), self._filled)

    @Slot(object)
    def _filled(self, answer: tuple[int, Leaf, list[Row]]) -> None:
        generation, leaf, rows = answer
        if generation != self._generation:
            return
        self._filling = None
        if self.leaves.has(leaf):
            self.put(leaf, rows)
        self._fill()

    def put(self, leaf: Leaf, rows: list[Row]) -> None:
        """Show a leaf as it was read: rows that came, went or moved are told one by one, so that selections stay."""
        start = self.leaves.start_of(leaf)
        if leaf.rows is None:
            self.resize(leaf, len(rows))
        else:
            self._merge(leaf, rows, start)
        self.leaves.load(leaf, rows)
        self._tell_changed(start, len(rows))

    def resize(self, leaf: Leaf, count: int) -> None:
        """Give a leaf that is not in memory another number of rows."""
        end = self.leaves.start_of(leaf) + leaf.count
        if count > leaf.count:
            self.beginInsertRows(ROOT, end, end + count - leaf.count - 1)
            self.leaves.recount(leaf, count)
            self.endInsertRows()
        elif count < leaf.count:
            self.beginRemoveRows(ROOT, end - (leaf.count - count), end - 1)
            self.leaves.recount(leaf, count)
            self.endRemoveRows()

    def _merge(self, leaf: Leaf, rows: list[Row], start: int) -> None:
        shown = leaf.rows
        assert shown is not None  # noqa: S101  (only what is in memory is merged)
        coming = {row.id: row.key for row in rows}
        for at in range(len(shown) - 1, -1, -1):
            if coming.get(shown[at].id) != shown[at].key:
                self.beginRemoveRows(ROOT, start + at, start + at)
                del shown[at]
                self.leaves.recount(leaf, len(shown))
                self.endRemoveRows()
        for at, row in enumerate(rows):
            if at >= len(shown) or shown[at].id != row.id:
                self.beginInsertRows(ROOT, start + at, start + at)
                shown.insert(at, row)
                self.leaves.recount(leaf, len(shown))
                self.endInsertRows()

    def tell_row(self, leaf: Leaf, at: int) -> None:
        """Tell the view that one row has other values."""
        self._tell_changed(self.leaves.start_of(leaf) + at, 1)

    def settled(self) -> None:
        """Tell the page that a change of records has been brought to the screen."""
        self._say("ready" if self.leaves.total else "empty")
        self.counted.emit()
        self.reloaded.emit()
        self._fill()

    def _tell_changed(self, start: int, count: int) -> None:
        if count:
            self.dataChanged.emit(self.index(start, 0), self.index(start + count - 1, len(self.columns) - 1))

    @Slot(object)
    def _refuse(self, error: KnownError) -> None:
        self._filling = None
        self._say("refused", self._context.desk.texts.explain(error))

    def _say(self, state: str, reason: str = "") -> None:
        self.state, self.reason = state, reason
        self.state_changed.emit(state, reason)
