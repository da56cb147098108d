"""What must not be said to a client (``resources/conduct/messages.yaml``), and what a text says against it. Pure."""

import functools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from domain.kernel.content import read_yaml

MESSAGE_RULES = "message_rules"
"""Name of the rules among a desk's content."""
BEFORE = 6
"""So many characters before a word may turn it into its opposite."""
_AT_ONCE = frozenset("不无未勿没")
"""Characters that do so right before it."""
_ENDS = frozenset("。；;！!？?，,\n")
_SENTENCE_ENDS = frozenset("。；;！!？?\n")


class MessageRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule, by words or by a pattern; `say` tells what to do instead. See the comments in the file."""

    key: str
    label: str
    severe: bool
    say: str
    words: tuple[str, ...] = ()
    pattern: str = ""
    near: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()


class MessageRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of them, and the words that turn a promise into its opposite."""

    version: str
    not_: tuple[str, ...] = msgspec.field(name="not")
    rules: tuple[MessageRule, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A place of a text that is against a rule; `start` and `end` are offsets of the text as it was given."""

    rule: MessageRule
    start: int
    end: int
    words: str


@functools.cache
def load_message_rules(folder: Path) -> MessageRules:
    """Return the rules of a folder.

    Raises:
        msgspec.ValidationError: A rule is not as declared; the text names its place.
        ValueError: A rule has neither words nor a pattern, a word of no characters, or a key that another one has.
        re.error: A pattern is none.
    """
    rules = msgspec.convert(read_yaml((folder / "messages.yaml").read_text("utf-8")), MessageRules)
    if len({rule.key for rule in rules.rules}) != len(rules.rules):
        raise ValueError("messages.yaml: two rules of one key")
    for rule in rules.rules:
        if not (rule.words or rule.pattern) or not all(rule.words):
            raise ValueError(f"messages.yaml: {rule.key} finds nothing")
        re.compile(rule.pattern)
    return rules


def lint(text: str, rules: MessageRules) -> tuple[Hit, ...]:
    """Return what a text says against the rules, in its order, a rule once a place.

    Blanks, invisible characters and full-width forms do not hide a word. It never raises and takes well under a
    millisecond for the longest answer, so that the desk asks it at every key.
    """
    even = "".join(_even(c) for c in text)
    places = [at for at, c in enumerate(even) if not _hidden(c)]
    bare = "".join(even[at] for at in places)
    found: dict[tuple[str, int], Hit] = {}
    for rule, words, pattern in _compiled(rules):
        for start, end in _found(rule, words, pattern, even, bare, places, rules.not_):
            found.setdefault((rule.key, start), Hit(rule, start, end, text[start:end]))
    return tuple(sorted(found.values(), key=lambda hit: (hit.start, hit.rule.key)))


def _found(
    rule: MessageRule, words: "re.Pattern[str] | None", pattern: "re.Pattern[str] | None", even: str, bare: str,
    places: list[int], negations: tuple[str, ...],
) -> Iterator[tuple[int, int]]:  # fmt: skip
    if rule.unless and any(word in bare for word in rule.unless):
        return
    if words is not None:
        for match in words.finditer(bare):
            if not _negated(bare, match.start(), negations):
                yield places[match.start()], places[match.end() - 1] + 1
    if pattern is not None:
        for match in pattern.finditer(even):
            sentence = _around(even, match.start(), match.end())
            if not rule.near or any(word in sentence for word in rule.near):
                yield match.start(), match.end()


@functools.lru_cache(maxsize=4)
def _compiled(
    rules: MessageRules,
) -> "tuple[tuple[MessageRule, re.Pattern[str] | None, re.Pattern[str] | None], ...]":
    return tuple(
        (
            rule,
            re.compile(
                "|".join(re.escape(word.lower()) for word in sorted(rule.words, key=len, reverse=True))
            )
            if rule.words
            else None,
            re.compile(rule.pattern) if rule.pattern else None,
        )
        for rule in rules.rules
    )


def _even(character: str) -> str:
    """Return the plain small form of a character, one for one, so that offsets stay."""
    plain = unicodedata.normalize("NFKC", character).lower()
    return plain if len(plain) == 1 else character


def _hidden(character: str) -> bool:
    return (
        (character.isspace() and character != "\n")
        or character in "*·_~|"
        or unicodedata.category(character) == "Cf"
    )


def _negated(bare: str, at: int, negations: tuple[str, ...]) -> bool:
    if at and bare[at - 1] in _AT_ONCE:
        return True
    start = at
    while start > max(0, at - BEFORE) and bare[start - 1] not in _ENDS:
        start -= 1
    return any(word in bare[start:at] for word in negations)


def _around(text: str, start: int, end: int) -> str:
    while start > 0 and text[start - 1] not in _SENTENCE_ENDS:
        start -= 1
    while end < len(text) and text[end] not in _SENTENCE_ENDS:
        end += 1
    return text[start:end]
