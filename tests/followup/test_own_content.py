"""R1.5.5, R1.5.7: scripts, handouts, templates and labels an institution writes itself, version by version."""

from datetime import timedelta

import msgspec
import pytest

from domain.followup.at_hand import at_hand, fitting, groups_and_forms
from domain.followup.definitions import FOLLOWUP
from domain.followup.feedback_commands import GiveFeedback
from domain.followup.feedback_records import FeedbackCase
from domain.followup.group_commands import LabelClient
from domain.followup.group_records import ClientLevel, Segment
from domain.followup.own_commands import (
    RestoreContent,
    SetLimits,
    VerifyContent,
    WithdrawContent,
    WriteHandout,
    WriteLabel,
    WritePlan,
    WriteScript,
)
from domain.followup.own_content import content_in_force
from domain.followup.own_records import FollowContent
from domain.followup.plan_records import FollowPlan, Way
from domain.followup.task_commands import AddTask
from domain.kernel.worklists import worklists
from domain.reception.records import ReceptionKind
from domain.signoff.marks import MARKED
from tests.followup.conftest import WELL
from tests.followup.test_plans import refused


@pytest.fixture
def expert(care):
    return care.person("expert", "总院专家", "chief_physician")


def in_force(care):
    with care.desk.store.read() as connection:
        return content_in_force(connection, care.desk.content[FOLLOWUP])


def a_script(**facts):
    given = {
        "code": "hypertension", "title": "高血压随访", "segments": "disease、high_risk", "topics": "hypertension",
        "points": "最近两周家里血压多少？\n药有没有漏服？", "source": "本院规范 2026", "reason": "按本院规范改写",
    }  # fmt: skip
    return WriteScript(**(given | facts))


def test_a_script_of_ones_own_takes_the_place_of_the_shipped_one_and_is_marked_until_verified(
    care, expert, content
):
    own = care.run(a_script(), care.lead)
    now = in_force(care).scripts["hypertension"]
    assert now.points == ("最近两周家里血压多少？", "药有没有漏服？")
    assert (now.version, now.status) == (content.scripts["hypertension"].version + 1, "UNVERIFIED")
    assert refused(care, VerifyContent(content_id=own, basis="指南"), care.lead) == "permission.denied"
    assert refused(care, VerifyContent(content_id=own, basis="好"), expert) == "content.source_missing"
    verified = care.run(VerifyContent(content_id=own, basis="《中国高血压防治指南》复核"), expert)
    now = in_force(care).scripts["hypertension"]
    assert (now.status, now.points[0]) == ("VERIFIED", "最近两周家里血压多少？")
    assert (
        refused(care, VerifyContent(content_id=verified, basis="再核一次"), expert)
        == "followup.verified_already"
    )
    assert refused(care, VerifyContent(content_id=own, basis="旧的一版"), expert) == "followup.not_newest"
    assert [v.version for v in care.rows(FollowContent)] == [2, 3]


def test_nobody_verifies_what_they_wrote(care, expert):
    head = care.authority.actor(
        staff_id=expert.staff_id, name="总院专家", role="department_head", org_id=care.head.org_id,
        device_id=care.head.device_id, subtree=(),
    )  # fmt: skip
    own = care.run(a_script(), head)
    assert refused(care, VerifyContent(content_id=own, basis="自己核定"), expert) == "followup.own_text"


def test_what_was_written_can_be_taken_back_and_an_earlier_version_restored(care, content):
    first = care.run(a_script(), care.lead)
    second = care.run(a_script(points="只问一句"), care.lead)
    assert in_force(care).scripts["hypertension"].points == ("只问一句",)
    care.run(RestoreContent(content_id=first, reason="还是旧的好"), care.lead)
    assert len(in_force(care).scripts["hypertension"].points) == 2
    assert (
        refused(care, WithdrawContent(content_id=second, reason="停用"), care.lead) == "followup.not_newest"
    )
    [newest] = [v for v in care.rows(FollowContent) if v.version == 4]
    care.run(WithdrawContent(content_id=newest.id, reason="用随产品的"), care.lead)
    assert in_force(care).scripts["hypertension"] == content.scripts["hypertension"]
    added = care.run(a_script(code="gout", title="痛风随访", topics="gout"), care.lead)
    assert in_force(care).scripts["gout"].title == "痛风随访"
    care.run(WithdrawContent(content_id=added, reason="不用了"), care.lead)
    assert "gout" not in in_force(care).scripts


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"segments": "老年"}, "followup.bad_code"),
        ({"receptions": "lecture"}, "followup.bad_code"),
        ({"code": "高血压"}, "followup.bad_content"),
        ({"points": "  \n "}, "input.missing"),
        ({"points": "长" * 301}, "followup.bad_content"),
        ({"reason": " "}, "input.missing"),
    ],
)
def test_nonsense_is_refused_and_nothing_is_kept(care, facts, code):
    assert refused(care, a_script(**facts), care.lead) == code
    assert care.rows(FollowContent) == []


def test_the_same_text_is_no_new_version(care, content):
    care.run(a_script(), care.lead)
    assert refused(care, a_script(), care.lead) == "followup.same_content"


def a_plan(**facts):
    given = {
        "code": "seafarers", "name": "船员随访", "segment": Segment.LABEL, "topics": "船员", "priority": 85,
        "standard": "20、60", "vip": "10、30", "premium": "7、14", "way": Way.PHONE, "script": "general",
        "owner_role": "health_manager", "content": "血压\n睡眠", "source": "本院规范", "reason": "新客户群",
    }  # fmt: skip
    return WritePlan(**(given | facts))


