"""Responses of one form leave as a table: who asks, for what, how many, and whether people can be recognised."""

import dataclasses
import enum
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, Select, exists, func, select
from sqlalchemy.orm import aliased

from domain.checkup.records import QuestionnaireResponse
from domain.kernel.authority import Actor
from domain.kernel.clock import CLINIC_TIME
from domain.kernel.columns import Sensitivity
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.outgoing.commands import MOST_TEXT, note
from domain.outgoing.records import Destination, OutgoingKind
from domain.people.records import Organization

MOST_ANSWERS = 10_000
IDENTIFIED = "document.export_identified"


class AnswerFile(enum.StrEnum):
    """What the file is."""

    XLSX = "xlsx"
    PDF = "pdf"


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """Which responses: both days included, every version and organisation in reach unless one is named."""

    form: str
    since: date
    until: date
    version: str | None = None
    org_id: Id | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class AnsweredForm:
    """A form, version and organisation of which there are responses, and how many."""

    form: str
    version: str
    org_id: Id
    organisation: str
    count: int


@command("document.export_answers", "导出答卷", permission="document.export_answers")
class ExportAnswers:
    """Let the responses of a form go out as a file; run before the first of them is read."""

    form: str = ask("问卷", kind=Kind.HIDDEN, max_length=120)
    since: date = ask("起始日期", kind=Kind.DATE)
    until: date = ask("截止日期", kind=Kind.DATE)
    purpose: str = ask("用途", max_length=MOST_TEXT)
    version: str | None = ask("问卷版本", kind=Kind.HIDDEN, default=None, max_length=40)
    organization_id: Id | None = ask("机构", kind=Kind.HIDDEN, default=None)
    identified: bool = ask("包含可识别身份的信息", default=False)
    file: AnswerFile = ask("文件", kind=Kind.CHOICE, default=AnswerFile.XLSX)


@handles(ExportAnswers)
def export_answers(order: ExportAnswers, work: UnitOfWork) -> Id:
    """Put the export on record and return its id.

    Raises:
        DomainError: ``permission.denied`` for who may not see answers or, `identified`, who they are of;
            ``form.period`` (field ``until``); ``answers.none`` (field ``since``); ``answers.too_many`` beyond
            `MOST_ANSWERS`; ``input.missing`` without a purpose.
    """
    if work.actor.clearance < Sensitivity.SENSITIVE:
        raise DomainError(
            "permission.denied", permission="document.export_answers", role=work.actor.rights.label
        )
    if order.identified:
        work.actor.check(IDENTIFIED)
    if order.until < order.since:
        raise DomainError("form.period", field="until")
    if not order.purpose.strip():
        raise DomainError("input.missing", field="purpose", label="用途")
    wanted = Wanted(order.form, order.since, order.until, order.version, order.organization_id)
    standing = standing_answers(wanted, work.actor).subquery()
    count = work.connection.execute(select(func.count()).select_from(standing)).scalar_one()
    if not count:
        raise DomainError("answers.none", field="since")
    if count > MOST_ANSWERS:
        raise DomainError("answers.too_many", field="since", count=count, most=MOST_ANSWERS)
    told = [f"{order.since.isoformat()} 至 {order.until.isoformat()}"]
    told += [f"版本 {order.version}"] if order.version else []
    told += ["含身份信息" if order.identified else "去标识"]
    return note(
        work, OutgoingKind.LIST, f"答卷 {order.form}（{order.file}）", count, Destination.FILE,
        purpose=order.purpose.strip(), filters="；".join(told),
    ).id  # fmt: skip


def standing_answers(wanted: Wanted, actor: Actor) -> Select[Any]:
    """Return the query of the ids of the responses that stand, in an actor's reach, the earliest first."""
    r, later = QuestionnaireResponse, aliased(QuestionnaireResponse)
    begin = datetime.combine(wanted.since, time(), CLINIC_TIME)
    end = datetime.combine(wanted.until + timedelta(days=1), time(), CLINIC_TIME)
    query = select(r.id).where(
        r.form == wanted.form, r.authored_at >= begin, r.authored_at < end, ~exists().where(later.amends == r.id)
    )  # fmt: skip
    if wanted.version:
        query = query.where(r.form_version == wanted.version)
    if wanted.org_id is not None:
        query = query.where(r.org_id == wanted.org_id)
    if actor.orgs is not None:
        query = query.where(r.org_id.in_(actor.orgs))
    return query.order_by(r.authored_at, r.id)


def answered_forms(connection: Connection, actor: Actor) -> list[AnsweredForm]:
    """Return what there are responses of in an actor's reach; reads the index of all of them."""
    r = QuestionnaireResponse
    query = (
        select(r.form, r.form_version, r.org_id, Organization.name, func.count())
        .outerjoin(Organization, Organization.id == r.org_id)
        .group_by(r.form, r.form_version, r.org_id, Organization.name)
        .order_by(r.form, r.form_version, Organization.name)
    )
    if actor.orgs is not None:
        query = query.where(r.org_id.in_(actor.orgs))
    return [
        AnsweredForm(form, version, org, name or "", n)
        for form, version, org, name, n in connection.execute(query)
    ]
