"""Consulting from the client's pages: words, pictures, voices and videos, into the one inbox of the staff."""

import secrets
from dataclasses import dataclass

from fastapi import APIRouter, Request
from sqlalchemy import Connection, select
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.responses import RedirectResponse, Response

from domain.checkup.records import Attachment
from domain.conversations.commands import ReceiveMessage
from domain.conversations.keeping import conversation_id
from domain.conversations.media import HEAD_BYTES, MOST_BYTES, TYPES, MediaKind, media_kind
from domain.conversations.media_commands import ENTITY, KeepMedia
from domain.conversations.records import ConversationKind, ConversationMessage, Direction
from domain.interop.one_person import records_of
from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError, KnownError
from domain.kernel.ids import Id, stable_id
from domain.messaging.records import Channel
from server.centre import Centre
from server.channels.service_reader import SHOWN, clean
from server.pages.answering import HEADERS, answer
from server.pages.links import PAGE
from server.portal.door import Door, DoorDep, id_of
from server.portal.reading import Member, actor_of

router = APIRouter(prefix="/w", include_in_schema=False)
MOST_SAID, MOST_SHOWN = 1000, 60


@dataclass(frozen=True, slots=True)
class Line:
    """One thing said: by whom, when, the words, and the file of it."""

    mine: bool
    by: str
    at: str
    text: str
    file_id: Id | None
    form: str


def said(centre: Centre, of: Member) -> list[Line]:
    """Return what was said on the client's page, the oldest first."""
    m = ConversationMessage.__table__.c
    query = (
        select(
            m.id, m.direction, m.at, m.text, m.form, m.staff_name, m.automatic, Attachment.id.label("file_id")
        )
        .outerjoin(Attachment, (Attachment.subject_id == m.id) & (Attachment.subject == ENTITY))
        .where(m.direction != Direction.NOTE)
        .order_by(m.at.desc(), m.id.desc())
        .limit(MOST_SHOWN)
    )
    with centre.store.read() as connection:
        rows = connection.execute(query.where(m.conversation_id.in_(_talks(connection, of)))).all()
    return [
        Line(
            r.direction == Direction.IN, "自动回复" if r.automatic else (r.staff_name or "工作人员"),
            f"{clinic(r.at):%m-%d %H:%M}", r.text, r.file_id, r.form,
        )
        for r in reversed(rows)
    ]  # fmt: skip


def _talks(connection: Connection, of: Member) -> list[Id]:
    """Return the conversations of these pages of every record of the client."""
    return [conversation_id(Channel.PAGE, PAGE, one.hex) for one in records_of(connection, of.patient_id)]


@router.get("/{account}/consult")
def consult(door: DoorDep, m: str = "") -> Response:
    """Show what was said and ask for more."""
    try:
        return _page(door, door.member(m))
    except KnownError as error:
        return door.sorry(error)


@router.post("/{account}/consult")
async def ask(request: Request, door: DoorDep) -> Response:
    """Take words, and a file if one comes along."""
    async with request.form(max_files=1, max_fields=5) as sent:
        given = {name: value for name, value in sent.items() if isinstance(value, str)}
        file = sent.get("file")
        body = await file.read(MOST_BYTES + 1) if isinstance(file, UploadFile) else b""
    return await run_in_threadpool(_taken, door, given, body)


def _taken(door: Door, given: dict[str, str], body: bytes) -> Response:
    try:
        of = door.member(given.get("m", ""))
        text = clean(given.get("say", "")).strip()[:MOST_SAID]
        try:
            kind = _kind(body)
            if not text and kind is None:
                raise DomainError("talk.nothing")
        except DomainError as error:
            return _page(door, of, door.centre.texts.explain(error), text, 422)
        _keep(door.centre, of, text, given.get("~once", "")[:40] or secrets.token_hex(8), kind, body)
        return RedirectResponse(f"{door.base}/consult?m={of.binding_id.hex}", 303, headers=HEADERS)
    except KnownError as error:
        return door.sorry(error)


def _kind(body: bytes) -> MediaKind | None:
    if not body:
        return None
    kind = media_kind(body[:HEAD_BYTES])
    if kind is None:
        raise DomainError("talk.wrong_kind", types=TYPES)
    if len(body) > kind.most_bytes:
        raise DomainError("talk.too_many")
    return kind


def _keep(centre: Centre, of: Member, text: str, once: str, kind: MediaKind | None, body: bytes) -> None:
    """Keep the bytes, then what was said, then that both belong together; sent twice, it is kept once."""
    actor, sha256 = actor_of(centre, of), centre.blobs.put([body]) if kind else ""
    order = ReceiveMessage(
        channel=Channel.PAGE, account=PAGE, peer=of.patient_id.hex, key=once, org_id=of.org_id,
        text=text or SHOWN.get(kind.form if kind else "", "[文件]"), form=kind.form if kind else "text",
        at=centre.clock(), patient_id=of.patient_id, kind=ConversationKind.CONSULTATION,
    )  # fmt: skip
    centre.dispatcher.run(order, actor)
    if kind:
        message_id = stable_id("conversation_message", Channel.PAGE, PAGE, once)
        keep = KeepMedia(message_id=message_id, sha256=sha256, size=len(body), media_type=kind.media_type)
        centre.dispatcher.run(keep, actor)


def _page(door: Door, of: Member, problem: str = "", typed: str = "", status: int = 200) -> Response:
    return answer(
        "portal_consult.html", status, title="在线咨询", base=door.base, of=of, said=said(door.centre, of),
        problem=problem, typed=typed, most=MOST_SAID, once=secrets.token_hex(16), types=TYPES,
    )  # fmt: skip


@router.get("/{account}/media")
def media(door: DoorDep, m: str = "", f: str = "") -> Response:
    """Return a picture, voice or video of the client's own conversation."""
    try:
        of = door.member(m)
        a, said_ = Attachment.__table__.c, ConversationMessage.__table__.c
        query = (
            select(a.sha256, a.media_type, a.name)
            .join(ConversationMessage.__table__, said_.id == a.subject_id)
            .where(a.id == id_of(f), a.subject == ENTITY)
        )
        with door.centre.store.read() as connection:
            row = connection.execute(query.where(said_.conversation_id.in_(_talks(connection, of)))).first()
        if row is None or not door.centre.blobs.has(row.sha256):
            raise DomainError("portal.no_message")
        # Handed out to be opened elsewhere, never shown inside the page: what somebody sent runs nothing here.
        head = {
            **HEADERS,
            "content-disposition": f'attachment; filename="file.{row.name.rpartition(".")[2]}"',
        }
        return Response(b"".join(door.centre.blobs.read(row.sha256)), media_type=row.media_type, headers=head)
    except KnownError as error:
        return door.sorry(error)
