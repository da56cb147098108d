"""An address for a client's phone: its secret is in the code on the screen and nowhere else."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

SECRET_BYTES = 16


@dataclass(frozen=True)
class HandedOver:
    """The address for the phone, and how long it holds."""

    address: str
    expires_at: datetime


@dataclass(frozen=True)
class Secret:
    """A new secret: `address` at the centre is for the code, `sha256` for the record."""

    address: str
    sha256: str


def new_secret(server: str) -> Secret:
    """Return a secret for one link at the centre `server`."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    return Secret(f"{server.rstrip('/')}/p/{secret}", hashlib.sha256(secret.encode()).hexdigest())
