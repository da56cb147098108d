"""Making a questionnaire of one's own: begun, saved, thrown away; publishing is in `publishing`."""

from typing import Any

import msgspec

from domain.designs.publishing import check_size, used_versions
from domain.designs.reading import learn_title
from domain.designs.records import FormDesign, Origin
from domain.designs.workflow import design_life
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.scales.keeping import INSTRUMENTS

FIRST_VERSION = "1.0.0"


@command("design.create", "新建问卷设计", permission="design.edit")
class CreateDesign:
    """Begin a questionnaire: empty, or from one that is at hand."""

    title: str = ask("问卷名称")
    origin: Origin = ask("来源", kind=Kind.HIDDEN, default=Origin.BLANK)
    form: str | None = ask("问卷代码", kind=Kind.HIDDEN, default=None, max_length=60)
    based_on: str | None = ask("所据版本", kind=Kind.HIDDEN, default=None)
    questionnaire: dict[str, Any] | None = ask("题目", kind=Kind.HIDDEN, default=None)
    scoring: dict[str, Any] | None = ask("计分", kind=Kind.HIDDEN, default=None)
    parts: dict[str, Any] | None = ask("组成量表", kind=Kind.HIDDEN, default=None)


@handles(CreateDesign)
def create_design(order: CreateDesign, work: UnitOfWork) -> Id:
    """Return the id of the draft. Licensed text over a form that ships keeps that form's name, url and link ids.

    Raises:
        DomainError: ``design.too_many_items`` or ``design.too_large`` (``questionnaire``).
    """
    given = order.questionnaire or {"resourceType": "Questionnaire", "item": []}
    over = order.origin is Origin.OVERLAY and order.form
    form = order.form if over and order.form else f"own_{work.new_id().hex[-12:]}"
    url = str(given.get("url")) if over else f"{INSTRUMENTS}{form}"
    version = str(given.get("version")) if over else FIRST_VERSION
    resource = {**given, "url": url, "version": version, "title": order.title, "status": "draft"}
    check_size(resource)
    made = FormDesign(
        form=form, url=url, version=version, title=order.title, origin=order.origin, based_on=order.based_on,
        questionnaire=resource, scoring=order.scoring, parts=order.parts, saved_at=work.now,
        saved_by=work.actor.staff_id, saved_name=work.actor.name,
    )  # fmt: skip
    work.start(design_life, made)
    learn_title(work.content.get("texts"), form, order.title)
    return work.add(made).id


@command("design.save", "保存问卷草稿", permission="design.edit")
class SaveDesign:
    """What a draft is now, whole."""

    design_id: Id = ask("问卷设计", kind=Kind.HIDDEN)
    title: str = ask("问卷名称", kind=Kind.HIDDEN)
    questionnaire: dict[str, Any] = ask("题目", kind=Kind.HIDDEN)
    scoring: dict[str, Any] | None = ask("计分", kind=Kind.HIDDEN, default=None)
    seen: str | None = ask("所见版本", kind=Kind.HIDDEN, default=None, max_length=40)


@handles(SaveDesign)
def save_design(order: SaveDesign, work: UnitOfWork) -> str:
    """Return the mark of what is kept now, to be given with the next save.

    Mistakes are kept too: a draft is not finished. Only publishing asks for none.

    Raises:
        DomainError: ``design.not_draft``; ``design.changed_meanwhile`` if somebody else saved since `seen`;
            ``design.too_many_items``, ``design.too_large`` (``questionnaire``).
    """
    design = draft_of(work, order.design_id)
    if order.seen is not None and order.seen != mark_of(design):
        raise DomainError("design.changed_meanwhile", field="design_id", name=design.saved_name)
    fixed = {"url": design.url, "version": design.version, "title": order.title, "status": "draft"}
    resource = {**order.questionnaire, **fixed}
    check_size(resource)
    design.title, design.questionnaire, design.scoring = order.title, resource, order.scoring
    design.saved_at, design.saved_by = work.now, work.actor.staff_id
    design.saved_name = work.actor.name
    learn_title(work.content.get("texts"), design.form, order.title)
    return mark_of(design)


def mark_of(design: FormDesign) -> str:
    """Return what tells one save from another."""
    return design.saved_at.isoformat()


def draft_of(work: UnitOfWork, design_id: Id) -> FormDesign:
    """Return a design that may still be changed.

    Raises:
        DomainError: ``form_design.unknown``; ``design.not_draft``: published versions never change.
    """
    design = work.require(FormDesign, design_id, "design_id")
    if design.state != design_life.first:
        state = design_life.label_of(design.state)
        raise DomainError("design.not_draft", field="design_id", title=design.title, state=state)
    return design


@command("design.discard", "作废问卷草稿", permission="design.edit")
class DiscardDesign:
    """A draft is no longer wanted; it stays on record."""

    design_id: Id = ask("问卷设计", kind=Kind.HIDDEN)


@handles(DiscardDesign)
def discard_design(order: DiscardDesign, work: UnitOfWork) -> None:
    """Put the draft away."""
    work.move(design_life, work.require(FormDesign, order.design_id, "design_id"), "discard")


@command("design.new_version", "修订为新版本", permission="design.edit")
class NewDesignVersion:
    """Begin the next version of a questionnaire; the published one stays as it is until the new one is published."""

    design_id: Id = ask("问卷设计", kind=Kind.HIDDEN)


@handles(NewDesignVersion)
def new_design_version(order: NewDesignVersion, work: UnitOfWork) -> Id:
    """Return the id of the draft; one that is under way already is returned as it is.

    Raises:
        DomainError: ``design.not_published`` for what is still a draft or was put away.
    """
    design = work.require(FormDesign, order.design_id, "design_id")
    if design.state not in ("published", "retired"):
        raise DomainError("design.not_published", field="design_id", title=design.title)
    under_way = work.find(FormDesign, form=design.form, state=design_life.first)
    if under_way is not None:
        return under_way.id
    version = next_version(design.version, used_versions(work, design.form))
    resource = {
        **msgspec.json.decode(msgspec.json.encode(design.questionnaire)),
        "version": version,
        "status": "draft",
    }
    made = FormDesign(
        org_id=design.org_id, form=design.form, url=design.url, version=version, title=design.title,
        origin=Origin.OVERLAY if design.origin is Origin.OVERLAY else Origin.VERSION,
        based_on=f"{design.form}|{design.version}", questionnaire=resource, scoring=design.scoring,
        parts=design.parts, saved_at=work.now, saved_by=work.actor.staff_id, saved_name=work.actor.name,
    )  # fmt: skip
    work.start(design_life, made)
    return work.add(made).id


def next_version(version: str, used: frozenset[str]) -> str:
    """Return the number behind a version: its middle part one higher; what follows a ``+`` gets a number of its own.

    ``1.0.0`` becomes ``1.1.0``; ``1.0.0+2026`` becomes ``1.0.0+2026v2``, since the scoring goes by what is before.
    """
    base, plus, mark = version.partition("+")
    parts = [int(part) if part.isdecimal() else 0 for part in base.split(".")[:3]]
    parts += [0] * (3 - len(parts))
    number = 1
    while True:
        number += 1
        own = f"{base}+{mark.partition('v')[0]}v{number}"
        made = own if plus else f"{parts[0]}.{parts[1] + number - 1}.0"
        if made not in used:
            return made
