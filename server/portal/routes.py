"""The routes of the client's pages in WeChat: nothing of a client is shown without a binding that stands now.

A visit begins with WeChat's own word on who is there: a code of the Official Account's silent authorisation, or a
mini program's login, from which its web-view gets a ticket. Who is not bound yet is asked for one of the client's
links and the birth date. Works without scripts, on a slow line.
"""

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from domain.care.execution_commands import ClientNotes
from domain.care.monitored_commands import ClientNotesValue
from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError, KnownError
from domain.portal.commands import (
    OpenPortalForm,
    ReadByPortal,
    ShowByPortal,
)
from forms.final_versions import render_version
from forms.printables import documents, printables
from forms.risk_report import render_risk_report
from forms.risk_reporting import risk_report_data
from server.centre import Centre
from server.pages.answering import HEADERS, answer
from server.pages.form_page import COOKIE as PAGE_COOKIE
from server.pages.message_media import kinds_of, media_file
from server.pages.opening import LinksDep, opened
from server.pages.report_page import report_html
from server.portal import reading
from server.portal.door import Door, DoorDep, fields, id_of
from server.portal.reading import Member, actor_of

router = APIRouter(prefix="/w", include_in_schema=False)
_RISK = "健康风险评估报告（微信）"


@router.get("/{account}")
def home(door: DoorDep, m: str = "") -> Response:
    """Show what there is of a client; nobody there: ask WeChat; nobody bound: ask for a link."""
    try:
        of = door.member(m)
        assert door.visitor is not None  # noqa: S101  (`member` has refused otherwise)
        say = door.centre.texts.say
        found = reading.overview(door.centre, of)
        return answer(
            "portal.html", title="我的健康管理", base=door.base, of=of, found=found, clinic=clinic,
            everybody=reading.members(door.centre, door.visitor),
            named=lambda form: say(f"word.form.{form}") if f"word.form.{form}" in door.centre.texts else form,
            relation=lambda one: say(f"choice.relation.{one}"),
        )  # fmt: skip
    except KnownError as error:
        return door.sorry(error)


@router.get("/{account}/report")
def report(door: DoorDep, m: str = "") -> Response:
    """Show the latest risk report; that it is shown is on record before it is."""
    try:
        of = door.member(m)
        data = _risk(door.centre, of)
        _note(door.centre, of, _RISK)
        body = report_html(data, pdf=f"{door.base}/report.pdf?m={of.binding_id.hex}")
        return Response(body, media_type="text/html; charset=utf-8", headers=HEADERS)
    except KnownError as error:
        return door.sorry(error)


@router.get("/{account}/report.pdf")
def report_pdf(door: DoorDep, m: str = "") -> Response:
    """Return the phone version of the risk report as a file."""
    try:
        of = door.member(m)
        pdf = render_risk_report(documents(), _risk(door.centre, of), "phone")
        _note(door.centre, of, printables()["risk_phone"].label)
        return _file(pdf, "risk-report")
    except KnownError as error:
        return door.sorry(error)


@router.get("/{account}/file")
def checkup_report(door: DoorDep, m: str = "", r: str = "", v: str = "") -> Response:
    """Return a signed checkup report as it was signed, or its phone version, made of what was signed."""
    try:
        of = door.member(m)
        number, pdf = reading.report_file(door.centre, of, id_of(r))
        if v == "phone":
            pdf = _for_a_phone(pdf)
        _note(door.centre, of, f"体检报告 {number}（微信）")
        return _file(pdf, f"report-{number}")
    except KnownError as error:
        return door.sorry(error)


def _for_a_phone(pdf: bytes) -> bytes:
    """Return the phone version; a file of an earlier version of the program has none and is shown as it is."""
    try:
        return render_version(documents(), pdf, "phone")
    except DomainError:
        return pdf


def _risk(centre: Centre, of: Member) -> dict[str, Any]:
    try:
        return risk_report_data(centre.dispatcher, actor_of(centre, of), of.patient_id)
    except DomainError as error:
        if error.code in ("risk.never_assessed", "risk.models_changed"):
            raise DomainError("link.report_not_ready") from error
        raise


def _note(centre: Centre, of: Member, what: str) -> None:
    centre.dispatcher.run(ShowByPortal(binding_id=of.binding_id, what=what), actor_of(centre, of))


