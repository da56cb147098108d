"""Writing the institution's own questions and answers, taking them back, and who is on duty for consultations."""

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import func, select

from domain.conduct.keeping import keep_saved, refuse_severe
from domain.conduct.records import MessageSource
from domain.conversations.faq import in_force, plain, with_sources
from domain.conversations.faq_records import DutyShift, FaqEntry
from domain.conversations.keeping import AUTOMATIC, LONGEST_REPLY
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.mass_commands import sources_of
from domain.messaging.records import Category, Channel
from domain.messaging.templates import Source, Template, check_template
from domain.people.records import Staff

WRITE = "faq.write"
MOST_VARIANTS = 20
LONGEST_SHIFT = timedelta(days=1)


@command("faq.save", "编写常见问题", permission=WRITE)
class SaveFaq:
    """A question with its answer, new or as the next version of one that is there."""

    code: str = ask("代码（小写字母、数字、下划线）", max_length=60)
    question: str = ask("问题", max_length=200)
    variants: str = ask("其他问法（每行一个）", kind=Kind.NOTE, default="")
    answer: str = ask("答复", kind=Kind.NOTE)
    advice: bool = ask("健康建议（每句须注明来源，如 [1]）", default=False)
    sources: str = ask("来源文献（每行：证据等级|年份|名称|网址）", kind=Kind.NOTE, default="")
    automatic: bool = ask("客户问法完全一致时自动答复", default=False)
    reason: str = ask("修订说明", max_length=400)


@handles(SaveFaq)
def save_faq(order: SaveFaq, work: UnitOfWork) -> Id:
    """Return the version, in force at once in the organisation of who writes it and those below.

    Raises:
        DomainError: ``message.bad_code`` (``code``); ``faq.too_many_variants``; ``faq.asked_twice`` (``question``)
            with the code that has it; health advice as `check_template`, with its fields ``answer`` and ``sources``;
            ``message.bad_source`` (``sources``); ``conversation.too_long`` with its sources (``answer``);
            ``input.missing`` (``reason``); ``conduct.not_for_many`` (``answer``).
    """
    if (
        not order.code.replace("_", "").isalnum()
        or order.code != order.code.lower()
        or not order.code.isascii()
    ):
        raise DomainError("message.bad_code", field="code")
    if not order.reason.strip():
        raise DomainError("input.missing", field="reason", label="修订说明")
    variants = list(dict.fromkeys(line.strip() for line in order.variants.splitlines() if line.strip()))
    if len(variants) > MOST_VARIANTS or any(len(one) > 200 for one in variants):
        raise DomainError("faq.too_many_variants", field="variants", most=MOST_VARIANTS)
    _check_apart(work, order.code, [order.question, *variants])
    sources = sources_of(order.sources)
    if len(with_sources(order.answer, sources)) > LONGEST_REPLY - len(AUTOMATIC):
        raise DomainError("conversation.too_long", field="answer", most=LONGEST_REPLY - len(AUTOMATIC))
    _check_answer(order, sources)
    hits = refuse_severe(work, order.answer, "answer")
    f = FaqEntry
    last = work.connection.execute(
        select(func.max(f.version)).where(f.org_id == work.actor.org_id, f.code == order.code)
    ).scalar()
    entry = FaqEntry(
        org_id=work.actor.org_id, code=order.code, version=(last or 0) + 1, question=order.question.strip(),
        variants=variants, answer=order.answer.strip(), advice=order.advice, sources=sources or None,
        automatic=order.automatic, active=True, reason=order.reason.strip(), saved_by=work.actor.staff_id,
        saved_name=work.actor.name, saved_at=work.now,
    )  # fmt: skip
    keep_saved(work, entry.answer, entry.code, hits, MessageSource.FAQ)
    return work.add(entry).id


def _check_apart(work: UnitOfWork, code: str, asked: list[str]) -> None:
    """Refuse a question that another entry has: an automatic answer must have one meaning."""
    mine = {plain(one) for one in asked} - {""}
    if not mine:
        raise DomainError("input.missing", field="question", label="问题")
    for other in in_force(work.connection, work.actor.org_id):
        if other.code != code and mine & {plain(one) for one in other.asked}:
            raise DomainError("faq.asked_twice", field="question", entry=other.code)


