"""One interface for whoever compares name and number, and the one that is spoken to over HTTP.

Nothing leaves but what is compared. A service that does not answer in time is asked again by housekeeping; nobody at
a desk waits for it, and its silence proves nothing.
"""

import json
import secrets
import time
from typing import Protocol

import requests

from domain.kernel.errors import UnavailableError
from domain.people.roster_records import OutsideAnswer
from server.attesting.providers import signature

TIMEOUT_S = 5.0
_ANSWERS = {
    "match": OutsideAnswer.FITS,
    "mismatch": OutsideAnswer.DIFFERS,
    "not_found": OutsideAnswer.UNKNOWN,
}


class IdentityService(Protocol):
    """Whoever can tell whether a name belongs to a number."""

    def check(self, name: str, number: str) -> OutsideAnswer:
        """Return what it says; UnavailableError ``outside.*`` if nothing came."""


class HttpIdentityService:
    """``POST {url}``, JSON ``{"app", "name", "number", "once"}`` signed as for seals; answer ``{"result": …}``.

    ``result``: ``match``, ``mismatch`` or ``not_found``. The police's and a hospital's service speak the same here; a
    gateway at the institution turns it into what each of them wants.
    """

    def __init__(self, url: str, app: str, secret: bytes, timeout_s: float = TIMEOUT_S) -> None:
        self._url, self._app, self._secret, self._timeout_s = url, app, secret, timeout_s

    def check(self, name: str, number: str) -> OutsideAnswer:
        """See `IdentityService`."""
        asked = {"app": self._app, "name": name, "number": number, "once": secrets.token_hex(8)}
        body = json.dumps(asked).encode()
        head = {
            "content-type": "application/json",
            "x-signature": signature(self._secret, str(int(time.time())), body),
        }
        try:
            with requests.Session() as http:
                answer = http.post(
                    self._url, data=body, headers=head, timeout=self._timeout_s, allow_redirects=False
                )
            if answer.status_code != 200:
                raise UnavailableError("outside.refused", status=answer.status_code)
            return _ANSWERS[answer.json()["result"]]
        except requests.RequestException as error:
            raise UnavailableError("outside.silent") from error
        except (ValueError, TypeError, KeyError) as error:
            raise UnavailableError("outside.odd") from error
