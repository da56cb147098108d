"""Asking the rules about a text in the command that sends or saves it, and keeping what they found."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from domain.conduct.reception_records import ReceptionCheck
from domain.conduct.receptions import RECEPTION_RULES, ReceptionRules, judge
from domain.conduct.records import MessageFinding, MessageSource
from domain.conduct.rules import MESSAGE_RULES, Hit, MessageRules, lint
from domain.conduct.workflow import finding_life, reception_life
from domain.conversations.records import Conversation, ConversationMessage
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.reception.records import Appointment

LONGEST_REASON = 400


def hits_of(work: UnitOfWork, text: str) -> tuple[Hit, ...]:
    """Return what a text says against the rules; nothing where this place has none."""
    rules: MessageRules | None = work.content.get(MESSAGE_RULES)
    return lint(text, rules) if rules is not None else ()


def refuse_severe(work: UnitOfWork, text: str, field: str) -> tuple[Hit, ...]:
    """Return the lesser hits of a text that is meant for many.

    Raises:
        DomainError: ``conduct.not_for_many`` (`field`) with the words and what to write instead.
    """
    hits = hits_of(work, text)
    worst = next((hit for hit in hits if hit.rule.severe), None)
    if worst is not None:
        raise DomainError(
            "conduct.not_for_many", field=field, words=worst.words, label=worst.rule.label, say=worst.rule.say
        )
    return hits


def ask_why(work: UnitOfWork, text: str, reason: str | None) -> tuple[Hit, ...]:
    """Return the hits of an answer that is about to go.

    Raises:
        DomainError: ``conduct.reason_needed`` (``reason``) for a severe one without a reason.
    """
    hits = hits_of(work, text)
    worst = next((hit for hit in hits if hit.rule.severe), None)
    if worst is not None and not (reason or "").strip():
        raise DomainError(
            "conduct.reason_needed",
            field="reason",
            words=worst.words,
            label=worst.rule.label,
            say=worst.rule.say,
        )
    return hits


def keep_said(
    work: UnitOfWork,
    message: ConversationMessage,
    hits: Iterable[Hit],
    source: MessageSource,
    reason: str | None = None,
) -> None:
    """Keep what was found in something said; nothing where nothing was."""
    hits = tuple(hits)
    if not hits:
        return
    finding = finding_of(work, hits, source, message.text, message.at)
    finding.id = stable_id("message_finding", message.id)
    finding.org_id = message.org_id
    finding.conversation_id, finding.message_id = message.conversation_id, message.id
    finding.outbox_id, finding.patient_id = message.outbox_id, message.patient_id
    finding.staff_id, finding.staff_name = message.staff_id, message.staff_name or ""
    finding.reason = (reason or "").strip() or None
    work.add(finding)


def keep_saved(work: UnitOfWork, text: str, code: str, hits: Iterable[Hit], source: MessageSource) -> None:
    """Keep what was found in a text for many that was saved."""
    hits = tuple(hits)
    if hits:
        finding = finding_of(work, hits, source, text, work.now)
        finding.code = code
        work.add(finding)


def keep_automatic(
    work: UnitOfWork, conversation: Conversation, answer: tuple[Id, str, str], hits: tuple[Hit, ...]
) -> None:
    """Keep that an automatic answer was not given for what it says: once a version, however often it is asked for.

    Args:
        work: Of whoever received the question.
        conversation: Where it was asked first.
        answer: Id of the version, its code, its words.
        hits: What was found; not empty.
    """
    version, code, text = answer
    finding_id = stable_id("message_finding", "automatic", version)
    if work.get(MessageFinding, finding_id) is not None:
        return
    finding = finding_of(work, hits, MessageSource.AUTOMATIC, text, work.now)
    finding.id, finding.org_id, finding.code = finding_id, conversation.org_id, code
    finding.conversation_id = conversation.id
    work.add(finding)


def finding_of(
    work: UnitOfWork, hits: tuple[Hit, ...], source: MessageSource, text: str, at: datetime
) -> MessageFinding:
    """Return an open finding of what a text says, not kept yet; there is at least one hit."""
    finding = MessageFinding(
        source=source, hits=len(hits), severe=any(hit.rule.severe for hit in hits),
        labels="、".join(dict.fromkeys(hit.rule.label for hit in hits))[:255],
        words="、".join(dict.fromkeys(hit.words for hit in hits))[:1000], text=text[:4000],
        rules_version=work.content[MESSAGE_RULES].version, staff_id=work.actor.staff_id, staff_name=work.actor.name,
        at=at,
    )  # fmt: skip
    finding_life.enter(finding, "open", work.now)
    return finding


def keep_reception(
    work: UnitOfWork, appointment: Appointment, wanted: Sequence[str], done: Sequence[str]
) -> None:
    """Judge a reception by its steps and keep it; nothing where this place has no rules."""
    rules: ReceptionRules | None = work.content.get(RECEPTION_RULES)
    if rules is None:
        return
    came = judge(appointment.kind, wanted, done, rules)
    check = ReceptionCheck(
        id=stable_id("reception_check", appointment.id), org_id=appointment.org_id, appointment_id=appointment.id,
        patient_id=appointment.patient_id, kind=appointment.kind, staff_id=appointment.staff_id,
        staff_name=appointment.staff_name, missing=len(came.missing),
        missing_steps=[*came.missing, *came.other_missing], disordered=came.disordered, score=came.score,
        threshold=came.threshold, irregular=came.irregular, rules_version=rules.version, at=work.now,
    )  # fmt: skip
    reception_life.enter(check, "open" if came.irregular else "in_order", work.now)
    work.add(check)
