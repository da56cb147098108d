"""Who had which part in a report: what the four-eyes rule of its workflow looks at."""

from collections import defaultdict

from sqlalchemy import Connection, select

from domain.checkup.records import Report, ReportRevision, ReviewAction, ReviewStep
from domain.checkup.workflow import PASSING
from domain.kernel.ids import Id
from domain.kernel.workflow import Hands


def hands_of(connection: Connection, report_id: Id) -> Hands:
    """Return who wrote a report (all who submitted a text of it) and who let it pass each level."""
    found: dict[str, set[Id]] = defaultdict(set)
    report, revision, step = Report.__table__.c, ReportRevision.__table__.c, ReviewStep.__table__.c
    writers = select(report.author_id).where(report.id == report_id)
    writers_too = select(revision.author_id).where(revision.report_id == report_id)
    found["submit"].update(connection.execute(writers.union(writers_too)).scalars())
    steps = select(step.level, step.action, step.staff_id).where(step.report_id == report_id)
    for level, action, staff_id in connection.execute(steps):
        if action in {ReviewAction.PASS, ReviewAction.SIGN} and staff_id is not None:
            found[PASSING.get(level, "")].add(staff_id)
    return found
