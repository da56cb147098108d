"""The checkup system's end of the results interface: sends messages over MLLP and reads the acknowledgements."""

import re
import socket
from collections import Counter
from collections.abc import Iterable

_CODE = re.compile(rb"\rMSA(.)([A-Z]{2})")


def send_all(port: int, messages: Iterable[bytes], *, window: int = 1) -> Counter[str]:
    """Send framed messages over one connection and count the acknowledgment codes.

    Args:
        port: Listener on this machine.
        messages: Unframed HL7 messages.
        window: Messages sent before the first answer is awaited; the standard allows one.
    """
    codes: Counter[str] = Counter()
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pending, buffer = 0, b""
        for message in messages:
            line.sendall(b"\x0b" + message + b"\x1c\r")
            pending += 1
            while pending >= window:
                answer, buffer = _answer(line, buffer)
                codes[answer] += 1
                pending -= 1
        while pending:
            answer, buffer = _answer(line, buffer)
            codes[answer] += 1
            pending -= 1
    return codes


def _answer(line: socket.socket, buffer: bytes) -> tuple[str, bytes]:
    while b"\x1c\r" not in buffer:
        more = line.recv(65536)
        if not more:
            raise ConnectionError("the listener closed the line")
        buffer += more
    frame, _, rest = buffer.partition(b"\x1c\r")
    found = _CODE.search(frame)
    return (found[2].decode() if found else "??"), rest
