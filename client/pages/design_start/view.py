"""The four ways to begin, one tab each; F9 begins what is shown, F5 looks at it first."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from client.pages.design_start.reading import ALONE, AtHand, Imported
from client.pages.design_start.viewmodel import WAYS, ViewModel
from client.pages.designer.inputs.widgets import Calm
from client.views.page import PageView
from domain.scales.importing import Licence
from forms.designing.composing import Composed

ROLE = Qt.ItemDataRole.UserRole


class View(PageView):
    """Each way has a title, what it begins from, and what would come of it."""

    model: ViewModel

    def build(self) -> None:
        """Make the page."""
        self.set_title(self.say("nav.design_start"))
        self.tabs = QTabWidget(self)
        self.tabs.setObjectName("design_ways")
        self.titles: dict[str, QLineEdit] = {}
        for way in WAYS:
            page = QWidget(self)
            column = QVBoxLayout(page)
            getattr(self, f"_{way}")(page, column)
            self.tabs.addTab(page, self.say(f"design_start.{way}"))
        self.body.addWidget(self.tabs, 1)
        self.model.forms_changed.connect(self._show_forms)
        self.model.composed_changed.connect(self._show_composed)
        self.model.imported_changed.connect(self._show_imported)
        self.model.go_asked.connect(self._go)
        self.model.field_error.connect(lambda _field, sentence: self.model.message.emit(sentence, "danger"))
        self.model.look = self._look

    def focus_first(self) -> None:
        """Begin with the title."""
        self.titles[WAYS[self.tabs.currentIndex()]].setFocus()

    def _hint(self, page: QWidget, column: QVBoxLayout, code: str) -> QLabel:
        label = QLabel(self.say(code), page)
        label.setWordWrap(True)
        label.setProperty("role", "muted")
        column.addWidget(label)
        return label

    def _title(self, way: str, page: QWidget, column: QVBoxLayout) -> None:
        form = QFormLayout()
        field = QLineEdit(page)
        field.setObjectName(f"{way}_title")
        field.setMaxLength(255)
        form.addRow(self.say("designer.title"), field)
        column.addLayout(form)
        self.titles[way] = field

    def _blank(self, page: QWidget, column: QVBoxLayout) -> None:
        self._hint(page, column, "design_start.blank_hint")
        self._title("blank", page, column)
        column.addStretch(1)

    def _copy(self, page: QWidget, column: QVBoxLayout) -> None:
        self._hint(page, column, "design_start.copy_hint")
        self._title("copy", page, column)
        self.source = self._list("copy_source", page)
        self.source.currentItemChanged.connect(self._name_copy)
        column.addWidget(self.source, 1)

    def _composite(self, page: QWidget, column: QVBoxLayout) -> None:
        self._hint(page, column, "design_start.composite_hint")
        self._title("composite", page, column)
        row = QHBoxLayout()
        self.instruments = self._list("composite_instruments", page)
        self.chosen = self._list("composite_chosen", page)
        middle = QVBoxLayout()
        middle.addStretch(1)
        for name, slot in (
            ("take", self._take),
            ("leave", self._leave),
            ("up", self._up),
            ("down", self._down),
        ):
            button = QPushButton(self.say(f"design_start.{name}"), page)
            button.setObjectName(f"composite_{name}")
            button.setAutoDefault(False)
            button.clicked.connect(slot)
            middle.addWidget(button)
        middle.addStretch(1)
        self.instruments.itemActivated.connect(lambda _entry: self._take())
        self.chosen.itemActivated.connect(lambda _entry: self._leave())
        row.addWidget(self.instruments, 1)
        row.addLayout(middle)
        row.addWidget(self.chosen, 1)
        column.addLayout(row, 1)
        self.composed = QLabel(page)
        self.composed.setObjectName("composite_result")
        self.composed.setWordWrap(True)
        column.addWidget(self.composed)

    def _import(self, page: QWidget, column: QVBoxLayout) -> None:
        note = self._hint(page, column, "design_start.import_hint")
        note.setObjectName("import_note")
        note.setProperty("role", "")
        form = QFormLayout()
        self.over = Calm(page)
        self.over.setObjectName("import_over")
        form.addRow(self.say("design_start.over"), self.over)
        self.path, self.holder, self.number, self.mark = (QLineEdit(page) for _ in range(4))
        for name, field in (
            ("file", self.path), ("holder", self.holder), ("number", self.number), ("mark", self.mark),
        ):  # fmt: skip
            field.setObjectName(f"import_{name}")
        row = QHBoxLayout()
        row.addWidget(self.path, 1)
        browse = QPushButton(self.say("design_start.browse"), page)
        browse.setObjectName("import_browse")
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        row.addWidget(browse)
        form.addRow(self.say("design_start.file"), row)
        form.addRow(self.say("design_start.holder"), self.holder)
        form.addRow(self.say("design_start.number"), self.number)
        form.addRow(self.say("design_start.mark"), self.mark)
        column.addLayout(form)
        self._title("import", page, column)
        self.told = QListWidget(page)
        self.told.setObjectName("import_told")
        self.told.setWordWrap(True)
        self.told.setAccessibleName(self.say("design_start.told"))
        QListWidgetItem(self.say("design_start.told_empty"), self.told)
        column.addWidget(self.told, 1)

    def _list(self, name: str, page: QWidget) -> QListWidget:
        made = QListWidget(page)
        made.setObjectName(name)
        made.setAccessibleName(self.say(f"design_start.list.{name}"))
        return made

    @Slot(object)
    def _show_forms(self, forms: list[AtHand]) -> None:
        self.over.clear()
        self.over.addItem(self.say("design_start.alone"), ALONE)
        for listing in (self.source, self.instruments):
            listing.clear()
            for one in forms:
                own = self.say("design_start.own") if one.own else ""
                entry = QListWidgetItem(
                    self.say("design_start.form", title=one.title, version=one.version, count=one.questions)
                    + own,
                    listing,
                )
                entry.setData(ROLE, one)
            listing.setCurrentRow(0)
        for one in forms:
            if not one.own:
                self.over.addItem(f"{one.title}　{one.version}", one.form)

    @Slot()
    def _name_copy(self) -> None:
        entry = self.source.currentItem()
        if entry is not None and not self.titles["copy"].isModified():
            self.titles["copy"].setText(self.say("design_start.copy_of", title=entry.data(ROLE).title))

    def _forms(self) -> list[str]:
        return [self.chosen.item(n).data(ROLE).form for n in range(self.chosen.count())]

    @Slot()
    def _take(self) -> None:
        entry = self.instruments.currentItem()
        if entry is not None and entry.data(ROLE).form not in self._forms():
            made = QListWidgetItem(entry.text(), self.chosen)
            made.setData(ROLE, entry.data(ROLE))
            self.chosen.setCurrentItem(made)
            self._look_if_enough()

    @Slot()
    def _leave(self) -> None:
        self.chosen.takeItem(self.chosen.currentRow())
        self._look_if_enough()

    @Slot()
    def _up(self) -> None:
        self._shift(-1)

    @Slot()
    def _down(self) -> None:
        self._shift(1)

    def _shift(self, step: int) -> None:
        row = self.chosen.currentRow()
        if 0 <= row + step < self.chosen.count():
            entry = self.chosen.takeItem(row)
            self.chosen.insertItem(row + step, entry)
            self.chosen.setCurrentRow(row + step)
            self._look_if_enough()

    def _look_if_enough(self) -> None:
        if len(self._forms()) > 1:
            self.model.join(self._forms(), self.titles["composite"].text())
        else:
            self.composed.setText("")

    @Slot(object)
    def _show_composed(self, found: Composed) -> None:
        lines = [self.say("design_start.composed", count=found.questions, saved=found.saved)]
        lines += [
            self.say("design_start.shared", text=text, titles="、".join(titles))
            for text, titles in found.shared[:8]
        ]
        self.composed.setText("\n".join(lines))

    @Slot(object)
    def _show_imported(self, found: Imported) -> None:
        self.told.clear()
        for line in (*found.problems, *found.lines):
            QListWidgetItem(line, self.told)
        if found.resource is not None and not self.titles["import"].isModified():
            self.titles["import"].setText(str(found.resource.get("title") or ""))

    @Slot()
    def _browse(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, self.say("design_start.file"), "", "*.xlsx *.csv *.json")
        if path:
            self.path.setText(path)
            self._look()

    def _look(self) -> None:
        way = WAYS[self.tabs.currentIndex()]
        if way == "composite":
            self.model.join(self._forms(), self.titles["composite"].text())
        elif way == "import":
            licence = Licence(self.holder.text(), self.number.text(), self.mark.text().strip())
            self.model.read(
                self.path.text(), str(self.over.currentData() or ALONE), self.titles["import"].text(), licence
            )

    @Slot()
    def _go(self) -> None:
        way = WAYS[self.tabs.currentIndex()]
        title = self.titles[way].text().strip()
        if not title:
            self.model.toast("design_start.no_title", "warning")
            self.titles[way].setFocus()
        elif way == "blank":
            self.model.begin_blank(title)
        elif way == "copy" and self.source.currentItem() is not None:
            self.model.begin_copy(self.source.currentItem().data(ROLE).form, title)
        elif way == "composite":
            self.model.begin_composite(self._forms(), title)
        elif way == "import":
            self.model.begin_imported(title)
