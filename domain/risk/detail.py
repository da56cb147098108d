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


def compressed(raw: bytes) -> bytes:
    """Return the JSON of an assessment compressed; a higher level takes three times as long for a tenth."""
    return zstandard.compress(raw, 3)


def kept_of(compressed: bytes) -> dict[str, Any]:
    """Return compressed bytes as a record keeps them."""
    return {"zstd": base64.b64encode(compressed).decode()}


def unpacked(kept: Mapping[str, Any]) -> Assessment:
    """Return the assessment of what `kept_of` gave.

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
