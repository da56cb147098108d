"""Critical values: taken with a read-back, then acted on."""

import unicodedata

from domain.checkup.records import CriticalValue
from domain.checkup.workflow import critical_handling
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork


@command("critical.receive", "接收危急值", permission="critical.receive")
class ReceiveCritical:
    """Take a critical value: the receiver types the value that was read to them."""

    critical_id: Id = ask("危急值", kind=Kind.HIDDEN)
    read_back: str = ask("复述数值", max_length=60)


@handles(ReceiveCritical)
def receive(order: ReceiveCritical, work: UnitOfWork) -> None:
    """Note who took it; a value read back wrongly is refused (``critical.read_back_differs``)."""
    critical = work.require(CriticalValue, order.critical_id, "critical_id")
    if _figure(order.read_back) != _figure(critical.value_text):
        raise DomainError("critical.read_back_differs", field="read_back", label=critical.label)
    work.move(critical_handling, critical, "receive")
    critical.received_by = work.actor.staff_id
    critical.read_back = order.read_back


@command("critical.handle", "处置危急值", permission="critical.handle")
class HandleCritical:
    """Write what was done for the client."""

    critical_id: Id = ask("危急值", kind=Kind.HIDDEN)
    outcome: str = ask("处置", kind=Kind.NOTE)


@handles(HandleCritical)
def handle(order: HandleCritical, work: UnitOfWork) -> None:
    """End the clock; only a value that was received with a read-back can be handled."""
    critical = work.require(CriticalValue, order.critical_id, "critical_id")
    work.move(critical_handling, critical, "handle")
    critical.outcome = order.outcome


def _figure(text: str) -> str:
    """Return the figure at the start of a value, so that ``6.8`` reads back ``6.8 mmol/L``."""
    return unicodedata.normalize("NFKC", text).strip().split(" ")[0]
