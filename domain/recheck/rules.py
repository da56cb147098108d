"""The rules of ``resources/recheck/rules.yaml``, and which of them a result asks for. Pure."""

import functools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from domain.kernel.content import read_yaml

RECHECK = "recheck"
"""Name of the rules among a desk's content."""
Day = Annotated[int, msgspec.Meta(ge=1, le=3650)]


class RecheckRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule; what is left out of its bounds is not asked for. `days` are the first and the last."""

    id: str
    item: str
    title: str
    items: tuple[str, ...]
    days: tuple[Day, Day]
    status: Literal["V", "P", "UNVERIFIED"]
    source: str
    low: float | None = None
    above: float | None = None
    high: float | None = None
    below: float | None = None
    flags: tuple[str, ...] = ()

    def holds(self, value: float | None, flag: str | None) -> bool:
        """Tell whether a result in the item's own unit asks for it; a number that is asked for must be there."""
        bounds = (self.low, self.above, self.high, self.below)
        if value is None and any(bound is not None for bound in bounds):
            return False
        return (
            (self.low is None or value is None or value >= self.low)
            and (self.above is None or value is None or value > self.above)
            and (self.high is None or value is None or value <= self.high)
            and (self.below is None or value is None or value < self.below)
            and (not self.flags or flag in self.flags)
        )


class RecheckRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of them, with where they come from."""

    version: str
    sources: dict[str, str]
    rules: tuple[RecheckRule, ...]

    def by_item(self) -> Mapping[str, Sequence[RecheckRule]]:
        """Return the rules of each item in their order."""
        found: dict[str, list[RecheckRule]] = defaultdict(list)
        for rule in self.rules:
            found[rule.item].append(rule)
        return found

    def rule_for(self, item: str, value: float | None, flag: str | None) -> RecheckRule | None:
        """Return the first rule of an item that a result asks for."""
        return next((rule for rule in self.by_item().get(item, ()) if rule.holds(value, flag)), None)


@functools.cache
def load_recheck(folder: Path) -> RecheckRules:
    """Return the rules of a folder.

    Raises:
        msgspec.ValidationError: A rule is not as declared; the text names its place.
        ValueError: A rule asks for nothing, its days run backwards, its source is unknown, or two share an id.
    """
    found = msgspec.convert(read_yaml((folder / "rules.yaml").read_text("utf-8")), RecheckRules)
    seen: set[str] = set()
    for rule in found.rules:
        asks = rule.flags or any(one is not None for one in (rule.low, rule.above, rule.high, rule.below))
        if rule.id in seen or not asks or rule.days[0] > rule.days[1] or rule.source not in found.sources:
            raise ValueError(f"recheck rule {rule.id}: id, bounds, days or source")
        seen.add(rule.id)
    return found
