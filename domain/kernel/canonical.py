"""The one byte form of JSON-like content, which digests and signatures are made over.

UTF-8, keys sorted, no spaces, no floats: numbers with decimals travel as text, so that a store or another
language cannot turn 5.60 into 5.6 and break a digest.
"""

import hashlib
import json
from typing import Any

from domain.kernel.errors import DomainError


def canonical(value: Any) -> bytes:
    """Return the canonical bytes of content made of dicts, lists, text, integers, booleans and None.

    Raises:
        DomainError: ``signature.not_canonical``: a float, text that is no valid Unicode, or a foreign type.
    """
    place = _not_canonical(value, "content")
    if place:
        raise DomainError("signature.not_canonical", place, place=place)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def content_digest(content: Any) -> str:
    """Return the SHA-256 of the canonical content, 64 hexadecimal digits."""
    return hashlib.sha256(canonical(content)).hexdigest()


def _not_canonical(value: Any, place: str) -> str:
    """Return the first place that has no one byte form, or an empty text."""
    if isinstance(value, str):
        return "" if _encodes(value) else place
    if isinstance(value, dict):
        members = [(f"{place}.{key}", member) for key, member in value.items()]
        keys_fit = all(isinstance(key, str) and _encodes(key) for key in value)
    elif isinstance(value, list | tuple):
        members = [(f"{place}[{index}]", member) for index, member in enumerate(value)]
        keys_fit = True
    else:
        return "" if value is None or isinstance(value, bool | int) else place
    if not keys_fit:
        return place
    return next((found for where, member in members if (found := _not_canonical(member, where))), "")


def _encodes(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()  # half a surrogate pair is what has no bytes
    except UnicodeEncodeError:
        return False
    return True
