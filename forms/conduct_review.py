"""The records that a review looked through as PDF: talks and receptions in full, what is against the rules marked."""

from typing import Any

from sqlalchemy import Connection, select

from domain.conduct.review_records import ConductReview
from domain.conduct.reviewing import Asked, Gathered, Said, gather
from domain.conduct.rules import MESSAGE_RULES
from domain.kernel.authority import Actor
from domain.kernel.columns import Sensitivity
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.rows import NamedRow, records
from domain.people.records import Patient
from domain.version import VERSION
from forms.assessing import organisation_names
from forms.documents import Document, render_pdf


def conduct_review_pdf(dispatcher: Dispatcher, actor: Actor, document: Document, review_id: Id) -> bytes:
    """Return the PDF: read anew by what the review asked for and judged by the rules as they stand now.

    Raises:
        DomainError: ``permission.denied``; ``assessment.clearance``; ``conduct_review.unknown``;
            ``conduct.no_rules``.
    """
    actor.check("conduct.review")
    if actor.clearance < Sensitivity.PERSONAL:
        raise DomainError("assessment.clearance")
    rules = dispatcher.content.get(MESSAGE_RULES)
    if rules is None:
        raise DomainError("conduct.no_rules")
    with dispatcher.store.read() as connection:
        found = records(connection, actor, ConductReview, ConductReview.__table__.c.id == review_id, limit=1)
        if not found:
            raise DomainError("conduct_review.unknown", field="conduct_review_id", value=str(review_id))
        review = found[0]
        asked = Asked(review.since, review.until, review.patient_id, review.about_staff_id)
        gathered = gather(connection, actor, asked, rules)
        head = {"name": organisation_names(connection, review.org_id)[0]}
        about = _about(connection, review)
    hide = actor.clearance < Sensitivity.SENSITIVE  # what was found of the client's health
    return render_pdf(document, _data(dispatcher, review, gathered, head, about, hide=hide))


def _about(connection: Connection, review: NamedRow) -> str:
    parts = []
    if review.patient_id is not None:
        query = select(Patient.__table__.c.name).where(Patient.__table__.c.id == review.patient_id)
        parts.append(f"客户：{connection.execute(query).scalar() or '—'}")
    if review.about_name:
        parts.append(f"员工：{review.about_name}")
    return "　".join(parts) or "全部客户与员工"


def _data(
    dispatcher: Dispatcher, review: NamedRow, found: Gathered, head: dict[str, str], about: str, *, hide: bool
) -> dict[str, Any]:
    say = dispatcher.content["texts"].say
    counts: dict[str, int] = {}
    for one in found.against:
        for hit in one.hits:
            counts[hit.rule.label] = counts.get(hit.rule.label, 0) + 1
    return {
        "organisation": head,
        "review": {
            "about": about, "since": review.since.isoformat(), "until": review.until.isoformat(),
            "at": review.at.isoformat(), "by": review.staff_name, "rules": review.rules_version,
        },
        "totals": {
            "messages": len(found.said), "remarks": len(found.against),
            "late": sum(one.row.in_time is False for one in found.said),
            "unread": sum(one.needs_eyes for one in found.said), "receptions": len(found.receptions),
            "irregular": sum(bool(one["irregular"]) for one in found.receptions),
        },
        "labels": [{"label": label, "count": count} for label, count in sorted(counts.items())],
        "said": [_said(one, say) for one in found.said],
        "receptions": [
            {
                "at": one["starts_at"].isoformat(), "kind": say(f"word.reception_kind.{one['kind']}"),
                "client": one["name"], "staff": one["staff_name"], "score": one["score"],
                "missing": "、".join(one["missing_steps"] or ()), "irregular": bool(one["irregular"]),
                "course": "（无权查看）" if hide else one["course"] or "", "next": one["next_step"],
                "done": one["note"],
            }
            for one in found.receptions
        ],
        "software": {"name": "检后通", "version": VERSION},
    }  # fmt: skip


def _said(one: Said, say: Any) -> dict[str, Any]:
    row = one.row
    client = row.name or row.nickname or "客户"
    remarks = [f"{hit.rule.label}：“{hit.words}”" for hit in one.hits]
    if row.in_time is False:
        remarks.append("超时答复")
    if one.needs_eyes:
        remarks.append(f"{say(f'word.message_form.{row.form}')}须人工查看")
    return {
        "at": row.at.isoformat(), "channel": say(f"word.channel.{row.channel}"),
        "who": (row.staff_name or "") if one.ours else client, "ours": one.ours, "text": row.text,
        "remark": "；".join(remarks) or None,
    }  # fmt: skip
