"""Which files a visit has, and where each is: here, on its way, at the centre. Plain reads, off the UI thread."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from domain.checkup.attachments import KINDS
from domain.checkup.records import Attachment, AttachmentRemoval
from domain.kernel.authority import Actor
from domain.kernel.ids import Id
from domain.kernel.worklists import NamedRow, records
from sync.blobs import BlobStore
from sync.files import FileState
from sync.local_tables import blob_state

SIGNS = {"confirmed": "✓", "waiting": "↑", "wanted": "↓", "elsewhere": "☁", "refused": "!"}
TONES = {"confirmed": "success", "refused": "danger"}


@dataclass(frozen=True, slots=True)
class FileLine:
    """One file as it is shown; `state` is a `FileState` value, `told` its sentence, `here` whether its bytes are."""

    attachment_id: Id
    name: str
    sha256: str
    media_type: str
    kind: str
    size: int
    state: str
    told: str
    here: bool
    done: int

    @property
    def sign(self) -> str:
        """A mark that tells the state without colour."""
        return SIGNS.get(self.state, "↑")

    @property
    def tone(self) -> str:
        return TONES.get(self.state, "")


def file_lines(
    desk: Any, actor: Actor, owners: tuple[Id, ...], say: Callable[..., str], size: Callable[[int], str]
) -> tuple[FileLine, ...]:
    """Return the files of a visit and its report that were not taken away, the first added first."""
    with desk.store.read() as connection:
        rows = records(connection, actor, Attachment, Attachment.subject_id.in_(owners))
        gone = {
            r.attachment_id
            for r in records(
                connection,
                actor,
                AttachmentRemoval,
                AttachmentRemoval.attachment_id.in_([r.id for r in rows]),
            )
        }
        names = {row.sha256 for row in rows}
        states = {
            s.sha256: s
            for s in connection.execute(select(blob_state).where(blob_state.c.sha256.in_(names))).all()
        }
    blobs = desk.blobs
    standing = sorted((row for row in rows if row.id not in gone), key=lambda row: (row.added_at, row.id))
    return tuple(_line(row, states.get(row.sha256), blobs, say, size) for row in standing)


def _line(
    row: NamedRow, state: Any, blobs: BlobStore, say: Callable[..., str], size: Callable[[int], str]
) -> FileLine:
    here = blobs.has(row.sha256)
    now = str(state.state) if state else (FileState.WAITING if here else FileState.ELSEWHERE)
    sent = int(state.sent) if state else 0
    reason = state.reason if state else None
    told = say(
        f"attachments.state.{now}", done=size(sent), size=size(row.size), reason=say(reason) if reason else ""
    )
    kind = KINDS.get(row.media_type)
    return FileLine(
        row.id, str(row.name), row.sha256, row.media_type, kind.label if kind else row.media_type, row.size,
        str(now), told, here, sent,
    )  # fmt: skip
