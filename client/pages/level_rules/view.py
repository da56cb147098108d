"""The rules page's widgets: the rules at the left, the one chosen beside, what they would change below."""

from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
)

from client.appearance import COLOURS
from client.command_dialog.view import CommandDialog
from client.pages.level_rules.viewmodel import ViewModel
from client.stations.front_desk.widgets import set_tone, text
from client.views.page import PageView
from domain.kernel.commands import commands
from domain.risk.levels import Colour, LevelFile, LevelRule

LIST_PX = 560


class View(PageView):
    """Arrows choose a rule, Tab goes to its numbers; F9 tries the rules out, Ctrl+S publishes."""

    model: ViewModel

    def build(self) -> None:
        """Make the page."""
        self._hint = text("rules_hint", self, "muted", wrap=True)
        self._hint.setText(self.say("level_rules.hint"))
        self.body.addWidget(self._hint)
        row = QHBoxLayout()
        row.setSpacing(12)
        self._list = QListWidget(self)
        self._list.setObjectName("rules_list")
        self._list.setAccessibleName(self.say("level_rules.title"))
        self._list.setFixedWidth(LIST_PX)
        self._list.setWordWrap(True)
        self._list.currentRowChanged.connect(self._choose)
        row.addWidget(self._list)
        self._card = QFrame(self)
        self._card.setProperty("part", "card")
        self._fields = QFormLayout(self._card)
        self._fields.setContentsMargins(20, 16, 20, 16)
        self._fields.setSpacing(10)
        column = QVBoxLayout()
        column.addWidget(self._card)
        self._told = text("rules_preview", self, wrap=True)
        self._told.hide()
        column.addWidget(self._told)
        column.addStretch(1)
        row.addLayout(column, 1)
        self.body.addLayout(row, 1)
        self.model.rules_changed.connect(self._show)
        self.model.previewed.connect(self._tell)
        self.model.publish_asked.connect(self._ask_why)

    def focus_first(self) -> None:
        """Begin with the rules."""
        self._list.setFocus()

    @Slot(object)
    def _show(self, file: LevelFile) -> None:
        row = max(0, self._list.currentRow())
        self.set_title(self.say("level_rules.version", version=file.version))
        self._list.blockSignals(True)
        self._list.clear()
        for at, one in enumerate(self.model.rows()):
            colour = self._name(one.colour) if isinstance(one, LevelRule) else self.say("level_rules.factor")
            mark = "✎ " if self.model.is_new(at) else ""
            entry = QListWidgetItem(
                f"{mark}【{colour}】{one.text}\n        {self.model.in_words(one.when)}", self._list
            )
            if mark:
                entry.setForeground(COLOURS["warning"])
        self._list.setCurrentRow(min(row, self._list.count() - 1))
        self._list.blockSignals(False)
        if not self._card.isAncestorOf(self.focusWidget() or self._list):
            self._choose(self._list.currentRow())

    def _name(self, colour: Colour) -> str:
        return self.context.formatter.name(str(colour), "words:risk_colour")

    @Slot(int)
    def _choose(self, row: int) -> None:
        while self._fields.rowCount():
            self._fields.removeRow(0)
        rows = self.model.rows()
        if not 0 <= row < len(rows):
            return
        one = rows[row]
        if isinstance(one, LevelRule):
            chooser = QComboBox(self._card)
            chooser.setObjectName("rule_colour")
            for colour in reversed(Colour):
                chooser.addItem(self._name(colour), str(colour))
            chooser.setCurrentIndex(chooser.findData(str(one.colour)))
            chooser.activated.connect(lambda _n: self.model.change(row, colour=chooser.currentData()))
            self._fields.addRow(self.say("level_rules.colour"), chooser)
        self._line("rule_text", "level_rules.text", one.text, lambda words: self._set(row, text=words))
        for place, number in enumerate(self.model.thresholds(one.when)):
            self._line(
                f"rule_number_{place + 1}", "level_rules.number", number,
                lambda words, place=place: self.model.set_threshold(row, place, words), number=place + 1,
            )  # fmt: skip
        self._line("rule_when", "level_rules.when", one.when, lambda words: self._set(row, when=words))

    def _set(self, row: int, **changed: str) -> bool:
        self.model.change(row, **changed)
        return True

    def _line(self, name: str, code: str, value: str, take: Any, **facts: Any) -> None:
        label = self.say(code, **facts)
        line = QLineEdit(value, self._card)
        line.setObjectName(name)
        line.setAccessibleName(label)

        def taken() -> None:
            if line.isModified():
                line.setModified(False)
                if not take(line.text()):
                    line.setText(value)
                    self.model.toast("level_rules.no_number", "warning")

        line.editingFinished.connect(taken)
        self._fields.addRow(label, line)

    @Slot(str, str)
    def _tell(self, sentence: str, tone: str) -> None:
        self._told.setText(sentence)
        self._told.setVisible(bool(sentence))
        set_tone(self._told, tone)

    @Slot(object)
    def _ask_why(self, given: dict[str, Any]) -> None:
        dialog = CommandDialog(self.context, commands()["risk.publish_rules"], given, self)
        dialog.completed.connect(lambda _done: self.model.published())
        dialog.open()
