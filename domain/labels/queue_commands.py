"""The queue of a workstation's labels: asked for, begun, ended; and what a person finds out later."""

import enum
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from domain.biobank.commands import tube_of
from domain.biobank.label_prints import note_print, prints_of, read_back
from domain.biobank.numbers import parse_specimen_number
from domain.biobank.records import Specimen
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.labels.records import LabelJob
from domain.labels.workflow import TO_PRINT, UNDER_WAY, label_job_life

_MOVES = {"confirmed": "print", "doubled": "print", "sent": "send", "unknown": "lose", "failed": "fail"}
MOST = 500
"""Labels of one run; more are asked for in parts."""


class Outcome(enum.StrEnum):
    """What a person found out about a label nobody knew of."""

    APPLIED = "applied"
    AGAIN = "again"
    CANCEL = "cancel"


@command("label.queue", "标签排队", permission="biobank.label")
class QueueLabels:
    """Ask for labels; each is on the disk before the printer hears of it.

    Each of `labels` has ``number`` and ``fields`` (text by the names of the template), and for a second copy
    ``reason``.
    """

    labels: list[dict[str, Any]] = ask("标签", kind=Kind.HIDDEN)
    purpose: str = ask("用途", kind=Kind.HIDDEN, max_length=40)
    printer: str = ask("打印机", kind=Kind.HIDDEN, max_length=120)


@handles(QueueLabels)
def queue_labels(order: QueueLabels, work: UnitOfWork) -> list[Id]:
    """Return the ids of the jobs in their order; a label that is under way here already is not asked for twice.

    Raises:
        DomainError: ``input.missing`` without labels, ``label.too_many``, ``label.shape`` for one that is not as
        said,
            ``specimen.unknown``, ``specimen.reprint_reason`` for a second copy without its reason.
    """
    if not order.labels:
        raise DomainError("input.missing", field="labels", label="标签")
    if len(order.labels) > MOST:
        raise DomainError("label.too_many", field="labels", count=len(order.labels), limit=MOST)
    batch, found = work.new_id(), []
    for place, asked in enumerate(order.labels):
        number, fields, reason = _read(asked)
        tube = tube_of(number, work)
        waiting = _waiting(work, tube)
        if waiting is not None:
            _asked_again(work, waiting, tube, fields, reason)
            found.append(waiting.id)
            continue
        before = prints_of(work, tube)
        if before and not reason:
            raise DomainError("specimen.reprint_reason", field="reason", number=tube.number, count=before)
        job = LabelJob(
            org_id=tube.org_id, batch_id=batch, place=place, specimen_id=tube.id, number=tube.number,
            purpose=order.purpose, device_id=work.actor.device_id, printer=order.printer, fields=fields,
            kind=tube.type, reprint=before, reason=reason, queued_at=work.now, staff_name=work.actor.name,
        )  # fmt: skip
        work.start(label_job_life, job)
        found.append(work.add(job).id)
    return found


def _read(asked: dict[str, Any]) -> tuple[str, dict[str, str], str | None]:
    number, fields, reason = asked.get("number"), asked.get("fields"), asked.get("reason")
    texts = isinstance(fields, dict) and all(
        isinstance(v, str) and len(k) <= 40 and len(v) <= 255 for k, v in fields.items()
    )
    if not isinstance(number, str) or not texts or not isinstance(reason, str | None):
        raise DomainError("label.shape", field="labels")
    return number, dict(fields), reason or None  # type: ignore[arg-type]


def _asked_again(
    work: UnitOfWork, job: LabelJob, tube: Specimen, fields: dict[str, str], reason: str | None
) -> None:
    """Take the newer text; a label nobody knows of is printed again only where somebody says why."""
    if job.state == "unknown" and reason:
        work.move(label_job_life, job, "again")
    if job.state in TO_PRINT:
        job.fields, job.reprint, job.reason = fields, prints_of(work, tube), reason or job.reason


def _waiting(work: UnitOfWork, tube: Specimen) -> LabelJob | None:
    query = select(LabelJob).where(
        LabelJob.specimen_id == tube.id,
        LabelJob.device_id == work.actor.device_id,
        LabelJob.state.in_(UNDER_WAY),
    )
    return next(iter(work.list(query.limit(1))), None)


