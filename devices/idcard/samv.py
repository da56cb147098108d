"""ID-card readers with a SAM_V security module on a serial line: the dialogue and what it yields.

115200 8N1 (slower rates can be set). The host asks find, select, read, in this order; the card is decrypted inside
the reader, so plain text arrives. After a read, find fails until the card is lifted and put down again: one
`CardRead` a presentation. An answer that comes after its time is refused, never taken for the answer to the
next request. The photo is dropped with its frame and never decoded.

The frame's XOR does not see two flips of the same bit in two bytes. So the text is read twice and must be the
same both times; number, birth date and sex are held against each other on top of it. A reader that does not
answer the second request (UNVERIFIED: whether every module reads twice without a new presentation) gives a card
with the flag ``read_once``: the desk then asks for a look at the card itself.

Source, verified: vendor protocol pages and captured frames. Timeouts: find 0.5 s, select 0.5 s, read 2 s.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import ClassVar

from devices.idcard.samv_frames import (
    DONE,
    FIND,
    FOUND,
    LONGEST,
    NO_CARD,
    NOT_SELECTED,
    PREAMBLE,
    READ,
    SELECT,
    check,
    frame,
    text_of,
)
from devices.idcard.samv_text import Validate, decode
from devices.parser import Parser
from devices.readings import CardRead, DeviceEvent, Notice, Refusal
from devices.registry import Check, driver
from devices.transport import SerialSettings
from domain.kernel.errors import DomainError

TIMEOUT_S = {FIND: 0.5, SELECT: 0.5, READ: 2.0}
POLL_S = 0.3
LATE = "device.late_answer"


@driver(
    "idcard.samv",
    label="二代身份证阅读器（SAM_V 串口）",
    confirmed=True,
    settings=SerialSettings(115200),
    gap_s=0.2,
    silence_s=3.0,
    personal=True,
    check=Check.TWICE,
)
class SamvReader(Parser):
    """Asks for cards and decodes them; `validate` checks a citizen's number beyond the card's own consistency."""

    commands: ClassVar[Mapping[str, bytes]] = {"pause": b"", "resume": b""}

    def __init__(self, validate: Validate | None = None, *, twice: bool = True) -> None:
        """Make a reader; `twice` False takes the first reading, flagged ``read_once``."""
        super().__init__()
        self._validate = validate
        self._twice = twice
        self._first: bytes | None = None
        self._first_at = 0
        self._paused = False
        self._asked: bytes | None = None
        self._asked_at = 0.0
        self._next = FIND
        self._next_at = 0.0
        self._told = ""

    def command(self, name: str) -> bytes:
        """Stop or go on asking; a reader nobody looks at should not be polled."""
        data = super().command(name)
        self._paused = name == "pause"
        self._restart()
        return data

    def poll(self, now_s: float) -> tuple[bytes, list[DeviceEvent]]:
        if self._asked is not None and now_s < self._asked_at + TIMEOUT_S[self._asked]:
            return b"", []
        events = self.drop("late")
        if self._asked is not None:
            events += self._silent()
        if self._paused or now_s < self._next_at:
            return b"", events
        self._asked, self._asked_at = self._next, now_s
        return frame(self._asked), events

    def drop(self, reason: str) -> list[DeviceEvent]:
        """Throw a partial answer away; while reading it means the card was lifted."""
        reading = self._asked == READ and self.pending > 0
        dropped = super().drop(reason)
        if not dropped:
            return []
        self._restart()
        return [Refusal("idcard.lifted", start=dropped[0].start, end=dropped[0].end)] if reading else dropped

    @property
    def earliest(self) -> int:
        return super().earliest if self._first is None else self._first_at

    def _events(self) -> Iterator[DeviceEvent]:
        while (start := self._pending.find(PREAMBLE)) >= 0:
            if start:
                yield self._skip(start)
            if self.pending < len(PREAMBLE) + 2:
                return
            length = int.from_bytes(self._pending[5:7], "big")
            if not 4 <= length <= LONGEST:
                yield self._skip(len(PREAMBLE))
                continue
            if self.pending < 7 + length:
                return
            yield from self._frame(length)
        unmarked = self.pending - _preamble_begun(self._pending)
        if unmarked:
            yield self._skip(unmarked)

    def _frame(self, length: int) -> Iterator[DeviceEvent]:
        content = bytes(self._pending[5 : 6 + length])
        if check(content) != self._pending[6 + length] or content[2:4] != b"\x00\x00":
            # Only the preamble goes: a whole answer may lie inside what this frame swallowed.
            self._restart()
            yield self._refuse(len(PREAMBLE), "device.bad_checksum")
            return
        start = self._consumed
        self._take(7 + length)
        event = self._answer(content[4], content[5:], start)
        if event is not None:
            yield event

    def _answer(self, status: int, data: bytes, start: int) -> DeviceEvent | None:
        """Advance the dialogue by one answer; repeated states and errors are told once."""
        asked, end = self._asked, self._consumed
        if asked == FIND and status == FOUND:
            self._go_on(SELECT)
            return self._once("idcard.card_found", start, notice=True)
        if asked == FIND and status == NO_CARD:
            self._restart()
            self._told = ""
            return None
        if asked == SELECT and status == DONE and len(data) == 8:
            self._go_on(READ)
            return None
        if asked == READ and status == DONE and (text := text_of(data)) is not None:
            return self._read(text, start)
        if asked == READ and self._first is not None and status not in (DONE, FOUND):
            return self._read_once()
        late = asked is None or status in (FOUND, DONE) or (status == NO_CARD)
        if late:
            return Refusal(LATE, start=start, end=end)
        self._restart()
        code = "idcard.not_selected" if status == NOT_SELECTED else "idcard.reader_error"
        return self._once(code, start, status=f"{status:02X}")

    def _read(self, text: bytes, start: int) -> DeviceEvent | None:
        """Take a reading: the first is asked for again, the second must be the same."""
        first, first_at = self._first, self._first_at
        if first is None and self._twice:
            self._first, self._first_at = text, start
            self._go_on(READ)
            return None
        self._restart()
        if first is None:
            return self._card(text, start, frozenset({"read_once"}))
        if first != text:
            return Refusal("idcard.readings_differ", start=first_at, end=self._consumed)
        return self._card(text, first_at)

    def _silent(self) -> list[DeviceEvent]:
        """End a request that was not answered in time."""
        asked, first = self._asked, self._first
        if asked == READ and first is not None:
            return [self._read_once()]
        self._restart()
        return []

    def _read_once(self) -> DeviceEvent:
        """Tell the only reading there is: this reader does not give a second one."""
        text, start = self._first or b"", self._first_at
        self._restart()
        return self._card(text, start, frozenset({"read_once"}))

    def _card(self, text: bytes, start: int, flags: frozenset[str] = frozenset()) -> DeviceEvent:
        def decoded() -> CardRead | Refusal:
            try:
                card = decode(text, self._validate)
            except DomainError as error:
                return Refusal(error.code, error.facts)
            return replace(card, flags=card.flags | flags)

        self._told = ""
        return self._decode(decoded, b"", start, self._consumed)

    def _once(self, code: str, start: int, *, notice: bool = False, **facts: str) -> DeviceEvent | None:
        if code == self._told:
            return None
        self._told = code
        if notice:
            return Notice(code, facts, start=start, end=self._consumed)
        return Refusal(code, facts, start=start, end=self._consumed)

    def _go_on(self, request: bytes) -> None:
        self._asked, self._next, self._next_at = None, request, 0.0

    def _restart(self) -> None:
        self._first = None
        self._asked, self._next, self._next_at = None, FIND, self._asked_at + POLL_S


def _preamble_begun(pending: bytearray) -> int:
    """Return how many last bytes may be the first of a preamble."""
    return next((n for n in range(len(PREAMBLE) - 1, 0, -1) if pending.endswith(PREAMBLE[:n])), 0)
