"""Writing, reviewing, taking back and bringing up to date the entries of the library; all of it at the centre."""

from collections.abc import Iterable
from typing import Any

import msgspec
import yaml
from sqlalchemy import select

from domain.conduct.keeping import refuse_severe
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.knowledge.content import Piece, Word, named, problems_with
from domain.knowledge.keeping import body, body_of, content_of, entry_id, keep, new_entry, put
from domain.knowledge.records import KnowledgeEntry, KnowledgeVersion, Shelf
from domain.knowledge.shelves import LONGEST
from domain.knowledge.workflow import knowledge_life

WRITE = "knowledge.write"
LONGEST_PACKAGE = 60_000
FOR_CLIENTS = (Shelf.SCIENCE, Shelf.SCRIPT)
"""Libraries whose words are said or given to clients as they stand."""


@command("knowledge.write", "编写知识库条目", permission=WRITE, place="centre")
class WriteEntry:
    """An entry, new or as the next version of the one of this code."""

    kind: Shelf = ask("知识库", kind=Kind.CHOICE)
    code: str = ask("代码（小写字母、数字、下划线；已有的代码即修订该条）", max_length=60)
    title: str = ask("名称", max_length=200)
    diseases: str = ask("病种（用、分开，不填为通用）", default="", max_length=400)
    groups: str = ask("客户群体（用、分开，不填为全部）", default="", max_length=400)
    age_from: int | None = ask("年龄自（岁）", kind=Kind.NUMBER, default=None, low=0, high=120)
    age_to: int | None = ask("年龄至（岁）", kind=Kind.NUMBER, default=None, low=0, high=120)
    tags: str = ask("关键词（用、分开）", default="", max_length=400)
    points: str = ask("内容（每行一条）", kind=Kind.NOTE, max_length=LONGEST)
    source: str = ask("来源（文献或本机构规定）", max_length=300)
    reason: str = ask("修订说明", kind=Kind.NOTE)


@handles(WriteEntry)
def write_entry(order: WriteEntry, work: UnitOfWork) -> Id:
    """Return the id of the entry; it counts at once, marked as not verified.

    Raises:
        DomainError: ``knowledge.kept_elsewhere`` (``code``); ``knowledge.other_library`` (``kind``);
            ``knowledge.bad_entry`` (the field) with what does not fit and what is known;
            ``knowledge.same_entry``; ``input.missing`` (``reason``); ``conduct.not_for_many`` (``points``) for what
            must not be said to a client.
    """
    _reasoned(order.reason)
    words = content_of(work).words
    given = {
        "id": order.code.strip(), "title": order.title.strip(), "source": order.source.strip(),
        "diseases": _names(words.diseases, order.diseases, "diseases", "病种"),
        "groups": _names(words.groups, order.groups, "groups", "客户群体"),
        "age_from": order.age_from, "age_to": order.age_to, "tags": _parts(order.tags),
        "points": [line.strip() for line in order.points.splitlines() if line.strip()],
    }  # fmt: skip
    return _take(work, order.kind, _piece(given, "code"), order.reason.strip(), own=True)


@command("knowledge.review", "复审确认", permission=WRITE, place="centre")
class ReviewEntry:
    """Say that an entry was compared with what is known today and stays as it is; its half year begins anew."""

    knowledge_entry_id: Id = ask("条目", kind=Kind.HIDDEN)
    basis: str = ask("复审依据（对照了什么）", kind=Kind.NOTE)


@handles(ReviewEntry)
def review_entry(order: ReviewEntry, work: UnitOfWork) -> Id:
    """Return the entry's id. Raises ``content.source_missing`` (``basis``); ``knowledge_entry.wrong_state``."""
    if len(order.basis.strip()) < 4:
        raise DomainError("content.source_missing", field="basis")
    entry = work.require(KnowledgeEntry, order.knowledge_entry_id, "knowledge_entry_id")
    work.move(knowledge_life, entry, "renew")
    entry.reviewed_at, entry.reviewed_name = work.now, work.actor.name
    keep(work, entry, f"复审：{order.basis.strip()}")
    return entry.id


