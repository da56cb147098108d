"""The panel under the result, one face a mode: looks of the next tube, aliquots, the box, the history."""

from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from client.appearance import COLOURS
from client.stations.bench.leaving import REASONS
from client.stations.bench.moving import CONDITIONS
from client.stations.bench.side.widgets import PoolFace, ProtocolFace
from client.stations.bench.widgets import BoxGrid, dress
from domain.biobank.bench import Mode
from domain.biobank.records import EventKind
from domain.kernel.clock import clinic


class Side(QStackedWidget):
    """Follows the mode of the bench."""

    def __init__(self, model: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("side")
        self._model = model
        box = _BoxFace(model, self)
        self._faces: dict[Mode, Any] = {
            Mode.RECEIVE: _LooksFace(model, self),
            Mode.PROCESS: ProtocolFace(model, self),
            Mode.POOL: PoolFace(model, self),
            Mode.ALIQUOT: _AliquotFace(model, self),
            Mode.STORE: box,
            Mode.OUT: QWidget(self),
            Mode.DESTROY: _ReasonFace(model, self),
            Mode.LOOKUP: _HistoryFace(model, self),
        }
        for face in dict.fromkeys(self._faces.values()):
            self.addWidget(face)
        model.mode_changed.connect(self.follow)
        self.follow()

    @Slot()
    def follow(self) -> None:
        """Show the face of the mode in force."""
        self.setCurrentWidget(self._faces[self._model.mode])


class _LooksFace(QWidget):
    def __init__(self, model: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self._model, self._say = model, model.context.say
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        hint = QLabel(self._say("bench.look_hint"), self)
        hint.setProperty("role", "muted")
        row = QHBoxLayout()
        row.setSpacing(8)
        self._labels = []
        for number, condition in enumerate(CONDITIONS, 1):
            label = QLabel(f"{number}  {self._say(f'bench.look.{condition.value}')}", self)
            label.setObjectName(f"look_{condition.value}")
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setFixedHeight(42)
            self._labels.append(label)
            row.addWidget(label, 1)
        column.addWidget(hint)
        column.addLayout(row)
        column.addStretch(1)
        model.receiving.condition_changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Mark how the next tube looks."""
        for condition, label in zip(CONDITIONS, self._labels, strict=True):
            chosen = condition is self._model.receiving.condition
            bad = chosen and condition is not CONDITIONS[0]
            ground = "warning_soft" if bad else "primary_soft" if chosen else "surface"
            edge = "warning" if bad else "primary" if chosen else "border"
            dress(
                label,
                f"background-color: {COLOURS[ground].name()}; border: {2 if chosen else 1}px solid "
                f"{COLOURS[edge].name()}; border-radius: 6px; font-size: 16px;"
                f"font-weight: {'bold' if chosen else 'normal'};",
            )


class _ReasonFace(QWidget):
    """Why the scanned tube is destroyed, by number key."""

    def __init__(self, model: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self._model, self._say = model, model.context.say
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        self._labels = []
        for number, reason in enumerate(REASONS, 1):
            label = QLabel(f"{number}  {self._say(f'choice.discard_reason.{reason.value}')}", self)
            label.setObjectName(f"discard_{reason.value}")
            label.setFixedHeight(36)
            self._labels.append(label)
            column.addWidget(label)
        column.addStretch(1)
        model.discarding.changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Mark the reason that was chosen; without a tube the reasons are pale."""
        for reason, label in zip(REASONS, self._labels, strict=True):
            chosen = reason is self._model.discarding.reason
            ink = "text" if self._model.discarding.number else "muted"
            dress(
                label,
                f"color: {COLOURS[ink].name()}; border: {2 if chosen else 1}px solid "
                f"{COLOURS['primary' if chosen else 'border'].name()}; border-radius: 6px; font-size: 16px;"
                f"padding-left: 12px; font-weight: {'bold' if chosen else 'normal'};",
            )


class _AliquotFace(QWidget):
    def __init__(self, model: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self._model, self._say = model, model.context.say
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        self.plan = QLabel(self)
        self.plan.setObjectName("aliquot_plan")
        self.plan.setStyleSheet("font-size: 18px;")
        self.made = QLabel(self)
        self.made.setObjectName("aliquot_labels")
        self.made.setTextFormat(Qt.TextFormat.RichText)
        self.made.setWordWrap(True)
        column.addWidget(self.plan)
        column.addWidget(self.made)
        column.addStretch(1)
        model.aliquots.changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show volume and count that would be taken now, and the labels of the last aliquots."""
        aliquots = self._model.aliquots
        plan = ""
        if aliquots.source is not None:
            volumes = "  ".join(
                f"【{v} μL】" if v == aliquots.volume_ul else f"{v} μL" for v in aliquots.plan.volumes_ul
            )
            count = self._say("bench.count_hint", count=aliquots.plan.count)
            lines = [f"{self._say('bench.volume')}：{volumes}    {self._say('bench.volume_hint')}    {count}"]
            if len(aliquots.kinds) > 1:
                kinds = "  ".join(
                    f"【{aliquots.plan_of(k).label}】" if k is aliquots.kind else aliquots.plan_of(k).label
                    for k in aliquots.kinds
                )
                lines.append(f"{self._say('bench.kind')}：{kinds}    {self._say('bench.kind_hint')}")
            lines.append(self._say("bench.rest_left" if aliquots.left else "bench.rest_none"))
            plan = "\n".join(lines)
        self.plan.setText(plan)
        self.plan.setVisible(bool(plan))
        lines = aliquots.lines()
        rows = [f"<b>{self._say('bench.aliquots')}</b>"] if lines else []
        for line in lines:
            colour = COLOURS[line.tone or "text"].name()
            reason = f"：{line.reason}" if line.reason else ""
            rows.append(
                f"{line.shown_number}&nbsp;&nbsp;<span style='color:{colour}'>{line.label_text}{reason}</span>"
            )
        if lines and not aliquots.labels.printer_name:
            rows.append(self._say("bench.printer_none"))
        self.made.setText("<br>".join(rows))


class _BoxFace(QWidget):
    def __init__(self, model: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self._model, self._say = model, model.context.say
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 4, 0, 0)
        row.setSpacing(16)
        self.grid = BoxGrid("box_grid", self)
        words = QVBoxLayout()
        self.name = QLabel(self)
        self.name.setObjectName("box_name")
        self.name.setWordWrap(True)
        self.name.setStyleSheet("font-size: 20px; font-weight: bold;")
        self.next = QLabel(self)
        self.next.setObjectName("box_pointer")
        self.next.setStyleSheet("font-size: 64px; font-weight: bold;")
        self.caption = QLabel(self._say("bench.box_next_long"), self)
        self.caption.setProperty("role", "muted")
        for widget in (self.name, self.caption, self.next):
            words.addWidget(widget)
        words.addStretch(1)
        row.addWidget(self.grid, 3)
        row.addLayout(words, 2)
        model.box.changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Draw the box as it stands."""
        model = self._model.box
        self.grid.show_box(model.box, model.pointer, model.last)
        box = model.box
        self.caption.setVisible(box is not None)
        self.next.setText(model.pointer or "—" if box else "")
        if box is None:
            self.name.setText(self._say("bench.box_none"))
            return
        count = box.rows * box.columns
        facts = {"free": count - len(box.taken), "all": count, "temperature": box.temperature}
        self.name.setText(f"{box.name}\n{self._say('bench.box_facts', **facts)}")


class _HistoryFace(QWidget):
    def __init__(self, model: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self._model, self._say = model, model.context.say
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        self.text = QLabel(self)
        self.text.setObjectName("history")
        self.text.setStyleSheet("font-size: 16px;")
        self.grid = BoxGrid("lookup_grid", self)
        column.addWidget(self.text)
        column.addWidget(self.grid, 1)
        column.addStretch(0)
        model.lookup.changed.connect(self.refresh)
        model.box.changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show the history of the tube found, or the box."""
        lookup, box = self._model.lookup, self._model.box
        rows = [self._event(event) for event in lookup.events]
        self.text.setText("\n".join([self._say("bench.events"), *rows]) if rows else "")
        self.text.setVisible(bool(rows))
        self.grid.setVisible(not rows and box.box is not None)
        self.grid.show_box(box.box, None, None)

    def _event(self, event: Any) -> str:
        kind = self._model.context.formatter.choice(EventKind(event.kind))
        volume = event.produced_ul or event.consumed_ul
        more = [f"{volume} μL" if volume else "", event.place]
        if event.condition and event.condition != "good":
            more.append(self._say(f"bench.look.{event.condition}"))
        return f"{clinic(event.at):%m-%d %H:%M}   {kind}   {event.staff_name}   {'   '.join(m for m in more if m)}"
