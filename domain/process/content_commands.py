"""An institution's own nodes, items, packages and numbers of the day: written version by version, taken back."""

from typing import Any

import msgspec
from sqlalchemy import func, select

from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.process.definitions import PROCESS, ProcessContent, problems_of
from domain.process.in_force import RULES_CODE, TYPES, shipped_of
from domain.process.item_commands import content_of
from domain.process.records import ProcessContentVersion, ProcessKind

WRITE = "process.define"
CODE = "代码（小写字母、数字、下划线）"
RULES_TITLE = "当日界限"
SEXES = {"": None, "男": "male", "女": "female", "male": "male", "female": "female"}


def _parts(text: str | None) -> list[str]:
    return [
        p for p in (text or "").replace("，", "、").replace(",", "、").replace(" ", "、").split("、") if p
    ]


@command("process.write_node", "定义流程节点", permission=WRITE)
class WriteNode:
    """A node of the process, new or as a new version of one that is there."""

    code: str = ask(CODE, max_length=40)
    name: str = ask("节点名称", max_length=120)
    order: int = ask("顺序", kind=Kind.NUMBER, low=0, high=999)
    places: int = ask("同时检查人数", kind=Kind.NUMBER, default=1, low=1, high=50)
    minutes: int = ask("单人时长", kind=Kind.NUMBER, default=5, low=1, high=600, unit="min")
    limit: int = ask("节点时限（到达至完成）", kind=Kind.NUMBER, default=45, low=1, high=600, unit="min")
    after: str | None = ask("前置节点（名称或代码；留空为无）", default=None)
    roles: str | None = ask("记录权限（角色名称或代码；留空为所有可记录者）", default=None)
    form: str | None = ask("记录模板（问卷代码；留空为不用模板）", default=None, max_length=120)
    exit: bool = ask("在此离检核对", default=False)
    reason: str = ask("修订说明", kind=Kind.NOTE)


@handles(WriteNode)
def write_node(order: WriteNode, work: UnitOfWork) -> Id:
    """Return the id of the version; it counts from the next scan on.

    Raises:
        DomainError: ``process.unknown_code`` (``after``, ``roles``, ``form``); ``process.bad_content`` (``code``);
            ``process.same_content``; ``input.missing`` (``reason``).
    """
    content = content_of(work)
    roles = work.content["authority"].roles if "authority" in work.content else {}
    named_roles = {role.label: name for name, role in roles.items()} | {name: name for name in roles}
    body = {
        "code": order.code.strip(), "name": order.name.strip(), "order": order.order, "places": order.places,
        "minutes": order.minutes, "limit": order.limit, "exit": order.exit,
        "after": _codes(order.after, _named(content.nodes), "after", "节点"),
        "roles": _codes(order.roles, named_roles, "roles", "角色"), "form": _form(work, order.form),
    }  # fmt: skip
    said = f"顺序 {order.order}，容量 {order.places}，单人 {order.minutes} 分钟，时限 {order.limit} 分钟"
    said += f"，前置 {order.after}" if order.after else ""
    said += f"，记录权限 {order.roles}" if order.roles else ""
    return _publish(
        work, ProcessKind.NODES, body, order.reason, said + (f"，模板 {order.form}" if order.form else "")
    )


@command("process.write_item", "定义检查项目", permission=WRITE)
class WriteCheckupItem:
    """An item that is examined, new or as a new version; visits keep what they were made of."""

    code: str = ask(CODE, max_length=40)
    name: str = ask("项目名称", max_length=120)
    node: str = ask("节点（名称或代码）", max_length=120)
    key: bool = ask("关键项目", default=False)
    results: str | None = ask("对应结果代码（如 sbp、dbp；留空为按节点记录）", default=None, max_length=1000)
    specimen: bool = ask("随采血完成", default=False)
    sex: str | None = ask("仅限性别（男、女；留空为不限）", default=None, max_length=10)
    age_from: int = ask("年龄自（含）", kind=Kind.NUMBER, default=0, low=0, high=130, unit="a")
    age_below: int = ask("年龄至（不含）", kind=Kind.NUMBER, default=200, low=1, high=200, unit="a")
    reason: str = ask("修订说明", kind=Kind.NOTE)


