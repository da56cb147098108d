"""The review schemes of the house, version by version."""

from sqlalchemy import select

from domain.checkup.scheme_commands import RestoreReviewScheme, SetReviewScheme
from domain.checkup.scheme_records import ReviewScheme
from domain.kernel.worklists import Query, worklist
from domain.people.records import Organization


@worklist("report.schemes", "审核方案", permission="report.scheme", record=ReviewScheme, order="-changed_at")
def schemes() -> Query:
    """Every version of a scheme, the latest first; the highest number of a site counts."""
    return select(
        Organization.name.label("site_name"), ReviewScheme.number, ReviewScheme.levels,
        ReviewScheme.first_roles, ReviewScheme.second_roles, ReviewScheme.third_roles, ReviewScheme.fourth_roles,
        ReviewScheme.final_roles, ReviewScheme.drafting_hours, ReviewScheme.first_hours, ReviewScheme.second_hours,
        ReviewScheme.third_hours, ReviewScheme.fourth_hours, ReviewScheme.final_hours,
        ReviewScheme.returned_hours, ReviewScheme.urgent_hours,
        ReviewScheme.accept_minutes, ReviewScheme.reason, ReviewScheme.changed_name, ReviewScheme.changed_at,
    ).outerjoin(Organization, Organization.id == ReviewScheme.site_id)  # fmt: skip


schemes.offers(SetReviewScheme, RestoreReviewScheme)
