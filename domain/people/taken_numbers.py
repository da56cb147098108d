"""No number names two records: what is typed as one record's number must not be another's already."""

from domain.biobank.numbers import is_specimen_number
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.record import column_info, record_classes
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.scans import holders


def refuse_taken(work: UnitOfWork, field: str, label: str, text: str, *, own: Id | None = None) -> None:
    """Refuse a number that a scan would take for something else; one record may have one number twice.

    Args:
        work: Its actor's scope counts, as it does for scans.
        field: Where the number was typed.
        label: What the number is called there.
        text: The number.
        own: The record it is for, None for a new one.

    Raises:
        DomainError: ``number.taken`` (another record has it) or ``number.like_tube`` (a tube may have it, here or at
            a branch whose tubes are not in this store).
    """
    for row in holders(work.connection, text, work.actor):
        if row.id != own:
            kind = record_classes()[row.kind]
            info = column_info(kind.__table__.c[row.field])
            raise DomainError(
                "number.taken", field=field, label=label, value=text,
                holder=f"{kind.record_info.label} {row.shown}".strip(), what=info.label if info else row.field,
            )  # fmt: skip
    if is_specimen_number(text):
        raise DomainError("number.like_tube", field=field, label=label, value=text)
