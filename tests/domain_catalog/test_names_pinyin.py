"""Pinyin and initials by which a name is found."""

import csv
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.people import names
from domain.people.names import MOST_VARIANTS, search_keys

SURNAMES = Path(__file__).parents[3] / "shared/data/china/names/surnames-pinyin.tsv"


@pytest.mark.parametrize(
    ("name", "pinyin", "initials"),
    [
        ("王晓明", "wangxiaoming", "wxm"),
        ("单雄信", "shanxiongxin", "sxx"),
        ("仇英", "qiuying", "qy"),
        ("解珍", "xiezhen", "xz"),
        ("尉迟恭", "yuchigong", "ycg"),
        ("欧阳修", "ouyangxiu", "oyx"),
        ("覃丽", "qinli", "ql"),
        ("覃丽", "tanli", "tl"),
        ("曾重", "zengchong", "zc"),
        ("吕布", "lvbu", "lb"),
        ("吕布", "lyubu", "lb"),
        ("吕布", "lubu", "lb"),
        ("㛃䶮", "jieyan", "jy"),
        ("迪丽·Ana", "diliana", "dla"),
        ("Müller", "muller", "m"),
    ],
)
def test_names_are_found_by(name, pinyin, initials):
    keys = search_keys(name)
    assert pinyin in keys.pinyin
    assert initials in keys.initials


def test_the_likeliest_reading_comes_first_and_rare_ones_of_surnames_are_left_out():
    assert search_keys("王乐").pinyin[0] == "wangle"
    assert all(one.startswith("wang") for one in search_keys("王乐").pinyin)


def test_nothing_to_read_gives_nothing():
    assert search_keys("") == search_keys("· ")


@settings(deadline=None)
@given(st.text(max_size=12))
def test_any_text_gives_few_plain_keys(text):
    keys = search_keys(text)
    assert len(keys.pinyin) <= 3 * MOST_VARIANTS
    assert all(keys.pinyin)


@pytest.mark.skipif(not SURNAMES.exists(), reason="the surname list is not on this machine")
def test_surnames_read_as_two_independent_lists_have_them():
    def plain(text):
        bare = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
        return bare.replace(" ", "")

    wrong = []
    with SURNAMES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            readings = {plain(row[k]) for k in ("as_surname_hotoo", "as_surname_overtrue") if row[k]}
            if not readings & {key.removesuffix("san") for key in search_keys(row["surname"] + "三").pinyin}:
                wrong.append(row["surname"])
    assert wrong == []


@pytest.mark.parametrize(
    "text",
    [
        "美娜",
        "美2",
        "重庆A",
        "12",
        "a1b",
        "美12美b",
        "重庆",
        "小长安",
        "乐行",
        "单重",
        "㛃䶮",
        "ab重",
        "力a",
        "〇",
        "中行长",
        "",
    ],
)
def test_characters_read_by_themselves_are_read_as_the_whole_text_is(text):
    assert names._readings(text) == names._read(text)


def test_a_phrase_in_a_name_is_read_as_a_phrase():
    assert names._readings("重庆") == [("chong",), ("qing",)]
    assert names._readings("重美")[0] == ("zhong", "chong", "tong")
    assert names.common_readings("重a庆") == ["zhong", "a", "qing"]
