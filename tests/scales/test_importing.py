"""An institution's licensed text: over our items or as a form of its own; every mistake with its row."""

import io
import json
import zipfile

import pytest
from openpyxl import Workbook

import resources
from domain.kernel.errors import DomainError
from domain.kernel.texts import Texts
from domain.scales.importing import TYPES, Licence, of_its_own, over_ours, read_questionnaire, read_table
from domain.scales.keeping import scales_of
from forms.questionnaire_reader import parse_form
from tests.scales.answering import questions
from tests.scales.conftest import FORMS, SCALES

LICENCE = Licence("某出版社", "合同 2026-17", "2026")
TEXTS = Texts.load(resources.folder("texts/zh"))


def table(*lines, headings="编号,题目,选项"):
    return "\n".join([headings, *lines]).encode()


def workbook(*lines):
    book = Workbook()
    for line in lines:
        book.active.append(line)
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def told(error):
    return [TEXTS.say(one.code, **one.facts) for one in error.facts["problems"]]


def refusal(work):
    with pytest.raises(DomainError) as found:
        work()
    return found.value


def test_licensed_words_take_the_place_of_ours_and_the_scoring_stays():
    rows = read_table(
        table("worry,授权原文一,none=甲|some=乙|half=丙|most=丁", "relax,授权原文二,"), "gad7.csv"
    )
    made = over_ours(FORMS["gad7"], rows, LICENCE)
    assert made.replaced == 2
    assert "nervous" in made.kept
    found = questions(made.form)
    assert found["worry"]["text"] == "授权原文一"
    displays = [o["valueCoding"]["display"] for o in found["worry"]["answerOption"]]
    codes = [o["valueCoding"]["code"] for o in found["worry"]["answerOption"]]
    assert (displays, codes) == (["甲", "乙", "丙", "丁"], ["none", "some", "half", "most"])
    assert made.form["version"] == "1.0.0+2026"
    assert "合同 2026-17" in made.form["copyright"]
    assert FORMS["gad7"]["version"] == "1.0.0"
    assert "授权原文一" not in json.dumps(FORMS["gad7"], ensure_ascii=False)
    parse_form(made.form)
    canonical = {"questionnaire": f"{made.form['url']}|{made.form['version']}"}
    assert [s.id for s in scales_of({"scales": SCALES}, "gad7", "1.0.0+2026", canonical)] == ["gad7"]


def test_options_without_codes_go_by_their_order():
    rows = read_table(table("worry,原文,甲；乙；丙；丁"), "x.csv")
    options = questions(over_ours(FORMS["gad7"], rows, LICENCE).form)["worry"]["answerOption"]
    assert [o["valueCoding"]["display"] for o in options] == ["甲", "乙", "丙", "丁"]


def test_a_workbook_and_a_file_of_the_older_encoding_are_read_alike():
    lines = [["机构问卷"], [], ["编号", "题目", "选项"], ["worry", "原文", ""]]
    from_book = read_table(workbook(*lines), "原文.XLSX")
    assert [(row.number, row.get("id"), row.get("text")) for row in from_book] == [(4, "worry", "原文")]
    older = read_table("编号,题目\nworry,原文\n".encode("gb18030"), "原文.csv")
    assert [(row.number, row.get("text")) for row in older] == [(2, "原文")]


def test_every_mistake_is_told_with_its_row_and_nothing_is_made():
    rows = read_table(
        table("worry,原文,甲|乙", "nobody,原文,", "relax,,", "worry,再来,", "nervous,原文,never=从不"),
        "x.csv",
    )
    error = refusal(lambda: over_ours(FORMS["gad7"], rows, Licence("", "1", "20-26")))
    assert (error.code, error.facts["count"]) == ("scales.import.refused", 7)
    assert told(error) == [
        "请填写授权方和授权编号；没有授权的原文不能载入。",
        "版本标记“20-26”只能用字母和数字。",
        "第 5 行：编号“worry”与第 2 行重复。",
        "第 2 行：给出 2 个选项，本题须有 4 个，顺序与计分一致。",
        "第 3 行：本量表没有编号为“nobody”的题。",
        "第 4 行（relax）：缺少题目。",
        "第 6 行：没有代码为“never”的选项；本题的代码是 none、some、half、most。",
    ]


def test_options_for_a_number_are_a_mistake():
    rows = read_table(table("latency,原文,甲|乙"), "x.csv")
    assert "不是选择题" in told(refusal(lambda: over_ours(FORMS["psqi"], rows, LICENCE)))[0]


HEADINGS = "章节,编号,题目,类型,选项,必答,最小,最大"


