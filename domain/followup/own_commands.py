"""Writing an institution's own templates, scripts, handouts and labels; answering for one; taking one back."""

from collections.abc import Collection
from typing import Any

import msgspec
from sqlalchemy import func, select

from domain.conduct.keeping import keep_saved, refuse_severe
from domain.conduct.records import MessageSource
from domain.designs.records import PublishedForm
from domain.followup.content import plan_problems, register_problems
from domain.followup.definitions import FOLLOWUP
from domain.followup.group_records import ClientLevel, Segment
from domain.followup.own_content import LIMITS_CODE, TYPES, content_in_force, shipped_of
from domain.followup.own_records import ContentKind, FollowContent
from domain.followup.plan_records import Way
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.reception.records import ReceptionKind

WRITE = "followup.content"
LEAST_SAID = 2
UNVERIFIED, VERIFIED = "UNVERIFIED", "VERIFIED"
LIMITS_TITLE = "随访界限"


def lines_of(text: str | None) -> list[str]:
    """Return the lines of a text that say something."""
    return [line.strip() for line in (text or "").splitlines() if line.strip()]


def parts_of(text: str | None) -> list[str]:
    """Return what commas, blanks or 、 part in a text."""
    return [
        p for p in (text or "").replace("，", "、").replace(",", "、").replace(" ", "、").split("、") if p
    ]


def _codes(text: str | None, kind: Any, field: str, label: str) -> list[Any]:
    known = {str(one): one for one in kind}
    wrong = [part for part in parts_of(text) if part not in known]
    if wrong:
        raise DomainError(
            "followup.bad_code", field=field, label=label, value="、".join(wrong), known="、".join(known)
        )
    return [known[part] for part in parts_of(text)]


@command("followup.write_script", "编写话术", permission=WRITE)
class WriteScript:
    """A talk script, new or as a new version of one that is there."""

    code: str = ask("代码（小写字母、数字、下划线）", max_length=60)
    title: str = ask("名称", max_length=100)
    segments: str | None = ask("分组（high_risk、disease、abnormal、general；留空为全部）", default=None)
    topics: str | None = ask("病种代码（如 hypertension、diabetes；留空为全部）", default=None)
    receptions: str | None = ask(
        "接待（interpretation、consultation、intervention、revisit；留空为电话和消息随访）", default=None
    )
    points: str = ask("话术（每行一句）", kind=Kind.NOTE)
    never: str | None = ask("不要说（每行一句）", kind=Kind.NOTE, default=None)
    source: str = ask("来源", max_length=300)
    reason: str = ask("修订说明", kind=Kind.NOTE)


@handles(WriteScript)
def write_script(order: WriteScript, work: UnitOfWork) -> Id:
    """Return the id of the version; it is in force at once, marked as not verified.

    Raises:
        DomainError: ``followup.bad_code`` (``segments``, ``receptions``); ``followup.bad_content`` (``code``,
            ``points``); ``followup.same_content``; ``input.missing`` (``reason``); ``conduct.not_for_many``
            (``points``) for a sentence that must not be said to a client.
    """
    body = {
        "title": order.title.strip(), "segments": _codes(order.segments, Segment, "segments", "分组"),
        "topics": parts_of(order.topics), "points": lines_of(order.points), "never": lines_of(order.never),
        "receptions": _codes(order.receptions, ReceptionKind, "receptions", "接待"),
    }  # fmt: skip
    return _said_publish(work, ContentKind.SCRIPTS, order, body)


@command("followup.write_handout", "编写资料", permission=WRITE)
class WriteHandout:
    """Something for clients to read, new or as a new version of one that is there."""

    code: str = ask("代码（小写字母、数字、下划线）", max_length=60)
    title: str = ask("名称", max_length=100)
    segments: str | None = ask("分组（high_risk、disease、abnormal、general；留空为全部）", default=None)
    topics: str | None = ask("病种代码（如 hypertension、diabetes；留空为全部）", default=None)
    points: str = ask("内容（每行一条）", kind=Kind.NOTE)
    source: str = ask("来源", max_length=300)
    reason: str = ask("修订说明", kind=Kind.NOTE)