@command("label.begin", "开始打印标签", permission="biobank.label")
class BeginLabels:
    """These labels go to the printer now; what a crash leaves in this state is looked up by a person."""

    jobs: list[Id] = ask("打印任务", kind=Kind.HIDDEN)


@handles(BeginLabels)
def begin_labels(order: BeginLabels, work: UnitOfWork) -> list[Id]:
    """Return those that were begun; one that is under way or done already is left out: it is not printed twice."""
    begun = []
    for job in _jobs(work, order.jobs):
        if label_job_life.allows(job.state, "begin"):
            work.move(label_job_life, job, "begin")
            job.tries, job.fault = job.tries + 1, None
            begun.append(job.id)
    return begun


@command("label.give_back", "标签退回队列", permission="biobank.label")
class GiveBackLabels:
    """These labels were not sent: a label before them did not come out, or the run was stopped."""

    jobs: list[Id] = ask("打印任务", kind=Kind.HIDDEN)
    fault: str | None = ask("故障", kind=Kind.HIDDEN, default=None, max_length=40)


@handles(GiveBackLabels)
def give_back_labels(order: GiveBackLabels, work: UnitOfWork) -> int:
    """Return how many wait again."""
    count = 0
    for job in _jobs(work, order.jobs):
        if label_job_life.allows(job.state, "give_back"):
            work.move(label_job_life, job, "give_back")
            job.fault = order.fault
            count += 1
    return count


@command("label.recover", "整理中断的标签", permission="biobank.label")
class RecoverLabels:
    """The program ended in the middle of a run: who was at the printer is not known, those behind it wait again."""


@handles(RecoverLabels)
def recover_labels(order: RecoverLabels, work: UnitOfWork) -> int:
    """Return how many are unknown now: the first of each run that was not ended."""
    query = (
        select(LabelJob)
        .where(LabelJob.device_id == work.actor.device_id, LabelJob.state == "sending")
        .order_by(LabelJob.batch_id, LabelJob.place)
    )
    seen: set[Id] = set()
    for job in work.list(query):
        if job.batch_id in seen:
            work.move(label_job_life, job, "give_back")
        else:
            seen.add(job.batch_id)
            work.move(label_job_life, job, "lose")
            job.fault = "interrupted"
    return len(seen)


@command("label.settle", "处理标签", permission="biobank.label")
class SettleLabel:
    """Say what was found out: it is on the tube, it is to be printed again, or it is not wanted any more."""

    job_id: Id = ask("打印任务", kind=Kind.HIDDEN)
    outcome: Outcome = ask("处理", kind=Kind.CHOICE)
    reason: str | None = ask("原因", default=None)


@handles(SettleLabel)
def settle_label(order: SettleLabel, work: UnitOfWork) -> str:
    """Return the state it is in now.

    Raises:
        DomainError: ``label_job.unknown``, ``label_job.wrong_state``, or ``specimen.reprint_reason`` for another
        copy of
            a label that may be on paper, without its reason.
    """
    job = work.require(LabelJob, order.job_id, "job_id")
    if order.outcome is Outcome.APPLIED:
        work.move(label_job_life, job, "apply")
        note_print(
            work, _tube(work, job), job.printer, "hand", "confirmed", reason=order.reason or job.reason
        )
    elif order.outcome is Outcome.CANCEL:
        work.move(label_job_life, job, "cancel")
    elif label_job_life.allows(job.state, "again"):
        before = prints_of(work, _tube(work, job))
        if before and not order.reason:
            raise DomainError("specimen.reprint_reason", field="reason", number=job.number, count=before)
        work.move(label_job_life, job, "again")
        job.reprint, job.reason = before, order.reason
    elif job.state not in TO_PRINT:
        work.move(label_job_life, job, "again")
    return job.state


@command("label.last_good", "指定最后一张好标签", permission="biobank.label")
class LastGoodLabel:
    """The last label that came out well was scanned: it and those before it are on paper, those behind it are not."""

    number: str = ask("扫描最后一张好标签", kind=Kind.SCAN, max_length=40)


