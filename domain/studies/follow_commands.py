"""What a study's own reader of the log does: freezing what arrives of who has left. No person runs these."""

from sqlalchemy import select

from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.studies.freezing import freeze_subject
from domain.studies.subject_records import StudySubject


@command("study.freeze", "冻结退出者标本", permission=None, place="internal")
class FreezeLeft:
    """Freeze the tubes this store knows of subjects that left."""

    subject_ids: list[Id] = ask("受试者", kind=Kind.HIDDEN)


@handles(FreezeLeft)
def freeze_left(order: FreezeLeft, work: UnitOfWork) -> int:
    """Return how many tubes were frozen; those of subjects who have not left are left alone."""
    left = work.list(
        select(StudySubject).where(StudySubject.id.in_(order.subject_ids), StudySubject.state == "withdrawn")
    )
    return sum(freeze_subject(work, subject.id, subject.reason or "") for subject in left)
