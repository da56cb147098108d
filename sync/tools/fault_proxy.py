"""A TCP proxy that breaks lines on purpose: cuts, half-open lines, lost answers, flipped bits, slow lines.

As a program it prints one JSON line with its port and takes one command a line on standard input::

    python -m sync.tools.fault_proxy --listen 0 --to 127.0.0.1:8000

| command | effect |
| --- | --- |
| `cut` | resets every connection and every new one |
| `fin` | closes every connection politely; new ones are served |
| `restore` | ends all faults |
| `cut-after N` | resets everything once N more bytes have gone up, as `cut` |
| `reset-every N` | resets the connection each time N more bytes have gone up; new ones are served at once |
| `drop-every N` | the same without a warning: what is on its way in either direction is lost |
| `fin-after N` | closes once N more bytes have gone up; new connections are served |
| `freeze` | forwards nothing on the present connections and tells nobody; new ones are served |
| `stall` | forwards nothing in either direction and tells nobody |
| `lose-answers N` | swallows the next N bursts of answer and resets their connections |
| `flip N` | inverts the lowest bit of the N-th next byte going up |
| `throttle BPS` | bits per second in each direction, 0 for no limit |
"""

import argparse
import asyncio
import json
import socket
import sys
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from sync.tools.faults import Faults, Line, delivered

_PIECE = 16 << 10
_WIDE_PIECE = 256 << 10
_BUFFER = 32 << 10