@handles(WriteCheckupItem)
def write_item(order: WriteCheckupItem, work: UnitOfWork) -> Id:
    """Return the id of the version. Raises as `write_node`, and ``process.unknown_code`` (``sex``, ``results``)."""
    content = content_of(work)
    if (order.sex or "").strip() not in SEXES:
        raise DomainError("process.unknown_code", field="sex", label="性别", value=order.sex, known="男、女")
    catalog = work.content.get("catalog")
    keys = _parts(order.results)
    wrong = [key for key in keys if catalog is not None and key not in catalog.observations]
    if wrong:
        raise DomainError(
            "process.unknown_code",
            field="results",
            label="结果项目",
            value="、".join(wrong),
            known="结果目录中的代码",
        )
    nodes = _codes(order.node, _named(content.nodes), "node", "节点")
    if len(nodes) != 1:
        raise DomainError("input.missing", field="node", label="节点")
    body = {
        "code": order.code.strip(), "name": order.name.strip(), "node": nodes[0], "key": order.key, "results": keys,
        "specimen": order.specimen, "sex": SEXES[(order.sex or "").strip()], "age_from": order.age_from,
        "age_below": order.age_below,
    }  # fmt: skip
    said = f"节点 {content.nodes[nodes[0]].name}" + ("，关键项目" if order.key else "")
    said += f"，限{order.sex}性" if body["sex"] else ""
    said += (
        f"，{order.age_from} 至 {order.age_below} 岁" if (order.age_from, order.age_below) != (0, 200) else ""
    )
    return _publish(work, ProcessKind.ITEMS, body, order.reason, said)


@command("process.write_package", "定义体检套餐", permission=WRITE)
class WriteCheckupPackage:
    """A package, new or as a new version; visits that chose it keep what they were made of."""

    code: str = ask(CODE, max_length=40)
    name: str = ask("套餐名称", max_length=120)
    items: str = ask("项目（名称或代码，用顿号分隔）", kind=Kind.NOTE)
    key: str | None = ask("另作关键项目的（名称或代码）", default=None, max_length=1000)
    reason: str = ask("修订说明", kind=Kind.NOTE)


@handles(WriteCheckupPackage)
def write_package(order: WriteCheckupPackage, work: UnitOfWork) -> Id:
    """Return the id of the version. Raises as `write_node` (``items``, ``key``)."""
    content = content_of(work)
    named = _named(content.items)
    body = {
        "code": order.code.strip(), "name": order.name.strip(),
        "items": _codes(order.items, named, "items", "项目"), "key": _codes(order.key, named, "key", "项目"),
    }  # fmt: skip
    names = "、".join(content.items[code].name for code in body["items"])
    return _publish(work, ProcessKind.PACKAGES, body, order.reason, f"{len(body['items'])} 项：{names}")


@command("process.set_rules", "设置当日界限", permission=WRITE)
class SetDayRules:
    """When a day's open items count as missed, and from where a room is a bottleneck; what is left out stays."""

    day_ends: str | None = ask("当日截止（时:分）", default=None, max_length=5)
    window: int | None = ask("负荷统计时段", kind=Kind.NUMBER, default=None, low=5, high=240, unit="min")
    busy: float | None = ask("负荷界限（1 为满负荷）", kind=Kind.NUMBER, default=None, low=0.1, high=10)
    wait: int | None = ask("等候界限", kind=Kind.NUMBER, default=None, low=1, high=600, unit="min")
    again: int | None = ask("重复扫码间隔", kind=Kind.NUMBER, default=None, low=0, high=120, unit="s")
    reason: str = ask("修订说明", kind=Kind.NOTE)


@handles(SetDayRules)
def set_rules(order: SetDayRules, work: UnitOfWork) -> Id:
    """Return the id of the version. Raises as `write_node`."""
    rules = content_of(work).rules
    names = ("day_ends", "window", "busy", "wait", "again")
    body = msgspec.to_builtins(rules) | {n: v for n in names if (v := getattr(order, n)) is not None}
    said = "截止 {day_ends}，时段 {window} 分钟，负荷 {busy}，等候 {wait} 分钟，重复扫码 {again} 秒".format(
        **body
    )
    return _publish(work, ProcessKind.RULES, body, order.reason, said)


@command("process.withdraw", "停用本机构版本", permission=WRITE)
class WithdrawProcessContent:
    """What ships counts again, or nothing where nothing ships."""

    process_content_version_id: Id = ask("流程与套餐版本", kind=Kind.HIDDEN)
    reason: str = ask("停用原因", kind=Kind.NOTE)


