"""Looking at what goes out to clients: a text for many before anything is queued, each message before it is sent.

A template was looked at when it was saved, but rules have changed since then, and what a person fills in was seen by
nobody. A severe remark holds a message back until somebody else has looked into it; a sending to many is one finding.
"""

import enum
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from domain.conduct.keeping import finding_of, hits_of, refuse_severe
from domain.conduct.records import MessageFinding, MessageSource
from domain.conduct.rules import Hit
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.records import Category, MassSending, OutboxMessage
from domain.messaging.templates import Template
from domain.people.records import Staff

NOT_ASKED = frozenset({Category.CRITICAL, Category.STAFF, Category.CONVERSATION})
"""What may not wait, what goes to our own people, and answers, which the desk asks about as they are typed."""
HELD = "content_review"
"""Reason (``word.outbox_reason``) of a message that waits for somebody to look into what it says."""
TAKEN_BACK = "content_withdrawn"
"""Reason of a message that somebody looked into and would not have sent."""
LONGEST_CHAIN = 10
"""How often a message is followed back to the first of its words."""


def check_for_many(
    work: UnitOfWork, mass: MassSending, templates: Iterable[Template], params: Mapping[str, Any]
) -> None:
    """Refuse a sending to many whose words, as they are filled in, are severely against the rules; keep lesser hits.

    Raises:
        DomainError: ``conduct.not_for_many`` (``template``).
    """
    for template in templates:
        text = _words_of(template, params)
        hits = refuse_severe(work, text, "template")
        if hits:
            finding = finding_of(work, hits, MessageSource.MASS, text, work.now)
            finding.id, finding.code, finding.mass_id = (
                _mass_id(mass.id, template.code),
                template.code,
                mass.id,
            )
            work.add(finding)


class Standing(enum.Enum):
    """What is to be done with a message for what it says."""

    GO = "go"
    HELD = "held"
    WITHDRAWN = "withdrawn"


def standing_of(work: UnitOfWork, message: OutboxMessage) -> Standing:
    """Return whether what a message says is in order or was let pass; a severe remark holds it."""
    if message.staff_id is not None or Category(message.category) in NOT_ASKED:
        return Standing.GO
    text = f"{message.title}\n{message.body or message.text}"
    hits = hits_of(work, text)
    if not hits:
        return Standing.GO
    found = work.get(MessageFinding, _finding_id(work, message)) or _opened(work, message, text, hits)
    if found.state == "withdrawn":
        return Standing.WITHDRAWN
    passed = found.state == "released" or not any(hit.rule.severe for hit in hits)
    return Standing.GO if passed else Standing.HELD


def _opened(work: UnitOfWork, message: OutboxMessage, text: str, hits: tuple[Hit, ...]) -> MessageFinding:
    found = finding_of(work, hits, MessageSource.OUTGOING, text, work.now)
    sender = work.get(Staff, message.queued_by)
    found.id, found.org_id = _finding_id(work, message), message.org_id
    found.outbox_id, found.mass_id, found.code = message.id, message.mass_id, message.template
    found.patient_id = message.patient_id
    found.staff_id, found.staff_name = message.queued_by, sender.name if sender is not None else ""
    work.add(found)
    return found


def _finding_id(work: UnitOfWork, message: OutboxMessage) -> Id:
    """Return the finding of a message, the same for what it repeats by another channel or once more."""
    if message.mass_id:
        return _mass_id(message.mass_id, message.template)
    first, seen = message, 0
    while first.repeats_id is not None and seen < LONGEST_CHAIN:
        before = work.get(OutboxMessage, first.repeats_id)
        if before is None:
            break
        first, seen = before, seen + 1
    return stable_id("message_finding", "outgoing", first.id)


def _mass_id(mass_id: Id, template: str) -> Id:
    return stable_id("message_finding", "mass", mass_id, template)


def _words_of(template: Template, params: Mapping[str, Any]) -> str:
    """Return what a template says with what was filled in; the client's own name is nobody's promise."""
    values: defaultdict[str, str] = defaultdict(str, {name: str(value) for name, value in params.items()})
    return f"{template.title}\n{template.text or template.short}".format_map(values)
