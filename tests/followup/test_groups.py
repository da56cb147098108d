"""R1.5.1: groups follow results by themselves, say why, keep their history, and propose the plan that follows."""

from datetime import date, timedelta

import pytest

from domain.followup.follower import FollowUpFollower
from domain.followup.group_commands import ExemptMember, LabelClient, SetCareProfile, UnlabelClient
from domain.followup.group_records import ClientLevel, GroupChange, GroupMember, Segment
from domain.followup.grouping import Abnormal, ClientFacts, groups_of, is_strict, leading_template
from domain.followup.plan_records import FollowPlan
from domain.kernel.authority import system_actor
from domain.kernel.change_log import change_log, entries_after
from domain.kernel.errors import DomainError
from domain.kernel.worklists import Filter, Pages, worklists
from tests.conftest import BRANCH, OTHER_BRANCH
from tests.followup.conftest import WELL

DAY = date(2026, 11, 20)
NAMES = {"hypertension": "高血压", "ascvd": "心血管病"}


def keys(facts, content):
    return {(str(one.segment), one.topic) for one in groups_of(facts, content.rules, NAMES)}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (ClientFacts(), set()),
        (ClientFacts(seen=True), {("general", "")}),
        (ClientFacts(seen=True, colour="green"), {("general", "")}),
        (ClientFacts(seen=True, colour="yellow"), {("general", "")}),
        (ClientFacts(seen=True, colour="orange"), {("high_risk", "")}),
        (ClientFacts(seen=True, levels={"ascvd": "medium"}), {("general", "")}),
        (ClientFacts(seen=True, levels={"ascvd": "high"}), {("high_risk", "ascvd")}),
        (
            ClientFacts(seen=True, levels={"hypertension": "high"}, diagnosed=frozenset({"hypertension"})),
            {("disease", "hypertension")},
        ),
        (ClientFacts(seen=True, findings={"A": [DAY], "B": []}), {("abnormal", "class_a")}),
        (ClientFacts(seen=True, abnormal=[Abnormal("尿酸", "H", DAY)]), {("abnormal", "results")}),
    ],
)  # fmt: skip
def test_who_belongs_where(facts, expected, content):
    assert keys(facts, content) == expected


def test_why_names_the_facts(content):
    facts = ClientFacts(seen=True, colour="red", findings={"A": [DAY]}, abnormal=[Abnormal("尿酸", "H", DAY)])
    why = {one.key: one.why for one in groups_of(facts, content.rules, NAMES)}
    assert why[Segment.HIGH_RISK, ""] == {"rule": "colour", "colour": "red"}
    assert why[Segment.ABNORMAL, "class_a"] == {
        "rule": "finding",
        "class": "A",
        "count": 1,
        "latest": "2026-11-20",
    }
    [item] = why[Segment.ABNORMAL, "results"]["items"]
    assert item == {"label": "尿酸", "flag": "H", "day": "2026-11-20"}


def test_the_strictest_template_leads_and_levels_shorten_it(content):
    groups = [(Segment.ABNORMAL, "results"), (Segment.HIGH_RISK, "ascvd"), (Segment.DISEASE, "hypertension")]
    assert leading_template(groups, content).id == "high_risk"
    assert leading_template([*groups, (Segment.ABNORMAL, "class_a")], content).id == "abnormal_class_a"
    assert leading_template([(Segment.DISEASE, "hypertension")], content).id == "disease_hypertension"
    assert leading_template([(Segment.DISEASE, "gout")], content).id == "disease_other"
    assert leading_template([(Segment.LABEL, "贵宾")], content) is None
    for plan in content.plans.values():
        first = {level: days[0] for level, days in plan.after_days.items()}
        assert first[ClientLevel.PREMIUM] <= first[ClientLevel.VIP] <= first[ClientLevel.STANDARD]
    high, general = content.plans["high_risk"], content.plans["disease_other"]
    assert high.after_days[ClientLevel.VIP][0] < high.after_days[ClientLevel.STANDARD][0]
    assert len(high.after_days[ClientLevel.STANDARD]) > len(general.after_days[ClientLevel.STANDARD])


def test_who_must_have_a_plan_within_the_day(content):
    assert is_strict([(Segment.HIGH_RISK, "")], ClientLevel.STANDARD, content.rules)
    assert is_strict([(Segment.ABNORMAL, "results")], ClientLevel.VIP, content.rules)
    assert not is_strict([(Segment.ABNORMAL, "results")], ClientLevel.STANDARD, content.rules)


def inside(care, patient_id):
    members = care.rows(GroupMember, GroupMember.__table__.c.patient_id == patient_id)
    return {(str(m.segment), m.topic): m for m in members if m.state != "left"}


