"""What scoring comes to: plain, frozen values that are stored and shown."""

import dataclasses
from collections.abc import Callable
from typing import Any, Literal

SCORER = "1"
"""Version of the scoring rules in code; kept with every result."""


@dataclasses.dataclass(frozen=True, slots=True)
class Graded:
    """One score with what it means; `value` is None where the score is a code only or cannot be had."""

    id: str
    label: str
    value: float | None
    band: str = ""
    text: str = ""
    level: str = ""
    low: float | None = None
    high: float | None = None
    unit: str = ""
    decimals: int = 0
    unverified: bool = False

    @property
    def number(self) -> str:
        """Return the value as people read it."""
        return "" if self.value is None else f"{self.value:.{self.decimals}f}"


@dataclasses.dataclass(frozen=True, slots=True)
class Flag:
    """A rule that holds: its kind is ``safety``, ``invalid``, ``positive`` or ``note``."""

    code: str
    kind: str
    text: str
    unverified: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the catalogue with its values."""

    code: str
    facts: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class ScaleResult:
    """The result of one scale in one exact version.

    `missing` names what is lacking: linkIds, or ``fact:NAME``. With anything required missing there is no total and
    no band; `scores` then holds what could be had, never a guess. `steps` are numbers nobody is shown.
    """

    scale: str
    version: str
    status: Literal["computed", "incomplete", "not_applicable"]
    total: Graded | None = None
    scores: tuple[Graded, ...] = ()
    steps: tuple[Graded, ...] = ()
    missing: tuple[str, ...] = ()
    flags: tuple[Flag, ...] = ()
    explanation: tuple[Sentence, ...] = ()
    unverified: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()
    scorer: str = SCORER

    def score(self, name: str) -> Graded:
        """Return one score by id; `KeyError` for one there is not."""
        for found in self.scores:
            if found.id == name:
                return found
        raise KeyError(name)

    @property
    def safety(self) -> bool:
        """Tell whether the safety flow has to begin now."""
        return any(flag.kind == "safety" for flag in self.flags)


def sentences(result: ScaleResult, say: Callable[..., str]) -> list[str]:
    """Return the explanation in words; `say` is `Texts.say`."""
    return [say(sentence.code, **sentence.facts) for sentence in result.explanation]
