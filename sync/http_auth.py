"""Signs every request of a `requests` session as `sync.device_auth` asks."""

import hashlib
import time
from collections.abc import Callable
from typing import Any

import requests
from requests.auth import AuthBase

from domain.kernel.ids import Id
from sync.device_auth import CLOCK_HEADER, EMPTY_DIGEST, Signer, signed_headers


def steady_clock() -> Callable[[], int]:
    """Return a clock in microseconds UTC that a change of the machine's time does not move while it runs."""
    wall, monotonic = time.time_ns(), time.monotonic_ns()
    return lambda: (wall + time.monotonic_ns() - monotonic) // 1000


class DeviceAuth(AuthBase):
    """Signs each request of a session; learns the centre's clock from its answers.

    Args:
        signer: Key of the workstation.
        device_id: Installation.
        now_us: This machine's clock, microseconds UTC.
    """

    def __init__(self, signer: Signer, device_id: Id, now_us: Callable[[], int]) -> None:
        self._signer = signer
        self._device_id = device_id
        self._now_us = now_us
        self.offset_us = 0

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        checksum = request.headers.get("Upload-Checksum")
        body = request.body
        if checksum:
            digest = str(checksum)
        elif isinstance(body, bytes):
            digest = hashlib.sha256(body).hexdigest()
        else:
            digest = EMPTY_DIGEST
        headers = signed_headers(
            self._signer, self._device_id, request.method or "GET", request.path_url, digest,
            self._now_us() + self.offset_us,
        )  # fmt: skip
        request.headers.update(headers)
        request.register_hook("response", self._learn)  # type: ignore[no-untyped-call]
        return request

    def _learn(self, response: requests.Response, *_args: Any, **_kwargs: Any) -> None:
        text = response.headers.get(CLOCK_HEADER, "")
        if text.isdecimal():
            self.offset_us = int(text) - self._now_us()
