"""How the centre is, and how each workstation stands to the standard for joining, for whoever runs them."""

from sqlalchemy import select

from domain.exchange.admission_commands import SetAdmission
from domain.exchange.admission_records import AdmissionStandard, NodeAdmission
from domain.exchange.platform_records import PlatformCheck
from domain.kernel.worklists import Query, worklist
from domain.people.records import Organization


@worklist(
    "sync.platform", "平台运行状态", permission="sync.watch", record=PlatformCheck, order="-state_since"
)
def platform() -> Query:
    """What is looked at each minute, what turned last first."""
    c = PlatformCheck
    return select(c.probe, c.state, c.state_since, c.value, c.wanted, c.seen_at, c.due_at)


@worklist("sync.admissions", "接入核验", permission="sync.watch", record=NodeAdmission, order="-judged_at")
def admissions() -> Query:
    """Each workstation on trial, admitted or failing, and what it lacks; what was judged last first."""
    n = NodeAdmission
    return select(
        n.name,
        Organization.name.label("branch"),
        n.state,
        n.state_since,
        n.due_at,
        n.lacks,
        n.standard,
        n.judged_at,
    ).join(Organization, Organization.id == n.org_id)


@worklist(
    "sync.admission_standards",
    "平台接入标准",
    permission="sync.admit",
    record=AdmissionStandard,
    order="-number",
)
def admission_standards() -> Query:
    """Every version of the standard, the one in force first."""
    s = AdmissionStandard
    return select(
        s.number, s.least_version, s.most_skew_s, s.most_rejected, s.most_waits_h, s.settings_in_force, s.reason,
        s.changed_name, s.changed_at,
    )  # fmt: skip


admission_standards.offers(SetAdmission)
