"""What MSH says, checked before anything else is read."""

import re
from datetime import datetime, tzinfo

import msgspec

from domain.kernel.errors import DomainError
from server.interfaces.hl7.message import Message
from server.interfaces.hl7.times import read_time

_VERSION = re.compile(r"2\.\d(\.\d)?")


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The header of a message that may be processed; `sender` is ``application|facility`` as sent."""

    message_control_id: str
    sending_application: str
    sending_facility: str
    receiving_application: str
    receiving_facility: str
    message_code: str
    trigger_event: str
    version: str
    processing_id: str
    sent_at: datetime | None
    accept_acknowledgment: str
    application_acknowledgment: str
    declared_charset: str
    charset: str

    @property
    def sender(self) -> str:
        """Who sent it; with `message_control_id` this identifies the message."""
        return f"{self.sending_application}|{self.sending_facility}"


def read_header(message: Message, *, zone: tzinfo, production: bool = True) -> Header:
    """Return the header of a message.

    Args:
        message: A parsed message.
        zone: The clinic's time zone, for times without an offset.
        production: Refuse test and training messages (MSH-11 ``T``, ``D``).

    Raises:
        DomainError: ``hl7.field_missing`` (MSH-9, 10 or 12), ``hl7.version_unsupported``, ``hl7.not_production`` or
            ``hl7.bad_time``; `facts["location"]` names the field as ERR-2 does.
    """
    msh = message.msh
    for field, name in ((9, "MSH-9"), (10, "MSH-10"), (12, "MSH-12")):
        if not msh.text(field):
            raise DomainError("hl7.field_missing", name, location=f"MSH^1^{field}", name=name)
    version = msh.text(12)
    if not _VERSION.fullmatch(version):
        raise DomainError("hl7.version_unsupported", "MSH-12", location="MSH^1^12", version=version)
    processing_id = msh.text(11)
    if production and processing_id in ("T", "D"):
        raise DomainError("hl7.not_production", "MSH-11", location="MSH^1^11", processing_id=processing_id)
    return Header(
        message_control_id=msh.text(10),
        sending_application=msh.text(3),
        sending_facility=msh.text(4),
        receiving_application=msh.text(5),
        receiving_facility=msh.text(6),
        message_code=msh.text(9),
        trigger_event=msh.text(9, 2),
        version=version,
        processing_id=processing_id,
        sent_at=read_time(msh.text(7), zone, "MSH^1^7"),
        accept_acknowledgment=msh.text(15),
        application_acknowledgment=msh.text(16),
        declared_charset=msh.raw(18),
        charset=message.charset,
    )


def salvage_header(data: bytes) -> Header | None:
    """Return what can be told of a message that could not be read, to answer it: its ASCII fields, or None.

    The answer goes out in UTF-8 and says so, whatever the message was in.
    """
    line = data.split(b"\r", 1)[0][:4096]
    separator = line[3:4].decode("ascii", "replace")
    if line[:3] != b"MSH" or not separator or separator.isalnum():
        return None
    fields = [part.decode("ascii", "ignore") for part in line.split(line[3:4])]
    fields = ["MSH", separator, *fields[1:], *[""] * 20]
    code, _, event = fields[9].partition("^")
    return Header(
        message_control_id=fields[10][:199],
        sending_application=fields[3],
        sending_facility=fields[4],
        receiving_application=fields[5],
        receiving_facility=fields[6],
        message_code=code,
        trigger_event=event.split("^")[0],
        version=fields[12] if _VERSION.fullmatch(fields[12]) else "2.5.1",
        processing_id=fields[11],
        sent_at=None,
        accept_acknowledgment=fields[15],
        application_acknowledgment=fields[16],
        declared_charset="UNICODE UTF-8",
        charset="utf-8",
    )
