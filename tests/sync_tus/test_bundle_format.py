"""Bundles: every damage is found, and found where it is."""

import hashlib
import io
import zlib

import msgspec
import pytest
import zstandard
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.kernel.errors import DomainError
from sync.bundle import FRAME_RAW, MAX_COUNT, MAX_RAW, BundleHeader, batches, pack
from sync.bundle_reader import BundleReader, check_bundle

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
HEADER = BundleHeader(schema_ver=3, scope="org/1", device="branch-1", epoch=1, first=1, last=3, key_id="k1")


def verify(header, message, signature):
    try:
        KEY.public_key().verify(signature, message)
    except InvalidSignature:
        return False
    return header.key_id == "k1"


def read(data):
    reader = BundleReader(io.BytesIO(data), verify)
    return list(reader.transactions()), reader


def damage(data):
    with pytest.raises(DomainError) as error:
        read(data)
    return error.value


class OneByteAtATime(io.BytesIO):
    def read(self, count=-1):
        return super().read(min(count, 1))


@given(st.lists(st.binary(min_size=1, max_size=2000), min_size=1, max_size=50))
@settings(deadline=None)
def test_what_was_packed_is_read(transactions):
    bundle = pack(HEADER, transactions, KEY.sign)
    found, reader = read(bundle.data)
    assert found == transactions
    assert reader.header == bundle.header
    assert (reader.header.count, reader.header.raw_len) == (len(transactions), sum(map(len, transactions)))
    assert reader.bundle_id == bundle.bundle_id == hashlib.sha256(bundle.data).hexdigest()


