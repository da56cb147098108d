"""What a form came to after it was handed in, as sentences; what is about safety comes first."""

from dataclasses import dataclass

import msgspec
from sqlalchemy import select

from client.station import Context
from domain.checkup.records import QuestionnaireResponse
from domain.kernel.columns import Sensitivity
from domain.kernel.ids import Id
from domain.scales import results
from domain.scales.records import ScaleResult

TONES = {"scales.safety": "danger", "scales.invalid": "warning", "scales.positive": "warning",
         "scales.unverified": "warning", "scales.incomplete": "warning"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """One sentence of a result; `tone` is ``danger``, ``warning``, ``title`` or empty."""

    text: str
    tone: str = ""


def read_result(context: Context, response_id: Id) -> list[Told]:
    """Return what the scales of a response and of its parts say to this reader; off the UI thread."""
    table = ScaleResult.__table__
    with context.desk.store.read() as connection:
        part = select(QuestionnaireResponse.id).where(QuestionnaireResponse.part_of == response_id)
        mine = (table.c.response_id == response_id) | table.c.response_id.in_(part)
        rows = connection.execute(select(table).where(mine).order_by(table.c.id)).all()
    rows = [row for row in rows if context.actor.sees(row.org_id)]
    if context.actor.clearance < Sensitivity.SENSITIVE:
        alarm = (
            [Told(context.say("form_page.result.safety_hidden"), "danger")]
            if any(r.safety for r in rows)
            else []
        )
        return [*alarm, Told(context.say("form_page.result.hidden"))] if rows else []
    told: list[Told] = []
    for row in rows:
        found = msgspec.convert(row.detail, results.ScaleResult)
        told.append(Told(_title(context, row.scale, found), "title"))
        told += sorted(_lines(context, found), key=lambda one: one.tone != "danger")
    return told


def _lines(context: Context, found: results.ScaleResult) -> list[Told]:
    """Return the explanation, with a mark behind everything that waits for a physician's word."""
    marked = {one.label for one in found.scores if one.unverified}
    marked |= {flag.text for flag in found.flags if flag.unverified}
    mark, say = context.say("form_page.result.unverified"), context.desk.texts.say
    lines = []
    for one in found.explanation:
        waits = bool(marked & {one.facts.get("label"), one.facts.get("text")})
        lines.append(Told(say(one.code, **one.facts) + (mark if waits else ""), TONES.get(one.code, "")))
    return lines


def _title(context: Context, scale: str, found: results.ScaleResult) -> str:
    status = context.formatter.name(found.status, "words:scale_status")
    mark = (
        context.say("form_page.result.unverified")
        if found.total is not None and found.total.unverified
        else ""
    )
    return f"{context.formatter.name(scale, 'words:scale')}　{status}{mark}"
