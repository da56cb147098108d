"""Joining: a one-time code turns an empty machine into a workstation of one branch.

A device key (Ed25519) and a store key are made here and kept in the operating system's keyring or the file chosen
for machines without one; only the public half of the device key leaves the machine. Enrolling again after a cut
line goes on with the keys that were made; a machine that has joined is never enrolled over.
"""

import contextlib
import os
import secrets
import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from client.centre_trust import address_of, ask, meet, offered_authority
from client.home import Home
from client.keys import create_key, key_file_of, read_key
from client.machine_clock import machine_clock
from domain.kernel.errors import DomainError, UnavailableError
from domain.kernel.store import Store
from sync.device_auth import key_from, public_text
from sync.local_tables import installation
from sync.schema import prepare_store
from sync.stores import open_branch_store
from sync.tls import CentreSession, fingerprint, same_fingerprint

ENTRY = "device"


def device_seed(home: Home, key_file_setting: str = "") -> bytes:
    """Return the seed of this machine's device key.

    Raises:
        UnavailableError: ``key.missing`` and the like, as `client.keys.read_key`.
    """
    return read_key(home.folder / ENTRY, _device_file(key_file_setting))


@dataclass(frozen=True, slots=True)
class Request:
    """What a person enters to join.

    Attributes:
        server: Address of the centre, e.g. ``https://centre.example:8443``; without a scheme ``https`` is meant.
        code: One-time code from the administrator.
        name: What people call this workstation.
        authority: PEM file of the centre's own authority, if it has one; or
        fingerprint: its SHA-256, told by the administrator: the certificate is fetched and compared with it.
    """

    server: str
    code: str
    name: str
    authority: Path | None = None
    fingerprint: str = ""


STEPS = ("meet", "keys", "store", "join", "keep")
"""What joining consists of, in order; the text of each is ``enrolment.step.<name>``."""


def enrol(
    home: Home,
    request: Request,
    *,
    key_file_setting: str = "",
    clock: Callable[[], datetime] | None = None,
    tell: Callable[[str], None] = lambda _step: None,
) -> uuid.UUID:
    """Join the centre and return this installation's device id.

    The centre is met first: its address, its certificate and its clock are found right before anything is made here.

    Args:
        home: Where the installation will live; made if absent.
        request: What was entered.
        key_file_setting: File for the keys on a machine without a keyring; empty for the keyring.
        clock: Time of this machine.
        tell: Told each step of `STEPS` as it begins.

    Raises:
        DomainError: What was entered cannot be, the clocks differ, the centre refused the code, or this machine has
            joined already; `field` names the entry.
        UnavailableError: The centre cannot be reached or believed, or keys or store cannot be made.
    """
    server = _checked(request)
    tell("meet")
    with _authority(home, server, request) as authority:
        meet(server, authority, clock or machine_clock())
        _make_folder(home)
        tell("keys")
        seed = _made_once(home.folder / ENTRY, _device_file(key_file_setting))
        store_key = _made_once(home.store, key_file_of(key_file_setting))
        tell("store")
        store = open_branch_store(home.store, store_key)
        try:
            prepare_store(store)
            with store.read() as connection:
                if connection.execute(select(installation.c.device_id)).first() is not None:
                    raise DomainError("enrolment.joined_already")
            tell("join")
            question = {"code": request.code, "name": request.name, "public_key": public_text(key_from(seed))}
            answer = _ask(server, question, authority)
            tell("keep")
            _keep_authority(home, authority)
            _keep(store, answer, server, request.name)
        finally:
            store.close()
    return uuid.UUID(answer["device_id"])


def _checked(request: Request) -> str:
    if not request.server.strip():
        raise DomainError("enrolment.no_server", field="server")
    if not request.code.strip():
        raise DomainError("enrolment.no_code", field="code")
    if not request.name.strip():
        raise DomainError("enrolment.no_name", field="name")
    return address_of(request.server)


@contextlib.contextmanager
def _authority(home: Home, server: str, request: Request) -> Iterator[Path | None]:
    """Yield the file of the authority to be believed; one that came by its fingerprint lies in a passing folder."""
    if request.authority is not None:
        try:
            fingerprint(request.authority.read_bytes())
        except OSError as error:
            raise DomainError(
                "enrolment.no_ca_file", field="authority", path=str(request.authority)
            ) from error
        except UnavailableError as error:
            raise DomainError(error.code, field="authority") from error
        yield request.authority
        return
    if not request.fingerprint.strip():
        yield home.authority if home.authority.exists() else None
        return
    offered = offered_authority(server)
    if not same_fingerprint(offered.fingerprint, request.fingerprint):
        raise DomainError("enrolment.fingerprint_differs", field="fingerprint", found=offered.fingerprint)
    with tempfile.TemporaryDirectory(prefix="aftercheck-") as folder:
        path = Path(folder) / "authority"
        path.write_bytes(offered.pem)
        yield path


def _make_folder(home: Home) -> None:
    try:
        home.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnavailableError("enrolment.no_folder", path=str(home.folder)) from error


def _keep_authority(home: Home, authority: Path | None) -> None:
    if authority is None or authority == home.authority:
        return
    unfinished = home.authority.with_suffix(".part")
    with unfinished.open("wb") as file:
        file.write(authority.read_bytes())
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(home.authority)


def _device_file(setting: str) -> Path | None:
    chosen = key_file_of(setting)
    return None if chosen is None else chosen.with_name(f"{chosen.name}.{ENTRY}")


def _made_once(place: Path, key_file: Path | None) -> bytes:
    try:
        return read_key(place, key_file)
    except UnavailableError as error:
        if error.code != "key.missing":
            raise
        return create_key(place, key_file)


def _ask(server: str, question: dict[str, str], authority: Path | None) -> dict[str, Any]:
    with CentreSession(authority) as session:
        reply = ask(session, "POST", f"{server}/api/enrol", json=question)
    try:
        answer: Any = reply.json()
    except ValueError:
        answer = None
    if reply.status_code >= 500:
        raise UnavailableError("enrolment.centre_busy", server=server)
    if not isinstance(answer, dict):
        raise UnavailableError("enrolment.not_a_centre", server=server)
    if reply.status_code >= 400:
        facts = {k: v for k, v in (answer.get("facts") or {}).items() if k not in {"code", "field", "self"}}
        raise DomainError(answer.get("code", "enrolment.refused"), field="code", **facts)
    return answer


def _keep(store: Store, answer: dict[str, Any], server: str, name: str) -> None:
    row = {
        "id": 1,
        "device_id": uuid.UUID(answer["device_id"]),
        "epoch": answer["epoch"],
        "org_id": uuid.UUID(answer["org_id"]),
        "name": name,
        "server": server,
        "number_prefix": answer["number_prefix"],
        "db_nonce": secrets.token_hex(16),
        "server_key": answer["server_key"],
    }
    with store.write() as connection:
        connection.execute(insert(installation), row)
