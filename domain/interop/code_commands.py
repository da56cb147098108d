"""Saying what a partner's code means; the results that waited for it flow in at once, judged like any other."""

import dataclasses

from domain.catalog.content import Catalog
from domain.catalog.definitions import ObservationDefinition
from domain.interop.code_records import PartnerCode, PartnerCodeChange, UnmappedCode
from domain.interop.waiting_results import code_id_of, take_waiting
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork

PERMISSION = "interface.codes"


@dataclasses.dataclass(frozen=True, slots=True)
class CodeMapped:
    """The number of the change, how many waiting results flowed in, and how many still cannot be read."""

    number: int
    taken: int
    left: int


@command("interface.map_code", "对照到项目", permission=PERMISSION)
class MapWaitingCode:
    """Say what a waiting code means, and in which unit it is where the sender says none."""

    unmapped_code_id: Id = ask("待对照代码", kind=Kind.HIDDEN)
    item: str = ask("对应项目（代码、名称或 LOINC）", max_length=60)
    unit: str | None = ask("默认单位（对方不写或写法不认识时）", default=None, max_length=40)
    reason: str = ask("对照依据", kind=Kind.NOTE)


@handles(MapWaitingCode)
def map_waiting(order: MapWaitingCode, work: UnitOfWork) -> CodeMapped:
    """Return what flowed in.

    Raises:
        DomainError: Those of `_set`.
    """
    waiting = work.require(UnmappedCode, order.unmapped_code_id, "unmapped_code_id")
    return _set(
        work, waiting.system, waiting.code, waiting.name, order.item, order.unit, order.reason, waiting.org_id
    )


@command("interface.edit_code", "修改对照", permission=PERMISSION)
class EditPartnerCode:
    """Change what a code means from now on; what was read by the old meaning stays as it was read."""

    partner_code_id: Id = ask("对照码", kind=Kind.HIDDEN)
    item: str = ask("对应项目（代码、名称或 LOINC）", max_length=60)
    unit: str | None = ask("默认单位（对方不写或写法不认识时）", default=None, max_length=40)
    reason: str = ask("修改说明", kind=Kind.NOTE)


@handles(EditPartnerCode)
def edit_code(order: EditPartnerCode, work: UnitOfWork) -> CodeMapped:
    """Return what flowed in. Raises what `_set` raises."""
    code = work.require(PartnerCode, order.partner_code_id, "partner_code_id")
    return _set(work, code.system, code.code, code.name, order.item, order.unit, order.reason, code.org_id)


@command("interface.withdraw_code", "撤销对照", permission=PERMISSION)
class WithdrawPartnerCode:
    """Let a code mean nothing of its own again."""

    partner_code_id: Id = ask("对照码", kind=Kind.HIDDEN)
    reason: str = ask("修改说明", kind=Kind.NOTE)


@handles(WithdrawPartnerCode)
def withdraw_code(order: WithdrawPartnerCode, work: UnitOfWork) -> int:
    """Return the number of the change; ``partner_code.withdrawn`` for one that means nothing already."""
    code = work.require(PartnerCode, order.partner_code_id, "partner_code_id")
    if code.item is None:
        raise DomainError("partner_code.withdrawn", field="partner_code_id", given=code.code)
    before, code.item, code.label = code.item, None, None
    code.number, code.changed_at = code.number + 1, work.now
    _note(work, code, before, order.reason, 0)
    return code.number


@command("interface.restore_code", "恢复到这一次对照", permission=PERMISSION)
class RestorePartnerCode:
    """Put an earlier meaning into force again, under a number of its own."""

    partner_code_change_id: Id = ask("对照码修订", kind=Kind.HIDDEN)
    reason: str = ask("修改说明", kind=Kind.NOTE)


@handles(RestorePartnerCode)
def restore_code(order: RestorePartnerCode, work: UnitOfWork) -> CodeMapped:
    """Return what flowed in; ``partner_code.withdrawn`` for a change that took the meaning away."""
    change = work.require(PartnerCodeChange, order.partner_code_change_id, "partner_code_change_id")
    if change.item is None:
        raise DomainError("partner_code.withdrawn", field="partner_code_change_id", given=change.code)
    code = work.require(PartnerCode, change.code_id, "partner_code_change_id")
    return _set(work, code.system, code.code, code.name, change.item, change.unit, order.reason, code.org_id)


def _set(
    work: UnitOfWork,
    system: str,
    code: str,
    name: str | None,
    item: str,
    unit: str | None,
    reason: str,
    org_id: Id,
) -> CodeMapped:
    """Put a meaning into force and take in what waits.

    Raises:
        DomainError: ``partner_code.no_item``; ``partner_code.unit`` for a unit that cannot be the item's.
    """
    catalog: Catalog = work.content["catalog"]
    found = item_of(catalog, item)
    if unit:
        try:
            catalog.units.factors(found, unit)
        except DomainError as error:
            raise DomainError("partner_code.unit", field="unit", unit=unit, name=found.name) from error
    code_id = code_id_of(system, code)
    known = work.get(PartnerCode, code_id)
    before = None if known is None else known.item
    if known is None:
        known = work.add(
            PartnerCode(
                id=code_id, org_id=org_id, system=system, code=code, name=name, item=found.key, label=found.name,
                unit=unit or None, number=1, changed_at=work.now,
            )
        )  # fmt: skip
    else:
        known.item, known.label, known.unit = found.key, found.name, unit or None
        known.number, known.changed_at = known.number + 1, work.now
    taken, left = take_waiting(work, system, code, found, unit or "")
    waiting = work.get(UnmappedCode, code_id)
    if waiting is not None:
        waiting.waiting = left
    _note(work, known, before, reason, taken)
    return CodeMapped(known.number, taken, left)


def item_of(catalog: Catalog, given: str) -> ObservationDefinition:
    """Return the item of a key, a LOINC code or a name; ``partner_code.no_item`` for what is none."""
    word = given.strip()
    found = catalog.observations.get(word) or catalog.by_loinc(word) or catalog.by_local(word)
    if found is None:
        raise DomainError("partner_code.no_item", field="item", given=word)
    return found


def _note(work: UnitOfWork, code: PartnerCode, before: str | None, reason: str, taken: int) -> None:
    work.add(
        PartnerCodeChange(
            id=stable_id("partner_code_change", code.id, code.number), org_id=code.org_id, code_id=code.id,
            system=code.system, code=code.code, number=code.number, before=before, item=code.item, unit=code.unit,
            reason=reason, taken=taken, changed_by=work.actor.staff_id, changed_name=work.actor.name,
            changed_at=work.now,
        )
    )  # fmt: skip
