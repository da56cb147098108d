"""Adjustments of rights: those that wait, those in force, and the rest."""

from sqlalchemy import select

from domain.kernel.worklists import Query, worklist
from domain.people.worklists import accounts
from domain.rights.commands import (
    AdjustPerson,
    AdjustRole,
    ApproveRights,
    DelegateRight,
    EndRights,
    RefuseRights,
)
from domain.rights.records import RightsChange
from domain.rights.scope_commands import ScopePerson, ScopeRole

VIEW = "rights.view"

accounts.offers(AdjustPerson, DelegateRight, AdjustRole, ScopePerson, ScopeRole)


@worklist("rights.waiting", "待批准的权限", permission=VIEW, record=RightsChange, order="-state_since")
def waiting() -> Query:
    """Powerful rights that a second person has to approve."""
    r = RightsChange
    return select(
        r.state_since, r.role, r.staff_name, r.effect, r.covers, r.permission, r.until, r.reason, r.given_name,
        r.due_at,
    ).where(r.state == "proposed")  # fmt: skip


waiting.offers(ApproveRights, RefuseRights)


@worklist("rights.in_force", "权限调整", permission=VIEW, record=RightsChange, order="-state_since")
def in_force() -> Query:
    """What is laid over the shipped roles, the latest first; one whose time is over has no effect."""
    r = RightsChange
    return select(
        r.state_since, r.role, r.staff_name, r.effect, r.covers, r.permission, r.delegated, r.until, r.reason,
        r.given_name, r.decided_name,
    ).where(r.state == "in_force")  # fmt: skip


in_force.offers(EndRights)


@worklist("rights.past", "权限调整历史", permission=VIEW, record=RightsChange, order="-state_since")
def past() -> Query:
    """Adjustments that were refused or ended, with the reason."""
    r = RightsChange
    return select(
        r.state_since, r.state, r.role, r.staff_name, r.effect, r.covers, r.permission, r.reason, r.given_name,
        r.decided_name, r.ended_why,
    ).where(r.state.in_(("refused", "ended")))  # fmt: skip
