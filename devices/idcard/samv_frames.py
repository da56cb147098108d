"""Frames of the SAM_V security module, in both directions.

``AA AA AA 96 69 | length (2, big-endian) | body | CHK``: the length counts body and CHK, CHK is the XOR of length and
body. The preamble may occur inside a photo, so a frame ends by its length, never at the next preamble; only a
frame that failed is searched for a preamble inside it.

Source, verified: vendor protocol pages and captured frames, checksums recomputed.
"""

import functools
import operator

PREAMBLE = b"\xaa\xaa\xaa\x96\x69"
LONGEST = 2321 - len(PREAMBLE) - 2  # text, photo and 1024 bytes of fingerprint
FIND, SELECT, READ, STATUS, RESET = b"\x20\x01", b"\x20\x02", b"\x30\x01", b"\x11\xff", b"\x10\xff"
FOUND, DONE, NO_CARD, NOT_SELECTED = 0x9F, 0x90, 0x80, 0x81


def check(content: bytes) -> int:
    """Return CHK of the bytes between preamble and CHK."""
    return functools.reduce(operator.xor, content, 0)


def frame(body: bytes) -> bytes:
    """Return the whole frame around a body: command and parameter, or three status bytes and data."""
    content = (len(body) + 1).to_bytes(2, "big") + body
    return PREAMBLE + content + bytes([check(content)])


def answer(status: int, data: bytes = b"") -> bytes:
    """Return a reader's answer with SW1 SW2 zero and the given SW3."""
    return frame(bytes([0, 0, status]) + data)


def read_answer(text: bytes, photo: bytes) -> bytes:
    """Return the answer to `READ`: 1295 bytes for 256 of text and 1024 of photo."""
    return answer(DONE, len(text).to_bytes(2, "big") + len(photo).to_bytes(2, "big") + text + photo)


def text_of(data: bytes) -> bytes | None:
    """Return the text part of a read answer's data.

    None where the two inner lengths contradict the frame, or where the text holds a preamble: then the answer broke
    off, another followed, and the XOR agreed by chance.
    """
    text, photo = int.from_bytes(data[:2], "big"), int.from_bytes(data[2:4], "big")
    if text != 256 or photo != 1024 or len(data) != 4 + text + photo:
        return None
    return None if PREAMBLE in data[4 : 9 + text] else data[4 : 4 + text]
