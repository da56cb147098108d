"""Which dialogs have something at hand, and what it is: read for one client, in a job. No widgets."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from client.station import Context
from domain.followup.at_hand import AtHand, at_hand, groups_and_forms
from domain.followup.definitions import FOLLOWUP
from domain.followup.group_records import Segment
from domain.followup.own_content import content_in_force
from domain.followup.task_records import FollowTask
from domain.kernel.clients import visible
from domain.kernel.commands import Command
from domain.kernel.ids import Id
from domain.reception.records import Appointment

KEY = "F10"
ABOUT = {"task_id": FollowTask, "appointment_id": Appointment}
"""Fields that say what a dialog is about, where that is a contact or a reception."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing at hand: ``script``, ``handout`` or ``form``, its code, its name, and what it says."""

    kind: str
    code: str
    title: str
    points: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    unverified: bool = False


def about(command: Command, given: Mapping[str, Any]) -> tuple[str, Id] | None:
    """Return what a dialog is about, None where nothing is at hand for it."""
    if command.name.partition(".")[0] not in {"followup", "reception"}:
        return None
    found = next(((field, given[field]) for field in ABOUT if given.get(field)), None)
    return None if found is None else (found[0], uuid.UUID(str(found[1])))


def read(context: Context, field: str, own: Id) -> tuple[Id | None, list[Piece]]:
    """Return the client of a task or an appointment and what is at hand for it, what fits best first."""
    desk = context.desk
    table: Any = ABOUT[field].__table__
    with desk.store.read() as connection:
        row = connection.execute(table.select().where(table.c.id == own)).one_or_none()
        hidden = row is None or not context.actor.sees(row.org_id)
        if hidden or not visible(connection, context.actor, ABOUT[field], own):
            return None, []
        content = content_in_force(connection, desk.dispatcher.content[FOLLOWUP])
        segments, topics, forms = groups_and_forms(connection, row.patient_id)
    if field == "task_id":
        found = at_hand(
            content,
            segments,
            {*topics, *row.topics},
            script=row.script,
            forms=[row.form, *forms] if row.form else forms,
        )
    else:
        found = at_hand(content, segments or {Segment.GENERAL}, topics, reception=row.kind, forms=forms)
    return row.patient_id, list(_pieces(context, found))


def _pieces(context: Context, found: AtHand) -> list[Piece]:
    scripts = [
        Piece("script", s.id, s.title, s.points, s.never, s.status == "UNVERIFIED") for s in found.scripts
    ]
    handouts = [
        Piece("handout", h.id, h.title, h.points, (), h.status == "UNVERIFIED") for h in found.handouts
    ]
    forms = [Piece("form", code, context.formatter.name(code, "words:form")) for code in found.forms]
    return [*scripts, *handouts, *forms]
