"""Ordering items for a visit, changing and cancelling an order, and settling results nobody ordered."""

from domain.checkup.records import Visit
from domain.interop import receiving as _receiving  # noqa: F401  (orders follow results wherever commands run)
from domain.interop.item_commands import split
from domain.interop.order_records import ServiceRequest, UnorderedResult
from domain.interop.ordering import OPEN, items_in_use, order_items
from domain.interop.workflow import request_life, unordered_life
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork

PERMISSION = "interface.order"


@command("interface.order_items", "开立检查申请", permission=PERMISSION)
class OrderItems:
    """Order items for a visit; the partner that does them is told."""

    visit_id: Id = ask("体检", kind=Kind.HIDDEN)
    items: str = ask("项目（代码或名称，用顿号分隔）", max_length=1000)
    remark: str | None = ask("申请说明", default=None)


@handles(OrderItems)
def order_named(order: OrderItems, work: UnitOfWork) -> list[str]:
    """Return the numbers of the new orders; all or none.

    Raises:
        DomainError: ``service_request.no_item`` naming what cannot be ordered; ``service_request.all_open``.
    """
    visit = work.require(Visit, order.visit_id, "visit_id")
    by_word = {word: item for item in items_in_use(work) for word in (item.name, item.code)}
    wanted = []
    for word in split(order.items):
        if word not in by_word:
            raise DomainError("service_request.no_item", field="items", given=word)
        wanted.append(by_word[word])
    made = order_items(work, visit, wanted, order.remark)
    if not made:
        raise DomainError("service_request.all_open", field="items", items=order.items)
    return [one.number for one in made]


@command("interface.change_order", "修改检查申请", permission=PERMISSION)
class ChangeOrder:
    """Change what an order says; the partner is told with the same number."""

    service_request_id: Id = ask("检查申请", kind=Kind.HIDDEN)
    remark: str = ask("申请说明")


@handles(ChangeOrder)
def change_order(order: ChangeOrder, work: UnitOfWork) -> int:
    """Return the revision; ``service_request.closed`` once it has a result or is cancelled."""
    request = _open(work, order.service_request_id)
    if request.remark != order.remark:
        request.remark, request.revision = order.remark, request.revision + 1
    return request.revision


@command("interface.cancel_order", "撤销检查申请", permission=PERMISSION)
class CancelOrder:
    """Take an order back; the partner is told."""

    service_request_id: Id = ask("检查申请", kind=Kind.HIDDEN)
    reason: str = ask("撤销原因", kind=Kind.NOTE)


@handles(CancelOrder)
def cancel_order(order: CancelOrder, work: UnitOfWork) -> None:
    """End it; ``service_request.closed`` once it has a result or is cancelled."""
    request = _open(work, order.service_request_id)
    request.cancel_reason, request.revision = order.reason, request.revision + 1
    work.move(request_life, request, "cancel")


@command("interface.settle_unordered", "核对无申请结果", permission=PERMISSION)
class SettleUnordered:
    """Say what came of results nobody ordered here: added on, of another visit, sent by mistake."""

    unordered_result_id: Id = ask("无申请结果", kind=Kind.HIDDEN)
    note: str = ask("处理说明", kind=Kind.NOTE)


@handles(SettleUnordered)
def settle_unordered(order: SettleUnordered, work: UnitOfWork) -> None:
    """Write it down; the results stay as they are."""
    found = work.require(UnorderedResult, order.unordered_result_id, "unordered_result_id")
    work.move(unordered_life, found, "settle")
    found.settled_by, found.note = work.actor.name, order.note


def _open(work: UnitOfWork, request_id: Id) -> ServiceRequest:
    request = work.require(ServiceRequest, request_id, "service_request_id")
    if request.state not in OPEN:
        raise DomainError("service_request.closed", field="service_request_id", number=request.number)
    return request
