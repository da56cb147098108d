"""Environment without its window: probes, the curve of the one chosen, and the commands on it. QtCore only."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from client.actions import Action
from client.station import Context
from client.stations.environment.reading import Curve, ProbeFacts, curve, from_file, probes
from client.watching import WatchingStation
from domain.environment.reading_commands import MOST_READINGS, UNITS, TakenReading, TakeReadings
from domain.environment.records import ExcursionCause, Quantity
from domain.kernel.clock import clinic
from domain.kernel.ids import Id


class ViewModel(WatchingStation):
    """`probes` is what is listed, `chosen` the one whose curve is shown."""

    probes_changed = Signal()
    curve_changed = Signal(object)
    file_asked = Signal()
    form_asked = Signal(str, object)
    told = Signal(str, str)

    look_ms, tick_ms = 400, 30_000
    actions = (
        Action("add", "environment.action.add", "F4", command="environment.add_probe"),
        Action("reload", "environment.action.reload", "F5"),
        Action("limits", "environment.action.limits", "F2", command="environment.set_limits"),
        Action("test", "environment.action.test", "F6", command="environment.alarm_test"),
        Action("snooze", "environment.action.snooze", "F7", command="environment.snooze"),
        Action("calibrated", "environment.action.calibrated", "F8", command="environment.calibrated"),
        Action("file", "environment.action.file", "F9", command="environment.take_readings"),
        Action("open", "environment.action.open", "F10", primary=True),
    )

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(context, parent)
        self.probes: list[ProbeFacts] = []
        self.chosen: Id | None = None
        on = self.action_set.on
        on("reload", self.load)
        on("add", lambda: self.form_asked.emit("environment.add_probe", {}))
        for action, name in (
            ("limits", "environment.set_limits"), ("test", "environment.alarm_test"),
            ("snooze", "environment.snooze"), ("calibrated", "environment.calibrated"),
        ):  # fmt: skip
            on(action, _Form(self, name))
        on("file", self.file_asked.emit)
        on("open", lambda: self.context.open_page("worklist:environment.open"))

    def watches(self) -> frozenset[str]:
        return frozenset(
            {"environment_probe", "environment_excursion", "environment_reading", "environment_hour"}
        )

    @Slot()
    def load(self) -> None:
        """Read all probes, and the curve of the one chosen."""
        store, actor, now = self.context.desk.store, self.context.actor, self.context.desk.clock()
        self.query(lambda: probes(store, actor, now), self._take, "probes")

    def choose(self, probe_id: Id) -> None:
        """Show a probe's curve."""
        self.chosen = probe_id
        store, now = self.context.desk.store, self.context.desk.clock()
        self.query(lambda: curve(store, probe_id, now), self._take_curve, "curve")

    def probe(self) -> ProbeFacts | None:
        """Return the probe that is chosen."""
        return next((p for p in self.probes if p.id == self.chosen), None)

    def read(self, path: Path) -> None:
        """Take in a logger's file, in parts; what was taken before counts once."""
        job = self.context.jobs.read(lambda _job: from_file(path), "logger_file")
        self._follow(job, self._take_file, lambda error: self.told.emit(self.explain(error), "danger"))

    def status(self, probe: ProbeFacts) -> tuple[str, str, str]:
        """Return mark, words and tone of how a probe stands."""
        say = self.context.say
        now = self.context.desk.clock()
        if probe.cause is not None:
            tone = "warning" if probe.cause is ExcursionCause.RISE else "danger"
            return "✗", say(f"choice.excursion_cause.{probe.cause.value}"), tone
        if probe.at is None:
            return "？", say("environment.never_read"), "warning"
        if probe.waiting:
            return "！", say("environment.to_assess", count=probe.waiting), "warning"
        if probe.snoozed_until is not None and probe.snoozed_until > now:
            return "‖", say("environment.snoozed", until=f"{clinic(probe.snoozed_until):%H:%M}"), "warning"
        return "✓", say("environment.fine"), "success"

    def value(self, probe: ProbeFacts) -> str:
        """Return the last value with its unit."""
        unit = UNITS[Quantity(probe.quantity)]
        return "—" if probe.value is None else f"{probe.value:g} {unit}"

    def facts(self, probe: ProbeFacts) -> str:
        """Return limits, time of the last reading, calibration, and the mark of limits nobody checked."""
        say, unit = self.context.say, UNITS[Quantity(probe.quantity)]
        parts = [say("environment.limits_are", low=f"{probe.low:g}", high=f"{probe.high:g}", unit=unit)]
        if not probe.verified:
            parts.append(say("environment.unverified"))
        if probe.at is not None:
            parts.append(say("environment.read_at", at=f"{clinic(probe.at):%m-%d %H:%M}"))
        if probe.calibration_due is not None:
            late = probe.calibration_due < clinic(self.context.desk.clock()).date()
            code = "environment.calibration_late" if late else "environment.calibration_until"
            parts.append(say(code, day=probe.calibration_due))
        if probe.cause_words:
            parts.insert(0, probe.cause_words)
        return "  ·  ".join(parts)

    def _take(self, found: list[ProbeFacts]) -> None:
        self.probes = found
        if self.chosen not in {p.id for p in found}:
            self.chosen = found[0].id if found else None
        self.probes_changed.emit()
        if self.chosen is not None:
            self.choose(self.chosen)

    def _take_curve(self, found: Curve) -> None:
        if found.probe_id == self.chosen:
            self.curve_changed.emit(found)

    def _take_file(self, readings: list[TakenReading]) -> None:
        if not readings:
            self.told.emit(self.context.say("environment.file_empty"), "warning")
            return
        part, rest = readings[:MOST_READINGS], readings[MOST_READINGS:]

        def taken(done: Any) -> None:
            if rest:
                self._take_file(rest)
                return
            receipt = done.receipt
            facts = {"kept": receipt.kept, "known": receipt.known, "refused": receipt.refused}
            self.told.emit(self.context.say("environment.file_taken", **facts), "success")

        refused = lambda error: self.told.emit(self.explain(error), "danger")  # noqa: E731
        self.run(TakeReadings(readings=part), taken, refused)


class _Form:
    """Asks for the form of a command on the probe that is chosen."""

    def __init__(self, model: ViewModel, name: str) -> None:
        self._model, self._name = model, name

    def __call__(self) -> None:
        probe = self._model.probe()
        if probe is None:
            self._model.told.emit(self._model.context.say("environment.probe_first"), "warning")
            return
        given: dict[str, Any] = {"environment_probe_id": probe.id}
        if self._name == "environment.set_limits":
            given |= {"low": probe.low, "high": probe.high}
        self._model.form_asked.emit(self._name, given)
