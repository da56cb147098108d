"""Printing tube labels from a screen: queued, one run at a time, its fate told per tube and noted in the store.

A label is printed only when the printer says so; what nobody knows stays ``unknown`` until a person looked. The
note of each print (`specimen.label`) is written in the printing job itself, right after the printer answered, so
that closing the window cannot lose it.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from client.background import Job
from client.device_settings import LabelPrinter
from client.outgoing import handed_out
from client.station import PageModel
from devices.labels.jobs import JobResult, JobState
from domain.biobank.commands import NoteLabelPrint
from domain.kernel.errors import KnownError
from domain.outgoing.commands import PrintLabels
from domain.outgoing.records import OutgoingResult

NONE = "none"
NO_PRINTER = "tube_label.no_printer"
NOTED = {
    JobState.PRINTED: "confirmed",
    JobState.SENT: "sent",
    JobState.UNKNOWN: "unknown",
    JobState.FAILED: "failed",
}
"""How the store names a result; the first three count as a print, so that the next one needs its reason."""
PUT_ON_PAPER = frozenset({"confirmed", "sent", "unknown"})


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


@dataclass(frozen=True, slots=True)
class _Printed:
    number: str
    result: JobResult
    problem: KnownError | None
    """Why the print could not be noted; the label is on paper all the same."""


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
        self._waiting: list[LabelOrder] = []
        self._running: list[LabelOrder] = []

    @property
    def busy(self) -> bool:
        return bool(self._running)

    @property
    def printer_name(self) -> str:
        """Name of the printer, empty where none is set up."""
        return self._printer.printer.name if self._printer else ""

    def fate(self, number: str) -> LabelFate:
        """Return what became of the label of a tube since this station was opened."""
        return self._fates.get(number, LabelFate())

    def print(self, orders: Sequence[LabelOrder]) -> None:
        """Print labels in this order, after those already waiting; a tube that waits already is not asked twice."""
        under_way = {o.number for o in (*self._waiting, *self._running)}
        for order in orders:
            if order.number in under_way:
                continue
            if self._printer is None:
                self._set(order.number, LabelFate(JobState.FAILED, NO_PRINTER))
                continue
            self._waiting.append(order)
            self._set(order.number, LabelFate(JobState.QUEUED))
        self._begin()

    def _begin(self) -> None:
        if self._running or not self._waiting or self._printer is None:
            return
        batch, self._waiting = self._waiting, []
        self._running = batch
        context, printer = self._page.context, self._printer
        job = context.jobs.read(lambda job: _print(job, printer, batch, context), "labels")
        job.progressed.connect(self._progress)
        job.succeeded.connect(self._done)
        job.refused.connect(self._refused)
        job.crashed.connect(self._crashed)
        job.finished.connect(self._finished)

    @Slot(int, int)
    def _progress(self, done: int, _total: int) -> None:
        # Of the last one tried nothing is known yet: a run ends at the first label that did not come out.
        for order in self._running[: max(0, done - 1)]:
            if self.fate(order.number).state == JobState.QUEUED:
                self._set(order.number, LabelFate(JobState.SENT))

    @Slot(object)
    def _done(self, printed: tuple[_Printed, ...]) -> None:
        for one in printed:
            self._set(one.number, LabelFate(one.result.state, one.result.code))
            if one.problem is not None:
                self._page.message.emit(self._page.explain(one.problem), "danger")
        code = printed[-1].result.code if printed else ""
        known = {one.number for one in printed}
        for order in self._running:
            if order.number not in known:
                self._set(order.number, LabelFate(JobState.FAILED, code))

    @Slot(object)
    def _refused(self, error: KnownError) -> None:
        self._page.message.emit(self._page.explain(error), "danger")
        for order in self._running:
            self._set(order.number, LabelFate(JobState.FAILED, error.code))

    @Slot(object)
    def _crashed(self, _crash: Any) -> None:
        for order in self._running:
            self._set(order.number, LabelFate(JobState.UNKNOWN, "printer.fault"))

    @Slot()
    def _finished(self) -> None:
        self._running = []
        self.ended.emit()
        self._begin()

    def _set(self, number: str, fate: LabelFate) -> None:
        self._fates[number] = fate
        self.changed.emit(number)


def _print(job: Job, printer: LabelPrinter, batch: list[LabelOrder], context: Any) -> tuple[_Printed, ...]:
    """Print and note; runs in the job."""
    labels = [printer.template.fill(order.fields, reprint=order.reprint) for order in batch]
    asked = PrintLabels(numbers=[order.number for order in batch], printer=printer.printer.name)
    done = handed_out(
        context,
        asked,
        lambda: printer.printer.print_batch(labels, cancelled=lambda: job.cancelled, progressed=job.tell),
        ended=_ended,
    )
    return tuple(
        _Printed(order.number, result, _noted(order, result, context))
        for order, result in zip(batch, done.results, strict=False)
    )


def _ended(done: Any) -> tuple[OutgoingResult, int]:
    on_paper = sum(NOTED[result.state] in PUT_ON_PAPER for result in done.results)
    return (OutgoingResult.DONE if on_paper == len(done.results) else OutgoingResult.FAILED), on_paper


def _noted(order: LabelOrder, result: JobResult, context: Any) -> KnownError | None:
    note = NoteLabelPrint(
        number=order.number, printer=result.printer, template=f"{result.template}/{result.version}",
        content_sha256=result.content_hash, result=NOTED[result.state], reason=order.reason,
    )  # fmt: skip
    meanwhile = dataclasses.replace(note, reason=context.say("tube_label.printed_meanwhile"))
    for attempt in (note, meanwhile):
        try:
            context.desk.dispatcher.run(attempt, context.actor)
        except KnownError as error:
            # Another desk printed the same tube meanwhile: this copy is in the log too, with that reason.
            if error.code != "specimen.reprint_reason" or attempt is meanwhile:
                return error
        else:
            break
    return None