def _check_answer(order: SaveFaq, sources: list[dict[str, object]]) -> None:
    try:
        known = tuple(msgspec.convert(one, Source) for one in sources)
    except msgspec.ValidationError as error:
        raise DomainError("message.bad_source", field="sources", number=1) from error
    told = Template(
        code=order.code, label=order.question, category=Category.HEALTH_ADVICE if order.advice else Category.NOTICE,
        channels=(Channel.PAGE,), title="常见问题", short="", text=order.answer, params=(),
        sources=known, important=False,
    )  # fmt: skip
    try:
        check_template(told)
    except DomainError as error:
        raise DomainError(
            error.code, field="answer" if error.field == "text" else error.field, **error.facts
        ) from error


@command("faq.retire", "停用常见问题", permission=WRITE)
class RetireFaq:
    """A question is no longer answered from the list."""

    faq_entry_id: Id = ask("常见问题", kind=Kind.HIDDEN)
    reason: str = ask("停用原因", max_length=400)


@handles(RetireFaq)
def retire_faq(order: RetireFaq, work: UnitOfWork) -> Id:
    """Return the version that says so. Raises ``input.missing`` (``reason``), ``faq.retired``."""
    if not order.reason.strip():
        raise DomainError("input.missing", field="reason", label="停用原因")
    entry = work.require(FaqEntry, order.faq_entry_id, "faq_entry_id")
    f = FaqEntry
    last = work.list(
        select(f).where(f.org_id == entry.org_id, f.code == entry.code).order_by(f.version.desc()).limit(1)
    )[0]
    if not last.active:
        raise DomainError("faq.retired", field="faq_entry_id")
    ended = FaqEntry(
        org_id=last.org_id, code=last.code, version=last.version + 1, question=last.question, variants=last.variants,
        answer=last.answer, advice=last.advice, sources=last.sources, automatic=False, active=False,
        reason=order.reason.strip(), saved_by=work.actor.staff_id, saved_name=work.actor.name, saved_at=work.now,
    )  # fmt: skip
    return work.add(ended).id


@command("duty.plan", "排咨询值班", permission="duty.plan")
class PlanDuty:
    """Somebody answers consultations for some hours."""

    login: str = ask("值班人员登录名", max_length=60)
    starts_at: datetime = ask("开始时间")
    ends_at: datetime = ask("结束时间")


@handles(PlanDuty)
def plan_duty(order: PlanDuty, work: UnitOfWork) -> Id:
    """Return the shift. Raises ``followup.no_staff`` (``login``); ``duty.bad_time`` (``ends_at``)."""
    staff = work.find(Staff, login=order.login.strip())
    if staff is None or not staff.active or not work.actor.sees(staff.org_id):
        raise DomainError("followup.no_staff", field="login", login=order.login)
    if order.starts_at.tzinfo is None or order.ends_at.tzinfo is None:
        raise DomainError("duty.bad_time", field="starts_at", hours=24)
    if not order.starts_at < order.ends_at <= order.starts_at + LONGEST_SHIFT or order.ends_at <= work.now:
        raise DomainError("duty.bad_time", field="ends_at", hours=24)
    shift = DutyShift(
        org_id=staff.org_id,
        staff_id=staff.id,
        staff_name=staff.name,
        starts_at=order.starts_at,
        ends_at=order.ends_at,
    )
    return work.add(shift).id


@command("duty.call_off", "取消值班", permission="duty.plan")
class CallOffDuty:
    """A shift does not take place, or ends now."""

    duty_shift_id: Id = ask("咨询值班", kind=Kind.HIDDEN)


@handles(CallOffDuty)
def call_off_duty(order: CallOffDuty, work: UnitOfWork) -> None:
    """End it; what its person has to answer stays theirs."""
    shift = work.require(DutyShift, order.duty_shift_id, "duty_shift_id")
    shift.ended_at = shift.ended_at or work.now
