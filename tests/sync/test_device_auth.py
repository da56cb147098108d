"""A request proves which workstation sent it, unchanged and only once."""

import hashlib
import uuid

import pytest

from domain.kernel.errors import DomainError
from sync.device_auth import (
    EMPTY_DIGEST,
    WINDOW_US,
    RequestVerifier,
    key_from,
    new_key,
    public_text,
    signed_headers,
)

DEVICE = uuid.UUID(int=7)
NOW = 1_790_000_000_000_000


@pytest.fixture
def key():
    return new_key()


@pytest.fixture
def verifier(key):
    def public_key(device_id):
        if device_id != DEVICE:
            raise DomainError("sync.device_unknown")
        return public_text(key)

    return RequestVerifier(public_key, lambda: NOW)


def headers(key, *, method="POST", target="/sync/v1/pull", digest=EMPTY_DIGEST, now=NOW, device=DEVICE):
    return signed_headers(key, device, method, target, digest, now)


def refused(verifier, made, method="POST", target="/sync/v1/pull"):
    with pytest.raises(DomainError) as error:
        verifier.verify(method, target, made)
    return error.value.code


def test_a_signed_request_is_known(key, verifier):
    body = b"hello"
    signed = verifier.verify("POST", "/sync/v1/pull", headers(key, digest=hashlib.sha256(body).hexdigest()))
    assert signed.device_id == DEVICE
    signed.check_body(body)
    with pytest.raises(DomainError, match=r"auth\.body_changed"):
        signed.check_body(b"other")


def test_names_of_headers_may_have_any_case(key, verifier):
    made = {name.upper(): value for name, value in headers(key).items()}
    assert verifier.verify("POST", "/sync/v1/pull", made).device_id == DEVICE


@pytest.mark.parametrize(
    "missing", ["Device-Id", "Device-Time", "Device-Nonce", "Device-Digest", "Device-Signature"]
)
def test_nothing_may_be_missing(key, verifier, missing):
    made = headers(key)
    del made[missing]
    assert refused(verifier, made) == "auth.unsigned"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Device-Time", str(NOW + 1)),
        ("Device-Nonce", "00"),
        ("Device-Digest", "00"),
        ("Device-Signature", "AAAA"),
        ("Device-Signature", "%%%"),
        ("Device-Id", "nobody"),
    ],
)
def test_nothing_may_be_changed(key, verifier, name, value):
    assert refused(verifier, {**headers(key), name: value}) in {"auth.bad_signature", "auth.unsigned"}


def test_it_is_good_for_one_target_and_method(key, verifier):
    assert refused(verifier, headers(key), target="/sync/v1/pull?more") == "auth.bad_signature"
    assert refused(verifier, headers(key), method="PUT") == "auth.bad_signature"


def test_another_key_or_device_is_refused(key, verifier):
    assert refused(verifier, headers(new_key())) == "auth.bad_signature"
    assert refused(verifier, headers(key, device=uuid.UUID(int=8))) == "sync.device_unknown"


def test_it_is_good_once(key, verifier):
    made = headers(key)
    verifier.verify("POST", "/sync/v1/pull", made)
    assert refused(verifier, made) == "auth.replayed"


@pytest.mark.parametrize("shift", [-WINDOW_US - 1, WINDOW_US + 1])
def test_an_old_or_future_request_learns_the_centres_clock(key, verifier, shift):
    with pytest.raises(DomainError) as error:
        verifier.verify("POST", "/sync/v1/pull", headers(key, now=NOW + shift))
    assert (error.value.code, error.value.facts) == ("auth.clock", {"now": NOW})


def test_a_streamed_upload_is_bound_to_its_checksum(key, verifier):
    made = {**headers(key, digest="sha256 abc"), "Upload-Checksum": "sha256 abd"}
    assert refused(verifier, made) == "auth.body_changed"
    made = {**headers(key, digest="sha256 abc"), "Upload-Checksum": "sha256 abc"}
    assert verifier.verify("POST", "/sync/v1/pull", made).digest == "sha256 abc"


def test_a_key_comes_back_from_its_bytes(key):
    assert public_text(key_from(key.private_bytes_raw())) == public_text(key)
