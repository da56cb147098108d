"""All that an assessment said, packed: shares, levers, reasons, inputs. So its report never changes by itself."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import msgspec
import zstandard

from domain.kernel.errors import DomainError
from domain.risk.results import Assessment

_MOST_BYTES = 4 << 20


def packed(assessment: Assessment) -> dict[str, Any]:
    """Return an assessment as a record keeps it, some kilobytes."""
    raw = msgspec.json.encode(assessment)
    return {"zstd": base64.b64encode(zstandard.compress(raw, 6)).decode()}


def unpacked(kept: Mapping[str, Any]) -> Assessment:
    """Return the assessment of what `packed` gave.

    Raises:
        DomainError: ``risk.detail_unreadable``.
    """
    try:
        raw = zstandard.ZstdDecompressor().decompress(
            base64.b64decode(kept["zstd"]), max_output_size=_MOST_BYTES
        )
        return msgspec.json.decode(raw, type=Assessment)
    except (KeyError, TypeError, binascii.Error, zstandard.ZstdError, msgspec.MsgspecError) as error:
        raise DomainError("risk.detail_unreadable") from error
