"""The queue without its window: what waits, how the printers are, and the ways on after a fault."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from client.actions import Action
from client.device_settings import LabelPrinter
from client.devices_hub import hub_of
from client.label_printing import Printed, print_queued, recover_once
from client.live import Changed
from client.ports import Scanned
from client.station import Context, PageModel
from devices.labels.status import Condition
from domain.biobank.numbers import grouped
from domain.kernel.errors import KnownError
from domain.kernel.ids import Id
from domain.labels.queue_commands import LastGoodLabel, Outcome, SettleLabel, VerifyLabel
from domain.labels.reading import Waiting, queue_of
from domain.labels.workflow import TO_PRINT, label_job_life

LOOK_MS = 3000
MOST = 300
USES = ("tube", "aliquot")
REASONS = ("damaged", "unreadable", "wrong_tube", "lost", "not_printed")
"""Why a label is printed again, by number key; texts are ``front_desk.reprint.<name>``."""
TONES = {
    "failed": "danger",
    "unknown": "warning",
    "queued": "",
    "sending": "",
    "printed": "success",
    "sent": "",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One label as it is shown."""

    id: Id
    number: str
    shown_number: str
    what: str
    printer: str
    state: str
    state_text: str
    remedy: str
    copy: str
    asked: str
    tone: str


@dataclass(frozen=True, slots=True)
class PrinterLine:
    """How a printer is: its name, what to do, and whether it is ready."""

    name: str
    told: str
    tone: str