@handles(WriteHandout)
def write_handout(order: WriteHandout, work: UnitOfWork) -> Id:
    """Return the id of the version. Raises as `write_script`."""
    body = {
        "title": order.title.strip(), "segments": _codes(order.segments, Segment, "segments", "分组"),
        "topics": parts_of(order.topics), "points": lines_of(order.points),
    }  # fmt: skip
    return _said_publish(work, ContentKind.HANDOUTS, order, body)


@command("followup.write_plan", "编写计划模板", permission=WRITE)
class WritePlan:
    """A plan template, new or as a new version of one that is there; running plans keep what they were made of."""

    code: str = ask("代码（小写字母、数字、下划线）", max_length=60)
    name: str = ask("名称", max_length=100)
    segment: Segment = ask("分组", kind=Kind.CHOICE)
    topics: str | None = ask("病种代码或客户标签（留空为该分组全部）", default=None)
    priority: int = ask("优先级（大者优先）", kind=Kind.NUMBER, low=0, high=100)
    standard: str = ask("普通客户日程（天，如 30、60、90）", max_length=400)
    vip: str = ask("VIP 客户日程（天）", max_length=400)
    premium: str = ask("高端客户日程（天）", max_length=400)
    way: Way = ask("方式", kind=Kind.CHOICE)
    form: str | None = ask("随访问卷代码", default=None, max_length=120)
    script: str | None = ask("话术代码", default=None, max_length=60)
    owner_role: str = ask("对接角色代码（如 health_manager）", max_length=40)
    content: str = ask("随访内容（每行一项）", kind=Kind.NOTE)
    source: str = ask("来源", max_length=300)
    reason: str = ask("修订说明", kind=Kind.NOTE)


@handles(WritePlan)
def write_plan(order: WritePlan, work: UnitOfWork) -> Id:
    """Return the id of the version; what is proposed from now on is made of it.

    Raises:
        DomainError: As `write_script`; ``followup.bad_template`` (``code``) with what does not fit.
    """
    days = {str(level): _days(getattr(order, str(level)), str(level)) for level in ClientLevel}
    body = {
        "name": order.name.strip(), "segment": order.segment, "topics": parts_of(order.topics),
        "priority": order.priority, "after_days": days, "way": order.way, "form": order.form or None,
        "script": order.script or None, "owner_role": order.owner_role.strip(), "content": lines_of(order.content),
    }  # fmt: skip
    return publish_own(work, ContentKind.PLANS, order, body)


def _days(text: str, field: str) -> list[int]:
    parts = parts_of(text)
    if not parts or not all(part.isascii() and part.isdigit() for part in parts):
        raise DomainError("followup.bad_days", field=field, done=0, days=1100)
    return [int(part) for part in parts]


@command("followup.write_label", "设置标签规则", permission=WRITE)
class WriteLabel:
    """From now on a label shortens the intervals of its clients to those of a client level."""

    code: str = ask("标签", max_length=40)
    rhythm: ClientLevel = ask("随访节奏不低于", kind=Kind.CHOICE)
    source: str = ask("来源", max_length=300)
    reason: str = ask("修订说明", kind=Kind.NOTE)


@handles(WriteLabel)
def write_label(order: WriteLabel, work: UnitOfWork) -> Id:
    """Return the id of the version. Raises as `write_script`."""
    return publish_own(work, ContentKind.LABELS, order, {"rhythm": order.rhythm})


@command("followup.set_limits", "设置随访界限", permission=WRITE)
class SetLimits:
    """From which score a case is opened, and the other numbers follow-up is judged by; what is left out stays."""

    low_score: int | None = ask(
        "低分界限（不高于此分即登记负面反馈）", kind=Kind.NUMBER, default=None, low=1, high=4
    )
    low_mean: float | None = ask("月均分偏低界限", kind=Kind.NUMBER, default=None, low=1.1, high=4.9)
    least_answers: int | None = ask("月度统计至少评价数", kind=Kind.NUMBER, default=None, low=1, high=1000)
    task_limit: int | None = ask(
        "单人未完成任务上限（未单独设置者）", kind=Kind.NUMBER, default=None, low=1, high=1000
    )
    attempts: int | None = ask("失访前至少联系次数", kind=Kind.NUMBER, default=None, low=1, high=20)
    source: str = ask("来源", max_length=300)
    reason: str = ask("修订说明", kind=Kind.NOTE)


