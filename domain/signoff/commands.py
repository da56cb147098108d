"""Listing what is marked, signing it, taking a signature back."""

from typing import Any

from sqlalchemy import select

from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.signoff.mark import Mark
from domain.signoff.records import ContentMark
from domain.signoff.workflow import mark_life

SIGN = "content.sign"


@command("content.list_marks", "登记待核定内容", permission=None, place="internal")
class ListMarks:
    """Bring the list of marked parts up to what this program's content says."""

    marks: list[Any] = ask("内容", kind=Kind.HIDDEN)


@handles(ListMarks)
def list_marks(order: ListMarks, work: UnitOfWork) -> int:
    """Return how many rows changed; a part whose numbers changed since it was signed waits again."""
    found: dict[str, Mark] = {mark.key: mark for mark in order.marks}
    kept = {row.key: row for row in work.list(select(ContentMark))}
    changed = 0
    for key, mark in found.items():
        row = kept.get(key)
        if row is None:
            row = ContentMark(id=stable_id("content_mark", key), key=key, **_said(mark))
            mark_life.enter(row, "waiting", work.now)
            work.add(row)
            changed += 1
            continue
        other = {name: value for name, value in _said(mark).items() if getattr(row, name) != value}
        for name, value in other.items():
            setattr(row, name, value)
        again = row.state == "gone" or (row.state == "signed" and row.signed_digest != mark.digest)
        if again:
            work.move(mark_life, row, "change")
            row.signed_digest = None
        changed += bool(other) or again
    for key, row in kept.items():
        if key not in found and row.state != "gone":
            work.move(mark_life, row, "remove")
            changed += 1
    return changed


@command("content.sign", "核定", permission=SIGN)
class SignMark:
    """Answer for a part of the content: what it was compared with is said and stays."""

    mark_id: Id = ask("待核定内容", kind=Kind.HIDDEN)
    second_source: str = ask("核定依据（文献或本机构规定）", kind=Kind.NOTE)


@handles(SignMark)
def sign_mark(order: SignMark, work: UnitOfWork) -> None:
    """Take the mark away everywhere, from the next use on; what was judged before keeps its own.

    Raises:
        DomainError: ``content.source_missing`` (``second_source``); ``content_mark.wrong_state``.
    """
    mark = work.require(ContentMark, order.mark_id, "mark_id")
    if len(order.second_source.strip()) < 4:
        raise DomainError("content.source_missing", field="second_source")
    work.move(mark_life, mark, "sign")
    mark.signed_digest, mark.second_source, mark.reason = mark.digest, order.second_source.strip(), None
    mark.signed_by, mark.signed_name, mark.signed_at = work.actor.staff_id, work.actor.name, work.now


@command("content.withdraw", "撤销核定", permission=SIGN)
class WithdrawMark:
    """Take a signature back; the part is marked again everywhere."""

    mark_id: Id = ask("已核定内容", kind=Kind.HIDDEN)
    reason: str = ask("撤销原因", kind=Kind.NOTE)


@handles(WithdrawMark)
def withdraw_mark(order: WithdrawMark, work: UnitOfWork) -> None:
    """Mark the part again; who had signed stays in the history of the row."""
    mark = work.require(ContentMark, order.mark_id, "mark_id")
    work.move(mark_life, mark, "withdraw")
    mark.signed_digest, mark.reason = None, order.reason.strip()


def _said(mark: Mark) -> dict[str, str]:
    return {
        "kind": mark.kind, "title": mark.title[:300], "part": mark.part[:1000], "source": mark.source[:2000],
        "file_status": mark.status, "digest": mark.digest,
    }  # fmt: skip
