"""Bringing the library of programmes up to date by a package, taking a version back, moving a plan to a newer one."""

import itertools
from typing import Any

import msgspec
import yaml
from sqlalchemy import func, select

from domain.care.content import CARE, CareContent, care_of
from domain.care.generator import Body, Refused, month_plan
from domain.care.library import differences, version_of
from domain.care.library_records import CareLibrary, LibraryKind
from domain.care.plan_commands import PLAN
from domain.care.programme_commands import draw_up, level_said
from domain.care.programmes import LEVELS, Disease, Programmes
from domain.care.records import CarePlan
from domain.kernel.clock import clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient

LIBRARY = "care.library"
LONGEST_PACKAGE = 60_000
NOT_SAID = frozenset({"checked", "limits"})
"""Fields a package does not decide: whether somebody has signed it, and how its limits were read."""
SAMPLES = (Body("male", 45, 172, 82), Body("female", 70, 158, 62))
"""People for whom a new version must make a plan wherever the one before made one."""


class Package(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a package of programmes says: its name, where it is from, and by disease the fields that change."""

    package: str
    source: str
    diseases: dict[str, dict[str, Any]]


@command("care.import_library", "导入方案包", permission=LIBRARY)
class ImportLibrary:
    """New limits and doses of some diseases, as an authority published them; all of the package or nothing."""

    text: str = ask(
        "方案包内容（YAML：package、source、diseases）", kind=Kind.NOTE, max_length=LONGEST_PACKAGE
    )
    reason: str = ask("更新说明", kind=Kind.NOTE)


@handles(ImportLibrary)
def import_library(order: ImportLibrary, work: UnitOfWork) -> dict[str, list[str]]:
    """Return what changed, by disease; a disease the package says nothing new of keeps its version.

    Raises:
        DomainError: ``care.bad_package`` (``text``) with disease and field, for anything that does not fit or of
            which no plan could be made any more; ``care.same_library`` (``text``) where nothing would change;
            ``input.missing`` (``reason``).
    """
    if not order.reason.strip():
        raise DomainError("input.missing", field="reason", label="更新说明")
    package = _read(order.text)
    book = care_of(work).programmes
    made = {code: _merged(book, code, said) for code, said in package.diseases.items()}
    told = {code: differences(book.diseases[code], one) for code, one in made.items()}
    changed = {code: lines for code, lines in told.items() if lines}
    if not changed:
        raise DomainError("care.same_library", field="text", package=package.package)
    after = msgspec.structs.replace(book, diseases={**book.diseases, **made})
    for code in changed:
        _check_makes_plans(book, after, code)
    for code, lines in changed.items():
        _publish(work, code, made[code], lines, package, order.reason.strip())
    return changed


@command("care.withdraw_library", "停用方案新版", permission=LIBRARY)
class WithdrawLibrary:
    """The newer version of a disease does not count any more; what ships does again."""

    care_library_id: Id = ask("干预方案库版本", kind=Kind.HIDDEN)
    reason: str = ask("停用原因", kind=Kind.NOTE)


@handles(WithdrawLibrary)
def withdraw_library(order: WithdrawLibrary, work: UnitOfWork) -> Id:
    """Return the id of the version that says so. Raises ``care.same_library``; ``input.missing`` (``reason``)."""
    if not order.reason.strip():
        raise DomainError("input.missing", field="reason", label="停用原因")
    row = work.require(CareLibrary, order.care_library_id, "care_library_id")
    shipped: CareContent = work.content[CARE]
    now, ships = care_of(work).programmes.diseases[row.code], shipped.programmes.diseases[row.code]
    lines = differences(now, ships)
    if not lines:
        raise DomainError("care.same_library", field="care_library_id", package=row.package)
    package = Package(row.package, shipped.programmes.source, {})
    return _publish(work, row.code, ships, lines, package, order.reason.strip(), withdrawn=True)


@command("care.redraw", "按新版方案重拟", permission=PLAN)
class RedrawPlan:
    """A draft for the same diseases and level by the library as it is now; it says what differs."""

    care_plan_id: Id = ask("干预计划", kind=Kind.HIDDEN)


@handles(RedrawPlan)
def redraw_plan(order: RedrawPlan, work: UnitOfWork) -> Id:
    """Return the id of the draft; the running plan goes on until somebody has signed the draft and ended it.

    Raises:
        DomainError: ``care.not_of_library`` for a plan of no programme; ``care.nothing_newer``; as `draw_up`.
    """
    plan = work.require(CarePlan, order.care_plan_id, "care_plan_id")
    said, _, level = (plan.programme or "").partition(":")
    codes = [code for code in said.split("+") if code]
    book = care_of(work).programmes
    if not codes or any(code not in book.diseases for code in codes):
        raise DomainError("care.not_of_library", field="care_plan_id")
    version = version_of(work.connection, book.version, codes)
    if version == plan.programme_version:
        raise DomainError("care.nothing_newer", field="care_plan_id", version=version)
    patient = work.require(Patient, plan.patient_id, "patient_id")
    why = [f"按方案库 {version} 由“{plan.name}”（{plan.programme_version}）重拟", *_since(work, plan, codes)]
    return draw_up(
        work, patient, codes, level_said(work, patient, level), "light", clinic(work.now).date(), why=why
    ).id


def _since(work: UnitOfWork, plan: CarePlan, codes: list[str]) -> list[str]:
    """Return what changed of these diseases since a plan was drawn up."""
    known = dict(part.rsplit(".", 1) for part in (plan.programme_version or "").split("+")[1:] if "." in part)
    c = CareLibrary.__table__.c
    query = select(c.code, c.version, c.title, c.changes).where(c.code.in_(codes)).order_by(c.code, c.version)
    return [
        f"{row.title} 第 {row.version} 版：{row.changes}"
        for row in work.connection.execute(query)
        if row.version > int(known.get(row.code, 0))
    ]


def _read(text: str) -> Package:
    try:
        return msgspec.convert(yaml.safe_load(text), Package)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"第 {mark.line + 1} 行" if mark is not None else "内容"
        raise DomainError("care.bad_package", field="text", place=place, problem="不是 YAML") from error
    except msgspec.ValidationError as error:
        raise DomainError("care.bad_package", field="text", place="内容", problem=str(error)[:200]) from error


def _merged(book: Programmes, code: str, said: dict[str, Any]) -> Disease:
    before = book.diseases.get(code)
    if before is None:
        raise DomainError("care.bad_package", field="text", place=code, problem="方案库没有这个病种代码")
    wrong = next((name for name in said if name in NOT_SAID), None)
    if wrong is not None:
        raise DomainError("care.bad_package", field="text", place=code, problem=f"{wrong} 不能由方案包决定")
    try:
        made = msgspec.convert({**msgspec.to_builtins(before), **said, "checked": False}, Disease)
    except msgspec.ValidationError as error:
        raise DomainError("care.bad_package", field="text", place=code, problem=str(error)[:200]) from error
    unknown = next((kind for kind in made.kinds if kind not in book.names), None)
    if unknown is not None:
        raise DomainError("care.bad_package", field="text", place=code, problem=f"没有运动方式 {unknown}")
    for name in ("carb", "fat", "fibre", "reserve"):
        low, high = getattr(made, name)
        if not 0 <= low <= high <= 100:
            raise DomainError(
                "care.bad_package", field="text", place=code, problem=f"{name} 不是从小到大的范围"
            )
    if not 200 <= made.sodium <= 6000 or any(not 0 <= one <= 1000 for one in made.minutes):
        raise DomainError("care.bad_package", field="text", place=code, problem="钠或运动分钟超出可能范围")
    return made


def _check_makes_plans(before: Programmes, after: Programmes, code: str) -> None:
    """Try the new numbers: wherever there was a plan for somebody, there is one still."""
    for body, level, month in itertools.product(SAMPLES, LEVELS, (1, 6, 12)):
        now = month_plan(after, body, [code], level, month)
        was = month_plan(before, body, [code], level, month)
        if isinstance(now, Refused) and not isinstance(was, Refused):
            raise DomainError("care.bad_package", field="text", place=code, problem=now.reason)


def _publish(
    work: UnitOfWork, code: str, made: Disease, lines: list[str], package: Package, reason: str, *,
    withdrawn: bool = False,
) -> Id:  # fmt: skip
    c = CareLibrary.__table__.c
    newest = select(func.max(c.version)).where(c.kind == LibraryKind.DISEASES, c.code == code)
    row = CareLibrary(
        kind=LibraryKind.DISEASES, code=code, version=int(work.connection.execute(newest).scalar() or 0) + 1,
        title=made.label, body=msgspec.to_builtins(made), changes="；".join(lines)[:4000], withdrawn=withdrawn,
        package=package.package[:100], source=package.source[:1000], reason=reason[:4000], written_at=work.now,
        written_by=work.actor.staff_id, written_name=work.actor.name,
    )  # fmt: skip
    return work.add(row).id