@handles(SetLimits)
def set_limits(order: SetLimits, work: UnitOfWork) -> Id:
    """Return the id of the version; it counts from the next feedback, count and contact on.

    Raises:
        DomainError: ``followup.same_content``; ``input.missing`` (``reason``).
    """
    now = content_in_force(work.connection, work.content[FOLLOWUP]).limits
    names = ("low_score", "low_mean", "least_answers", "task_limit", "attempts")
    given = {name: value for name in names if (value := getattr(order, name)) is not None}
    made = msgspec.structs.replace(now, **given)
    if made == now:
        raise DomainError("followup.same_content", field="source", title=LIMITS_TITLE)
    body = {**msgspec.to_builtins(made), "source": order.source.strip()}
    return _keep(work, ContentKind.LIMITS, LIMITS_CODE, body, order.reason, unverified=False)


@command("followup.verify_content", "核定随访内容", permission="content.sign")
class VerifyContent:
    """Answer for the newest version of a piece: what it was compared with is said and stays."""

    content_id: Id = ask("随访内容版本", kind=Kind.HIDDEN)
    basis: str = ask("核定依据（文献或本机构规定）", kind=Kind.NOTE)


@handles(VerifyContent)
def verify_content(order: VerifyContent, work: UnitOfWork) -> Id:
    """Return the id of the version that is verified.

    Raises:
        DomainError: ``content.source_missing`` (``basis``); ``followup.not_newest``; ``followup.own_text`` for its
            writer; ``followup.verified_already``.
    """
    if len(order.basis.strip()) < 2 * LEAST_SAID:
        raise DomainError("content.source_missing", field="basis")
    version = _newest(work, order.content_id)
    if not version.unverified:
        raise DomainError("followup.verified_already", field="content_id", title=version.title)
    if version.written_by is not None and version.written_by == work.actor.staff_id:
        raise DomainError("followup.own_text", field="content_id", title=version.title)
    body = {**version.body, "status": VERIFIED}
    return _keep(work, version.kind, version.code, body, order.basis, unverified=False)


@command("followup.withdraw_content", "停用本机构版本", permission=WRITE)
class WithdrawContent:
    """What ships counts again, or nothing where nothing ships."""

    content_id: Id = ask("随访内容版本", kind=Kind.HIDDEN)
    reason: str = ask("停用原因", kind=Kind.NOTE)


@handles(WithdrawContent)
def withdraw_content(order: WithdrawContent, work: UnitOfWork) -> Id:
    """Return the id of the version that says so. Raises ``followup.not_newest``."""
    version = _newest(work, order.content_id)
    return _keep(work, version.kind, version.code, version.body, order.reason, withdrawn=True)


@command("followup.restore_content", "恢复这一版内容", permission=WRITE)
class RestoreContent:
    """An earlier version counts again, under a number of its own; it waits to be verified anew."""

    content_id: Id = ask("随访内容版本", kind=Kind.HIDDEN)
    reason: str = ask("恢复原因", kind=Kind.NOTE)


@handles(RestoreContent)
def restore_content(order: RestoreContent, work: UnitOfWork) -> Id:
    """Return the id of the new version."""
    version = work.require(FollowContent, order.content_id, "content_id")
    if version.kind is ContentKind.LIMITS:
        return _keep(work, version.kind, version.code, version.body, order.reason, unverified=False)
    return _keep(work, version.kind, version.code, {**version.body, "status": UNVERIFIED}, order.reason)


def _newest(work: UnitOfWork, content_id: Id) -> FollowContent:
    version = work.require(FollowContent, content_id, "content_id")
    if version.withdrawn or version.version != _last(work, version.kind, version.code):
        raise DomainError("followup.not_newest", field="content_id", title=version.title)
    return version


