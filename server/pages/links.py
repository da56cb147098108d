"""Opening a link: its secret, the client's birth date, and the proof of both that the browser keeps."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import select

import resources
from domain.checkup.form_commands import BeginForm
from domain.conversations.commands import ReceiveMessage
from domain.conversations.keeping import conversation_id
from domain.conversations.records import ConversationKind, ConversationMessage, Direction
from domain.kernel.authority import Actor, system_actor
from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.links.birth_dates import read_birth_date
from domain.links.commands import FinishLink, NoteWrongBirthDate, SaveLinkDraft, why_not
from domain.links.message_commands import ReadMessage
from domain.links.records import LinkPurpose, PersonLink
from domain.links.report_commands import ReadReport, is_spent
from domain.messaging.records import Channel, OutboxMessage
from domain.messaging.templates import by_grade
from domain.outgoing.commands import EndOutgoing, HandOutDocument
from domain.outgoing.records import Destination, OutgoingResult
from domain.people.records import Patient
from domain.scales.records import FormTask, ScaleResult
from forms.handing_in import parts_of, plain
from forms.printables import documents, printables
from forms.response import from_json
from forms.risk_report import render_risk_report
from forms.risk_reporting import risk_report_data
from forms.shelf import Taken, take
from server.centre import Centre

PAGE = "page"
"""Account of what clients write on their own page."""
SHOWN_FOR = timedelta(minutes=30)
"""How long a page may be left alone before the birth date is asked again."""


@dataclass(frozen=True)
class OpenLink:
    """A link that can be used now, with the person it belongs to.

    `form`, `form_version` and `task_id` are those of a questionnaire, empty for a report.
    """

    id: Id
    token_sha256: str
    purpose: LinkPurpose
    patient_id: Id
    form: str
    form_version: str
    draft: dict[str, Any] | None
    saved_at: datetime | None
    uploads: int
    task_id: Id | None
    begun: bool
    name: str
    birth_date: date
    org_id: Id
    message_id: Id | None = None
    about_id: Id | None = None


class Links:
    """Links of one centre; holds no state, so that any of its processes may serve any request."""

    def __init__(self, centre: Centre) -> None:
        self._centre = centre
        raw = centre.identity.key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        self._key = hashlib.sha256(b"aftercheck client pages 1" + raw).digest()

    def open(self, token: str) -> OpenLink:
        """Return the link of a secret.

        Raises:
            DomainError: ``link.not_yet`` if there is none, ``link.used``, ``link.settled``, ``link.closed``,
                ``link.expired``; of a report ``link.report_expired`` and, with the last session over, ``link.seen``.
        """
        digest = hashlib.sha256(token.encode()).hexdigest()
        wanted = (
            select(PersonLink.__table__, Patient.name, Patient.birth_date, FormTask.begun_at, FormTask.state)
            .join(Patient, Patient.id == PersonLink.patient_id)
            .outerjoin(FormTask, FormTask.id == PersonLink.task_id)
            .where(PersonLink.token_sha256 == digest)
        )
        with self._centre.store.read() as connection:
            row = connection.execute(wanted).first()
        if row is None:
            raise DomainError("link.not_yet")
        now = self._centre.clock()
        code = why_not(
            used=row.used_at is not None,
            settled=row.settled_by is not None or (row.used_at is None and row.state == "handed_in"),
            revoked=row.revoked_at is not None or row.state in ("lost", "withdrawn"),
            expired=now >= row.expires_at,
        )
        purpose = LinkPurpose(row.purpose)
        if code:
            of_report = purpose is LinkPurpose.REPORT and code == "link.expired"
            raise DomainError("link.report_expired" if of_report else code)
        if purpose is LinkPurpose.REPORT and is_spent(row.openings, row.most_openings, row.opened_at, now):
            raise DomainError("link.seen")
        return OpenLink(
            row.id, digest, purpose, row.patient_id, row.form or "", row.form_version or "", _typed(row.draft),
            row.saved_at, row.uploads, row.task_id, row.begun_at is not None, row.name, row.birth_date, row.org_id,
            row.message_id, row.about_id,
        )  # fmt: skip

    def check_birth_date(self, link: OpenLink, typed: str, *, also: bool | None = None) -> None:
        """Let in who knows the birth date; `also`: whether what else was asked fits, None where nothing was.

        Raises:
            DomainError: ``link.birth_date_needed`` for what is no date, which counts for nothing;
                ``link.wrong_birth_date`` with the tries left, ``link.closed`` after the last.
        """
        said = read_birth_date(typed)
        if said is None:
            raise DomainError("link.birth_date_needed", field="birth_date")
        if said != link.birth_date or also is False:
            left = self._centre.dispatcher.run(NoteWrongBirthDate(link_id=link.id), self.actor(link)).receipt
            if not left:
                raise DomainError("link.closed")
            code = "link.wrong_birth_date" if also is None else "link.wrong_person"
            raise DomainError(code, field="birth_date", left=left)

    def proof(self, link: OpenLink, ends: datetime | None = None) -> str:
        """Return what the browser shows instead of the birth date, until `ends` or for as long as pages may lie."""
        until = int((ends or self._centre.clock() + SHOWN_FOR).timestamp())
        return f"{until}.{self._sign(link, until)}"

    def holds(self, link: OpenLink, proof: str | None) -> bool:
        """Tell whether a proof is of this link and not too old."""
        until, _, signature = (proof or "").partition(".")
        if not until.isascii() or not until.isdigit() or len(until) > 12:
            return False
        fresh = int(until) > self._centre.clock().timestamp()
        return fresh and hmac.compare_digest(signature, self._sign(link, int(until)))

    def form_of(self, link: OpenLink) -> Taken:
        """Return the questionnaire of a link in the version it was given with, also one that is out of use by now.

        Raises:
            DomainError: ``link.retired``: that version is no longer to be had; ``link.form_broken``: it cannot be
                used, with what the staff have to know.
        """
        try:
            with self._centre.store.read() as connection:
                orgs = {link.org_id}
                return take(connection, resources.folder("forms"), link.form, orgs, link.form_version)
        except DomainError as error:
            if error.code in ("form.not_here", "form.other_task"):
                raise DomainError("link.retired", version=link.form_version) from error
            raise DomainError("link.form_broken", reason=self._centre.texts.explain(error)) from error

    def save(
        self, link: OpenLink, draft: dict[str, Any], *, upload: str | None = None, gaps: int | None = None
    ) -> None:
        """Keep what was answered so far; it is on the disk when this returns.

        An `upload` (its SHA-256) is counted and noted. `gaps`: how much is missing or wrong,
        where a page was turned.

        Raises:
            DomainError: ``link.moved`` if another request has saved since the link was opened: open it again.
        """
        if not link.begun and link.task_id is not None:
            self._centre.dispatcher.run(BeginForm(task_id=link.task_id), self.actor(link))
        order = SaveLinkDraft(
            link_id=link.id, draft=plain(draft), seen=link.saved_at, upload=upload, gaps=gaps
        )
        self._centre.dispatcher.run(order, self.actor(link))

    def finish(self, link: OpenLink, response: dict[str, Any], score: float | None) -> bool:
        """Hand the form in; tells whether an answer asks for help at once."""
        taken = self.form_of(link)
        parts = parts_of(taken.form, taken.parts, response)
        order = FinishLink(link_id=link.id, answers=plain(response), score=score, parts=parts)
        done = self._centre.dispatcher.run(order, self.actor(link)).receipt
        urgent = select(ScaleResult.id).where(ScaleResult.id.in_(done.results), ScaleResult.safety)
        with self._centre.store.read() as connection:
            return connection.execute(urgent).first() is not None

    def begin_reading(self, link: OpenLink) -> datetime:
        """Count and note that the report is shown; returns when the session ends.

        What cannot be shown is not counted.

        Raises:
            DomainError: ``link.seen``; ``link.report_not_ready``.
        """
        self.report(link)
        ends: datetime = self._centre.dispatcher.run(ReadReport(link_id=link.id), self.actor(link)).receipt
        return ends

    def report(self, link: OpenLink) -> dict[str, Any]:
        """Return the data set of the client's latest report.

        Raises:
            DomainError: ``link.report_not_ready``: the centre must assess anew first, or has no assessment yet.
        """
        try:
            return risk_report_data(self._centre.dispatcher, self.actor(link), link.patient_id)
        except DomainError as error:
            if error.code in ("risk.never_assessed", "risk.models_changed"):
                raise DomainError("link.report_not_ready") from error
            raise

    def report_pdf(self, link: OpenLink) -> bytes:
        """Return the phone version as PDF; that it goes out is on record before it does."""
        pdf = render_risk_report(documents(), self.report(link), "phone")
        run, actor = self._centre.dispatcher.run, self.actor(link)
        what = printables()["risk_phone"].label
        order = HandOutDocument(what=what, destination=Destination.PHONE, patient_id=link.patient_id)
        out = run(order, actor).receipt
        run(EndOutgoing(outgoing_id=out, result=OutgoingResult.DONE, count=1), actor)
        return pdf

    def note_message_read(self, link: OpenLink) -> None:
        """Note that the client is shown a message."""
        self._centre.dispatcher.run(ReadMessage(link_id=link.id), self.actor(link))

    def say(self, link: OpenLink, text: str, once: str) -> None:
        """Keep what a client writes below a message; the same `once` is kept once."""
        order = ReceiveMessage(
            channel=Channel.PAGE, account=PAGE, peer=link.patient_id.hex, key=once[:60],
            org_id=link.org_id, text=text,
            at=self._centre.clock(), patient_id=link.patient_id, kind=ConversationKind.CONSULTATION,
        )  # fmt: skip
        self._centre.dispatcher.run(order, self.actor(link))

    def said(self, link: OpenLink) -> list[tuple[bool, str, str]]:
        """Return what was said on the page, the oldest first: whether by the client, when, and what."""
        table = ConversationMessage.__table__.c
        wanted = (
            select(table.direction, table.at, table.text)
            .where(table.conversation_id == conversation_id(Channel.PAGE, PAGE, link.patient_id.hex))
            .where(table.direction != Direction.NOTE)
            .order_by(table.at.desc())
            .limit(50)
        )
        with self._centre.store.read() as connection:
            rows = connection.execute(wanted).all()
        return [(r.direction == Direction.IN, f"{clinic(r.at):%m-%d %H:%M}", r.text) for r in reversed(rows)]

    def message(self, link: OpenLink) -> dict[str, Any]:
        """Return title, whole text and sources (number and source, the strongest evidence first) of a message."""
        table = OutboxMessage.__table__.c
        wanted = select(table.title, table.body, table.text, table.sources).where(table.id == link.message_id)
        with self._centre.store.read() as connection:
            row = connection.execute(wanted).first()
        if row is None:
            raise DomainError("link.closed")
        return {"title": row.title, "text": row.body or row.text, "sources": by_grade(row.sources or [])}

    def now(self) -> datetime:
        """Return the moment in clinic time, as forms are dated."""
        return clinic(self._centre.clock())

    def actor(self, link: OpenLink) -> Actor:
        """Return who acts in the name of whoever opened a link."""
        return system_actor(link.org_id, self._centre.identity.device_id, "客户本人")

    def _sign(self, link: OpenLink, until: int) -> str:
        return hmac.new(self._key, f"{link.token_sha256}.{until}".encode(), hashlib.sha256).hexdigest()


def _typed(draft: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return a draft as the form engine reads it: numbers as decimals, with the digits they were given."""
    return from_json(msgspec.json.encode(draft)) if draft else None
