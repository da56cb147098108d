"""Cases whose files have not come: their rows say which there are, the store of files says which are here."""

import time
import uuid
from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import Connection, select

from domain.checkup.case_file_commands import FilesSeen, NoteCaseFiles, files_of
from domain.checkup.case_file_records import CaseFiles
from domain.checkup.records import Attachment, Report
from domain.kernel.authority import Actor
from domain.kernel.change_log import DONE, MERGED, Entry
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.ids import Id

LOOK_EVERY_S = 30.0
AT_ONCE = 40
"""Cases looked at in a turn, the next ones the turn after: a CT of 500 slices is 500 files to look for."""


class FileWatch:
    """A reader of the centre's log, and a look each half minute at what waits.

    Args:
        dispatcher: Runs its command.
        actor: The system's actor of the centre.
        has: Tells whether a file is at the centre.
    """

    name = "case_files"

    def __init__(self, dispatcher: Dispatcher, actor: Actor, has: Callable[[str], bool]) -> None:
        self._dispatcher, self._actor, self._has = dispatcher, actor, has
        self._looked = 0.0
        self._after: Id | None = None

    def act(self, entries: Sequence[Entry]) -> None:
        """Look at the cases that were given files, or had some taken away."""
        added: set[Id] = set()
        removed: set[Id] = set()
        for entry in entries:
            if entry.outcome not in {DONE, MERGED}:
                continue
            if not any(t.entity in {"attachment", "attachment_removal"} for t in entry.glance.changes):
                continue
            for change in entry.body.changes:
                if change.entity == "attachment":
                    added.add(uuid.UUID(bytes=change.record_id))
                elif change.entity == "attachment_removal" and change.fields.get("attachment_id"):
                    removed.add(uuid.UUID(bytes=change.fields["attachment_id"]))
        if added or removed:
            with self._dispatcher.store.read() as connection:
                visits = _visits_of(connection, added | removed)
            self._note(visits)

    def tick(self) -> None:
        """Look at some that wait; a file that comes writes no entry of the log."""
        if time.monotonic() - self._looked >= LOOK_EVERY_S:
            self._looked = time.monotonic()
            self.look()

    def look(self) -> None:
        """Look at the next that wait, in turn: what never comes keeps none of the others from being seen."""
        c = CaseFiles.__table__.c
        query = select(c.id, c.visit_id).where(c.due_at.is_not(None)).order_by(c.id).limit(AT_ONCE)
        if self._after is not None:
            query = query.where(c.id > self._after)
        with self._dispatcher.store.read() as connection:
            waiting = connection.execute(query).all()
        self._after = waiting[-1].id if len(waiting) == AT_ONCE else None
        self._note(row.visit_id for row in waiting)

    def _note(self, visits: Iterable[Id]) -> None:
        seen = []
        with self._dispatcher.store.read() as connection:
            for visit_id in visits:
                files = files_of(connection, visit_id)
                missing = sum(not self._has(sha256) for sha256 in files)
                seen.append(FilesSeen(visit_id, len(files), missing))
        if seen:
            self._dispatcher.run(NoteCaseFiles(seen=seen), self._actor)


def _visits_of(connection: Connection, attachments: Iterable[Id]) -> list[Id]:
    a, r = Attachment.__table__.c, Report.__table__.c
    rows = connection.execute(select(a.subject, a.subject_id).where(a.id.in_(list(attachments)))).all()
    found = dict.fromkeys(row.subject_id for row in rows if row.subject == "visit")
    reports = [row.subject_id for row in rows if row.subject == "report"]
    if reports:
        found |= dict.fromkeys(connection.execute(select(r.visit_id).where(r.id.in_(reports))).scalars())
    return list(found)
