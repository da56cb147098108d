"""Setting a critical limit of the house: checked, tried on last month's results, numbered, taken back."""

import dataclasses
import enum
from datetime import timedelta

from sqlalchemy import select

from domain.catalog.definitions import ObservationDefinition
from domain.catalog.lookup import Catalog
from domain.checkup.judge import fitting_ranges, rules_for
from domain.checkup.limit_records import CriticalLimit, CriticalLimitChange, LimitSide
from domain.checkup.limits import house_catalog, rule_of, with_limits
from domain.checkup.records import Observation
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Organization

PERMISSION = "critical_limit.edit"
MONTH = timedelta(days=30)
MOST = 20_000
EXAMINED, SHARE = 50, 0.2
"""Of so many results at least, so large a part critical: nobody could act on it."""
AGES = (18, 30, 45, 60, 75, 90)


class ForSex(enum.StrEnum):
    """Whom a limit is for."""

    ALL = "all"
    MALE = "male"
    FEMALE = "female"


@dataclasses.dataclass(frozen=True, slots=True)
class LimitTried:
    """Of last month's results of the item, how many would have been critical (at this level) with the limit."""

    examined: int
    critical: int
    number: int


@command("critical.set_limit", "设定危急值界值", permission=PERMISSION, place="centre")
class SetCriticalLimit:
    """Put a limit of the house into force, in the catalogue's unit; the limit itself counts as critical."""

    item: str = ask("项目（代码或名称）", max_length=60)
    level: int = ask("级别（1 或 2）", kind=Kind.NUMBER, low=1, high=2)
    direction: LimitSide = ask("方向", kind=Kind.CHOICE)
    value: float = ask("界值", kind=Kind.NUMBER, low=-1_000, high=1_000_000)
    sex: ForSex = ask("性别", kind=Kind.CHOICE, default=ForSex.ALL)
    age_from: int | None = ask("年龄自（岁）", kind=Kind.NUMBER, default=None, low=0, high=130)
    age_below: int | None = ask("年龄未满（岁）", kind=Kind.NUMBER, default=None, low=1, high=130)
    site: str | None = ask("适用院区（机构名称，不填为全部）", default=None)
    reason: str = ask("修订说明", kind=Kind.NOTE)


@handles(SetCriticalLimit)
def set_limit(order: SetCriticalLimit, work: UnitOfWork) -> LimitTried:
    """Return what it would have meant last month, and the number of the change.

    Raises:
        DomainError: ``limit.no_item``; ``limit.no_site``; ``limit.ages``; ``limit.normal`` for a value inside the
            reference range; ``limit.levels`` where level 1 would be reached before level 2; ``limit.storm`` where
            too large a part of last month's results would be critical; ``checkup.value_implausible``.
    """
    shipped: Catalog = work.content["catalog"]
    item = _item(shipped, order.item)
    if order.age_from is not None and order.age_below is not None and order.age_from >= order.age_below:
        raise DomainError("limit.ages", field="age_below")
    if not item.plausible[0] <= order.value <= item.plausible[1]:
        raise DomainError(
            "limit.implausible", field="value", name=item.name, low=item.plausible[0], high=item.plausible[1]
        )
    site_id = _site(work, order.site)
    sex = None if order.sex == ForSex.ALL else str(order.sex)
    limit_id = limit_id_of(
        item.key, order.level, order.direction, sex, order.age_from, order.age_below, site_id
    )
    known = work.get(CriticalLimit, limit_id)
    number = 1 if known is None else known.number + 1
    draft = CriticalLimit(
        id=limit_id, item=item.key, label=item.name, level=order.level, direction=order.direction, value=order.value,
        ucum=item.ucum, sex=sex, age_from=order.age_from, age_below=order.age_below, site_id=site_id, in_force=True,
        number=number, changed_at=work.now,
    )  # fmt: skip
    tried = _checked(work, shipped, item, draft)
    before = known.value if known is not None and known.in_force else None
    if known is None:
        work.add(draft)
    else:
        known.value, known.in_force, known.number, known.changed_at = order.value, True, number, work.now
    _note(work, draft, before, order.value, order.reason)
    return tried


@command("critical.withdraw_limit", "停用界值，恢复出厂", permission=PERMISSION, place="centre")
class WithdrawCriticalLimit:
    """Take a limit of the house out of force: what ships counts again."""

    limit_id: Id = ask("界值", kind=Kind.HIDDEN)
    reason: str = ask("修订说明", kind=Kind.NOTE)


@handles(WithdrawCriticalLimit)
def withdraw_limit(order: WithdrawCriticalLimit, work: UnitOfWork) -> int:
    """Return the number of the change. Raises ``limit.withdrawn`` for one that is out of force."""
    limit = work.require(CriticalLimit, order.limit_id, "limit_id")
    if not limit.in_force:
        raise DomainError("limit.withdrawn", field="limit_id", name=limit.label)
    return _withdraw(work, limit, order.reason)


def _withdraw(work: UnitOfWork, limit: CriticalLimit, reason: str) -> int:
    limit.in_force, limit.number, limit.changed_at = False, limit.number + 1, work.now
    _note(work, limit, limit.value, None, reason)
    return limit.number


