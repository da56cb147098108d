"""What a link opens. Of a questionnaire: on a phone, page by page, kept after every page and every answer.

Works without scripts; with them, answers are kept as they are given and questions appear at once. A slow or lost line
costs at most the answer under way: opening the link again goes on where it was.
"""

import secrets
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

import resources
from domain.kernel.errors import DomainError, KnownError
from domain.kernel.texts import Texts
from domain.links.records import LinkPurpose
from forms.nodes import Place
from forms.pages import Page, gaps_through, next_missing, page_of, pages_of
from forms.questionnaire import Questionnaire
from forms.session import FormSession
from server.api.dependencies import CentreDep
from server.centre import Centre
from server.pages.answering import HEADERS, answer, ask_birth_date, masked, sorry
from server.pages.consent_page import check_person, consent_original, show_consent, take_consent
from server.pages.fields import FORM, fields_at_the_end, fields_of, sentence, take
from server.pages.files import file_router, take_away
from server.pages.links import Links, OpenLink
from server.pages.message_media import kinds_of, media_file
from server.pages.opening import COOKIE, TRIES_TO_SAVE, LinksDep, form_of, opened, session_of
from server.pages.report_page import report_page
from server.pages.signatures import take_signatures
from server.pages.unit_page import digest_page

MOST_SAID = 1000
"""Characters of what a client writes below a message."""
router = APIRouter(prefix="/p", include_in_schema=False)
MOST_FIELDS = 3000
_STATIC = {"page.css": "text/css; charset=utf-8", "page.js": "text/javascript; charset=utf-8"}


@router.get("/static/{name}")
def static(name: str) -> Response:
    """Return the style sheet or the script of the pages."""
    if name not in _STATIC:
        raise DomainError("http.not_found")
    body = (resources.folder("pages") / name).read_bytes()
    return Response(body, media_type=_STATIC[name], headers={"cache-control": "public, max-age=3600"})


router.include_router(file_router)


@router.get("/{token}")
def show(
    request: Request, centre: CentreDep, links: LinksDep, token: str, page: int | None = None
) -> Response:
    """Show the page that is on, or ask for the birth date."""
    try:
        if (unit := digest_page(centre, token)) is not None:
            return unit
        link = opened(request, links, token)
        if not links.holds(link, request.cookies.get(COOKIE)):
            return ask_birth_date(link, _title(links, link))
        if link.purpose is LinkPurpose.REPORT:
            return report_page(links, link, token)
        if link.purpose is LinkPurpose.MESSAGE:
            media = [
                (f"/p/{token}/media/{at}", kind) for at, kind in enumerate(kinds_of(centre, link.message_id))
            ]
            return _message(links, link, _binding(request, centre, token), media)
        if link.purpose is LinkPurpose.CONSENT:
            return show_consent(centre, link, token, page)
        session = session_of(form_of(links, link), link)
        pages = pages_of(session)
        return _form_page(centre, link, session, pages, _number(session, pages, page), {})
    except KnownError as error:
        return sorry(centre.texts, error)


@router.get("/{token}/media/{number}")
def message_media(request: Request, centre: CentreDep, links: LinksDep, token: str, number: int) -> Response:
    """Return a picture or video of a message; only while its page may be read."""
    try:
        link = opened(request, links, token)
        if link.purpose is not LinkPurpose.MESSAGE or not links.holds(link, request.cookies.get(COOKIE)):
            return RedirectResponse(f"/p/{token}", 303, headers=HEADERS)
        return media_file(centre, link.message_id, number)
    except KnownError as error:
        return sorry(centre.texts, error)


@router.get("/{token}/report.pdf")
def report_pdf(request: Request, centre: CentreDep, links: LinksDep, token: str) -> Response:
    """Return the report's phone version to keep; only while the page may be read."""
    try:
        link = opened(request, links, token)
        if link.purpose is not LinkPurpose.REPORT or not links.holds(link, request.cookies.get(COOKIE)):
            return RedirectResponse(f"/p/{token}", 303, headers=HEADERS)
        head = {**HEADERS, "content-disposition": 'attachment; filename="report.pdf"'}
        return Response(links.report_pdf(link), media_type="application/pdf", headers=head)
    except KnownError as error:
        return sorry(centre.texts, error)


