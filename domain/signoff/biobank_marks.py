"""Marks of the store of specimens: how long a tube may be out of the cold, and how often. Pure."""

import hashlib
from collections.abc import Container, Iterator
from typing import Any

import msgspec

from domain.biobank.protocols import BiobankContent
from domain.signoff.mark import Mark

KEY = "biobank.keeping"


def biobank_marks(content: BiobankContent) -> Iterator[Mark]:
    """Yield the limits of stored tubes, unless they were read in a source."""
    keeping = content.keeping
    if keeping.verified:
        return
    said: Any = msgspec.to_builtins(keeping)
    numbers = {name: value for name, value in said.items() if name not in ("verified", "source")}
    yield Mark(
        KEY, "biobank", "冻存标本离开冷源与冻融上限",
        f"离开冷源超过 {keeping.thaw_minutes} 分钟计一次冻融；最多 {keeping.most_thaws} 次；"
        f"{keeping.out_minutes} 分钟内放回；剩余低于 {keeping.low_percent}% 提醒",
        keeping.source, "UNVERIFIED", hashlib.sha256(msgspec.json.encode(numbers)).hexdigest(),
    )  # fmt: skip


def signed_biobank(content: BiobankContent, keys: Container[str]) -> BiobankContent:
    """Return the content with that mark taken away."""
    if KEY not in keys:
        return content
    return msgspec.structs.replace(content, keeping=msgspec.structs.replace(content.keeping, verified=True))
