"""The widgets of the life line: verdict, picture, and below it every event as a table."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Slot
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QFileDialog, QGraphicsView, QHeaderView, QLabel, QSplitter, QTableView, QWidget

from client.appearance import Colours
from client.pages.lifeline.rows import Ticks
from client.pages.lifeline.viewmodel import LifeLine, ViewModel
from client.pages.lifeline.widgets import Picture
from client.views.application import COLOURS
from client.views.page import PageView

COLUMNS = ("at", "number", "kind", "who", "place", "facts", "broken")
ZOOM = 1.2
Index = QModelIndex | QPersistentModelIndex


class Events(QAbstractTableModel):
    """Every event of the family, the earliest first; `moment` writes times as the clinic does."""

    def __init__(self, events: tuple[dict[str, Any], ...], heads: tuple[str, ...], parent: QWidget) -> None:
        super().__init__(parent)
        self._events, self._heads, self._tick = events, heads, Ticks()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  (Qt's signature)
        return 0 if parent.isValid() else len(self._events)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  (Qt's signature)
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        event, name = self._events[index.row()], COLUMNS[index.column()]
        if name == "at":
            return self._tick(event["moment"])
        return f"✕ {event['broken']}" if name == "broken" and event["broken"] else event[name]

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return self._heads[section]
        return None


class Canvas(QGraphicsView):
    """The picture: arrows go from tube to tube, left to the parent, right to the first child, + and - enlarge."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("lifeline_picture")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.SmartViewportUpdate)
        self.setDragMode(QGraphicsView.DragMode.ScrollHandDrag)
        self.picture: Picture | None = None
        self.row = 0

    def show_picture(self, picture: Picture, row: int) -> None:
        """Show a family with one tube chosen."""
        before, self.picture = self.picture, picture
        self.setScene(picture)
        if before is not None:
            before.deleteLater()
        self.go(row)

    def go(self, row: int) -> None:
        """Choose a row and bring it into sight."""
        item = None if self.picture is None else self.picture.choose(row)
        if item is None:
            return
        self.row = item.row
        self.setAccessibleName(f"{item.tube.number} {item.tube.words}")
        box = item.mapToScene(item.indent(), 0)
        self.ensureVisible(box.x(), box.y(), 320, 34, 40, 60)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move by keys; what is not taken goes on to the page."""
        if self.picture is None:
            super().keyPressEvent(event)
            return
        tubes = self.picture.tubes
        page = max(1, self.viewport().height() // 34 - 1)
        steps = {
            Qt.Key.Key_Up: self.row - 1, Qt.Key.Key_Down: self.row + 1, Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: len(tubes) - 1, Qt.Key.Key_PageUp: self.row - page, Qt.Key.Key_PageDown: self.row + page,
            Qt.Key.Key_Left: tubes[self.row].parent if tubes and tubes[self.row].parent >= 0 else self.row,
            Qt.Key.Key_Right: self.picture.first_child(self.row),
        }  # fmt: skip
        key = Qt.Key(event.key())
        if key in steps:
            self.go(steps[key])
        elif event.text() in ("+", "="):
            self.scale(ZOOM, ZOOM)
        elif event.text() == "-":
            self.scale(1 / ZOOM, 1 / ZOOM)
        elif event.text() == "0":
            self.resetTransform()
        else:
            super().keyPressEvent(event)


class View(PageView):
    """F5 checks the chain of custody, F6 and F8 write the picture, F7 a workbook, F4 opens the record."""

    model: ViewModel

    def build(self) -> None:
        """Make the page."""
        self._verdict = QLabel(self)
        self._verdict.setObjectName("lifeline_verdict")
        self._verdict.setProperty("role", "subtitle")
        self._verdict.setWordWrap(True)
        self.body.addWidget(self._verdict)
        hint = QLabel(self.say("lifeline.hint"), self)
        hint.setProperty("role", "muted")
        hint.setWordWrap(True)
        self.body.addWidget(hint)
        split = QSplitter(Qt.Orientation.Vertical, self)
        self.canvas = Canvas(split)
        self.table = QTableView(split)
        self.table.setObjectName("lifeline_events")
        self.table.setAccessibleName(self.say("lifeline.events"))
        self.table.verticalHeader().hide()
        self.table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        split.setSizes([420, 240])
        self.body.addWidget(split, 1)
        self.model.loaded.connect(self.show_line)
        self.model.refused.connect(self._verdict.setText)
        self.model.save_asked.connect(self._ask_where)

    def focus_first(self) -> None:
        """Begin in the picture."""
        self.canvas.setFocus()

    @Slot(object)
    def show_line(self, line: LifeLine) -> None:
        """Show a family; the tube that was asked for is chosen."""
        asked = next((at for at, tube in enumerate(line.tubes) if tube.asked), 0)
        self.canvas.show_picture(Picture(line.tubes, COLOURS, Ticks()), asked)
        heads = tuple(self.say(f"lifeline.column.{name}") for name in COLUMNS)
        self.table.setModel(Events(line.events, heads, self))
        for at, width in enumerate((150, 140, 90, 90, 150, 420, 180)):
            self.table.setColumnWidth(at, width)
        self.table.horizontalHeader().setSectionResizeMode(
            COLUMNS.index("facts"), QHeaderView.ResizeMode.Stretch
        )
        told = {"tubes": len(line.tubes), "events": len(line.events), "unchained": line.unchained}
        if line.broken:
            self._verdict.setText("▲ " + self.say("lifeline.verdict_broken", count=len(line.broken), **told))
        else:
            self._verdict.setText("● " + self.say("lifeline.verdict_whole", **told))

    @Slot(str)
    def _ask_where(self, ending: str) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self, self.say("lifeline.save"), f"{self.say('lifeline.events')}.{ending}", f"*.{ending}"
        )  # fmt: skip
        if name:
            self.write(Path(name).with_suffix(f".{ending}"))

    def write(self, path: Path) -> None:
        """Write the picture as vectors, in the colours of paper."""
        if self.model.line is None:
            return
        if path.suffix == ".xlsx":
            self.model.save_data(path)
            return
        picture = Picture(self.model.line.tubes, Colours("light"), Ticks())
        self.model.save(path, picture.write_svg if path.suffix == ".svg" else picture.write_pdf)