@router.get("/{token}/consent.pdf")
def consent_pdf(request: Request, centre: CentreDep, links: LinksDep, token: str) -> Response:
    """Return the bytes that are to be signed, for a reader of the client's own."""
    try:
        link = opened(request, links, token)
        if link.purpose is not LinkPurpose.CONSENT or not links.holds(link, request.cookies.get(COOKIE)):
            return RedirectResponse(f"/p/{token}", 303, headers=HEADERS)
        head = {**HEADERS, "content-disposition": 'attachment; filename="consent.pdf"'}
        return Response(consent_original(centre, link), media_type="application/pdf", headers=head)
    except KnownError as error:
        return sorry(centre.texts, error)


@router.post("/{token}")
async def send(request: Request, centre: CentreDep, links: LinksDep, token: str) -> Response:
    """Take what the browser sent."""
    body = await request.body()
    return await run_in_threadpool(_taken, request, centre, links, token, body)


def _taken(request: Request, centre: Centre, links: Links, token: str, body: bytes) -> Response:
    try:
        sent = _fields(body)
        if (unit := digest_page(centre, token, sent.get("digits", [""])[0])) is not None:
            return unit
        for left in reversed(range(TRIES_TO_SAVE)):
            link = opened(request, links, token)
            if "birth_date" in sent:
                return _verified(centre, links, link, token, sent)
            if not links.holds(link, request.cookies.get(COOKIE)):
                return ask_birth_date(link, _title(links, link), centre.texts.say("link.session_over"))
            if link.purpose is LinkPurpose.MESSAGE and (said := sent.get("say", [""])[0].strip()):
                links.say(link, said[:MOST_SAID], sent.get("~once", [""])[0] or secrets.token_hex(8))
            if link.purpose is LinkPurpose.CONSENT:
                return take_consent(centre, link, token, sent, request.headers.get("user-agent", ""))
            if link.purpose is not LinkPurpose.FORM:
                return RedirectResponse(f"/p/{token}", 303, headers=HEADERS)
            try:
                return _page_taken(centre, links, link, form_of(links, link), token, sent)
            except DomainError as error:
                if error.code != "link.moved" or not left:
                    raise  # a file came in at the same moment: what was sent is put to what is there now
        raise DomainError("link.moved")
    except KnownError as error:
        return sorry(centre.texts, error)


def _verified(
    centre: Centre, links: Links, link: OpenLink, token: str, sent: Mapping[str, Sequence[str]]
) -> Response:
    typed = sent["birth_date"][0]
    try:
        if link.purpose is LinkPurpose.CONSENT:
            check_person(centre, links, link, typed, sent.get("digits", [""])[0])
        else:
            links.check_birth_date(link, typed)
    except DomainError as error:
        if error.field != "birth_date":
            raise
        return ask_birth_date(link, _title(links, link), centre.texts.explain(error), 422)
    if link.message_id is not None:
        links.note_message_read(link)
    ends = links.begin_reading(link) if link.purpose is LinkPurpose.REPORT else None
    onward = RedirectResponse(f"/p/{token}", 303, headers=HEADERS)
    secure = centre.settings.tls_cert is not None or centre.settings.tls_in_front
    onward.set_cookie(
        COOKIE, links.proof(link, ends), path=f"/p/{token}", httponly=True, samesite="strict", secure=secure
    )
    return onward


