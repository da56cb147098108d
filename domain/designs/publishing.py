"""Publishing a design to organisations, giving it to more of them, retiring it. What is published never changes."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from domain.designs.reading import learn_title
from domain.designs.records import FormDesign, Origin, PublishedForm
from domain.designs.scoring import items_of
from domain.designs.workflow import design_life, published_life
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.organizations import subtree
from domain.people.records import Organization

CHECKER = "form_checker"
"""Name in the content of what refuses a questionnaire that cannot be filled in: `forms.designing.checking.check`.

The engine that knows lies above this layer, so that client and server hand it in.
"""
Checker = Callable[[Mapping[str, Any], Mapping[str, Any] | None, Mapping[str, Any] | None], None]
MOST_ITEMS = 3_000
"""Items of one questionnaire. Nobody answers so many; what is larger is a mistake of an import."""
LARGEST = 2_000_000
"""Bytes of one questionnaire as JSON: a copy for each organisation travels in pieces of 4 MB of the log."""
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,39}")


@command("design.publish", "发布问卷", permission="design.publish")
class PublishDesign:
    """Put a draft into use, unchangeable from now on, at chosen organisations and those below them."""

    design_id: Id = ask("问卷设计", kind=Kind.HIDDEN)
    version: str = ask("问卷版本", kind=Kind.HIDDEN, max_length=40)
    everywhere: bool = ask("发布到全部机构", kind=Kind.HIDDEN, default=False)
    places: list[Id] = ask("发布范围", kind=Kind.HIDDEN, default=[])
    note: str = ask("发布说明", kind=Kind.NOTE)


@handles(PublishDesign)
def publish_design(order: PublishDesign, work: UnitOfWork) -> int:
    """Return how many organisations were given it.

    Raises:
        DomainError: ``design.has_mistakes`` with their number; ``design.no_places`` (``places``);
            ``design.version_form``, ``design.version_used`` or ``design.version_of_text`` (``version``);
            ``form_design.wrong_state`` for what is no draft.
    """
    design = work.require(FormDesign, order.design_id, "design_id")
    work.move(design_life, design, "publish")
    _check_version(work, design, order.version)
    resource = {
        **design.questionnaire, "version": order.version, "status": "active", "date": f"{work.now:%Y-%m-%d}",
    }  # fmt: skip
    check_size(resource)
    checker: Checker = work.content[CHECKER]
    checker(resource, design.scoring, design.parts)
    design.version, design.questionnaire, design.note = order.version, resource, order.note
    design.published_at, design.published_name = work.now, work.actor.name
    design.everywhere = order.everywhere
    design.edition = len(used_versions(work, design.form)) + 1
    return _give(work, design, _chosen(work, order.everywhere, order.places))


@command("design.publish_more", "追加发布机构", permission="design.publish")
class PublishMore:
    """Give a published version to more organisations."""

    design_id: Id = ask("问卷设计", kind=Kind.HIDDEN)
    everywhere: bool = ask("发布到全部机构", kind=Kind.HIDDEN, default=False)
    places: list[Id] = ask("发布范围", kind=Kind.HIDDEN, default=[])


@handles(PublishMore)
def publish_more(order: PublishMore, work: UnitOfWork) -> int:
    """Return how many organisations were given it now; those that have it keep it as it is.

    Raises:
        DomainError: ``design.not_in_use``; ``design.no_places`` (``places``).
    """
    design = work.require(FormDesign, order.design_id, "design_id")
    if design.state != "published":
        raise DomainError("design.not_in_use", field="design_id", title=design.title)
    design.everywhere = design.everywhere or order.everywhere
    return _give(work, design, _chosen(work, order.everywhere, order.places))


@command("design.retire", "停用问卷", permission="design.publish")
class RetireDesign:
    """Take a version out of use everywhere; what was begun or handed out may still be handed in."""

    design_id: Id = ask("问卷设计", kind=Kind.HIDDEN)
    reason: str = ask("停用原因", kind=Kind.NOTE)


@handles(RetireDesign)
def retire_design(order: RetireDesign, work: UnitOfWork) -> int:
    """Return at how many organisations it was in use."""
    design = work.require(FormDesign, order.design_id, "design_id")
    work.move(design_life, design, "retire")
    design.retired_at, design.retired_name, design.retire_reason = work.now, work.actor.name, order.reason
    held = work.list(select(PublishedForm).where(PublishedForm.design_id == design.id))
    for copy in held:
        if copy.state == published_life.first:
            work.move(published_life, copy, "retire")
            copy.retired_at, copy.retire_reason = work.now, order.reason
    return len(held)


def check_size(resource: Mapping[str, Any]) -> None:
    """Refuse what is too large to be filled in or to travel.

    Raises:
        DomainError: ``design.too_many_items`` or ``design.too_large`` (``questionnaire``).
    """
    count = sum(1 for _ in items_of(resource))
    if count > MOST_ITEMS:
        raise DomainError("design.too_many_items", field="questionnaire", count=count, limit=MOST_ITEMS)
    size = len(msgspec.json.encode(resource))
    if size > LARGEST:
        raise DomainError("design.too_large", field="questionnaire", size=size // 1000, limit=LARGEST // 1000)


def used_versions(work: UnitOfWork, form: str) -> frozenset[str]:
    """Return the versions of a form that were ever published."""
    rows = work.list(select(FormDesign).where(FormDesign.form == form, FormDesign.published_at.is_not(None)))
    return frozenset(row.version for row in rows)


def give_to_new(work: UnitOfWork, org_id: Id, parent_id: Id | None) -> None:
    """Give an organisation that is new in the tree what is in use at the one above it."""
    if parent_id is None:
        return
    held = select(PublishedForm).where(
        PublishedForm.org_id == parent_id, PublishedForm.state == published_life.first
    )
    for copy in work.list(held):
        work.add(_copied(work, copy, copy.design_id, org_id))


def places_of(connection: Connection, design_id: Id) -> list[tuple[Id, str]]:
    """Return the organisations that were given a version, with their names."""
    table, org = PublishedForm.__table__.c, Organization.__table__.c
    query = select(table.org_id, org.name).join(Organization.__table__, org.id == table.org_id)
    return [(row.org_id, row.name) for row in connection.execute(query.where(table.design_id == design_id))]


def _check_version(work: UnitOfWork, design: FormDesign, version: str) -> None:
    if not _VERSION.fullmatch(version):
        raise DomainError("design.version_form", field="version", given=version)
    if version in used_versions(work, design.form):
        raise DomainError("design.version_used", field="version", version=version, title=design.title)
    if design.origin is Origin.OVERLAY:
        base, plus, mark = version.partition("+")
        wanted = design.version.partition("+")[0]
        if base != wanted or not plus or not mark:
            raise DomainError("design.version_of_text", field="version", given=version, base=wanted)


def _chosen(work: UnitOfWork, everywhere: bool, places: Iterable[Id]) -> dict[Id, str]:
    """Return the organisations meant with their names, those below them included."""
    names = {
        one.id: one.name for one in work.list(select(Organization)) if work.actor.sees(one.id)
    }  # fmt: skip
    if everywhere:
        return names
    wanted: set[Id] = set()
    for place in places:
        if place not in names:
            raise DomainError("organization.unknown", field="places", value=str(place))
        wanted |= subtree(work.connection, place)
    if not wanted:
        raise DomainError("design.no_places", field="places")
    return {org: name for org, name in names.items() if org in wanted}


def _give(work: UnitOfWork, design: FormDesign, chosen: Mapping[Id, str]) -> int:
    held = {
        one.org_id
        for one in work.list(select(PublishedForm).where(PublishedForm.design_id == design.id))
    }  # fmt: skip
    fresh = [org for org in chosen if org not in held]
    for org in fresh:
        work.add(_copied(work, design, design.id, org))
    known = [name for name in design.places or [] if name not in chosen.values()]
    design.places = [*known, *chosen.values()]
    learn_title(work.content.get("texts"), design.form, design.title)
    return len(fresh)


def _copied(work: UnitOfWork, source: FormDesign | PublishedForm, design_id: Id, org_id: Id) -> PublishedForm:
    made = PublishedForm(
        id=stable_id("published_form", design_id, org_id), org_id=org_id, design_id=design_id, form=source.form,
        url=source.url, version=source.version, title=source.title, questionnaire=source.questionnaire,
        scoring=source.scoring, parts=source.parts, note=source.note or "",
        published_at=source.published_at or work.now, published_by=work.actor.staff_id,
        published_name=source.published_name or work.actor.name, edition=source.edition,
    )  # fmt: skip
    work.start(published_life, made)
    return made