@handles(LastGoodLabel)
def last_good_label(order: LastGoodLabel, work: UnitOfWork) -> list[Id]:
    """Return the jobs that wait again, in their order; nothing that is on paper is among them.

    Raises:
        DomainError: ``specimen_number.*``, ``label.not_in_run`` for a number no run of this workstation has.
    """
    number = parse_specimen_number(order.number)
    query = (
        select(LabelJob)
        .where(LabelJob.number == number, LabelJob.device_id == work.actor.device_id)
        .order_by(LabelJob.queued_at.desc(), LabelJob.id.desc())
        .limit(1)
    )
    good = next(iter(work.list(query)), None)
    if good is None:
        raise DomainError("label.not_in_run", field="number", number=number)
    run = work.list(select(LabelJob).where(LabelJob.batch_id == good.batch_id).order_by(LabelJob.place))
    waiting = []
    for job in run:
        if job.place <= good.place:
            if label_job_life.allows(job.state, "apply"):
                work.move(label_job_life, job, "apply")
                note_print(work, _tube(work, job), job.printer, "hand", "confirmed", reason=job.reason)
            continue
        if job.state in ("unknown", "sent"):
            # Behind the last good label: nothing of it is on paper, so what follows is no second copy.
            note_print(work, _tube(work, job), job.printer, "hand", "withdrawn")
            work.move(label_job_life, job, "again")
        if job.state in ("queued", "failed"):
            waiting.append(job.id)
    read_back(work, _tube(work, good))
    return waiting


@command("specimen.verify_label", "扫码核对标签", permission="biobank.label")
class VerifyLabel:
    """Read back the code of a label on its tube; where another was expected, its label is wrong."""

    number: str = ask("扫描标本条码", kind=Kind.SCAN, max_length=40)
    expected: str | None = ask("应为标本", kind=Kind.HIDDEN, default=None, max_length=40)


@handles(VerifyLabel)
def verify_label(order: VerifyLabel, work: UnitOfWork) -> bool:
    """Return whether it is the one that was expected; one that is not raises the alert of labels (A-072).

    Raises:
        DomainError: ``specimen.unknown`` or ``specimen_number.*``.
    """
    tube = tube_of(order.number, work)
    if order.expected is not None and parse_specimen_number(order.expected) != tube.number:
        wanted = tube_of(order.expected, work)
        note_print(work, wanted, "scan", "scan", "mismatch", reason=tube.number)
        return False
    read_back(work, tube, always=True)
    query = select(LabelJob).where(
        LabelJob.specimen_id == tube.id, LabelJob.state.not_in(("verified", "cancelled"))
    )
    for job in work.list(query):
        work.move(label_job_life, job, "verify")
    return True


@command("label.end", "登记标签结果", permission="biobank.label")
class EndLabel:
    """Keep what the printer said of one label, right after it said so.

    `result` is ``confirmed``, ``sent``, ``unknown``, ``failed`` or ``doubled`` (more than one came out).
    """

    job_id: Id = ask("打印任务", kind=Kind.HIDDEN)
    result: str = ask("结果", kind=Kind.HIDDEN, max_length=40)
    printer: str = ask("打印机", kind=Kind.HIDDEN, max_length=120)
    template: str = ask("模板", kind=Kind.HIDDEN, max_length=80)
    content_sha256: str = ask("内容摘要", kind=Kind.HIDDEN, default="", max_length=64)
    fault: str | None = ask("故障", kind=Kind.HIDDEN, default=None, max_length=40)


@handles(EndLabel)
def end_label(order: EndLabel, work: UnitOfWork) -> int:
    """Return which print of the label it was.

    Raises:
        DomainError: ``label_job.unknown``, ``label.result``, ``label_job.wrong_state`` for one that was not begun.
    """
    job = work.require(LabelJob, order.job_id, "job_id")
    move = _MOVES.get(order.result)
    if move is None:
        raise DomainError("label.result", field="result", result=order.result)
    work.move(label_job_life, job, move)
    job.fault = order.fault
    return note_print(
        work, _tube(work, job), order.printer, order.template, order.result, content_sha256=order.content_sha256,
        reason=job.reason, fault=order.fault,
    )  # fmt: skip


def _jobs(work: UnitOfWork, ids: Sequence[Id]) -> list[LabelJob]:
    found = {job.id: job for job in work.list(select(LabelJob).where(LabelJob.id.in_(list(ids))))}
    return [found[one] for one in ids if one in found]


def _tube(work: UnitOfWork, job: LabelJob) -> Specimen:
    return work.require(Specimen, job.specimen_id, "job_id")
