"""The alert rules' widgets: the list at the left, the rule that is chosen beside, its trial and history below."""

from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from client.command_dialog.view import CommandDialog
from client.pages.alert_rules.drafts import Draft
from client.pages.alert_rules.editor.widgets import RuleEditor
from client.pages.alert_rules.listing.widgets import RuleList
from client.pages.alert_rules.viewmodel import Entry, Past, ViewModel
from client.stations.front_desk.widgets import scrolling, set_tone, text
from client.views.forms import FieldBox
from client.views.page import PageView
from domain.kernel.commands import commands

HISTORY_PX = 74
SHARES = (11, 12)


class View(PageView):
    """F3 finds a rule, arrows choose it, Tab goes to its fields; F9 tries it, Ctrl+S publishes it."""

    model: ViewModel

    def build(self) -> None:
        """Make the page."""
        hint = text("alert_rules_hint", self, "muted", wrap=True)
        hint.setText(self.say("alert_rules.hint"))
        self.body.addWidget(hint)
        row = QHBoxLayout()
        row.setSpacing(12)
        for side, share in zip((self._left(), self._right()), SHARES, strict=True):
            row.addWidget(side, share)
        self.body.addLayout(row, 1)
        self._editor: RuleEditor | None = None
        model = self.model
        model.rules_changed.connect(self._show_rules)
        model.drafted.connect(self._list.rules.redraw)
        model.chosen.connect(self._show_rule)
        model.errors_changed.connect(self._show_errors)
        model.told.connect(self._tell)
        model.trying.connect(self._bar.setVisible)
        model.history_changed.connect(self._show_history)
        model.roll_back_asked.connect(self._ask_why)
        self.model.publish_asked.connect(self._confirm)
        model.action_set.on("filter", self._begin_filter)
        model.action_set.on("history", self._history.setFocus)
        model.action_set.on("roll_back", self._roll_back)

    def focus_first(self) -> None:
        """Begin with the rules."""
        self._list.setFocus()

    def _left(self) -> QWidget:
        side = QWidget(self)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        self._filter = QLineEdit(side)
        self._filter.setObjectName("alert_rules_filter")
        self._filter.setClearButtonEnabled(True)
        self._filter.setPlaceholderText(self.say("alert_rules.find"))
        self._filter.setAccessibleName(self.say("alert_rules.filter"))
        self._filter.textChanged.connect(self._show_rules)
        self._filter.returnPressed.connect(self.focus_first)
        self._count = text("alert_rules_count", side, "muted")
        column.addWidget(self._filter)
        column.addWidget(self._count)
        self._list = RuleList(self.model, side)
        self._list.picked.connect(self.model.choose)
        column.addWidget(self._list, 1)
        self._none = text("alert_rules_none", side, "subtitle", wrap=True)
        self._none.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._none.hide()
        column.addWidget(self._none, 1)
        return side

    def _right(self) -> QWidget:
        side = QWidget(self)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self._name = text("rule_name", side, "subtitle", wrap=True)
        column.addWidget(self._name)
        self._area = scrolling(side)
        column.addWidget(self._area, 1)
        self._bar = QProgressBar(side)
        self._bar.setObjectName("rule_trying")
        self._bar.setRange(0, 0)
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(4)
        self._bar.hide()
        column.addWidget(self._bar)
        self._told = text("rule_told", side, wrap=True)
        self._told.hide()
        column.addWidget(self._told)
        line = QLineEdit(side)
        line.setMaxLength(1000)
        line.textChanged.connect(self._reason_typed)
        self._reason = FieldBox("reason", self.say("alert_rules.reason"), line, required=True, parent=side)
        column.addWidget(self._reason)
        self._history = QListWidget(side)
        self._history.setObjectName("rule_history")
        self._history.setAccessibleName(self.say("alert_rules.history"))
        self._history.setFixedHeight(HISTORY_PX)
        self._history.setWordWrap(False)
        column.addWidget(self._history)
        return side

    @Slot()
    def _begin_filter(self) -> None:
        self._filter.setFocus()
        self._filter.selectAll()

    @Slot()
    def _show_rules(self) -> None:
        """Show the rules that fit what was typed; the one that is chosen keeps the cursor."""
        found, table = self.model.matching(self._filter.text()), self._list.rules
        was = self.model.rule_id
        table.show(found)
        code = "alert_rules.none_fits" if self.model.entries else "alert_rules.none_read"
        self._none.setText(self.say(code))
        self._none.setVisible(not found)
        self._list.setVisible(bool(found))
        counts = {"waiting": sum(one.waits for one in found), "changed": sum(one.number > 0 for one in found)}
        self._count.setText(self.say("alert_rules.count", count=len(found), **counts))
        if found:
            self._list.selectRow(max(0, table.row_of(was)))

    @Slot(object, object)
    def _show_rule(self, entry: Entry | None, draft: Draft | None) -> None:
        if entry is None or draft is None:
            return
        code = "alert_rules.waiting_rule" if entry.waits else "alert_rules.rule"
        facts = {} if entry.waits else {"version": entry.rule.version}
        self._name.setText(self.say(code, number=entry.rule.id, name=entry.rule.name, **facts))
        self._editor = RuleEditor(self.model, entry, draft, self._area)
        self._editor.changed.connect(self._edited)
        self._area.setWidget(self._editor)
        self._reason.set_value(self.model.reason)

    @Slot()
    def _edited(self) -> None:
        if self._editor is not None:
            self.model.keep(self._editor.draft())

    @Slot(str)
    def _reason_typed(self, words: str) -> None:
        self.model.reason = words

    @Slot(object)
    def _show_errors(self, errors: dict[str, str]) -> None:
        self._reason.show_error(errors.get("reason", ""))
        if self._editor is not None:
            self._editor.show_errors(errors)
        if "reason" in errors:
            self._reason.editor.setFocus()

    @Slot(str, str)
    def _tell(self, sentence: str, tone: str) -> None:
        self._told.setText(sentence)
        self._told.setVisible(bool(sentence))
        set_tone(self._told, tone)

    @Slot(object)
    def _show_history(self, past: list[Past]) -> None:
        self._history.clear()
        for one in past:
            entry = QListWidgetItem(one.said, self._history)
            entry.setData(Qt.ItemDataRole.UserRole, one.number)
            entry.setToolTip(one.said)
        self._history.setCurrentRow(min(1, self._history.count() - 1))

    @Slot()
    def _roll_back(self) -> None:
        entry = self._history.currentItem()
        self.model.ask_to_roll_back(0 if entry is None else entry.data(Qt.ItemDataRole.UserRole))

    @Slot(object)
    def _ask_why(self, given: dict[str, Any]) -> None:
        dialog = CommandDialog(self.context, commands()["alert.roll_back_rule"], given, self)
        dialog.completed.connect(lambda _done: self.model.rolled_back())
        dialog.open()

    @Slot(object)
    def _confirm(self, given: dict[str, Any]) -> None:
        dialog = CommandDialog(self.context, commands()["alert.change_rule"], given, self, only=())
        dialog.completed.connect(lambda done: self.model.published(given["rule"], done.receipt))
        dialog.open()
