"""A printer at work: asks how it is, sends one label, and tells only what is proven.

A label is printed when the printer's counter rose, or when it was seen busy and then ready. Bytes that were taken
prove nothing: a line cut in mid-job leaves the state unknown, and a person looks.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TypeVar

from devices.labels.jobs import BatchResult, JobResult, JobState, summed
from devices.labels.languages import Language, find_language
from devices.labels.layout import Page, lay_out
from devices.labels.model import Label
from devices.labels.status import Condition, PrinterStatus
from devices.labels.transports import Connection, Transport
from domain.kernel.errors import DomainError, UnavailableError

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Timing:
    """Waiting times in seconds. Silence of `answer_s` is itself a status: some printers are mute while in error."""

    answer_s: float = 2.0
    ready_s: float = 5.0
    confirm_s: float = 15.0
    settle_s: float = 1.0
    poll_s: float = 0.05


class Printer:
    """One label printer; its lock lets whole labels and whole batches through, one after another.

    Args:
        name: As the user knows it; stands in results.
        transport: Where it is.
        language: ``zpl``, ``tspl`` or another registered language.
        dpi: Resolution of the print head; without it, each stock's own.
        width_mm: What the print head covers; a wider stock is refused. None: not known.
        answers_status: False for a printer that never answers; its labels end as sent, never as printed.
        timing: Waiting times.
        clock: Seconds, monotonic.
        wait: Waits so many seconds.
    """

    def __init__(
        self,
        name: str,
        transport: Transport,
        language: str,
        *,
        dpi: int | None = None,
        width_mm: float | None = None,
        answers_status: bool = True,
        timing: Timing | None = None,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        self.name = name
        self._transport = transport
        self._language: Language = find_language(language)
        self._dpi = dpi
        self._width_mm = width_mm
        self._answers_status = answers_status and bool(self._language.status_query)
        self._counts = self._answers_status and bool(self._language.counter_query)
        self._timing = timing or Timing()
        self._clock, self._wait = clock, wait or threading.Event().wait
        self._lock = threading.Lock()

    @property
    def answers_status(self) -> bool:
        """Whether it is asked how it is at all."""
        return self._answers_status

    def status(self) -> PrinterStatus:
        """Ask the printer how it is; unreachable and silent are statuses too, nothing is raised."""
        try:
            with self._connected() as connection:
                return self._ask_status(connection)
        except UnavailableError as error:
            return PrinterStatus((_condition(error),))

    def print(self, label: Label) -> JobResult:
        """Print one label and wait until its fate is known.

        Raises:
            DomainError: The label does not fit its stock, or has a character that cannot be drawn; nothing was sent.
        """
        return self.print_batch([label]).results[0]

    def print_batch(
        self,
        labels: Sequence[Label],
        *,
        cancelled: Callable[[], bool] = lambda: False,
        progressed: Callable[[int, int], None] = lambda done, total: None,
        told: Callable[[int, JobResult], None] = lambda place, result: None,
    ) -> BatchResult:
        """Print labels in order and stop at the first that is not printed.

        Args:
            labels: All are laid out before the first is sent, so that none is refused in the middle.
            cancelled: Asked before each label; the labels before it are printed and known.
            progressed: Told after each label: done, total.
            told: Given the place and the fate of each label as soon as it is known, before the next is sent.

        Raises:
            DomainError: As `print`.
        """
        for label in labels:
            self._refuse_wide(label)
        pages = [lay_out(label, self._dpi) for label in labels]
        if not labels:
            return BatchResult()
        results: list[JobResult] = []
        try:
            with self._connected() as connection:
                for label, page in zip(labels, pages, strict=True):
                    if cancelled():
                        break
                    results.append(self._print_one(connection, label, page))
                    told(len(results) - 1, results[-1])
                    progressed(len(results), len(labels))
                    if results[-1].state in (JobState.FAILED, JobState.UNKNOWN):
                        break
        except UnavailableError as error:
            results.append(self._result(labels[len(results)], JobState.FAILED, _condition(error)))
            told(len(results) - 1, results[-1])
        return summed(labels, results)

    def check(self, label: Label) -> None:
        """Refuse a label this printer cannot put on paper whole; nothing is sent.

        Raises:
            DomainError: As `print`, and ``label.wider_than_printer``.
        """
        self._refuse_wide(label)
        lay_out(label, self._dpi)

    def _refuse_wide(self, label: Label) -> None:
        if self._width_mm is not None and label.stock.width > self._width_mm:
            raise DomainError(
                "label.wider_than_printer", "printer", needed_mm=label.stock.width, given_mm=self._width_mm
            )

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        with self._lock:
            connection = self._transport.connect()
            try:
                yield connection
            finally:
                connection.close()

    def _print_one(self, connection: Connection, label: Label, page: Page) -> JobResult:
        """Return the label's fate; raises `UnavailableError` only while nothing of it has been sent."""
        receipt = self._language.receipt if self._answers_status else b""
        job = _Job(self._language.encode(page) + receipt)
        if self._answers_status:
            status = self._await_ready(connection)
            if not status.is_ready:
                return self._result(label, JobState.FAILED, status.condition)
            job.counter = self._ask_counter(connection)
        try:
            connection.send(job.data)
        except UnavailableError as error:
            state = JobState.UNKNOWN if error.facts.get("sent") else JobState.FAILED
            return self._result(label, state, _condition(error))
        if not self._answers_status:
            return self._result(label, JobState.SENT, None)
        try:
            return self._confirm(connection, label, job)
        except UnavailableError as error:
            return self._result(label, JobState.UNKNOWN, _condition(error))

    def _await_ready(self, connection: Connection) -> PrinterStatus:
        end = self._clock() + self._timing.ready_s
        status = self._ask_status(connection)
        while status.is_passing and self._clock() < end:
            self._wait(self._timing.poll_s)
            status = self._ask_status(connection)
        return status

    def _confirm(self, connection: Connection, label: Label, job: "_Job") -> JobResult:
        sent_at = self._clock()
        seen_busy = False
        pause = self._timing.poll_s / 8  # a label is quick or slow: asked at once, then less and less often
        while True:
            status = self._ask_status(connection)
            if Condition.NO_ANSWER in status.conditions:
                return self._result(label, JobState.UNKNOWN, Condition.NO_ANSWER)
            printed = self._printed_since(connection, job)
            if printed:
                result = self._result(label, JobState.PRINTED, None)
                return replace(result, extra_labels=printed - 1)
            if self._language.receipt and self._language.parse_receipt(status.raw):
                return self._result(label, JobState.PRINTED, None)
            if not status.is_ready and not status.is_passing:
                return self._result(label, JobState.UNKNOWN, status.condition)
            if status.is_ready and job.counter is None and seen_busy:
                return self._result(label, JobState.PRINTED, None)
            waited = self._clock() - sent_at
            if status.is_ready and job.counter is None and waited >= self._timing.settle_s:
                return self._result(label, JobState.SENT, None)
            if waited >= self._timing.confirm_s:
                return self._result(label, JobState.UNKNOWN, status.condition)
            seen_busy = seen_busy or status.is_passing
            self._wait(pause)
            pause = min(2 * pause, self._timing.poll_s)

    def _printed_since(self, connection: Connection, job: "_Job") -> int:
        if job.counter is None:
            return 0
        counter = self._ask_counter(connection)
        return counter - job.counter if counter is not None else 0

    def _ask_status(self, connection: Connection) -> PrinterStatus:
        found = self._ask(connection, self._language.status_query, self._language.parse_status)
        if isinstance(found, PrinterStatus):
            return found
        return PrinterStatus((Condition.GARBLED if found else Condition.NO_ANSWER,), found)

    def _ask_counter(self, connection: Connection) -> int | None:
        if not self._counts:
            return None
        found = self._ask(connection, self._language.counter_query, self._language.parse_counter)
        if isinstance(found, int):
            return found
        self._counts = False  # a printer that does not count is not asked again: its silence costs seconds
        return None

    def _ask(
        self, connection: Connection, query: bytes, parse: Callable[[bytes], Answer | None]
    ) -> Answer | bytes:
        """Return the parsed answer, or the raw bytes that came when they were no answer."""
        connection.send(query)
        end = self._clock() + self._timing.answer_s
        answer = b""
        while (left := end - self._clock()) > 0:
            chunk = connection.receive(left)
            if not chunk:
                break
            answer += chunk
            parsed = parse(answer)
            if parsed is not None:
                return parsed
        return answer

    def _result(self, label: Label, state: JobState, condition: Condition | None) -> JobResult:
        code = f"printer.{condition}" if condition else ""
        return JobResult(
            state, code, self.name, label.template, label.version, label.content_hash, label.reprint
        )


@dataclass
class _Job:
    data: bytes = field(repr=False)
    counter: int | None = None


def _condition(error: UnavailableError) -> Condition:
    return Condition(error.code.removeprefix("printer."))
