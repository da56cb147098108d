"""Taking out of a text whatever could be of a person or a secret, by its form: it need not be known what it is.

Our logs are English, facts stand in them by fixed names (`domain.kernel.logs`), and numbers that count are short.
A run of Chinese is therefore something somebody typed, five digits or more a number of somebody, and a long run of
letters with digits a key. What has none of these forms, a foreign name in Latin letters, cannot be told from a word:
that the log holds none is the log's own rule.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from domain.kernel.logs import FIELDS

HIDDEN = "▢"
LONGEST = 500
"""Characters of one value that are kept."""
_KEPT = ("at", "level", "logger", "message", "error", *FIELDS)
_UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.IGNORECASE)
_FORMS = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"  # an address
    r"|\b(?:\w+://)?[^\s/@:]+:[^\s/@]+@"  # a user and a password before a host
    r"|(?:bearer\s+|(?:token|secret|password|passwd|key)[\"']?\s*[=:]\s*)\S+"
    r"|[A-Za-z0-9+/_=-]{24,}"  # a key, a signature, a coded name
    r"|[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f·]+"  # what somebody typed
    r"|[A-Za-z]*\d(?:[ -]?\d){4,}[A-Za-z0-9]*",  # a number of a person, a tube, a telephone
    re.IGNORECASE,
)
_FOLDERS = re.compile(r"(?:[A-Za-z]:)?(?:[\\/][^\\/\s:\"']+){2,}[\\/]")
"""The folders before a file: they may be called like whoever uses the machine."""


def scrubbed(text: str) -> str:
    """Return a text without anything that has the form of a name, a number of somebody, or a secret."""
    return _FORMS.sub(HIDDEN, _FOLDERS.sub("…/", _UUID.sub(HIDDEN, text)))[:LONGEST]


def scrubbed_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of a sentence: counts as they are, everything else as scrubbed text."""
    return {name: _value(value) for name, value in facts.items()}


def scrubbed_log(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a log of ours, with the fields we write and those scrubbed.

    A line that is none of ours is replaced by its length; nothing of it is kept.
    """
    for line in lines:
        try:
            told = json.loads(line)
        except ValueError:
            told = None
        if not isinstance(told, dict):
            yield json.dumps({"left_out": len(line)})
            continue
        kept = {name: _value(told[name]) for name in _KEPT if name in told}
        if isinstance(told.get("at"), str) and re.fullmatch(r"[\d:T.+-]{19,32}", told["at"]):
            kept["at"] = told["at"]
        if isinstance(told.get("stack"), list):
            kept["stack"] = [_place(frame) for frame in told["stack"]]
        yield json.dumps(kept, ensure_ascii=False)


def _value(value: Any) -> Any:
    if value is None or isinstance(value, bool | float) or (isinstance(value, int) and abs(value) < 10**9):
        return value
    return scrubbed(str(value))


def _place(frame: Any) -> str:
    """Return file, line and function of ``/folders/file.py:12 name``."""
    return (
        re.sub(r"[^\w.: <>]", "", re.split(r"[\\/]", str(frame))[-1])[:LONGEST]
        if isinstance(frame, str)
        else ""
    )
