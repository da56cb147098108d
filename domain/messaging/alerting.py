"""Alerts that go outside the program: what was opened or escalated becomes messages to staff.

The rules say by which channels beside the list in the program; a message has no more in it than which alert it is.
"""

import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import and_, or_, select

from domain.alerts.records import Alert, AlertEvent
from domain.alerts.workflow import OPEN_STATES
from domain.kernel.authority import Actor
from domain.kernel.change_log import Entry
from domain.kernel.clock import clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.queueing import queue_message
from domain.messaging.records import Channel, ContactAddress
from domain.messaging.sending_commands import SENDER
from domain.people.records import Organization, Staff

log = logging.getLogger(__name__)

IN_APP = "in_app"
TOLD = frozenset({"opened", "escalated", "assigned"})
_LEVELS = {"general": "一般", "important": "重要", "urgent": "紧急"}
MOST_TOLD = 50


@command("messaging.tell_staff", "预警通知员工", permission=SENDER, place="internal")
class TellStaff:
    """Somebody in the roles of an alert is to be told by these channels."""

    event_id: Id = ask("预警轨迹", kind=Kind.HIDDEN)
    channels: list[str] = ask("渠道", kind=Kind.HIDDEN)
    owner_first: bool = ask("先通知负责人", kind=Kind.HIDDEN, default=False)


@handles(TellStaff)
def tell_staff(order: TellStaff, work: UnitOfWork) -> int:
    """Return how many messages were queued: one a person, channel and step, however often the log is read.

    `owner_first`: until the ladder moves only whoever owns it is told, unless they have left us.
    """
    event = work.get(AlertEvent, order.event_id)
    alert = work.get(Alert, event.alert_id) if event is not None else None
    if event is None or alert is None or alert.digest_id is not None:
        return 0  # one of a digest is told by the digest
    orgs = _upwards(work, alert.org_id)
    of_role = and_(Staff.role.in_(event.receivers), Staff.org_id.in_(orgs))
    owner = work.get(Staff, alert.owner_id) if alert.owner_id is not None else None
    owned = owner is not None and bool(owner.active)
    if event.kind == "assigned" or (
        order.owner_first and owned and event.kind == "opened" and not alert.step
    ):
        whom = Staff.id == alert.owner_id
    else:
        whom = of_role if alert.owner_id is None else or_(of_role, Staff.id == alert.owner_id)
    people = select(Staff).where(Staff.active, whom).order_by(Staff.login).limit(MOST_TOLD)
    params = {
        "alert": alert.name,
        "level": _LEVELS[str(event.severity)],
        "at": f"{clinic(alert.opened_at):%m-%d %H:%M}",
    }
    count = 0
    for person in work.list(people):
        for channel in order.channels:
            reached = work.find(
                ContactAddress, staff_id=person.id, channel=Channel(channel), opted_out_at=None
            )
            if reached is None:
                continue
            queue_message(
                work, "staff_alert", staff_id=person.id, channel=Channel(channel), params=params,
                key=("alert", event.id, person.id, channel), about=("alert", alert.id),
            )  # fmt: skip
            count += 1
    return count


@command("messaging.tell_client", "预警通知客户", permission=SENDER, place="internal")
class TellClientOfAlert:
    """The client an alert is about is told by a message of this template."""

    event_id: Id = ask("预警轨迹", kind=Kind.HIDDEN)
    template: str = ask("模板", kind=Kind.HIDDEN, max_length=60)


@handles(TellClientOfAlert)
def tell_client_of_alert(order: TellClientOfAlert, work: UnitOfWork) -> Id | None:
    """Return the id of the message, one an alert and day; None for an alert that is about no client or is over.

    Raises:
        DomainError: As `queue_message`: ``message.unreachable`` for a client without any address.
    """
    event = work.get(AlertEvent, order.event_id)
    alert = work.get(Alert, event.alert_id) if event is not None else None
    if event is None or alert is None or alert.patient_id is None or alert.state not in OPEN_STATES:
        return None
    day = f"{clinic(event.at):%Y-%m-%d}"
    return queue_message(
        work, order.template, patient_id=alert.patient_id, params={"day": day},
        key=("alert_client", order.template, alert.patient_id, day), about=("alert", alert.id),
    ).id  # fmt: skip


def _upwards(work: UnitOfWork, org_id: Id) -> list[Id]:
    found: list[Id] = []
    here: Id | None = org_id
    while here is not None and here not in found:
        found.append(here)
        org = work.get(Organization, here)
        here = org.parent_id if org is not None else None
    return found


class AlertMessenger:
    """Give it to a `Follower`. It reads at least once; messages have stable ids.

    Args:
        dispatcher: Of the centre.
        actor: The system's actor.
        channels: Returns by the id of a rule how its alerts are told now.
        client_message: Returns by the id of a rule the template that tells the client; '' for none.
        owner_first: Returns by the id of a rule whether who owns its alerts is told before the others of the role.
    """

    name = "alert_messages"

    def __init__(
        self,
        dispatcher: Dispatcher,
        actor: Actor,
        channels: Callable[[str], Sequence[str]],
        client_message: Callable[[str], str] = lambda _rule: "",
        owner_first: Callable[[str], bool] = lambda _rule: False,
    ) -> None:
        self._dispatcher, self._actor = dispatcher, actor
        self._channels, self._client_message = channels, client_message
        self._owner_first = owner_first

    def act(self, entries: Sequence[Entry]) -> None:
        """Tell of every alert that was opened or escalated, by the channels of its rule."""
        for event_id, alert_id, kind in self._events(entries):
            rule = self._rule(alert_id)
            channels = [c for c in self._channels(rule) if c != IN_APP]
            if channels:
                order = TellStaff(event_id=event_id, channels=channels, owner_first=self._owner_first(rule))
                self._run(order)
            template = self._client_message(rule)
            if template and kind != "assigned":  # for the client nothing has changed
                self._run(TellClientOfAlert(event_id=event_id, template=template))

    def _run(self, order: TellStaff | TellClientOfAlert) -> None:
        try:
            self._dispatcher.run(order, self._actor)
        except DomainError as error:
            log.warning("nobody told", extra={"code": error.code})

    def _events(self, entries: Sequence[Entry]) -> list[tuple[Id, Id, str]]:
        found = []
        for entry in entries:
            if not entry.touches("alert_event"):
                continue
            for change in entry.body.changes:
                fields: Mapping[str, Any] = change.fields
                if change.entity == "alert_event" and change.op == "ins" and fields.get("kind") in TOLD:
                    alert_id = uuid.UUID(bytes=fields["alert_id"])
                    found.append((uuid.UUID(bytes=change.record_id), alert_id, fields["kind"]))
        return found

    def _rule(self, alert_id: Id) -> str:
        with self._dispatcher.store.read() as connection:
            found = connection.execute(select(Alert.rule).where(Alert.id == alert_id)).scalar()
        return found or ""
