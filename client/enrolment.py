"""Joining: a one-time code turns an empty machine into a workstation of one branch.

A device key (Ed25519) and a store key are made here and kept in the operating system's keyring or the file chosen
for machines without one; only the public half of the device key leaves the machine. Enrolling again after a cut
line goes on with the keys that were made; a machine that has joined is never enrolled over.
"""

import secrets
import uuid
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import insert, select

from client.home import Home
from client.keys import create_key, key_file_of, read_key
from domain.kernel.errors import DomainError, UnavailableError
from domain.kernel.store import Store
from sync.device_auth import key_from, public_text
from sync.local_tables import installation
from sync.schema import prepare_store
from sync.stores import open_branch_store

TIMEOUT_S = (10, 30)
ENTRY = "device"


def device_seed(home: Home, key_file_setting: str = "") -> bytes:
    """Return the seed of this machine's device key.

    Raises:
        UnavailableError: ``key.missing`` and the like, as `client.keys.read_key`.
    """
    return read_key(home.folder / ENTRY, _device_file(key_file_setting))


def enrol(
    home: Home, *, server: str, code: str, name: str, key_file_setting: str = "", ca_bundle: str | None = None
) -> uuid.UUID:
    """Join the centre and return this installation's device id.

    Args:
        home: Where the installation will live; made if absent.
        server: Address of the centre, e.g. ``https://centre.example:8443``.
        code: One-time code from the administrator.
        name: What people call this workstation.
        key_file_setting: File for the keys on a machine without a keyring; empty for the keyring.
        ca_bundle: Certificates that vouch for the centre; the system's if not given.

    Raises:
        DomainError: The centre refused the code, or this machine has joined already.
        UnavailableError: ``enrolment.unreachable``, or keys or store cannot be made.
    """
    home.folder.mkdir(parents=True, exist_ok=True)
    seed = _made_once(home.folder / ENTRY, _device_file(key_file_setting))
    store = open_branch_store(home.store, _made_once(home.store, key_file_of(key_file_setting)))
    try:
        prepare_store(store)
        with store.read() as connection:
            if connection.execute(select(installation.c.device_id)).first() is not None:
                raise DomainError("enrolment.joined_already")
        answer = _ask(
            server, {"code": code, "name": name, "public_key": public_text(key_from(seed))}, ca_bundle
        )
        _keep(store, answer, server, name)
    finally:
        store.close()
    return uuid.UUID(answer["device_id"])


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


def _ask(server: str, question: dict[str, str], ca_bundle: str | None) -> dict[str, Any]:
    try:
        reply = requests.post(
            f"{server.rstrip('/')}/api/enrol", json=question, timeout=TIMEOUT_S, verify=ca_bundle or True
        )
        answer: dict[str, Any] = reply.json()
    except (requests.RequestException, ValueError) as error:
        raise UnavailableError("enrolment.unreachable", server=server) from error
    if reply.status_code >= 500:
        raise UnavailableError("enrolment.unreachable", server=server)
    if reply.status_code >= 400:
        raise DomainError(answer.get("code", "enrolment.refused"), field="code", **answer.get("facts", {}))
    return answer


def _keep(store: Store, answer: dict[str, Any], server: str, name: str) -> None:
    row = {
        "id": 1,
        "device_id": uuid.UUID(answer["device_id"]),
        "epoch": answer["epoch"],
        "org_id": uuid.UUID(answer["org_id"]),
        "name": name,
        "server": server.rstrip("/"),
        "number_prefix": answer["number_prefix"],
        "db_nonce": secrets.token_hex(16),
        "server_key": answer["server_key"],
    }
    with store.write() as connection:
        connection.execute(insert(installation), row)
