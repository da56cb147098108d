"""HL7 v2 delimiters and escape sequences (chapter 2, section 2.7)."""

import re

import msgspec

from domain.kernel.errors import DomainError

_HIGHLIGHT = ("H", "N")
_BREAKS = (".br", ".sp", ".ce")
_HEXADECIMAL = re.compile(r"X(?:[0-9A-Fa-f]{2})+")


class Delimiters(msgspec.Struct, frozen=True):
    """The five characters of MSH-1 and MSH-2, and the truncation mark of version 2.7 if there is one."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    truncation: str = ""

    @property
    def encoding_characters(self) -> str:
        """What stands in MSH-2."""
        return self.component + self.repetition + self.escape + self.subcomponent + self.truncation


STANDARD = Delimiters()


def read_delimiters(msh: str) -> Delimiters:
    """Return the delimiters an MSH segment declares.

    Raises:
        DomainError: ``hl7.bad_delimiters``: fewer than four, repeated, or letters, digits or blanks.
    """
    separator = msh[3:4]
    declared = msh[4:].split(separator, 1)[0] if separator else ""
    marks = separator + declared
    plain = any(mark.isalnum() or mark.isspace() or mark in "\"'" or not mark.isprintable() for mark in marks)
    if len(declared) not in (4, 5) or len(set(marks)) != len(marks) or plain:
        raise DomainError("hl7.bad_delimiters", location="MSH^1^2", declared=declared[:8])
    return Delimiters(separator, *declared)


def escape(text: str, marks: Delimiters = STANDARD) -> str:
    """Return `text` so that it can stand in a field; a line feed becomes the ``.br`` sequence."""
    sign = marks.escape
    table: dict[str, str | int | None] = {
        sign: f"{sign}E{sign}",
        marks.field: f"{sign}F{sign}",
        marks.component: f"{sign}S{sign}",
        marks.subcomponent: f"{sign}T{sign}",
        marks.repetition: f"{sign}R{sign}",
        "\n": f"{sign}.br{sign}",
        "\r": f"{sign}X0D{sign}",
        "\x0b": f"{sign}X0B{sign}",
        "\x1c": f"{sign}X1C{sign}",
    }
    if marks.truncation:
        table[marks.truncation] = f"{sign}P{sign}"
    return text.translate(str.maketrans(table))


def unescape(text: str, marks: Delimiters = STANDARD, charset: str = "utf-8") -> str:
    """Return a field's text with its escape sequences resolved.

    A lone escape character and sequences of no standard meaning stay as they are: nothing a sender wrote is lost.
    Highlighting is dropped, line breaks become line feeds.

    Raises:
        DomainError: ``hl7.bad_escape``: hexadecimal data that is no text in the message's charset.
    """
    sign = marks.escape
    if sign not in text:
        return text
    names = {"F": marks.field, "S": marks.component, "T": marks.subcomponent, "R": marks.repetition}
    names |= {"E": sign, "P": marks.truncation or "#", **dict.fromkeys(_HIGHLIGHT, "")}
    found: list[str] = []
    start = 0
    while (opening := text.find(sign, start)) >= 0:
        found.append(text[start:opening])
        closing = text.find(sign, opening + 1)
        body = text[opening + 1 : closing] if closing > 0 else ""
        meaning = names.get(body)
        if meaning is None:
            meaning = _special(body, charset)
        if meaning is None:
            found.append(sign)
            start = opening + 1
        else:
            found.append(meaning)
            start = closing + 1
    found.append(text[start:])
    return "".join(found)


def _special(body: str, charset: str) -> str | None:
    """Return what an ``X`` or formatting sequence means; None for what is not a sequence."""
    if body.startswith(_BREAKS):
        count = body[3:].strip("+")
        return "\n" * (int(count) if body.startswith(".sp") and count.isdecimal() and len(count) < 3 else 1)
    if not _HEXADECIMAL.fullmatch(body):
        return None
    try:
        text = bytes.fromhex(body[1:]).decode(charset)
    except ValueError as error:
        raise DomainError("hl7.bad_escape", sequence=body[:20]) from error
    if "\x00" in text:
        raise DomainError("hl7.bad_escape", sequence=body[:20])
    return text
