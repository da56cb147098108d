"""Photos and files from a phone: looked at by size and first bytes, stored by content, named by the answer.

What a question does not take is refused before it is read, or at its first bytes. No page ever shows a file that was
sent: it is an attachment like any other, and travels and is opened as those are.
"""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from domain.checkup.form_files import SCHEME, url_of
from domain.kernel.errors import DomainError, KnownError, UnavailableError
from forms.attachments import HEAD, MOST_TITLE, WHOLE, check_attachment, check_head
from forms.nodes import Place
from forms.pages import Page
from forms.questionnaire import Item, ItemType
from forms.session import FormSession
from forms.values import Attachment
from server.api.dependencies import CentreDep
from server.centre import Centre
from server.pages.answering import HEADERS
from server.pages.fields import FILES, name_of
from server.pages.opening import COOKIE, TRIES_TO_SAVE, form_of, links_of, opened, session_of
from sync.blobs import PIECE_BYTES
from sync.passing_file import PassingFile

MOST_UPLOADS = 120
"""Files that may be sent by one link, those taken away again among them."""
DROP = "~drop"
_NAME = re.compile(r"[\x00-\x1f\x7f/\\\\]")
file_router = APIRouter()


def take_away(session: FormSession, page: Page, sent: Mapping[str, Sequence[str]], *, whole: bool) -> None:
    """Take the files away that a page says; `whole`: it shows those of the whole form too."""
    for one in sent.get(DROP, ()):
        name, _, number = one.rpartition("|")
        if not (number.isascii() and number.isdigit() and len(number) < 4):
            continue
        place = next((p for p in page.places if name_of(p) == name), None)
        if whole and name == name_of(FILES):
            session.detach(int(number))
        elif place is not None and session.item(place.link_id).type is ItemType.ATTACHMENT:
            others = [file for at, file in enumerate(session.answers(*place)) if at != int(number)]
            session.set_answer(place.link_id, *others, at=place.at)


@file_router.post("/{token}/file")
async def take_file(request: Request, centre: CentreDep, token: str, at: str = "") -> Response:
    """Store a file and put it to a question; answers with why not in ``problem``."""
    try:
        told = request.headers.get("content-length", "")
        size = int(told) if told.isascii() and told.isdigit() and len(told) < 12 else None
        upload = await run_in_threadpool(_Upload, request, centre, token, at, size)
        try:
            async for piece in request.stream():
                await run_in_threadpool(upload.take, piece)
            await run_in_threadpool(upload.keep)
        finally:
            upload.close()
    except KnownError as error:
        return JSONResponse({"problem": centre.texts.explain(error)}, 422, headers=HEADERS)
    return JSONResponse({"problem": ""}, headers=HEADERS)


class _Upload:
    """One file on its way: for whom, to which question, and how much there may be of it.

    Raises:
        DomainError: Nothing is read of a file that nobody may send, that is too large, or for which nobody asks.
    """

    def __init__(self, request: Request, centre: Centre, token: str, at: str, size: int | None) -> None:
        self._request, self._token, self._at, self._blobs = request, token, at, centre.blobs
        self._links = links_of(request, centre)
        self._name = _NAME.sub("_", unquote(request.headers.get("x-file-name", "")))[-MOST_TITLE:] or "照片"
        link = opened(request, self._links, token)
        if not self._links.holds(link, request.cookies.get(COOKIE)):
            raise DomainError("link.session_over")
        _, self._item = self._question(session_of(form_of(self._links, link), link))
        if link.uploads >= MOST_UPLOADS:
            raise DomainError("link.too_many_files", limit=MOST_UPLOADS)
        check_attachment(self._item, "", size)
        self._blobs.check_room(size or 0)
        self._file = PassingFile(self._blobs.root / "tmp")
        self._sha1 = hashlib.sha1(usedforsecurity=False)
        self._head, self._taken = b"", 0

    def take(self, piece: bytes) -> None:
        """Take what has come; refuses what grows too large or is of another type as soon as that can be told."""
        self._taken += len(piece)
        check_attachment(self._item, "", self._taken)
        if len(self._head) < HEAD:
            self._head = (self._head + piece)[:HEAD]
            if len(self._head) == HEAD:
                check_head(self._item, self._head, self._taken)
        self._sha1.update(piece)
        try:
            self._file.write(piece)
        except OSError as error:
            raise UnavailableError("blob.disk_full", reason=error.strerror or "") from error

    def keep(self) -> None:
        """Store the file and name it in the draft; it is on the disk when this returns."""
        if not self._taken:
            raise DomainError("link.empty_file")
        kind = check_head(self._item, self._head, self._taken)
        url = url_of(self._blobs.put(self._file.pieces(PIECE_BYTES)))
        digest = base64.b64encode(self._sha1.digest()).decode()
        file = Attachment(kind, url, self._taken, self._name, digest)
        for left in reversed(range(TRIES_TO_SAVE)):
            try:
                return self._name_it(file)
            except DomainError as error:
                if error.code != "link.moved" or not left:
                    raise
        return None

    def close(self) -> None:
        """Let go of what was written on the way."""
        self._file.close()

    def _name_it(self, file: Attachment) -> None:
        link = opened(self._request, self._links, self._token)
        session = session_of(form_of(self._links, link), link)
        place, item = self._question(session)
        if place == FILES:
            session.attach(file)
        else:
            others = session.answers(*place) if item.repeats else ()
            session.set_answer(place.link_id, *others, file, at=place.at)
        self._links.save(link, session.draft(self._links.now()), upload=file.url.removeprefix(SCHEME))

    def _question(self, session: FormSession) -> tuple[Place, Item]:
        if self._at == name_of(FILES):
            return FILES, WHOLE
        for place in session.places():
            item = session.item(place.link_id)
            if (
                name_of(place) == self._at
                and item.type is ItemType.ATTACHMENT
                and session.is_to_answer(place)
            ):
                return place, item
        raise DomainError("link.no_such_file_question")
