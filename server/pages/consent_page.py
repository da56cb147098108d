"""A consent on a phone: part after part is read, each use is answered, the exact bytes are shown, and a finger signs.

Works without scripts but for the signature. What was read when, and by what the person was known, is part of the
evidence under the seal. A question stops the signing until somebody has answered it.
"""

import base64
import io
import threading
from collections.abc import Mapping, Sequence

import pypdfium2
from sqlalchemy import select
from starlette.responses import RedirectResponse, Response

from domain.consent.records import ConsentUse
from domain.consent.remote_commands import (
    DIGITS,
    AskRemoteConsent,
    NoteRemoteProgress,
    RefuseRemoteConsent,
    proof_digits,
)
from domain.kernel.authority import Actor, system_actor
from domain.kernel.errors import DomainError
from domain.people.records import Patient
from forms.consenting.remote import Remote, remote_of, show_remote, shown_of, sign_remote
from server.centre import Centre
from server.pages.answering import HEADERS, answer, masked
from server.pages.links import Links, OpenLink
from server.pages.signatures import written

CLIENT = "客户本人"
DOTS = 1.6
"""Pixels of a picture of a page for each point of the paper: 950 across A4, enough to be enlarged on a phone."""
_ONE = threading.Lock()
"""PDFium is not made for several threads."""


def check_person(centre: Centre, links: Links, link: OpenLink, born: str, digits: str) -> None:
    """Let in who knows birth date and last digits; either wrong is one wrong try.

    Raises:
        DomainError: ``link.digits_needed`` for what cannot be digits, which counts for nothing; else as
            `Links.check_birth_date`.
    """
    said = "".join(mark for mark in digits if mark.isalnum()).upper()
    if len(said) != DIGITS:
        raise DomainError("link.digits_needed", field="birth_date")
    query = select(Patient.id_number, Patient.phone).where(Patient.id == link.patient_id)
    with centre.store.read() as connection:
        known = connection.execute(query).one()
    links.check_birth_date(link, born, also=said == proof_digits(known.id_number, known.phone))


def show_consent(
    centre: Centre, link: OpenLink, token: str, page: int | None, problem: str = "", status: int = 200
) -> Response:
    """Return the page that is on: never one behind what was read."""
    remote, actor = _remote(centre, link)
    if remote.row.state == "asked":
        return answer("consent_asked.html", title=remote.asked.title, question=remote.row.question)
    parts, read = remote.parts(), _read(remote)
    whole = len(read) >= len(parts)
    farthest = len(parts) + (1 if remote.row.shown else 0) if whole else len(read)
    number = farthest if page is None else min(max(page, 0), farthest)
    common = {
        "title": remote.asked.title, "name": masked(link), "number": number, "count": len(parts) + 2,
        "version": remote.row.version, "question": remote.row.question, "reply": remote.row.answer,
        "replied_by": remote.row.answered_name, "problem": problem,
    }  # fmt: skip
    if number < len(parts):
        return answer("consent_part.html", status, blocks=parts[number], **common)
    if number == len(parts):
        chosen = (remote.row.progress or {}).get("chosen", {})
        uses = [(use.value, centre.texts.say(f"choice.consent_use.{use.value}")) for use in remote.asked.uses]
        return answer("consent_choices.html", status, uses=uses, chosen=chosen, **common)
    shown = shown_of(centre.dispatcher, actor, remote)
    return answer(
        "consent_sign.html", status, pictures=pictures(shown), digest=remote.row.shown_sha256,
        signer=remote.row.signer_name, original=f"/p/{token}/consent.pdf", **common,
    )  # fmt: skip


def take_consent(
    centre: Centre, link: OpenLink, token: str, sent: Mapping[str, Sequence[str]], agent: str
) -> Response:
    """Take what a page of the consent sent."""
    go = sent.get("~go", [""])[0]
    remote, actor = _remote(centre, link)
    try:
        if go == "ask":
            question = sent.get("question", [""])[0].strip()[:2000]
            if question:
                centre.dispatcher.run(AskRemoteConsent(link_id=link.id, question=question), actor)
        elif go == "refuse":
            reason = sent.get("question", [""])[0].strip()[:1000] or None
            centre.dispatcher.run(RefuseRemoteConsent(link_id=link.id, reason=reason), actor)
            return answer("consent_done.html", title=remote.asked.title, digest="")
        elif go == "next":
            _turn(centre, link, remote, actor, sent)
        elif go == "choose":
            _choose(centre, link, remote, actor, sent)
        elif go == "sign":
            digest = _sign(centre, link, remote, actor, sent, agent)
            return answer("consent_done.html", title=remote.asked.title, digest=digest)
        elif go.startswith("back"):
            return _onward(token, _whole(go.removeprefix("back")))
    except DomainError as error:
        if error.code not in ("link.consent_choose", "link.consent_sign", "form.signature_refused"):
            raise
        code = "link.consent_sign" if error.code == "form.signature_refused" else error.code
        return show_consent(
            centre, link, token, _whole(sent.get("~page", ["0"])[0]), centre.texts.say(code), 422
        )
    return _onward(token, None)


