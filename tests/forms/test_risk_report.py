"""One data set, three versions: no number differs, marks are words as well as colours, and nothing is left unsaid."""

import re

import pypdfium2
import pytest

import resources
from domain.kernel.errors import DomainError
from domain.risk.assess import assess
from domain.risk.report_content import risk_report_content
from domain.risk.report_numbers import factor_value, in_own_unit, measured, number, short_of_ideal, times
from forms.batch import Job, render_batch
from forms.documents import load_documents
from forms.risk_report import VERSIONS, charts_of, render_risk_report
from tests.forms.risk_people import ILL, SAY, bare_content, content_of, head, ill_content
from tests.risk.people import DAY, healthy, models, population

NUMBER = re.compile(r"\d+(?:\.\d+)?")


def squeezed(text):
    return re.sub(r"\s", "", text)


@pytest.fixture(scope="module")
def documents():
    return load_documents(resources.folder("documents"))


@pytest.fixture(scope="module")
def printed(documents, pages):
    def texts(content):
        made = {version: pages(render_risk_report(documents, content, version)) for version in VERSIONS}
        return {version: squeezed("".join(pages)) for version, pages in made.items()}

    return texts


@pytest.fixture(scope="module")
def ill():
    return ill_content()


@pytest.fixture(scope="module")
def ill_texts(printed, ill):
    return printed(ill)


def test_every_number_of_the_short_versions_stands_in_the_professional_one(ill_texts):
    known = set(NUMBER.findall(ill_texts["professional"]))
    for version in ("plain", "phone"):
        body = re.sub(r"文档risk_report\S*?\d+\.\d+\.\d+|第\d+页/共\d+页", "", ill_texts[version])
        assert set(NUMBER.findall(body)) - known == set(), version


def test_each_disease_has_the_same_number_and_level_in_every_version(ill, ill_texts):
    told = [one for one in ill["diseases"] if one["level"] in ("high", "medium") and not one["is_score"]]
    assert len(told) > 8
    for one in told:
        unit = one["unit"] or ""
        shown = one["value"] + unit.replace(" ", "")
        for version, text in ill_texts.items():
            assert squeezed(one["name"]) in text, (version, one["name"])
            assert squeezed(shown) in text, (version, one["name"], shown)
        mark = {"high": "▲", "medium": "■"}[one["level"]]
        for version in ("plain", "phone"):
            assert f"{mark}{squeezed(one['name'])}" in ill_texts[version], (
                "a word and a sign, not a colour alone"
            )


def test_levers_are_told_in_the_units_of_the_record(ill):
    found = next(one for one in ill["diseases"] if one["id"] == "ascvd")
    lever = next(one for one in found["levers"] if "总胆固醇" in one["factor"])
    assert (lever["now"], lever["unit"]) == ("6.4", "mmol/L"), (
        "the model counts in mg/dL, the clinic does not"
    )
    assert lever["target"] == measured(200 * 0.02586, 2)
    assert float(lever["value"]) < float(found["value"])


def test_what_is_missing_is_told_and_no_number_stands_for_it(printed):
    content = bare_content()
    texts = printed(content)
    assert content["summary"]["not_computable"] > 15
    for one in content["diseases"]:
        if one["status"] == "not_computable":
            assert one["value"] is None
            assert one["missing"] or one["why"]
            assert squeezed("".join(one["why"])) in texts["professional"]
    assert "补上这些就能算" in texts["plain"]
    assert "资料不够" in texts["phone"]
    assert charts_of(content) == []


def test_what_no_physician_signed_is_marked_in_every_version(ill, ill_texts):
    unsigned = [one for one in ill["diseases"] if one["unverified"] and one["level"] == "high"]
    assert unsigned
    for text in ill_texts.values():
        assert "待医师核定" in text


def test_the_level_in_force_says_why(printed):
    level = {
        "colour": "orange", "label": "橙（中危）", "since": "2026-11-23", "why": ["收缩压 148 mmHg（2026-11-23）"],
        "manual": {"by": "周医师", "reason": "近期已调整用药", "until": "2027-02-01"},
    }  # fmt: skip
    for text in printed(ill_content(level=level)).values():
        for words in ("橙（中危）", "收缩压148mmHg（2026-11-23）", "近期已调整用药", "2027-02-01"):
            assert words in text


def test_a_safety_flag_is_on_every_version(printed):
    scale = {
        "title": "抑郁筛查（PHQ-9）", "group": "心理", "at": "2026-11-23", "status": "computed", "score": "14",
        "unit": "分", "band": "中度", "parts": [], "sentences": ["总分 14。"], "advice": [], "safety": True,
        "unverified": [],
    }  # fmt: skip
    texts = printed(ill_content(scales=[scale]))
    assert "请立即由医师面谈评估安全" in texts["professional"]
    assert "请马上与医师面谈" in texts["plain"]
    assert "请马上与医师面谈" in texts["phone"]
    assert all("14分" in text for text in texts.values())


