"""A partner that receives: an MLLP server that acknowledges as HL7 2.5.1 chapter 2 says, and can be told to fail.

``python -m server.interfaces.simulators.partner --port 2576`` is a LIS that accepts every order and prints it.
"""

import argparse
import contextlib
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from typing import Self

from server.interfaces.hl7.escapes import escape
from server.interfaces.hl7.message import Message, composite, parse_message, write_message
from server.interfaces.hl7.mllp import Framer, frame

Answering = Callable[[Message, int], bytes | None]
"""Of a message and its number among all (from 1): what to answer; None closes the line without an answer."""


def acknowledge(message: Message, code: str = "AA", text: str = "", *, about: str = "") -> bytes:
    """Return an acknowledgment in the message's own character set.

    Args:
        message: What is answered.
        code: MSA-1.
        text: ERR-8, the words for a person.
        about: MSA-2 in place of the message's number, as a confused partner would.
    """
    msh, charset = message.msh, message.msh.raw(18)
    head = [
        "MSH",
        msh.raw(5),
        msh.raw(6),
        msh.raw(3),
        msh.raw(4),
        msh.raw(7),
        "",
        "ACK",
        f"A{msh.text(10)}"[:20],
    ]
    head += ["P", msh.text(12), "", "", "", "", "", charset]
    segments = [head, ["MSA", code, about or msh.text(10)]]
    if text:
        segments.append(
            ["ERR", "", "OBR^1^4", composite("103", "Table value not found"), "E", "", "", "", escape(text)]
        )
    return write_message(segments, charset=message.charset)


class PartnerSimulator:
    """Listens on the loopback address; what came is in `received`, in order, as bytes.

    Args:
        answer: What it answers; accepts everything by default.
        context: TLS of its side; None speaks in the clear.
        port: Port; any that is free by default.
    """

    def __init__(
        self, answer: Answering | None = None, context: ssl.SSLContext | None = None, port: int = 0
    ) -> None:
        self.received: list[bytes] = []
        self.answer: Answering = answer or (lambda message, _number: acknowledge(message))
        self._context = context
        self._server = socket.create_server(("127.0.0.1", port))
        self.port: int = self._server.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def messages(self) -> list[Message]:
        """Return what came, parsed."""
        return [parse_message(data) for data in self.received]

    def hang_up(self) -> None:
        """Close every line, as a partner that restarts does."""
        for line in list(self._open):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def stop(self) -> None:
        """Stop listening: from now on connections are refused."""
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.hang_up()
        self._thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        try:
            if self._context is not None:
                line = self._context.wrap_socket(line, server_side=True)
            self._open.add(line)
            framer = Framer()
            while chunk := line.recv(65536):
                for data in framer.feed(chunk):
                    self.received.append(data)
                    answer = self.answer(parse_message(data), len(self.received))
                    if answer is None:
                        return
                    line.sendall(frame(answer))
        except OSError:
            return
        finally:
            self._open.discard(line)
            line.close()


def main() -> None:
    """Be a partner that accepts everything, until interrupted."""
    parser = argparse.ArgumentParser(description="对接系统模拟器：接收检查申请、客户资料和总检结论")
    parser.add_argument("--port", type=int, default=2576)
    options = parser.parse_args()

    def told(message: Message, number: int) -> bytes:
        sys.stdout.write(f"{number} {message.msh.text(9)}^{message.msh.text(9, 2)} {message.msh.text(10)}\n")
        sys.stdout.flush()
        return acknowledge(message)

    with PartnerSimulator(told, port=options.port):
        threading.Event().wait()


if __name__ == "__main__":
    main()
