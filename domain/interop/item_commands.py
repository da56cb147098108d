"""The items that can be ordered from partner systems, set by physicians and administrators, each change numbered."""

import re

from domain.catalog.content import Catalog
from domain.interop.order_records import ServiceItem, ServiceItemChange
from domain.interop.partner_records import PartnerRole
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork

PERMISSION = "interface.items"
_BETWEEN = re.compile(r"[、,，;；\s]+")


def split(text: str | None) -> list[str]:
    """Return the words of a list that a person typed, in any of the usual marks between."""
    return list(dict.fromkeys(word for word in _BETWEEN.split(text or "") if word))


@command("interface.set_item", "设置接口项目", permission=PERMISSION)
class SetServiceItem:
    """Say what can be ordered under a code: the same code again changes it."""

    code: str = ask("项目代码（对方系统）", max_length=40)
    name: str = ask("项目名称", max_length=120)
    role: PartnerRole = ask("执行系统", kind=Kind.CHOICE)
    packages: str | None = ask("所属套餐（用顿号分隔，登记该套餐时自动开单）", default=None, max_length=1000)
    results: str | None = ask("对应结果（项目代码、名称或 LOINC，用顿号分隔）", default=None, max_length=2000)
    reason: str = ask("说明", kind=Kind.NOTE)


@handles(SetServiceItem)
def set_item(order: SetServiceItem, work: UnitOfWork) -> int:
    """Return the number of the change.

    Raises:
        DomainError: ``service_item.no_result`` naming what the catalogue does not know.
    """
    code, packages = order.code.strip(), split(order.packages)
    results = [_key(work.content["catalog"], word) for word in split(order.results)]
    item_id = stable_id("service_item", work.actor.org_id, code)
    item = work.get(ServiceItem, item_id)
    if item is None:
        item = work.add(
            ServiceItem(
                id=item_id, code=code, name=order.name.strip(), role=order.role, packages=packages, results=results,
                active=True, number=1, changed_at=work.now,
            )
        )  # fmt: skip
        return _note(work, item, f"登记 {order.role} {code}", order.reason)
    told = [
        f"{label}：{_shown(getattr(item, name))} → {_shown(value)}"
        for name, label, value in (
            ("name", "名称", order.name.strip()), ("role", "执行系统", order.role), ("packages", "套餐", packages),
            ("results", "结果", results), ("active", "启用", True),
        )
        if getattr(item, name) != value
    ]  # fmt: skip
    if not told:
        return item.number
    item.name, item.role, item.packages, item.results = order.name.strip(), order.role, packages, results
    item.active, item.number, item.changed_at = True, item.number + 1, work.now
    return _note(work, item, "；".join(told), order.reason)


@command("interface.retire_item", "停用接口项目", permission=PERMISSION)
class RetireServiceItem:
    """Take an item out of what can be ordered; what was ordered goes on."""

    service_item_id: Id = ask("接口项目", kind=Kind.HIDDEN)
    reason: str = ask("说明", kind=Kind.NOTE)


@handles(RetireServiceItem)
def retire_item(order: RetireServiceItem, work: UnitOfWork) -> int:
    """Return the number of the change; ``service_item.retired`` for one that is out of use."""
    item = work.require(ServiceItem, order.service_item_id, "service_item_id")
    if not item.active:
        raise DomainError("service_item.retired", field="service_item_id", name=item.name)
    item.active, item.number, item.changed_at = False, item.number + 1, work.now
    return _note(work, item, "停用", order.reason)


def _key(catalog: Catalog, word: str) -> str:
    found = catalog.observations.get(word) or catalog.by_loinc(word) or catalog.by_local(word)
    if found is None:
        raise DomainError("service_item.no_result", field="results", given=word)
    return found.key


def _note(work: UnitOfWork, item: ServiceItem, summary: str, reason: str) -> int:
    work.add(
        ServiceItemChange(
            id=stable_id("service_item_change", item.id, item.number), org_id=item.org_id, item_id=item.id,
            name=item.name, number=item.number, summary=summary[:1000], reason=reason,
            changed_by=work.actor.staff_id, changed_name=work.actor.name, changed_at=work.now,
        )
    )  # fmt: skip
    return item.number


def _shown(value: object) -> str:
    if isinstance(value, list):
        return "、".join(value) or "空"
    return str(value)
