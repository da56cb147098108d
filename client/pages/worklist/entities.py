"""Which records a worklist reads."""

from collections.abc import Sequence
from typing import Any

from domain.kernel.worklists import Worklist


def entities_of(listing: Worklist) -> frozenset[str]:
    """Return the records a worklist reads, so that a change of any of them refreshes it."""
    froms: Sequence[Any] = listing.query.get_final_froms()
    names: set[str] = set()
    waiting = list(froms)
    while waiting:
        one = waiting.pop()
        waiting += [
            part for part in (getattr(one, "left", None), getattr(one, "right", None)) if part is not None
        ]
        if hasattr(one, "name"):
            names.add(str(one.name))
    disputed = (
        {"conflict"} if listing.subjects else set()
    )  # a row is marked while a conflict about it is open
    return frozenset(names | {listing.record.record_info.entity} | disputed)
