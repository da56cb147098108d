"""The plan on the phone: the diet with its menu, swaps and diary; exercise and its weeks; courses; check-ins."""

import secrets
from datetime import timedelta

import pytest

from domain.care.diary_records import DietEntry
from domain.care.diet_commands import PrescribeDiet
from domain.care.exercise_commands import ChangeExercise
from domain.care.exercise_records import ExerciseEntry
from domain.care.item_commands import AddItem
from domain.care.plan_commands import SignPlan, StartPlan
from domain.care.records import CareEvent, CareItem, CareKind, CareOutcome, CareWay
from domain.care.supplement_commands import PrescribeSupplement
from domain.checkup.records import Observation
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.checkup.visit_commands import Arrive, OpenVisit
from domain.kernel.authority import system_actor
from domain.kernel.clock import clinic
from tests.fixtures.conflicts import dispute
from tests.server.test_portal import WeChat, bound, rows, server, vendors  # noqa: F401

DIET = {"kcal": 1800, "protein_g": 72, "fat_g": 56, "carb_g": 252}


@pytest.fixture
def phone(server, vendors):  # noqa: F811
    return lambda: WeChat(server, vendors, f"o{secrets.token_hex(6)}")


def planned(server, patient):  # noqa: F811
    """Return the id of a plan that is not signed yet."""
    ends = clinic(server.clock()).date() + timedelta(days=60)
    return server.as_system(StartPlan(patient_id=patient, name="控压减重", ends_on=ends))


def test_the_diet_its_menu_a_swap_and_the_diary_with_its_analysis(server, phone):  # noqa: F811
    wechat, patient = bound(server, phone, "周膳食")
    assert "目前没有执行中的膳食处方" in wechat.get("/diet").text
    plan_id = planned(server, patient)
    item_id = server.as_system(PrescribeDiet(care_plan_id=plan_id, **DIET))
    server.as_system(SignPlan(care_plan_id=plan_id))
    wechat.get("/diet")
    assert "1800 千卡" in wechat.text()
    assert "今日食谱" in wechat.text()
    assert "全天烹调油" in wechat.text()
    refused = wechat.post("/diet/swap", m="", item=item_id.hex, gives="谷物", takes="糕点油炸", portions="9")
    assert refused.status_code == 422
    assert "同样份数可换" in refused.text
    assert (
        wechat.post(
            "/diet/swap", m="", item=item_id.hex, gives="谷物", takes="米饭", portions="2"
        ).status_code
        == 303
    )
    [item] = rows(server, CareItem, id=item_id)
    assert item.detail["portions"]["rice"] == 2
    assert "米饭（2 份，150 g）" in wechat.get("/diet").text

    wrong = wechat.post("/diet", m="", meal="lunch", f0="龙肝", g0="100")
    assert wrong.status_code == 422
    assert "龙肝" in wechat.text()
    assert 'value="龙肝"' in wrong.text, "what was typed is still there"
    assert rows(server, DietEntry, patient_id=patient) == []
    today = clinic(server.clock()).date()
    for back in range(3):
        day = (today - timedelta(days=back)).isoformat()
        sent = {"f0": "米饭", "g0": "200", "f1": "五花肉", "g1": "120", "f2": "酱油", "g2": "40"}
        assert wechat.post("/diet", m="", meal="lunch", day=day, **sent).status_code == 303
    wechat.get("/diet")
    for said in ("有记录的 3 天", "脂肪供能", "偏多", "每天蔬菜不少于 300 g", "成人肥胖食养指南"):
        assert said in wechat.text()
    assert wechat.post("/diet", m="", meal="", f0="米饭", g0="100").status_code == 422
    assert wechat.post("/diet", m="", meal="lunch", day="昨天", f0="米饭", g0="100").status_code == 422


def test_nobody_sees_or_swaps_anothers_diet(server, phone):  # noqa: F811
    _, patient = bound(server, phone, "周本人")
    other, _ = bound(server, phone, "周旁人")
    plan_id = planned(server, patient)
    item_id = server.as_system(PrescribeDiet(care_plan_id=plan_id, **DIET))
    server.as_system(SignPlan(care_plan_id=plan_id))
    assert "目前没有执行中的膳食处方" in other.get("/diet").text
    sent = {"gives": "谷物", "takes": "米饭", "portions": "1"}
    assert other.post("/diet/swap", m="", item=item_id.hex, **sent).status_code == 422
    assert phone().post("/diet", m="", meal="lunch", f0="米饭", g0="100").status_code == 403


