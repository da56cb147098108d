"""What the review desk decides without a window or a store: places in texts, deviations, order, drafts."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import resources
from client.stations import review
from client.stations.review.anchors import Anchor, from_qt, line_around, moved, parse_anchor, to_qt
from client.stations.review.answers import answer_rows
from client.stations.review.drafts import Draft, Drafts
from client.stations.review.offering import FORWARD, Moment, offers
from client.stations.review.proposals import proposals_for, rule_conditions, with_sentence
from domain.catalog.content import load_catalog
from domain.checkup.compared import ResultRow, in_reading_order, leads, result_row
from domain.checkup.intake import Person
from domain.checkup.workflow import LEVELS
from domain.kernel.errors import UnavailableError
from domain.linting.case import Result
from domain.linting.values import figures
from domain.people.records import Sex

TEXTS = st.text(alphabet="血糖升高。\n 6.7𠮷䶮", max_size=30)
VISIT = UUID(int=7)
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def catalog():
    return load_catalog(resources.folder("catalog"))


def row(label="空腹血糖", value="6.70", flag="H", **facts):
    return ResultRow(
        item="fpg", label=label, group="glucose", value=value, unit="mmol/L", flag=flag, range_text="3.90–6.10",
        number=float(value), names=(label,), **facts,
    )  # fmt: skip


@given(TEXTS, st.integers(0, 30))
def test_a_place_survives_the_way_to_an_editor_and_back(text, at):
    at = min(at, len(text))
    assert from_qt(text, to_qt(text, at)) == at


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_a_place_in_front_of_or_behind_a_change_keeps_its_words(before, old, new, after):
    was, now = before + old + after, before + new + after
    for start, end in ((0, len(before)), (len(was) - len(after), len(was))):
        place = moved(Anchor("conclusion", start, end), was, now)
        if start < end and place is not None:
            assert 0 <= place.start < place.end <= len(now)
            assert was[start:end] in now


def test_a_remark_follows_its_sentence_through_a_correction():
    was = "血压正常。\n空腹血糖偏高。\n尿酸升高。"
    now = "血压正常。\n空腹血糖 6.70 mmol/L，偏高。\n尿酸升高。"
    place = moved(Anchor("conclusion", 6, 13), was, now)
    assert now[place.start : place.end] == "空腹血糖 6.70 mmol/L，偏高。"
    last = moved(Anchor("conclusion", 14, 19), was, now)
    assert now[last.start : last.end] == "尿酸升高。"


def test_a_sentence_that_was_deleted_has_no_place_any_more():
    assert moved(Anchor("conclusion", 3, 6), "甲乙\n丙丁。", "甲乙\n") is None


@pytest.mark.parametrize(
    "text", [None, "", "conclusion:5-5", "conclusion:9-3", "other:0-4", "conclusion:-1-3"]
)
def test_an_anchor_that_names_no_place_is_none(text):
    assert parse_anchor(text) is None
    assert parse_anchor("advice:0-4") == Anchor("advice", 0, 4)


def test_the_line_of_the_cursor_is_taken_without_blanks():
    assert line_around("甲。\n  乙丙。 \n丁", 6) == (5, 8)


def result(label="空腹血糖", value="6.70", unit="mmol/L"):
    return Result("item", label, (label,), value, float(value), unit, unit, "H")


@pytest.mark.parametrize(
    ("conclusion", "written"),
    [
        ("空腹血糖 6.7 mmol/L", []), ("空腹血糖升高（6.70 mmol/L）", []), ("空腹血糖 7.6", ["7.6"]),
        ("空腹血糖为：76", ["76"]), ("空腹血糖偏高，两周内复查", []), ("空腹 2 小时血糖 9", []),
        ("空腹血糖受损 3 年", []),
    ],
)  # fmt: skip
def test_a_figure_that_is_not_the_results_is_found(conclusion, written):
    assert [r.facts["written"] for r in figures(conclusion, [result()])] == written


def test_the_longer_name_counts():
    rows = [result("红细胞", "4.90"), result("红细胞分布宽度", "13.1", "%")]
    assert list(figures("红细胞分布宽度 13.1 %，红细胞 4.9", rows)) == []
    assert [r.facts["label"] for r in figures("红细胞分布宽度 4.9", rows)] == ["红细胞分布宽度"]


def test_a_sentence_becomes_a_line_of_its_own():
    assert with_sentence("", "甲。") == "甲。"
    assert with_sentence("甲。\n", "乙。") == "甲。\n乙。"


def observation(value, day, item="fpg", flag="N", ucum="mmol/L"):
    return SimpleNamespace(
        item=item, label="空腹血糖", value_number=value, value_text=f"{value:.2f}", ucum=ucum, flag=flag,
        range_text="3.90–6.10", important_class=None, critical_level=None, unverified=False, status="F",
        effective_at=datetime(day.year, day.month, day.day, tzinfo=UTC),
    )  # fmt: skip


def test_a_result_tells_how_it_moved_since_the_visit_before(catalog):
    person = Person(None, Sex.MALE, date(1970, 1, 1))
    before = [observation(5.2, date(2024, 11, 1)), observation(5.9, date(2025, 11, 1))]
    risen = result_row(observation(6.7, date(2026, 11, 1), flag="H"), before, catalog, person)
    assert (risen.previous, risen.change, risen.shift) == ("5.90", "+0.80", "risen")
    assert [p.value for p in risen.points] == [5.2, 5.9, 6.7]
    assert (risen.low, risen.high) == (3.9, 6.1)
    back = result_row(
        observation(5.0, date(2026, 11, 1)), [observation(6.9, date(2025, 11, 1), flag="H")], catalog, person
    )
    assert back.shift == "back"
    assert leads(back)
    assert not leads(result_row(observation(5.0, date(2026, 11, 1)), before, catalog, person))


@pytest.mark.parametrize(
    ("ucum", "shown"),
    [("mm[Hg]", "mmHg"), ("10*9/L", "10^9/L"), ("umol/L", "μmol/L"), ("[pH]", ""), (None, "")],
)
def test_a_unit_is_read_in_the_table_and_proposed_as_people_write_it(catalog, ucum, shown):
    person = Person(None, Sex.MALE, date(1970, 1, 1))
    high = result_row(observation(6.7, date(2026, 11, 1), flag="H", ucum=ucum), [], catalog, person)
    assert high.unit == shown
    (proposed,) = proposals_for([], [], [high], catalog, lambda code, **facts: str(facts or code), {})
    assert f"空腹血糖 6.70 {shown}".strip() + "（参考" in proposed.sentence


def test_what_is_critical_or_newly_abnormal_is_read_first(catalog):
    rows = [
        row("平常", flag="N"), row("一直高", previous="7", previous_flag="H"), row("新近高", shift="risen"),
        row("恢复", flag="N", shift="back"), row("危急", flag="HH", critical=True), row("B类", important_class="B"),
    ]  # fmt: skip
    order = [r.label for r in in_reading_order(rows, catalog)]
    assert order == ["危急", "B类", "新近高", "一直高", "恢复", "平常"]


def test_conditions_of_a_rule_are_said(catalog):
    assert rule_conditions("A-HGB-L、unknown", catalog) == ("first_occurrence",)


def test_answers_are_read_from_a_fhir_response_and_from_a_mapping():
    fhir = SimpleNamespace(form="pre_visit", form_version="1.0.0", answers={"item": [
        {"linkId": "history", "text": "既往情况", "item": [
            {"linkId": "a", "text": "是否服药？", "answer": [{"valueBoolean": True}]},
            {"linkId": "b", "text": "疾病", "answer": [{"valueCoding": {"code": "x", "display": "高血压"}}]},
        ]},
    ]})  # fmt: skip
    plain = SimpleNamespace(form="pre_visit", form_version="1.0.0", answers={"fasting-hours": 10})
    rows = answer_rows([fhir, plain], lambda code, **_: {"review.yes": "是"}.get(code, code))
    assert [(r.question, r.answer) for r in rows] == [
        ("既往情况", ""), ("是否服药？", "是"), ("疾病", "高血压"), ("距上次进食已有多少小时？", "10"),
    ]  # fmt: skip


def draft(**values):
    return Draft(**({"conclusion": "空腹血糖升高", "base_conclusion": ""} | values), at=NOW)


def test_a_draft_is_unreadable_on_the_disk_and_comes_back_whole(tmp_path):
    drafts = Drafts(tmp_path / "drafts", bytes(32), UUID(int=1))
    drafts.keep(VISIT, draft())
    (file,) = (tmp_path / "drafts").iterdir()
    assert "空腹血糖升高".encode() not in file.read_bytes()
    assert drafts.read(VISIT) == draft()
    assert Drafts(tmp_path / "drafts", bytes(32), UUID(int=2)).read(VISIT) is None
    assert Drafts(tmp_path / "drafts", b"x" * 32, UUID(int=1)).read(VISIT) is None


def test_a_draft_that_says_nothing_is_removed(tmp_path):
    drafts = Drafts(tmp_path, bytes(32), None)
    drafts.keep(VISIT, draft())
    drafts.keep(VISIT, draft(base_conclusion="空腹血糖升高"))
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_takes_no_draft_is_told(tmp_path):
    (tmp_path / "drafts").write_text("a file where a folder should be")
    with pytest.raises(UnavailableError, match=r"review\.draft_not_kept"):
        Drafts(tmp_path / "drafts", bytes(32), None).keep(VISIT, draft())


def test_a_damaged_draft_is_no_draft(tmp_path):
    drafts = Drafts(tmp_path, bytes(32), None)
    drafts.keep(VISIT, draft())
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    assert drafts.read(VISIT) is None


def test_every_sentence_the_desk_says_stands_in_the_catalogue_and_none_is_unused():
    """Keys are found in the sources; one made of parts (``review.done.`` and an act) counts by its beginning."""
    folder = Path(review.__file__).parent
    source = "".join(path.read_text("utf-8") for path in sorted(folder.rglob("*.py")))
    files = [resources.folder("texts") / "zh" / f"{name}.yaml" for name in ("review", "review_media")]
    texts = {k: v for file in files for k, v in yaml.safe_load(file.read_text("utf-8")).items()}
    said = set(re.findall(r'"(review\.[a-zA-Z0-9_.]+)"', source))
    begun = tuple(re.findall(r'f"(review\.[a-z_.]*)\{', source))
    assert sorted(said - texts.keys()) == []
    assert [k for k in texts if k not in said and not k.startswith(begun)] == []


@pytest.mark.parametrize(
    "state",
    ["drafting", *LEVELS, "returned", "signed", "issued"],
)
def test_each_state_offers_its_own_way_forward_and_nothing_else(state):
    case = SimpleNamespace(
        state=state, clear=True, report_id=VISIT, document_sha256="", results=(), attachments=()
    )
    now = Moment(
        acting=False, settled=True, returning=False, disputed=False, editing=False, edited=False, proposals=False,
        critical=False, following=False, remarks=False,
    )  # fmt: skip
    forward = {
        "drafting": "submit", "returned": "submit", "first_review": "pass_first", "second_review": "pass_second",
        "third_review": "pass_further", "fourth_review": "pass_further", "final_review": "sign", "signed": "issue",
    }  # fmt: skip
    offered = {name for name, on in offers(case, now).items() if on}
    assert offered & set(FORWARD) == ({forward[state]} if state in forward else set())
    assert ("return" in offered) == (state in LEVELS)
    for hindrance in ({"acting": True}, {"settled": False}, {"disputed": True}, {"returning": True}):
        assert not set(FORWARD) & {name for name, on in offers(case, replace(now, **hindrance)).items() if on}
    assert not any(offers(None, now).values())
