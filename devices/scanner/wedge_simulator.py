"""Keystrokes of a keyboard scanner and of a person, with the time of each, for tests and the demo."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

FULL_WIDTH = {chr(0x21 + i): chr(0xFF01 + i) for i in range(94)}


@dataclass(frozen=True, slots=True)
class Keystroke:
    """One key, or one commit of an input method, and when it came."""

    text: str
    at_ms: float


def scanned(
    code: str, *, start_ms: float = 0, gap_ms: float = 5, prefix: str = "~", suffix: str = "\r", ime: str = ""
) -> list[Keystroke]:
    """Return the keys of a scan, evenly spaced.

    Args:
        code: What is printed under the bars; GS stands for FNC1.
        start_ms: When the first key comes.
        gap_ms: Between keys; scanners take 1 to 30 ms.
        prefix: As configured in the scanner.
        suffix: CR or Tab, empty for a scanner that forgot it.
        ime: ``full_width`` (each character as its full-width form), ``composed`` (letters became a character), or "".
    """
    keys = list(prefix + code + suffix)
    if ime == "full_width":
        keys = [FULL_WIDTH.get(key, key) for key in keys]
    elif ime == "composed":
        keys = ["他" if key.isalpha() else key for key in keys]
    return [Keystroke(key, start_ms + i * gap_ms) for i, key in enumerate(keys)]


def typed(text: str, *, start_ms: float = 0, seed: int = 0) -> list[Keystroke]:
    """Return the keys of a person: 60 to 300 ms apart."""
    return list(_typed(text, start_ms, random.Random(seed)))  # noqa: S311 - rhythm of fingers, not secrets


def _typed(text: str, at_ms: float, rhythm: random.Random) -> Iterator[Keystroke]:
    for char in text:
        yield Keystroke(char, at_ms)
        at_ms += rhythm.uniform(60, 300)
