"""Acknowledgments: ``AA`` stored, ``AE`` the content is wrong (the sender must mend it), ``AR`` not processed.

In enhanced mode (MSH-15 or MSH-16 filled) the same answers go out as ``CA``, ``CE``, ``CR``.
"""

from datetime import datetime
from typing import Literal

from domain.kernel.errors import DomainError, KnownError
from server.interfaces.hl7.escapes import escape
from server.interfaces.hl7.header import Header
from server.interfaces.hl7.message import composite, write_message
from server.interfaces.hl7.times import write_time

AcknowledgmentCode = Literal["AA", "AE", "AR", "CA", "CE", "CR"]
_COMMIT: dict[str, AcknowledgmentCode] = {"AA": "CA", "AE": "CE", "AR": "CR"}

# Refusals that are no fault of the content: the sender may try again, or send elsewhere.
_REJECTED = {
    "hl7.type_unsupported": ("200", "Unsupported message type"),
    "hl7.event_unsupported": ("201", "Unsupported event code"),
    "hl7.not_production": ("202", "Unsupported processing id"),
    "hl7.version_unsupported": ("203", "Unsupported version id"),
    "hl7.charset_unknown": ("103", "Table value not found"),
}
_ERRORS = {
    "hl7.no_msh": ("100", "Segment sequence error"),
    "hl7.empty": ("100", "Segment sequence error"),
    "hl7.bad_segment": ("100", "Segment sequence error"),
    "hl7.segment_missing": ("100", "Segment sequence error"),
    "hl7.several_messages": ("100", "Segment sequence error"),
    "hl7.field_missing": ("101", "Required field missing"),
    "hl7.status_missing": ("101", "Required field missing"),
    "hl7.bad_time": ("102", "Data type error"),
    "hl7.undecodable": ("102", "Data type error"),
    "hl7.attachment_damaged": ("102", "Data type error"),
    "hl7.status_unknown": ("103", "Table value not found"),
}
_OTHER = ("207", "Application internal error")


def acknowledgment_code(error: KnownError | None, header: Header | None) -> AcknowledgmentCode | None:
    """Return the code that answers a message, or None where the sender asked for no answer.

    Args:
        error: What it was refused for; None for a stored message.
        header: The message's header; None if it could not be read.
    """
    code: AcknowledgmentCode = "AA"
    if error is not None:
        refused = isinstance(error, DomainError) and error.code not in _REJECTED
        code = "AE" if refused else "AR"
    if header is None or not (header.accept_acknowledgment or header.application_acknowledgment):
        return code
    if _wanted(header.accept_acknowledgment, code):
        return _COMMIT[code]
    return code if _wanted(header.application_acknowledgment, code) else None


def _wanted(condition: str, code: str) -> bool:
    """HL7 table 0155: ``AL`` always, ``NE`` never, ``ER`` on errors, ``SU`` on success."""
    return condition == "AL" or (condition == "SU" if code == "AA" else condition == "ER")


def build_ack(
    code: AcknowledgmentCode,
    header: Header | None,
    *,
    control_id: str,
    now: datetime,
    error: KnownError | None = None,
    text: str = "",
) -> bytes:
    """Return the bytes of an acknowledgment, in the charset of the message it answers (MSH-18 is echoed).

    Where that charset has no Chinese (ASCII, 8859/1), a reason is answered in UTF-8, and MSH-18 says so.

    Args:
        code: As `acknowledgment_code` gives it.
        header: The header of the message answered; None if it could not be read: sender and MSA-2 stay empty.
        control_id: MSH-10 of the acknowledgment.
        now: MSH-7.
        error: Why it was refused; gives the ERR segment with location and HL7 error code.
        text: The sentence of the error for a person, in Chinese.
    """
    version = header.version if header else "2.5.1"
    event = header.trigger_event if header else ""
    kind = composite("ACK", event, "ACK") if event else "ACK"
    parties = (
        (
            header.receiving_application,
            header.receiving_facility,
            header.sending_application,
            header.sending_facility,
        )
        if header
        else ("", "", "", "")
    )
    charset = header.declared_charset if header else "UNICODE UTF-8"
    processing_id = (header.processing_id if header else "") or "P"
    msh = ["MSH", *(escape(party) for party in parties), write_time(now), "", kind, escape(control_id)]
    msh += [processing_id, version, "", "", "", "", "", charset]
    msa = ["MSA", code, escape(header.message_control_id) if header else ""]
    if text and _before_2_5(version):
        msa.append(escape(text))
    segments = [msh, msa]
    if error is not None:
        segments.append(_err(error, text, version))
    codec = header.charset if header else "utf-8"
    try:
        answer = write_message(segments, charset=codec)
    except UnicodeEncodeError:
        answer = b""
    if not answer or (not answer.isascii() and "ASCII" in charset.upper()):
        msh[-1] = "UNICODE UTF-8"
        return write_message(segments, charset="utf-8")
    return answer


def _err(error: KnownError, text: str, version: str) -> list[str]:
    number, meaning = _REJECTED.get(error.code) or _ERRORS.get(error.code) or _OTHER
    location = str(error.facts.get("location", ""))
    if _before_2_5(version):
        parts = [*location.split("^"), "", "", ""][:3]
        return ["ERR", "^".join((*parts, "&".join((number, meaning, "HL70357"))))]
    hl7_code = composite(number, meaning, "HL70357")
    own_code = composite(error.code, "", "99AFTERCHECK")
    return ["ERR", "", location, hl7_code, "E", own_code, "", "", escape(text)]


def _before_2_5(version: str) -> bool:
    return version < "2.5"
