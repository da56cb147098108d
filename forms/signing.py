"""A signature by hand under a response or a question: a picture with the strokes it was drawn of (FHIR Signature).

It lies in the response itself, so it can neither get lost on the way nor be taken for another response's.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.kernel.errors import DomainError

STROKES = "urn:aftercheck:signature-strokes"
"""Extension of a Signature: its strokes as JSON, lists of x, y, x, y … in pixels of the picture."""
LARGEST_PNG = 200_000
MOST_POINTS = 20_000
LEAST_POINTS = 8
"""Fewer than these are a slip of the hand, not a signature."""
_PNG = b"\x89PNG\r\n\x1a\n"
_FARTHEST = 10_000
_AUTHOR = {
    "system": "urn:iso-astm:E1762-95:2013", "code": "1.2.840.10065.1.12.1.1", "display": "Author's Signature",
}  # fmt: skip


def handwritten(png: bytes, strokes: Sequence[Sequence[float]], when: datetime, who: str) -> dict[str, Any]:
    """Return the FHIR R4 Signature of what was written.

    Args:
        png: The picture, as it was on the screen.
        strokes: One flat list of coordinates a stroke: x, y, x, y …
        when: Aware.
        who: Name of whoever signs, as the response shows it.

    Raises:
        DomainError: ``form.signature_refused``: no picture, none of strokes, or more than a hand writes.
    """
    whole = [[round(_number(one)) for one in stroke] for stroke in strokes]
    points = sum(len(stroke) for stroke in whole) // 2
    sound = png.startswith(_PNG) and len(png) <= LARGEST_PNG and all(len(stroke) % 2 == 0 for stroke in whole)
    if not sound or not LEAST_POINTS <= points <= MOST_POINTS:
        raise DomainError("form.signature_refused")
    return {
        "extension": [{"url": STROKES, "valueString": json.dumps(whole, separators=(",", ":"))}],
        "type": [_AUTHOR],
        "when": when.isoformat(timespec="seconds"),
        "who": {"display": who},
        "sigFormat": "image/png",
        "data": base64.b64encode(png).decode(),
    }


def picture_of(signature: Mapping[str, Any] | None) -> bytes:
    """Return the picture of a signature; empty without one, or where it is no picture."""
    if signature is None or signature.get("sigFormat") != "image/png":
        return b""
    try:
        png = base64.b64decode(str(signature.get("data", "")), validate=True)
    except ValueError:
        return b""
    return png if png.startswith(_PNG) else b""


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _FARTHEST:
        raise DomainError("form.signature_refused")
    return float(value)
