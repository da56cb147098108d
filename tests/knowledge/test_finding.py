"""The library is found by the words people use, by disease, group and age."""

import pytest

from domain.kernel.errors import DomainError
from domain.knowledge.content import KNOWLEDGE
from domain.knowledge.reading import found
from domain.knowledge.search import Asked, parts_of


@pytest.fixture
def look(house, as_role):
    def run(words="", role="nurse", **narrowed):
        with house.store.read() as connection:
            asked = Asked(words, **narrowed)
            return [e.code for e in found(connection, as_role(role), asked, house.content[KNOWLEDGE].words)]

    return run


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("尿酸高的客户怎么吃", "low_purine_outline"),
        ("血压高 限盐", "salt_every_day"),
        ("HTN 快走", "brisk_walk_start"),
        ("防跌倒", "falls_at_home"),
        ("血钾", "potassium_high"),
        ("ＡＬＴ", "alt_high"),
        ("八段锦", "baduanjin"),
    ],
)
def test_the_entry_that_answers_stands_first(look, words, first):
    assert look(words)[0] == first


def test_what_nobody_wrote_about_is_not_found(look):
    assert look("区块链投资") == []


def test_it_is_narrowed_by_library_disease_group_and_age(look):
    assert set(look(kind="tcm")) == {"phlegm_damp_living", "baduanjin"}
    narrowed = look(kind="exercise", disease="骨质疏松", group="老年", age=70)
    assert narrowed == ["chair_strength"]
    assert "chair_strength" not in look(kind="exercise", age=40)
    sorted_out = look(disease="高血压", kind="science")
    assert sorted_out[0] in {"salt_every_day", "handout.blood_pressure_at_home"}
    assert "falls_at_home" not in sorted_out


def test_who_may_not_see_the_library_does_not(look):
    with pytest.raises(DomainError, match="permission"):
        look("血压", role="it")


def test_parts_are_pairs_of_characters_and_whole_words():
    assert parts_of("ALT 升高") == ["alt", "升高"]
    assert parts_of("请问"), "words without weight alone are still words"
