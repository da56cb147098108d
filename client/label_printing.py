"""One run of labels from the queue to the paper: begun, sent, and each fate on the disk before the next label.

Runs in a job. What the program leaves in the state ``sending`` when it dies is put in order at the next start
(`RecoverLabels`): the label that was at the printer is unknown, those behind it wait again.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from client.background import Job
from client.device_settings import LabelPrinter
from client.devices_hub import hub_of
from client.outgoing import handed_out
from client.station import Context
from devices.labels.designing import template_of
from devices.labels.jobs import JobResult, JobState
from devices.labels.model import Label, Template
from domain.kernel.errors import DomainError, KnownError
from domain.kernel.ids import Id
from domain.labels.choosing import chosen_for
from domain.labels.queue_commands import BeginLabels, EndLabel, GiveBackLabels, RecoverLabels
from domain.labels.reading import Waiting, waiting_of
from domain.outgoing.commands import PrintLabels
from domain.outgoing.records import OutgoingResult

NOTED = {
    JobState.PRINTED: "confirmed",
    JobState.SENT: "sent",
    JobState.UNKNOWN: "unknown",
    JobState.FAILED: "failed",
}
"""How the store names a result."""
CONTENT = "content"
"""The fault of a label that cannot be drawn as asked for: no printer was at fault."""


_FIRST = threading.Lock()


def recover_once(context: Context) -> None:
    """Put in order what an earlier run of the program left in the middle; once a program, before anything is sent."""
    hub = hub_of(context.desk)
    with _FIRST:
        if not hub.labels_recovered:
            context.desk.dispatcher.run(RecoverLabels(), context.actor)
            hub.labels_recovered = True


@dataclass(frozen=True, slots=True)
class Printed:
    """What became of one label; `problem` is why that could not be noted, the label is on paper all the same."""

    number: str
    state: JobState
    code: str
    facts: dict[str, Any]
    problem: KnownError | None = None


def print_queued(job: Job, printer: LabelPrinter, ids: Sequence[Id], context: Context) -> tuple[Printed, ...]:
    """Print what waits under these ids, in this order; stops at the first label that does not come out.

    Raises:
        KnownError: What the commands refuse; nothing was sent then.
    """
    recover_once(context)
    run, actor = context.desk.dispatcher.run, context.actor
    begun = set(run(BeginLabels(jobs=list(ids)), actor).receipt)
    with context.desk.store.read() as connection:
        waiting = [one for one in waiting_of(connection, ids) if one.id in begun]
    good, found = _drawn(printer, waiting, context)
    ended: set[Id] = {one.id for one in waiting} - {one.id for one, _ in good}

    def told(place: int, result: JobResult) -> None:
        one, _ = good[place]
        ended.add(one.id)
        found.append(_note(one, result, context))

    try:
        if good:
            handed_out(
                context,
                PrintLabels(numbers=[one.number for one, _ in good], printer=printer.printer.name),
                lambda: printer.printer.print_batch(
                    [label for _, label in good],
                    cancelled=lambda: job.cancelled,
                    progressed=job.tell,
                    told=told,
                ),
                ended=_outcome,
            )
    finally:
        # Also when something broke: whatever was not told of was not sent, for the one being sent is told of.
        rest = [one.id for one, _ in good if one.id not in ended]
        if rest:
            fault = found[-1].code.removeprefix("printer.") if found else ""
            run(GiveBackLabels(jobs=rest, fault=fault or None), actor)
    return tuple(found)


def _drawn(
    printer: LabelPrinter, waiting: Sequence[Waiting], context: Context
) -> tuple[list[tuple[Waiting, Label]], list[Printed]]:
    """Return those that can be drawn, and the fates of those that cannot: one bad name does not stop the others."""
    good: list[tuple[Waiting, Label]] = []
    bad: list[Printed] = []
    templates: dict[str | None, Template] = {}
    for one in waiting:
        try:
            template = _template(printer, one, context, templates)
            label = template.fill(one.fields, reprint=one.reprint)
            printer.printer.check(label)
        except DomainError as error:
            problem = _run(EndLabel(
                job_id=one.id, result="failed", printer=printer.printer.name, template=printer.template.name,
                fault=CONTENT,
            ), context)  # fmt: skip
            bad.append(Printed(one.number, JobState.FAILED, error.code, dict(error.facts), problem))
        else:
            good.append((one, label))
    return good, bad


def _template(
    printer: LabelPrinter, one: Waiting, context: Context, known: dict[str | None, Template]
) -> Template:
    """Return what was chosen for this kind of specimen here, else the template the workstation is loaded for."""
    if one.kind not in known:
        with context.desk.store.read() as connection:
            chosen = chosen_for(connection, context.actor.org_id, printer.use, one.kind, printer.printer.name)
        known[one.kind] = (
            printer.template if chosen is None
            else template_of(chosen.content, chosen.code, chosen.title, chosen.version)
        )  # fmt: skip
    return known[one.kind]


def _note(one: Waiting, result: JobResult, context: Context) -> Printed:
    doubled = result.state is JobState.PRINTED and result.extra_labels > 0
    note = EndLabel(
        job_id=one.id, result="doubled" if doubled else NOTED[result.state], printer=result.printer,
        template=f"{result.template}/{result.version}", content_sha256=result.content_hash,
        fault=result.code.removeprefix("printer.") or None,
    )  # fmt: skip
    code = "tube_label.doubled" if doubled else result.code
    return Printed(one.number, result.state, code, {"count": result.extra_labels}, _run(note, context))


def _run(note: EndLabel, context: Context) -> KnownError | None:
    try:
        context.desk.dispatcher.run(note, context.actor)
    except KnownError as error:
        return error
    return None


def _outcome(done: Any) -> tuple[OutgoingResult, int]:
    on_paper = sum(result.state is not JobState.FAILED for result in done.results)
    return (OutgoingResult.DONE if on_paper == len(done.results) else OutgoingResult.FAILED), on_paper
