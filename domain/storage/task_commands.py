"""Looking for tubes: a search is opened by what was noticed, and ends with what a person found."""

from domain.biobank.commands import tube_of
from domain.biobank.records import Specimen, StorageContainer
from domain.biobank.rules import position_of
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.storage.records import StorageTask, StorageTaskKind, StorageTaskOutcome
from domain.storage.workflow import storage_task_life


@command("storage.report_lost", "登记标本找不到", permission="biobank.inventory")
class ReportLost:
    """A tube is not where the records have it."""

    number: str = ask("标本条码", kind=Kind.SCAN, max_length=40)
    note: str | None = ask("说明", default=None, max_length=1000)


@handles(ReportLost)
def report_lost(order: ReportLost, work: UnitOfWork) -> Id:
    """Open a search; one that waits for this tube is not opened twice."""
    tube = tube_of(order.number, work)
    return open_task(work, StorageTaskKind.MISSING, tube.number, tube=tube, place=tube.slot, note=order.note)


@command("storage.finish_task", "完成库房待查", permission="biobank.inventory")
class FinishStorageTask:
    """Say what the search came to; a tube found elsewhere is put there by the same step."""

    storage_task_id: Id = ask("库房待查", kind=Kind.HIDDEN)
    outcome: StorageTaskOutcome = ask("查找结果", kind=Kind.CHOICE)
    container: str | None = ask("实际所在盒条码（移位时填写）", kind=Kind.SCAN, default=None, max_length=40)
    position: str | None = ask("实际位置（移位时填写）", default=None, max_length=10)
    note: str | None = ask("结果说明", default=None, max_length=1000)


@handles(FinishStorageTask)
def finish(order: FinishStorageTask, work: UnitOfWork) -> Id:
    """End the search.

    Raises:
        DomainError: ``storage_task.where``: moved needs box and position; ``container.taken``.
    """
    task = work.require(StorageTask, order.storage_task_id, "storage_task_id")
    if order.outcome is StorageTaskOutcome.MOVED:
        if not order.container or not order.position or task.specimen_id is None:
            raise DomainError("storage_task.where", field="container")
        tube = work.require(Specimen, task.specimen_id)
        box = work.find(StorageContainer, code=order.container)
        if box is None:
            raise DomainError("container.unknown", field="container", value=order.container)
        slot = f"{box.code}:{position_of(order.position, box.rows, box.columns)}"
        there = work.find(Specimen, slot=slot)
        if there is not None and there.id != tube.id:
            raise DomainError(
                "container.taken", field="position", position=order.position, number=there.number
            )
        tube.slot = task.found_place = slot
    work.move(storage_task_life, task, "finish")
    task.outcome, task.closed_by, task.closed_note = order.outcome, work.actor.name, order.note
    return task.id


def open_task(
    work: UnitOfWork,
    kind: StorageTaskKind,
    number: str,
    *,
    tube: Specimen | None = None,
    place: str | None = None,
    found_place: str | None = None,
    note: str | None = None,
    key: str | None = None,
) -> Id:
    """Open a search, by the person signed in; one that is open for the same number and cause stays the only one.

    `key` makes the id stable: what two places notice is one search.
    """
    if key is not None:
        known = work.get(StorageTask, stable_id("storage_task", key))
        if known is not None:
            return known.id
    waiting = work.find(StorageTask, number=number, cause=kind, state=storage_task_life.first)
    if waiting is not None:
        return waiting.id
    task = StorageTask(
        cause=kind, number=number, specimen_id=tube.id if tube else None, place=place, found_place=found_place,
        note=note, opened_at=work.now, opened_by=work.actor.name,
    )  # fmt: skip
    if key is not None:
        task.id = stable_id("storage_task", key)
    if tube is not None:
        task.org_id = tube.org_id
    work.start(storage_task_life, task)
    return work.add(task).id


@command("storage.note_clash", "登记位置冲突", permission="biobank.inventory")
class NoteClash:
    """Two desks that were apart put something else into one position; somebody has to look where this tube is."""

    specimen_id: Id = ask("标本", kind=Kind.HIDDEN)
    slot: str = ask("登记的位置", kind=Kind.HIDDEN, max_length=80)
    key: str = ask("来源", kind=Kind.HIDDEN, max_length=80)


@handles(NoteClash)
def note_clash(order: NoteClash, work: UnitOfWork) -> Id | None:
    """Open a search for the tube whose place was not taken over; None where it lies there after all."""
    tube = work.require(Specimen, order.specimen_id, "specimen_id")
    if tube.slot == order.slot:
        return None
    there = work.find(Specimen, slot=order.slot)
    return open_task(
        work, StorageTaskKind.FIND, tube.number, tube=tube, place=tube.slot, found_place=order.slot,
        note=there.number if there else None, key=order.key,
    )  # fmt: skip