@pytest.mark.parametrize("size", [FRAME_RAW - 5, FRAME_RAW - 4, FRAME_RAW, 3 * FRAME_RAW + 1, 2 << 20])
def test_a_transaction_larger_than_a_frame_comes_back_whole(size):
    transactions = [b"small", bytes(range(251)) * (size // 251) + b"x" * (size % 251), b"last"]
    assert read(pack(HEADER, transactions, KEY.sign).data)[0] == transactions


def test_a_stream_that_gives_single_bytes_is_enough():
    data = pack(HEADER, [b"abc", b"de"], KEY.sign).data
    assert list(BundleReader(OneByteAtATime(data), verify).transactions()) == [b"abc", b"de"]


def test_the_same_input_gives_the_same_file():
    assert pack(HEADER, [b"a" * 9999], KEY.sign).data == pack(HEADER, [b"a" * 9999], KEY.sign).data


@given(st.lists(st.integers(1, MAX_RAW * 3 // 2), max_size=12))
@settings(deadline=None, max_examples=30)
def test_batches_keep_order_and_size(sizes):
    cut = list(batches(bytes(size) for size in sizes))
    assert [len(t) for batch in cut for t in batch] == sizes
    assert all(len(batch) == 1 or sum(map(len, batch)) <= MAX_RAW for batch in cut)


def test_batches_are_cut_by_count():
    assert [len(batch) for batch in batches([b"x"] * (2 * MAX_COUNT + 1))] == [MAX_COUNT, MAX_COUNT, 1]


def test_nothing_and_empty_transactions_are_not_packed():
    for transactions in ([], [b""]):
        with pytest.raises(ValueError, match="transactions"):
            pack(HEADER, transactions, KEY.sign)


SMALL = pack(HEADER, [b"first", b"second" * 30, b"third"], KEY.sign).data


def test_every_truncation_is_told_with_its_place():
    for length in range(len(SMALL)):
        error = damage(SMALL[:length])
        assert (error.code, error.facts["at"]) == ("bundle.truncated", length)


def test_every_flipped_bit_is_found():
    for position in range(len(SMALL)):
        for bit in range(8):
            data = bytearray(SMALL)
            data[position] ^= 1 << bit
            error = damage(bytes(data))
            assert error.code.startswith("bundle.")
            assert error.facts["at"] <= len(SMALL)


def test_damage_in_a_later_frame_is_told_after_the_good_ones_were_given():
    noise = [hashlib.sha512(bytes([n, m])).digest() * 1000 for n in range(5) for m in range(4)]
    data = bytearray(pack(HEADER, noise, KEY.sign).data)
    second = _frame_starts(bytes(data))[1]
    data[second + 20] ^= 1
    reader = BundleReader(io.BytesIO(bytes(data)), verify)
    given_out = []
    with pytest.raises(DomainError) as error:
        given_out.extend(reader.transactions())
    assert (error.value.code, error.value.facts["at"]) == ("bundle.bad_crc", second)


def _frame_starts(data):
    at = 6 + int.from_bytes(data[4:6], "big") + 4
    starts = []
    while length := int.from_bytes(data[at : at + 4], "big"):
        starts.append(at)
        at += 8 + length
    return starts


def rebuilt(header=HEADER, frames=(b"\x00\x00\x00\x01a",), magic=b"CSB1", count=1, raw_len=1, packer=None):
    """A bundle made by hand, correctly signed, to carry what `pack` never writes."""
    packer = packer or zstandard.ZstdCompressor().compress
    text = msgspec.json.encode(msgspec.structs.replace(header, count=count, raw_len=raw_len))
    data = magic + len(text).to_bytes(2, "big") + text + zlib.crc32(text).to_bytes(4, "big")
    for frame in frames:
        packed = packer(frame)
        data += len(packed).to_bytes(4, "big") + zlib.crc32(packed).to_bytes(4, "big") + packed
    data += bytes(4)
    digest = hashlib.sha256(data).digest()
    return data + digest + KEY.sign(b"aftercheck bundle 1\x00" + digest)


def test_the_layout_is_the_documented_one():
    assert read(rebuilt())[0] == [b"a"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (rebuilt(magic=b"CSB2"), "bundle.unknown_version"),
        (rebuilt(magic=b"PK\x03\x04"), "bundle.not_a_bundle"),
        (rebuilt(header=msgspec.structs.replace(HEADER, proto=2)), "bundle.unknown_version"),
        (rebuilt(header=msgspec.structs.replace(HEADER, codec="lzma")), "bundle.unknown_version"),
        (rebuilt(count=2), "bundle.bad_count"),
        (rebuilt(raw_len=2), "bundle.bad_count"),
        (rebuilt(frames=[b"\x80\x00\x00\x01a"]), "bundle.bad_count"),
        (rebuilt(frames=[b"\x00\x00\x00\x02a"]), "bundle.bad_frame"),
        (rebuilt(frames=[b"\x00\x00"]), "bundle.bad_frame"),
        (rebuilt(frames=[b"\x00\x00\x00\x00"]), "bundle.bad_frame"),
        (rebuilt(packer=lambda raw: b"not zstd " + raw), "bundle.bad_frame"),
        (rebuilt(frames=[bytes(10 << 20)]), "bundle.bad_frame"),
        (rebuilt(header=msgspec.structs.replace(HEADER, key_id="k2")), "bundle.bad_signature"),
        (rebuilt() + b"x", "bundle.trailing_bytes"),
    ],
)
def test_well_formed_lies_are_refused(data, code):
    error = damage(data)
    assert error.code == code
    assert isinstance(error.facts["at"], int)


def test_a_frame_that_hides_its_size_is_refused():
    hiding = zstandard.ZstdCompressor(write_content_size=False)
    assert damage(rebuilt(packer=hiding.compress)).code == "bundle.bad_frame"


def test_a_bundle_signed_by_another_key_is_refused():
    other = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
    assert damage(pack(HEADER, [b"a"], other.sign).data).code == "bundle.bad_signature"


def test_checking_reads_it_all():
    bundle = pack(HEADER, [b"a", b"b"], KEY.sign)
    assert check_bundle(io.BytesIO(bundle.data), verify) == (bundle.header, bundle.bundle_id)
    with pytest.raises(DomainError):
        check_bundle(io.BytesIO(bundle.data[:-1]), verify)


def test_a_newer_writer_may_say_more_in_the_header():
    text = msgspec.json.encode({**msgspec.to_builtins(HEADER), "count": 1, "raw_len": 1, "mood": "good"})
    assert msgspec.json.decode(text, type=BundleHeader).count == 1
