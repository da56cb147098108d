"""The front desk on the screen: steps on the left, the step in the middle, values and devices on the right."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, Qt, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from client.stations.front_desk.panel_form.view import FormPanel
from client.stations.front_desk.panel_identity.view import IdentityPanel
from client.stations.front_desk.panel_leave.view import ArrivePanel, LeavePanel
from client.stations.front_desk.panel_today.view import TodayPanel
from client.stations.front_desk.panel_tubes.view import TubesPanel
from client.stations.front_desk.panel_values.view import DevicesPanel, ValuesPanel
from client.stations.front_desk.panel_vitals.view import MeasurePanel, PendingPanel
from client.stations.front_desk.progress import STEPS
from client.stations.front_desk.widgets import LEFT_PX, RIGHT_PX, Panels, Strip, scrolling, text
from client.views.file_drop import FileDrop
from client.views.station import StationView
from client.views.steps import Step, StepList
from domain.checkup.workflow import visit_life


class View(StationView):
    """Binds the widgets to the view-model; knows nothing of medicine."""

    def build(self) -> None:
        model, context = self.model, self.context
        # Every widget is made where it stays: giving it another parent later works out the style of all within anew.
        left, middle, right = QWidget(self), QWidget(self), QWidget(self)
        self.alarms = Strip("alarms", middle)
        self.doubt = Strip("doubt", middle)
        self.light = Strip("identity_light", middle)
        self.notice = Strip("device_notice", middle)
        self.pending = PendingPanel(model.visit.vitals, context, middle)
        area = scrolling(middle)
        self.centre = centre = Panels(area)
        area.setWidget(centre)
        self.identity = IdentityPanel(model, centre)
        self.panels: dict[str, Any] = {
            "arrive": ArrivePanel(context, centre),
            "form": FormPanel(model.visit.form, context, centre),
            "pressure": MeasurePanel("pressure", model.visit.vitals, context, centre),
            "body": MeasurePanel("body", model.visit.vitals, context, centre),
            "labels": TubesPanel(model.visit.tubes, context, centre),
            "leave": LeavePanel(context, centre),
        }
        self.panels["collect"] = self.panels["labels"]
        for panel in (self.identity, *dict.fromkeys(self.panels.values())):
            centre.addWidget(panel)
        self.steps = StepList(left)
        self.keys_hint = text("steps_hint", left, "muted")
        self.today = TodayPanel(context, left)
        self.values = ValuesPanel(context, right)
        self.devices = DevicesPanel(context, right)
        self._arrange(left, middle, right, area)
        self._connect()
        self._shown_step = ""
        self._refresh()

    def focus_first(self) -> None:
        """Put the focus where work begins: the search while waiting, else the step."""
        panel: Any = self.centre.currentWidget()
        panel.focus_first()

    def event(self, event: QEvent) -> bool:
        """Keep Escape for the question that is open, before the frame takes it for its own."""
        override = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
        if override and event.key() == Qt.Key.Key_Escape and self._escapes():  # type: ignore[attr-defined]
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take Escape as the way back."""
        if event.key() == Qt.Key.Key_Escape and self._escapes():
            self.model.back()
        else:
            super().keyPressEvent(event)

    def _escapes(self) -> bool:
        visit, identity = self.model.visit, self.model.identity
        waiting = visit.vitals.doubt or visit.vitals.pending or identity.registration or identity.found
        return bool(waiting or visit.leave_asked)

    def _arrange(self, left_side: QWidget, between: QWidget, right_side: QWidget, area: QScrollArea) -> None:
        row = QHBoxLayout()
        row.setSpacing(12)
        left, middle, right = QVBoxLayout(left_side), QVBoxLayout(between), QVBoxLayout(right_side)
        self.keys_hint.setText(self.say("front_desk.steps_hint"))
        self.steps.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        left.addWidget(self.steps)
        left.addWidget(self.keys_hint)
        left.addWidget(self.today, 1)
        left.addStretch(0)
        for widget in (self.alarms, self.light, self.doubt, self.pending, self.notice):
            middle.addWidget(widget)
        middle.addWidget(area, 1)
        right.addWidget(self.values, 10)
        right.addWidget(self.devices)
        right.addStretch(0)
        for holder, column, width in (
            (left_side, left, LEFT_PX),
            (between, middle, 0),
            (right_side, right, RIGHT_PX),
        ):
            column.setSpacing(8)
            column.setContentsMargins(0, 0, 0, 0)
            if width:
                holder.setFixedWidth(width)
            row.addWidget(holder, 0 if width else 1)
        self.body.addLayout(row, 1)

    def _connect(self) -> None:
        model = self.model
        visit = model.visit
        visit.changed.connect(self._refresh)
        visit.step_changed.connect(self._refresh)
        visit.vitals.doubt_changed.connect(self._show_doubt)
        visit.omission_asked.connect(self._ask_omission)
        visit.form.handed_over.connect(self._show_code)
        model.attach_asked.connect(self._attach)
        if self.context.actor.may("checkup.edit"):
            FileDrop(self, self._dropped)
        model.today_changed.connect(self._show_today)
        model.devices_changed.connect(self._show_devices)
        model.notice.connect(self._show_notice)
        model.submit_asked.connect(self._submit)
        model.search_asked.connect(self._search)
        model.reprint_asked.connect(self._print)
        model.sound.connect(self._sound)
        model.identity.registration_changed.connect(self._refresh)
        model.identity.light_changed.connect(self._show_light)
        visit.left.connect(lambda *_: self.light.show_text(""))
        self.today.chosen.connect(model.open_visit)
        for number, step in enumerate(STEPS, 1):
            shortcut = QShortcut(QKeySequence(f"Alt+{number}"), self)
            shortcut.setObjectName(f"shortcut_step_{step}")
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(_Go(visit, step))

    @Slot()
    def _refresh(self) -> None:
        """Draw everything that follows the visit."""
        visit = self.model.visit
        encounter = visit.encounter
        is_open = encounter is not None
        self.steps.setVisible(is_open)
        self.keys_hint.setVisible(is_open)
        self.values.setVisible(is_open)
        self.today.setVisible(not is_open)
        self._show_alarms()
        self._show_devices()
        if encounter is None:
            self._turn_to(self.identity, "identity")
            return
        self.steps.show_steps(self._steps())
        self.values.show_values(encounter.values)
        self.panels["arrive"].show_visit(encounter, visit_life.label_of(encounter.state))
        self.panels["leave"].show_check(
            visit.missing(),
            visit.not_entered(),
            asked=visit.leave_asked,
            finished=encounter.state == "finished",
        )
        if visit.step in {"labels", "collect"}:
            self.panels["labels"].show_step(visit.step)
        self._turn_to(self.panels[visit.step], f"{visit.step} {encounter.visit_id}")

    def _turn_to(self, panel: Any, key: str) -> None:
        """Show a panel; the focus follows only when it is another one than before."""
        self.centre.setCurrentWidget(panel)
        if key == self._shown_step:
            return
        self._shown_step = key
        self.notice.show_text("")
        self.panels["labels"].forget()
        for group in ("pressure", "body"):
            self.panels[group].clear()
        panel.focus_first()

    def _steps(self) -> list[Step]:
        shown = []
        for number, state in enumerate(self.model.visit.states, 1):
            current = state.id == self.model.visit.step
            mark = "current" if current and state.state != "problem" else state.state
            name = self.say(f"front_desk.step.{state.id}")
            if current and state.state == "done":
                name = f"✓ {name}"
            shown.append(Step(state.id, name, mark, state.detail, str(number)))
        return shown

    @Slot()
    def _show_alarms(self) -> None:
        encounter = self.model.visit.encounter
        together: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for alarm in encounter.alarms if encounter else ():
            together.setdefault((alarm.level, alarm.conditions), []).append(alarm.sentence)
        lines = []
        for (level, names), sentences in together.items():
            lines.append(f"{self.say(f'front_desk.alarm.{level}')}  {'；'.join(sentences)}")
            lines += [self.say(f"checkup.condition.{name}") for name in names]
        self.alarms.show_text("\n".join(lines), self.say("front_desk.alarm_do"), "danger")

    @Slot()
    def _show_doubt(self) -> None:
        doubt = self.model.visit.vitals.doubt
        self.doubt.show_text(doubt.sentence if doubt else "", self.say("front_desk.whose_keys"), "warning")

    @Slot()
    def _show_today(self) -> None:
        self.today.show_visits(self.model.today)

    @Slot()
    def _show_devices(self) -> None:
        hub = self.model.hub
        self.devices.show_states(hub.states(), self.model.visit.tubes.labels.printer_name, hub.problems)

    @Slot(str, str)
    def _show_light(self, sentence: str, tone: str) -> None:
        """The desk light: a mark and words beside the colour."""
        mark = {"success": "● ", "warning": "■ ", "danger": "▲ "}.get(tone, "")
        self.light.show_text(mark + sentence if sentence else "", "", tone or "info")

    @Slot(str, str)
    def _show_notice(self, sentence: str, tone: str) -> None:
        self.notice.show_text(sentence, "", tone)

    @Slot(str)
    def _submit(self, what: str) -> None:
        if what == "register":
            self.model.identity.register(self.identity.form.values())
        else:
            self.panels[what].submit()

    @Slot()
    def _attach(self) -> None:
        self._files()

    def _files(self) -> Any:
        """Open the dialog of the visit's files; its parts are loaded when somebody wants them."""
        encounter = self.model.visit.encounter
        if encounter is None:
            return None
        from client.attachments.view import AttachmentsDialog
        from client.attachments.viewmodel import AttachmentsModel

        files = AttachmentsModel(self.context, encounter.visit_id, encounter.patient_id)
        title = self.say("attachments.title", name=encounter.name, number=encounter.number)
        dialog = AttachmentsDialog(files, title, self)
        dialog.open()
        return dialog

    def _dropped(self, paths: list[Path]) -> None:
        dialog = self._files()
        if dialog is None:
            self.model.toast("front_desk.attach_nobody", "warning")
        else:
            dialog.model.add(paths)

    @Slot()
    def _ask_omission(self) -> None:
        visit = self.model.visit
        form = visit.omission()
        if form is not None:
            from client.stations.front_desk.omission_dialog.view import OmissionDialog

            OmissionDialog(form, self.context, visit.missing(), self).open()

    @Slot(object)
    def _show_code(self, handed: Any) -> None:
        from client.phone_dialog.view import PhoneDialog

        PhoneDialog(handed, self.context, self).open()

    @Slot()
    def _search(self) -> None:
        self.model.close_visit()
        self.identity.search()

    @Slot()
    def _print(self) -> None:
        if self.model.visit.encounter is not None:
            if self.model.visit.step not in {"labels", "collect"}:
                self.model.visit.go("labels")
            self.panels["labels"].print_again()

    @Slot(str)
    def _sound(self, kind: str) -> None:
        if kind != "good":
            QApplication.beep()


class _Go:
    """Goes to one step; a name instead of a closure, so that each shortcut keeps its own."""

    def __init__(self, visit: Any, step: str) -> None:
        self._visit = visit
        self._step = step

    def __call__(self) -> None:
        self._visit.go(self._step)
