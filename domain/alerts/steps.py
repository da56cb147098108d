"""One step in the life of an alert: the move, its number, and the line of the trail that says who, when and why."""

from datetime import datetime

from sqlalchemy import select

from domain.alerts.records import Alert, AlertEvent
from domain.alerts.workflow import alert_life
from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork

RULES = "alert_rules"
"""Name of the `RuleBook` in force among the dispatcher's content."""
RULE_FILES = "alert_rule_files"
"""Name of the `RuleBook` as it ships."""


def move(work: UnitOfWork, alert: Alert, name: str) -> None:
    """Make a move; the ladder's time is the caller's business.

    Raises:
        DomainError: ``alert.wrong_state``.
    """
    work.move(alert_life, alert, name)
    alert.revision = (alert.revision or 0) + 1


def check_seen(work: UnitOfWork, alert: Alert, revision: int | None) -> None:
    """Refuse who acts on an alert as it was before; None where the caller has shown nobody anything.

    Raises:
        DomainError: ``alert.stale`` with who changed it meanwhile, when, and what it is now.
    """
    if revision is None or revision == alert.revision:
        return
    of_it = select(AlertEvent).where(AlertEvent.alert_id == alert.id)
    latest = work.list(
        of_it.order_by(AlertEvent.at.desc(), AlertEvent.staff_id.is_(None), AlertEvent.id.desc()).limit(1)
    )
    raise DomainError(
        "alert.stale",
        field="alert_id",
        name=alert.name,
        state=alert_life.label_of(alert.state),
        who=latest[0].staff_name if latest else "",
        at=f"{clinic(latest[0].at if latest else work.now):%m-%d %H:%M}",
    )


def check_may_settle(work: UnitOfWork, alert: Alert) -> None:
    """Refuse to settle by a note, or to put off, what only the cure of its cause ends (a critical value).

    Raises:
        DomainError: ``alert.cause_stands``.
    """
    book = work.content.get(RULES)
    if book is not None and not book.may_settle_by_hand(alert.rule):
        raise DomainError("alert.cause_stands", field="alert_id", name=alert.name)


def note_event(
    work: UnitOfWork,
    alert: Alert,
    kind: str,
    *,
    note: str | None = None,
    event_id: Id | None = None,
    at: datetime | None = None,
) -> None:
    """Write a line of the trail."""
    event = AlertEvent(
        org_id=alert.org_id, alert_id=alert.id, kind=kind, at=at or work.now, staff_id=work.actor.staff_id,
        staff_name=work.actor.name, severity=alert.severity, receivers=list(alert.receivers), note=note,
    )  # fmt: skip
    if event_id is not None:
        event.id = event_id
    work.add(event)
