"""When keys were pressed, and whether an input method composes faster than anybody types."""

from collections.abc import Callable

STRAY_MS = 2000.0
COMPOSED_FAST = 3


class EventClock:
    """Milliseconds that never go back, from the stamps of events where they have them."""

    def __init__(self, now_ms: Callable[[], float]) -> None:
        self.now = now_ms
        self._offset: float | None = None
        self._last = 0.0

    def at(self, stamp: int) -> float:
        """Return when an event happened, 0 for one without a stamp."""
        now = self.now()
        moment = now
        if stamp > 0:
            offset = now - stamp
            if self._offset is None or offset < self._offset or offset - self._offset > STRAY_MS:
                self._offset = offset
            moment = stamp + self._offset
        self._last = max(self._last, moment)
        return self._last


class Composition:
    """Watches what an input method composes: letters at a scanner's speed are a scanner's."""

    def __init__(self, gap_ms: float) -> None:
        self._gap_ms = gap_ms
        self._letters: list[tuple[str, float]] = []

    def clear(self) -> None:
        self._letters.clear()

    def grown(self, preedit: str, at_ms: float) -> list[tuple[str, float]]:
        """Take what is composed now; returns the letters with their times once they came too fast for a person."""
        plain = preedit.replace("'", "").replace(" ", "")
        if not plain or (self._letters and len(plain) <= len(self._letters)):
            self._letters.clear()
        if self._letters and at_ms - self._letters[-1][1] > self._gap_ms:
            self._letters.clear()
            return []
        if plain and len(plain) == len(self._letters) + 1:
            self._letters.append((plain[-1], at_ms))
        if len(self._letters) < COMPOSED_FAST:
            return []
        found, self._letters = self._letters, []
        return found
