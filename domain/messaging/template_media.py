"""Pictures and videos of the institution's own texts: they belong to one version and go on to the next."""

from sqlalchemy import select

from domain.checkup.records import Attachment
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.records import MessageTemplate

MEDIA_OF = "message_template"
SHOWN = {"image/jpeg": 5 << 20, "image/png": 5 << 20, "video/mp4": 20 << 20}
"""What a phone shows, and the largest taken: a slow line has to carry it."""
MOST = 6
_LANE = 3


@command("messaging.attach_media", "模板加图片或视频", permission="messaging.templates")
class AttachTemplateMedia:
    """A picture or video is shown with a text of the institution's own; its bytes are in the store already."""

    template_id: Id = ask("模板", kind=Kind.HIDDEN)
    sha256: str = ask("内容摘要", kind=Kind.HIDDEN, max_length=64)
    size: int = ask("字节数", kind=Kind.HIDDEN, low=1)
    media_type: str = ask("类型", kind=Kind.HIDDEN, max_length=60)
    name: str = ask("文件名", kind=Kind.HIDDEN)


@handles(AttachTemplateMedia)
def attach_template_media(order: AttachTemplateMedia, work: UnitOfWork) -> Id:
    """Return the attachment; the same file of one version is kept once.

    Raises:
        DomainError: ``message.retired`` for a version out of use; ``message.bad_media`` (``media_type``) for what a
            phone does not show; ``message.large_media`` (``size``); ``message.much_media`` beyond `MOST`.
    """
    template = work.require(MessageTemplate, order.template_id, "template_id")
    if not template.active:
        raise DomainError("message.retired", field="template_id")
    most = SHOWN.get(order.media_type)
    if most is None:
        raise DomainError("message.bad_media", field="media_type")
    if order.size > most:
        raise DomainError("message.large_media", field="size", most=most >> 20)
    own = stable_id("template_media", template.id, order.sha256)
    known = work.get(Attachment, own)
    if known is not None:
        return known.id
    if len(_of(work, template.id)) >= MOST:
        raise DomainError("message.much_media", field="template_id", most=MOST)
    kept = Attachment(
        id=own, org_id=template.org_id, subject=MEDIA_OF, subject_id=template.id, sha256=order.sha256,
        size=order.size, media_type=order.media_type, name=order.name[-255:], lane=_LANE, added_at=work.now,
        added_by=work.actor.staff_id,
    )  # fmt: skip
    return work.add(kept).id


def carry_media(work: UnitOfWork, earlier: Id, later: MessageTemplate) -> None:
    """Let the pictures and videos of a version belong to the one after it as well."""
    for one in _of(work, earlier):
        work.add(
            Attachment(
                id=stable_id("template_media", later.id, one.sha256), org_id=later.org_id, subject=MEDIA_OF,
                subject_id=later.id, sha256=one.sha256, size=one.size, media_type=one.media_type, name=one.name,
                lane=one.lane, added_at=work.now, added_by=one.added_by,
            )
        )  # fmt: skip


def _of(work: UnitOfWork, template_id: Id) -> list[Attachment]:
    query = select(Attachment).where(Attachment.subject == MEDIA_OF, Attachment.subject_id == template_id)
    return list(work.list(query))
