"""Setting how far a role or a person reaches: narrower at once, wider only with a second person."""

import enum
from typing import Any

from sqlalchemy import select

from domain.kernel.authority import Clients, Reach, Role
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Staff
from domain.rights.commands import ADJUST, other_person, record_change
from domain.rights.reading import adjusted
from domain.rights.records import RightsChange, RightsEffect
from domain.rights.scopes import MOST_DAYS, SCOPES, Scope, reaching


class Clearance(enum.StrEnum):
    """What is shown in clear; more than it is masked."""

    PUBLIC = "public"
    PERSONAL = "personal"
    SENSITIVE = "sensitive"


@command("rights.scope_role", "调整角色数据范围", permission=ADJUST, place="centre")
class ScopeRole:
    """Set how far everybody of a role at one's organisation and below reaches; what is left empty stays."""

    role: str = ask("角色", kind=Kind.CHOICE, max_length=40)
    reason: str = ask("原因", kind=Kind.NOTE)
    reach: Reach | None = ask("可见机构", kind=Kind.CHOICE, default=None)
    clients: Clients | None = ask("可见客户", kind=Kind.CHOICE, default=None)
    clearance: Clearance | None = ask("可见内容", kind=Kind.CHOICE, default=None)
    offline_days: int | None = ask("断网可登录天数", kind=Kind.NUMBER, default=None, low=1, high=MOST_DAYS)
    days: int | None = ask("有效天数（不填为长期）", kind=Kind.NUMBER, default=None, low=1, high=3650)
    org_id: Id | None = ask("适用机构", kind=Kind.HIDDEN, default=None)


@handles(ScopeRole)
def scope_role(order: ScopeRole, work: UnitOfWork) -> int:
    """Return how many things were set; each that reaches farther waits for a second person.

    Raises:
        DomainError: ``permission.unknown_role`` (``role``); ``rights_change.own_role`` (``role``): nobody changes
            how far they reach themselves; ``rights_change.nothing_set`` (``reach``).
    """
    shipped: Role | None = work.content["authority"].roles.get(order.role)
    if shipped is None:
        raise DomainError("permission.unknown_role", field="role", role=order.role)
    if order.role == work.actor.role:
        raise DomainError("rights_change.own_role", field="role")
    org_id = order.org_id or work.actor.org_id
    if not work.actor.sees(org_id):
        raise DomainError("organization.unknown", field="org_id", value=str(org_id))
    in_force = work.list(
        select(RightsChange).where(
            RightsChange.role == order.role, RightsChange.state == "in_force",
            RightsChange.effect == RightsEffect.SET,
        )
    )  # fmt: skip
    known = [shipped, *(reaching(shipped, change.permission, change.value) for change in in_force)]
    return _set(order, work, known, org_id=org_id, role=order.role)


@command("rights.scope_person", "调整个人数据范围", permission=ADJUST, place="centre")
class ScopePerson:
    """Set how far one person reaches, for a time or for good; nobody sets their own."""

    staff_id: Id = ask("账号", kind=Kind.HIDDEN)
    reason: str = ask("原因", kind=Kind.NOTE)
    reach: Reach | None = ask("可见机构", kind=Kind.CHOICE, default=None)
    clients: Clients | None = ask("可见客户", kind=Kind.CHOICE, default=None)
    clearance: Clearance | None = ask("可见内容", kind=Kind.CHOICE, default=None)
    offline_days: int | None = ask("断网可登录天数", kind=Kind.NUMBER, default=None, low=1, high=MOST_DAYS)
    days: int | None = ask("有效天数（不填为长期）", kind=Kind.NUMBER, default=None, low=1, high=3650)


@handles(ScopePerson)
def scope_person(order: ScopePerson, work: UnitOfWork) -> int:
    """Return how many things were set; each that reaches farther waits for a second person.

    Raises:
        DomainError: ``staff.unknown``; ``rights_change.own`` (``staff_id``); ``rights_change.nothing_set``.
    """
    staff: Staff = other_person(work, order.staff_id)
    shipped = work.content["authority"].role(staff.role)
    now = adjusted(work.connection, shipped, staff, work.now)
    return _set(order, work, [shipped, now], staff=staff)


def _set(order: Any, work: UnitOfWork, known: list[Role], **whom: Any) -> int:
    """Keep what the order sets. It is no farther if it is none of the reaches that hold anywhere now exceeds."""
    wanted: list[tuple[Scope, Any]] = [
        (scope, value) for field, scope in SCOPES.items() if (value := getattr(order, field)) is not None
    ]
    if not wanted:
        raise DomainError("rights_change.nothing_set", field="reach")
    for scope, given in wanted:
        value = scope.read(str(given))
        wider = any(scope.rank(value) > scope.rank(getattr(role, scope.field)) for role in known)
        record_change(
            work, scope.code, RightsEffect.SET, order.reason, order.days, value=str(value), waits=wider,
            covers=f"{scope.label}：{scope.words(value)}", **whom,
        )  # fmt: skip
    return len(wanted)
