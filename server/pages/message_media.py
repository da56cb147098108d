"""The pictures and videos of a message: those of the template's version it was made of, shown on its page."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select
from starlette.responses import Response

from domain.checkup.records import Attachment
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.messaging.records import MessageTemplate, OutboxMessage
from domain.messaging.template_media import MEDIA_OF, SHOWN
from server.blob_answer import BlobResponse
from server.centre import Centre
from server.pages.answering import HEADERS


def media_of(connection: Connection, message_id: Id) -> Sequence[Any]:
    """Return sha256, media_type and name of what a message shows, in the order it was added."""
    m = OutboxMessage.__table__.c
    told = connection.execute(select(m.template, m.queued_at, m.org_id).where(m.id == message_id)).first()
    if told is None:
        return ()
    version = _version(connection, told.template, told.queued_at)
    if version is None:
        return ()
    a = Attachment.__table__.c
    query = select(a.sha256, a.media_type, a.name).where(
        a.subject == MEDIA_OF, a.subject_id == version, a.media_type.in_(SHOWN), a.added_at <= told.queued_at
    )
    return connection.execute(query.order_by(a.added_at, a.id)).all()


def _version(connection: Connection, code: str, at: datetime) -> Id | None:
    t = MessageTemplate.__table__.c
    query = select(t.id).where(t.code == code, t.saved_at <= at).order_by(t.saved_at.desc(), t.id.desc())
    found: Id | None = connection.execute(query.limit(1)).scalar()
    return found


def kinds_of(centre: Centre, message_id: Id | None) -> list[str]:
    """Return ``image`` or ``video`` for each of what a message shows and is here."""
    if message_id is None:
        return []
    with centre.store.read() as connection:
        found = media_of(connection, message_id)
    return [row.media_type.partition("/")[0] for row in found if centre.blobs.has(row.sha256)]


def media_file(centre: Centre, message_id: Id | None, number: int) -> Response:
    """Return one of them, in parts where the player asks for parts. Raises ``portal.no_message``."""
    found: list[Any] = []
    if message_id is not None:
        with centre.store.read() as connection:
            found = [row for row in media_of(connection, message_id) if centre.blobs.has(row.sha256)]
    if not 0 <= number < len(found):
        raise DomainError("portal.no_message")
    row = found[number]
    # What staff put in, known by its first bytes; `nosniff` keeps a browser from taking it for anything else.
    return BlobResponse(centre.blobs, row.sha256, media_type=row.media_type, headers=HEADERS)
