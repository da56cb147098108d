"""Who has a second factor; nothing of its secrets."""

from sqlalchemy import select

from domain.factor.commands import ResetFactor
from domain.factor.records import SecondFactor
from domain.kernel.worklists import Query, worklist
from domain.people.records import Staff


@worklist("factor.accounts", "双因素认证", permission="factor.view", record=SecondFactor, order="-since")
def factor_accounts() -> Query:
    """Accounts that have bound an app or had it taken off, the latest first."""
    return select(
        Staff.login, Staff.name, Staff.role, SecondFactor.bound, SecondFactor.since, SecondFactor.recovery_left
    ).join(Staff, Staff.id == SecondFactor.staff_id)  # fmt: skip


factor_accounts.offers(ResetFactor)