def _file(body: bytes, name: str) -> Response:
    head = {**HEADERS, "content-disposition": f'attachment; filename="{name}.pdf"'}
    return Response(body, media_type="application/pdf", headers=head)


@router.post("/{account}/form")
async def form(request: Request, door: DoorDep, links: LinksDep) -> Response:
    """Open a questionnaire that waits, without asking for the birth date again."""
    sent = fields(await request.body())

    def work() -> Response:
        try:
            of = door.member(sent.get("m", ""))
            token = secrets.token_urlsafe(24)
            order = OpenPortalForm(
                binding_id=of.binding_id, task_id=id_of(sent.get("task", "")),
                token_sha256=hashlib.sha256(token.encode()).hexdigest(),
            )  # fmt: skip
            door.centre.dispatcher.run(order, actor_of(door.centre, of))
            onward = RedirectResponse(f"/p/{token}", 303, headers=HEADERS)
            secure = door.centre.settings.tls_cert is not None or door.centre.settings.tls_in_front
            proof = links.proof(opened(request, links, token))
            onward.set_cookie(
                PAGE_COOKIE, proof, path=f"/p/{token}", httponly=True, samesite="strict", secure=secure
            )
            return onward
        except KnownError as error:
            return door.sorry(error)

    return await run_in_threadpool(work)


@router.get("/{account}/message")
def message(door: DoorDep, m: str = "", id: str = "") -> Response:  # noqa: A002  (a name in the address)
    """Show a message, which counts as read."""
    try:
        of = door.member(m)
        told = reading.message(door.centre, of, id_of(id))
        order = ReadByPortal(binding_id=of.binding_id, message_id=id_of(id))
        door.centre.dispatcher.run(order, actor_of(door.centre, of))
        here = f"{door.base}/message-media?m={of.binding_id.hex}&id={id_of(id).hex}"
        media = [(f"{here}&n={at}", kind) for at, kind in enumerate(kinds_of(door.centre, id_of(id)))]
        return answer("portal_message.html", **told, base=door.base, of=of, media=media)
    except KnownError as error:
        return door.sorry(error)


@router.get("/{account}/message-media")
def message_media(door: DoorDep, m: str = "", id: str = "", n: int = 0) -> Response:  # noqa: A002
    """Return a picture or video of one of the client's messages."""
    try:
        of = door.member(m)
        reading.message(door.centre, of, id_of(id))
        return media_file(door.centre, id_of(id), n)
    except KnownError as error:
        return door.sorry(error)


@router.get("/{account}/plan")
def plan(door: DoorDep, m: str = "") -> Response:
    """Show what the client is to do."""
    try:
        of = door.member(m)
        return _plan(door, of)
    except KnownError as error:
        return door.sorry(error)


@router.post("/{account}/plan")
async def note_plan(request: Request, door: DoorDep) -> Response:
    """Note that something was done or not."""
    sent = fields(await request.body())

    def work() -> Response:
        try:
            of = door.member(sent.get("m", ""))
            try:
                order = _noted(of, sent)
                door.centre.dispatcher.run(order, actor_of(door.centre, of))
            except DomainError as error:
                return _plan(door, of, door.centre.texts.explain(error), 422)
            return RedirectResponse(f"{door.base}/plan?m={of.binding_id.hex}", 303, headers=HEADERS)
        except KnownError as error:
            return door.sorry(error)

    return await run_in_threadpool(work)


def _noted(of: Member, sent: Mapping[str, str]) -> ClientNotes | ClientNotesValue:
    """Return what a form of the plan's page says: a value that was measured, or that something was done or not."""
    item = id_of(sent.get("item", ""))
    if "value" in sent:
        try:
            value = float(sent["value"])
        except ValueError as error:
            raise DomainError("input.missing", field="value", label="数值") from error
        return ClientNotesValue(care_item_id=item, patient_id=of.patient_id, value=value)
    outcome = reading.OUTCOMES.get(sent.get("outcome", ""))
    if outcome is None:
        raise DomainError("input.missing", field="outcome", label="执行情况")
    return ClientNotes(care_item_id=item, patient_id=of.patient_id, outcome=outcome)


def _plan(door: Door, of: Member, problem: str = "", status: int = 200) -> Response:
    todo = reading.doings(door.centre, of)
    return answer(
        "portal_plan.html", status, title="我的干预计划", base=door.base, of=of, todo=todo, problem=problem
    )