def test_a_whole_questionnaire_becomes_a_form_that_loads():
    rows = read_table(
        table(
            "生活,a1,吸烟吗,单选,从不|偶尔|天天,是,,",
            "生活,a2,每天几支,整数,,否,0,100",
            "病史,b1,得过哪些病,多选,1=高血压|2=糖尿病,是,,",
            "病史,b2,体温,小数,,否,34,43",
            "病史,b3,请看说明,说明,,,,",
            headings=HEADINGS,
        ),
        "x.csv",
    )
    made = of_its_own(rows, "own_form", "本院问卷", "1.0.0", LICENCE)
    form = parse_form(made.form)
    assert [(item.link_id, len(item.items)) for item in form.items] == [("part-1", 2), ("part-2", 3)]
    found = {item.link_id: item for item in form.walk()}
    assert (found["a1"].required, found["a2"].required, found["b1"].repeats) == (True, False, True)
    assert (found["a2"].max_value, found["b2"].min_value) == (100, 34)
    assert [o.value.code for o in found["a1"].options] == ["1", "2", "3"]
    assert made.form["status"] == "draft"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("生活,,吸烟吗,是否,,是,,", "第 2 行：缺少编号。"),
        ("生活,a,吸烟吗,打勾,,是,,", "第 2 行：类型“打勾”不认识；可用 " + "、".join(TYPES) + "。"),
        ("生活,a,吸烟吗,单选,是,是,,", "第 2 行：选择题至少要有两个选项，用“|”分开。"),
        ("生活,a,吸烟吗,是否,,也许,,", "第 2 行：必答一列须填“是”或“否”，现为“也许”。"),
        ("生活,a,几支,整数,,是,零,9", "第 2 行：最小一列不是数字：“零”。"),
        ("生活,a,几支,整数,,是,9,1", "第 2 行：最小 9 大于最大 1。"),
    ],
)  # fmt: skip
def test_each_mistake_of_a_row_has_its_sentence(line, sentence):
    rows = read_table(table(line, headings=HEADINGS), "x.csv")
    assert sentence in told(refusal(lambda: of_its_own(rows, "f", "问卷", "1", LICENCE)))


def bomb():
    """A workbook that is whole, small, and unpacks to far more than any table."""
    kept = io.BytesIO(workbook(["编号", "题目"], ["worry", "原文"]))
    with zipfile.ZipFile(kept, "a", zipfile.ZIP_DEFLATED) as packed:
        for part in range(21):
            packed.writestr(f"xl/{part}", bytes(10_000_000))
    return kept.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"x" * 5_000_001, "a.csv", "scales.import.too_large"),
        (b"x", "a.pdf", "scales.import.kind"),
        (b"not a workbook", "a.xlsx", "scales.import.unreadable"),
        (bomb(), "a.xlsx", "scales.import.unreadable"),
        (b"\xff\xff\xff\x81", "a.csv", "scales.import.unreadable"),
        ("题号和内容\n1,2\n".encode(), "a.csv", "scales.import.no_headings"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(content, name, code):
    assert refusal(lambda: read_table(content, name)).code == code


def test_an_empty_table_is_no_form():
    rows = read_table(table(headings=HEADINGS), "x.csv")
    assert told(refusal(lambda: of_its_own(rows, "f", "问卷", "1", LICENCE))) == ["文件中没有题目。"]


def test_a_fhir_questionnaire_keeps_its_items_and_says_its_licence():
    text = json.dumps(FORMS["isi"], ensure_ascii=False).encode()
    made = read_questionnaire(text, LICENCE)
    assert questions(made.form) == questions(FORMS["isi"])
    assert (made.form["status"], "授权方：某出版社" in made.form["copyright"]) == ("draft", True)


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"{", "scales.import.unreadable"), (b"[1]", "scales.import.not_questionnaire"),
     (b'{"resourceType": "Patient"}', "scales.import.not_questionnaire")],
)  # fmt: skip
def test_what_is_no_questionnaire_is_refused(content, code):
    assert refusal(lambda: read_questionnaire(content, LICENCE)).code == code


def test_items_without_or_with_the_same_link_id_are_named():
    form = {"resourceType": "Questionnaire", "item": [{"text": "甲"}, {"linkId": "x"}, {"linkId": "x"}]}
    error = refusal(lambda: read_questionnaire(json.dumps(form).encode(), LICENCE))
    assert told(error) == ["第 1 题（甲）没有 linkId。", "第 3 题的 linkId“x”重复。"]


def test_a_section_merged_over_rows_is_that_of_each_and_long_numbers_stay_whole():
    book = Workbook()
    for line in (
        ("章节", "编号", "题目", "类型"),
        ("睡眠", 1234567.0, "甲", "是否"),
        (None, "b", "乙", "是否"),
        (None, "c", "丙", "是否"),
    ):
        book.active.append(line)
    book.active.merge_cells("A2:A3")
    kept = io.BytesIO()
    book.save(kept)
    rows = read_table(kept.getvalue(), "own.xlsx")
    assert [(row.get("id"), row.get("section")) for row in rows] == [
        ("1234567", "睡眠"),
        ("b", "睡眠"),
        ("c", ""),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_text_of_any_usual_encoding_and_separator_is_read(encoding, mark):
    content = f"编号{mark}题目\nworry{mark}授权原文".encode(encoding)
    assert [row.get("text") for row in read_table(content, "a.csv")] == ["授权原文"]
