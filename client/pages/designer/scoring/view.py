"""Scoring: which items a sum counts, which the other way round, and what it means from where on."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from client.appearance import COLOURS
from client.pages.designer.inputs.widgets import Calm, line
from client.pages.designer.tables.widgets import Lines, Say
from client.pages.designer.viewmodel import ViewModel
from client.views.forms import FieldBox
from forms.designing.properties import number
from forms.designing.tree import walk

UNTICKED = "QListWidget::indicator:unchecked {{ width: 12px; height: 12px; border: 1px solid {}; }}"
"""A box that is not ticked must be seen to be one."""
COUNTED = ("choice", "open-choice", "boolean", "integer", "decimal")
LEVELS = ("", "low", "medium", "high")
ROLE = Qt.ItemDataRole.UserRole


class Bands(Lines):
    """What a sum means, from where on."""

    def __init__(self, say: Say, parent: QWidget) -> None:
        super().__init__("bands", say, parent)

    def make_row(self, at: int, line: Any) -> list[QWidget]:
        say = self.say

        def put(key: str, value: Any) -> None:
            now = self.lines()[at]
            self.put(at, {**now, key: value})

        begin = self.edit(
            f"band_from_{at}",
            f"{line['at_least']}",
            say("designer.band.from"),
            lambda v: put("at_least", _points(v)),
        )
        begin.setFixedWidth(70)
        words = self.edit(
            f"band_text_{at}", line["text"], say("designer.band.text"), lambda v: put("text", v)
        )
        levels = [(code, say(f"designer.level.{code or 'none'}")) for code in LEVELS]
        level = self.listed(
            f"band_level_{at}", say("designer.band.level"), line["level"], levels, lambda v: put("level", v)
        )
        return [begin, words, level]

    def fresh(self) -> dict[str, Any]:
        before = self.lines()
        last = before[-1]["at_least"] if before else -1
        return {"at_least": last + 1, "text": "", "level": ""}


def _points(text: str) -> int | float:
    value = number(text)
    return 0 if isinstance(value, str) else value


class ScoringPanel(QScrollArea):
    """One score at a time; several are chosen by name, the last one is the total."""

    def __init__(self, model: ViewModel, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("designer_scoring")
        self.setWidgetResizable(True)
        self._model, self._say = model, model.context.say
        self._at = 0
        self._filling = False
        sheet = QWidget(self)
        column = QVBoxLayout(sheet)
        hint = QLabel(self._say("designer.score.hint"), sheet)
        hint.setWordWrap(True)
        hint.setProperty("role", "muted")
        column.addWidget(hint)
        row = QHBoxLayout()
        self._which = Calm(sheet)
        self._which.setObjectName("score_which")
        self._which.setAccessibleName(self._say("designer.score.which"))
        self._which.activated.connect(self._choose)
        row.addWidget(self._which, 1)
        for name, slot in (("add", self._add), ("delete", self._delete)):
            button = QPushButton(self._say(f"designer.score.{name}"), sheet)
            button.setObjectName(f"score_{name}")
            button.setAutoDefault(False)
            button.clicked.connect(slot)
            row.addWidget(button)
        column.addLayout(row)
        self._body = QWidget(sheet)
        body = QVBoxLayout(self._body)
        body.setContentsMargins(0, 0, 0, 0)
        self.label = line(
            "score_label",
            self._say("designer.score.label"),
            self._body,
            lambda v: self._put("label", v.strip()),
        )
        body.addWidget(self.label)
        body.addWidget(QLabel(self._say("designer.score.items"), self._body))
        self.items = QListWidget(self._body)
        self.items.setObjectName("score_items")
        self.items.setAccessibleName(self._say("designer.score.items"))
        self.items.itemChanged.connect(self._ticked)
        self.items.setMinimumHeight(150)
        line_colour = COLOURS["muted"].name()
        self.items.setStyleSheet(UNTICKED.format(line_colour))
        body.addWidget(self.items)
        self.bands = Bands(self._say, self._body)
        self.bands.changed.connect(lambda lines: self._put("bands", lines))
        body.addWidget(self.bands)
        self.source = line(
            "score_source",
            self._say("designer.score.source"),
            self._body,
            lambda v: self._put_head("source", v.strip()),
        )
        self.signed = line(
            "score_signed", self._say("designer.score.signed"), self._body,
            lambda v: self._put_head("signed", v.strip()), hint=self._say("designer.score.signed_hint"),
        )  # fmt: skip
        boxes: tuple[FieldBox, ...] = (self.source, self.signed)
        for box in boxes:
            body.addWidget(box)
        column.addWidget(self._body)
        column.addStretch(1)
        self.setWidget(sheet)
        for signal in (model.opened, model.changed):
            signal.connect(self.refresh)

    def _scoring(self) -> dict[str, Any]:
        return {"scores": [], "source": "", "signed": "", **(self._model.sketch.state.scoring or {})}

    @Slot()
    def refresh(self) -> None:
        """Show the score that is chosen."""
        self._filling = True
        scoring = self._scoring()
        rules = list(scoring["scores"])
        self._at = max(0, min(self._at, len(rules) - 1))
        self._which.clear()
        for rule in rules:
            self._which.addItem(rule["label"] or self._say("designer.untitled"))
        self._which.setCurrentIndex(self._at if rules else -1)
        self._body.setVisible(bool(rules))
        self.widget().setEnabled(self._model.is_open)
        if rules:
            rule = rules[self._at]
            for box, value in (
                (self.label, rule["label"]),
                (self.source, scoring["source"]),
                (self.signed, scoring["signed"]),
            ):
                if box.value() != value:
                    box.set_value(value)
            self._show_items(rule)
            self.bands.show_lines(list(rule.get("bands") or []))
        self._filling = False

    def _show_items(self, rule: Mapping[str, Any]) -> None:
        wanted, backwards = set(rule.get("of") or []), set(rule.get("reversed") or [])
        listed = [
            (str(item.get("linkId")), str(item.get("text") or item.get("linkId")))
            for _, item in walk(self._model.sketch.state.resource)
            if item.get("type") in COUNTED
        ]
        known = {link for link, _ in listed}
        listed += [(link, self._say("designer.score.gone", link=link)) for link in sorted(wanted - known)]
        entries = [
            (link, text, mark, state)
            for link, text in listed
            for mark, state in (("", link in wanted), ("-", link in backwards))
            if not mark or link in wanted
        ]
        before = [
            (self.items.item(n).data(ROLE), self.items.item(n).text()) for n in range(self.items.count())
        ]
        rows = [
            ((link, mark), self._say("designer.score.reversed", text=text) if mark else text)
            for link, text, mark, _ in entries
        ]
        if before != rows:
            row = self.items.currentRow()
            self.items.clear()
            for key, text in rows:
                entry = QListWidgetItem(text, self.items)
                entry.setData(ROLE, key)
                entry.setFlags(entry.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            self.items.setCurrentRow(max(0, min(row, self.items.count() - 1)))
        for n, (_, _, _, state) in enumerate(entries):
            self.items.item(n).setCheckState(Qt.CheckState.Checked if state else Qt.CheckState.Unchecked)

    @Slot(QListWidgetItem)
    def _ticked(self, _entry: QListWidgetItem) -> None:
        if self._filling:
            return
        ticked = [
            self.items.item(n).data(ROLE) for n in range(self.items.count())
            if self.items.item(n).checkState() == Qt.CheckState.Checked
        ]  # fmt: skip
        of = [link for link, mark in ticked if not mark]
        backwards = [link for link, mark in ticked if mark and link in of]
        rule = {**self._scoring()["scores"][self._at], "of": of, "reversed": backwards}
        self._put_rule(rule)

    def _put(self, key: str, value: Any) -> None:
        rules = self._scoring()["scores"]
        if not self._filling and rules:
            self._put_rule({**rules[self._at], key: value})

    def _put_rule(self, rule: Mapping[str, Any]) -> None:
        scoring = self._scoring()
        rules = list(scoring["scores"])
        rules[self._at] = dict(rule)
        self._model.score({**scoring, "scores": rules})

    def _put_head(self, key: str, value: str) -> None:
        scoring = self._scoring()
        if not self._filling and scoring["scores"]:
            self._model.score({**scoring, key: value})

    @Slot(int)
    def _choose(self, row: int) -> None:
        self._at = row
        self.refresh()

    @Slot()
    def _add(self) -> None:
        scoring = self._scoring()
        rules = list(scoring["scores"])
        taken = {rule["id"] for rule in rules}
        own = next(f"score{n}" for n in range(1, 1000) if f"score{n}" not in taken)
        rules.append(
            {"id": own, "label": self._say("designer.score.total"), "of": [], "reversed": [], "bands": []}
        )
        self._at = len(rules) - 1
        self._model.score({**scoring, "scores": rules})

    @Slot()
    def _delete(self) -> None:
        scoring = self._scoring()
        rules = [rule for n, rule in enumerate(scoring["scores"]) if n != self._at]
        self._model.score({**scoring, "scores": rules} if rules else None)
