"""The designer's widgets: outline, properties of the chosen item, and preview, scoring and mistakes."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from client.pages.designer.outline.view import Outline, OutlineModel
from client.pages.designer.panel.view import Panel
from client.pages.designer.preview.view import Preview
from client.pages.designer.publishing.view import PublishDialog
from client.pages.designer.scoring.view import ScoringPanel
from client.pages.designer.viewmodel import Told, ViewModel
from client.views.page import PageView
from domain.kernel.clock import clinic

PREVIEW, SCORING, MISTAKES = range(3)


class View(PageView):
    """F6 goes from part to part, Enter from the outline to the properties, F9 saves, F4 publishes."""

    model: ViewModel

    def build(self) -> None:
        """Make the page."""
        say = self.say
        head = QHBoxLayout()
        self._name = QLineEdit(self)
        self._name.setObjectName("designer_title")
        self._name.setAccessibleName(say("designer.title"))
        self._name.setPlaceholderText(say("designer.title"))
        self._name.setMaxLength(255)
        self._name.editingFinished.connect(lambda: self.model.call(self._name.text()))
        self._state = QLabel(self)
        self._state.setObjectName("designer_state")
        self._kept = QLabel(self)
        self._kept.setObjectName("designer_kept")
        self._kept.setProperty("role", "muted")
        head.addWidget(self._name, 1)
        head.addWidget(self._state)
        head.addWidget(self._kept)
        self.body.addLayout(head)
        parts = QSplitter(Qt.Orientation.Horizontal, self)
        parts.setChildrenCollapsible(False)
        parts.setHandleWidth(8)
        parts.setStyleSheet("QSplitter::handle { width: 8px; background: transparent; }")
        self._rows = OutlineModel(self.context, self)
        self.outline = Outline(self._rows, self)
        self.outline.setAccessibleName(say("designer.outline"))
        left = QWidget(self)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        hint = QLabel(say("designer.outline_hint"), left)
        hint.setWordWrap(True)
        hint.setProperty("role", "muted")
        column.addWidget(self.outline, 1)
        column.addWidget(hint)
        self.panel = Panel(self.model, self)
        self.tabs = QTabWidget(self)
        self.tabs.setObjectName("designer_tabs")
        self.preview = Preview(self.context, self.model.trial, self)
        self.scoring = ScoringPanel(self.model, self)
        self._wrong = QListWidget(self)
        self._wrong.setObjectName("designer_mistakes")
        self._wrong.setWordWrap(True)
        self._wrong.setAccessibleName(say("designer.mistakes_name"))
        self._wrong.itemActivated.connect(self._jump)
        self.tabs.addTab(self.preview, say("designer.tab.preview"))
        self.tabs.addTab(self.scoring, say("designer.tab.scoring"))
        self.tabs.addTab(self._wrong, say("designer.tab.mistakes", count=0))
        for part, share in ((left, 30), (self.panel, 38), (self.tabs, 32)):
            parts.addWidget(part)
            parts.setStretchFactor(parts.count() - 1, share)
        parts.setSizes([340, 500, 480])
        self.body.addWidget(parts, 1)
        self._bind_model()

    def _bind_model(self) -> None:
        model, outline = self.model, self.outline
        model.opened.connect(self._show_all)
        model.changed.connect(self._show_outline)
        model.chosen.connect(self._show_outline)
        model.checked.connect(self._show_mistakes)
        model.kept_changed.connect(self._show_kept)
        model.field_asked.connect(self._to_field)
        model.publish_asked.connect(self._ask_where)
        outline.chosen.connect(model.choose)
        outline.move_asked.connect(model.move)
        outline.add_asked.connect(lambda: model.action_set.trigger("add"))
        outline.delete_asked.connect(model.delete)
        outline.enter_asked.connect(lambda: self._to_field("text"))
        model.action_set.on("part", self._next_part)
        model.action_set.on("delete", self._delete)

    def focus_first(self) -> None:
        """Begin in the outline."""
        self.outline.setFocus()

    @Slot()
    def _show_all(self) -> None:
        design = self.model.design
        self._name.setText(self.model.title)
        self._name.setReadOnly(not self.model.is_open)
        if design is not None:
            state = self.context.formatter.name(design.state, "state:form_design")
            self._state.setText(self.say("designer.state", version=design.version, state=state))
        self._show_outline()
        self._show_kept()
        self.focus_first()

    @Slot()
    def _show_outline(self) -> None:
        self._rows.show(self.model.sketch.state.resource)
        self.outline.choose(self.model.sketch.state.path)
        if self._name.text() != self.model.title and not self._name.hasFocus():
            self._name.setText(self.model.title)

    @Slot()
    def _show_kept(self) -> None:
        at, say = self.model.kept_at, self.say
        if not self.model.is_open:
            words = say("designer.locked")
        elif self.model.is_saved:
            words = say("designer.all_saved")
        else:
            words = (
                say("designer.not_kept") if at is None else say("designer.kept", at=f"{clinic(at):%H:%M:%S}")
            )
        self._kept.setText(words)

    @Slot()
    def _show_mistakes(self) -> None:
        row = self._wrong.currentRow()
        self._wrong.clear()
        for told in self.model.mistakes:
            entry = QListWidgetItem(told.text, self._wrong)
            entry.setData(Qt.ItemDataRole.UserRole, told)
        if not self.model.mistakes:
            QListWidgetItem(self.say("designer.no_mistakes"), self._wrong)
        self._wrong.setCurrentRow(max(0, min(row, self._wrong.count() - 1)))
        self.tabs.setTabText(MISTAKES, self.say("designer.tab.mistakes", count=len(self.model.mistakes)))
        self._rows.mark({told.path for told in self.model.mistakes if told.path is not None})

    @Slot(QListWidgetItem)
    def _jump(self, entry: QListWidgetItem) -> None:
        told = entry.data(Qt.ItemDataRole.UserRole)
        if isinstance(told, Told):
            self.model.go_to(told)

    @Slot(str)
    def _to_field(self, field: str) -> None:
        if field == "scoring":
            self.tabs.setCurrentIndex(SCORING)
            self.scoring.setFocus()
        elif field == "title":
            self._name.setFocus()
        elif self.model.sketch.item is not None:
            self.panel.focus_on(field or "text")

    def _delete(self) -> None:
        """Take the chosen item away; in a field the same keys take away a word, as everywhere."""
        field = self.focusWidget()
        if isinstance(field, QLineEdit):
            field.cursorWordForward(True)
            field.del_()
        elif isinstance(field, QPlainTextEdit):
            cursor = field.textCursor()
            cursor.movePosition(QTextCursor.MoveOperation.NextWord, QTextCursor.MoveMode.KeepAnchor)
            cursor.removeSelectedText()
        else:
            self.model.delete()

    def _next_part(self) -> None:
        """Go from outline to properties, then through the tabs, then back."""
        focus = self.focusWidget()
        if focus is None or not (
            self.outline.isAncestorOf(focus)
            or focus is self.outline
            or self._inside(self.panel)
            or self._inside(self.tabs)
        ):
            self.outline.setFocus()
        elif focus is self.outline:
            self._to_field("text")
        elif self._inside(self.panel):
            self.tabs.setCurrentIndex(PREVIEW)
            self._into_tab()
        elif self.tabs.currentIndex() < MISTAKES:
            self.tabs.setCurrentIndex(self.tabs.currentIndex() + 1)
            self._into_tab()
        else:
            self.outline.setFocus()

    def _inside(self, part: QWidget) -> bool:
        focus = self.focusWidget()
        return focus is not None and (part is focus or part.isAncestorOf(focus))

    def _into_tab(self) -> None:
        page = self.tabs.currentWidget()
        if page is self._wrong:
            page.setFocus()
        else:
            self.tabs.tabBar().setFocus()

    @Slot()
    def _ask_where(self) -> None:
        design = self.model.design
        if design is None:
            return
        if design.is_draft and self.model.mistakes:
            self.tabs.setCurrentIndex(MISTAKES)
            self._wrong.setFocus()
            self.model.toast("designer.mistakes_first", "warning", count=len(self.model.mistakes))
            return

        def go(version: str, everywhere: bool, places: list[object], note: str) -> None:
            if design.is_draft:
                self.model.publish(version, everywhere, places, note)  # type: ignore[arg-type]
            else:
                self.model.publish_more(everywhere, places)  # type: ignore[arg-type]

        PublishDialog(design, self.say, go, self).open()
