"""What the store room looks at."""

from sqlalchemy import select

from domain.biobank.records import StorageContainer
from domain.kernel.worklists import Query, worklist
from domain.storage.container_commands import BlockPosition, MoveContainer, RestrictContainer
from domain.storage.records import Inventory, StorageTask
from domain.storage.task_commands import FinishStorageTask

VIEW = "biobank.view"


@worklist("storage.tasks", "库房待查", permission=VIEW, record=StorageTask, order="due_at")
def tasks() -> Query:
    """Tubes somebody has to look for, the most urgent first."""
    t = StorageTask
    return select(
        t.number, t.cause, t.state, t.due_at, t.place, t.found_place, t.note, t.opened_by, t.opened_at
    ).where(t.due_at.is_not(None))


tasks.offers(FinishStorageTask)


@worklist("storage.tasks_done", "已查明标本", permission=VIEW, record=StorageTask, order="-opened_at")
def done() -> Query:
    """What searches came to, the latest first."""
    t = StorageTask
    return select(
        t.number,
        t.cause,
        t.outcome,
        t.closed_note,
        t.closed_by,
        t.place,
        t.found_place,
        t.opened_by,
        t.opened_at,
    ).where(t.due_at.is_(None))


@worklist("storage.containers", "存储容器", permission=VIEW, record=StorageContainer, order="code")
def containers() -> Query:
    """Every container of the store."""
    c = StorageContainer
    return select(
        c.code,
        c.name,
        c.kind,
        c.at,
        c.place_key,
        c.rows,
        c.columns,
        c.temperature,
        c.tube_kind,
        c.types,
        c.studies,
        c.blocked,
    )


containers.offers(MoveContainer, BlockPosition, RestrictContainer)


@worklist("storage.inventories", "盘点记录", permission=VIEW, record=Inventory, order="-at")
def inventories() -> Query:
    """Checks of boxes, the latest first."""
    i = Inventory
    return select(
        StorageContainer.code, StorageContainer.name, i.at, i.staff_name, i.expected, i.matched, i.missing, i.surplus,
        i.misplaced, i.unread,
    ).join(StorageContainer, StorageContainer.id == i.container_id)  # fmt: skip
