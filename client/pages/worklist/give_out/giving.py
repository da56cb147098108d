"""Who is in a list, which questionnaires there are, and giving one out in parts that each are whole. No Qt."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

import resources
from client.background import Job
from client.pages.worklist.reading import Reading
from client.station import Context
from domain.designs.reading import learn_titles
from domain.kernel.authority import Actor
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.worklists import Filter, Worklist
from domain.links.giving_commands import FormsGivenOut, GiveOutForms
from domain.people.records import Patient
from domain.studies.records import Study, StudyMember
from domain.studies.subject_records import OVERSEE
from forms.shelf import listed, take

PERMISSION = "form.issue"
MOST = 2000
_AT_ONCE = 50
"""Clients in one transaction: the screen moves on between two of them."""
_ROWS = 500


@dataclass(frozen=True, slots=True)
class Offered:
    """A questionnaire that may be given out, in the version in force."""

    form: str
    title: str
    version: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be given out; `rows` are those chosen, none for the whole list."""

    form: str
    version: str
    due_at: datetime | None
    purpose: str
    study: str
    send: bool
    rows: tuple[Id, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it; `left` are number, whether it was given, and the reason in words."""

    issued: int
    queued: int
    left: tuple[tuple[str, bool, str], ...]
    stopped: bool


def is_of_clients(listing: Worklist) -> bool:
    """Tell whether the rows of a list are clients, or each about one."""
    return listing.record is Patient or "patient_id" in listing.record.__table__.c


def may_give(listing: Worklist, actor: Actor) -> bool:
    """Tell whether this person may give questionnaires to the clients of a list."""
    return actor.may(PERMISSION) and is_of_clients(listing)


def offered_forms(context: Context) -> list[Offered]:
    """Return what may be given out here, by title; a form that cannot be read is left out. Off the UI thread."""
    folder, orgs = resources.folder("forms"), frozenset({context.actor.org_id})
    found = []
    with context.desk.store.read() as connection:
        learn_titles(connection, context.desk.texts)
        for name, one in listed(connection, folder, orgs).items():
            try:
                form = take(connection, folder, name, orgs).form
            except DomainError:
                continue
            title = one.title or context.formatter.name(name, "words:form")
            found.append(Offered(name, title, form.version))
    return sorted(found, key=lambda one: one.title)


def studies_of(context: Context) -> list[tuple[str, str]]:
    """Return code and name of the studies this person works on (all, for who oversees them), by code."""
    study, member, actor = Study.__table__, StudyMember.__table__, context.actor
    wanted = select(study.c.code, study.c.name).order_by(study.c.code)
    if not actor.may(OVERSEE):
        mine = select(member.c.study_id).where(
            member.c.staff_id == actor.staff_id, member.c.left_at.is_(None)
        )
        wanted = wanted.where(study.c.id.in_(mine))
    with context.desk.store.read() as connection:
        return [(row.code, row.name) for row in connection.execute(wanted)]


def people_of(
    context: Context, listing: Worklist, filters: tuple[Filter, ...], order: str, rows: Sequence[Id]
) -> dict[Id, str]:
    """Return the clients of a list (or of some rows of it) with their numbers, each once, in its order.

    Raises:
        DomainError: ``form.nobody``; ``form.too_many_clients`` with more than `MOST`.
    """
    table = listing.record.__table__
    column = table.c.id if listing.record is Patient else table.c.patient_id
    found: dict[Id, str] = {}
    parts = Reading(context.desk.pages, listing, context.actor, filters, order, _ROWS).parts()
    for ids in [list(rows)] if rows else ([row.id for row in part] for part in parts):
        wanted = (
            select(table.c.id, column.label("patient_id"), Patient.__table__.c.number)
            .select_from(
                table if listing.record is Patient else table.join(Patient.__table__, Patient.id == column)
            )
            .where(table.c.id.in_(ids))
        )
        with context.desk.store.read() as connection:
            of = {one.id: one for one in connection.execute(wanted)}
        found |= {of[one].patient_id: of[one].number for one in ids if one in of}
        if len(found) > MOST:
            raise DomainError("form.too_many_clients", most=MOST, count=len(found))
    if not found:
        raise DomainError("form.nobody")
    return found


def give_out(
    context: Context, listing: Worklist, filters: tuple[Filter, ...], order: str, wanted: Wanted, job: Job
) -> Outcome:
    """Give it out, a part of the list at a time; stopped, the rest is left alone.

    Raises:
        DomainError: As `people_of` and the command.
    """
    people = people_of(context, listing, filters, order, wanted.rows)
    ids = list(people)
    issued = queued = 0
    left: list[tuple[str, bool, str]] = []
    for start in range(0, len(ids), _AT_ONCE):
        if job.cancelled:
            return Outcome(issued, queued, tuple(left), stopped=True)
        part = GiveOutForms(
            patient_ids=ids[start : start + _AT_ONCE], form=wanted.form, form_version=wanted.version,
            due_at=wanted.due_at, purpose=wanted.purpose or None, study=wanted.study or None, send=wanted.send,
        )  # fmt: skip
        done: FormsGivenOut = context.desk.dispatcher.run(part, context.actor).receipt
        issued, queued = issued + done.issued, queued + done.queued
        left += [(people[one.patient_id], one.given, context.say(one.code)) for one in done.left_out]
        job.tell(min(start + _AT_ONCE, len(ids)), len(ids))
    return Outcome(issued, queued, tuple(left), stopped=False)
