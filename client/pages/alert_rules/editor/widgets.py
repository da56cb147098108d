"""The form of one rule: a field for everything that may be changed of it, and in words what may not."""

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from client.pages.alert_rules.conditions.fields import known_fields
from client.pages.alert_rules.conditions.widgets import Conditions
from client.pages.alert_rules.drafts import CHANNELS, WAYS, Draft
from client.pages.alert_rules.viewmodel import Entry, ViewModel
from client.pages.alert_rules.widgets import MOST_TIME, StepRow, Ticks, TimeBox, severities
from client.views.forms import FieldBox, latin_only
from domain.alerts.parts import WAYS_OF, Step, Way
from domain.alerts.records import Severity

FIRST_STEP = "30m"


class RuleEditor(QWidget):
    """Made anew for each rule; `changed` whenever something is, `draft` is what it says."""

    changed = Signal()

    def __init__(self, model: ViewModel, entry: Entry, draft: Draft, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("rule_editor")
        self.setProperty("part", "card")
        self._model, self._say = model, model.context.say
        roles = model.context.desk.authority.roles
        self._roles = [(name, role.label) for name, role in roles.items()]
        self._boxes: dict[str, FieldBox] = {}
        self._numbers: dict[str, QLineEdit] = {}
        self._times: dict[str, TimeBox] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(16, 12, 16, 12)
        self._column.setSpacing(8)
        self._about(entry)
        self._amounts(entry, draft)
        self._further(entry, draft)
        self._told(draft)
        self._ladder(draft)
        self._places(draft)
        self._column.addStretch(1)

    def draft(self) -> Draft:
        """Return the values as they stand."""
        sites = None if self._everywhere.isChecked() else self._sites.ticked()
        return Draft(
            {name: line.text().strip() for name, line in self._numbers.items()},
            {name: box.value() for name, box in self._times.items()},
            Severity(self._severity.currentData()), self._summary.text().strip(), self._receivers.ticked(),
            self._channels.ticked(), tuple(row.value() for row in self._rows), sites,
            self._silent.isChecked(), self._also.value() if self._also is not None else (),
            None if self._by_level.isChecked() else tuple(Way(one) for one in self._ways.ticked()),
        )  # fmt: skip

    def show_errors(self, errors: dict[str, str]) -> None:
        """Say beside each field what is wrong with it; what belongs to the numbers stands at the first."""
        first = next(iter(self._numbers), "severity")
        by_box = {first if name == "numbers" else name: said for name, said in errors.items()}
        for name, box in self._boxes.items():
            box.show_error(by_box.get(name, ""))
        wrong = next((self._boxes[name] for name in by_box if name in self._boxes), None)
        if wrong is not None:
            wrong.editor.setFocus()

    def _add(self, name: str, label: str, editor: QWidget, **more: Any) -> None:
        self._boxes[name] = FieldBox(name, label, editor, parent=self, **more)
        self._column.addWidget(self._boxes[name])

    def _about(self, entry: Entry) -> None:
        said = [
            self._say("alert_rules.cause", text=self._model.words.cause(entry.rule)),
            self._say("alert_rules.source", text=entry.rule.source),
        ]
        if entry.rule.metric is not None:
            m = entry.rule.metric
            unit, value = "" if m.unit == "count" else m.unit, self._model.context.formatter.value(m.value)
            said.insert(1, self._say("alert_rules.metric", what=m.what, op=m.op, value=value, unit=unit))
        about = QLabel("\n".join(said), self)
        about.setObjectName("rule_about")
        about.setProperty("role", "muted")
        about.setWordWrap(True)
        self._column.addWidget(about)

    def _amounts(self, entry: Entry, draft: Draft) -> None:
        for name, value in draft.numbers.items():
            line = self._numbers[name] = latin_only(QLineEdit(value, self))  # type: ignore[assignment]
            line.textChanged.connect(lambda _t: self.changed.emit())
            self._add(name, self._model.words.number(entry.rule, name), line)
        for name, value in draft.times.items():
            ships = getattr(entry.file, name)
            low = -MOST_TIME if name == "offset" else 0 if ships and int(ships[:-1]) == 0 else 1
            box = TimeBox(value, self._model.context, self, optional=not ships, low=low)
            self._times[name] = box
            box.changed.connect(self.changed)
            self._add(name, self._say(f"alert_rules.time.{name}"), box)

    def _further(self, entry: Entry, draft: Draft) -> None:
        fields = known_fields(entry.file, self._model.context)
        self._also: Conditions | None = None
        if fields:
            self._also = Conditions(fields, draft.also, self._model.context, self)
            self._also.changed.connect(self.changed)
            self._add("also", self._say("alert_rules.conditions"), self._also)

    def _told(self, draft: Draft) -> None:
        self._severity = severities(draft.severity, self._model.context, self)
        self._severity.currentIndexChanged.connect(lambda _n: self.changed.emit())
        self._add("severity", self._say("alert_rules.severity"), self._severity)
        self._summary = QLineEdit(draft.summary, self)
        self._summary.setMaxLength(300)
        self._summary.setCursorPosition(0)
        self._summary.textChanged.connect(lambda _t: self.changed.emit())
        self._add(
            "summary",
            self._say("alert_rules.summary"),
            self._summary,
            hint=self._say("alert_rules.summary_hint"),
        )
        self._receivers = Ticks(self._roles, draft.receivers, self)
        self._receivers.changed.connect(self.changed)
        self._add("receivers", self._say("alert_rules.receivers"), self._receivers)
        named = [(one, self._say(f"alert_rules.channel.{one}")) for one in CHANNELS]
        self._channels = Ticks(named, draft.channels, self)
        self._channels.hold(CHANNELS[0])
        self._channels.changed.connect(self.changed)
        self._add("channels", self._say("alert_rules.channels"), self._channels)

        self._shown(draft)

    def _shown(self, draft: Draft) -> None:
        """Ask how the alert comes before a person: as the level has it, or as ticked."""
        self._by_level = QCheckBox(self)
        self._by_level.setChecked(draft.ways is None)
        self._add("by_level", self._say("alert_rules.by_level"), self._by_level)
        named = [(str(one), self._say(f"alert_rules.way.{one}")) for one in WAYS]
        ticked = [str(one) for one in (WAYS_OF[draft.severity] if draft.ways is None else draft.ways)]
        self._ways = Ticks(named, ticked, self)
        self._ways.hold(str(Way.LIST))
        self._ways.changed.connect(self.changed)
        self._add("ways", self._say("alert_rules.ways"), self._ways)
        self._boxes["ways"].setVisible(draft.ways is not None)
        self._by_level.toggled.connect(self._choose_ways)

    def _choose_ways(self, by_level: bool) -> None:
        self._boxes["ways"].setVisible(not by_level)
        self.changed.emit()

    def _ladder(self, draft: Draft) -> None:
        holder = QWidget(self)
        self._steps = QVBoxLayout(holder)
        self._steps.setContentsMargins(0, 0, 0, 0)
        self._rows: list[StepRow] = []
        self._more = QPushButton(self._say("alert_rules.step_add"), holder)
        self._more.setObjectName("step_add")
        self._more.clicked.connect(self._add_step)
        self._steps.addWidget(self._more)
        holder.setFocusProxy(self._more)
        for step in draft.steps:
            self._step(step)
        self._add("steps", self._say("alert_rules.steps"), holder)

    def _step(self, step: Step) -> StepRow:
        row = StepRow(len(self._rows), step, self._roles, self._model.context, self)
        row.changed.connect(self.changed)
        row.removed.connect(self._remove_step)
        self._rows.append(row)
        self._steps.insertWidget(self._steps.count() - 1, row)
        return row

    def _add_step(self) -> None:
        last = self._rows[-1].value() if self._rows else None
        after = FIRST_STEP if last is None else f"{min(int(last.after[:-1]) * 2, 9999)}{last.after[-1]}"
        row = self._step(Step(after, (), Severity.URGENT if last is None else last.severity))
        row.after.setFocus()
        self.changed.emit()

    def _remove_step(self, row: StepRow) -> None:
        steps = [one.value() for one in self._rows if one is not row]
        for one in self._rows:
            self._steps.removeWidget(one)
            one.deleteLater()
        self._rows = []
        for step in steps:  # made anew, so that each is called by its present number
            self._step(step)
        self._more.setFocus()
        self.changed.emit()

    def _places(self, draft: Draft) -> None:
        self._everywhere = QCheckBox(self)
        self._everywhere.setChecked(draft.sites is None)
        self._add("everywhere", self._say("alert_rules.everywhere"), self._everywhere)
        named = sorted(self._model.places.items(), key=lambda one: one[1])
        self._sites = Ticks(named, draft.sites or (), self)
        self._sites.changed.connect(self.changed)
        self._add("sites", self._say("alert_rules.sites"), self._sites)
        self._boxes["sites"].setVisible(draft.sites is not None)
        self._everywhere.toggled.connect(self._limit)
        self._silent = QCheckBox(self)
        self._silent.setChecked(draft.silent)
        self._silent.toggled.connect(lambda _on: self.changed.emit())
        self._add("silent", self._say("alert_rules.silent"), self._silent)

    def _limit(self, everywhere: bool) -> None:
        self._boxes["sites"].setVisible(not everywhere)
        self.changed.emit()
