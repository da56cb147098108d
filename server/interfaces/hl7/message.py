"""HL7 v2 messages: strict parsing into segments, reading of fields on demand, and writing.

Parsing splits once; components and escapes are looked at only where a field is read, so that a panel of ten results
costs tens of microseconds. Fields count from 1 as in the standard, MSH-1 being the field separator.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from domain.kernel.errors import DomainError
from server.interfaces.hl7.charsets import decode
from server.interfaces.hl7.escapes import STANDARD, Delimiters, escape, read_delimiters, unescape

MOST_SEGMENTS = 100_000
_NAME = re.compile(r"[A-Z][A-Z0-9]{2}")
_LINE_FEED_END = re.compile(r"\n[A-Z][A-Z0-9]{2}[^\w\s]")


class Segment:
    """One segment: its raw fields, and reading of their parts with escapes resolved."""

    __slots__ = ("_marks", "charset", "fields", "name")

    def __init__(self, fields: list[str], marks: Delimiters, charset: str) -> None:
        self.name = fields[0]
        self.fields = fields
        self.charset = charset
        self._marks = marks

    def raw(self, field: int) -> str:
        """Return a field as it stands, empty where the segment is shorter."""
        return self.fields[field] if field < len(self.fields) else ""

    def text(self, field: int, component: int = 1) -> str:
        """Return a component of a field's first repetition, trimmed; a null (``""``) counts as empty."""
        raw = self.fields[field] if field < len(self.fields) else ""
        if not raw:
            return raw
        if raw.isalnum():  # delimiters never are: there is one component, and nothing to trim or to resolve
            return raw if component == 1 else ""
        marks = self._marks
        if marks.repetition in raw:
            raw = raw.split(marks.repetition, 1)[0]
        return self._component(raw, component)

    def components(self, field: int, count: int) -> list[str]:
        """Return the first `count` components of a field's first repetition, as `text` gives them."""
        marks = self._marks
        parts = self.raw(field).split(marks.repetition, 1)[0].split(marks.component)[:count]
        return [self._plain(part) for part in parts] + [""] * (count - len(parts))

    def whole(self, field: int) -> str:
        """Return a field's text with its repetitions on lines of their own; components stay as sent."""
        raw = self.raw(field)
        if raw == '""':
            return ""
        marks = self._marks
        return "\n".join(unescape(part, marks, self.charset) for part in raw.split(marks.repetition)).strip()

    def repetitions(self, field: int) -> list["Field"]:
        """Return the repetitions of a field that are not empty."""
        return [Field(self, part) for part in self.raw(field).split(self._marks.repetition) if part]

    def _component(self, raw: str, component: int) -> str:
        marks = self._marks
        if marks.component in raw:
            parts = raw.split(marks.component)
            raw = parts[component - 1] if component <= len(parts) else ""
        elif component > 1:
            return ""
        return self._plain(raw)

    def _plain(self, raw: str) -> str:
        """Return a component's first subcomponent, its escapes resolved, trimmed; a null counts as empty."""
        if raw.isalnum():
            return raw
        marks = self._marks
        if marks.subcomponent in raw:
            raw = raw.split(marks.subcomponent, 1)[0]
        if marks.escape in raw:
            raw = unescape(raw, marks, self.charset)
        raw = raw.strip()
        return "" if raw == '""' else raw


class Field:
    """One repetition of a field."""

    __slots__ = ("_segment", "raw")

    def __init__(self, segment: Segment, raw: str) -> None:
        self._segment = segment
        self.raw = raw

    def text(self, component: int = 1) -> str:
        """Return a component, trimmed; empty where there is none."""
        return self._segment._component(self.raw, component)


class Message:
    """A parsed message; `charset` is the codec its bytes were read with."""

    __slots__ = ("charset", "delimiters", "msh", "segments")

    def __init__(self, segments: list[Segment], delimiters: Delimiters, charset: str) -> None:
        self.segments = segments
        self.delimiters = delimiters
        self.charset = charset
        self.msh = segments[0]

    def all(self, name: str) -> Iterator[Segment]:
        """Yield the segments of a name in order."""
        return (segment for segment in self.segments if segment.name == name)

    def first(self, name: str) -> Segment | None:
        """Return the first segment of a name, or None."""
        return next(self.all(name), None)


