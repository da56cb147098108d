"""Specimen numbers: no single error and no swap of neighbours passes."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.biobank.numbers import (
    ALPHABET,
    LENGTH,
    SpecimenNumberBlock,
    check_character,
    grouped,
    is_specimen_number,
    parse_specimen_number,
    unseen_swap,
)
from domain.kernel.errors import DomainError
from domain.people import numbers as running

ALL = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def take(block: SpecimenNumberBlock, count: int) -> list[str]:
    numbers = []
    for _ in range(count):
        number, block = block.allocate()
        numbers.append(number)
    return numbers


def test_the_published_example_of_the_hybrid_system():
    # GRid (IFPI, Global Release Identifier standard) gives A1-2425G-ABC1234002-M as its worked example.
    assert check_character("A12425GABC1234002") == "M"


def test_no_single_error_passes_in_any_position_of_many_numbers():
    for number in take(SpecimenNumberBlock("S2", 31_000), 60) + take(
        SpecimenNumberBlock("2611", 0, digits=True), 60
    ):
        for position, wrong in itertools.product(range(LENGTH), ALL):
            if wrong != number[position]:
                damaged = number[:position] + wrong + number[position + 1 :]
                assert not is_specimen_number(damaged), (number, damaged)


def test_the_step_of_the_check_is_injective_so_no_single_error_can_ever_pass():
    # The state after a character determines the rest: different characters must give different states.
    for state_maker in (ALL[i] + ALL[j] for i in range(36) for j in range(36)):
        assert len({check_character(state_maker + character) for character in ALL}) == 36


def test_no_swap_of_neighbours_passes_in_ten_thousand_allocated_numbers():
    blocks = [
        SpecimenNumberBlock("S2", 0),
        SpecimenNumberBlock("26", 500, digits=True),
        SpecimenNumberBlock("HZ07", 9),
    ]
    for number in itertools.chain.from_iterable(take(block, 3_400) for block in blocks):
        for i in range(LENGTH - 1):
            swapped = number[:i] + number[i + 1] + number[i] + number[i + 2 :]
            assert swapped == number or not is_specimen_number(swapped), (number, swapped)


def test_numbers_with_a_swap_that_would_pass_exist_and_are_never_handed_out():
    candidates = (f"S2{serial:09}" for serial in range(3_000))
    weak = {c + check_character(c) for c in candidates if unseen_swap(c + check_character(c)) is not None}
    assert weak
    assert not weak & set(take(SpecimenNumberBlock("S2", 0), 5_000))


def test_numbers_are_unique_and_of_the_alphabet():
    numbers = take(SpecimenNumberBlock("S2", 0), 3_000)
    assert len(set(numbers)) == 3_000
    assert all(len(n) == LENGTH and set(n) <= set(ALPHABET) for n in numbers)


def test_the_digit_block_hands_out_twelve_digits():
    assert all(n.isdecimal() and len(n) == 12 for n in take(SpecimenNumberBlock("2611", 0, digits=True), 500))


@given(st.text(ALPHABET, min_size=2, max_size=8), st.integers(0, 32**3 - 200))
def test_a_number_reads_back_however_it_is_typed(prefix, serial):
    try:
        block = SpecimenNumberBlock(prefix, serial)
    except DomainError as refused:
        assert refused.code == "specimen_number.prefix_weak"  # noqa: PT017
        return
    number, following = block.allocate()
    assert parse_specimen_number(grouped(number).lower()) == number
    assert following.next > serial
    assert following.allocate()[0] != number


def test_full_width_input_is_understood():
    number = take(SpecimenNumberBlock("S2", 5), 1)[0]
    assert parse_specimen_number("".join(chr(ord(c) + 0xFEE0) for c in number)) == number


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("S26", "specimen_number.length"),
        ("S2611230001Ω", "specimen_number.character"),
        ("IOQU11230001", "specimen_number.character"),
        ("^XA^JUS00000", "specimen_number.character"),
        ("S26112300010", "specimen_number.check_character"),
    ],
)
def test_refusals_name_the_reason(text, code):
    with pytest.raises(DomainError) as refused:
        parse_specimen_number(text)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("S", 0), "specimen_number.prefix"),
        (("SO", 0), "specimen_number.prefix"),
        (("S2", 0, True), "specimen_number.prefix"),
        (("S2", -1), "specimen_number.serial"),
    ],
)
def test_a_block_refuses_bad_arguments(arguments, code):
    with pytest.raises(DomainError) as refused:
        SpecimenNumberBlock(*arguments)
    assert refused.value.code == code


def test_a_block_ends_where_the_next_device_begins():
    block = SpecimenNumberBlock("S2", 0, end=3)
    with pytest.raises(DomainError) as refused:
        take(block, 4)
    assert refused.value.code == "specimen_number.block_exhausted"


def test_a_prefix_with_an_unseen_swap_is_refused():
    weak = [
        "S" + a + b
        for a, b in itertools.permutations(ALPHABET, 2)
        if check_character("S" + a + b) == check_character("S" + b + a)
    ]
    for prefix in weak:
        with pytest.raises(DomainError, match="prefix_weak"):
            SpecimenNumberBlock(prefix, 0)
    assert weak


def test_installations_get_prefixes_that_number_tubes_and_never_the_same(monkeypatch):
    """The 71st installation could number none, and the 910th would have repeated the first one's tubes."""
    counter = itertools.count(1)
    monkeypatch.setattr(running, "next_value", lambda _work, _purpose: next(counter))
    made = {}
    prefixes = [running.next_prefix(None) for _ in range(1500)]
    for prefix in prefixes:
        block = SpecimenNumberBlock(prefix, 1, digits=True, end=1000)
        for _ in range(2):
            number, block = block.allocate()
            assert made.setdefault(number, prefix) == prefix, number
            assert len(number) == LENGTH
    assert prefixes[0] == "101"
    assert not {"171", "589", "1010"} & set(prefixes)
