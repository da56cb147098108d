"""The list of a shipment, signed so that whoever receives it can check it without this program. Pure.

The file is JSON: ``manifest`` (what is sent), ``key`` (Ed25519, hexadecimal) and ``signature`` over the canonical
JSON of ``manifest`` (keys in order, no spaces, UTF-8). No name of a person is in it, only codes of tubes.
"""

import hashlib
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from domain.kernel.canonical import canonical
from domain.kernel.errors import DomainError

FORMAT = "aftercheck-shipment/1"
MOST_BYTES = 5_000_000


def new_key() -> tuple[bytes, str]:
    """Return a private key (32 bytes) and its public one in hexadecimal."""
    key = Ed25519PrivateKey.generate()
    return key.private_bytes_raw(), key.public_key().public_bytes_raw().hex()


def signed(manifest: dict[str, Any], private_key: bytes) -> tuple[str, str]:
    """Return the file and the SHA-256 of what is signed."""
    key = Ed25519PrivateKey.from_private_bytes(private_key)
    body = canonical(manifest)
    whole = {
        "format": FORMAT, "manifest": manifest, "key": key.public_key().public_bytes_raw().hex(),
        "signature": key.sign(body).hex(),
    }  # fmt: skip
    return msgspec.json.encode(whole).decode(), hashlib.sha256(body).hexdigest()


def parts_of(text: str) -> tuple[dict[str, Any], str, str]:
    """Return what a file lists, its public key and its signature; errors as `verified`."""
    manifest, key = verified(text)
    return manifest, key, str(msgspec.json.decode(text[:MOST_BYTES])["signature"])


def verified(text: str) -> tuple[dict[str, Any], str]:
    """Return what a file lists, and the public key that signed it.

    Raises:
        DomainError: On ``manifest``: ``shipment.no_manifest`` (not such a file), ``shipment.bad_signature``.
    """
    try:
        whole = msgspec.json.decode(text[:MOST_BYTES])
        manifest, key, signature = whole["manifest"], str(whole["key"]), str(whole["signature"])
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
        if whole["format"] != FORMAT or not isinstance(manifest, dict):
            raise DomainError("shipment.no_manifest", field="manifest")
        public.verify(bytes.fromhex(signature), canonical(manifest))
    except InvalidSignature as error:
        raise DomainError("shipment.bad_signature", field="manifest") from error
    except (msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
        raise DomainError("shipment.no_manifest", field="manifest") from error
    return manifest, key
