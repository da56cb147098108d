"""Meeting the centre for the first time: its address, whether it answers, whose certificate it has, its clock.

Nothing is made on this machine by any of it.
"""

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import requests
from cryptography import x509

from domain.kernel.clock import clinic
from domain.kernel.columns import from_microseconds
from domain.kernel.errors import DomainError, UnavailableError
from sync.device_auth import CLOCK_HEADER
from sync.tls import CentreSession, fingerprint, tls_failure

TIMEOUT_S = (10, 30)
_LONGEST = 100_000
CLOCK_MAY_DIFFER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class OfferedAuthority:
    """What a centre says its own authority is, not believed yet: a person compares the fingerprint."""

    pem: bytes
    name: str
    fingerprint: str
    valid_until: datetime


def address_of(text: str) -> str:
    """Return the address of a centre as it is kept, e.g. ``https://centre.example:8443``.

    Raises:
        DomainError: ``enrolment.bad_address``; ``enrolment.plain_http``: only this very machine may be asked without
            TLS.
    """
    plain = text.strip()
    if "://" not in plain:
        plain = f"https://{plain}"
    try:
        parts = urlsplit(plain)
        port = parts.port
    except ValueError as error:
        raise DomainError("enrolment.bad_address", field="server") from error
    host = parts.hostname or ""
    if (
        parts.scheme not in {"http", "https"}
        or not host
        or parts.path not in {"", "/"}
        or parts.query
        or parts.username
    ):
        raise DomainError("enrolment.bad_address", field="server")
    if any(c.isspace() or c in "，。：；、" for c in host):
        raise DomainError("enrolment.bad_address", field="server")
    if parts.scheme == "http" and not _is_this_machine(host):
        raise DomainError("enrolment.plain_http", field="server")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port else "")


def meet(server: str, authority: Path | None, clock: Callable[[], datetime]) -> None:
    """Ask a centre for a sign of life and compare the clocks.

    Args:
        server: As `address_of` returns it.
        authority: The centre's own authority, PEM; None for those of the machine.
        clock: Time of this machine.

    Raises:
        UnavailableError: ``enrolment.no_such_host``, ``enrolment.unreachable``, ``enrolment.not_a_centre``,
            ``tls.*``.
        DomainError: ``enrolment.clock``: the clocks differ by more than five minutes.
    """
    with CentreSession(authority) as session:
        answer = ask(session, "GET", f"{server}/health")
    told = answer.headers.get(CLOCK_HEADER, "")
    if answer.status_code != 200 or not told.isdecimal():
        raise UnavailableError("enrolment.not_a_centre", server=server)
    theirs, ours = from_microseconds(int(told)), clock()
    if abs(theirs - ours) > CLOCK_MAY_DIFFER:
        raise DomainError(
            "enrolment.clock",
            ours=f"{clinic(ours):%Y-%m-%d %H:%M}",
            theirs=f"{clinic(theirs):%Y-%m-%d %H:%M}",
        )


def offered_authority(server: str) -> OfferedAuthority:
    """Fetch the authority a centre offers, believing nothing yet: only its fingerprint tells whether it is true.

    Raises:
        DomainError: ``tls.no_authority``: it has none of its own.
        UnavailableError: As `meet`, or ``tls.no_certificate``.
    """
    parts = urlsplit(server)
    if parts.scheme != "https":
        raise DomainError("tls.no_authority")
    believing = ssl.create_default_context()
    believing.check_hostname, believing.verify_mode = (
        False,
        ssl.CERT_NONE,
    )  # what comes is compared, not believed
    line = http.client.HTTPSConnection(
        parts.hostname or "", parts.port, timeout=TIMEOUT_S[0], context=believing
    )
    try:
        line.request("GET", "/api/ca")
        answer = line.getresponse()
        status, content = answer.status, answer.read(_LONGEST)
    except (OSError, http.client.HTTPException) as error:
        raise tls_failure(error) or UnavailableError("enrolment.unreachable", server=server) from error
    finally:
        line.close()
    if status != 200:
        raise DomainError("tls.no_authority")
    try:
        certificate = x509.load_pem_x509_certificate(content)
    except ValueError as error:
        raise UnavailableError("tls.no_certificate") from error
    return OfferedAuthority(
        content, certificate.subject.rfc4514_string().removeprefix("CN="), fingerprint(content),
        certificate.not_valid_after_utc,
    )  # fmt: skip


def ask(session: requests.Session, method: str, url: str, **options: object) -> requests.Response:
    """Send one request; what can go wrong on the way is told in words for the person who joins.

    Raises:
        UnavailableError: As `meet`.
    """
    server = "{0.scheme}://{0.netloc}".format(urlsplit(url))
    try:
        return session.request(method, url, timeout=TIMEOUT_S, allow_redirects=False, **options)  # type: ignore[arg-type]
    except requests.RequestException as error:
        insecure = tls_failure(error)
        if insecure is not None:
            raise insecure from error
        if _is_unknown_name(error):
            raise UnavailableError("enrolment.no_such_host", server=server) from error
        raise UnavailableError("enrolment.unreachable", server=server) from error


def _is_unknown_name(error: BaseException) -> bool:
    text = repr(error)
    return (
        "NameResolutionError" in text or "getaddrinfo" in text or isinstance(error.__cause__, socket.gaierror)
    )


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
