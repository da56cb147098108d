"""Which files that came by links were never handed in, and may be removed from the centre's store of files.

A file stays while anything names it: an attachment of whatever record (handed in, here or at the desk), or the draft
of a link that is open, was settled at the desk (it may still be taken over), or was closed less than `KEPT` ago.
"""

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import select

from domain.checkup.form_files import url_of
from domain.checkup.records import Attachment
from domain.kernel.commands import command, handles
from domain.kernel.unit_of_work import UnitOfWork
from domain.links.records import PageUpload, PersonLink

KEPT = timedelta(days=30)
"""How long after the upload, and after the link's end, a file that was not handed in is kept."""
AT_ONCE = 200


@command("link.sweep_uploads", "清理未提交的上传文件", permission="system.housekeeping", place="internal")
class SweepUploads:
    """Find what is to be removed; of the server's housekeeping alone."""


@handles(SweepUploads)
def sweep_uploads(_order: SweepUploads, work: UnitOfWork) -> list[str]:
    """Return the hashes of files that nothing names any more; each is told once, handed-in ones never."""
    before = work.now - KEPT
    query = (
        select(PageUpload)
        .where(PageUpload.looked_at.is_(None), PageUpload.uploaded_at < before)
        .order_by(PageUpload.uploaded_at)
        .limit(AT_ONCE)
    )
    gone: dict[str, None] = {}
    for upload in work.list(query):
        if work.find(Attachment, sha256=upload.sha256) is not None:
            upload.looked_at = work.now
        elif not _is_named(work, upload, before):
            upload.looked_at = work.now
            gone[upload.sha256] = None
    return list(gone)


def _is_named(work: UnitOfWork, upload: PageUpload, before: datetime) -> bool:
    """Tell whether a draft that may still be handed in names the file, or another person sent the same one."""
    others = select(PageUpload).where(
        PageUpload.sha256 == upload.sha256, PageUpload.looked_at.is_(None), PageUpload.uploaded_at >= before
    )
    if work.list(others.limit(1)):
        return True
    same = select(PageUpload.patient_id).where(
        PageUpload.sha256 == upload.sha256, PageUpload.looked_at.is_(None)
    )
    links = select(PersonLink).where(PersonLink.patient_id.in_(same), PersonLink.draft.is_not(None))
    url = url_of(upload.sha256).encode()
    return any(
        (link.settled_by is not None or (link.revoked_at or link.expires_at) >= before)
        and url in msgspec.json.encode(link.draft)
        for link in work.list(links)
    )
