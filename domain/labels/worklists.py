"""What waits at printers, for who prints and for who looks after the printers."""

from sqlalchemy import select

from domain.kernel.worklists import Query, worklist
from domain.labels.queue_commands import SettleLabel, VerifyLabel
from domain.labels.records import LabelJob


@worklist(
    "specimen.label_jobs", "标签打印记录", permission="biobank.label", record=LabelJob, order="-queued_at"
)
def label_jobs() -> Query:
    """Every label asked for, the latest first: what became of it, which fault, which copy and why."""
    return select(
        LabelJob.number, LabelJob.kind, LabelJob.purpose, LabelJob.printer, LabelJob.state, LabelJob.fault,
        LabelJob.tries, LabelJob.reprint, LabelJob.reason, LabelJob.queued_at, LabelJob.state_since,
        LabelJob.staff_name,
    )  # fmt: skip


label_jobs.offers(SettleLabel, VerifyLabel)