class ViewModel(PageModel):
    """Follows the store and looks at the printers every few seconds while it is open."""

    changed = Signal()
    printers_changed = Signal()
    asking_changed = Signal()
    """A question waits for a number key (`asking`), or a scan is for something else (`mode`)."""
    scanned = Signal(bool, str)

    actions = (
        Action("print", "label_queue.print", "F5", permission="biobank.label", primary=True),
        Action("compare", "label_queue.compare", "F6", permission="biobank.label"),
        Action("last_good", "label_queue.last_good", "F7", permission="biobank.label"),
        Action("again", "label_queue.again", "F8", permission="biobank.label"),
        Action("applied", "label_queue.applied", "F9", permission="biobank.label"),
        Action("cancel", "label_queue.cancel", "Del", permission="biobank.label"),
    )

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(context, parent)
        self.lines: tuple[Line, ...] = ()
        self.printers: tuple[PrinterLine, ...] = ()
        self.selected: Id | None = None
        self.asking = ""
        """Number of the label that is to be printed again: why, is asked."""
        self.mode = ""
        """``compare``: scans are compared with the chosen label; ``last_good``: the next scan is that one."""
        self._jobs: dict[Id, Waiting] = {}
        self._printing = False
        self._looking = False
        self._ready: dict[str, bool] = {}
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.look)
        for name, do in (
            ("print", self.print_all), ("compare", lambda: self._turn("compare")),
            ("last_good", lambda: self._turn("last_good")), ("again", self.ask_again), ("applied",
            self.settle_applied),
            ("cancel", self.cancel),
        ):  # fmt: skip
            self.action_set.on(name, do)
        self._enable()

    @property
    def summary(self) -> str:
        """How many wait, failed, are unknown, and are not proven yet."""
        states = [one.state for one in self._jobs.values()]
        return self.context.say(
            "label_queue.summary", waiting=states.count("queued") + states.count("sending"),
            failed=states.count("failed"), unknown=states.count("unknown"),
            unproven=states.count("printed") + states.count("sent"),
        )  # fmt: skip

    def watches(self) -> frozenset[str]:
        return frozenset({"label_job"})

    def on_changed(self, changed: Changed) -> None:
        self.load()

    def on_open(self, **arguments: Any) -> None:
        """Put in order what a crash left, then read."""
        self._timer.start()
        job = self.context.jobs.write(lambda _job: recover_once(self.context), "recover_labels")
        job.finished.connect(self.load)
        self.look()

    def close(self) -> None:
        self._timer.stop()
        super().close()

    @Slot()
    def load(self) -> None:
        """Read the queue of this workstation."""
        store, device = self.context.desk.store, self.context.actor.device_id

        def read() -> list[Waiting]:
            with store.read() as connection:
                return queue_of(connection, device, MOST)

        self.query(read, self._read, "label_queue")

    @Slot()
    def look(self) -> None:
        """Ask the printers how they are; one question at a time."""
        printers = self._printers()
        if self._looking or self._printing or not printers:
            self._show_printers({})
            return
        self._looking = True
        job = self.query(lambda: {one.use: one.printer.status() for one in printers}, self._told, "printers")
        job.finished.connect(self._looked)

    def select(self, job_id: Id | None) -> None:
        """Choose the label that the keys are for."""
        self.selected = job_id
        self._enable()

    def print_all(self) -> None:
        """Print what waits and what did not come out, in the order asked for; unknown ones are left to a person."""
        if self._printing:
            return
        runs = []
        for printer in self._printers():
            ids = [j.id for j in self._jobs.values() if j.purpose == printer.use and j.state in TO_PRINT]
            if ids:
                runs.append((printer, ids))
        if not runs:
            self.toast("label_queue.nothing" if self._printers() else "tube_label.no_printer", "warning")
            return
        self._printing = True
        context = self.context
        job = context.jobs.read(
            lambda job: [p for printer, ids in runs for p in print_queued(job, printer, ids, context)],
            "labels",
        )
        job.succeeded.connect(self._printed)
        job.refused.connect(self._not_done)
        job.finished.connect(self._print_ended)
        self._enable()

    def ask_again(self) -> None:
        """Ask why the chosen label is to be printed again."""
        job = self._chosen()
        if job is not None and label_job_life.allows(job.state, "again"):
            self.asking = job.number
            self.asking_changed.emit()

    def answer(self, key: int) -> bool:
        """Take the number of a reason; returns whether a question waited for it."""
        job = self._chosen()
        if not self.asking or job is None or job.number != self.asking or not 1 <= key <= len(REASONS):
            return False
        self.asking = ""
        self.asking_changed.emit()
        reason = self.context.say(f"front_desk.reprint.{REASONS[key - 1]}")
        self.run(
            SettleLabel(job_id=job.id, outcome=Outcome.AGAIN, reason=reason),
            lambda _done: self._go_on(),
            self._not_done,
        )
        return True

    def settle_applied(self) -> None:
        """The chosen label is on its tube."""
        self._settle(Outcome.APPLIED, "apply")

    def cancel(self) -> None:
        """The chosen label is not wanted any more."""
        self._settle(Outcome.CANCEL, "cancel")

    def escape(self) -> bool:
        """Leave a question or a mode; returns whether there was one."""
        had = bool(self.asking or self.mode)
        self.asking = self.mode = ""
        self.asking_changed.emit()
        return had

    def on_scan(self, scanned: Scanned) -> bool:
        """Take the code of a label: compared with the chosen one, as the last good one, or proven as it is."""
        chosen, mode = self._chosen(), self.mode
        if mode == "last_good":
            self.run(LastGoodLabel(number=scanned.text), self._resume, self._not_read)
        elif mode == "compare" and chosen is not None:
            order = VerifyLabel(number=scanned.text, expected=chosen.number)
            self.run(order, lambda done: self._compared(chosen, scanned.text, done.receipt), self._not_read)
        elif scanned.kind == "specimen" or mode:
            self.run(
                VerifyLabel(number=scanned.text), lambda _done: self._proven(scanned.text), self._not_read
            )
        else:
            return False
        return True

    def _printers(self) -> list[LabelPrinter]:
        hub = hub_of(self.context.desk)
        return [printer for printer in (hub.printer(use) for use in USES) if printer is not None]

    def _chosen(self) -> Waiting | None:
        return self._jobs.get(self.selected) if self.selected is not None else None

    def _settle(self, outcome: Outcome, move: str) -> None:
        job = self._chosen()
        if job is not None and label_job_life.allows(job.state, move):
            self.run(SettleLabel(job_id=job.id, outcome=outcome), lambda _done: self.load(), self._not_done)

    def _turn(self, mode: str) -> None:
        self.mode = "" if self.mode == mode else mode
        self.asking = ""
        self.asking_changed.emit()

    def _go_on(self) -> None:
        """Read anew, then print: what was just freed is in the queue only then."""
        store, device = self.context.desk.store, self.context.actor.device_id

        def read() -> list[Waiting]:
            with store.read() as connection:
                return queue_of(connection, device, MOST)

        def then(found: list[Waiting]) -> None:
            self._read(found)
            self.print_all()

        self.query(read, then, "label_queue")

    def _resume(self, done: Any) -> None:
        self.mode = ""
        self.asking_changed.emit()
        self.scanned.emit(True, self.context.say("label_queue.resumed", count=len(done.receipt)))
        if done.receipt:
            self._go_on()
        else:
            self.load()

    def _compared(self, chosen: Waiting, text: str, fits: bool) -> None:
        facts = {"number": grouped(chosen.number), "scanned": text}
        self.scanned.emit(
            fits, self.context.say("label_queue.fits" if fits else "label_queue.differs", **facts)
        )
        if fits:
            self._next_unproven()
        self.load()

    def _proven(self, text: str) -> None:
        self.scanned.emit(True, self.context.say("label_queue.fits", number=grouped(text)))
        self.load()

    def _not_read(self, error: KnownError) -> None:
        self.scanned.emit(False, self.explain(error))

    def _next_unproven(self) -> None:
        ids = [line.id for line in self.lines]
        if self.selected in ids:
            later = ids[ids.index(self.selected) + 1 :]
            self.selected = next(
                (one for one in later if self._jobs[one].state in ("printed", "sent")), self.selected
            )

    @Slot(object)
    def _printed(self, found: Sequence[Printed]) -> None:
        stopped = next((one for one in reversed(found) if one.code), None)
        if stopped is not None:
            self.message.emit(self.context.say(stopped.code, **stopped.facts), "danger")
        elif found:
            self.toast("label_queue.printed", "success", count=len(found))

    @Slot(object)
    def _not_done(self, error: KnownError) -> None:
        self.message.emit(self.explain(error), "danger")
        self.load()

    @Slot()
    def _print_ended(self) -> None:
        self._printing = False
        if not self.is_closed:
            self.load()
            self.look()

    def _told(self, found: dict[str, Any]) -> None:
        came_back = [
            use for use, status in found.items() if status.is_ready and self._ready.get(use) is False
        ]
        self._ready = {use: status.is_ready or status.is_passing for use, status in found.items()}
        self._show_printers(found)
        stopped = any(j.fault and j.state in TO_PRINT and j.purpose in came_back for j in self._jobs.values())
        if stopped and not any(j.state == "unknown" for j in self._jobs.values()):
            self.toast("label_queue.came_back")
            self.print_all()

    @Slot()
    def _looked(self) -> None:
        self._looking = False

    def _show_printers(self, found: dict[str, Any]) -> None:
        lines = []
        for one in self._printers():
            status = found.get(one.use)
            if status is None:
                known = next((p for p in self.printers if p.name == one.printer.name), None)
                lines.append(
                    known or PrinterLine(one.printer.name, self.context.say("label_queue.looking"), "")
                )
                continue
            told = self.context.say(f"printer.{status.condition}")
            tone = (
                "success"
                if status.condition is Condition.READY
                else "warning"
                if status.is_passing
                else "danger"
            )
            if not one.printer.answers_status:
                told, tone = self.context.say("label_queue.mute"), ""
            lines.append(PrinterLine(one.printer.name, told, tone))
        if tuple(lines) != self.printers:
            self.printers = tuple(lines)
            self.printers_changed.emit()

    def _read(self, found: list[Waiting]) -> None:
        self._jobs = {one.id: one for one in found}
        self.lines = tuple(self._line(one) for one in found)
        if self.selected not in self._jobs:
            self.selected = self.lines[0].id if self.lines else None
        self._enable()
        self.changed.emit()

    def _line(self, one: Waiting) -> Line:
        say = self.context.say
        remedy = ""
        if one.fault == "content":
            remedy = say("label_queue.content")
        elif one.state == "unknown" or one.fault:
            remedy = say(f"printer.{one.fault}") if one.fault in set(Condition) else say("label_queue.look")
        if one.state == "unknown":
            remedy = f"{remedy} {say('label_queue.look')}" if one.fault in set(Condition) else remedy
        kind = say(f"word.specimen_type.{one.kind}") if one.kind else ""
        copy = say("label_queue.copy", number=one.reprint, reason=one.reason or "") if one.reprint else ""
        tone = "danger" if one.fault and one.state == "queued" else TONES.get(one.state, "")
        return Line(
            one.id, one.number, grouped(one.number), f"{say(f'word.label_use.{one.purpose}')}　{kind}", one.printer,
            one.state, label_job_life.label_of(one.state), remedy, copy,
            self.context.formatter.moment(one.queued_at),
            tone,
        )  # fmt: skip

    def _enable(self) -> None:
        job = self._chosen()
        state = job.state if job else ""
        self.action_set.enable(
            "print", not self._printing and any(j.state in TO_PRINT for j in self._jobs.values())
        )
        self.action_set.enable("compare", bool(self._jobs))
        self.action_set.enable("last_good", bool(self._jobs))
        self.action_set.enable("again", bool(state) and label_job_life.allows(state, "again"))
        self.action_set.enable("applied", bool(state) and label_job_life.allows(state, "apply"))
        self.action_set.enable("cancel", bool(state) and label_job_life.allows(state, "cancel"))
