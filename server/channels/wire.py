"""Calling a vendor over HTTP: limits, and what a failure says about whether the call was taken.

Not connected: nothing was sent, so it may be tried again. Sent and no whole answer (time-out, a line cut in the
middle, an empty body, a page instead of JSON): nobody knows, `Lost`. A status of 5xx is the vendor's word
that it did not take it.
"""

import json
from collections.abc import Mapping
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from server.channels.outcome import Outcome

CONNECT_S, READ_S = 5.0, 10.0
MOST_BYTES = 1 << 20


class Unanswered(Exception):  # noqa: N818  (what happened, told to the adapter only)
    """The call has no usable answer; `outcome` says what to do about it."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.detail)
        self.outcome = outcome


class Wire:
    """HTTP to one vendor.

    Args:
        base_url: Where its service is; a simulator's in tests and demonstrations.
        read_s: How long an answer may take.
    """

    def __init__(self, base_url: str, read_s: float = READ_S) -> None:
        self.base_url = base_url.rstrip("/")
        self._read_s = read_s
        self._http = requests.Session()
        self._http.trust_env = False
        for scheme in ("http://", "https://"):
            self._http.mount(scheme, HTTPAdapter(max_retries=0))

    def get(self, path: str, query: Mapping[str, Any]) -> dict[str, Any]:
        """Call and return the JSON object of the answer; raises `Unanswered`."""
        return self.call("GET", path, query=query)

    def post(self, path: str, query: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
        """Send a JSON object and return the one of the answer; raises `Unanswered`."""
        data = json.dumps(body, ensure_ascii=False).encode()
        return self.call("POST", path, query=query, data=data, headers={"content-type": "application/json"})

    def download(self, path: str, query: Mapping[str, Any], most: int, url: str = "") -> tuple[bytes, str]:
        """Return the bytes of a file and the type it is said to be; JSON comes as it is, for whoever knows its codes.

        Args:
            path: Of the vendor's service.
            query: As for `get`.
            most: Bytes; a larger file is read one byte beyond and no further.
            url: Another address in place of the service's own, already checked.

        Raises:
            Unanswered: The line, a status that is no answer, or a file that ends too early.
        """
        try:
            answer = self._http.get(
                url or self.base_url + path, params=query, timeout=(CONNECT_S, self._read_s), allow_redirects=False,
                stream=True,
            )  # fmt: skip
            with answer:
                body = answer.raw.read(most + 1, decode_content=True)
                length = answer.headers.get("content-length")
        except (requests.RequestException, OSError) as error:
            raise Unanswered(_not_sent(error)) from error
        except Exception as error:  # what urllib3 raises while a body is read
            if not type(error).__module__.startswith(("urllib3", "http")):
                raise
            raise Unanswered(_lost(error)) from error
        if answer.status_code != 200:
            raise Unanswered(Outcome("retry", reason="busy", detail=f"HTTP {answer.status_code}"))
        if length is not None and length.isdigit() and len(body) < min(int(length), most + 1):
            raise Unanswered(Outcome("unknown", reason="lost", detail="cut"))
        return body, str(answer.headers.get("content-type", ""))

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        raw_query: str = "",
        files: Any = None,
    ) -> dict[str, Any]:
        """Call; `raw_query` is a query that is encoded already, because it was signed."""
        url = self.base_url + path + (f"?{raw_query}" if raw_query else "")
        try:
            answer = self._http.request(
                method, url, params=query, data=data, headers=dict(headers or {}), timeout=(CONNECT_S, self._read_s),
                allow_redirects=False, stream=True, files=files,
            )  # fmt: skip
            with answer:
                body = answer.raw.read(MOST_BYTES + 1, decode_content=True)
                length = answer.headers.get("content-length")
        except (requests.ConnectTimeout, requests.exceptions.SSLError) as error:
            raise Unanswered(_not_sent(error)) from error
        except requests.ConnectionError as error:
            # A refused connection was never a call; one that was reset may have been taken.
            refused = "NewConnectionError" in repr(error) or "NameResolutionError" in repr(error)
            raise Unanswered(_not_sent(error) if refused else _lost(error)) from error
        except (requests.RequestException, OSError) as error:
            raise Unanswered(_lost(error)) from error
        except Exception as error:  # what urllib3 raises while a body is read: cut in the middle, bad chunks
            if not type(error).__module__.startswith(("urllib3", "http")):
                raise
            raise Unanswered(_lost(error)) from error
        return _object(answer.status_code, body, length)


def _object(status: int, body: bytes, length: str | None) -> dict[str, Any]:
    if length is not None and length.isdigit() and len(body) < int(length):
        raise Unanswered(Outcome("unknown", reason="lost", detail="cut"))
    if len(body) > MOST_BYTES:
        raise Unanswered(Outcome("unknown", reason="odd_answer", detail="too long"))
    try:
        found = json.loads(body)
    except (ValueError, UnicodeDecodeError, RecursionError):
        found = None
    if isinstance(found, dict) and (status < 500 or "Code" in found or "errcode" in found):
        return found
    if status >= 500:
        raise Unanswered(Outcome("retry", reason="busy", detail=f"HTTP {status}"))
    if status == 429:
        raise Unanswered(Outcome("retry", reason="limited", detail="HTTP 429", wait_s=5.0))
    if status in (401, 403, 404):
        raise Unanswered(Outcome("configuration", reason="configuration", detail=f"HTTP {status}"))
    raise Unanswered(Outcome("unknown", reason="odd_answer", detail=f"HTTP {status}, {len(body)} bytes"))


def _not_sent(error: Exception) -> Outcome:
    return Outcome("retry", reason="unreachable", detail=type(error).__name__)


def _lost(error: Exception) -> Outcome:
    return Outcome("unknown", reason="lost", detail=type(error).__name__)
