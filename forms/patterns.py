"""Regular expressions from a form, which may be hostile: bounded in size when read, in time when run.

Python's own `re` cannot be stopped once it backtracks; `regex` takes a time limit.
"""

import re
from functools import lru_cache

import regex

LONGEST = 500
LARGEST_COUNT = 2_000
PATIENCE_S = 0.25
_COUNTED = re.compile(r"\{(\d+)(?:,(\d*))?\}")


class PatternError(Exception):
    """A pattern that cannot be used, with the reason."""


class SlowPatternError(PatternError):
    """A pattern that backtracks without end."""


@lru_cache(maxsize=500)
def compiled(pattern: str) -> "regex.Pattern[str]":
    """Return the pattern, ready to run by `search` and `fullmatch`.

    Raises:
        PatternError: Not a regular expression, longer than `LONGEST`, or its counts multiply beyond `LARGEST_COUNT`.
    """
    if len(pattern) > LONGEST:
        raise PatternError(f"longer than {LONGEST} characters")
    product = 1
    for match in _COUNTED.finditer(pattern):
        product *= max(1, int(match[2] or match[1]))
        if product > LARGEST_COUNT:
            raise PatternError(f"repeats more than {LARGEST_COUNT} times")
    try:
        return regex.compile(pattern)
    except (regex.error, RecursionError, OverflowError) as error:
        raise PatternError(f"not a regular expression: {error}") from error


def search(pattern: str, text: str) -> bool:
    """Tell whether the pattern is found anywhere in the text.

    Raises:
        PatternError: Also when it takes longer than `PATIENCE_S`.
    """
    try:
        return compiled(pattern).search(text, timeout=PATIENCE_S) is not None
    except TimeoutError as error:
        raise SlowPatternError("takes too long") from error


def fullmatch(pattern: str, text: str) -> bool:
    """Tell whether the whole text fits the pattern; errors as `search`."""
    try:
        return compiled(pattern).fullmatch(text, timeout=PATIENCE_S) is not None
    except TimeoutError as error:
        raise SlowPatternError("takes too long") from error


def replace(pattern: str, text: str, by: str) -> str:
    """Return the text with every match replaced; ``$1`` in `by` is a group. Errors as `search`."""
    template = re.sub(r"\$(\d+)", r"\\g<\1>", by.replace("\\", "\\\\"))
    try:
        return str(compiled(pattern).sub(template, text, timeout=PATIENCE_S))
    except TimeoutError as error:
        raise SlowPatternError("takes too long") from error
    except (regex.error, IndexError) as error:
        raise PatternError(f"no such group: {error}") from error
