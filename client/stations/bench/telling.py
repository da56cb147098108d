"""What the bench says after a scan: one big line, why, and what to do now. Pure but for the catalogue of texts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from client.identity_words import TONES
from client.stations.bench.reading import TubeFacts
from client.tube_plan import tube_plan
from domain.biobank.bench import Mode
from domain.biobank.numbers import grouped
from domain.biobank.workflow import specimen_life
from domain.kernel.errors import KnownError
from domain.kernel.texts import Texts
from domain.people.comparing import Light

GOOD, BAD, ASK = "good", "bad", "ask"
KEYS = {
    Mode.RECEIVE: "F2",
    Mode.PROCESS: "F3",
    Mode.POOL: "Shift+F3",
    Mode.ALIQUOT: "F4",
    Mode.STORE: "F5",
    Mode.OUT: "Shift+F5",
    Mode.DESTROY: "Shift+F4",
    Mode.LOOKUP: "F11",
}
_FOREIGN = ("specimen_number.", "specimen.unknown", "bench.not_a_tube", "scan.")
_STATES = ("planned", "collected", "received", "processed", "stored", "used_up")
_FROM = {
    Mode.RECEIVE: "collected", Mode.PROCESS: "received", Mode.ALIQUOT: "processed", Mode.STORE: "processed",
}  # fmt: skip
Say = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Result:
    """What stands on the screen after a scan. `tone` is ``good``, ``bad`` or ``ask`` (waits for a key)."""

    tone: str
    title: str
    number: str = ""
    detail: str = ""
    remedy: str = ""
    at: datetime | None = None
    mode: str = ""
    sequence: int = 0
    doubt: str = ""
    """Number of a tube that has been further on than this scan: is it a second tube with the same number?"""
    identity: str = ""
    """How the identity of whom the tube is of stands, in words; `identity_tone` repeats it as a colour."""
    identity_tone: str = ""


class Teller:
    """Makes results in Chinese."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def good(self, mode: Mode, tube: TubeFacts, now: datetime, **facts: Any) -> Result:
        """Return the line of a scan that went well, with the next step and the time it has."""
        title = self._texts.say(f"bench.done.{mode.value}", **facts)
        words, tone = self.identity(tube)
        return Result(
            GOOD, title, grouped(tube.number), self.describe(tube), self.next_step(tube, now), now, mode.value,
            identity=words, identity_tone=tone,
        )  # fmt: skip

    def identity(self, tube: TubeFacts) -> tuple[str, str]:
        """Return how the identity of whom a tube is of stands, and its tone; empty where nobody looked."""
        say, found = self._texts.say, tube.identity
        if found is None:
            return "", ""
        if found.light is None:
            return say("bench.identity_none"), "muted"
        light = say(f"choice.light.{found.light.value}")
        why = "；".join(say(f"word.identity_reason.{code}") for code in found.reasons)
        if found.light is Light.GREEN:
            return say("bench.identity", light=light), TONES[found.light]
        if found.settled:
            return say("bench.identity_settled", light=light, why=why), TONES[Light.GREEN]
        return say(f"bench.identity_{found.light.value}", light=light, why=why), TONES[found.light]

    def bad(
        self, mode: Mode, error: KnownError, tube: TubeFacts | None, scanned: str, now: datetime
    ) -> Result:
        """Return the line of a refused scan: what is wrong and what to do about it."""
        foreign = error.code.startswith(_FOREIGN)
        title = "bench.foreign" if foreign else f"bench.refused.{mode.value}"
        why = self._texts.explain(error)
        if error.code == "specimen.wrong_state" and tube is not None:
            why = self._texts.say("bench.state_is", state=specimen_life.label_of(tube.state))
        remedy, doubt = self._remedy(error, tube, mode), ""
        if error.code == "specimen.wrong_state" and tube is not None and _is_past(tube, mode):
            remedy, doubt = self._texts.say("bench.second_tube", remedy=remedy), tube.number
        return Result(
            BAD, self._texts.say(title), grouped(tube.number) if tube else scanned, why, remedy, now, mode.value,
            doubt=doubt,
        )  # fmt: skip

    def duplicated(self, tube: TubeFacts, mode: Mode, now: datetime) -> Result:
        """Return the line of a number that two tubes carry."""
        say = self._texts.say
        return Result(
            BAD, say("bench.duplicated"), grouped(tube.number), self.describe(tube), say("bench.duplicated.remedy"),
            now, mode.value,
        )  # fmt: skip

    def ask(
        self, mode: Mode, code: str, number: str, now: datetime, *, detail: str = "", **facts: Any
    ) -> Result:
        """Return a line that waits for a key."""
        remedy = f"{code}.remedy"
        return Result(
            ASK, self._texts.say(code, **facts), number, detail,
            self._texts.say(remedy, **facts) if remedy in self._texts else "", now, mode.value,
        )  # fmt: skip

    def describe(self, tube: TubeFacts) -> str:
        """Return type and state of a tube."""
        plan = tube_plan().aliquots.get(tube.type)
        kind = plan.label if plan else str(tube.type)
        part = self._texts.say("bench.aliquot_of") if tube.is_aliquot else ""
        part = self._texts.say("bench.pool_of", count=tube.sources) if tube.sources else part
        place = f" · {tube.slot.replace(':', ' ')}" if tube.slot else ""
        doubt = "".join(f" · ⚠ {d.label}：{d.value}" for d in tube.disputes)
        return f"{kind}{part} · {specimen_life.label_of(tube.state)}{place}{doubt}"

    def next_step(self, tube: TubeFacts, now: datetime) -> str:
        """Return what comes next for a tube, with the time left."""
        step = "aliquot" if tube.is_aliquot and tube.state == "processed" else tube.state
        sentence = self._texts.say(f"bench.next.{step}")
        if tube.due_at is None:
            return sentence
        return f"{sentence}  {self.left(tube.due_at, now)}"

    def left(self, due_at: datetime, now: datetime) -> str:
        """Return the time left, or how long it is over."""
        left = due_at - now
        over = left < timedelta()
        minutes = int(abs(left).total_seconds() // 60)
        span = (
            self._texts.say("bench.minutes", minutes=minutes)
            if minutes < 60
            else self._texts.say("bench.hours", hours=minutes // 60, minutes=minutes % 60)
        )
        return self._texts.say("bench.over" if over else "bench.left", span=span)

    def _remedy(self, error: KnownError, tube: TubeFacts | None, mode: Mode) -> str:
        """Return what to do: by the state the tube is in where the order was wrong, else by the code."""
        if error.code == "specimen.wrong_state" and tube is not None:
            return self._texts.say(f"bench.do.{self._place(tube, mode)}", place=tube.slot.replace(":", " "))
        for code in (f"bench.do.{error.code}", f"bench.do.{error.code.partition('.')[0]}"):
            if code in self._texts:
                return self._texts.say(code)
        return ""

    def _place(self, tube: TubeFacts, mode: Mode) -> str:
        if mode is Mode.RECEIVE and tube.state in {"received", "processed", "stored"}:
            return f"received_before.{tube.state}"
        return tube.state


def _is_past(tube: TubeFacts, mode: Mode) -> bool:
    """Tell whether a tube has already been where this mode would bring it."""
    return tube.state in _STATES and _STATES.index(tube.state) > _STATES.index(_FROM.get(mode, _STATES[-1]))