def consent_original(centre: Centre, link: OpenLink) -> bytes:
    """Return the bytes that are shown to be signed; ``http.not_found`` before there are any."""
    remote, actor = _remote(centre, link)
    shown = shown_of(centre.dispatcher, actor, remote)
    if not shown:
        raise DomainError("http.not_found")
    return shown


def pictures(pdf: bytes) -> list[str]:
    """Return each page as PNG in base64, made of these very bytes."""
    found = []
    with _ONE:
        document = pypdfium2.PdfDocument(pdf)
        try:
            for page in document:
                out = io.BytesIO()
                page.render(scale=DOTS).to_pil().save(out, "PNG", optimize=True)
                found.append(base64.b64encode(out.getvalue()).decode())
        finally:
            document.close()
    return found


def _remote(centre: Centre, link: OpenLink) -> tuple[Remote, Actor]:
    """Return what the link is about; ``link.consent_over`` where it can no longer be signed."""
    actor = system_actor(link.org_id, centre.identity.device_id, CLIENT)
    if link.about_id is None:
        raise DomainError("link.closed")
    try:
        remote = remote_of(centre.dispatcher, actor, link.about_id)
    except DomainError as error:
        raise DomainError("link.consent_over") from error
    if remote.row.state not in ("sent", "asked"):
        raise DomainError("link.consent_over")
    return remote, actor


def _turn(
    centre: Centre, link: OpenLink, remote: Remote, actor: Actor, sent: Mapping[str, Sequence[str]]
) -> None:
    read, number = _read(remote), _whole(sent.get("~page", ["0"])[0])
    if number != len(read) or number >= len(remote.parts()):
        return  # read before: the page that is on is shown
    progress = {**(remote.row.progress or {}), "read": [*read, _now(centre)]}
    centre.dispatcher.run(NoteRemoteProgress(link_id=link.id, progress=progress), actor)


def _choose(
    centre: Centre, link: OpenLink, remote: Remote, actor: Actor, sent: Mapping[str, Sequence[str]]
) -> None:
    read = _read(remote)
    if len(read) < len(remote.parts()):
        raise DomainError("link.consent_read_on")
    said = {use: sent.get(f"use-{use.value}", [""])[0] for use in remote.asked.uses}
    if set(said.values()) - {"yes", "no"} or sent.get("understood", [""])[0] != "yes":
        raise DomainError("link.consent_choose")
    agreed = frozenset(use for use, word in said.items() if word == "yes")
    chosen = {use.value: word for use, word in said.items()}
    progress = {"read": read, "chosen": chosen, "chosen_at": _now(centre)}
    show_remote(
        centre.dispatcher, actor, link.id, remote, frozenset(ConsentUse(one) for one in agreed), progress
    )


def _sign(
    centre: Centre, link: OpenLink, remote: Remote, actor: Actor, sent: Mapping[str, Sequence[str]], agent: str
) -> str:  # fmt: skip
    text = next((one for one in sent.get("~sign:hand", ()) if one), "")
    if not text:
        raise DomainError("link.consent_sign")
    png, strokes = written(text)
    progress = remote.row.progress or {}
    facts = {
        "identity": {"birth_date": "matched", "last_digits": "matched", "at": _now(centre)},
        "read": list(progress.get("read", [])), "chosen_at": str(progress.get("chosen_at", "")),
        "question": remote.row.question, "answer": remote.row.answer, "browser": agent[:200],
        "link": link.token_sha256,
    }  # fmt: skip
    said = sent.get("shown", [""])[0]
    return sign_remote(
        centre.dispatcher, actor, link.id, remote, said, png=png, strokes=strokes, facts=facts
    )  # fmt: skip


def _read(remote: Remote) -> list[str]:
    return [str(one) for one in (remote.row.progress or {}).get("read", [])]


def _now(centre: Centre) -> str:
    return centre.clock().isoformat(timespec="seconds")


def _onward(token: str, page: int | None) -> Response:
    where = f"/p/{token}" if page is None else f"/p/{token}?page={page}"
    return RedirectResponse(where, 303, headers=HEADERS)


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
