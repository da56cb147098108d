"""Watches reports that are out: does their signed file still say what is kept? A reader of the log.

It looks at a report when its results, findings, texts or client changed, wherever that came from: the desk, the
interface, another workstation's log. The comparison is that of `forms.final_checking`.
"""

import logging
import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, select

from domain.checkup.records import Finding, Observation, Report
from domain.delivery.change_commands import NoteReportChange
from domain.delivery.records import ReportDelivery
from domain.kernel.authority import Actor
from domain.kernel.canonical import content_digest
from domain.kernel.change_log import DONE, MERGED, Entry
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import KnownError
from domain.kernel.ids import Id

log = logging.getLogger(__name__)
AT_ONCE = 500
_WATCHED = frozenset({"observation", "finding", "report", "patient", "visit", "report_delivery"})
_FIELDS = {
    "report": frozenset({"conclusion", "advice"}), "patient": frozenset({"name", "sex"}),
    "visit": frozenset({"visit_date", "patient_id"}), "report_delivery": frozenset({"sent_at"}),
}  # fmt: skip
"""Fields that matter, of records of which only some do."""
_OF_A_VISIT = frozenset({"observation", "finding"})


class ReportWatch:
    """Give it to a `Follower`; it reads at least once, which changes nothing the second time.

    Args:
        dispatcher: Runs its command; reads signed files by its content `FILES`.
        actor: The system's actor of this installation.
        everywhere: Whether it looks at what happened anywhere; a workstation looks at what happened at it.
    """

    name = "report_watch"

    def __init__(self, dispatcher: Dispatcher, actor: Actor, *, everywhere: bool = False) -> None:
        self._dispatcher, self._actor = dispatcher, actor
        self._everywhere = everywhere

    def act(self, entries: Sequence[Entry]) -> None:
        """Compare the editions whose case changed."""
        touched: dict[str, set[Id]] = {}
        for entry in entries:
            if entry.outcome not in {DONE, MERGED}:
                continue
            if not self._everywhere and entry.device_id != self._actor.device_id.bytes:
                continue
            if not any(t.entity in _WATCHED for t in entry.glance.changes):
                continue
            for change in entry.body.changes:
                wanted = _FIELDS.get(change.entity)
                if change.entity not in _WATCHED or (
                    wanted is not None and not wanted & change.fields.keys()
                ):
                    continue
                visit = change.fields.get("visit_id")
                if change.entity in _OF_A_VISIT and isinstance(visit, bytes):  # a new one says whose it is
                    touched.setdefault("visit", set()).add(uuid.UUID(bytes=visit))
                else:
                    touched.setdefault(change.entity, set()).add(uuid.UUID(bytes=change.record_id))
        if touched:
            with self._dispatcher.store.read() as connection:
                found = _editions(connection, touched)
            for row in found:
                self._compare(row)

    def _compare(self, row: Any) -> None:
        from forms.final_checking import differences_of
        from forms.final_versions import FILES, current_facts, signed_data

        try:
            signed = signed_data(self._dispatcher.content[FILES](row.sha256))
        except (
            KnownError
        ) as error:  # not here, or of an earlier program: compared where it is, or when it comes
            log.info("report not compared: %s", error.code)
            return
        found = differences_of(signed, current_facts(self._dispatcher, row.report_id))
        order = NoteReportChange(
            delivery_id=row.id, places=[one.where for one in found],
            differs=content_digest([[one.where, one.signed, one.now] for one in found]),
        )  # fmt: skip
        self._dispatcher.run(order, self._actor)


def _editions(connection: Connection, touched: dict[str, set[Id]]) -> Sequence[Any]:
    """Return the editions that are out of the cases that were touched."""
    d, r = ReportDelivery.__table__.c, Report.__table__.c
    visits: set[Id] = set(touched.get("visit", ()))
    for record in (Observation, Finding):
        c, ids = record.__table__.c, touched.get(record.record_info.entity, ())
        for some in _chunks(ids):
            visits.update(connection.execute(select(c.visit_id).where(c.id.in_(some))).scalars())
    found: dict[Id, Any] = {}
    for column, ids in (
        (r.visit_id, visits), (r.id, touched.get("report", ())), (r.patient_id, touched.get("patient", ())),
        (d.id, touched.get("report_delivery", ())),
    ):  # fmt: skip
        for some in _chunks(ids):
            query = (
                select(d.id, d.report_id, d.sha256)
                .join(Report.__table__, r.id == d.report_id)
                .where(column.in_(some), d.state != "withdrawn")
            )
            found |= {row.id: row for row in connection.execute(query)}
    return list(found.values())


def _chunks(ids: Iterable[Id]) -> Iterator[list[Id]]:
    wanted = [one for one in ids if one is not None]
    for start in range(0, len(wanted), AT_ONCE):
        yield wanted[start : start + AT_ONCE]
