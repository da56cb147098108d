"""Tells a scanner that types like a keyboard from a person who types.

A pure state machine: every key goes in with the time it was pressed, out comes what to give to the focused field
and, at its end, the scan. It knows a scan by its prefix, or by at least six characters with no gap above
35 ms and a median gap of at most 15 ms, closed by CR or Tab. Keys are held back for at most 80 ms; what turns
out to be typing is released unchanged and in order. No key is ever lost: it is released, or part of a scan, or part
of a scan that was refused.

IME: `key` takes whatever text the platform delivers, also several characters at once (a commit of an input
method). Full-width forms are mapped back to ASCII (the scan then carries the flag ``ime_mapped``); a scan with
composed characters is refused with ``scan.ime_active``. Released text is always the original one.

The figures are UNVERIFIED: tune them to the gaps a scanner really has.
"""

from dataclasses import dataclass, replace

from devices.parser import FrameError
from devices.readings import Refusal, Scan
from devices.scanner.code import Accept, scan_of
from devices.scanner.keys import to_ascii

SUFFIXES = "\r\n\t"


@dataclass(frozen=True, slots=True)
class WedgeSettings:
    """How the scanner is configured, and where typing ends and scanning begins; times in milliseconds."""

    prefix: str = "~"
    shortest: int = 6
    gap_ms: float = 35
    median_ms: float = 15
    hold_ms: float = 80
    suffix_ms: float = 150
    repeat_ms: float = 300
    glued_ms: float = 100
    broken_ms: float = 1500


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do now: put `release` into the focused field; `scan` or `refusal` when a scan has ended."""

    release: str = ""
    scan: Scan | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class _Key:
    text: str
    at_ms: float


class WedgeDetector:
    """One keyboard; `accept` tells whether a text can be a code of ours.

    Call `key` for each key, and `tick` at `deadline_ms`. What both return is to be done at once.
    """

    def __init__(self, settings: WedgeSettings | None = None, accept: Accept | None = None) -> None:
        self._settings = settings or WedgeSettings()
        self._accept = accept
        self._held: list[_Key] = []
        self._scanning = False
        self._last = ""
        self._last_end_ms = float("-inf")
        self._broken_at_ms = float("-inf")

    @property
    def deadline_ms(self) -> float | None:
        """When `tick` has to be called, None while nothing is held."""
        if not self._held:
            return None
        if self._scanning:
            return self._held[-1].at_ms + self._settings.suffix_ms
        return self._held[0].at_ms + self._settings.hold_ms

    def key(self, text: str, at_ms: float) -> Verdict:
        """Take one key (or one commit of an input method) pressed at a time that never goes back."""
        before = self.tick(at_ms)
        if self._held and at_ms - self._held[-1].at_ms > self._allowed_gap():
            before = _join(before, self._give_up())
        ascii_text = to_ascii(text)
        if len(ascii_text) == 1 and ascii_text in SUFFIXES:
            return _join(before, self._suffix(text, at_ms))
        if not self._scanning and self._settings.prefix and ascii_text.startswith(self._settings.prefix):
            before = _join(before, Verdict(self._release()))
        if not self._may_be_scanned(ascii_text):
            return _join(before, Verdict(self._release() + text))
        self._held.append(_Key(text, at_ms))
        if self._prefixed() and sum(len(held.text) for held in self._held) > len(self._settings.prefix) + 1:
            self._scanning = True
        return before

    def tick(self, at_ms: float) -> Verdict:
        """Decide what waited too long: typing is released, a scan without its end is refused."""
        deadline = self.deadline_ms
        if deadline is None or at_ms < deadline:
            return Verdict()
        if not self._scanning and self._looks_scanned(self._settings.shortest - 1):
            self._scanning = True
            return self.tick(at_ms)
        return self._give_up()

    def _suffix(self, text: str, at_ms: float) -> Verdict:
        if text == "\n" and not self._held and at_ms - self._last_end_ms <= self._settings.gap_ms:
            return Verdict()  # the LF of a CR LF
        if not self._prefixed() and not self._looks_scanned(self._settings.shortest):
            return Verdict(self._release() + text)
        begun_ms = self._held[0].at_ms
        typed = "".join(held.text for held in self._held)
        self._release()
        return self._decided(typed, begun_ms, at_ms)

    def _decided(self, typed: str, begun_ms: float, at_ms: float) -> Verdict:
        text = to_ascii(typed)
        code = text.removeprefix(self._settings.prefix)
        since_ms, last = begun_ms - self._last_end_ms, self._last
        self._last_end_ms, self._last = at_ms, code
        if code == last and since_ms <= self._settings.repeat_ms:
            return Verdict()
        try:
            if code == text and begun_ms - self._broken_at_ms <= self._settings.broken_ms:
                raise FrameError("scan.incomplete")
            if since_ms <= self._settings.glued_ms:
                raise FrameError("scan.too_close")
            if self._settings.prefix and self._settings.prefix in code:
                raise FrameError("scan.glued")
            scan = scan_of(code, self._accept)
        except FrameError as error:
            return Verdict(refusal=Refusal(error.code, error.facts))
        return Verdict(scan=scan if text == typed else replace(scan, flags=frozenset({"ime_mapped"})))

    def _give_up(self) -> Verdict:
        """End what is held: typing goes to the field, a scan that broke off does not.

        What comes behind a beginning that broke off is the rest of that code, never one of its own: without its
        first letters it could be somebody else's.
        """
        broken = self._scanning
        if broken or self._prefixed():
            self._broken_at_ms = self._held[-1].at_ms
        text = self._release()
        return Verdict(refusal=Refusal("scan.incomplete")) if broken else Verdict(text)

    def _release(self) -> str:
        text = "".join(held.text for held in self._held)
        self._held.clear()
        self._scanning = False
        return text

    def _allowed_gap(self) -> float:
        return self._settings.suffix_ms if self._scanning else self._settings.gap_ms

    def _may_be_scanned(self, text: str) -> bool:
        """Tell whether a key belongs to a code at all; editing keys never do, except in the middle of a scan."""
        return self._scanning or all((char >= " " and char != "\x7f") or char == "\x1d" for char in text)

    def _prefixed(self) -> bool:
        prefix = self._settings.prefix
        return bool(prefix and self._held) and to_ascii(self._held[0].text).startswith(prefix)

    def _looks_scanned(self, shortest: int) -> bool:
        if sum(len(held.text) for held in self._held) < shortest or len(self._held) < 2:
            return False
        gaps = [b.at_ms - a.at_ms for a, b in zip(self._held, self._held[1:], strict=False)]
        from statistics import median  # loads fractions and decimals: not before somebody scans

        return max(gaps) <= self._settings.gap_ms and median(gaps) <= self._settings.median_ms


def _join(first: Verdict, second: Verdict) -> Verdict:
    """Return both in one; two scans or refusals cannot end at the same key."""
    return Verdict(first.release + second.release, second.scan or first.scan, second.refusal or first.refusal)
