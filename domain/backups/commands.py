"""What the centre's keeper of backups notes; people only read it."""

from domain.backups.records import BackupDuty, BackupKind, BackupRun
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork

KEEPER = "system.backups"
SAID = 1000


@command("backup.note", "登记备份结果", permission=KEEPER, place="internal")
class NoteBackup:
    """One run of a duty; without `good` and `problem` it only says that the duty is there."""

    kind: BackupKind = ask("事项", kind=Kind.HIDDEN)
    place: str = ask("位置", kind=Kind.HIDDEN, max_length=500)
    good: bool | None = ask("成功", kind=Kind.HIDDEN, default=None)
    name: str | None = ask("备份", kind=Kind.HIDDEN, default=None, max_length=40)
    bytes: int = ask("写入量", kind=Kind.HIDDEN, default=0)
    files: int = ask("文件数", kind=Kind.HIDDEN, default=0)
    rows: int = ask("核对行数", kind=Kind.HIDDEN, default=0)
    seconds: float = ask("用时", kind=Kind.HIDDEN, default=0.0)
    problem: str | None = ask("失败原因", kind=Kind.HIDDEN, default=None, max_length=SAID)


@handles(NoteBackup)
def note_backup(order: NoteBackup, work: UnitOfWork) -> Id:
    """Return the id of the duty."""
    own = stable_id("backup_duty", work.actor.org_id, order.kind.value)
    duty = work.get(BackupDuty, own)
    if duty is None:
        duty = BackupDuty(
            id=own, org_id=work.actor.org_id, kind=order.kind, place=order.place, since=work.now, bytes=0,
            seconds=0.0, failures=0,
        )  # fmt: skip
        work.add(duty)
    if duty.place != order.place:
        duty.place = order.place
    if order.good is None:
        return own
    if order.good:
        duty.good_at, duty.name = work.now, order.name
        duty.bytes, duty.seconds, duty.failures, duty.problem = order.bytes, order.seconds, 0, None
    else:
        duty.failures, duty.problem = duty.failures + 1, order.problem
    work.add(
        BackupRun(
            org_id=work.actor.org_id, duty_id=own, kind=order.kind, at=work.now, good=order.good, name=order.name,
            bytes=order.bytes, files=order.files, rows=order.rows, seconds=order.seconds, problem=order.problem,
        )
    )  # fmt: skip
    return own
