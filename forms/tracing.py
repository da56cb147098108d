"""The life line of a tube on paper: its family as a tree, everything that happened in order, nobody's name."""

from typing import Any

from sqlalchemy import select

from domain.biobank.lineage import Family, family_of
from domain.biobank.numbers import grouped
from domain.biobank.protocols import BIOBANK, BiobankContent
from domain.biobank.records import Specimen
from domain.biobank.workflow import specimen_life
from domain.kernel.authority import Actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.texts import Texts
from domain.version import VERSION
from forms.assessing import organisation_names
from forms.documents import Document, render_pdf

_ENDED = frozenset({"used_up", "discarded"})


def trace_pdf(dispatcher: Dispatcher, actor: Actor, document: Document, specimen_id: Id) -> bytes:
    """Return the life line of a tube and its family as PDF.

    Args:
        dispatcher: Its store and texts.
        actor: Needs ``biobank.view`` and the scope of the tube.
        document: ``specimen_trace``.
        specimen_id: Any tube of the family.

    Raises:
        DomainError: ``permission.denied``, ``specimen.unknown``.
    """
    actor.check("biobank.view")
    with dispatcher.store.read() as connection:
        row = connection.execute(
            select(Specimen.number, Specimen.org_id).where(Specimen.id == specimen_id)
        ).one_or_none()
        if row is None or not actor.sees(row.org_id):
            raise DomainError("specimen.unknown", field="number", value=str(specimen_id))
        family = family_of(connection, actor, row.number)
        names = organisation_names(connection, row.org_id)
    told = trace_content(family, dispatcher.content["texts"])
    told["organisation"] = {"name": names[-1], "branch": names[0]}
    told["limits"] = limits_note(dispatcher.content[BIOBANK], dispatcher.content["texts"])
    told["report"] = {"made_at": dispatcher.clock().isoformat()}
    return render_pdf(document, told)


def trace_content(family: Family, texts: Texts) -> dict[str, Any]:
    """Return the fields of ``specimen_trace`` but for who prints it and when."""
    numbers = {member.row.id: grouped(member.row.number) for member in family.members}
    rows = {member.row.id: member.row for member in family.members}
    asked = rows[family.asked]
    return {
        "asked": {"number": numbers[family.asked], **_tube(asked, texts)},
        "tubes": [
            {
                "number": numbers[member.row.id],
                "depth": member.depth,
                "asked": member.row.id == family.asked,
                "ended": member.row.state in _ENDED,
                "from": "、".join(numbers[own] for own in member.sources if own in numbers),
                **_tube(member.row, texts),
            }
            for member in family.members
        ],
        "events": [_event(event, numbers[event.specimen_id], texts) for event in family.events],
        "software": {"name": texts.say("assessment.software"), "version": VERSION},
    }


def limits_note(content: BiobankContent, texts: Texts) -> str:
    """Return by which limits thaws were counted, and whether anybody of the institution answers for them."""
    keeping = content.keeping
    said = texts.say("trace.limits", minutes=keeping.thaw_minutes, most=keeping.most_thaws)
    return said if keeping.verified else said + texts.say("bench.limits_unverified")


def _tube(row: Any, texts: Texts) -> dict[str, Any]:
    left = "" if row.remaining_ul is None else f"{row.remaining_ul} / {row.initial_ul} μL"
    return {
        "type": texts.say(f"choice.specimen_type.{row.type}"),
        "state": specimen_life.label_of(row.state),
        "place": (row.slot or "").replace(":", " "),
        "left": left,
        "thaws": row.thaws,
        "out_minutes": -(-row.out_s // 60),
        "sprec": row.sprec or "",
    }


def _event(row: Any, number: str, texts: Texts) -> dict[str, Any]:
    facts = [
        texts.say(f"word.condition.{row.condition}") if row.condition else "",
        texts.say(f"word.protocol.{row.protocol}") if row.protocol else "",
        texts.say(f"word.discard_reason.{row.reason}") if row.reason else "",
        f"+{row.produced_ul} μL" if row.produced_ul else "",
        f"-{row.consumed_ul} μL" if row.consumed_ul else "",
        texts.say("trace.out", minutes=-(-row.out_s // 60)) if row.out_s is not None else "",
        texts.say("trace.witness", name=row.witness_name) if row.witness_name else "",
        row.note or "",
    ]
    return {
        "at": row.occurred_at.isoformat(),
        "number": number,
        "kind": texts.say(f"choice.event_kind.{row.kind}"),
        "who": row.staff_name,
        "place": (row.place or "").replace(":", " "),
        "facts": "；".join(fact for fact in facts if fact),
    }