def test_the_exercise_prescription_another_way_the_diary_and_its_report(server, phone):  # noqa: F811
    wechat, patient = bound(server, phone, "周运动")
    plan_id = planned(server, patient)
    order = AddItem(
        care_plan_id=plan_id,
        kind=CareKind.EXERCISE,
        label="快走",
        target_value=30,
        target_unit="min",
        times="07:00",
    )
    item_id = server.as_system(order)
    server.as_system(ChangeExercise(care_item_id=item_id, ways="快走、太极", times=7, reason="起步"))
    server.as_system(SignPlan(care_plan_id=plan_id))
    wechat.get("/exercise")
    for said in ("每周 7 次，共 210 分钟", "心率储备 49.5%", "立即停止并就医"):
        assert said in wechat.text()
    assert wechat.post("/exercise/swap", m="", item=item_id.hex, takes="呼吸训练").status_code == 422
    assert wechat.post("/exercise/swap", m="", item=item_id.hex, takes="太极").status_code == 303
    assert "太极、快走" in wechat.get("/exercise").text
    assert wechat.post("/exercise", m="", activity="太极", minutes="40", heart_rate="105").status_code == 303
    assert [row.minutes for row in rows(server, ExerciseEntry, patient_id=patient)] == [40]
    assert "太极 40 分钟" in wechat.get("/exercise").text
    for wrong in ({"activity": "飞行", "minutes": "30"}, {"activity": "太极", "minutes": "很久"},
                  {"activity": "太极", "minutes": "30", "day": "昨"}):  # fmt: skip
        assert wechat.post("/exercise", m="", **wrong).status_code == 422
    assert len(rows(server, ExerciseEntry, patient_id=patient)) == 1


def test_the_courses_are_shown_with_state_and_chart(server, phone):  # noqa: F811
    wechat, patient = bound(server, phone, "周趋势")
    assert "还没有可以分析的测量" in wechat.get("/trends").text
    for sbp in (150, 185):
        visit = server.as_system(OpenVisit(patient_id=patient)).visit_id
        server.as_system(Arrive(visit_id=visit))
        values = [Measured(item="sbp", value=sbp, unit="mm[Hg]")]
        server.as_system(RecordMeasurement(visit_id=visit, values=values))
        server.clock.advance(timedelta(days=1))
    wechat.sign_in()
    page = wechat.get("/trends").text
    for said in ("收缩压", "明显加重", "<svg", "超过 ±17.5% 才算真正变化"):
        assert said in page


def test_a_supplement_is_checked_in_and_stands_in_the_months_calendar(server, phone):  # noqa: F811
    wechat, patient = bound(server, phone, "周补充")
    assert "目前没有营养补充剂处方" in wechat.get("/supplements").text
    plan_id = planned(server, patient)
    order = PrescribeSupplement(
        care_plan_id=plan_id, label="维生素D3", content="维生素D 10 µg", times="23:59"
    )
    item_id = server.as_system(order)
    server.as_system(SignPlan(care_plan_id=plan_id))
    assert wechat.post("/plan", m="", item=item_id.hex, outcome="done").status_code == 303
    [event] = rows(server, CareEvent, patient_id=patient)
    assert (event.outcome, event.way, event.item_id) == (CareOutcome.DONE, CareWay.PHONE, item_id)
    page = wechat.get("/supplements").text
    for said in ("维生素D3", "本月已打卡 1 / 应打卡 1 次（100%）", "10 µg / 50 µg", "<b>√</b>"):
        assert said in page


def test_a_value_measured_at_home_is_typed_in_and_told_when_it_is_outside(server, phone):  # noqa: F811
    wechat, patient = bound(server, phone, "周居家")
    plan_id = planned(server, patient)
    order = AddItem(
        care_plan_id=plan_id, kind=CareKind.MONITORING, label="收缩压", times="07:00", watched="sbp"
    )
    item_id = server.as_system(order)
    server.as_system(SignPlan(care_plan_id=plan_id))
    assert "mmHg" in wechat.get("/plan").text
    for wrong in ("", "很高", "900"):
        assert wechat.post("/plan", m="", item=item_id.hex, value=wrong).status_code == 422
    assert rows(server, Observation, patient_id=patient) == []
    assert wechat.post("/plan", m="", item=item_id.hex, value="152").status_code == 303
    [kept] = rows(server, Observation, patient_id=patient)
    assert (kept.value_number, kept.system, kept.flag) == (152, "居家监测", "H")


def test_a_medication_in_dispute_is_shown_with_both_names(server, phone):  # noqa: F811
    wechat, patient = bound(server, phone, "周争议")
    plan_id = planned(server, patient)
    order = AddItem(care_plan_id=plan_id, kind=CareKind.MEDICATION, label="二甲双胍", times="07:00")
    item_id = server.as_system(order)
    server.as_system(SignPlan(care_plan_id=plan_id))
    assert "有争议" not in wechat.get("/plan").text
    actor = system_actor(server.orgs["B01"], server.centre.identity.device_id)
    dispute(server.centre.dispatcher, actor, "care_item", item_id, "label", "二甲双胍", "华法林")
    wechat.get("/plan")
    assert "有争议，以工作人员答复为准：内容 二甲双胍 ／ 华法林" in wechat.text()
