"""The rules of the check, read from ``resources/linting/rules.yaml``."""

import functools
from pathlib import Path

import msgspec

from domain.kernel.content import read_yaml

LINTING = "linting"
"""Name of the rules among a desk's content."""


class KindRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one remark of a kind costs of 100 points, and all of the kind together at most."""

    points: int
    most: int


class ConditionRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The item (a key of the catalogue) that a disease is about, and whether it is high then."""

    item: str
    high: bool


class AgeWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words that fit people from an age (inclusive) or below one, in years."""

    words: tuple[str, ...]
    from_: int | None = msgspec.field(name="from", default=None)
    below: int | None = None


class Sides(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Paired organs, and what is found in them."""

    organs: tuple[str, ...]
    lesions: tuple[str, ...]


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that the check knows of words; see the comments in the file."""

    version: str
    senior_titles: tuple[str, ...]
    threshold: int
    kinds: dict[str, KindRule]
    also: dict[str, tuple[str, ...]]
    told_as: dict[str, tuple[str, ...]]
    groups: dict[str, str]
    another_after: tuple[str, ...]
    others: tuple[str, ...]
    earlier: tuple[str, ...]
    might: tuple[str, ...]
    normal: tuple[str, ...]
    not_normal_after: tuple[str, ...]
    not_normal_before: tuple[str, ...]
    not_: tuple[str, ...] = msgspec.field(name="not")
    rest: tuple[str, ...]
    whole: tuple[str, ...]
    high: tuple[str, ...]
    low: tuple[str, ...]
    negative: tuple[str, ...]
    positive: tuple[str, ...]
    urges: tuple[str, ...]
    sex_words: dict[str, tuple[str, ...]]
    age_words: tuple[AgeWords, ...]
    sides: Sides
    same_units: tuple[tuple[str, ...], ...]
    conditions: dict[str, ConditionRule]
    leftovers: tuple[str, ...]
    follow_months: int


@functools.cache
def load_rules(folder: Path) -> Rules:
    """Return the rules of a folder.

    Raises:
        msgspec.ValidationError: A rule is not as declared; the text names its place.
    """
    return msgspec.convert(read_yaml((folder / "rules.yaml").read_text("utf-8")), Rules)
