"""Printing tube labels from a screen: queued on the disk, one run at a time, its fate told per tube.

A label is printed only when the printer says so; what nobody knows stays ``unknown`` until a person looked. The
queue
itself is in the store (`domain.labels`): closing the window or the program loses no label that was asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from client.background import while_there
from client.device_settings import LabelPrinter
from client.label_printing import Printed, print_queued
from client.station import PageModel
from devices.labels.jobs import JobState
from domain.biobank.label_prints import ON_PAPER
from domain.kernel.errors import KnownError
from domain.kernel.ids import Id
from domain.labels.queue_commands import QueueLabels

NONE = "none"
NO_PRINTER = "tube_label.no_printer"
PUT_ON_PAPER = frozenset(ON_PAPER)


@dataclass(frozen=True, slots=True)
class LabelOrder:
    """One label to print: the tube's number, the fields of the template, and for a second copy why."""

    number: str
    fields: Mapping[str, str]
    reprint: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class LabelFate:
    """What became of a label; `state` is a `JobState` value or ``none``, `code` the key of the reason."""

    state: str = NONE
    code: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


class LabelJobs(QObject):
    """The labels of one station; never blocks, and never runs two jobs on one printer."""

    changed = Signal(str)
    """Number of the tube whose label has a new fate."""
    ended = Signal()
    """A run is over, whatever came of it."""

    def __init__(self, page: PageModel, printer: LabelPrinter | None) -> None:
        super().__init__(page)
        self._page = page
        self._printer = printer
        self._fates: dict[str, LabelFate] = {}
        self._asked: set[str] = set()
        """Numbers on their way to the disk."""
        self._waiting: dict[str, Id] = {}
        self._running: dict[str, Id] = {}

    @property
    def busy(self) -> bool:
        return bool(self._running or self._asked)

    @property
    def printer_name(self) -> str:
        """Name of the printer, empty where none is set up."""
        return self._printer.printer.name if self._printer else ""

    def fate(self, number: str) -> LabelFate:
        """Return what became of the label of a tube since this station was opened."""
        return self._fates.get(number, LabelFate())

    def print(self, orders: Sequence[LabelOrder]) -> None:
        """Queue labels in this order and print; a tube whose label is under way already is not asked twice."""
        under_way = self._asked | self._waiting.keys() | self._running.keys()
        wanted = {order.number: order for order in orders if order.number not in under_way}
        if not wanted:
            return
        if self._printer is None:
            for number in wanted:
                self._set(number, LabelFate(JobState.FAILED, NO_PRINTER))
            return
        self._asked |= wanted.keys()
        asked = QueueLabels(
            labels=[_told(order) for order in wanted.values()],
            purpose=self._printer.use,
            printer=self.printer_name,
        )
        context = self._page.context
        job = context.jobs.write(
            lambda _job: context.desk.dispatcher.run(asked, context.actor), "queue_labels"
        )
        job.succeeded.connect(while_there(self, lambda done: self._queued(tuple(wanted), done.receipt)))
        job.refused.connect(while_there(self, lambda error: self._not_queued(tuple(wanted), error)))
        job.crashed.connect(while_there(self, lambda _crash: self._not_queued(tuple(wanted), None)))

    def _queued(self, numbers: tuple[str, ...], ids: Sequence[Id]) -> None:
        self._asked -= set(numbers)
        for number, job_id in zip(numbers, ids, strict=True):
            self._waiting[number] = job_id
            self._set(number, LabelFate(JobState.QUEUED))
        self._begin()

    def _not_queued(self, numbers: tuple[str, ...], error: KnownError | None) -> None:
        self._asked -= set(numbers)
        if error is not None:
            self._page.message.emit(self._page.explain(error), "danger")
        for number in numbers:
            self._set(number, LabelFate(JobState.FAILED, error.code if error else "printer.fault"))
        self.ended.emit()

    def _begin(self) -> None:
        if self._running or not self._waiting or self._printer is None:
            return
        batch, self._waiting = self._waiting, {}
        self._running = batch
        context, printer, ids = self._page.context, self._printer, list(batch.values())
        job = context.jobs.read(lambda job: print_queued(job, printer, ids, context), "labels")
        job.progressed.connect(self._progress)
        job.succeeded.connect(self._done)
        job.refused.connect(self._refused)
        job.crashed.connect(self._crashed)
        job.finished.connect(self._finished)

    @Slot(int, int)
    def _progress(self, done: int, _total: int) -> None:
        # Of the last one tried nothing is known yet: a run ends at the first label that did not come out.
        for number in list(self._running)[: max(0, done - 1)]:
            if self.fate(number).state == JobState.QUEUED:
                self._set(number, LabelFate(JobState.SENT))

    @Slot(object)
    def _done(self, printed: tuple[Printed, ...]) -> None:
        for one in printed:
            self._set(one.number, LabelFate(one.state, one.code, one.facts))
            if one.problem is not None:
                self._page.message.emit(self._page.explain(one.problem), "danger")
        stopped = next((one for one in reversed(printed) if one.code), None)
        known = {one.number for one in printed}
        for number in self._running:
            if number not in known and stopped is not None:
                self._set(number, LabelFate(JobState.FAILED, stopped.code, stopped.facts))

    @Slot(object)
    def _refused(self, error: KnownError) -> None:
        self._page.message.emit(self._page.explain(error), "danger")
        for number in self._running:
            self._set(number, LabelFate(JobState.FAILED, error.code, dict(error.facts)))

    @Slot(object)
    def _crashed(self, _crash: Any) -> None:
        for number in self._running:
            self._set(number, LabelFate(JobState.UNKNOWN, "printer.fault"))

    @Slot()
    def _finished(self) -> None:
        self._running = {}
        self.ended.emit()
        self._begin()

    def _set(self, number: str, fate: LabelFate) -> None:
        self._fates[number] = fate
        self.changed.emit(number)


def _told(order: LabelOrder) -> dict[str, Any]:
    return {"number": order.number, "fields": dict(order.fields), "reason": order.reason}
