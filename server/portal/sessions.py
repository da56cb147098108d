"""Who is there: what WeChat told us, sealed into a cookie; every seal is of one account, one purpose and one time.

Nothing is kept at the server, so that any of its processes serves any request; what may be shown once (a code, a
ticket, a state) is spent in the nonces of the centre.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

import msgspec
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from domain.kernel.columns import to_microseconds
from domain.kernel.errors import DomainError
from server.centre import Centre

SESSION = timedelta(minutes=30)
"""How long somebody stays recognised; then WeChat is asked again, which takes no tap."""
STATE, TICKET = timedelta(minutes=10), timedelta(minutes=1)


class Seal(msgspec.Struct, frozen=True):
    """What is sealed: for what, of which account, until when (seconds since 1970), and what it says."""

    purpose: str
    account: str
    until: int
    said: str
    once: str = ""


@dataclass(frozen=True, slots=True)
class Visitor:
    """A WeChat account that WeChat itself has vouched for."""

    account: str
    openid: str


class PortalSessions:
    """Seals of one centre.

    Args:
        centre: Its identity makes the key, its nonces keep what was spent.
    """

    def __init__(self, centre: Centre) -> None:
        self._centre = centre
        raw = centre.identity.key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        key = hashlib.sha256(b"aftercheck portal 1" + raw).digest()
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def session(self, visitor: Visitor) -> str:
        """Return the cookie of somebody who is recognised."""
        return self._sealed("session", visitor.account, visitor.openid, SESSION)

    def visitor(self, account: str, cookie: str | None) -> Visitor | None:
        """Return who a cookie is of, None where it is of another account, too old or made up."""
        found = self._opened("session", account, cookie)
        return Visitor(account, found.said) if found else None

    def state(self, account: str) -> tuple[str, str]:
        """Return a state for WeChat to give back, and the cookie that proves it was this browser that left."""
        said = secrets.token_urlsafe(24)
        return said, self._sealed("state", account, said, STATE)

    def came_back(self, account: str, cookie: str | None, state: str, code: str) -> None:
        """Check that the browser that comes back is the one that left, with a state and a code that are shown once.

        Raises:
            DomainError: ``portal.bad_state``, ``portal.bad_code``.
        """
        found = self._opened("state", account, cookie)
        if (
            found is None
            or not secrets.compare_digest(found.said, state)
            or not self._spend(f"state {state}")
        ):
            raise DomainError("portal.bad_state")
        if not code or not self._spend(f"code {account} {code}"):
            raise DomainError("portal.bad_code")

    def ticket(self, visitor: Visitor) -> str:
        """Return what lets a mini program's web-view in, once, within a minute."""
        return self._sealed("ticket", visitor.account, visitor.openid, TICKET, once=secrets.token_hex(12))

    def enter(self, account: str, ticket: str) -> Visitor:
        """Return who a ticket lets in. Raises ``portal.bad_code``: used, too old or made up."""
        found = self._opened("ticket", account, ticket)
        if found is None or not self._spend(f"ticket {found.once}"):
            raise DomainError("portal.bad_code")
        return Visitor(account, found.said)

    def spend_login(self, account: str, code: str) -> None:
        """Note that a mini program's code was shown; ``portal.bad_code`` the second time."""
        if not self._spend(f"code {account} {code}"):
            raise DomainError("portal.bad_code")

    def carried(self, account: str, token: str) -> str:
        """Return the cookie in which the secret of a link waits until WeChat has told who is there."""
        return self._sealed("link", account, token, STATE)

    def taken_along(self, account: str, cookie: str | None) -> str:
        """Return the secret that waits in a cookie, '' if none does."""
        found = self._opened("link", account, cookie)
        return found.said if found else ""

    def _sealed(self, purpose: str, account: str, said: str, lasts: timedelta, once: str = "") -> str:
        until = int((self._centre.clock() + lasts).timestamp())
        return self._fernet.encrypt(msgspec.json.encode(Seal(purpose, account, until, said, once))).decode()

    def _opened(self, purpose: str, account: str, text: str | None) -> Seal | None:
        try:
            found = msgspec.json.decode(self._fernet.decrypt((text or "").encode()), type=Seal)
        except (InvalidToken, msgspec.MsgspecError, UnicodeEncodeError):
            return None
        fits = found.purpose == purpose and found.account == account
        return found if fits and found.until > self._centre.clock().timestamp() else None

    def _spend(self, nonce: str) -> bool:
        centre = self._centre
        return centre.nonces.spend(
            centre.identity.device_id, f"portal {nonce}", to_microseconds(centre.clock())
        )