@command("critical.restore_limit", "恢复到这一次修订", permission=PERMISSION, place="centre")
class RestoreCriticalLimit:
    """Put the value of an earlier change into force again, under a number of its own."""

    change_id: Id = ask("修订", kind=Kind.HIDDEN)
    reason: str = ask("修订说明", kind=Kind.NOTE)


@handles(RestoreCriticalLimit)
def restore_limit(order: RestoreCriticalLimit, work: UnitOfWork) -> int:
    """Return the number of the change that does it. Raises what `set_limit` raises of the value."""
    change = work.require(CriticalLimitChange, order.change_id, "change_id")
    limit = work.require(CriticalLimit, change.limit_id, "change_id")
    if change.value is None:
        if not limit.in_force:
            raise DomainError("limit.withdrawn", field="change_id", name=limit.label)
        return _withdraw(work, limit, order.reason)
    shipped: Catalog = work.content["catalog"]
    before = limit.value if limit.in_force else None
    limit.value, limit.in_force = change.value, True
    limit.number, limit.changed_at = limit.number + 1, work.now
    _checked(work, shipped, _item(shipped, limit.item), limit)
    _note(work, limit, before, change.value, order.reason)
    return limit.number


def limit_id_of(
    item: str,
    level: int,
    direction: str,
    sex: str | None,
    age_from: int | None,
    age_below: int | None,
    site: Id | None,
) -> Id:
    """Return the id of the limit for these persons: set twice, wherever, it is one limit."""
    return stable_id(
        "critical_limit", item, level, str(direction), sex or "", age_from or "", age_below or "", site or ""
    )


def _item(catalog: Catalog, given: str) -> ObservationDefinition:
    found = catalog.observations.get(given.strip()) or catalog.by_local(given.strip())
    if found is None or found.kind != "numeric":
        raise DomainError("limit.no_item", field="item", given=given)
    return found


def _site(work: UnitOfWork, name: str | None) -> Id | None:
    if not (name or "").strip():
        return None
    found = work.find(Organization, name=(name or "").strip())
    if found is None:
        raise DomainError("limit.no_site", field="site", given=name)
    return found.id


def _checked(
    work: UnitOfWork, shipped: Catalog, item: ObservationDefinition, draft: CriticalLimit
) -> LimitTried:
    """Return what a limit would have meant; refuse one inside the normal, out of order, or that would flood."""
    now = house_catalog(work.connection, shipped, draft.site_id)
    others = [
        row
        for row in work.connection.execute(
            select(CriticalLimit.__table__).where(
                CriticalLimit.in_force.is_(True), CriticalLimit.item == item.key
            )
        )
        if row.id != draft.id and row.site_id in (None, draft.site_id)
    ]
    after = with_limits(shipped, [*others, draft]).observation(item.key)
    high = draft.direction == LimitSide.HIGH
    for sex in (draft.sex,) if draft.sex else ("male", "female"):
        for age in _ages(draft):
            ranges = fitting_ranges(item, sex, age)
            if ranges and not all(
                one.too_high(draft.value) if high else one.too_low(draft.value) for one in ranges
            ):
                raise DomainError("limit.normal", field="value", name=item.name)
            first, second = (_bound(after, sex, age, level, high=high) for level in (1, 2))
            if first is not None and second is not None and (first < second if high else first > second):
                raise DomainError("limit.levels", field="value", first=first, second=second)
    examined, critical = _tried(work, now.observation(item.key), draft)
    if examined >= EXAMINED and critical > SHARE * examined:
        raise DomainError("limit.storm", field="value", count=critical, examined=examined)
    return LimitTried(examined, critical, draft.number)


def _ages(draft: CriticalLimit) -> list[int]:
    low, below = draft.age_from or 0, draft.age_below or 131
    return [
        age
        for age in {*AGES, draft.age_from or 18, below - 1 if draft.age_below else 90}
        if low <= age < below
    ]


def _bound(item: ObservationDefinition, sex: str, age: int, level: int, *, high: bool) -> float | None:
    """Return the limit of a level and direction for a person, the one that is reached first."""
    found = [
        value
        for rule in rules_for(item, sex, age)
        if rule.critical == level and rule.points_down != high
        for value in ((rule.low, rule.above) if high else (rule.high, rule.below))
        if value is not None
    ]
    return (min(found) if high else max(found)) if found else None


def _tried(work: UnitOfWork, item: ObservationDefinition, draft: CriticalLimit) -> tuple[int, int]:
    """Return how many of last month's results there were, and how many the limit would have called critical."""
    columns = Observation.__table__.c
    recent = select(columns.value_number).where(
        columns.effective_at >= work.now - MONTH, columns.item == item.key, columns.value_number.is_not(None)
    )
    if draft.site_id is not None:
        recent = recent.where(columns.org_id == draft.site_id)
    rule = rule_of(draft)
    values = work.connection.execute(recent.limit(MOST)).scalars().all()
    return len(values), sum(rule.holds(float(value), None) for value in values)


def _note(
    work: UnitOfWork, limit: CriticalLimit, before: float | None, value: float | None, reason: str
) -> None:
    work.add(
        CriticalLimitChange(
            id=stable_id("critical_limit_change", limit.id, limit.number), limit_id=limit.id, label=limit.label,
            number=limit.number, level=limit.level, direction=limit.direction, before=before, value=value,
            reason=reason, changed_at=work.now, changed_by=work.actor.staff_id, changed_name=work.actor.name,
        )
    )  # fmt: skip
