"""A label printer without paper: its state, its faults and the labels it made."""

import json
import threading
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from devices.labels.rendering import Interpreter, find_interpreter
from devices.labels.rendering.canvas import PrintedLabel, PrinterState, Question

_FLAGS = {
    "paper": ("paper_out", {"out": True, "ok": False}),
    "ribbon": ("ribbon_out", {"out": True, "ok": False}),
    "head": ("head_open", {"open": True, "closed": False}),
    "pause": ("paused", {"on": True, "off": False}),
    "buffer": ("buffer_full", {"full": True, "ok": False}),
    "jam": ("jam", {"on": True, "off": False}),
    "hot": ("hot", {"on": True, "off": False}),
}
_SWITCHES = {
    "silent": "silent_on_error",
    "mute": "mute",
    "duplicate": "duplicate",
    "counter": "has_counter",
}
_NUMBERS = {"drop-after": "drop_after_bytes", "paper-for": "paper_for_labels", "slow": "bytes_per_second"}
HELP = "; ".join(
    [f"{name} {'|'.join(values)}" for name, (_, values) in _FLAGS.items()]
    + [f"{name} on|off" for name in _SWITCHES]
    + [f"{name} N|off" for name in _NUMBERS]
    + ["state", "help", "quit"]
)


@dataclass
class Faults:
    """How the simulated printer misbehaves.

    Attributes:
        silent_on_error: No answer while media, ribbon or head stop the printer, as some Zebra models.
        mute: Never an answer, as cheap clones.
        duplicate: Each label comes out twice.
        has_counter: Answers the question for its label counter (where the language has one).
        drop_after_bytes: The line is cut after so many bytes of the next connection; once.
        paper_for_labels: So many labels are left on the roll.
        bytes_per_second: Reads no faster.
    """

    silent_on_error: bool = False
    mute: bool = False
    duplicate: bool = False
    has_counter: bool = True
    drop_after_bytes: int | None = None
    paper_for_labels: int | None = None
    bytes_per_second: int | None = None


class SimulatedPrinter:
    """State, counters and labels of one printer; not bound to a socket.

    Args:
        language: A registered language.
        dpi: Of the print head.
        out: Folder for ``label-0001.png`` and so on; without it pictures are only kept in `labels`.
    """

    def __init__(self, language: str, dpi: int = 203, out: Path | None = None) -> None:
        self.state = PrinterState()
        self.faults = Faults()
        self.labels: list[Image.Image] = []
        self.dpi = dpi
        self._interpreter_type = find_interpreter(language)
        self._out = out
        self._buffered: list[PrintedLabel] = []
        self._owed = 0
        """Receipts asked for while a label waits; they are answered behind it."""
        self._lock = threading.RLock()

    @property
    def problems(self) -> list[str]:
        """Commands no printer of this language would obey, over all connections."""
        return self.state.problems

    def open(self) -> Interpreter:
        """Return a reader for a new connection."""
        reader = self._interpreter_type(self.dpi)
        reader.problems = self.state.problems
        return reader

    def take(self, reader: Interpreter, data: bytes) -> bytes:
        """Take bytes as they come from the line and return the answers."""
        answers = b""
        with self._lock:
            for event in reader.feed(data):
                if isinstance(event, PrintedLabel):
                    self._buffered.append(event)
                    self._work()
                elif event is Question.RECEIPT:
                    self._owed += 1
                else:
                    answers += self._answer(reader, event)
            if self._owed and not self._buffered and not self.faults.mute:
                answers += reader.receipt_answer(self.state) * self._owed
                self._owed = 0
        return answers

    def control(self, line: str) -> str:
        """Obey one control line and return the answer: ``ok``, or what is wrong with it."""
        name, _, value = line.strip().partition(" ")
        with self._lock:
            if name in _FLAGS and value in _FLAGS[name][1]:
                setattr(self.state, _FLAGS[name][0], _FLAGS[name][1][value])
            elif name in _SWITCHES and value in ("on", "off"):
                setattr(self.faults, _SWITCHES[name], value == "on")
            elif name in _NUMBERS and (value == "off" or value.isdecimal()):
                setattr(self.faults, _NUMBERS[name], None if value == "off" else int(value))
            elif name == "state":
                return self._told()
            else:
                return f"unknown: {HELP}"
            self._work()
        return "ok"

    def _answer(self, reader: Interpreter, question: Question) -> bytes:
        stopped = self.state.is_stopped and not self.state.paused
        if self.faults.mute or (self.faults.silent_on_error and stopped):
            return b""
        if question is Question.COUNTER:
            return reader.counter_answer(self.state) if self.faults.has_counter else b'"?"'
        answer = reader.status_answer(self.state)
        self.state.busy = False
        return answer

    def _work(self) -> None:
        """Print what waits, as far as paper and faults allow; a label just printed shows as busy once."""
        while self._buffered and not self.state.is_stopped and not self.state.buffer_full:
            label = self._buffered.pop(0)
            for _ in range(label.copies * (2 if self.faults.duplicate else 1)):
                self._print(label.picture)
        self.state.waiting = len(self._buffered)

    def _print(self, picture: Image.Image) -> None:
        self.labels.append(picture)
        self.state.printed += 1
        self.state.busy = True
        self.state.label_length = picture.height
        if self._out is not None:
            picture.save(self._out / f"label-{self.state.printed:04}.png", dpi=(self.dpi, self.dpi))
        if self.faults.paper_for_labels is not None:
            self.faults.paper_for_labels -= 1
            if self.faults.paper_for_labels <= 0:
                self.state.paper_out, self.faults.paper_for_labels = True, None

    def _told(self) -> str:
        told = {"printed": self.state.printed, "waiting": self.state.waiting, "problems": self.problems}
        return json.dumps(told, ensure_ascii=False)