@command("knowledge.verify", "核定知识库条目", permission="content.sign", place="centre")
class VerifyEntry:
    """Answer for an entry as it stands: the mark that it waits to be verified goes."""

    knowledge_entry_id: Id = ask("条目", kind=Kind.HIDDEN)
    basis: str = ask("核定依据（文献或本机构规定）", kind=Kind.NOTE)


@handles(VerifyEntry)
def verify_entry(order: VerifyEntry, work: UnitOfWork) -> Id:
    """Return the entry's id.

    Raises:
        DomainError: ``content.source_missing`` (``basis``); ``knowledge.kept_elsewhere``; ``knowledge.own_text`` for
            who wrote this version; ``knowledge.verified_already``.
    """
    if len(order.basis.strip()) < 4:
        raise DomainError("content.source_missing", field="basis")
    entry = _editable(work, order.knowledge_entry_id)
    if not entry.unverified:
        raise DomainError("knowledge.verified_already", field="knowledge_entry_id", title=entry.title)
    v = KnowledgeVersion.__table__.c
    writer = work.connection.execute(
        select(v.written_by).where(v.knowledge_entry_id == entry.id).order_by(v.version.desc()).limit(1)
    ).scalar()
    if writer is not None and writer == work.actor.staff_id:
        raise DomainError("knowledge.own_text", field="knowledge_entry_id", title=entry.title)
    entry.unverified = False
    work.move(knowledge_life, entry, "renew")
    entry.reviewed_at, entry.reviewed_name = work.now, work.actor.name
    keep(work, entry, f"核定：{order.basis.strip()}")
    return entry.id


@command("knowledge.retire", "停用知识库条目", permission=WRITE, place="centre")
class RetireEntry:
    """Nobody finds it any more; its versions stay, and it can be put back."""

    knowledge_entry_id: Id = ask("条目", kind=Kind.HIDDEN)
    reason: str = ask("停用原因", kind=Kind.NOTE)


@handles(RetireEntry)
def retire_entry(order: RetireEntry, work: UnitOfWork) -> Id:
    """Return the entry's id. Raises as `write_entry`; ``knowledge_entry.wrong_state``."""
    _reasoned(order.reason)
    entry = _editable(work, order.knowledge_entry_id)
    work.move(knowledge_life, entry, "retire")
    entry.own = True  # what ships does not put it back
    keep(work, entry, f"停用：{order.reason.strip()}")
    return entry.id


@command("knowledge.restore", "恢复这一版", permission=WRITE, place="centre")
class RestoreEntry:
    """An earlier version counts again, under a number of its own, and waits to be verified."""

    knowledge_version_id: Id = ask("版本", kind=Kind.HIDDEN)
    reason: str = ask("恢复原因", kind=Kind.NOTE)


@handles(RestoreEntry)
def restore_entry(order: RestoreEntry, work: UnitOfWork) -> Id:
    """Return the entry's id. Raises ``input.missing`` (``reason``)."""
    _reasoned(order.reason)
    version = work.require(KnowledgeVersion, order.knowledge_version_id, "knowledge_version_id")
    entry = work.require(KnowledgeEntry, version.knowledge_entry_id, "knowledge_version_id")
    piece = msgspec.convert({**version.body, "version": 1}, Piece)
    work.move(knowledge_life, entry, "restore")
    put(work, entry, piece, own=True)
    keep(work, entry, f"恢复第 {version.version} 版：{order.reason.strip()}")
    return entry.id


