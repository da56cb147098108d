"""The critical limits of the house, and who changed which when."""

from sqlalchemy import select

from domain.checkup.limit_commands import RestoreCriticalLimit, SetCriticalLimit, WithdrawCriticalLimit
from domain.checkup.limit_records import CriticalLimit, CriticalLimitChange
from domain.kernel.worklists import Query, worklist
from domain.people.records import Organization

VIEW = "critical_limit.view"


@worklist("critical.limits", "危急值界值", permission=VIEW, record=CriticalLimit, order="-changed_at")
def limits() -> Query:
    """Limits an institution set in place of those that ship, what changed last first."""
    return select(
        CriticalLimit.label, CriticalLimit.level, CriticalLimit.direction, CriticalLimit.value, CriticalLimit.ucum,
        CriticalLimit.sex, CriticalLimit.age_from, CriticalLimit.age_below, Organization.name.label("site_name"),
        CriticalLimit.in_force, CriticalLimit.number, CriticalLimit.changed_at,
    ).outerjoin(Organization, Organization.id == CriticalLimit.site_id)  # fmt: skip


limits.offers(SetCriticalLimit, WithdrawCriticalLimit)


@worklist(
    "critical.limit_changes",
    "危急值界值修订",
    permission=VIEW,
    record=CriticalLimitChange,
    order="-changed_at",
)
def limit_changes() -> Query:
    """Every change of a limit, the latest first."""
    return select(
        CriticalLimitChange.label, CriticalLimitChange.level, CriticalLimitChange.direction,
        CriticalLimitChange.before, CriticalLimitChange.value, CriticalLimitChange.number, CriticalLimitChange.reason,
        CriticalLimitChange.changed_name, CriticalLimitChange.changed_at,
    )  # fmt: skip


limit_changes.offers(RestoreCriticalLimit)
