"""Label templates of an institution's own: begun, saved, published to sites, put away, and chosen for printers."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from sqlalchemy import func, select

from domain.biobank.records import SpecimenType
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.labels.records import LabelChoice, LabelDesign, LabelInUse
from domain.labels.workflow import label_design_life
from domain.people.organizations import subtree
from domain.people.records import Organization

CHECKER = "label_checker"
"""Name in the content of what refuses a label that cannot be printed: `devices.labels.designing.refuse_mistakes`."""
Checker = Callable[[Mapping[str, Any]], None]
PURPOSES = ("tube", "aliquot")
LARGEST = 100_000
"""Bytes of one template as JSON; nobody draws so much on a label."""


@command("label.create_design", "新建标签模板", permission="label.design")
class CreateLabelDesign:
    """Begin a template: from one that ships, from one of one's own, or from a file."""

    title: str = ask("模板名称", max_length=120)
    purpose: str = ask("用途", kind=Kind.HIDDEN, max_length=40)
    content: dict[str, Any] = ask("内容", kind=Kind.HIDDEN)
    based_on: str | None = ask("所据模板", kind=Kind.HIDDEN, default=None, max_length=120)


@handles(CreateLabelDesign)
def create_label_design(order: CreateLabelDesign, work: UnitOfWork) -> Id:
    """Return the id of the draft.

    Raises:
        DomainError: ``label_design.purpose``, ``label_design.too_large`` (``content``).
    """
    _check_shape(order.purpose, order.content)
    made = LabelDesign(
        code=f"own_{work.new_id().hex[-12:]}", title=order.title, version=1, purpose=order.purpose,
        content=order.content, based_on=order.based_on, saved_at=work.now, saved_name=work.actor.name,
    )  # fmt: skip
    work.start(label_design_life, made)
    return work.add(made).id


@command("label.save_design", "保存标签模板", permission="label.design")
class SaveLabelDesign:
    """What a draft is now, whole."""

    design_id: Id = ask("标签模板", kind=Kind.HIDDEN)
    title: str = ask("模板名称", kind=Kind.HIDDEN, max_length=120)
    purpose: str = ask("用途", kind=Kind.HIDDEN, max_length=40)
    content: dict[str, Any] = ask("内容", kind=Kind.HIDDEN)
    seen: str | None = ask("所见版本", kind=Kind.HIDDEN, default=None, max_length=40)


@handles(SaveLabelDesign)
def save_label_design(order: SaveLabelDesign, work: UnitOfWork) -> str:
    """Return the mark of what is kept now. Mistakes are kept too: only publishing asks for none.

    Raises:
        DomainError: ``label_design.not_draft``, ``label_design.changed_meanwhile`` if somebody else saved since
        `seen`,
            ``label_design.purpose``, ``label_design.too_large``.
    """
    _check_shape(order.purpose, order.content)
    design = _draft(work, order.design_id)
    if order.seen is not None and order.seen != mark_of(design):
        raise DomainError("label_design.changed_meanwhile", field="design_id", name=design.saved_name)
    design.title, design.purpose, design.content = order.title, order.purpose, order.content
    design.saved_at, design.saved_name = work.now, work.actor.name
    return mark_of(design)


def mark_of(design: LabelDesign) -> str:
    """Return what tells one save from another."""
    return design.saved_at.isoformat()


@command("label.revise_design", "修订标签模板", permission="label.design")
class ReviseLabelDesign:
    """Begin the next version; the published one stays in use until the new one is published."""

    design_id: Id = ask("标签模板", kind=Kind.HIDDEN)


@handles(ReviseLabelDesign)
def revise_label_design(order: ReviseLabelDesign, work: UnitOfWork) -> Id:
    """Return the id of the draft; one that is under way already is returned as it is.

    Raises:
        DomainError: ``label_design.not_published`` for what is a draft or was put away.
    """
    design = work.require(LabelDesign, order.design_id, "design_id")
    if design.state not in ("published", "retired"):
        raise DomainError("label_design.not_published", field="design_id", title=design.title)
    under_way = work.find(LabelDesign, code=design.code, state=label_design_life.first)
    if under_way is not None:
        return under_way.id
    highest = work.value(select(func.max(LabelDesign.version)).where(LabelDesign.code == design.code))
    made = LabelDesign(
        org_id=design.org_id, code=design.code, title=design.title, version=int(highest) + 1, purpose=design.purpose,
        content=msgspec.json.decode(msgspec.json.encode(design.content)),
        based_on=f"{design.title} v{design.version}", saved_at=work.now, saved_name=work.actor.name,
    )  # fmt: skip
    work.start(label_design_life, made)
    return work.add(made).id


@command("label.discard_design", "作废标签草稿", permission="label.design")
class DiscardLabelDesign:
    """A draft is no longer wanted; it stays on record."""

    design_id: Id = ask("标签模板", kind=Kind.HIDDEN)


@handles(DiscardLabelDesign)
def discard_label_design(order: DiscardLabelDesign, work: UnitOfWork) -> None:
    """Put the draft away."""
    work.move(label_design_life, work.require(LabelDesign, order.design_id, "design_id"), "discard")


