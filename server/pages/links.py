"""Opening a link: its secret, the client's birth date, and the proof of both that the browser keeps."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import select

from domain.checkup.form_commands import BeginForm
from domain.kernel.authority import Actor, system_actor
from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.links.commands import FinishLink, NoteWrongBirthDate, SaveLinkDraft, why_not
from domain.links.records import PersonLink
from domain.people.records import Patient
from domain.scales.records import FormTask, ScaleResult
from forms.response import from_json, to_json
from server.centre import Centre

SHOWN_FOR = timedelta(minutes=30)
"""How long a page may be left alone before the birth date is asked again."""


@dataclass(frozen=True)
class OpenLink:
    """A link that can be used now, with the person it belongs to."""

    id: Id
    token_sha256: str
    form: str
    form_version: str
    draft: dict[str, Any] | None
    task_id: Id
    begun: bool
    name: str
    birth_date: date
    org_id: Id


class Links:
    """Links of one centre; holds no state, so that any of its processes may serve any request."""

    def __init__(self, centre: Centre) -> None:
        self._centre = centre
        raw = centre.identity.key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        self._key = hashlib.sha256(b"aftercheck client pages 1" + raw).digest()

    def open(self, token: str) -> OpenLink:
        """Return the link of a secret.

        Raises:
            DomainError: ``link.not_yet`` if there is none, ``link.used``, ``link.closed``, ``link.expired``.
        """
        digest = hashlib.sha256(token.encode()).hexdigest()
        wanted = (
            select(PersonLink.__table__, Patient.name, Patient.birth_date, FormTask.begun_at)
            .join(Patient, Patient.id == PersonLink.patient_id)
            .join(FormTask, FormTask.id == PersonLink.task_id)
            .where(PersonLink.token_sha256 == digest)
        )
        with self._centre.store.read() as connection:
            row = connection.execute(wanted).first()
        if row is None:
            raise DomainError("link.not_yet")
        now = self._centre.clock()
        code = why_not(row.used_at is not None, row.revoked_at is not None, now >= row.expires_at)
        if code:
            raise DomainError(code)
        return OpenLink(
            row.id, digest, row.form, row.form_version, _typed(row.draft), row.task_id, row.begun_at is not None,
            row.name, row.birth_date, row.org_id,
        )  # fmt: skip

    def check_birth_date(self, link: OpenLink, typed: str) -> None:
        """Let in who knows the birth date.

        Raises:
            DomainError: ``link.birth_date_needed`` for what is no date, which counts for nothing;
                ``link.wrong_birth_date`` with the tries left, ``link.closed`` after the last.
        """
        digits = "".join(mark for mark in typed if mark.isdigit())
        try:
            said = date(int(digits[:4]), int(digits[4:6]), int(digits[6:])) if len(digits) == 8 else None
        except ValueError:
            said = None
        if said is None:
            raise DomainError("link.birth_date_needed", field="birth_date")
        if said != link.birth_date:
            left = self._centre.dispatcher.run(NoteWrongBirthDate(link_id=link.id), self._actor(link)).receipt
            if not left:
                raise DomainError("link.closed")
            raise DomainError("link.wrong_birth_date", field="birth_date", left=left)

    def proof(self, link: OpenLink) -> str:
        """Return what the browser shows from now on instead of the birth date."""
        until = int((self._centre.clock() + SHOWN_FOR).timestamp())
        return f"{until}.{self._sign(link, until)}"

    def holds(self, link: OpenLink, proof: str | None) -> bool:
        """Tell whether a proof is of this link and not too old."""
        until, _, signature = (proof or "").partition(".")
        if not until.isascii() or not until.isdigit() or len(until) > 12:
            return False
        fresh = int(until) >= self._centre.clock().timestamp()
        return fresh and hmac.compare_digest(signature, self._sign(link, int(until)))

    def save(self, link: OpenLink, draft: dict[str, Any]) -> None:
        """Keep what was answered so far; it is on the disk when this returns."""
        if not link.begun:
            self._centre.dispatcher.run(BeginForm(task_id=link.task_id), self._actor(link))
        self._centre.dispatcher.run(SaveLinkDraft(link_id=link.id, draft=_plain(draft)), self._actor(link))

    def finish(self, link: OpenLink, response: dict[str, Any], score: float | None) -> bool:
        """Hand the form in; tells whether an answer asks for help at once."""
        order = FinishLink(link_id=link.id, answers=_plain(response), score=score)
        done = self._centre.dispatcher.run(order, self._actor(link)).receipt
        urgent = select(ScaleResult.id).where(ScaleResult.id.in_(done.results), ScaleResult.safety)
        with self._centre.store.read() as connection:
            return connection.execute(urgent).first() is not None

    def now(self) -> datetime:
        """Return the moment in clinic time, as forms are dated."""
        return clinic(self._centre.clock())

    def _actor(self, link: OpenLink) -> Actor:
        return system_actor(link.org_id, self._centre.identity.device_id, "客户本人")

    def _sign(self, link: OpenLink, until: int) -> str:
        return hmac.new(self._key, f"{link.token_sha256}.{until}".encode(), hashlib.sha256).hexdigest()


def _plain(response: dict[str, Any]) -> dict[str, Any]:
    """Return a response as records keep it: JSON, decimals as numbers."""
    plain: dict[str, Any] = msgspec.json.decode(to_json(response))
    return plain


def _typed(draft: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return a draft as the form engine reads it: numbers as decimals, with the digits they were given."""
    return from_json(msgspec.json.encode(draft)) if draft else None
