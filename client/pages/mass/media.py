"""A picture or video for a template: looked at, put on the disk by content, then named by one command. No Qt."""

from pathlib import Path

from sqlalchemy import select

from client.station import Context
from domain.conversations.media import HEAD_BYTES, media_kind
from domain.kernel.errors import DomainError, UnavailableError
from domain.kernel.rows import scoped
from domain.messaging.records import MessageTemplate
from domain.messaging.template_media import SHOWN, AttachTemplateMedia


def media_order(context: Context, code: str, path: Path) -> AttachTemplateMedia:
    """Return the command that adds a file to the institution's own template of a code; its bytes are on the disk.

    Raises:
        DomainError: ``message.not_own``: what ships has none of its own; ``message.bad_media``,
            ``message.large_media``.
        UnavailableError: ``attachment.unreadable``; ``blob.disk_full``.
    """
    t = MessageTemplate.__table__.c
    with context.desk.store.read() as connection:
        query = scoped(select(t.id), MessageTemplate, context.actor).where(t.code == code, t.active)
        template_id = connection.execute(query).scalar()
    if template_id is None:
        raise DomainError("message.not_own", field="template")
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            kind = media_kind(file.read(HEAD_BYTES))
        if kind is None or kind.media_type not in SHOWN:
            raise DomainError("message.bad_media", field="media_type")
        if size > SHOWN[kind.media_type]:
            raise DomainError("message.large_media", field="size", most=SHOWN[kind.media_type] >> 20)
        blobs = context.desk.blobs
        blobs.check_room(size)
        sha256 = blobs.put([path.read_bytes()])
    except OSError as error:
        raise UnavailableError("attachment.unreadable", name=path.name) from error
    return AttachTemplateMedia(
        template_id=template_id, sha256=sha256, size=size, media_type=kind.media_type, name=path.name
    )
