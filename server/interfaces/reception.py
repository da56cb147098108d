"""Taking one message in: parsed, mapped and checked before it is kept, so that what is kept can be applied."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec

from domain.catalog.content import Catalog
from domain.interop.partner_records import Charset
from domain.kernel.clock import CLINIC_TIME, Clock
from domain.kernel.columns import to_microseconds
from domain.kernel.commands import command_of
from domain.kernel.errors import DomainError, KnownError
from domain.kernel.ids import Id, new_id
from domain.kernel.texts import Texts
from server.interfaces.facilities import Facilities
from server.interfaces.hl7.ack import acknowledgment_code, build_ack
from server.interfaces.hl7.adt import read_person
from server.interfaces.hl7.header import Header, read_header, salvage_header
from server.interfaces.hl7.message import Message, parse_message
from server.interfaces.hl7.oru import read_results
from server.interfaces.hl7.requests import ORDER_EVENTS, read_orders, read_study
from server.interfaces.hl7.results import ResultMessage
from server.interfaces.inbox import Arrival, Inbox, content_digest
from server.interfaces.intake import order_of
from server.interfaces.partner_book import NOBODY, PartnerBook, Sender
from server.interfaces.persons import numbers_of_results, orders_of, person_of, study_of
from server.interfaces.work import StoredAttachment, Work
from sync.blobs import BlobStore

_NO_CODES: Mapping[str, str] = {}
_MOST_CONTROL_ID = 199


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with a message: keep `arrival` and then answer, or answer at once.

    `answer` is empty where the sender asked for none; `refused` is the code of the reason, `sender` who sent it.
    """

    answer: bytes
    arrival: Arrival | None = None
    refused: str | None = None
    sender: str = ""


class Reception:
    """Judges messages; the caller keeps what is accepted.

    Args:
        inbox: Where kept messages are looked up.
        facilities: Organisations by MSH-4.
        catalog: What codes and units mean.
        texts: Sentences of acknowledgments.
        blobs: Where documents inside messages go.
        clock: Time.
        production: Refuse test messages.
        charset: Where MSH-18 says nothing.
        codes: The endpoint's own codes and the catalogue keys they mean.
        partners: What is known of who sends.
    """

    def __init__(
        self,
        *,
        inbox: Inbox,
        facilities: Facilities,
        catalog: Catalog,
        texts: Texts,
        blobs: BlobStore,
        clock: Clock,
        production: bool = True,
        charset: Literal["auto", "utf-8", "gb18030"] = "auto",
        codes: Mapping[str, str] = _NO_CODES,
        partners: PartnerBook | None = None,
    ) -> None:
        self._inbox = inbox
        self._facilities = facilities
        self._catalog = catalog
        self._texts = texts
        self._blobs = blobs
        self._clock = clock
        self._production = production
        self._charset = charset
        self._codes = codes
        self._partners = partners

    def judge(self, data: bytes) -> Verdict:
        """Return what to do with a message; every known failure becomes its acknowledgment."""
        header: Header | None = None
        try:
            message = parse_message(data, charset=self._charset_of(data))
            header = read_header(message, zone=CLINIC_TIME, production=self._production)
            known = self._inbox.find(header.sender, header.message_control_id)
            if known is None:
                return self._new(message, header, data)
            if known.digest != content_digest(data):
                raise DomainError("interface.control_id_reused", "MSH-10", location="MSH^1^10")
            return Verdict(known.ack, sender=header.sender)
        except KnownError as error:
            return self.refusal(error, header or salvage_header(data))

    def refusal(self, error: KnownError, header: Header | None = None) -> Verdict:
        """Return the answer to a message that is refused."""
        return Verdict(
            self._ack(header, error), refused=error.code, sender=header.sender if header is not None else ""
        )

    def _charset_of(self, data: bytes) -> str:
        """Return in which characters a message is read that does not say: its partner's where that is set."""
        salvaged = salvage_header(data) if self._partners is not None else None
        known = self._sender(salvaged.sender) if salvaged is not None else NOBODY
        return "gb18030" if known.charset is Charset.GB18030 else self._charset

    def _sender(self, name: str) -> Sender:
        return self._partners.sender(name) if self._partners is not None else NOBODY

    def _new(self, message: Message, header: Header, data: bytes) -> Verdict:
        if len(header.message_control_id) > _MOST_CONTROL_ID:
            raise DomainError("hl7.field_missing", "MSH-10", location="MSH^1^10", name="MSH-10")
        org_id = self._facilities.org_of(header.sending_facility)
        now = self._clock()
        work = self._work_of(message, header, org_id, now)
        for order in (work.first(), work.study):
            if order is not None:
                command_of(order).check(order)
        answer = self._ack(header, None)
        arrival = Arrival(
            header.sender, header.message_control_id, org_id, to_microseconds(now), data,
            msgspec.json.encode(work), answer,
        )  # fmt: skip
        return Verdict(answer, arrival, sender=header.sender)

    def _work_of(self, message: Message, header: Header, org_id: Id, now: datetime) -> Work:
        """Return what a message asks for, by its type."""
        sender = self._sender(header.sender)
        if header.message_code == "ADT":
            told = read_person(message, header, zone=CLINIC_TIME, now=now)
            return Work(person=person_of(told, org_id, sender.role))
        if header.message_code in ORDER_EVENTS:
            orders = read_orders(message, header, zone=CLINIC_TIME, now=now)
            if orders.study is None:
                return Work(orders=orders_of(orders, org_id))
            numbers = [one.number for one in orders.items]
            numbers += [orders.visit_number, orders.study.accession]
            return Work(study=study_of(header, orders.patient, orders.study, numbers, org_id))
        found = read_results(
            message, self._catalog, zone=CLINIC_TIME, now=now, codes={**self._codes, **sender.codes},
            units=sender.units, production=self._production,
        )  # fmt: skip
        study = read_study(message, CLINIC_TIME)
        return Work(
            order=order_of(found, org_id, self._catalog, self._texts, narrates=sender.narrates),
            study=study_of(header, found.patient, study, numbers_of_results(found), org_id)
            if study
            else None,
            attachments=self._stored(found),
        )

    def _stored(self, found: ResultMessage) -> list[StoredAttachment]:
        return [
            StoredAttachment(
                sha256=self._blobs.put([one.data]),
                size=len(one.data),
                media_type=(one.content_type or "application/octet-stream")[:120],
                name=(one.name or one.code or "附件")[:120],
            )
            for one in found.attachments
        ]

    def _ack(self, header: Header | None, error: KnownError | None) -> bytes:
        code = acknowledgment_code(error, header)
        if code is None:
            return b""
        text = self._texts.explain(error) if error else ""
        control_id = new_id().hex[:20]
        return build_ack(
            code,
            header,
            control_id=control_id,
            now=self._clock().astimezone(CLINIC_TIME),
            error=error,
            text=text,
        )
