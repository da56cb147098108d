"""A rack read as a whole: the file of a reader, and what each position means before anything is changed. Pure.

Forms of files are data (``resources/biobank/rack_formats.yaml``). A file is understood wholly or refused with the
line at fault; a well nobody could read is never taken for an empty one.
"""

import enum
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from domain.biobank.numbers import is_specimen_number, parse_specimen_number
from domain.kernel.content import ContentError, load_folder
from domain.kernel.errors import DomainError

RACKS: Final = "racks"
"""Name of this content for a dispatcher."""
MOST_BYTES = 200_000
GRIDS = ((8, 12), (4, 6), (6, 8), (16, 24))
"""Rows and columns of the racks there are (96, 24, 48 and 384), the usual one first."""


class RackFormat(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One form of file; see ``rack_formats.yaml``."""

    id: str
    name: str
    line: str
    rack: str
    skip: str
    verified: bool


class RackFormats(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All forms, and the words readers write for a position without a tube or without a legible code."""

    version: int
    empty: list[str]
    unread: list[str]
    formats: list[RackFormat]


def load_rack_formats(folder: Path) -> RackFormats:
    """Return ``rack_formats.yaml``.

    Raises:
        ContentError: It is missing, does not fit, or an expression is none or lacks its groups.
    """
    files: dict[str, RackFormats] = load_folder(folder, RackFormats, "rack_formats.yaml")
    if not files:
        raise ContentError(["rack_formats.yaml: missing"])
    found = files["rack_formats"]
    problems = []
    for one in found.formats:
        try:
            groups = {*re.compile(one.line).groupindex, *re.compile(one.rack).groupindex}
            re.compile(one.skip)
        except re.error as error:
            problems.append(f"rack_formats.yaml: {one.id}: {error}")
            continue
        if not {"row", "column", "code", "rack"} <= groups:
            problems.append(f"rack_formats.yaml: {one.id}: needs the groups row, column, code and rack")
    if problems:
        raise ContentError(problems)
    return found


@dataclass(frozen=True, slots=True)
class RackRead:
    """What a reader saw: position to code; `unread` are positions with a tube whose code was not legible."""

    rack: str
    rows: int
    columns: int
    wells: Mapping[str, str]
    unread: frozenset[str]
    format: RackFormat
    looks_empty: frozenset[str] = frozenset()
    """Positions in which a picture shows no tube; somebody has to look at them."""


IMAGE: Final = RackFormat("image", "整架影像（管底二维码）", "", "", "", verified=False)
"""What a picture of a rack is read as (`devices.racks.image`)."""


def position_name(row: int, column: int) -> str:
    """Return the name of a position, both from 0."""
    return f"{chr(ord('A') + row)}{column + 1}"


def confirmed_by(placings: Sequence[RackRead], number: str, position: str) -> list[RackRead]:
    """Return those ways a rack may lie in which this tube is in the position somebody took it from."""
    return [read for read in placings if _plain(read.wells.get(position, "")) == number]


def read_rack(data: bytes, formats: RackFormats) -> RackRead:
    """Return a reader's file.

    Raises:
        DomainError: On ``file``: ``rack.too_big``, ``rack.not_text``, ``rack.no_format`` (with the line), or
            ``rack.position_twice``.
    """
    if len(data) > MOST_BYTES:
        raise DomainError("rack.too_big", field="file", limit=MOST_BYTES)
    lines = [line for line in _text(data).splitlines() if line.strip()]
    worst = (0, "")
    for one in formats.formats:
        line, skip, rack = re.compile(one.line), re.compile(one.skip, re.I), re.compile(one.rack, re.I)
        wells: dict[str, str] = {}
        unread: set[str] = set()
        name = ""
        for number, text in enumerate(lines, 1):
            if found := line.fullmatch(text):
                position = f"{found['row'].upper()}{int(found['column'])}"
                if position in wells or position in unread:
                    raise DomainError("rack.position_twice", field="file", position=position)
                code = found["code"].strip()
                if code.upper() in formats.unread:
                    unread.add(position)
                else:
                    wells[position] = "" if code.upper() in formats.empty else code
            elif named := rack.fullmatch(text):
                name = named["rack"].strip()
            elif not skip.fullmatch(text):
                worst = max(worst, (number, text.strip()[:60]))
                break
        else:
            if wells or unread:
                rows, columns = _grid({*wells, *unread})
                filled = {position: code for position, code in wells.items() if code}
                return RackRead(name, rows, columns, filled, frozenset(unread), one)
    raise DomainError("rack.no_format", field="file", line=worst[0], text=worst[1] or "—")


class WellStatus(enum.StrEnum):
    """What a position means."""

    EMPTY = "empty"
    LOOKS_EMPTY = "looks_empty"
    OK = "ok"
    UNREAD = "unread"
    DUPLICATE = "duplicate"
    FOREIGN = "foreign"
    UNKNOWN = "unknown"
    WRONG_STATE = "wrong_state"
    FROZEN = "frozen"
    TAKEN = "taken"
    NOT_LISTED = "not_listed"
    MATCH = "match"
    MISSING = "missing"
    EXTRA = "extra"
    MISPLACED = "misplaced"


class RackPurpose(enum.StrEnum):
    """What a rack is read for."""

    RECEIVE = "receive"
    STORE = "store"
    CHECK = "check"


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows of a tube."""

    number: str
    state: str
    slot: str | None
    frozen: bool


@dataclass(frozen=True, slots=True)
class Well:
    """One position of the sheet; `detail` is the place or state that makes the difference."""

    position: str
    code: str
    status: WellStatus
    detail: str = ""


_FROM = {RackPurpose.RECEIVE: "collected", RackPurpose.STORE: "processed"}


def numbers_in(read: RackRead) -> list[str]:
    """Return the codes that are numbers of ours, in their stored form, each once."""
    return list(dict.fromkeys(parse_specimen_number(c) for c in read.wells.values() if is_specimen_number(c)))


def sheet_of(
    read: RackRead,
    known: Mapping[str, Known],
    purpose: RackPurpose,
    *,
    box: str = "",
    recorded: Mapping[str, str] | None = None,
    listed: frozenset[str] | None = None,
) -> dict[str, Well]:
    """Return what each position means for a purpose; nothing is changed by it.

    Args:
        read: What the reader saw.
        known: What the store knows, by number.
        purpose: Receive, store into `box`, or check `box`.
        box: Code of the box.
        recorded: What lies in the box by the records: position to number.
        listed: Numbers of a manifest; others are told as not on it.
    """
    recorded = recorded or {}
    seen = Counter(_plain(code) for code in read.wells.values())
    wells = {
        position: _well(position, code, known, purpose, seen, box, recorded, listed)
        for position, code in read.wells.items()
    }
    wells |= {position: Well(position, "", WellStatus.UNREAD) for position in read.unread}
    wells |= {position: Well(position, "", WellStatus.LOOKS_EMPTY) for position in read.looks_empty}
    if purpose is RackPurpose.CHECK:
        for position, number in recorded.items():
            if (position not in wells or position in read.looks_empty) and seen[number] == 0:
                wells[position] = Well(position, number, WellStatus.MISSING)
    return wells


def _well(
    position: str,
    code: str,
    known: Mapping[str, Known],
    purpose: RackPurpose,
    seen: Counter[str],
    box: str,
    recorded: Mapping[str, str],
    listed: frozenset[str] | None,
) -> Well:
    number = _plain(code)
    tube = known.get(number)
    status, detail = WellStatus.OK, ""
    if seen[number] > 1:
        status = WellStatus.DUPLICATE
    elif not is_specimen_number(code):
        status = WellStatus.FOREIGN
    elif tube is None:
        status = WellStatus.UNKNOWN
    elif purpose is RackPurpose.CHECK:
        status, detail = _checked(position, tube, box)
    elif listed is not None and number not in listed:
        status = WellStatus.NOT_LISTED
    elif tube.frozen and purpose is RackPurpose.STORE:
        status = WellStatus.FROZEN
    elif tube.state != _FROM[purpose]:
        status, detail = WellStatus.WRONG_STATE, tube.state
    elif purpose is RackPurpose.STORE and position in recorded:
        status, detail = WellStatus.TAKEN, recorded[position]
    return Well(position, number, status, detail)


def _checked(position: str, tube: Known, box: str) -> tuple[WellStatus, str]:
    if tube.slot == f"{box}:{position}":
        return WellStatus.MATCH, ""
    if tube.slot is None:
        return WellStatus.EXTRA, tube.state
    return WellStatus.MISPLACED, tube.slot


def _plain(code: str) -> str:
    return parse_specimen_number(code) if is_specimen_number(code) else code


def _text(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise DomainError("rack.not_text", field="file")


def _grid(positions: set[str]) -> tuple[int, int]:
    rows = max(ord(position[0]) - ord("A") + 1 for position in positions)
    columns = max(int(position[1:]) for position in positions)
    fits = [(r, c) for r, c in sorted(GRIDS, key=lambda g: g[0] * g[1]) if rows <= r and columns <= c]
    if rows <= 8 and columns <= 12:
        return 8, 12
    return fits[0] if fits else (rows, columns)