@handles(WithdrawProcessContent)
def withdraw(order: WithdrawProcessContent, work: UnitOfWork) -> Id:
    """Return the id of the version that says so.

    Raises:
        DomainError: ``process.not_newest``; ``process.still_used`` (what is left would name what is gone).
    """
    version = work.require(
        ProcessContentVersion, order.process_content_version_id, "process_content_version_id"
    )
    if version.withdrawn or version.version != _last(work, version.kind, version.code):
        raise DomainError("process.not_newest", field="process_content_version_id", title=version.title)
    content = content_of(work)
    ships = shipped_of(work.content[PROCESS], version.kind).get(version.code)
    if version.kind is not ProcessKind.RULES:
        left = {code: one for code, one in getattr(content, version.kind).items() if code != version.code}
        _check(work, msgspec.structs.replace(
            content, **{str(version.kind): left | ({} if ships is None else {version.code: ships})}
        ), "process.still_used", "process_content_version_id")  # fmt: skip
    return _keep(
        work,
        version.kind,
        version.code,
        (version.body, version.title, version.summary),
        order.reason,
        withdrawn=True,
    )


def _named(pieces: Any) -> dict[str, str]:
    return {one.name: code for code, one in pieces.items()} | {code: code for code in pieces}


def _codes(text: str | None, named: dict[str, str], field: str, label: str) -> list[str]:
    parts = _parts(text)
    wrong = [part for part in parts if part not in named]
    if wrong:
        known = "、".join(name for name, code in named.items() if name != code)
        raise DomainError(
            "process.unknown_code", field=field, label=label, value="、".join(wrong), known=known
        )
    return list(dict.fromkeys(named[part] for part in parts))


def _form(work: UnitOfWork, form: str | None) -> str | None:
    """Return the form of a record; forms have their names in the texts or are the institution's own."""
    from domain.designs.records import PublishedForm

    said = (form or "").strip()
    if not said:
        return None
    texts = work.content.get("texts")
    own = select(PublishedForm.form).where(PublishedForm.form == said).limit(1)
    if (texts is not None and f"word.form.{said}" in texts) or work.value(own) is not None:
        return said
    raise DomainError(
        "process.unknown_code", field="form", label="问卷", value=said, known="问卷目录中的代码"
    )


def _publish(work: UnitOfWork, kind: ProcessKind, body: dict[str, Any], reason: str, summary: str) -> Id:
    content = content_of(work)
    code = body.get("code", RULES_CODE)
    try:
        made = msgspec.convert(body, TYPES[kind])
    except msgspec.ValidationError as error:
        raise DomainError("process.bad_content", field="code", what=str(error)) from error
    now = shipped_of(content, kind).get(code)
    if made == now:
        raise DomainError("process.same_content", field="code", title=getattr(made, "name", RULES_TITLE))
    if kind is not ProcessKind.RULES:
        pieces = {**getattr(content, kind), code: made}
        _check(work, msgspec.structs.replace(content, **{str(kind): pieces}), "process.does_not_fit", "code")
    said = (msgspec.to_builtins(made), getattr(made, "name", RULES_TITLE), summary[:1000])
    return _keep(work, kind, code, said, reason)


def _check(work: UnitOfWork, content: ProcessContent, code: str, field: str) -> None:
    authority = work.content.get("authority")
    roles = authority.roles if authority is not None else {r for n in content.nodes.values() for r in n.roles}
    wrong = list(problems_of(content, roles, None))
    if wrong:
        raise DomainError(code, field=field, wrong="；".join(wrong))


def _last(work: UnitOfWork, kind: ProcessKind, code: str) -> int:
    """Return the number of the newest version of the institution's own, 0 without one."""
    row = ProcessContentVersion.__table__.c
    query = select(func.max(row.version)).where(row.kind == kind, row.code == code)
    return int(work.connection.execute(query).scalar() or 0)


def _keep(
    work: UnitOfWork, kind: ProcessKind, code: str, said: tuple[dict[str, Any], str, str], reason: str, *,
    withdrawn: bool = False,
) -> Id:  # fmt: skip
    if not reason.strip():
        raise DomainError("input.missing", field="reason", label="修订说明")
    body, title, summary = said
    kept = ProcessContentVersion(
        kind=kind, code=code, version=_last(work, kind, code) + 1, title=title, summary=summary, body=body,
        withdrawn=withdrawn, reason=reason.strip(), written_at=work.now, written_by=work.actor.staff_id,
        written_name=work.actor.name,
    )  # fmt: skip
    return work.add(kept).id
