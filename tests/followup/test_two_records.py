"""A person with two records: one plan, one set of tags and scripts, whichever record somebody opens."""

import pytest

import resources
from domain.followup.at_hand import groups_and_forms
from domain.followup.group_records import GroupMember
from domain.followup.plan_commands import AcceptPlan, NewPlan
from domain.followup.plan_records import FollowPlan
from domain.interop.joining_commands import JoinRecords, SeparateRecords
from domain.kernel.errors import DomainError
from domain.kernel.readers import Follower
from domain.people.records import Patient
from domain.tags.follower import TagFollower
from domain.tags.records import ClientTag
from domain.tags.rules import TAGS, load_tags
from tests.followup.conftest import SYSTEM, WELL

HIGH = WELL | {"ldl": 4.3}


@pytest.fixture
def twice(care):
    """Return two records of a person; results at high risk were kept for the second."""
    care.desk.content[TAGS] = load_tags(resources.folder("tags"))
    care.followers.append(Follower(care.desk.store, TagFollower(care.desk, SYSTEM)))
    return care.client(**WELL), care.client(**HIGH)


def join(care, stays, other):
    number = care.one(Patient, Patient.__table__.c.id == other).number
    order = JoinRecords(patient_id=stays, other_number=number, basis="证件", difference_confirmed=True)
    link = care.run(order, care.nurse)
    care.settle()
    return link


def plans(care, patient_id, *states):
    table = FollowPlan.__table__.c
    return care.rows(FollowPlan, (table.patient_id == patient_id) & table.state.in_(states))


def tags(care, patient_id):
    table = ClientTag.__table__.c
    return {r.name for r in care.rows(ClientTag, (table.patient_id == patient_id) & table.off_at.is_(None))}


def test_the_record_that_stays_gets_the_one_proposal_and_both_the_groups_and_tags(care, twice):
    first, second = twice
    assert plans(care, second, "proposed")
    before = tags(care, first)
    join(care, first, second)
    assert plans(care, second, "proposed", "active") == [], "a person is not asked twice"
    [plan] = plans(care, first, "proposed")
    groups = [
        {(m.segment, m.topic) for m in care.rows(GroupMember, GroupMember.__table__.c.patient_id == one)
         if m.state != "left"}
        for one in twice
    ]  # fmt: skip
    assert groups[0] == groups[1] != set()
    assert tags(care, first) == tags(care, second) != before
    care.run(AcceptPlan(plan_id=plan.id))
    with pytest.raises(DomainError, match="proposed_already"):
        care.run(NewPlan(patient_id=second, template=plan.template))


def test_a_plan_that_ran_for_the_record_given_up_is_the_persons(care, twice):
    first, second = twice
    [plan] = plans(care, second, "proposed")
    care.run(AcceptPlan(plan_id=plan.id))
    join(care, first, second)
    running = [p for one in twice for p in plans(care, one, "active")]
    assert [p.id for p in running] == [plan.id], "it goes on, and no second one is proposed"
    assert plans(care, first, "proposed") == []
    with care.desk.store.read() as connection:
        of_first, of_second = (groups_and_forms(connection, one) for one in twice)
    assert of_first == of_second


def test_what_was_said_of_them_together_is_parted_again(care, twice):
    first, second = twice
    before = tags(care, first)
    link = join(care, first, second)
    assert tags(care, first) != before
    care.run(SeparateRecords(same_person_id=link, reason="看错"), care.nurse)
    care.settle()
    assert tags(care, first) == before
    assert plans(care, second, "proposed")