class Package(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Entries of one library, as an authority or the head office hands them out."""

    package: str
    kind: Shelf
    entries: tuple[dict[str, Any], ...]


@command("knowledge.import", "导入知识包", permission=WRITE, place="centre")
class ImportKnowledge:
    """New and changed entries by a package; all of it or nothing."""

    text: str = ask("知识包内容（YAML：package、kind、entries）", kind=Kind.NOTE, max_length=LONGEST_PACKAGE)
    reason: str = ask("更新说明", kind=Kind.NOTE)


@handles(ImportKnowledge)
def import_knowledge(order: ImportKnowledge, work: UnitOfWork) -> list[str]:
    """Return the titles of what is new or changed.

    Raises:
        DomainError: ``knowledge.bad_package`` (``text``) with the entry and what does not fit;
            ``knowledge.same_entry`` where nothing would change; as `write_entry`.
    """
    _reasoned(order.reason)
    try:
        package = msgspec.convert(yaml.safe_load(order.text), Package)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"第 {mark.line + 1} 行" if mark is not None else "内容"
        raise DomainError("knowledge.bad_package", field="text", place=place, problem="不是 YAML") from error
    except msgspec.ValidationError as error:
        raise DomainError(
            "knowledge.bad_package", field="text", place="内容", problem=str(error)[:200]
        ) from error
    changed: list[str] = []
    for number, given in enumerate(package.entries, 1):
        place = f"第 {number} 条 {given.get('id', '')}"
        try:
            piece = _piece({**given, "status": "UNVERIFIED"}, "text")
            wrong = problems_with(content_of(work).words, piece)
            if wrong:
                raise DomainError("knowledge.bad_entry", field="text", what="；".join(wrong), known="")
            _take(work, package.kind, piece, f"{package.package}：{order.reason.strip()}", own=True)
        except DomainError as error:
            if error.code == "knowledge.same_entry":
                continue
            problem = str(error.facts.get("what") or error.facts.get("where") or error.code)
            raise DomainError("knowledge.bad_package", field="text", place=place, problem=problem) from error
        changed.append(piece.title)
    if not changed:
        raise DomainError("knowledge.same_entry", field="text", title=package.package)
    return changed


def _reasoned(reason: str) -> None:
    if not reason.strip():
        raise DomainError("input.missing", field="reason", label="修订说明")


def _parts(text: str) -> list[str]:
    said = text.replace("，", "、").replace(",", "、")
    return list(dict.fromkeys(part.strip() for part in said.split("、") if part.strip()))


def _names(words: Iterable[Word], text: str, field: str, label: str) -> list[str]:
    known = list(words)
    found = {part: named(known, part) for part in _parts(text)}
    wrong = [part for part, name in found.items() if name is None]
    if wrong:
        raise DomainError(
            "knowledge.bad_entry", field=field, what=f"{label} {'、'.join(wrong)}",
            known=f"可用：{'、'.join(w.name for w in known)}",
        )  # fmt: skip
    return [name for name in found.values() if name is not None]


def _piece(given: dict[str, Any], field: str) -> Piece:
    try:
        piece = msgspec.convert(given, Piece)
    except msgspec.ValidationError as error:
        raise DomainError("knowledge.bad_entry", field=field, what=str(error)[:200], known="") from error
    if piece.age_from is not None and piece.age_to is not None and piece.age_from > piece.age_to:
        raise DomainError(
            "knowledge.bad_entry", field="age_to", what=f"年龄 {piece.age_from}–{piece.age_to}", known=""
        )
    if len("\n".join(piece.points)) > LONGEST:
        raise DomainError("knowledge.bad_entry", field=field, what=f"内容超过 {LONGEST} 字", known="")
    return piece


def _editable(work: UnitOfWork, record_id: Id) -> KnowledgeEntry:
    entry = work.require(KnowledgeEntry, record_id, "knowledge_entry_id")
    if entry.kept_in is not None:
        raise DomainError("knowledge.kept_elsewhere", field="knowledge_entry_id", title=entry.title)
    return entry


def _take(work: UnitOfWork, kind: Shelf, piece: Piece, reason: str, *, own: bool) -> Id:
    if kind in FOR_CLIENTS:
        refuse_severe(work, "\n".join([piece.title, *piece.points]), "points")
    entry = work.get(KnowledgeEntry, entry_id(piece.id))
    if entry is None:
        return new_entry(work, kind, piece, own=own, reason=reason)
    if entry.kept_in is not None:
        raise DomainError("knowledge.kept_elsewhere", field="code", title=entry.title)
    if entry.kind != kind:
        raise DomainError("knowledge.other_library", field="kind", title=entry.title)
    if entry.state == "in_force" and body(entry) == body_of(piece):
        raise DomainError("knowledge.same_entry", field="code", title=entry.title)
    work.move(knowledge_life, entry, "restore")
    put(work, entry, piece, own=own)
    keep(work, entry, reason)
    return entry.id
