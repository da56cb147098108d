"""R3.3.1: disease registers take in who is ill or at high risk, propose the rest, and people keep them in order."""

import msgspec
import pytest

import resources
from domain.followup.follower import FollowUpFollower
from domain.followup.group_commands import LabelClient
from domain.followup.own_records import FollowContent
from domain.followup.plan_records import FollowPlan
from domain.followup.register_commands import (
    AcceptPlace,
    EnrolTracked,
    EnterRegister,
    ExcludePlace,
    LeavePlace,
    MovePlace,
    ReviewPlace,
)
from domain.followup.register_records import RegisterMember, RegisterStep
from domain.followup.register_rule_commands import TryRegister, WriteRegister
from domain.followup.registering import RegisterFacts, fits_of
from domain.kernel.errors import DomainError
from domain.kernel.readers import Follower
from domain.kernel.worklists import Pages, worklists
from domain.tags.follower import TagFollower
from domain.tags.records import ClientTag
from domain.tags.rules import TAGS, load_tags
from domain.tracking.follower import TrackingFollower
from domain.tracking.records import AbnormalTracking
from tests.followup.conftest import SYSTEM, WELL

HIGH = {"sbp": 176.0, "dbp": 108.0}
NAMES = {"hypertension": "高血压"}


@pytest.fixture
def ward(care):
    """The branch with tags and tracked findings beside its groups."""
    care.desk.content[TAGS] = load_tags(resources.folder("tags"))
    care.followers += [Follower(care.desk.store, TagFollower(care.desk, SYSTEM))]
    care.followers += [Follower(care.desk.store, TrackingFollower(care.desk, SYSTEM))]
    return care


def places(ward, patient):
    return {
        row.register: row
        for row in ward.rows(RegisterMember, RegisterMember.__table__.c.patient_id == patient)
    }


def acts(ward, member_id):
    return [str(s.act) for s in ward.rows(RegisterStep) if s.member_id == member_id]


def refused(ward, order, who=None):
    with pytest.raises(DomainError) as error:
        ward.run(order, who)
    return error.value


@pytest.mark.parametrize(
    ("facts", "basis", "by_itself"),
    [
        (RegisterFacts(), None, False),
        (RegisterFacts(diagnosed={"hypertension": "高血压"}), "diagnosed", True),
        (RegisterFacts(levels={"hypertension": "high"}), "high_level", True),
        (RegisterFacts(levels={"hypertension": "medium"}), None, False),
        (RegisterFacts(labels=frozenset({"高血压"})), "label", False),
        (RegisterFacts(labels=frozenset({"糖尿病"})), None, False),
    ],
)
def test_who_fits_is_decided_from_the_facts(facts, basis, by_itself, content):
    fits = {fit.register.id: fit for fit in fits_of(facts, content.registers.values(), NAMES)}
    if basis is None:
        assert "hypertension" not in fits
        return
    fit = fits["hypertension"]
    assert [reason[0] for reason in fit.reasons] == [basis]
    assert fit.by_itself is by_itself


def test_a_register_nobody_could_fit_or_with_an_unknown_plan_is_refused(tmp_path, content):
    from domain.followup.content import register_problems

    empty = msgspec.structs.replace(content.registers["tumour"], topics=(), labels=(), items=())
    assert list(register_problems("tumour", empty, ()))
    strange = msgspec.structs.replace(content.registers["tumour"], plan="nowhere")
    assert list(register_problems("tumour", strange, ())) == ["plan: no plan nowhere"]


def test_who_is_ill_enters_by_themselves_with_a_plan_and_a_tag(ward):
    patient = ward.client(**WELL | HIGH)
    place = places(ward, patient)["hypertension"]
    assert (place.state, place.fits, place.by_hand) == ("enrolled", True, False)
    assert place.why["reasons"][0]["about"] == "高血压"
    assert place.because == "高危 高血压"
    assert acts(ward, place.id) == ["entered"]
    assert [p.state for p in ward.rows(FollowPlan)] == ["proposed"]
    tags = {t.name for t in ward.rows(ClientTag) if t.off_at is None}
    assert "高血压专病队列" in tags


def test_who_is_well_is_in_no_register(ward):
    assert places(ward, ward.client(**WELL)) == {}


