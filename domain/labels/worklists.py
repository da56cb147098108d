"""What waits at printers, for who prints and for who looks after the printers."""

from sqlalchemy import select

from domain.kernel.worklists import Query, worklist
from domain.labels.design_commands import DiscardLabelDesign, ReviseLabelDesign, UnchooseLabel
from domain.labels.queue_commands import SettleLabel, VerifyLabel
from domain.labels.records import LabelChoice, LabelDesign, LabelInUse, LabelJob
from domain.people.records import Organization


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


@worklist(
    "specimen.label_designs", "标签模板", permission="label.design", record=LabelDesign, order="-saved_at"
)
def label_designs() -> Query:
    """Every version of every template, the one worked on last first."""
    return select(
        LabelDesign.title, LabelDesign.version, LabelDesign.purpose, LabelDesign.state, LabelDesign.based_on,
        LabelDesign.saved_at, LabelDesign.saved_name, LabelDesign.published_at, LabelDesign.published_name,
        LabelDesign.note, LabelDesign.code,
    )  # fmt: skip


label_designs.offers(ReviseLabelDesign, DiscardLabelDesign)


@worklist(
    "specimen.labels_in_use",
    "各机构在用标签",
    permission="label.design",
    record=LabelInUse,
    order="-published_at",
)
def labels_in_use() -> Query:
    """What each organisation was given, the latest first."""
    return select(
        LabelInUse.title, LabelInUse.version, LabelInUse.purpose, Organization.name.label("organization"),
        LabelInUse.published_at, LabelInUse.published_name, LabelInUse.code,
    ).join(Organization, Organization.id == LabelInUse.org_id)  # fmt: skip


@worklist(
    "specimen.label_choices",
    "标签模板分配",
    permission="label.assign",
    record=LabelChoice,
    order="-chosen_at",
)
def label_choices() -> Query:
    """What is printed here in place of the workstations' own templates."""
    return select(
        LabelChoice.purpose, LabelChoice.kind, LabelChoice.printer, LabelChoice.title, LabelChoice.code,
        LabelChoice.chosen_at, LabelChoice.chosen_name,
    )  # fmt: skip


label_choices.offers(UnchooseLabel)