def _page_taken(
    centre: Centre,
    links: Links,
    link: OpenLink,
    form: Questionnaire,
    token: str,
    sent: Mapping[str, Sequence[str]],
) -> Response:
    session = session_of(form, link)
    pages = pages_of(session)
    number = _number(session, pages, _whole(sent.get("~page", ["0"])[0]))
    refused = take(session, pages[number], sent, centre.texts)
    is_last = number == len(pages) - 1
    take_away(session, pages[number], sent, whole=is_last)
    refused |= take_signatures(session, pages[number], sent, links.now(), centre.texts, whole=is_last)
    pages = pages_of(session)
    number = min(number, len(pages) - 1)
    go = sent.get("~go", ["stay"])[0]
    turned = go in ("next", "skip", "finish")
    links.save(link, session.draft(links.now()), gaps=gaps_through(pages, number) if turned else None)
    if go == "finish" and not refused:
        return _finished(centre, links, link, session, pages)
    problems = {**_problems(session, pages[number], centre.texts), **refused}
    if go == "stay":
        return _form_page(centre, link, session, pages, number, refused, kept=True)
    if refused or (go == "next" and problems):
        return _form_page(centre, link, session, pages, number, problems, 422, kept=True)
    step = {"next": 1, "skip": 1, "back": -1}.get(go, 0)
    number = min(max(number + step, 0), len(pages) - 1)
    return RedirectResponse(f"/p/{token}?page={number}", 303, headers=HEADERS)


def _finished(
    centre: Centre, links: Links, link: OpenLink, session: FormSession, pages: list[Page]
) -> Response:
    missing = next_missing(session)
    if missing is not None or session.problems():
        number = page_of(session, missing) or 0 if missing is not None else len(pages) - 1
        problems = _problems(session, pages[number], centre.texts)
        return _form_page(centre, link, session, pages, number, problems, 422, kept=True)
    score = session.score()
    urgent = links.finish(link, session.response(links.now()), float(score) if score is not None else None)
    return answer("done.html", title=session.form.title, urgent=urgent)


def _binding(request: Request, centre: Centre, token: str) -> str:
    """Return where whoever reads this inside WeChat may bind the account, '' where there is nothing to bind to."""
    if "MicroMessenger" not in request.headers.get("user-agent", ""):
        return ""
    accounts = centre.sender.book.settings.account
    found = next((one.id for one in accounts if one.kind == "official_account"), "")
    return f"/w/{found}/bind?t={token}" if found else ""


def _message(links: Links, link: OpenLink, binding: str, media: list[tuple[str, str]]) -> Response:
    return answer(
        "message.html",
        binding=binding,
        media=media,
        **links.message(link),
        said=links.said(link),
        once=secrets.token_hex(8),
        most=MOST_SAID,
    )


def _title(links: Links, link: OpenLink) -> str:
    if link.purpose is LinkPurpose.CONSENT:
        return "阅读并签署文件"  # what it is about is told after the birth date
    if link.purpose is LinkPurpose.MESSAGE:
        return "健康管理消息"
    return "健康风险评估报告" if link.purpose is LinkPurpose.REPORT else form_of(links, link).title


def _number(session: FormSession, pages: list[Page], asked: int | None) -> int:
    """Return the page to show: the one asked for, else where something is missing, else the last."""
    if asked is not None:
        return min(max(asked, 0), len(pages) - 1)
    missing = next_missing(session)
    found = page_of(session, missing) if missing is not None else None
    return len(pages) - 1 if found is None else found


def _problems(session: FormSession, page: Page, texts: Texts) -> dict[Place, str]:
    here = set(page.places)
    found: dict[Place, str] = {}
    for problem in session.problems():
        place = Place(problem.link_id, problem.at)
        if place in here:
            found.setdefault(place, sentence(DomainError(problem.code, **problem.facts), texts))
        elif problem.code == "form.unsigned" and not problem.link_id:
            found.setdefault(FORM, sentence(DomainError(problem.code, **problem.facts), texts))
    return found


def _form_page(
    centre: Centre, link: OpenLink, session: FormSession, pages: list[Page], number: int,
    problems: Mapping[Place, str], status: int = 200, *, kept: bool = False,
) -> Response:  # fmt: skip
    page, progress = pages[number], session.progress()
    fields = fields_of(session, page, problems)
    if number == len(pages) - 1:
        fields += fields_at_the_end(session, problems)
    return answer(
        "form.html", status, title=session.form.title, name=masked(link), page=page, number=number,
        count=len(pages), fields=fields, answered=progress.answered,
        total=progress.total, kept=kept,
    )  # fmt: skip


def _fields(body: bytes) -> dict[str, list[str]]:
    try:
        return parse_qs(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise DomainError("link.too_many_fields") from error


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
