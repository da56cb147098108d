"""MLLP framing: ``0B <message> 1C 0D``. Pure: bytes in, messages out; no socket, no clock."""

from collections.abc import Iterator

from domain.kernel.errors import DomainError

START = b"\x0b"
END = b"\x1c\r"
MOST_BYTES = 20 * 1024 * 1024


def frame(message: bytes) -> bytes:
    """Return `message` as it goes over the line."""
    return START + message + END


class Framer:
    """Takes the bytes of one connection and gives its messages.

    A lone 1C inside a message does not end it. Bytes before a 0B are dropped and counted in `garbage`; a 0B inside an
    unfinished message begins anew (the sender gave the first one up), counted in `truncated`.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.garbage = 0
        self.truncated = 0
        self._most = most_bytes
        self._pending = bytearray()
        self._open = False
        self._searched = 0

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield each message that `chunk` completes; read it to the end before the next call.

        Raises:
            DomainError: ``hl7.too_large``; the connection cannot be followed any more and has to be closed.
        """
        self._pending += chunk
        while self._begin():
            end = self._pending.find(END, self._searched)
            if end < 0:
                self._searched = max(0, len(self._pending) - 1)
                self._refuse_large(len(self._pending))
                return
            self._refuse_large(end)
            message = bytes(self._pending[:end])
            del self._pending[: end + len(END)]
            self._open = False
            self._searched = 0
            yield self._latest(message)

    def close(self) -> None:
        """Tell the end of the connection.

        Raises:
            DomainError: ``hl7.truncated``; it ended inside a message, which was not acknowledged.
        """
        unfinished = self._open
        received = len(self._pending)
        self._pending.clear()
        self._open = False
        self._searched = 0
        if unfinished:
            raise DomainError("hl7.truncated", received=received)

    def _begin(self) -> bool:
        if self._open:
            return True
        start = self._pending.find(START)
        if start < 0:
            self.garbage += len(self._pending)
            self._pending.clear()
            return False
        self.garbage += start
        del self._pending[: start + 1]
        self._open = True
        return True

    def _latest(self, message: bytes) -> bytes:
        parts = message.split(START)
        self.truncated += len(parts) - 1
        return parts[-1]

    def _refuse_large(self, size: int) -> None:
        if size > self._most:
            self._pending.clear()
            self._open = False
            self._searched = 0
            raise DomainError("hl7.too_large", size=size, most=self._most)
