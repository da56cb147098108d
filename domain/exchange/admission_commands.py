"""Setting the standard for joining the platform, and judging workstations by it as they are heard of."""

import dataclasses
from typing import Any

from sqlalchemy import Connection, select

from domain.exchange.admission import NUMBERS, Standard, lacks_of, parts_of
from domain.exchange.admission_records import AdmissionStandard, NodeAdmission
from domain.exchange.node_records import Contact, SyncNode
from domain.exchange.workflow import admission_life
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork


@command("sync.set_admission", "设定平台接入标准", permission="sync.admit", place="centre")
class SetAdmission:
    """Say what a workstation has to fulfil; every one is judged anew."""

    least_version: str = ask("最低程序版本（如 0.1.0）", default="0.1.0", max_length=40)
    most_skew_s: int = ask("时钟偏差上限（秒）", kind=Kind.NUMBER, default=300, low=1, high=3600)
    most_rejected: int = ask("校验未过上限（笔）", kind=Kind.NUMBER, default=0, low=0, high=10_000)
    most_waits_h: int = ask("数据待传最久（小时）", kind=Kind.NUMBER, default=72, low=1, high=2160)
    settings_in_force: bool = ask("配置须全部生效", default=True)
    reason: str = ask("修订说明", kind=Kind.NOTE)


@handles(SetAdmission)
def set_admission(order: SetAdmission, work: UnitOfWork) -> int:
    """Return the number of the version. Raises ``admission.no_version`` (``least_version``)."""
    try:
        parts_of(order.least_version.strip())
    except ValueError as error:
        raise DomainError("admission.no_version", field="least_version", given=order.least_version) from error
    number = standard_of(work.connection).number + 1
    values: dict[str, Any] = {
        name: getattr(order, name) for name in (*NUMBERS, "settings_in_force", "reason")
    }
    work.add(
        AdmissionStandard(
            id=stable_id("admission_standard", number), number=number, changed_at=work.now,
            changed_name=work.actor.name, least_version=order.least_version.strip(), **values,
        )
    )  # fmt: skip
    work.flush()
    judge_all(work, [node.id for node in work.list(select(SyncNode))])
    return number


@command("sync.judge_admission", "核验平台接入", permission=None, place="internal")
class JudgeAdmission:
    """Workstations were heard of; the centre's watch is the only caller."""

    node_ids: list[Id] = ask("同步节点", kind=Kind.HIDDEN)


@handles(JudgeAdmission)
def judge_admission(order: JudgeAdmission, work: UnitOfWork) -> int:
    """Return how many stand otherwise than before."""
    return judge_all(work, order.node_ids)


def judge_all(work: UnitOfWork, node_ids: list[Id]) -> int:
    """Judge workstations by the standard in force; returns how many rows were written."""
    standard, turned = standard_of(work.connection), 0
    for node_id in node_ids:
        node = work.get(SyncNode, node_id)
        if node is None or node.contact == Contact.REVOKED:
            continue
        lacks = lacks_of(node, standard)
        kept = work.get(NodeAdmission, node_id)
        if kept is None:
            kept = NodeAdmission(
                id=node_id, org_id=node.org_id, node_id=node_id, name=node.name, standard=standard.number,
                lacks=lacks, judged_at=work.now,
            )  # fmt: skip
            work.start(admission_life, kept)
            work.add(kept)
        elif (kept.lacks, kept.standard, kept.name) == (lacks, standard.number, node.name):
            continue
        kept.lacks, kept.standard, kept.name, kept.judged_at = lacks, standard.number, node.name, work.now
        move = "fail" if lacks else "pass"
        if admission_life.allows(kept.state, move):
            work.move(admission_life, kept, move)
        turned += 1
    return turned


def standard_of(connection: Connection) -> Standard:
    """Return the standard in force."""
    s = AdmissionStandard.__table__
    row = connection.execute(select(s).order_by(s.c.number.desc()).limit(1)).first()
    if row is None:
        return Standard()
    return Standard(**{field.name: getattr(row, field.name) for field in dataclasses.fields(Standard)})
