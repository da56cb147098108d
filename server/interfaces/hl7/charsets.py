"""The character set of a message: MSH-18 if it says, else UTF-8, else GB 18030; never a replacement character."""

import re

from domain.kernel.errors import DomainError

# HL7 table 0211 and what Chinese systems write instead.
_DECLARED = {
    "UNICODE UTF-8": "utf-8",
    "UNICODE": "utf-8",
    "UTF-8": "utf-8",
    "UTF8": "utf-8",
    "GB 18030-2000": "gb18030",
    "GB 18030": "gb18030",
    "GB18030": "gb18030",
    "GB18030-2000": "gb18030",
    "GBK": "gb18030",
    "GB2312": "gb18030",
    "CP936": "gb18030",
    "8859/1": "iso8859-1",
    "ISO-8859-1": "iso8859-1",
    "8859/15": "iso8859-15",
    "": "auto",
    "AUTO": "auto",
    "ASCII": "auto",
    "US-ASCII": "auto",
}
_MSH = re.compile(rb"MSH([^\w\s])([^\r\n]*)")


def declared_charset(data: bytes) -> str:
    """Return the text of MSH-18 (first repetition), empty where there is none; `data` starts with MSH."""
    found = _MSH.match(data)
    if found is None:
        return ""
    fields = found[2].split(found[1])
    if len(fields) < 17:
        return ""
    repetition = fields[0][1:2] or b"~"
    return fields[16].split(repetition)[0].split(fields[0][:1] or b"^")[0].decode("ascii", "replace").strip()


def codec_named(declared: str) -> str | None:
    """Return the codec of a character set's name in MSH-18 or a setting: ``auto`` for none, None if unknown."""
    return _DECLARED.get(declared.upper())


def decode(data: bytes, charset: str = "auto") -> tuple[str, str]:
    """Return a message's text and the codec used (``utf-8``, ``gb18030``, ...).

    Args:
        data: The message's bytes.
        charset: What the connection is set to, used where MSH-18 says nothing: ``auto`` tries UTF-8, then GB 18030.

    Raises:
        DomainError: ``hl7.charset_unknown`` (MSH-18 names a set we do not read) or ``hl7.undecodable`` (with the
            offset of the first byte that is no text).
    """
    declared = declared_charset(data)
    codec = codec_named(declared)
    if codec == "auto":
        declared, codec = charset, codec_named(charset)
    if codec is None:
        raise DomainError("hl7.charset_unknown", location="MSH^1^18", charset=declared)
    if codec != "auto":
        return _strict(data, codec), codec
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _strict(data, "gb18030"), "gb18030"


def _strict(data: bytes, codec: str) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        raise DomainError("hl7.undecodable", charset=codec, offset=error.start) from error