def test_a_template_of_ones_own_is_proposed_from_now_on(care):
    care.run(a_plan(), care.lead)
    patient_id = care.client(**(WELL | {"ua": 500.0}))
    care.run(LabelClient(patient_id=patient_id, label="船员"))
    [plan] = [p for p in care.rows(FollowPlan) if p.state == "proposed"]
    assert (plan.template, plan.after_days, plan.unverified, plan.content[:2]) == (
        "seafarers", [20, 60], True, ["血压", "睡眠"],
    )  # fmt: skip
    care.run(WriteLabel(code="船员", rhythm=ClientLevel.PREMIUM, source="本院规范", reason="加密"), care.lead)
    other = care.client(**(WELL | {"ua": 500.0}))
    care.run(LabelClient(patient_id=other, label="船员"))
    [shorter] = [p for p in care.rows(FollowPlan) if p.patient_id == other and p.state == "proposed"]
    assert (shorter.after_days, shorter.labels, shorter.rhythm) == ([7, 14], ["船员"], "premium")


@pytest.mark.parametrize(
    "facts", [{"standard": "60、20"}, {"owner_role": "captain"}, {"script": "none"}, {"form": "no_such"}]
)
def test_a_template_that_cannot_be_used_is_refused_with_what_is_wrong(care, facts):
    assert refused(care, a_plan(**facts), care.lead) == "followup.bad_template"


def test_what_fits_best_comes_first_and_receptions_have_their_own(content):
    found = at_hand(content, {Segment.DISEASE}, {"hypertension"}, script="general")
    assert [one.id for one in found.scripts][:2] == ["general", "hypertension"]
    assert found.handouts[0].id == "blood_pressure_at_home"
    assert {"diabetes", "high_risk"}.isdisjoint(one.id for one in found.scripts)
    assert not any(one.receptions for one in found.scripts)
    there = at_hand(content, {Segment.DISEASE}, {"diabetes"}, reception=ReceptionKind.CONSULTATION)
    assert [one.id for one in there.scripts] == ["reception_diabetes", "reception_disease"]
    risky = at_hand(content, {Segment.HIGH_RISK}, set(), reception=ReceptionKind.INTERPRETATION)
    assert [one.id for one in risky.scripts] == ["reception_high_risk", "reception_interpretation"]
    for kind in ReceptionKind:
        for segment in (Segment.HIGH_RISK, Segment.DISEASE):
            assert at_hand(content, {segment}, set(), reception=kind).scripts, (kind, segment)
    assert fitting([], set(), set()) == []


def test_the_groups_and_forms_of_a_client_are_read_by_index(care):
    patient_id = care.client(**(WELL | {"sbp": 184.0, "dbp": 96.0}))
    with care.desk.store.read() as connection:
        segments, topics, forms = groups_and_forms(connection, patient_id)
    assert {Segment.HIGH_RISK, Segment.ABNORMAL} <= segments
    assert "class_a" in topics
    assert forms == []


def test_every_part_that_ships_unverified_is_listed_for_signature_and_can_be_signed(content):
    marks = {mark.key: mark for mark in MARKED[FOLLOWUP].find(content)}
    assert {f"followup.scripts.{one}" for one in content.scripts} <= marks.keys()
    plans = {name for name, one in content.plans.items() if one.status == "UNVERIFIED"}
    assert plans
    assert {key.removeprefix("followup.plans.") for key in marks if ".plans." in key} == plans
    assert {f"followup.handouts.{one}" for one in content.handouts} <= marks.keys()
    signed = MARKED[FOLLOWUP].signed(content, {"followup.scripts.general", "followup.segments"})
    assert (signed.scripts["general"].status, signed.rules.status) == ("VERIFIED", "VERIFIED")
    left = {mark.key for mark in MARKED[FOLLOWUP].find(signed)}
    assert marks.keys() - left == {"followup.scripts.general", "followup.segments"}
    changed = msgspec.structs.replace(content.scripts["general"], points=("别的",))
    other = msgspec.structs.replace(content, scripts={**content.scripts, "general": changed})
    assert {m.key: m.digest for m in MARKED[FOLLOWUP].find(other)}["followup.scripts.general"] != marks[
        "followup.scripts.general"
    ].digest


def test_the_score_from_which_a_case_is_opened_is_set_by_an_administrator(care):
    task = care.run(
        AddTask(
            patient_id=care.client(),
            title="随访",
            way=Way.PHONE,
            planned_at=care.desk.clock() + timedelta(hours=1),
        )
    )
    care.run(GiveFeedback(step_id=task, score=3))
    assert care.rows(FeedbackCase) == []
    own = care.run(SetLimits(low_score=3, source="本院制度", reason="从严"), care.lead)
    assert in_force(care).limits.low_score == 3
    assert in_force(care).limits.low_mean == 4.0
    care.run(GiveFeedback(step_id=task, score=3))
    assert len(care.rows(FeedbackCase)) == 1
    again = SetLimits(low_score=3, source="本院制度", reason="从严")
    assert refused(care, again, care.lead) == "followup.same_content"
    assert refused(care, again) == "permission.denied"
    assert refused(care, SetLimits(low_score=9, source="院", reason="试试"), care.lead) == "input.range"
    care.run(WithdrawContent(content_id=own, reason="恢复默认"), care.lead)
    assert in_force(care).limits.low_score == 2
    care.run(GiveFeedback(step_id=task, score=3))
    assert len(care.rows(FeedbackCase)) == 1


def test_versions_are_listed_with_what_may_be_done(care):
    care.run(
        WriteHandout(code="sleep", title="睡眠", points="早睡", source="本院", reason="新资料"), care.lead
    )
    assert in_force(care).handouts["sleep"].points == ("早睡",)
    assert "followup.verify_content" in worklists()["followup.contents"].commands
