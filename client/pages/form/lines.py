"""What a screen shows of a form: one line a question, a heading, a remark, files or a signature. No Qt."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from client.stations.front_desk.asking import Choice
from forms.nodes import Place
from forms.values import Attachment, shown

FILES = Place("~files")
"""Stands on the last page for the files that go with the response as a whole."""
SIGN = "~sign"
"""Behind the link id of a question that is signed; alone for the signature under the whole form."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page.

    `kind` is ``group``, ``note``, ``choice``, ``choices`` (several), ``open`` (several and text), ``text``, ``file``,
    ``sign`` or ``told`` (worked out, or not to be answered here). `instance` and `instances` count a repeating group,
    from 1; 0 for one that does not repeat. `origin` says where the answer was taken from. `files` are the files of a
    question in words, `picture` a signature as PNG.
    """

    place: Place
    kind: str
    text: str
    required: bool = False
    choices: tuple[Choice, ...] = ()
    answer: str = ""
    unit: str = ""
    problem: str = ""
    warning: str = ""
    origin: str = ""
    instance: int = 0
    instances: int = 0
    files: tuple[str, ...] = ()
    picture: bytes = b""

    @property
    def is_asked(self) -> bool:
        """Whether a person answers it."""
        return self.kind in ("choice", "choices", "open", "text", "file", "sign")

    @property
    def waits(self) -> bool:
        """Whether it is asked and has no answer; files that may be added as well wait for nobody."""
        given = self.answer or self.files or self.picture or any(one.chosen for one in self.choices)
        return self.is_asked and self.place != FILES and not given


@dataclass(frozen=True, slots=True)
class Refused:
    """What was typed that a question does not take, and why: it stays on screen until it is put right.

    A file that was not taken `blocks` nothing: what was there stands.
    """

    typed: str
    reason: str
    blocks: bool = True


def in_a_line(file: Attachment) -> str:
    """Return a file as people tell it: its name and size."""
    size = file.size or 0
    told = f"{size / 1_000_000:.1f} MB" if size >= 100_000 else f"{max(1, size // 1000)} KB"
    return f"{file.title or file.url}　{told}"


def in_words(answers: Iterable[Any], say: Callable[..., str]) -> str:
    """Return answers as a person reads them."""
    return "；".join(
        say("value.yes" if one else "value.no") if isinstance(one, bool) else shown(one) for one in answers
    )