def _last(work: UnitOfWork, kind: ContentKind, code: str) -> int:
    """Return the number of the newest version of the institution's own, 0 without one."""
    row = FollowContent.__table__.c
    query = select(func.max(row.version)).where(row.kind == kind, row.code == code)
    return int(work.connection.execute(query).scalar() or 0)


def _said_publish(work: UnitOfWork, kind: ContentKind, order: Any, body: dict[str, Any]) -> Id:
    """Publish what is said or given to clients, checked by the rules of messages; `never` is what not to say."""
    text = "\n".join([body["title"], *body["points"]])
    hits = refuse_severe(work, text, "points")
    published = publish_own(work, kind, order, body)
    keep_saved(work, text, order.code, hits, MessageSource.SCRIPT)
    return published


def publish_own(work: UnitOfWork, kind: ContentKind, order: Any, body: dict[str, Any]) -> Id:
    """Keep a version of a piece, checked like a file that ships; `order` has code, source and reason."""
    content = content_in_force(work.connection, work.content[FOLLOWUP])
    code = order.code.strip()
    given = {**body, "id": code, "version": 1, "status": UNVERIFIED, "source": order.source.strip()}
    if kind is not ContentKind.LABELS and not (
        code.isascii() and code.replace("_", "").isalnum() and code == code.lower()
    ):
        raise DomainError("followup.bad_content", field="code", what="代码")
    try:
        made = msgspec.convert(msgspec.to_builtins(given), TYPES[kind])
    except msgspec.ValidationError as error:
        raise DomainError("followup.bad_content", field="code", what=str(error)) from error
    if kind in {ContentKind.SCRIPTS, ContentKind.HANDOUTS} and not made.points:
        raise DomainError("input.missing", field="points", label="内容")
    if kind is ContentKind.PLANS:
        wrong = list(plan_problems(code, made, _roles(work), _forms(work), content.scripts))
        if wrong:
            raise DomainError("followup.bad_template", field="code", wrong="；".join(wrong))
    if kind is ContentKind.REGISTERS:
        wrong = list(register_problems(code, made, content.plans))
        if wrong:
            raise DomainError("followup.bad_register", field="code", wrong="；".join(wrong))
    now = getattr(content, kind).get(code)
    if now is not None and msgspec.structs.replace(made, version=now.version, status=now.status) == now:
        raise DomainError("followup.same_content", field="code", title=_title(given))
    return _keep(work, kind, code, msgspec.to_builtins(made), order.reason)


def _roles(work: UnitOfWork) -> Collection[str]:
    return work.content["authority"].roles  # type: ignore[no-any-return]  # an `Authority`


def _forms(work: UnitOfWork) -> set[str]:
    """Return the forms a template may name: scored ones, those templates have, and those of the institution."""
    shipped = {plan.form for plan in work.content[FOLLOWUP].plans.values() if plan.form}
    published = work.connection.execute(select(PublishedForm.__table__.c.form).distinct()).scalars()
    return {*shipped, *work.content.get("scales", {}), *published}


def _title(body: dict[str, Any]) -> str:
    return str(body.get("title") or body.get("name") or body.get("id") or LIMITS_TITLE)


def _keep(
    work: UnitOfWork, kind: ContentKind, code: str, body: dict[str, Any], reason: str, *,
    unverified: bool = True, withdrawn: bool = False,
) -> Id:  # fmt: skip
    if len(reason.strip()) < LEAST_SAID:
        raise DomainError("input.missing", field="reason", label="修订说明")
    shipped = shipped_of(work.content[FOLLOWUP], kind).get(code)
    first = shipped.version if shipped is not None and isinstance(shipped.version, int) else 0
    version = max(_last(work, kind, code), first) + 1
    number = str(version) if kind is ContentKind.LIMITS else version
    kept = FollowContent(
        kind=kind, code=code, version=version, title=_title(body), body={**body, "version": number},
        withdrawn=withdrawn, unverified=unverified, reason=reason.strip(), written_at=work.now,
        written_by=work.actor.staff_id, written_name=work.actor.name,
    )  # fmt: skip
    return work.add(kept).id
