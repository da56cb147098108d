"""The report says in words and charts what the figures are, on paper that a search reads."""

import math
from datetime import date

import pypdfium2
import pytest

import resources
from domain.kernel.errors import DomainError
from domain.research.choosing import Choice
from forms.documents import load_documents
from forms.research.frame import made
from forms.research.statistics import Change
from forms.research.study_charts import bars_chart, means_chart, survival_chart
from forms.research.summary import Asked, content_of, summary_pdf
from forms.research.survival import Event, curve
from forms.research.wording import number, percent, probability
from tests.research.conftest import TEXTS
from tests.research.test_statistics import COLUMNS, LINES


def words(pdf):
    document = pypdfium2.PdfDocument(pdf)
    return (
        "".join(page.get_textpage().get_text_range() for page in document).replace("\r", "").replace("\n", "")
    )


def report(lab, actor=None, **facts):
    document = load_documents(resources.folder("documents"))["study_summary"]
    asked = Asked(lab.study_id, Choice(), **facts)
    return summary_pdf(lab.desk, actor or lab.head, document, asked, resources.folder("forms"), TEXTS.say)


@pytest.fixture
def frame():
    columns = [list(one) for one in zip(*LINES, strict=True)]
    subject, arm, visit, day, age, sex, glucose = columns
    state = ["done" if one is not None else "planned" for one in day]
    days = [math.nan if one is None else one for one in day]
    gathered = [subject, arm, visit, state, [0] * len(day), age, sex, glucose]
    contacts = (("done", "reached", 0), ("done", "no_answer", 1), ("open", None, None))
    return made(COLUMNS, gathered, days, (("V0", "基线"), ("V1", "一年")), contacts)


def test_numbers_are_written_as_people_read_them():
    assert [number(v) for v in (0, 5.5, 123456.7, 0.01234, -2.0, math.nan, None)] == [
        "0", "5.5", "123457", "0.0123", "-2", "—", "—",
    ]  # fmt: skip
    assert [probability(p) for p in (None, 0.00001, 0.0314, 1.0)] == ["—", "<0.001", "0.031", "1.000"]
    assert [percent(1, 3), percent(0, 0)] == ["33.3%", "—"]


def test_sentences_say_the_figures_and_of_how_many(frame):
    told, charts = content_of(frame, Asked(None, Choice(), event=Event("lab.fpg", "ge", "7")), 2, TEXTS.say)
    assert told["sentences"][0] == (
        "统计纳入受试者 6 人、已开始的访视 10 次；另有 2 人因知情同意不能用于此用途，未纳入。"
    )
    assert told["sentences"][2] == "按 A、B 分组比较，作检验 3 项；控制错误发现率后 P 低于 0.05 的有 0 项。"
    assert (
        "空腹血糖：5 人有值（缺失 1 人），均值 6、标准差 0.791 mmol/L，中位数 6（四分位数 5.5 至 6.5）。"
        in told["described"]
    )
    assert told["missing"]["sentences"][0] == "已开始的访视共应有 30 个值，缺失 1 个（3.3%）。"
    [change] = told["changes"]
    assert change["sentences"][0].startswith(
        "空腹血糖：4 人在“基线”和“一年”都有值，平均变化 +0.55（95% 置信区间 "
    )
    assert told["follow_up"]["sentences"] == [
        "方案访视 11 次：已完成 10 次（90.9%），进行中 0 次，待访视 1 次，未访视 0 次；窗口外 0 次。",
        "随访联系 3 次，已结束 2 次，其中联系上 1 次（50.0%），逾期完成 1 次。",
    ]
    assert told["follow_up"]["rows"][1] == {
        "visit": "一年", "planned": "5", "done": "4", "rate": "80.0%", "missed": "0", "outside": "0",
    }  # fmt: skip
    assert told["survival"]["sentences"][0] == (
        "事件“空腹血糖 ≥ 7”：4 人进入分析，1 人发生；入组时已发生 1 人、没有资料 1 人，未纳入；中位时间未达到。"
    )
    assert len(charts) == sum(told["charts"].values())
    assert [row["label"] for row in told["people"] if row["head"]] == ["年龄", "性别", "空腹血糖"]


@pytest.mark.parametrize(
    "event", [("lab.none", "ge", "7"), ("lab.fpg", "near", "7"), ("lab.fpg", "ge", "高"), ("sex", "ge", "1")]
)
def test_an_event_that_cannot_be_judged_is_refused(frame, event):
    with pytest.raises(DomainError, match=r"research\.event"):
        content_of(frame, Asked(None, Choice(), event=Event(*event)), 0, TEXTS.say)


def test_charts_say_their_numbers_in_words():
    chart = bars_chart("空腹血糖", [("5", 3), ("6", 1)])
    assert chart.alt == "空腹血糖：5 3 人；6 1 人"
    assert chart.svg.count("<rect") == 2
    chart = means_chart("血糖", "mmol/L", [Change("基线", 5, 6.0, 0.5, 0, None, None, None, None)])
    assert "基线 5 人，均值 6，95% 区间 ±0.5" in chart.alt
    chart = survival_chart("事件", [curve("A", [(5.0, True), (9.0, False)], 9)])
    assert "A 2 人，事件 1 例，末次未发生比例 50%" in chart.alt


def test_the_report_of_a_study_is_paper_that_a_search_reads(three):
    three.subject("孙一", date(1980, 1, 1), "collect", "data", glucose=6.1, answer="most")
    text = words(report(three, by="sex", event=Event("lab.fpg", "ge", "7")))
    assert "统计纳入受试者 2 人" in text
    assert "另有 2 人因知情同意不能用于此用途" in text
    assert "空腹血糖：2 人有值（缺失 0 人），均值 5.8" in text
    assert "只有一组，未作组间比较" in text
    for name in ("王美娜", "孙一", "1975"):
        assert name not in text


def test_who_may_not_export_sees_no_statistics_and_nothing_is_no_report(three, data):
    with pytest.raises(DomainError, match=r"permission\.denied"):
        report(three, three.nurse)
    with pytest.raises(DomainError, match=r"research\.no_data"):
        summary_pdf(
            three.desk, three.head, load_documents(resources.folder("documents"))["study_summary"],
            Asked(three.study_id, Choice(sexes=("1",))), resources.folder("forms"), TEXTS.say,
        )  # fmt: skip
