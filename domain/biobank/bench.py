"""The specimen bench: its modes, the cards that lie on it, and what each mode takes. Pure.

Mode cards are printed once and lie on the bench: ``BENCH.RECEIVE``, ``BENCH.COUNT.4``; positions of a box may be
labelled ``POS.A5`` or ``BOX1:A5``. What any other code is, `domain.people.scans` tells.
"""

import enum
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass


class Mode(enum.StrEnum):
    """What the next scan does."""

    RECEIVE = "receive"
    PROCESS = "process"
    POOL = "pool"
    ALIQUOT = "aliquot"
    STORE = "store"
    OUT = "out"
    DESTROY = "destroy"
    LOOKUP = "lookup"


class CardKind(enum.StrEnum):
    """What a card of the bench says."""

    MODE = "mode"
    COUNT = "count"
    POSITION = "position"


@dataclass(frozen=True, slots=True)
class Card:
    """A card of the bench; `box` is set for a position that names its box."""

    kind: CardKind
    text: str
    box: str = ""


TUBE, BOX, STAFF = "specimen", "storage_container", "staff"
TAKES: Mapping[Mode, frozenset[str]] = {
    Mode.RECEIVE: frozenset({TUBE}),
    Mode.PROCESS: frozenset({TUBE}),
    Mode.POOL: frozenset({TUBE}),
    Mode.ALIQUOT: frozenset({TUBE, CardKind.COUNT}),
    Mode.STORE: frozenset({TUBE, BOX, CardKind.POSITION}),
    Mode.OUT: frozenset({TUBE}),
    Mode.DESTROY: frozenset({TUBE, STAFF}),
    Mode.LOOKUP: frozenset({TUBE, BOX, CardKind.POSITION}),
}
"""Kinds of scans (entities and cards) that do something in a mode; a mode card is taken in each."""
MAY_BE_A_BOX = frozenset({"scan.unknown", "scan.product_code"})
"""Why a code may be unknown and yet be that of a new box: damaged tube numbers, citizens and links are none."""

_MODE = re.compile(r"BENCH\.([A-Z]+)")
_COUNT = re.compile(r"BENCH\.COUNT\.([0-9]{1,2})")
_POSITION = re.compile(r"POS\.([A-Z][0-9]{1,2})")
_SLOT = re.compile(r"([^:/]+):([A-Z][0-9]{1,2})")


def read_card(text: str) -> Card | None:
    """Return what a card of the bench says, None for any other code."""
    plain = unicodedata.normalize("NFKC", text).strip()
    upper = plain.upper()
    if found := _COUNT.fullmatch(upper):
        return Card(CardKind.COUNT, found[1])
    if (found := _MODE.fullmatch(upper)) and found[1].lower() in set(Mode):
        return Card(CardKind.MODE, found[1].lower())
    if found := _POSITION.fullmatch(upper):
        return Card(CardKind.POSITION, found[1])
    if found := _SLOT.fullmatch(plain):
        return Card(CardKind.POSITION, found[2].upper(), found[1])
    return None
