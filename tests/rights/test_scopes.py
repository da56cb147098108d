"""How far a role or a person reaches, set by administrators: narrower at once, wider by two people, and really so."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from domain.kernel.authority import Clients, Reach
from domain.kernel.facts import Sensitivity
from domain.rights.commands import ApproveRights, EndRights
from domain.rights.records import RightsChange
from domain.rights.scope_commands import Clearance, ScopePerson, ScopeRole
from domain.rights.scopes import SCOPES, reaching
from tests.conftest import BRANCH, HEAD_OFFICE, OTHER_BRANCH
from tests.rights.test_rights import House, refused


@pytest.fixture
def house(desk, authority, as_role):
    return House(desk, authority, as_role)


def changes(house, state):
    with house.desk.store.read() as connection:
        return connection.execute(select(RightsChange.__table__).where(RightsChange.state == state)).all()


def set_role(house, role, by=None, **what):
    return house.desk.run(ScopeRole(role=role, reason="按院内规定", **what), by or house.admin).receipt


def set_person(house, staff_id, by=None, **what):
    return house.desk.run(ScopePerson(staff_id=staff_id, reason="顶岗", **what), by or house.admin).receipt


def approve_all(house, by):
    for change in changes(house, "proposed"):
        house.desk.run(ApproveRights(rights_change_id=change.id), by)


def test_a_narrower_reach_holds_at_once(house):
    nurse = house.person("nurse", "nurse")
    assert set_role(house, "nurse", clearance=Clearance.PUBLIC, clients=Clients.OWN) == 2
    acts = house.acts(nurse)
    assert acts.clearance is Sensitivity.PUBLIC
    assert acts.own_clients
    told = {change.covers for change in changes(house, "in_force")}
    assert told == {"可见客户：仅本人负责的客户", "可见内容：身份与健康信息均隐去"}


def test_a_wider_reach_waits_for_a_second_person_who_did_not_propose_it(house):
    physician = house.person("doctor", "physician", HEAD_OFFICE)
    set_person(house, physician, reach=Reach.SUBTREE, days=14)
    assert house.acts(physician).orgs == {HEAD_OFFICE}
    (waiting,) = changes(house, "proposed")
    with refused("rights_change.own_work"):
        house.desk.run(ApproveRights(rights_change_id=waiting.id), house.admin)
    approve_all(house, house.second)
    assert house.acts(physician).orgs == {HEAD_OFFICE, BRANCH, OTHER_BRANCH}


def test_a_time_limit_ends_it_by_itself_and_ending_it_at_once(house, clock):
    physician = house.person("doctor", "physician", HEAD_OFFICE)
    set_person(house, physician, reach=Reach.SUBTREE, days=14)
    approve_all(house, house.second)
    clock.advance(timedelta(days=15))
    assert house.acts(physician).orgs == {HEAD_OFFICE}
    set_person(house, physician, clearance=Clearance.PUBLIC)
    (change,) = [one for one in changes(house, "in_force") if one.permission == "scope.clearance"]
    house.desk.run(EndRights(rights_change_id=change.id, reason="恢复"), house.admin)
    assert house.acts(physician).clearance is Sensitivity.SENSITIVE


def test_going_back_up_after_narrowing_takes_two_people_too(house):
    nurse = house.person("nurse", "nurse")
    set_role(house, "nurse", clearance=Clearance.PERSONAL)
    set_role(house, "nurse", clearance=Clearance.SENSITIVE)
    assert house.acts(nurse).clearance is Sensitivity.PERSONAL, (
        "what is in force now counts, not only what ships"
    )
    approve_all(house, house.second)
    assert house.acts(nurse).clearance is Sensitivity.SENSITIVE


def test_it_holds_at_the_organisation_and_below_alone(house):
    nurse, other = house.person("nurse", "nurse"), house.person("other", "nurse", OTHER_BRANCH)
    set_role(house, "nurse", clearance=Clearance.PUBLIC, org_id=BRANCH)
    assert house.acts(nurse).clearance is Sensitivity.PUBLIC
    assert house.acts(other).clearance is Sensitivity.SENSITIVE


def test_nobody_sets_their_own_and_an_empty_form_is_refused(house):
    with refused("rights_change.own_role"):
        set_role(house, "administrator", reach=Reach.ALL)
    with refused("rights_change.nothing_set"):
        set_role(house, "nurse")
    me = house.person("admin9", "administrator", HEAD_OFFICE)
    with refused("rights_change.own"):
        set_person(house, me, by=house.acts(me), reach=Reach.ALL)


def test_what_is_broken_leaves_the_shipped_reach(house):
    role = house.authority.role("nurse")
    for code, value in (
        ("scope.reach", "moon"),
        ("scope.colour", "all"),
        ("scope.reach", None),
        ("reach", "all"),
    ):
        assert reaching(role, code, value) is role
    assert all(SCOPES[name].words(getattr(role, name)) for name in SCOPES)


def test_who_signs_in_at_a_workstation_reaches_as_far(house):
    house.person("nurse", "nurse")
    set_role(house, "nurse", clearance=Clearance.PUBLIC)
    assert house.signs_in("nurse").clearance is Sensitivity.PUBLIC
