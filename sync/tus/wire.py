"""The branch's HTTP: time-outs that notice a dead line, bodies that can be stopped, and what answers mean."""

import email.utils
import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from domain.kernel.errors import DomainError
from sync.tls import tls_failure
from sync.tus.protocol import TUS_VERSION

MIN_SEND_BUFFER = 16 << 10
FIRST_SEND_BUFFER = 64 << 10
MAX_SEND_BUFFER = 4 << 20
LONGEST_RETRY_AFTER_S = 3600.0
_OUR_ARGUMENTS = frozenset({"self", "code", "field", "retry_after_s", "forget_url"})


class InterruptedTransfer(Exception):  # noqa: N818 (the transfer goes on)
    """The upload stopped and should be tried again.

    Attributes:
        code: Text key of the reason, for when trying is given up.
        facts: What the text names.
        retry_after_s: What the centre asked for, or 0.
        forget_url: The upload's URL is no longer valid.
    """

    def __init__(
        self, code: str, *, retry_after_s: float = 0.0, forget_url: bool = False, **facts: Any
    ) -> None:
        super().__init__(code, facts)
        self.code = code
        self.facts = facts
        self.retry_after_s = retry_after_s
        self.forget_url = forget_url


class CancelledTransfer(Exception):  # noqa: N818 (asked for by the user)
    """The user or the closing program stopped the upload."""


class WireAdapter(HTTPAdapter):
    """Connections whose unacknowledged bytes are bounded in number and in time.

    A large send buffer would swallow minutes of a slow line and hide its state from the stall timer, so it
    starts small and grows with the measured rate. TCP_USER_TIMEOUT (Linux) makes the kernel give up
    unacknowledged data.
    """

    def __init__(self, stall_s: float) -> None:
        self._stall_s = stall_s
        self._send_buffer = FIRST_SEND_BUFFER
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, socket_options=self._socket_options(), **kwargs)

    def fit(self, bytes_per_s: float) -> None:
        """Allow about a quarter of the stall time of unacknowledged bytes; new connections use it."""
        wanted = MIN_SEND_BUFFER
        while wanted < MAX_SEND_BUFFER and wanted * 4 < bytes_per_s * self._stall_s:
            wanted *= 4
        if wanted != self._send_buffer:
            self._send_buffer = wanted
            self.poolmanager.connection_pool_kw["socket_options"] = self._socket_options()
            self.poolmanager.clear()

    def _socket_options(self) -> list[tuple[int, int, int]]:
        options = [
            (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
            (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
            (socket.SOL_SOCKET, socket.SO_SNDBUF, self._send_buffer),
        ]
        user_timeout = getattr(socket, "TCP_USER_TIMEOUT", None)
        if user_timeout is not None:
            options.append((socket.IPPROTO_TCP, user_timeout, int(self._stall_s * 1000)))
        return options


class PacedBody:
    """A request body that asks before each piece: may I go on, and how long must I wait."""

    def __init__(self, data: memoryview, piece: int, before_piece: Callable[[int], None]) -> None:
        """Take `data`, to go in pieces of `piece` bytes.

        `before_piece` gets the size of the next piece, and raises to stop the request.
        """
        self._data = data
        self._piece = piece
        self._before_piece = before_piece

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(
        self,
    ) -> Iterator[memoryview]:  # without `read`, so that urllib3 sends the pieces as they are
        for start in range(0, len(self._data), self._piece):
            piece = self._data[start : start + self._piece]
            self._before_piece(len(piece))
            yield piece


def line_failure(error: requests.RequestException) -> InterruptedTransfer:
    """Tell the user's reason from what requests raised."""
    insecure = tls_failure(error)
    if insecure is not None:
        return InterruptedTransfer(insecure.code, **insecure.facts)
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return InterruptedTransfer("transfer.no_connection")
    if isinstance(error, requests.exceptions.Timeout) or "TimeoutError" in repr(error):
        return InterruptedTransfer("transfer.stalled")
    return InterruptedTransfer("transfer.no_connection")


def checked(response: requests.Response, *, creating: bool) -> requests.Response:
    """Return a successful answer of a tus server.

    Raises:
        InterruptedTransfer: Worth another try, after what the centre asks for.
        DomainError: Trying again would give the same answer.
    """
    status = response.status_code
    if status in (408, 409, 423, 429, 460) or status >= 500:
        code, facts = _problem(response, "transfer.centre_busy")
        raise InterruptedTransfer(code, retry_after_s=retry_after_s(response), **facts)
    if status in (401, 403):
        raise DomainError("transfer.not_authorised")
    if response.headers.get("Tus-Resumable") != TUS_VERSION:
        raise InterruptedTransfer("transfer.not_a_centre", status=status)  # a captive portal, a wrong address
    if status in (404, 410) and not creating:
        raise InterruptedTransfer("transfer.upload_unknown", forget_url=True)
    if not 200 <= status < 300:
        code, facts = _problem(response, "transfer.refused")
        raise DomainError(code, **facts)
    return response


def retry_after_s(response: requests.Response) -> float:
    """Read Retry-After (seconds or a date), at most an hour; 0 when absent or unreadable."""
    text = response.headers.get("Retry-After", "").strip()
    if not text:
        return 0.0
    if text.isdecimal():
        seconds = float(text)
    else:
        try:
            seconds = email.utils.parsedate_to_datetime(text).timestamp() - time.time()
        except ValueError:
            return 0.0
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER_S)


def acknowledged(response: requests.Response, size: int) -> int:
    """Return `Upload-Offset`; an answer without a sensible one is no answer of a centre."""
    text = response.headers.get("Upload-Offset", "")
    if not text.isdecimal() or int(text) > size:
        raise InterruptedTransfer("transfer.not_a_centre", status=response.status_code)
    return int(text)


def _problem(response: requests.Response, fallback: str) -> tuple[str, dict[str, Any]]:
    """Take code and facts of a centre's problem document; of any other answer only the status."""
    if response.headers.get("Tus-Resumable") != TUS_VERSION:
        return fallback, {"status": response.status_code}
    try:
        document = json.loads(response.headers.get("Problem") or response.text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        return fallback, {"status": response.status_code}
    facts = document.get("facts")
    named = facts if isinstance(facts, dict) else {}
    kept = {name: value for name, value in named.items() if name not in _OUR_ARGUMENTS}
    return str(document.get("code", fallback)), {"status": response.status_code, **kept}
