"""Looking through the records of a client or a member of staff in one go."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from domain.conduct.keeping import finding_of
from domain.conduct.records import MessageFinding, MessageSource
from domain.conduct.review_records import ConductReview
from domain.conduct.reviewing import MOST_RECEPTIONS, MOST_SAID, Asked, Said, gather
from domain.conduct.rules import MESSAGE_RULES, MessageRules
from domain.kernel.clock import clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Staff

USUAL = timedelta(days=30)


@command("conduct.review", "智能审核沟通与接待记录", permission="conduct.review")
class ReviewConduct:
    """Judge again, by the rules as they stand now, all that was said and done over some days."""

    patient_id: Id | None = ask("客户", kind=Kind.HIDDEN, default=None)
    login: str = ask("员工账号（不填为所有员工）", default="", max_length=60)
    since: date | None = ask("起始日期（不填为 30 天前）", kind=Kind.DATE, default=None)
    until: date | None = ask("截止日期（不填为今天）", kind=Kind.DATE, default=None)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The review that was kept, and its figures."""

    review_id: Id
    messages: int
    remarks: int
    found_now: int
    receptions: int
    irregular: int


@handles(ReviewConduct)
def review_conduct(order: ReviewConduct, work: UnitOfWork) -> Reviewed:
    """Return what was found; every remark that nobody has seen yet waits to be looked into.

    Raises:
        DomainError: ``conduct.no_staff`` (``login``), ``conduct.bad_span`` (``until``), ``conduct.too_much``
            (``since``) for more than is looked through at once, ``conduct.no_rules``.
    """
    rules: MessageRules | None = work.content.get(MESSAGE_RULES)
    if rules is None:
        raise DomainError("conduct.no_rules")
    today = clinic(work.now).date()
    until = order.until or today
    since = order.since or until - USUAL
    if since > until:
        raise DomainError("conduct.bad_span", field="until")
    about = work.find(Staff, login=order.login.strip()) if order.login.strip() else None
    if about is None and order.login.strip():
        raise DomainError("conduct.no_staff", field="login", login=order.login.strip())
    asked = Asked(since, until, order.patient_id, about.id if about is not None else None)
    found = gather(work.connection, work.actor, asked, rules)
    if found.more_said or found.more_receptions:
        raise DomainError("conduct.too_much", field="since", most=MOST_SAID, receptions=MOST_RECEPTIONS)
    new = sum(_kept(work, one) for one in found.against)
    labels = Counter(hit.rule.label for one in found.against for hit in one.hits)
    irregular = sum(bool(one["irregular"]) for one in found.receptions)
    review = ConductReview(
        id=work.new_id(), org_id=work.actor.org_id, patient_id=order.patient_id, about_staff_id=asked.staff_id,
        about_name=about.name if about is not None else None, since=since, until=until,
        messages=len(found.said), unread=sum(one.needs_eyes for one in found.said),
        remarks=len(found.against), found_now=new, labels=dict(labels),
        late=sum(one.row.in_time is False for one in found.said), receptions=len(found.receptions),
        irregular=irregular, rules_version=rules.version, at=work.now, staff_id=work.actor.staff_id,
        staff_name=work.actor.name,
    )  # fmt: skip
    work.add(review)
    return Reviewed(review.id, len(found.said), len(found.against), new, len(found.receptions), irregular)


def _kept(work: UnitOfWork, said: Said) -> bool:
    """Keep one remark unless it is known; returns whether it is news."""
    row = said.row
    finding_id = stable_id("message_finding", row.id)
    if work.get(MessageFinding, finding_id) is not None:
        return False
    finding = finding_of(work, said.hits, MessageSource.REVIEW, row.text, row.at)
    finding.id, finding.org_id = finding_id, row.org_id
    finding.conversation_id, finding.message_id = row.conversation_id, row.id
    finding.outbox_id, finding.patient_id = row.outbox_id, row.patient_id
    finding.staff_id, finding.staff_name = row.staff_id, row.staff_name or ""
    work.add(finding)
    return True