def test_a_label_proposes_and_a_person_decides(ward):
    patient = ward.client(**WELL)
    ward.run(LabelClient(patient_id=patient, label="高血压"))
    place = places(ward, patient)["hypertension"]
    assert place.state == "candidate"
    assert (place.due_at - place.state_since).total_seconds() == 24 * 3600
    assert refused(ward, ExcludePlace(member_id=place.id, reason=" ")).code == "register.no_reason"
    assert ward.run(AcceptPlace(member_id=place.id)).register == "高血压专病队列"
    assert places(ward, patient)["hypertension"].state == "enrolled"


def test_who_was_excluded_is_not_proposed_again_by_the_same_facts(ward):
    patient = ward.client(**WELL)
    ward.run(LabelClient(patient_id=patient, label="高血压"))
    place = places(ward, patient)["hypertension"]
    ward.run(ExcludePlace(member_id=place.id, reason="白大衣高血压，家庭血压正常"))
    ward.measure(patient, **WELL)
    place = places(ward, patient)["hypertension"]
    assert (place.state, place.reason, place.due_at) == ("excluded", "白大衣高血压，家庭血压正常", None)


def test_a_tag_by_hand_in_the_private_side_proposes_too(ward):
    from domain.tags.commands import TagClient
    from domain.tags.records import TagKind

    patient = ward.client(**WELL)
    ward.run(TagClient(patient_id=patient, kind=TagKind.DISEASE, name="糖尿病"))
    ward.settle()
    assert places(ward, patient)["diabetes"].state == "candidate"


def test_who_fits_no_more_stays_managed_until_a_person_lets_them_go(ward):
    patient = ward.client(**WELL | HIGH)
    ward.measure(patient, **WELL)
    found = places(ward, patient)["hypertension"]
    assert (found.state, found.fits) == ("enrolled", False)
    assert acts(ward, found.id) == ["entered", "fits_no_more"]
    ward.run(LeavePlace(member_id=found.id, reason="转外院专科管理"))
    left = places(ward, patient)["hypertension"]
    assert (left.state, left.reason) == ("left", "转外院专科管理")
    ward.settle()
    tags = {t.name for t in ward.rows(ClientTag) if t.off_at is None}
    assert "高血压专病队列" not in tags


def test_a_candidate_whose_label_goes_is_no_candidate_any_more(ward):
    from domain.followup.group_commands import UnlabelClient
    from domain.followup.group_records import GroupMember, Segment

    patient = ward.client(**WELL)
    ward.run(LabelClient(patient_id=patient, label="高血压"))
    label = ward.one(GroupMember, GroupMember.__table__.c.segment == Segment.LABEL)
    ward.run(UnlabelClient(member_id=label.id))
    place = places(ward, patient)["hypertension"]
    assert (place.state, place.fits, place.due_at) == ("lapsed", False, None)
    assert acts(ward, place.id) == ["proposed", "lapsed"]


def test_a_member_is_looked_at_moved_and_every_step_is_kept(ward, clock):
    patient = ward.client(**WELL | HIGH)
    place = places(ward, patient)["hypertension"]
    ward.run(ReviewPlace(member_id=place.id, note="家庭血压 128/78，方案不变"))
    looked = places(ward, patient)["hypertension"]
    assert (looked.due_at - looked.reviewed_at).days == 90
    move = MovePlace(member_id=place.id, register="心脑血管专病队列", reason="新发房颤")
    assert ward.run(move).register == "心脑血管专病队列"
    found = places(ward, patient)
    assert (found["hypertension"].state, found["cardiovascular"].state) == ("left", "enrolled")
    assert acts(ward, place.id) == ["entered", "reviewed", "moved"]
    same = MovePlace(member_id=found["cardiovascular"].id, register="cardiovascular", reason="误操作")
    assert refused(ward, same).code == "register.same"


def test_an_abnormal_result_leads_straight_into_the_register_of_its_item(ward):
    from domain.checkup.records import Observation

    patient = ward.client(**WELL | {"sbp": 190.0, "dbp": 122.0})
    tracking = ward.rows(AbnormalTracking)[0]
    wrong = refused(ward, EnrolTracked(tracking_id=tracking.id, register="不存在的队列"))
    assert (wrong.code, "高血压专病队列" in wrong.facts["names"]) == ("register.unknown", True)
    item = ward.one(Observation, Observation.__table__.c.id == tracking.observation_id).item
    registers = ward.desk.content["followup"].registers
    assert all(item not in one.items for one in registers.values())
    assert refused(ward, EnrolTracked(tracking_id=tracking.id)).code == "register.say_which"
    place = ward.run(EnrolTracked(tracking_id=tracking.id, register="tumour"))
    assert (place.register, place.new) == ("肿瘤高危专病队列", True)
    again = ward.run(EnrolTracked(tracking_id=tracking.id, register="tumour"))
    assert again.new is False
    kept = places(ward, patient)["tumour"]
    assert kept.by_hand
    assert kept.why["reasons"][0]["basis"] == "by_hand"


