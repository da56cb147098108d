"""The widgets of the label designer: templates and elements, the picture with its mistakes, the chosen element."""

from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QBrush, QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from client.appearance import COLOURS
from client.pages.label_designer.canvas.view import Canvas
from client.pages.label_designer.dialogs.view import AddDialog, ChooseDialog, PublishDialog
from client.pages.label_designer.draft import shown
from client.pages.label_designer.panel.view import Panel
from client.pages.label_designer.reading import Entry
from client.pages.label_designer.rendering import Preview
from client.pages.label_designer.viewmodel import RESOLUTIONS, ViewModel
from client.views.page import PageView
from domain.labels.design_commands import PURPOSES

ROLE = Qt.ItemDataRole.UserRole
STOCK = {"width": (5.0, 500.0), "height": (5.0, 500.0), "gap": (0.0, 20.0), "margin": (0.0, 10.0)}
MEDIA = ("transfer", "direct")


class View(PageView):
    """F6 goes from part to part; in the picture arrows move by 0.1 mm, with Shift 1 mm, with Ctrl they resize."""

    model: ViewModel

    def build(self) -> None:
        """Make the page."""
        self.set_title(self.say("nav.label_designer"))
        self._filling = False
        self.body.addLayout(self._head())
        self.body.addLayout(self._stock())
        parts = QSplitter(Qt.Orientation.Horizontal, self)
        parts.setChildrenCollapsible(False)
        parts.setHandleWidth(10)
        parts.setStyleSheet("QSplitter::handle { width: 10px; background: transparent; }")
        parts.addWidget(self._left())
        parts.addWidget(self._middle())
        self.panel = Panel(self.model, self)
        self.panel.setMinimumWidth(250)
        parts.addWidget(self.panel)
        parts.setStretchFactor(1, 1)
        parts.setSizes([250, 560, 260])
        self.body.addWidget(parts, 1)
        model = self.model
        model.listed.connect(self._show_list)
        model.shown.connect(self._show_entry)
        model.changed.connect(self._show_elements)
        model.previewed.connect(self._show_preview)
        model.kept.connect(self.kept.setText)
        model.asked.connect(self._asked)
        self.panel.refresh()

    def focus_first(self) -> None:
        """Begin in the picture: the arrows move what is chosen."""
        self.canvas.setFocus()

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.name = QLineEdit(self)
        self.name.setObjectName("label_title")
        self.name.setAccessibleName(self.say("label_designer.title"))
        self.name.setMaxLength(120)
        self.name.editingFinished.connect(lambda: self.model.call(self.name.text()))
        self.purpose = self._combo("label_purpose", "label_designer.purpose")
        for name in PURPOSES:
            self.purpose.addItem(self.say(f"word.label_use.{name}"), name)
        self.purpose.activated.connect(lambda _row: self.model.use_for(str(self.purpose.currentData())))
        self.state = QLabel(self)
        self.state.setObjectName("label_state")
        self.kept = QLabel(self)
        self.kept.setProperty("role", "muted")
        row.addWidget(self.name, 1)
        for widget in (self.purpose, self.state, self.kept):
            row.addWidget(widget)
        return row

    def _stock(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(6)
        self.sizes: dict[str, QDoubleSpinBox] = {}
        for name, (least, most) in STOCK.items():
            box = QDoubleSpinBox(self)
            box.setObjectName(f"label_stock_{name}")
            box.setAccessibleName(self.say(f"label_designer.stock.{name}"))
            box.setRange(least, most)
            box.setSingleStep(0.1)
            box.setDecimals(1)
            box.setSuffix(" mm")
            box.setKeyboardTracking(False)
            box.valueChanged.connect(lambda value, name=name: self._changed_stock(name, round(value, 2)))
            self.sizes[name] = box
            self._labelled(row, f"label_designer.stock.{name}", box)
        self.media = self._combo("label_media", "label_designer.stock.media")
        for name in MEDIA:
            self.media.addItem(self.say(f"label_designer.media.{name}"), name)
        self.media.activated.connect(lambda _row: self._changed_stock("media", self.media.currentData()))
        self._labelled(row, "label_designer.stock.media", self.media)
        self.dpi = self._combo("label_dpi", "label_designer.stock.dpi")
        for value in RESOLUTIONS:
            self.dpi.addItem(f"{value} dpi", value)
        self.dpi.activated.connect(lambda _row: self._changed_stock("dpi", self.dpi.currentData()))
        self._labelled(row, "label_designer.stock.dpi", self.dpi)
        row.addStretch(1)
        return row

    def _labelled(self, row: QHBoxLayout, code: str, widget: QWidget) -> None:
        label = QLabel(self.say(code), self)
        label.setBuddy(widget)
        row.addWidget(label)
        row.addWidget(widget)
        row.addSpacing(6)

    def _left(self) -> QWidget:
        side = QWidget(self)
        side.setMinimumWidth(230)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        self.templates = self._list("label_templates", side, column, 3)
        self.templates.itemActivated.connect(lambda item: self.model.open(item.data(ROLE)))
        self.templates.itemClicked.connect(lambda item: self.model.open(item.data(ROLE)))
        self.elements = _Elements(self.model, side)
        self._list("label_elements", side, column, 4, self.elements)
        self.elements.currentRowChanged.connect(self._element_chosen)
        self.elements.itemActivated.connect(lambda _item: self.panel.focus_first())
        return side

    def _middle(self) -> QWidget:
        side = QWidget(self)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        self.canvas = Canvas(self.model, side)
        self.canvas.setAccessibleName(self.say("label_designer.canvas"))
        self.canvas.left.connect(lambda: self.elements.setFocus())
        self.hint = QLabel(self.say("label_designer.hint"), side)
        self.hint.setProperty("role", "muted")
        self.hint.setWordWrap(True)
        column.addWidget(self.canvas, 3)
        column.addWidget(self.hint)
        self.problems = self._list("label_problems", side, column, 1)
        self.problems.setWordWrap(True)
        self.problems.itemActivated.connect(self._go_to)
        return side

    def _list(
        self, name: str, side: QWidget, column: QVBoxLayout, stretch: int, made: QListWidget | None = None
    ) -> QListWidget:
        heading = QLabel(self.say(f"label_designer.{name}"), side)
        heading.setProperty("role", "subtitle")
        found = made or QListWidget(side)
        found.setObjectName(name)
        found.setAccessibleName(self.say(f"label_designer.{name}"))
        found.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column.addWidget(heading)
        column.addWidget(found, stretch)
        return found

    def _combo(self, name: str, code: str) -> QComboBox:
        box = QComboBox(self)
        box.setObjectName(name)
        box.setAccessibleName(self.say(code))
        return box

    @Slot()
    def _show_list(self) -> None:
        self.templates.clear()
        for entry in self.model.entries:
            state = self.say(f"label_designer.state.{entry.state}")
            item = QListWidgetItem(f"{entry.title}　v{entry.version}　{state}", self.templates)
            item.setData(ROLE, entry)
            item.setToolTip(item.text())

    @Slot()
    def _show_entry(self) -> None:
        model, entry = self.model, self.model.entry
        if entry is None:
            return
        self._filling = True
        self.name.setText(model.title)
        self.purpose.setCurrentIndex(self.purpose.findData(model.purpose))
        self.state.setText(self.say("label_designer.shown", version=entry.version, state=self._state(entry)))
        self.kept.setText("" if entry.is_draft else self.say("label_designer.read_only"))
        for row in range(self.templates.count()):
            if self.templates.item(row).data(ROLE) == entry:
                self.templates.setCurrentRow(row)
        for widget in (self.name, self.purpose, self.media, *self.sizes.values()):
            widget.setEnabled(model.editable)
        self._filling = False
        self._show_elements()

    def _state(self, entry: Entry) -> str:
        return self.say(f"label_designer.state.{entry.state}")

    @Slot()
    def _show_elements(self) -> None:
        draft = self.model.draft
        self._filling = True
        stock = draft.content.get("stock") or {}
        for name, box in self.sizes.items():
            if isinstance(stock.get(name), int | float):
                box.setValue(float(stock[name]))
        self.media.setCurrentIndex(max(0, self.media.findData(stock.get("media"))))
        self.dpi.setCurrentIndex(max(0, self.dpi.findData(self.model.dpi)))
        self.elements.blockSignals(True)
        self.elements.clear()
        for number, element in enumerate(draft.elements, 1):
            kind = self.say(f"label_designer.kind.{element.get('type')}")
            QListWidgetItem(f"{number}　{kind}　{shown(str(element.get('data', '')))}", self.elements)
        self.elements.setCurrentRow(draft.chosen)
        self.elements.blockSignals(False)
        self._filling = False
        self.panel.refresh()
        self.canvas.update()

    @Slot(object)
    def _show_preview(self, preview: Preview) -> None:
        self.canvas.show_preview(preview)
        self.problems.clear()
        for problem in preview.problems:
            place = (
                self.say("label_designer.at", number=problem.element + 1)
                if problem.element is not None
                else ""
            )
            item = QListWidgetItem(place + self.say(problem.code, **problem.facts), self.problems)
            item.setData(ROLE, problem.element)
            item.setForeground(QBrush(COLOURS["danger" if problem.grave else "warning"]))
        if not preview.problems:
            item = QListWidgetItem(self.say("label_designer.no_problem", dpi=self.model.dpi), self.problems)
            item.setForeground(QBrush(COLOURS["success"]))

    @Slot(int)
    def _element_chosen(self, row: int) -> None:
        if not self._filling and row >= 0:
            self.model.draft.choose(row)
            self.panel.refresh()
            self.canvas.update()

    @Slot(object)
    def _go_to(self, item: QListWidgetItem) -> None:
        place = item.data(ROLE)
        if place is not None:
            self.model.choose_element(int(place))
            self.canvas.setFocus()

    def _changed_stock(self, name: str, value: object) -> None:
        if not self._filling:
            self.model.change_stock(**{name: value})

    @Slot(str)
    def _asked(self, what: object) -> None:
        if what == "part":
            self._next_part()
        elif what == "add":
            AddDialog(self.model, self).open()
        elif what == "publish":
            PublishDialog(self.model, self).open()
        elif what == "choose":
            ChooseDialog(self.model, self).open()
        elif what == "import":
            path, _ = QFileDialog.getOpenFileName(self, self.say("label_designer.import"), "", "*.json")
            if path:
                self.model.read_file(Path(path))
        elif what == "export":
            path, _ = QFileDialog.getSaveFileName(
                self, self.say("label_designer.export"), f"{self.model.title}.json", "*.json"
            )
            if path:
                self.model.write_file(Path(path))

    def _next_part(self) -> None:
        parts: list[QWidget] = [self.canvas, self.elements, self.panel, self.templates, self.problems]
        now = next(
            (
                n
                for n, p in enumerate(parts)
                if p is self.focusWidget() or p.isAncestorOf(self.focusWidget() or self)
            ),
            -1,
        )
        following = parts[(now + 1) % len(parts)]
        if following is self.panel:
            self.panel.focus_first()
        else:
            following.setFocus()


class _Elements(QListWidget):
    """Delete takes the chosen element away."""

    def __init__(self, model: ViewModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete:
            self._model.remove()
        else:
            super().keyPressEvent(event)