@command("label.publish_design", "发布标签模板", permission="label.publish")
class PublishLabelDesign:
    """Put a draft into use, unchangeable from now on, at chosen organisations and those below them."""

    design_id: Id = ask("标签模板", kind=Kind.HIDDEN)
    everywhere: bool = ask("发布到全部机构", kind=Kind.HIDDEN, default=False)
    places: list[Id] = ask("发布范围", kind=Kind.HIDDEN, default=[])
    note: str = ask("发布说明", kind=Kind.NOTE)


@handles(PublishLabelDesign)
def publish_label_design(order: PublishLabelDesign, work: UnitOfWork) -> int:
    """Return how many organisations were given it.

    Raises:
        DomainError: ``label_design.mistakes`` with their number, ``label_design.no_places`` (``places``),
            ``label_design.wrong_state`` for what is no draft.
    """
    design = work.require(LabelDesign, order.design_id, "design_id")
    work.move(label_design_life, design, "publish")
    checker: Checker = work.content[CHECKER]
    checker(design.content)
    places = _places(work, order.everywhere, order.places)
    design.note, design.published_at, design.published_name = order.note, work.now, work.actor.name
    for place in places:
        copy = LabelInUse(
            id=stable_id("label_in_use", design.id, place), org_id=place, design_id=design.id, code=design.code,
            title=design.title, version=design.version, purpose=design.purpose, content=design.content,
            published_at=work.now, published_name=work.actor.name,
        )  # fmt: skip
        work.add(copy)
    return len(places)


def _places(work: UnitOfWork, everywhere: bool, chosen: list[Id]) -> list[Id]:
    if everywhere:
        return [row.id for row in work.list(select(Organization).order_by(Organization.id))]
    found: set[Id] = set()
    for place in chosen:
        work.require(Organization, place, "places")
        found |= subtree(work.connection, place)
    if not found:
        raise DomainError("label_design.no_places", field="places")
    return sorted(found)


@command("label.choose", "分配标签模板", permission="label.assign")
class ChooseLabel:
    """Say which template is printed here; the most exact choice counts: printer and kind, printer, kind, purpose."""

    purpose: str = ask("用途", max_length=40)
    code: str = ask("模板代码", max_length=60)
    kind: SpecimenType | None = ask("标本类型", kind=Kind.CHOICE, default=None)
    printer: str | None = ask("打印机", default=None, max_length=120)


@handles(ChooseLabel)
def choose_label(order: ChooseLabel, work: UnitOfWork) -> Id:
    """Return the id of the choice; an earlier one for the same is replaced.

    Raises:
        DomainError: ``label_design.purpose``, ``label_design.not_here`` for a code this organisation was not given,
            ``label_design.other_purpose`` for a template of another purpose.
    """
    _check_purpose(order.purpose)
    org_id = work.actor.org_id
    held = work.list(
        select(LabelInUse)
        .where(LabelInUse.code == order.code, LabelInUse.org_id == org_id)
        .order_by(LabelInUse.version.desc())
        .limit(1)
    )
    if not held:
        raise DomainError("label_design.not_here", field="code", template=order.code)
    if held[0].purpose != order.purpose:
        raise DomainError("label_design.other_purpose", field="purpose", title=held[0].title)
    kind, printer = order.kind or "", order.printer or ""
    same = stable_id("label_choice", org_id, order.purpose, kind, printer)
    known = next(iter(work.list(select(LabelChoice).where(LabelChoice.id == same))), None)
    if known is None:
        known = work.add(
            LabelChoice(
                id=same, org_id=org_id, purpose=order.purpose, kind=kind, printer=printer, code=order.code,
                title=held[0].title, chosen_at=work.now, chosen_name=work.actor.name,
            )
        )  # fmt: skip
        return known.id
    known.code, known.title = order.code, held[0].title
    known.chosen_at, known.chosen_name = work.now, work.actor.name
    return known.id


@command("label.unchoose", "取消标签分配", permission="label.assign")
class UnchooseLabel:
    """Print the workstation's own template again."""

    choice_id: Id = ask("标签模板分配", kind=Kind.HIDDEN)


@handles(UnchooseLabel)
def unchoose_label(order: UnchooseLabel, work: UnitOfWork) -> None:
    """Take the choice away."""
    work.remove(work.require(LabelChoice, order.choice_id, "choice_id"))


def _check_purpose(purpose: str) -> None:
    if purpose not in PURPOSES:
        raise DomainError("label_design.purpose", field="purpose", purpose=purpose)


def _check_shape(purpose: str, content: Mapping[str, Any]) -> None:
    _check_purpose(purpose)
    size = len(msgspec.json.encode(content))
    if size > LARGEST:
        raise DomainError("label_design.too_large", field="content", size=size // 1000, limit=LARGEST // 1000)


def _draft(work: UnitOfWork, design_id: Id) -> LabelDesign:
    design = work.require(LabelDesign, design_id, "design_id")
    if design.state != label_design_life.first:
        state = label_design_life.label_of(design.state)
        raise DomainError("label_design.not_draft", field="design_id", title=design.title, state=state)
    return design
