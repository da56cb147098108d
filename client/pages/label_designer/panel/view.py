"""What the chosen element is: its text from known fields, its place and size in millimetres, how it looks."""

from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from client.pages.label_designer.draft import kept, shown
from client.pages.label_designer.viewmodel import ViewModel
from devices.labels.designing import FIELDS, USED_BY
from devices.labels.model import REPRINT_FIELD

NUMBERS = {
    "x": (0.0, 500.0, 0.1), "y": (0.0, 500.0, 0.1), "width": (0.1, 500.0, 0.1), "height": (0.1, 500.0, 0.1),
    "size": (0.5, 50.0, 0.1), "min_size": (0.5, 50.0, 0.1), "module": (0.1, 2.0, 0.025), "line": (0.1, 10.0, 0.1),
}  # fmt: skip
"""Least, most and step of each number, in millimetres."""
OF_KIND = {
    "text": ("size", "min_size", "align", "bold"),
    "code128": ("module",),
    "datamatrix": ("module",),
    "qr": ("module",),
    "line": (),
    "frame": ("line",),
    "bitmap": (),
}
ALIGNED = ("left", "center", "right")


class Panel(QWidget):
    """Each input tells the model at once; arrows of the canvas come back here."""

    def __init__(self, model: ViewModel, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("label_panel")
        self._model, self._say = model, model.context.say
        self._filling = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self.title = QLabel(self)
        self.title.setProperty("role", "subtitle")
        column.addWidget(self.title)
        self.form = QFormLayout()
        self.form.setVerticalSpacing(6)
        column.addLayout(self.form)
        column.addStretch(1)
        self.data = QLineEdit(self)
        self.data.setMaxLength(255)
        self.data.editingFinished.connect(self._text)
        self.field = QComboBox(self)
        self.field.activated.connect(self._field)
        self._row("data", self.data)
        self._row("field", self.field)
        self.numbers: dict[str, QDoubleSpinBox] = {}
        for name, (least, most, step) in NUMBERS.items():
            box = QDoubleSpinBox(self)
            box.setRange(least, most)
            box.setSingleStep(step)
            box.setDecimals(3 if name == "module" else 2)
            box.setSuffix(" mm")
            box.setKeyboardTracking(False)
            box.valueChanged.connect(lambda value, name=name: self._number(name, value))
            self.numbers[name] = box
            self._row(name, box)
        self.align = QComboBox(self)
        for name in ALIGNED:
            self.align.addItem(self._say(f"label_designer.align.{name}"), name)
        self.align.activated.connect(lambda _row: self._model.change(align=self.align.currentData()))
        self._row("align", self.align)
        self.bold = QCheckBox(self._say("label_designer.bold"), self)
        self.bold.toggled.connect(self._bold)
        self._row("bold", self.bold)

    def focus_first(self) -> None:
        """Begin with the text, or with the place where there is none."""
        (self.data if self.data.isVisible() else self.numbers["x"]).setFocus()

    @Slot()
    def refresh(self) -> None:
        """Show the chosen element."""
        element = self._model.draft.element
        self._filling = True
        kind = str(element.get("type")) if element else ""
        place = self._model.draft.chosen + 1
        self.title.setText(
            self._say("label_designer.element", number=place, kind=self._say(f"label_designer.kind.{kind}"))
            if element else self._say("label_designer.no_element")
        )  # fmt: skip
        has_text = element is not None and "data" in element
        used = {"x", "y", "width", "height", *OF_KIND.get(kind, ())} if element else set()
        used |= {"data", "field"} if has_text else set()
        for name, widget in self._widgets().items():
            self.form.setRowVisible(widget, name in used)
            widget.setEnabled(self._model.editable)
        if element is not None:
            self._fill(element)
        self._filling = False

    def _fill(self, element: dict[str, Any]) -> None:
        self.data.setText(shown(str(element.get("data", ""))))
        names = [*USED_BY[self._model.purpose], REPRINT_FIELD]
        self.field.clear()
        self.field.addItem(self._say("label_designer.insert"), "")
        for name in names:
            title = self._say("label_designer.reprint") if name == REPRINT_FIELD else FIELDS[name].title
            self.field.addItem(title, name)
        for name, box in self.numbers.items():
            value = element.get(name)
            if isinstance(value, int | float):
                box.setValue(float(value))
        self.align.setCurrentIndex(max(0, self.align.findData(element.get("align", "left"))))
        self.bold.setChecked(bool(element.get("bold")))

    def _widgets(self) -> dict[str, QWidget]:
        return {
            "data": self.data,
            "field": self.field,
            **self.numbers,
            "align": self.align,
            "bold": self.bold,
        }

    def _row(self, name: str, widget: QWidget) -> None:
        widget.setObjectName(f"label_{name}")
        label = self._say(f"label_designer.field.{name}")
        widget.setAccessibleName(label)
        self.form.addRow("" if name == "bold" else label, widget)

    @Slot()
    def _text(self) -> None:
        if not self._filling:
            self._model.change(data=kept(self.data.text()))

    @Slot()
    def _field(self) -> None:
        """Put the field in: in place of all that is there, or behind the fixed words somebody typed."""
        name = self.field.currentData()
        if name and not self._filling:
            words = kept(self.data.text())
            fixed = words if "{" not in words else ""
            self._model.change(data=f"{fixed}{{{name}}}")

    def _number(self, name: str, value: float) -> None:
        if not self._filling:
            self._model.change(**{name: round(value, 3)})

    @Slot(bool)
    def _bold(self, on: bool) -> None:
        if not self._filling:
            self._model.change(bold=on)