def test_the_professional_version_has_bookmarks_and_embedded_fonts(documents, ill):
    pdf = pypdfium2.PdfDocument(render_risk_report(documents, ill, "professional"))
    marks = [one.get_title() for one in pdf.get_toc()]
    assert "总览" in marks
    assert "心血管病（ASCVD）" in marks
    assert 6 < len(pdf) < 20


def test_typed_text_stays_text(printed):
    who = head(name='#read("/etc/passwd") *粗*')
    found = assess(healthy("male", 58, **ILL), DAY, models())
    texts = printed(risk_report_content(who, found, models(), SAY))
    assert all('#read("/etc/passwd")*粗*' in text for text in texts.values())


def test_every_kind_of_person_fits_the_data_set(documents):
    for factors in population(60, seed=7):
        documents["risk_report"].check(content_of(factors))


def test_the_drawings_say_their_numbers(ill, documents):
    radar, heat = charts_of(ill)[:2]
    for point in ill["axes"]["points"]:
        assert f"{point['label']} {point['value']}" in radar.alt
        assert f">{point['value']}<" in radar.svg
    row = ill["matrix"]["rows"].index("血压")
    share = ill["matrix"]["cells"][row][ill["matrix"]["columns"].index("心血管病（ASCVD）")]
    assert f"心血管病（ASCVD） {share}%" in heat.alt
    found = next(one for one in ill["diseases"] if one["id"] == "ascvd")
    assert share == next(one["percent"] for one in found["shares"] if one["group"] == "血压")
    assert sum(int(one["percent"]) for one in found["shares"]) in range(98, 103)


def test_data_that_is_not_the_documents_is_refused(documents, ill):
    with pytest.raises(DomainError, match=r"document\.data_invalid"):
        render_risk_report(documents, {**ill, "client": {"name": "甲"}}, "plain")


@pytest.mark.parametrize(
    ("value", "decimals", "shown"), [(2.675, 2, "2.68"), (-0.04, 1, "0.0"), (12.25, 1, "12.3"), (5, 0, "5")]
)
def test_numbers_are_rounded_half_up_as_people_do(value, decimals, shown):
    assert number(value, decimals) == shown


def test_a_relative_risk_beyond_measure_is_told_as_such():
    assert [times(one) for one in (0.5, 9.994, 12.34, 250.0)] == ["0.50", "9.99", "12.3", ">100"]


def test_factors_are_told_in_words_where_they_are_words():
    book = models().book
    assert factor_value("bp_treated", True, book) == ("是", "")
    assert factor_value("smoking", "former", book) == ("已戒烟", "")
    assert factor_value("bmi", 28.393726, book) == ("28.4", "kg/m²")
    assert in_own_unit("tc", 200, "mg/dL", book) == pytest.approx(5.172, abs=0.001)


@pytest.mark.parametrize(
    ("code", "value", "told"),
    [("sbp", 115.0, ""), ("sbp", 116.0, "高于理想"), ("sbp", 100.0, ""), ("hdl", 1.2, "低于理想"),
     ("hdl", 1.9, ""), ("smoking", "current", "需改善"), ("smoking", "never", ""), ("crea", 90.0, "")],
)  # fmt: skip
def test_short_of_the_ideal_is_told_on_the_harmful_side_only(code, value, told):
    assert short_of_ideal(code, value, "male", models().book) == told


def jobs(count):
    return [Job(f"R{index:03d}", ill_content(number=f"R{index:03d}")) for index in range(count)]


def test_a_batch_gives_whole_files_and_tells_how_far_it_is(tmp_path):
    steps = []
    broken = Job("broken", {**ill_content(), "client": {"name": "甲"}})
    outcome = render_batch(
        [*jobs(4), broken], tmp_path, resources.folder("documents"), processes=2, progress=steps.append
    )
    assert steps == [1, 2, 3, 4, 5]
    assert sorted(outcome.files) == ["R000", "R001", "R002", "R003"]
    assert outcome.failed["broken"].code == "document.data_invalid"
    assert outcome.failed["broken"].facts["label"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"R00{index}.pdf" for index in range(4)]
    assert all(path.read_bytes().startswith(b"%PDF") for path in outcome.files.values())


def test_a_batch_can_be_stopped_and_what_was_begun_is_whole(tmp_path):
    seen = []
    outcome = render_batch(
        iter(jobs(12)), tmp_path, resources.folder("documents"), processes=1,
        progress=seen.append, cancelled=lambda: len(seen) >= 3,
    )  # fmt: skip
    assert outcome.cancelled
    assert 3 <= outcome.finished <= 5
    assert len(list(tmp_path.iterdir())) == outcome.finished


def test_a_job_cannot_write_elsewhere(tmp_path):
    with pytest.raises(ValueError, match="name"):
        Job("../away", {})
