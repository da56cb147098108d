"""A label printer on a TCP port: answers like one and keeps each label as a PNG.

Run one with ``python -m devices.labels.simulator --language zpl --port 0 --out DIR``. It prints one JSON line with
the port chosen, then obeys control lines on its input (``help`` lists them). In a test, use `Simulator` as a context.

Switches (``silent on``, ``duplicate on`` and so on) imitate the faults of real printers: mute while in error,
printing twice, a line that drops after so many bytes, paper that ends after so many labels, a full buffer.
"""

import argparse
import contextlib
import json
import socket
import sys
import threading
from pathlib import Path
from typing import TextIO

from devices.labels.simulated_printer import SimulatedPrinter


class Simulator:
    """A simulated printer on a TCP port, one thread a connection; a context manager.

    Args:
        printer: The printer behind the port.
        port: 0 lets the system choose; read it from `port` afterwards.
        host: The address to listen on.
    """

    def __init__(self, printer: SimulatedPrinter, port: int = 0, host: str = "127.0.0.1") -> None:
        self.printer = printer
        self._listener = socket.create_server((host, port))
        self.port: int = self._listener.getsockname()[1]
        self._lines: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._listen, name="label-simulator", daemon=True)]
        self._closing = threading.Event()

    def __enter__(self) -> "Simulator":
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening, cut all lines and wait for the threads."""
        self._closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for line in self._lines:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            if thread.is_alive():
                thread.join(5)

    def _listen(self) -> None:
        while not self._closing.is_set():
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            self._lines = [*(known for known in self._lines if known.fileno() >= 0), line]
            thread = threading.Thread(target=self._serve, args=(line,), daemon=True)
            self._threads = [*(known for known in self._threads if known.is_alive()), thread]
            thread.start()

    def _serve(self, line: socket.socket) -> None:
        reader, faults = self.printer.open(), self.printer.faults
        left = faults.drop_after_bytes
        with line, contextlib.suppress(OSError):
            while data := line.recv(min(4096, faults.bytes_per_second or 4096, left or 4096)):
                if faults.bytes_per_second:
                    self._closing.wait(len(data) / faults.bytes_per_second)
                answer = self.printer.take(reader, data)
                if left is not None and (left := left - len(data)) <= 0:
                    faults.drop_after_bytes = None
                    return
                if answer:
                    line.sendall(answer)


def main(
    arguments: list[str] | None = None, commands: TextIO | None = None, out: TextIO | None = None
) -> int:
    """Run a simulator until ``quit`` or the end of its input."""
    commands, out = commands or sys.stdin, out or sys.stdout
    parser = argparse.ArgumentParser(prog="devices.labels.simulator", description="label printer simulator")
    parser.add_argument("--language", default="zpl")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--dpi", type=int, default=203, choices=(203, 300, 600))
    parser.add_argument("--out", type=Path, default=None)
    chosen = parser.parse_args(arguments)
    if chosen.out is not None:
        chosen.out.mkdir(parents=True, exist_ok=True)
    with Simulator(SimulatedPrinter(chosen.language, chosen.dpi, chosen.out), chosen.port) as simulator:
        ready = {"port": simulator.port, "language": chosen.language, "dpi": chosen.dpi}
        out.write(json.dumps(ready) + "\n")
        out.flush()
        for line in commands:
            if line.strip() == "quit":
                break
            out.write(simulator.printer.control(line) + "\n")
            out.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
