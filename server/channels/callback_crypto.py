"""What vendors of the WeChat family push to us: signature, AES, and the XML inside.

Source: ``interfaces/channels.md`` section 1 (values recomputed there). One key for WeCom, Official Account
and mini program.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import struct
from collections.abc import Mapping
from xml.etree.ElementTree import Element, ParseError

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from domain.kernel.errors import DomainError

BLOCK = 32
MOST_BYTES = 256 << 10


def signature(token: str, timestamp: str, nonce: str, encrypted: str) -> str:
    """Return the SHA-1 (hex) of the four values in the order of strings."""
    return hashlib.sha1("".join(sorted([token, timestamp, nonce, encrypted])).encode()).hexdigest()  # noqa: S324  (theirs)


def check_signature(said: str, token: str, timestamp: str, nonce: str, encrypted: str) -> None:
    """Refuse another signature: ``callback.signature``."""
    if not hmac.compare_digest(said.encode(), signature(token, timestamp, nonce, encrypted).encode()):
        raise DomainError("callback.signature")


def _key(aes_key: str) -> bytes:
    try:
        key = base64.b64decode(aes_key + "=", validate=True)
    except (binascii.Error, ValueError) as error:
        raise DomainError("callback.key") from error
    if len(key) != 32:
        raise DomainError("callback.key")
    return key


def decrypt(encrypted: str, aes_key: str, receive_id: str) -> str:
    """Return the message inside.

    Raises:
        DomainError: ``callback.key``, ``callback.damaged`` (base64, block, padding, length, text),
            ``callback.receiver``: it is for somebody else.
    """
    key = _key(aes_key)
    try:
        data = base64.b64decode(encrypted, validate=True)
    except (binascii.Error, ValueError) as error:
        raise DomainError("callback.damaged") from error
    if not data or len(data) % 16 or len(data) > MOST_BYTES:
        raise DomainError("callback.damaged")
    decryptor = Cipher(AES(key), CBC(key[:16])).decryptor()
    plain = decryptor.update(data) + decryptor.finalize()
    pad = plain[-1]
    if not 1 <= pad <= BLOCK or pad > len(plain) or plain[-pad:] != bytes([pad]) * pad:
        raise DomainError("callback.damaged")
    plain = plain[:-pad]
    if len(plain) < 20:
        raise DomainError("callback.damaged")
    (length,) = struct.unpack(">I", plain[16:20])
    if length > len(plain) - 20:
        raise DomainError("callback.damaged")
    if not hmac.compare_digest(plain[20 + length :], receive_id.encode()):
        raise DomainError("callback.receiver")
    try:
        return plain[20 : 20 + length].decode()
    except UnicodeDecodeError as error:
        raise DomainError("callback.damaged") from error


def encrypt(message: str, aes_key: str, receive_id: str) -> str:
    """Return a message as the vendor would send it; for simulators and replies."""
    key, text = _key(aes_key), message.encode()
    plain = secrets.token_bytes(16) + struct.pack(">I", len(text)) + text + receive_id.encode()
    pad = BLOCK - len(plain) % BLOCK
    encryptor = Cipher(AES(key), CBC(key[:16])).encryptor()
    data = encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()
    return base64.b64encode(data).decode()


def read_xml(text: str | bytes) -> dict[str, str]:
    """Return the fields of a flat message by name; those inside another are named ``Outer.Inner``.

    Raises:
        DomainError: ``callback.damaged``: not XML, too large, or with a document type, entities or
            references to elsewhere.
    """
    if len(text) > MOST_BYTES:
        raise DomainError("callback.damaged")
    try:
        root: Element = fromstring(text, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise DomainError("callback.damaged") from error
    found: dict[str, str] = {}
    for child in root:
        if len(child):
            found |= {f"{child.tag}.{inner.tag}": (inner.text or "") for inner in child}
        else:
            found[child.tag] = child.text or ""
    return found


def pushed(fields: Mapping[str, str]) -> str:
    """Return the XML of some fields; for simulators."""
    inner = "".join(
        f"<{name}><![CDATA[{value.replace(']]>', '')}]]></{name}>" for name, value in fields.items()
    )
    return f"<xml>{inner}</xml>"