def parse_message(data: bytes, *, charset: str = "auto", from_file: bool = False) -> Message:
    """Return the segments of one message.

    Args:
        data: The message without its frame.
        charset: What the connection is set to where MSH-18 says nothing (``auto``, ``utf-8``, ``gb18030``).
        from_file: Also accept a byte-order mark, framing bytes, and LF or CRLF as segment ends.

    Raises:
        DomainError: ``hl7.empty``, ``hl7.no_msh``, ``hl7.batch``, ``hl7.truncated``, ``hl7.bad_delimiters``,
            ``hl7.segment_truncated``,
            ``hl7.charset_unknown``, ``hl7.undecodable``, ``hl7.line_ends``, ``hl7.control_character``,
            ``hl7.bad_segment``, ``hl7.several_messages`` or ``hl7.too_large``.
    """
    if from_file:
        data = data.removeprefix(b"\xef\xbb\xbf").strip(b"\x0b\x1c\r\n\t ")
    _refuse_start(data)
    text, codec = decode(data, charset)
    if "\x00" in text:
        raise DomainError("hl7.control_character", offset=text.index("\x00"))
    if from_file:
        text = text.replace("\r\n", "\r").replace("\n", "\r")
    else:
        _refuse_line_feeds(text)
    marks = read_delimiters(text)
    lines = text.split("\r")
    if len(lines) > MOST_SEGMENTS:
        raise DomainError("hl7.too_large", size=len(lines), most=MOST_SEGMENTS)
    segments = [
        Segment(_fields(line, marks.field, number, lines), marks, codec)
        for number, line in enumerate(lines)
        if line
    ]
    segments[0].fields.insert(1, marks.field)
    return Message(segments, marks, codec)


def write_message(
    segments: Iterable[Sequence[str]], *, charset: str = "utf-8", marks: Delimiters = STANDARD
) -> bytes:
    """Return the bytes of a message whose fields are already escaped; MSH-1 and MSH-2 are written here.

    Args:
        segments: Name and fields of each; for MSH the fields from MSH-3 on.
        charset: The codec, as `Message.charset` names it.
        marks: The delimiters.
    """
    lines = []
    for name, *fields in segments:
        if name == "MSH":
            fields = ["", *fields]
            fields[0] = marks.encoding_characters
        lines.append(marks.field.join((name, *fields)).rstrip(marks.field) + "\r")
    return "".join(lines).encode(charset)


def composite(*parts: str, marks: Delimiters = STANDARD) -> str:
    """Return a field of escaped components, without empty ones at its end."""
    return marks.component.join(escape(part, marks) for part in parts).rstrip(marks.component)


def _refuse_start(data: bytes) -> None:
    if not data.strip():
        raise DomainError("hl7.empty")
    start = data[:3]
    if start in (b"FHS", b"BHS"):
        raise DomainError("hl7.batch")
    if start != b"MSH":
        code = "hl7.truncated" if b"MSH".startswith(start) else "hl7.no_msh"
        raise DomainError(code, received=len(data), start=data[:12].decode("ascii", "backslashreplace"))
    if len(data) < 8:
        raise DomainError("hl7.truncated", received=len(data))


def _refuse_line_feeds(text: str) -> None:
    if "\n" in text and ("\r\n" in text or ("\r" not in text.rstrip("\r") and _LINE_FEED_END.search(text))):
        raise DomainError("hl7.line_ends")


def _fields(line: str, separator: str, number: int, lines: list[str]) -> list[str]:
    fields = line.split(separator)
    name = fields[0]
    if not _NAME.fullmatch(name):
        last = number == len(lines) - 1 and len(name) < 3
        raise DomainError(
            "hl7.segment_truncated" if last else "hl7.bad_segment", number=number + 1, start=line[:12]
        )
    if name == "MSH" and number:
        raise DomainError("hl7.several_messages", number=number + 1)
    return fields