class FaultProxy:
    """The proxy in a thread of its own; all methods may be called from any thread."""

    def __init__(self, host: str, port: int, listen: int = 0, *, narrow: bool = True) -> None:
        """Forward to `host`:`port` from 127.0.0.1:`listen` (0 chooses a free port, see `port`).

        A `narrow` line holds some ten KiB by itself; one that is not takes all that the kernels give it, so that a
        fast client is far ahead of what the server has read.
        """
        self._target = (host, port)
        self._narrow = narrow
        self._piece = _PIECE if narrow else _WIDE_PIECE
        self._listen = listen
        self._faults = Faults()
        self._loop = asyncio.new_event_loop()
        self._lines: set[Line] = set()
        self._going: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-proxy", daemon=True)
        self._server: asyncio.Server | None = None
        self.port = listen
        self.up_bytes = 0
        self.resets = 0
        self.watch_up: Callable[[Line, bytes], None] = lambda _line, _data: None
        """Told of every piece that goes up, in the proxy's thread."""
        self.down_bytes = 0

    def start(self) -> "FaultProxy":
        self._thread.start()
        self._ask(self._open).result(10)
        return self

    def stop(self) -> None:
        self._ask(self._close).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def cut(self) -> None:
        """Reset all connections and refuse new ones until `restore`."""
        self._change(down=True, then=self._reset_all)

    def fin(self) -> None:
        """Close all connections politely; new ones are served."""
        self._change(then=self._finish_all)

    def restore(self) -> None:
        """End every fault; stalled connections go on."""
        self._change(
            down=False, stalled=False, bits_per_s=0, cut_after=None, fin_after=None, reset_every=0,
            reset_after=None, dropping=False, flip_after=None, lose_answers=0,
        )  # fmt: skip

    def cut_after(self, count: int) -> None:
        """Let `count` more bytes go up, then act as `cut`."""
        self._change(cut_after=count)

    def reset_every(self, count: int) -> None:
        """Reset the connections each time `count` more bytes have gone up; new ones are served at once."""
        self._change(reset_every=count, reset_after=count)

    def drop_every(self, count: int) -> None:
        """Reset as `reset_every`, but lose what is on its way instead of letting it arrive first."""
        self._change(reset_every=count, reset_after=count, dropping=True)

    def fin_after(self, count: int) -> None:
        """Let `count` more bytes go up, then act as `fin`: the server sees a truncated request."""
        self._change(fin_after=count)

    def flip(self, count: int) -> None:
        """Invert the lowest bit of byte number `count` (from 0) of those that go up from now."""
        self._change(flip_after=count)

    def lose_answers(self, count: int) -> None:
        """Swallow the next `count` answers and reset the connections they were for."""
        self._change(lose_answers=count)

    def stall(self) -> None:
        """Forward nothing and close nothing: a half-open line."""
        self._change(stalled=True)

    def freeze(self) -> None:
        """Let the present connections die silently, as a router that forgot them; new ones are served."""

        def freeze_all() -> None:
            for line in self._lines:
                line.frozen = True

        self._change(then=freeze_all)

    def throttle(self, bits_per_s: int) -> None:
        """Limit each direction of each connection; 0 lifts the limit."""
        self._change(bits_per_s=bits_per_s)

    def _change(self, then: Callable[[], None] = lambda: None, **values: int | None) -> None:
        async def apply() -> None:
            for name, value in values.items():
                setattr(self._faults, name, value)
            if self._going:
                (self._going.clear if self._faults.stalled else self._going.set)()
            then()

        self._ask(apply).result(10)

    def _ask(self, job: Callable[[], Coroutine[Any, Any, None]]) -> "Future[None]":
        return asyncio.run_coroutine_threadsafe(job(), self._loop)

    async def _open(self) -> None:
        self._going = asyncio.Event()
        self._going.set()
        listener = socket.create_server(("127.0.0.1", self._listen))
        if self._narrow:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        self._server = await asyncio.start_server(self._accept, sock=listener, limit=self._piece)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._server:
            self._server.close()
        self._reset_all()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = Line(writer)
        self._lines.add(line)
        try:
            if self._faults.down:
                return
            far_reader, far_writer = await asyncio.open_connection(*self._target, limit=self._piece)
            line.far = far_writer
            if self._narrow:
                far_writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
            up = asyncio.create_task(self._pump(line, reader, far_writer, self._spoil_up))
            down = asyncio.create_task(self._pump(line, far_reader, writer, self._spoil_down))
            await asyncio.wait({up, down})
        except (OSError, asyncio.CancelledError):
            return  # the far end is not there, or the proxy stops
        finally:
            line.reset() if self._faults.down else line.finish()
            self._lines.discard(line)

    async def _pump(
        self,
        line: Line,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        spoil: Callable[[Line, bytes], bytes],
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(self._piece):
                if line.frozen:
                    await asyncio.Event().wait()  # until the proxy stops: the far side never learns either
                data = spoil(line, data)
                if line.ending and self._faults.dropping:
                    break
                if self._going:
                    await self._going.wait()
                writer.write(data)
                await writer.drain()
                if line.ending:
                    break
                if self._faults.bits_per_s:
                    await asyncio.sleep(len(data) * 8 / self._faults.bits_per_s)
            ending, line.ending = line.ending, None  # the other direction must not do it again
            if ending:
                if not self._faults.dropping:
                    await delivered(writer)
                ending()
            elif writer.can_write_eof():
                writer.write_eof()

    def _spoil_up(self, line: Line, data: bytes) -> bytes:
        faults = self._faults
        if faults.flip_after is not None:
            if faults.flip_after < len(data):
                at, faults.flip_after = faults.flip_after, None
                data = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
            else:
                faults.flip_after -= len(data)
        faults.cut_after, data = self._run_down(line, faults.cut_after, data, self._cut_now)
        faults.reset_after, data = self._run_down(line, faults.reset_after, data, self._reset_again)
        faults.fin_after, data = self._run_down(line, faults.fin_after, data, self._finish_all)
        self.up_bytes += len(data)
        self.watch_up(line, data)
        return data

    def _spoil_down(self, line: Line, data: bytes) -> bytes:
        if self._faults.lose_answers > 0:
            self._faults.lose_answers -= 1
            line.ending = line.reset
            return b""
        self.down_bytes += len(data)
        return data

    @staticmethod
    def _run_down(
        line: Line, left: int | None, data: bytes, end: Callable[[], None]
    ) -> tuple[int | None, bytes]:
        if left is None:
            return None, data
        if left > len(data):
            return left - len(data), data
        line.ending = end
        return None, data[:left]

    def _cut_now(self) -> None:
        self._faults.down = True
        self._reset_all()

    def _reset_again(self) -> None:
        self.resets += 1
        self._faults.reset_after = self._faults.reset_every or None
        self._reset_all()

    def _reset_all(self) -> None:
        for line in list(self._lines):
            line.reset()

    def _finish_all(self) -> None:
        for line in list(self._lines):
            line.finish()


def obey(proxy: FaultProxy, command: str) -> bool:
    """Carry out one command line; False when it is not understood."""
    name, _, number = command.strip().partition(" ")
    plain = {
        "cut": proxy.cut,
        "fin": proxy.fin,
        "restore": proxy.restore,
        "stall": proxy.stall,
        "freeze": proxy.freeze,
    }
    counted = {
        "cut-after": proxy.cut_after,
        "reset-every": proxy.reset_every,
        "drop-every": proxy.drop_every,
        "fin-after": proxy.fin_after,
        "lose-answers": proxy.lose_answers,
        "flip": proxy.flip,
        "throttle": proxy.throttle,
    }
    if name in plain and not number:
        plain[name]()
    elif name in counted and number.isdecimal():
        counted[name](int(number))
    else:
        return False
    return True


def main(arguments: list[str]) -> int:
    """Run until standard input ends; each command is answered by a JSON line."""
    parser = argparse.ArgumentParser(prog="python -m sync.tools.fault_proxy")
    parser.add_argument("--listen", type=int, default=0)
    parser.add_argument("--to", required=True, metavar="HOST:PORT")
    options = parser.parse_args(arguments)
    host, _, port = options.to.rpartition(":")
    proxy = FaultProxy(host, int(port), options.listen).start()
    _tell(port=proxy.port)
    for command in sys.stdin:
        _tell(command=command.strip(), ok=obey(proxy, command), up_bytes=proxy.up_bytes, resets=proxy.resets)
    proxy.stop()
    return 0


def _tell(**facts: object) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
