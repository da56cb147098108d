"""Identity numbers of GB 11643."""

import contextlib
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.kernel.errors import DomainError
from domain.kernel.texts import Texts
from domain.people.idnumber import check_character, make_id, normalise, read_id
from resources import folder

TODAY = date(2026, 3, 14)


@pytest.mark.parametrize(
    ("number", "born", "sex", "kind"),
    [
        ("110101199003074530", date(1990, 3, 7), "male", "citizen"),
        ("440306198512120042", date(1985, 12, 12), "female", "citizen"),
        ("810000199202140012", date(1992, 2, 14), "male", "hong_kong"),
        ("320102197508230611", date(1975, 8, 23), "male", "citizen"),
        ("13032319860911446X", date(1986, 9, 11), "female", "citizen"),
    ],
)
def test_published_numbers(number, born, sex, kind):
    found = read_id(number, today=TODAY)
    assert (found.birth_date, found.sex, found.kind, found.number) == (born, sex, kind, number)
    assert found.division == number[:6]
    assert found.known_province


def test_typing_habits_are_accepted():
    assert read_id(" 130323 19860911 446x ", today=TODAY).number == "13032319860911446X"
    assert read_id("１３０３２３１９８６０９１１４４６Ｘ", today=TODAY).number == "13032319860911446X"
    assert normalise("1303-23") == "130323"


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("", "idcard.empty"),
        ("11010119900307453", "idcard.length"),
        ("1101011990030745300", "idcard.length"),
        ("010101199003074530", "idcard.characters"),
        ("11010119900307453A", "idcard.characters"),
        ("1101011990O3074530", "idcard.characters"),
        ("110101199003074531", "idcard.check_digit"),
        ("110101900307453", "idcard.old_number"),
        (make_id("110101", date(2026, 3, 15), 1), "idcard.birth_in_future"),
        (make_id("110101", date(1879, 12, 31), 1), "idcard.birth_too_early"),
    ],
)
def test_refusals_name_the_reason(number, code):
    with pytest.raises(DomainError) as caught:
        read_id(number, today=TODAY)
    assert (caught.value.code, caught.value.field) == (code, "id_number")
    assert code in Texts.load(folder("texts") / "zh")


def test_a_day_that_does_not_exist_is_refused():
    first = "11010119900230453"
    with pytest.raises(DomainError, match=r"idcard\.birth_date"):
        read_id(first + check_character(first), today=TODAY)


def test_an_old_number_finds_the_new_one():
    found = read_id("130503670401001", today=TODAY, allow_15=True)
    assert found.number == "130503196704010016"
    assert found.was_15
    assert read_id(found.number, today=TODAY).birth_date == date(1967, 4, 1)


def test_abolished_and_unknown_divisions_only_warn():
    number = make_id("990101", date(1990, 1, 1), 1)
    assert read_id(make_id("440582", date(1990, 1, 1), 1), today=TODAY).known_province
    assert read_id(number, today=TODAY).kind == "permanent_resident"
    assert not read_id(make_id("770101", date(1990, 1, 1), 1), today=TODAY).known_province


@settings(deadline=None)
@given(
    st.integers(100000, 839999),
    st.dates(date(1880, 1, 1), TODAY),
    st.integers(0, 999),
    st.integers(0, 17),
    st.integers(1, 9),
)
def test_a_made_number_reads_back_and_one_wrong_digit_never_passes(division, born, sequence, place, shift):
    number = make_id(str(division), born, sequence)
    found = read_id(number, today=TODAY)
    assert (found.birth_date, found.sex) == (born, "male" if sequence % 2 else "female")
    digits = "0123456789X" if place == 17 else "0123456789"
    other = digits[(digits.index(number[place]) + shift) % len(digits)]
    with pytest.raises(DomainError):
        read_id(number[:place] + other + number[place + 1 :], today=TODAY)


@settings(deadline=None)
@given(st.text(max_size=24))
def test_any_text_is_read_or_refused(text):
    with contextlib.suppress(DomainError):
        assert len(read_id(text, today=TODAY, allow_15=True).number) == 18
