"""Which pictures there are, in which order they are walked through, and which are worth having ready. Pure; no Qt."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from client.stations.review.case import AttachmentRow
from forms.imaging.shapes import AECG, DICOM, PDF, Facts, Told

SHOWN = frozenset({AECG, DICOM, PDF, "image/jpeg", "image/png"})
"""Kinds that are shown here; anything else opens in the system's viewer."""
MOST_BYTES = 320 << 20
"""Of decoded pictures kept ready: a series of 500 CT slices (262 MB) fits, what lies farthest away goes first."""


@dataclass(frozen=True, slots=True)
class Slide:
    """One picture: a frame of a file. `series` groups what the wheel walks through."""

    row: AttachmentRow
    index: int = 0
    series: str = ""

    @property
    def key(self) -> tuple[str, int]:
        return self.row.sha256, self.index


def slides_of(rows: Iterable[AttachmentRow], known: dict[str, Facts]) -> tuple[Slide, ...]:
    """Return all pictures of a case in order: series after series, each by its place in the body.

    Until the facts of all DICOM files are known they are one series, by name with numbers as numbers.

    Args:
        rows: The case's files.
        known: Facts by SHA-256 of what was read so far.
    """
    shown = [r for r in rows if r.media_type in SHOWN]
    dicom = sorted((r for r in shown if r.media_type == DICOM), key=lambda r: _natural(r.name))
    whole = all(r.sha256 in known or not r.here for r in dicom)
    if whole:
        dicom.sort(key=lambda r: _place(known.get(r.sha256)))
    others = [r for r in shown if r.media_type != DICOM]
    found = []
    for row in (*dicom, *others):
        facts = known.get(row.sha256)
        series = row.sha256
        if row.media_type == DICOM:
            series = (facts.series_uid if facts and whole else "") or ("" if not whole else row.sha256)
        found += [Slide(row, n, series) for n in range(facts.frames if facts else 1)]
    return tuple(found)


def nearest_first(slides: Sequence[Slide], at: int, step: int) -> list[Slide]:
    """Return the pictures of the series `at` lies in, nearest first; those in the way of `step` come before."""
    if not slides:
        return []
    series = slides[at].series
    mine = [n for n, slide in enumerate(slides) if slide.series == series]
    mine.sort(key=lambda n: (n - at) * step if (n - at) * step >= 0 else (at - n) * step * 3)
    return [slides[n] for n in mine]


class Kept:
    """Decoded pictures within a bound; what is farthest from what is looked at goes first."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._told: dict[tuple[str, int], Told] = {}
        self.bytes = 0

    def get(self, slide: Slide) -> Told | None:
        return self._told.get(slide.key)

    def put(self, slide: Slide, told: Told, order: Sequence[Slide]) -> bool:
        """Keep a picture; returns whether there is room for more of `order`, nearest first."""
        if slide.key not in self._told:
            self._told[slide.key] = told
            self.bytes += _size(told)
        if self.bytes <= self._most:
            return True
        rank = {s.key: n for n, s in enumerate(order)}
        for key in sorted(self._told, key=lambda k: -rank.get(k, len(rank))):
            if self.bytes <= self._most or len(self._told) == 1:
                break
            self.bytes -= _size(self._told.pop(key))
        return False

    def clear(self) -> None:
        self._told.clear()
        self.bytes = 0


def _size(told: Told) -> int:
    wave = 0 if told.waveform is None else sum(len(one.values) * 32 for one in told.waveform.leads)
    return wave + (0 if told.frame is None else len(told.frame.pixels))


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part.casefold()) for part in re.split(r"(\d+)", name)]


def _place(facts: Facts | None) -> tuple[int, str, float, int]:
    if facts is None:
        return (1 << 30, "", 0.0, 0)
    position = facts.position if facts.position is not None else float(facts.instance_number)
    return facts.series_number, facts.series_uid, position, facts.instance_number
