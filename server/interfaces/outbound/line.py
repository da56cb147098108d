"""One MLLP connection to a partner: a message out, its acknowledgment back, strictly one at a time."""

import contextlib
import dataclasses
import socket
import ssl
from collections.abc import Callable
from types import TracebackType
from typing import Self

from domain.kernel.errors import DomainError
from server.interfaces.hl7.message import parse_message
from server.interfaces.hl7.mllp import Framer, frame

CONNECT_S, ANSWER_S = 5.0, 30.0
READ_BYTES = 1 << 16
MOST_ANSWER = 1 << 20
CODES = frozenset({"AA", "AE", "AR", "CA", "CE", "CR"})


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What came of a try: `code` is MSA-1; where no acknowledgment of the message came, `reason` says why."""

    code: str = ""
    reason: str | None = None
    detail: str | None = None


class Line:
    """A connection, opened when it is needed and given up at the first doubt.

    What comes late on it would be taken for the answer to another message.

    Args:
        host: Of the partner.
        port: Its MLLP port.
        context: TLS; None speaks in the clear.
        connect_s: Longest wait for a connection.
        answer_s: Longest wait for an acknowledgment.
    """

    def __init__(
        self, host: str, port: int, context: ssl.SSLContext | None,
        *, connect_s: float = CONNECT_S, answer_s: float = ANSWER_S,
    ) -> None:  # fmt: skip
        self.where = (host, port, context is not None)
        self._host, self._port, self._context = host, port, context
        self._connect_s, self._answer_s = connect_s, answer_s
        self._socket: socket.socket | None = None
        self._framer = Framer(MOST_ANSWER)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connection up. Safe to call twice."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.close()
        self._socket = None

    def exchange(self, payload: bytes, control_id: str) -> Answer:
        """Send a message and return what came of it; never raises for what a partner or a network does."""
        fresh = self._socket is None
        found = self._tried(payload, control_id)
        if found.reason == "closed" and not fresh:
            # An idle connection the partner had closed long ago: that is no failure of the line.
            found = self._tried(payload, control_id)
        return found

    def _tried(self, payload: bytes, control_id: str) -> Answer:
        try:
            if self._socket is None:
                self._socket = self._opened()
        except ssl.SSLError as error:
            return Answer(reason="tls", detail=_said(error))
        except OSError as error:
            return Answer(reason="no_connection", detail=_said(error))
        try:
            self._socket.sendall(frame(payload))
            return self._kept_open(self._answered(self._socket, control_id))
        except TimeoutError:
            return self._given_up("no_answer", f"{self._answer_s:g} s")
        except OSError as error:
            return self._given_up("closed", _said(error))
        except DomainError as error:
            return self._given_up("answer_unreadable", error.code)

    def _opened(self) -> socket.socket:
        plain = socket.create_connection((self._host, self._port), timeout=self._connect_s)
        plain.settimeout(self._answer_s)
        self._framer = Framer(MOST_ANSWER)
        if self._context is None:
            return plain
        try:
            return self._context.wrap_socket(plain, server_hostname=self._host)
        except OSError:
            plain.close()
            raise

    def _answered(self, line: socket.socket, control_id: str) -> Answer:
        while True:
            chunk = line.recv(READ_BYTES)
            if not chunk:
                return Answer(reason="closed", detail="EOF")
            for data in self._framer.feed(chunk):
                return _read(data, control_id)

    def _kept_open(self, answer: Answer) -> Answer:
        if not answer.code:
            self.close()
        return answer

    def _given_up(self, reason: str, detail: str) -> Answer:
        self.close()
        return Answer(reason=reason, detail=detail)


def _read(data: bytes, control_id: str) -> Answer:
    """Return what an acknowledgment says; one of another message is none."""
    message = parse_message(data)
    msa = message.first("MSA")
    if msa is None or msa.text(1) not in CODES:
        return Answer(reason="answer_unreadable", detail=message.msh.text(9)[:40])
    if msa.text(2) != control_id:
        return Answer(reason="answer_of_another", detail=msa.text(2)[:60])
    said = [msa.text(3)]
    for error in message.all("ERR"):
        said += [error.text(8) or error.text(7), error.text(3, 2), error.raw(2) or error.raw(1)]
    return Answer(msa.text(1), detail=_one_line("；".join(dict.fromkeys(s for s in said if s))))


def _said(error: Exception) -> str:
    return _one_line(str(error) or type(error).__name__)


def _one_line(text: str) -> str:
    """Return words of a partner or system fit to be kept: one line, nothing that a command refuses."""
    return "".join(mark if mark.isprintable() else " " for mark in text)[:255]


LineMaker = Callable[[str, int, ssl.SSLContext | None], Line]
