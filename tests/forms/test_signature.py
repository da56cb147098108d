import dataclasses
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.errors import DomainError
from forms.signature import (
    canonical,
    content_digest,
    seal_pdf,
    sign_content,
    verify_content,
    verify_report,
)

CONTENT = {
    "client": {"name": "欧阳䶮明"},
    "results": [{"value": "5.60", "flag": None}],
    "count": 3,
    "done": True,
}
PDF = b"%PDF-1.7 example"
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(), below, max_size=4),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def signed(key, signer, moment):
    return sign_content(CONTENT, "final_report@1.0.0", signer, key, moment)


@pytest.fixture(scope="module")
def record(signed, key):
    return seal_pdf(PDF, signed, key)


def code_of(action, *arguments):
    with pytest.raises(DomainError) as caught:
        action(*arguments)
    return caught.value.code


def test_canonical_form_is_the_published_one():
    assert canonical({"b": [1, None], "a": "中\n"}) == '{"a":"中\\n","b":[1,null]}'.encode()
    # printf '{"a":"x"}' | sha256sum
    assert content_digest({"a": "x"}) == "bac82bcae3ff0e486fd02d6dce53dc6444bcbd21f6ab5dea0a69e86e8b723b7f"


@pytest.mark.parametrize(
    "value", [1.5, float("nan"), b"x", {1: "x"}, "\ud800", {"\udfff": 1}, [{"deep": 0.1}]]
)
def test_what_has_no_single_byte_form_is_refused(value):
    assert code_of(canonical, value) == "signature.not_canonical"


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers(), min_size=2))
def test_the_order_of_keys_does_not_matter(content):
    turned = dict(reversed(content.items()))
    assert content_digest(content) == content_digest(turned)


@given(json_values, json_values)
def test_different_content_has_a_different_digest(one, other):
    if repr(one) != repr(other) and one != other:
        try:
            digests = content_digest(one), content_digest(other)
        except DomainError:
            return
        assert digests[0] != digests[1]


def test_a_good_signature_is_accepted(signed, record):
    trusted = {signed.fingerprint}
    verify_content(CONTENT, signed, trusted)
    assert verify_report(PDF, record, trusted) == signed.statement
    assert signed.statement.signed_at == "2026-11-24T08:38:12+00:00"


def test_changed_content_is_found(signed):
    changed = {**CONTENT, "count": 4}
    assert code_of(verify_content, changed, signed, {signed.fingerprint}) == "signature.content_changed"


@given(st.integers(0, len(PDF) - 1), st.integers(1, 255))
def test_any_changed_byte_of_the_file_is_found(record, signed, position, flip):
    damaged = bytearray(PDF)
    damaged[position] ^= flip
    assert code_of(verify_report, bytes(damaged), record, {signed.fingerprint}) == "signature.pdf_changed"


@pytest.mark.parametrize("field", ["document", "content_sha256", "signed_at"])
def test_a_changed_statement_is_found(record, signed, field):
    statement = dataclasses.replace(signed.statement, **{field: "0"})
    forged = dataclasses.replace(record, signature=dataclasses.replace(signed, statement=statement))
    assert code_of(verify_report, PDF, forged, {signed.fingerprint}) == "signature.invalid"


def test_another_signer_cannot_be_named(record, signed):
    other = dataclasses.replace(signed.statement.signer, name="张三")
    statement = dataclasses.replace(signed.statement, signer=other)
    forged = dataclasses.replace(record, signature=dataclasses.replace(signed, statement=statement))
    assert code_of(verify_report, PDF, forged, {signed.fingerprint}) == "signature.invalid"


def test_an_exchanged_file_hash_is_found(record, signed):
    other = b"%PDF other"
    forged = dataclasses.replace(record, pdf_sha256=hashlib.sha256(other).hexdigest())
    assert code_of(verify_report, other, forged, {signed.fingerprint}) == "signature.invalid"


def test_a_whole_record_by_an_unknown_key_is_refused(signed, signer, moment):
    stranger = Ed25519PrivateKey.from_private_bytes(bytes(32))
    own = sign_content(CONTENT, "final_report@1.0.0", signer, stranger, moment)
    forged = seal_pdf(PDF, own, stranger)
    assert code_of(verify_report, PDF, forged, {signed.fingerprint}) == "signature.untrusted_key"


def test_damaged_base64_is_an_invalid_signature(signed, record):
    forged = dataclasses.replace(record, seal="不是 base64")
    assert code_of(verify_report, PDF, forged, {signed.fingerprint}) == "signature.invalid"


def test_sealing_with_another_key_is_refused(signed):
    stranger = Ed25519PrivateKey.from_private_bytes(bytes(32))
    assert code_of(seal_pdf, PDF, signed, stranger) == "signature.other_key"
