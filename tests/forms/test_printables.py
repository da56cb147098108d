"""Documents of a record: what a whole day kept comes out as reports, for whoever may see it."""

import uuid
from types import SimpleNamespace

import pytest

import resources
from domain.care.content import CARE, load_care
from domain.checkup.form_commands import AnswerForm
from domain.kernel.clock import ManualClock
from domain.kernel.errors import DomainError
from domain.kernel.texts import Texts
from domain.risk.commands import SetRiskLevel
from domain.risk.content import RISK
from domain.risk.detail import unpacked
from domain.scales.content import scale_content
from forms.printables import printables, printables_for
from forms.risk_reporting import assessment_of, risk_report_data
from tests.conftest import DEVICE, KEY, START
from tests.fixtures.whole_day import NAME, live_a_day
from tests.scales.test_behaviour_stress_fitness import IDEAL


@pytest.fixture(scope="module")
def day(tmp_path_factory, empty_store, authority):
    from sync.stores import open_branch_store

    path = tmp_path_factory.mktemp("printables") / "branch.db"
    path.write_bytes(empty_store.read_bytes())
    store = open_branch_store(path, KEY)
    lived = live_a_day(store, authority, ManualClock(START), DEVICE)
    instruments = scale_content(resources.folder("scales"), resources.folder("forms"))
    texts = Texts.load(resources.folder("texts") / "zh")
    lived.desk.content = {
        **lived.desk.content, **{name: read() for name, read in instruments.items()}, "texts": texts,
        CARE: load_care(resources.folder("care")),
    }  # fmt: skip
    eaten = AnswerForm(
        patient_id=lived.patient_id, form="diet_habit", form_version="1.0.0",
        answers={name: float(value) for name, value in IDEAL.items()},
    )  # fmt: skip
    lived.desk.run(eaten, lived.people["nurse"])
    yield lived
    store.close()


@pytest.mark.parametrize("name", sorted(n for n, one in printables().items() if one.entity == "patient"))
def test_every_document_of_a_person_is_made_of_what_is_kept(day, pages, name):
    found = printables()[name]
    text = "".join(pages(found.make(day.desk, day.people["physician"], day.patient_id)))
    assert NAME in text


def test_the_data_are_those_of_the_kept_assessment_and_the_level_in_force(day):
    data = risk_report_data(day.desk, day.people["physician"], day.patient_id)
    assert data["client"]["name"] == NAME
    assert "*" in data["client"]["id_number"]
    assert data["level"]["label"].startswith(("绿", "黄", "橙", "红"))
    assert data["level"]["why"]
    assert any(one["title"].startswith("焦虑") for one in data["scales"])
    assert {one["group"] for one in data["scales"]} <= {"心理", "睡眠", "老年", "饮食", "运动", "习惯"}


def test_a_physicians_level_is_told_with_name_reason_and_last_day(day):
    order = SetRiskLevel(patient_id=day.patient_id, colour="red", reason="近期症状加重", until=START.date())
    day.desk.run(order, day.people["physician"])
    level = risk_report_data(day.desk, day.people["physician"], day.patient_id)["level"]
    assert level["colour"] == "red"
    assert (level["manual"]["by"], level["manual"]["reason"]) == ("周建国", "近期症状加重")


def test_only_whoever_has_the_right_and_the_clearance(day):
    for role, actor in day.people.items():
        if not actor.may("risk.view"):
            with pytest.raises(DomainError, match=r"permission\.denied"):
                risk_report_data(day.desk, actor, day.patient_id)
            assert all(one.permission != "risk.view" for one in printables_for("patient", actor)), role


def test_what_cannot_be_reported_says_why(day):
    physician = day.people["physician"]
    with pytest.raises(DomainError, match=r"patient\.unknown"):
        risk_report_data(day.desk, physician, uuid.uuid4())


def test_an_assessment_says_the_same_after_the_models_have_changed(day):
    """Its numbers are kept with it; one that was kept without them is refused rather than told anew."""
    physician, models = day.people["physician"], day.desk.content[RISK]
    before = risk_report_data(day.desk, physician, day.patient_id)
    ready, kept = dict(models.models), models.version
    row = SimpleNamespace(detail=None, models_version=kept, inputs={}, on_date=None)
    models.version = "other"
    try:
        for name in ("china_par", "ad8"):  # gone altogether
            models.models.pop(name, None)
        after = risk_report_data(day.desk, physician, day.patient_id)
        with pytest.raises(DomainError, match=r"risk\.models_changed"):
            assessment_of(row, models)
    finally:
        models.version = kept
        models.models.update(ready)

    def numbers(data):
        return {
            one["id"]: (one["value"], one["relative"], [lever["value"] for lever in one["levers"]], one["shares"])
            for one in data["diseases"] if one["id"] != "ascvd"
        }  # fmt: skip

    assert numbers(after) == numbers(before)
    assert after["report"]["models_version"] == before["report"]["models_version"] == kept
    with pytest.raises(DomainError, match=r"risk\.detail_unreadable"):
        unpacked({"zstd": "AAAA"})


def test_every_document_of_the_list_has_a_document_on_disk():
    folders = {path.name for path in resources.folder("documents").iterdir()}
    assert {"risk_report", "risk_report_plain", "risk_report_phone", "assessment_report"} <= folders