def test_a_client_is_entered_by_hand_and_the_rule_does_not_throw_them_out(ward):
    patient = ward.client(**WELL)
    ward.run(EnterRegister(patient_id=patient, register="糖尿病专病队列", reason="外院确诊 2 型糖尿病"))
    ward.measure(patient, **WELL)
    assert places(ward, patient)["diabetes"].state == "enrolled"


def test_roles_that_may_not_handle_registers_are_refused(ward):
    patient = ward.client(**WELL)
    order = EnterRegister(patient_id=patient, register="diabetes", reason="外院确诊")
    assert refused(ward, order, ward.lead).code == "permission.denied"


def write(**over):
    given = {
        "code": "gout", "name": "痛风专病队列", "topics": "hyperuricaemia", "labels": "痛风",
        "auto": "现患", "rules": "每 90 天复查血尿酸", "ends": "专病医生评估后退出", "source": "本院规定",
        "reason": "新建队列",
    }  # fmt: skip
    return WriteRegister(**given | over)


def test_a_rule_is_tried_on_what_is_kept_before_it_counts(ward):
    ill, well = ward.client(**WELL | HIGH), ward.client(**WELL)
    before = len(ward.rows(RegisterMember))
    tried = ward.run(TryRegister(code="new", topics="hypertension", auto="现患、高危"), ward.head)
    assert (tried.fits, tried.inside, tried.would_come, tried.by_itself) == (1, 0, 1, 1)
    tried = ward.run(TryRegister(code="hypertension", topics="hypertension"), ward.head)
    assert (tried.fits, tried.inside, tried.would_come) == (1, 1, 0)
    assert refused(ward, TryRegister(code="new"), ward.head).code == "register.empty"
    assert len(ward.rows(RegisterMember)) == before
    assert {ill, well}


def test_an_institution_has_registers_of_its_own(ward):
    ward.run(write(), ward.head)
    [version] = ward.rows(FollowContent)
    assert (str(version.kind), version.unverified) == ("registers", True)
    patient = ward.client(**WELL)
    ward.run(LabelClient(patient_id=patient, label="痛风"))
    assert places(ward, patient)["gout"].state == "candidate"
    assert places(ward, patient)["gout"].unverified


@pytest.mark.parametrize(
    ("over", "code", "field"),
    [
        ({"auto": "现患、随便"}, "followup.bad_code", "auto"),
        ({"levels": "红色"}, "followup.bad_code", "levels"),
        ({"topics": "", "labels": ""}, "followup.bad_register", "code"),
        ({"plan": "nowhere"}, "followup.bad_register", "code"),
        ({"rules": " "}, "followup.bad_register", "code"),
        ({"code": "痛风"}, "followup.bad_content", "code"),
    ],
)
def test_a_rule_that_cannot_be_used_is_refused_with_its_field(ward, over, code, field):
    error = refused(ward, write(**over), ward.head)
    assert (error.code, error.field) == (code, field)
    assert ward.rows(FollowContent) == []


def test_what_is_read_twice_changes_nothing(ward):
    patient = ward.client(**WELL | HIGH)
    before = len(ward.rows(RegisterStep))
    again = type("Again", (FollowUpFollower,), {"name": "again"})
    Follower(ward.desk.store, again(ward.desk, SYSTEM)).catch_up()
    assert len(ward.rows(RegisterStep)) == before
    assert places(ward, patient)


def test_the_lists_show_who_waits_and_who_is_managed(ward):
    patient = ward.client(**WELL | HIGH)
    ward.run(LabelClient(patient_id=patient, label="糖尿病"))
    pages = Pages(ward.desk.store)
    waiting = pages.page(worklists()["register.waiting"], ward.manager).rows
    managed = pages.page(worklists()["register.members"], ward.manager).rows
    assert [row.values[0] for row in waiting] == ["糖尿病专病队列"]
    assert [row.values[0] for row in managed] == ["高血压专病队列"]
