"""The notes of a tube's labels: each print and each read-back is a row that is only ever added."""

from sqlalchemy import func, select

from domain.biobank.records import LabelPrint, Specimen
from domain.kernel.unit_of_work import UnitOfWork

ON_PAPER = ("confirmed", "sent", "unknown", "doubled")
"""Results that count as a print, so that the next one needs its reason."""
TROUBLE = ("failed", "unknown", "mismatch", "doubled")
"""Results that raise the alert of labels (A-072) until a scan has proven the label."""
WITHDRAWN = "withdrawn"
"""A print that was counted and is not on paper, as a look at the roll has shown."""
RESULTS = frozenset({*ON_PAPER, "failed", "mismatch", "verified", WITHDRAWN})


def prints_of(work: UnitOfWork, tube: Specimen) -> int:
    """Return how many labels of a tube are, or may be, on paper."""
    query = select(func.count()).select_from(LabelPrint).where(LabelPrint.specimen_id == tube.id)
    counted, withdrawn = (
        int(work.value(query.where(LabelPrint.result.in_(results)))) for results in (ON_PAPER, (WITHDRAWN,))
    )
    return max(0, counted - withdrawn)


def note_print(
    work: UnitOfWork, tube: Specimen, printer: str, template: str, result: str, *,
    content_sha256: str = "", reason: str | None = None, fault: str | None = None,
) -> int:  # fmt: skip
    """Add a note; returns which print of the label it was: 0 the first, then the number of the reprint."""
    before = prints_of(work, tube)
    work.add(
        LabelPrint(
            org_id=tube.org_id, specimen_id=tube.id, printer=printer, template=template,
            content_sha256=content_sha256, result=result, reprint=before, reason=reason, fault=fault,
            printed_at=work.now, staff_name=work.actor.name,
        )
    )  # fmt: skip
    return before


def read_back(work: UnitOfWork, tube: Specimen, *, always: bool = False) -> None:
    """Note that a scan has read the tube's own code, where its labels gave trouble (or `always`)."""
    query = (
        select(LabelPrint.result)
        .where(LabelPrint.specimen_id == tube.id, LabelPrint.result.in_((*TROUBLE, "verified")))
        .order_by(LabelPrint.printed_at.desc(), LabelPrint.id.desc())
        .limit(1)
    )
    last = work.value(query)
    if always or last in TROUBLE:
        note_print(work, tube, "scan", "scan", "verified")
