"""The store room on the screen: the tree at the left, the box from above, what the cursor stands on in words."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QModelIndex, Qt, QTimer, Slot
from PySide6.QtWidgets import QApplication, QFileDialog, QHBoxLayout, QTreeView, QVBoxLayout

from client.command_dialog.view import CommandDialog
from client.stations.front_desk.widgets import set_tone, text
from client.stations.storage.reading import Opened, Sheet
from client.stations.storage.tree_model import TreeModel
from client.stations.storage.viewmodel import ViewModel
from client.stations.storage.widgets import Cell, Grid
from client.views.file_drop import FileDrop
from client.views.station import StationView
from domain.biobank.numbers import grouped
from domain.biobank.workflow import specimen_life
from domain.kernel.commands import commands
from domain.storage.racks import Well, WellStatus

TREE_PX = 400
LISTS = "*.xlsx *.csv"
FILES = "*.csv *.txt *.png *.jpg *.jpeg *.tif *.tiff *.bmp"
AGAIN_MS = 180
TONES = {
    WellStatus.OK: ("success", "✓"),
    WellStatus.MATCH: ("success", "✓"),
    WellStatus.UNREAD: ("warning", "?"),
    WellStatus.LOOKS_EMPTY: ("off", "空"),
    WellStatus.DUPLICATE: ("danger", "重"),
    WellStatus.FOREIGN: ("danger", "外"),
    WellStatus.UNKNOWN: ("danger", "无"),
    WellStatus.WRONG_STATE: ("warning", "态"),
    WellStatus.FROZEN: ("danger", "冻"),
    WellStatus.TAKEN: ("danger", "占"),
    WellStatus.NOT_LISTED: ("warning", "单"),
    WellStatus.MISSING: ("danger", "缺"),
    WellStatus.EXTRA: ("warning", "多"),
    WellStatus.MISPLACED: ("warning", "移"),
}


class View(StationView):
    """Arrows walk the tree or the box, F6 reads a rack to check the box, F9 says yes to what was read."""

    model: ViewModel

    def build(self) -> None:
        """Make the page."""
        self._tree_model = TreeModel(self.say, self)
        self.tree = QTreeView(self)
        self.tree.setObjectName("storage_tree")
        self.tree.setAccessibleName(self.say("storage.tree"))
        self.tree.setHeaderHidden(True)
        self.tree.setUniformRowHeights(True)
        self.tree.setModel(self._tree_model)
        self.tree.setFixedWidth(TREE_PX)
        self.tree.selectionModel().currentChanged.connect(self._chosen)
        self.empty = text("storage_empty", self, "muted", wrap=True)
        self.empty.setText(self.say("empty.storage.containers"))
        self.empty.hide()
        self.head = text("storage_head", self, "subtitle", wrap=True)
        self.facts = text("storage_facts", self, wrap=True)
        self.grid = Grid("storage_grid", self)
        self.under = text("storage_position", self, wrap=True)
        self.result = text("storage_result", self, wrap=True)
        self.result.hide()
        self.legend = text("storage_legend", self, "muted", wrap=True)
        self.legend.setText(self.say("storage.legend"))
        row, left, right = QHBoxLayout(), QVBoxLayout(), QVBoxLayout()
        row.setSpacing(16)
        left.addWidget(self.tree, 1)
        left.addWidget(self.empty)
        for widget, stretch in (
            (self.head, 0), (self.facts, 0), (self.result, 0), (self.grid, 1), (self.under, 0), (self.legend, 0),
        ):  # fmt: skip
            right.addWidget(widget, stretch)
        row.addLayout(left)
        row.addLayout(right, 1)
        self.body.addLayout(row, 1)
        self._cells: dict[str, Cell] = {}
        self._beeps = QTimer(self)
        self._beeps.setSingleShot(True)
        self._beeps.setInterval(AGAIN_MS)
        self._beeps.timeout.connect(QApplication.beep)
        self._connect()

    def focus_first(self) -> None:
        """Begin in the tree."""
        self.tree.setFocus()

    def _connect(self) -> None:
        model = self.model
        model.tree_changed.connect(self._show_tree)
        model.opened_changed.connect(self._show)
        model.sheet_changed.connect(lambda _sheet: self._draw())
        model.told.connect(self._tell)
        model.position_asked.connect(self.grid.go_to)
        model.file_asked.connect(self._ask_file)
        model.form_asked.connect(self._ask)
        model.sound.connect(self._sound)
        self.grid.moved.connect(self._moved)
        self.grid.entered.connect(self._enter)
        FileDrop(self.grid, self._dropped)

    @Slot()
    def _show_tree(self) -> None:
        nodes = self.model.nodes
        self.empty.setVisible(not nodes)
        if not self._tree_model.refresh(nodes):
            self._tree_model.show(nodes)
            self.tree.expandToDepth(2)
        self._select()

    def _select(self) -> None:
        index = self._tree_model.index_of(self.model.at)
        if index.isValid() and index != self.tree.currentIndex():
            self.tree.selectionModel().blockSignals(True)
            self.tree.setCurrentIndex(index)
            self.tree.selectionModel().blockSignals(False)
            self.tree.scrollTo(index)
            self.tree.viewport().update()

    @Slot(QModelIndex, QModelIndex)
    def _chosen(self, index: QModelIndex, _before: QModelIndex) -> None:
        node = self._tree_model.node(index)
        if node is not None and node.code != self.model.at:
            self.model.open(node.code)

    @Slot(object)
    def _show(self, found: Opened) -> None:
        self._select()
        view, say = found.view, self.say
        self.head.setText(" › ".join(view.path) + f"   {view.code}")
        warm = say(f"word.temperature.{view.temperature}")
        facts = [say(f"word.container.{view.kind}"), say("storage.temperature", value=warm)]
        if found.node is not None and found.node.capacity:
            facts.append(
                say("storage.used", used=found.node.used, all=found.node.capacity, free=found.node.free)
            )
        if view.types:
            facts.append(
                say("storage.only", types="、".join(say(f"word.specimen_type.{t}") for t in view.types))
            )
        if view.studies:
            facts.append(say("storage.only_studies", studies="、".join(view.studies)))
        if view.tube_kind:
            facts.append(say("storage.tube_kind", kind=view.tube_kind))
        if found.forecast is not None and found.forecast.full_on is not None:
            facts.append(
                say("storage.full_on", a_day=f"{found.forecast.a_day:.1f}", day=found.forecast.full_on)
            )
        self.facts.setText("  ·  ".join(facts))
        wanted = self.model.position
        self._draw()
        self.grid.go_to(wanted)

    def _draw(self) -> None:
        sheet, shown = self.model.waiting, self.model.shown
        if sheet is not None:
            self._cells = self._of_sheet(sheet)
            self.grid.show_cells(sheet.box, *self._size(sheet), self._cells)
        elif shown is not None:
            self._cells = self._of_box(shown)
            self.grid.show_cells(shown.view.name, shown.view.rows, shown.view.columns, self._cells)
        self._describe(self.grid.position)

    def _size(self, sheet: Sheet) -> tuple[int, int]:
        shown = self.model.shown
        if sheet.box and shown is not None:
            return max(shown.view.rows, sheet.read.rows if _outside(sheet, shown) else 0), max(
                shown.view.columns, sheet.read.columns if _outside(sheet, shown) else 0
            )
        return sheet.read.rows, sheet.read.columns

    def _of_sheet(self, sheet: Sheet) -> dict[str, Cell]:
        shown = self.model.shown
        under = self._of_box(shown) if sheet.box and shown is not None else {}
        return under | {
            position: self._well(well)
            for position, well in sheet.wells.items()
            if well.status is not WellStatus.LOOKS_EMPTY or position not in under
        }

    def _well(self, well: Well) -> Cell:
        tone, mark = TONES[well.status]
        number = grouped(well.code) if well.code.isdigit() else well.code
        return Cell(tone, mark, f"{number}  {self.model.words(well)}".strip())

    def _of_box(self, found: Opened) -> dict[str, Cell]:
        cells = {p: Cell("off", "停", self.say("storage.blocked")) for p in found.view.blocked}
        for position, code in found.view.inside.items():
            cells[position] = Cell("taken", code[-6:], code)
        for position, tube in found.view.tubes.items():
            kind = self.say(f"word.specimen_type.{tube.type}")
            left = f"{tube.remaining_ul} μL" if tube.remaining_ul is not None else ""
            state = specimen_life.label_of(tube.state)
            frozen = self.say("storage.tube_frozen") if tube.frozen_at else ""
            words = [
                grouped(tube.number),
                kind,
                state,
                left,
                self.say("storage.thaws", count=tube.thaws),
                frozen,
            ]
            tone = "danger" if tube.frozen_at else "warning" if tube.state == "out" else "taken"
            mark = "冻" if tube.frozen_at else "出" if tube.state == "out" else "●"
            cells[position] = Cell(tone, mark, "  ".join(w for w in words if w))
        return cells

    @Slot(str)
    def _moved(self, position: str) -> None:
        self.model.choose(position)
        self._describe(position)

    def _describe(self, position: str) -> None:
        cell = self._cells.get(position)
        words = cell.words if cell else self.say("storage.free_position")
        self.under.setText(f"{position}   {words}" if self.model.shown is not None else "")

    @Slot(str)
    def _enter(self, position: str) -> None:
        shown = self.model.shown
        if shown is not None and position in shown.view.inside:
            self.model.open(shown.view.inside[position])

    @Slot(str, str)
    def _tell(self, sentence: str, tone: str) -> None:
        self.result.setText(sentence)
        self.result.setVisible(bool(sentence))
        set_tone(self.result, tone)

    @Slot(str)
    def _ask_file(self, purpose: str) -> None:
        title = self.say(f"storage.file.{purpose}")
        path, _ = QFileDialog.getOpenFileName(self, title, "", LISTS if purpose == "list" else FILES)
        if path and purpose == "list":
            self.model.read_list(Path(path))
        elif path:
            self.model.read(Path(path))

    def _dropped(self, paths: list[Path]) -> None:
        if paths[0].suffix.lower() == ".xlsx":  # no rack reader writes workbooks
            self.model.read_list(paths[0])
        else:
            self.model.read(paths[0])

    @Slot(str, object)
    def _ask(self, name: str, given: dict[str, Any]) -> None:
        dialog = CommandDialog(self.context, commands()[name], given, self)
        dialog.completed.connect(lambda _done: self.model.load())
        dialog.open()

    @Slot(str)
    def _sound(self, tone: str) -> None:
        QApplication.beep()
        if tone == "bad":
            self._beeps.start()

    def keyPressEvent(self, event: Any) -> None:
        """Escape drops a rack that was read, before the frame takes it for its own."""
        if event.key() == Qt.Key.Key_Escape and self.model.waiting is not None:
            self.model.drop()
        else:
            super().keyPressEvent(event)


def _outside(sheet: Sheet, shown: Opened) -> bool:
    """Tell whether a rack has tubes where the box has no place."""
    rows, columns = shown.view.rows, shown.view.columns
    return any(ord(p[0]) - ord("A") >= rows or int(p[1:]) > columns for p in sheet.wells)
