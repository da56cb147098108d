"""The inbox's widgets: the list at the left, what was said and the answer at the right."""

from typing import Any

from PySide6.QtCore import QPoint, Qt, QUrl, Slot
from PySide6.QtGui import QColor, QDesktopServices, QTextBlockFormat, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from client.command_dialog.view import CommandDialog
from client.pages.inbox.viewmodel import ViewModel
from client.pages.inbox.widgets import RuleRemark, marked
from client.views.menus import numbered_menu
from client.views.page import PageView
from domain.conversations.faq import as_said
from domain.conversations.keeping import LONGEST_REPLY
from domain.kernel.clock import clinic
from domain.kernel.commands import Command

LIST_PX = 360
ANSWER_PX = 110
SHOWN_CHARACTERS = 40
_TONES = {"danger": "⚠ ", "warning": "⚠ ", "": ""}


class View(PageView):
    """↑↓ in the list, Tab to the answer, F9 sends."""

    model: ViewModel

    def build(self) -> None:
        """Make the page."""
        self.set_title(self.say("nav.inbox"))
        self._list = QListWidget(self)
        self._list.setObjectName("inbox_list")
        self._list.setAccessibleName(self.say("nav.inbox"))
        self._list.setFixedWidth(LIST_PX)
        self._list.setUniformItemSizes(True)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._side = QWidget(self)
        self._lay_out_side()
        self._empty = QLabel(self)
        self._empty.setObjectName("inbox_none")
        self._empty.setProperty("role", "subtitle")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self._list)
        row.addWidget(self._side, 1)
        row.addWidget(self._empty, 1)
        self.body.addLayout(row, 1)
        self._bind_model()
        self._show_lines()

    def _lay_out_side(self) -> None:
        column = QVBoxLayout(self._side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._about = QLabel(self._side)
        self._about.setObjectName("inbox_about")
        self._about.setWordWrap(True)
        self._about.setTextFormat(Qt.TextFormat.PlainText)
        self._said = QTextEdit(self._side)
        self._said.setObjectName("inbox_said")
        self._said.setAccessibleName(self.say("inbox.said"))
        self._said.setReadOnly(True)
        self._said.setTabChangesFocus(True)
        self._answer = QPlainTextEdit(self._side)
        self._answer.setObjectName("inbox_answer")
        self._answer.setAccessibleName(self.say("inbox.answer"))
        self._answer.setPlaceholderText(self.say("inbox.answer_hint", most=LONGEST_REPLY))
        self._answer.setTabChangesFocus(True)
        self._answer.setFixedHeight(ANSWER_PX)
        self._problem = QLabel(self._side)
        self._problem.setObjectName("inbox_problem")
        self._problem.setProperty("tone", "danger")
        self._problem.setWordWrap(True)
        self._problem.hide()
        self._offer = QLabel(self._side)
        self._offer.setObjectName("inbox_offer")
        self._offer.setProperty("role", "muted")
        self._offer.setWordWrap(True)
        self._offer.hide()
        column.addWidget(self._about)
        column.addWidget(self._said, 1)
        column.addWidget(self._offer)
        self._remark = RuleRemark(self.say, self._side)
        column.addWidget(self._answer)
        column.addWidget(self._remark)
        column.addWidget(self._problem)

    def _bind_model(self) -> None:
        model = self.model
        model.lines_changed.connect(self._show_lines)
        model.transcript_changed.connect(self._show_said)
        model.command_asked.connect(self._ask)
        model.sent.connect(self._written)
        model.field_error.connect(self._show_problem)
        model.action_set.on("send", self._send)
        model.action_set.on("canned", self._canned_menu)
        model.action_set.on("commands", self._commands_menu)
        model.action_set.on("faq", self._faq_menu)
        model.action_set.on("files", self._files_menu)
        model.file_ready.connect(lambda path: QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))))
        self._list.currentItemChanged.connect(self._chosen)
        self._answer.textChanged.connect(self._typed)

    def focus_first(self) -> None:
        """Begin in the list."""
        self._list.setFocus()

    @Slot()
    def _show_lines(self) -> None:
        model = self.model
        self._list.blockSignals(True)
        place = self._list.verticalScrollBar().value()
        self._list.clear()
        for line in model.lines:
            item = QListWidgetItem(self._words(line))
            item.setData(Qt.ItemDataRole.UserRole, line.id)
            self._list.addItem(item)
            if line.id == model.current:
                self._list.setCurrentItem(item)
        self._list.verticalScrollBar().setValue(place)
        self._list.blockSignals(False)
        some = bool(model.lines)
        code = "inbox.title_owed" if model.owed_only else "inbox.title"
        self.set_title(self.say(code, owed=model.owed, count=len(model.lines)))
        self._empty.setText(self.say("inbox.none_owed" if model.owed_only else "inbox.none"))
        for widget, shown in ((self._list, some), (self._side, some), (self._empty, not some)):
            widget.setVisible(shown)
        self._show_about()

    def _words(self, line: Any) -> str:
        model, formatter = self.model, self.context.formatter
        left, tone = model.left(line)
        title = line.title or self.say("inbox.nobody_yet")
        channel = formatter.name(line.channel, "words:channel")
        text = " ".join(line.last_text.split())
        if len(text) > SHOWN_CHARACTERS // 2:
            text = text[: SHOWN_CHARACTERS // 2] + "…"
        state = f"{_TONES[tone]}{left}" if left else formatter.name(line.state, "state:conversation")
        return f"{title}  {channel}  {clinic(line.last_at):%m-%d %H:%M}\n{state}  {text}"

    def _show_about(self) -> None:
        line = self.model.line
        if line is None:
            return
        left, tone = self.model.left(line)
        parts = [
            line.title or self.say("inbox.nobody_yet"), self.context.formatter.name(line.channel, "words:channel"),
            self.say("inbox.owner", name=line.owner or "—"), " ".join(f"#{label}" for label in line.labels), left,
        ]  # fmt: skip
        self._about.setText("　".join(part for part in parts if part))
        self._about.setProperty("tone", tone)
        self._about.style().unpolish(self._about)
        self._about.style().polish(self._about)

    @Slot(QListWidgetItem, QListWidgetItem)
    def _chosen(self, item: QListWidgetItem | None, _before: QListWidgetItem | None) -> None:
        if item is not None:
            self.model.open(item.data(Qt.ItemDataRole.UserRole))
            self._remark.forget()
            self._put(self.model.draft())
            self._problem.hide()
            self._show_about()

    @Slot()
    def _show_said(self) -> None:
        self._said.clear()
        cursor = QTextCursor(self._said.document())
        muted = QTextCharFormat()
        muted.setForeground(QColor(self.palette().placeholderText().color()))
        plain = QTextCharFormat()
        for said in self.model.transcript:
            block = QTextBlockFormat()
            block.setTopMargin(8)
            sides = {"in": Qt.AlignmentFlag.AlignLeft, "out": Qt.AlignmentFlag.AlignRight}
            block.setAlignment(sides.get(said.direction, Qt.AlignmentFlag.AlignHCenter))
            if cursor.position():
                cursor.insertBlock(block)
            else:
                cursor.setBlockFormat(block)
            cursor.insertText(self._head(said), muted)
            block.setTopMargin(0)
            cursor.insertBlock(block)
            state = (
                self.context.formatter.name(said.media_state, "words:media_state") if said.media_state else ""
            )
            text = f"{said.text}（{state}）" if state else said.text
            cursor.insertText(text, muted if said.direction == "note" else plain)
        offered = self.model.offered
        self._offer.setVisible(bool(offered))
        if offered:
            self._offer.setText(self.say("inbox.faq_offered", question=offered[0].question))
        bar = self._said.verticalScrollBar()
        bar.setValue(bar.maximum())
        if not self._answer.toPlainText():
            self._put(self.model.draft())

    def _head(self, said: Any) -> str:
        formatter = self.context.formatter
        who = {"in": self.say("inbox.client"), "out": said.by}.get(said.direction, "")
        who = self.say("inbox.automatic") if said.automatic else who
        state = formatter.name(said.state, "state:outbox_message") if said.state else ""
        if said.reason and said.state in ("failed", "retrying", "unknown", "expired", "cancelled"):
            state = f"{state}：{formatter.name(said.reason, 'words:outbox_reason')}"
        return "  ".join(part for part in (who, f"{clinic(said.at):%m-%d %H:%M}", state) if part)

    @Slot()
    def _send(self) -> None:
        self._problem.hide()
        text = self._answer.toPlainText()
        if self._remark.show_hits(self.model.hits(text)) and not self._remark.reason():
            self._remark.ask_why()
            return
        self.model.send(text, self._remark.reason())

    @Slot()
    def _written(self) -> None:
        self._remark.forget()
        self._put("")
        self._list.setFocus()

    @Slot(str, str)
    def _show_problem(self, _field: str, sentence: str) -> None:
        self._problem.setText(sentence)
        self._problem.show()

    @Slot()
    def _typed(self) -> None:
        text = self._answer.toPlainText()
        self.model.keep_draft(text)
        self._mark(text)

    def _put(self, text: str) -> None:
        if self._answer.toPlainText() != text:
            self._answer.blockSignals(True)
            self._answer.setPlainText(text)
            self._answer.moveCursor(QTextCursor.MoveOperation.End)
            self._answer.blockSignals(False)
        self._mark(text)

    def _mark(self, text: str) -> None:
        hits = self.model.hits(text)
        self._remark.show_hits(hits)
        self._answer.setExtraSelections(marked(self._answer, hits))

    def _canned_menu(self) -> None:
        if not self.model.canned:
            self.model.toast("inbox.no_canned", "info")
            return
        entries = [(one.label, str(at), True) for at, one in enumerate(self.model.canned)]
        menu = numbered_menu("inbox_canned_menu", entries, self)
        menu.triggered.connect(lambda entry: self._insert(self.model.canned[int(entry.data())].text))
        menu.popup(self._menu_place())

    def _faq_menu(self) -> None:
        if not self.model.offered:
            self.model.toast("inbox.no_faq", "info")
            return
        entries = [(one.question, str(at), True) for at, one in enumerate(self.model.offered)]
        menu = numbered_menu("inbox_faq_menu", entries, self)
        menu.triggered.connect(lambda entry: self._insert(as_said(self.model.offered[int(entry.data())])))
        menu.popup(self._menu_place())

    def _files_menu(self) -> None:
        files = self.model.files()
        if not files:
            self.model.toast("inbox.no_files", "info")
            return
        entries = [
            (f"{one.text} {clinic(one.at):%m-%d %H:%M}", str(at), True) for at, one in enumerate(files)
        ]
        menu = numbered_menu("inbox_files_menu", entries, self)
        menu.triggered.connect(lambda entry: self.model.open_file(int(entry.data())))
        menu.popup(self._menu_place())

    def _insert(self, text: str) -> None:
        self._answer.insertPlainText(text)
        self._answer.setFocus()

    def _commands_menu(self) -> None:
        entries = [(c.label, c.name, True) for c in self.model.offers()]
        menu = numbered_menu("inbox_commands_menu", entries, self)
        menu.triggered.connect(lambda entry: self.model.ask(entry.data()))
        menu.popup(self._menu_place())

    @Slot(object, dict)
    def _ask(self, command: Command, given: dict[str, Any]) -> None:
        line = self.model.line
        CommandDialog(self.context, command, given, self, about="" if line is None else line.title).open()

    def _menu_place(self) -> QPoint:
        return self._answer.mapToGlobal(self._answer.rect().topLeft())