def test_results_put_a_client_into_groups_and_better_ones_take_them_out_with_history(care, clock):
    patient_id = care.client(**WELL)
    assert {key[0] for key in inside(care, patient_id)} == {"general"}
    clock.advance(timedelta(days=30))
    care.measure(patient_id, sbp=184.0, dbp=96.0)
    members = inside(care, patient_id)
    assert {("high_risk", ""), ("abnormal", "class_a"), ("abnormal", "results")} <= members.keys()
    assert members["high_risk", ""].since == clock()
    assert members["high_risk", ""].state == "waiting"
    assert members["abnormal", "class_a"].why["count"] == 1
    clock.advance(timedelta(days=400))
    care.measure(patient_id, sbp=116.0, dbp=72.0)
    assert {key[0] for key in inside(care, patient_id)} == {"general"}
    told = [(str(c.segment), str(c.act)) for c in care.rows(GroupChange) if c.segment != Segment.ABNORMAL]
    assert told.count(("general", "entered")) == 2
    assert ("general", "left") in told
    assert ("high_risk", "left") in told
    [left] = care.rows(GroupMember, GroupMember.__table__.c.topic == "class_a")
    assert (left.state, left.left_at) == ("left", clock())


def test_reading_twice_changes_nothing_and_others_entries_are_not_grouped_here(care):
    care.client(**(WELL | {"sbp": 184.0}))
    before = len(care.rows(GroupChange)), len(care.rows(FollowPlan))
    with care.desk.store.read() as connection:
        entries = entries_after(connection, 0, 1000)
    FollowUpFollower(care.desk, system_actor(BRANCH, care.manager.device_id)).act(entries)
    assert (len(care.rows(GroupChange)), len(care.rows(FollowPlan))) == before
    care.client(**{k: v for k, v in WELL.items() if k == "sbp"})
    for row in care.rows(GroupMember):
        assert row.org_id == BRANCH
    other = FollowUpFollower(care.desk, system_actor(OTHER_BRANCH, OTHER_BRANCH))
    with care.desk.store.read() as connection:
        head = connection.execute(change_log.select()).all()
    other.act(entries)
    with care.desk.store.read() as connection:
        assert len(connection.execute(change_log.select()).all()) == len(head)


def test_a_plan_is_proposed_at_the_moment_of_grouping_and_gives_way_to_a_stricter_one(care):
    patient_id = care.client(**(WELL | {"ua": 500.0}))
    [first] = care.rows(FollowPlan)
    assert (first.state, first.patient_id) == ("proposed", patient_id)
    care.measure(patient_id, sbp=184.0, dbp=96.0)
    states = {p.template: (p.state, p.strict) for p in care.rows(FollowPlan)}
    assert states["abnormal_class_a"] == ("proposed", True)
    assert states[first.template][0] == "replaced"
    assert first.template != "abnormal_class_a"


def test_labels_are_put_on_and_taken_off_by_hand_and_filtered_precisely(care):
    patient_id, other = care.client(**WELL), care.client(**WELL)
    label_id = care.run(LabelClient(patient_id=patient_id, label="企业高管", note="客户经理告知"))
    assert care.run(LabelClient(patient_id=patient_id, label="企业高管")) == label_id
    pages, listing = Pages(care.desk.store), worklists()["followup.groups"]
    found = pages.page(listing, care.manager, filters=[Filter("topic", "eq", "企业高管")]).rows
    assert [row.id for row in found] == [label_id]
    general = pages.page(listing, care.manager, filters=[Filter("segment", "eq", Segment.GENERAL)]).rows
    at = [c.name for c in listing.columns].index("patient_id")
    assert {row.values[at] for row in general} == {patient_id, other}
    with pytest.raises(DomainError, match=r"followup\.not_a_label"):
        care.run(UnlabelClient(member_id=general[0].id))
    care.run(UnlabelClient(member_id=label_id))
    assert pages.page(listing, care.manager, filters=[Filter("topic", "eq", "企业高管")]).rows == ()
    care.run(LabelClient(patient_id=patient_id, label="企业高管"))
    assert [str(c.act) for c in care.rows(GroupChange) if c.member_id == label_id] == [
        "entered",
        "left",
        "entered",
    ]
    with pytest.raises(DomainError, match=r"input\.missing"):
        care.run(LabelClient(patient_id=patient_id, label="  "))


def test_an_exemption_ends_the_wait_and_needs_a_reason(care):
    care.client(**(WELL | {"ua": 500.0}))
    [member] = care.rows(GroupMember, GroupMember.__table__.c.segment == Segment.ABNORMAL)
    with pytest.raises(DomainError, match=r"input\.missing"):
        care.run(ExemptMember(member_id=member.id, reason=" "))
    care.run(ExemptMember(member_id=member.id, reason="在外院随访"))
    [member] = care.rows(GroupMember, GroupMember.__table__.c.id == member.id)
    assert (member.state, member.due_at, member.exempt_reason) == ("exempt", None, "在外院随访")


def test_a_higher_level_proposes_shorter_intervals(care):
    patient_id = care.client(**(WELL | {"ldl": 4.3}))
    [plan] = [p for p in care.rows(FollowPlan) if p.state == "proposed"]
    care.run(SetCareProfile(patient_id=patient_id, level=ClientLevel.PREMIUM, manager="wang"))
    care.settle()
    [shorter] = [p for p in care.rows(FollowPlan) if p.state == "proposed"]
    assert (shorter.template, shorter.level) == (plan.template, "premium")
    assert shorter.after_days[0] < plan.after_days[0]
    assert shorter.strict
    assert shorter.owner_id == care.manager.staff_id
