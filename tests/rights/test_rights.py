"""Rights adjusted over the shipped roles: at once, for a time, by two people where powerful, no more than one has."""

import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from domain.kernel.errors import DomainError
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Organization, OrganizationKind, Staff
from domain.people.signing_in import sign_in
from domain.people.staff_commands import CreateStaff, SetStaffActive
from domain.rights.commands import (
    AdjustPerson,
    AdjustRole,
    ApproveRights,
    DelegateRight,
    EndRights,
    RefuseRights,
    permission_of,
)
from domain.rights.reading import adjusted, is_powerful
from domain.rights.records import RightsChange, RightsEffect
from tests.conftest import BRANCH, DEVICE, HEAD_OFFICE, OTHER_BRANCH

PASSWORD = "Zhong-Xin-2026"
GRANT, WITHDRAW = RightsEffect.GRANT, RightsEffect.WITHDRAW


class House:
    """Head office with two branches, and people who really sign in."""

    def __init__(self, desk, authority, as_role):
        self.desk, self.authority = desk, authority
        self.admin = as_role("administrator", HEAD_OFFICE, subtree=(BRANCH, OTHER_BRANCH), name="甲管理")
        self.second = dataclasses.replace(self.admin, staff_id=DEVICE, name="乙管理")
        everywhere = dataclasses.replace(self.admin, orgs=None)
        with desk.store.write() as connection:
            work = UnitOfWork(connection, everywhere, now=desk.clock(), new_id=desk.ids)
            for org_id, parent in ((HEAD_OFFICE, None), (BRANCH, HEAD_OFFICE), (OTHER_BRANCH, HEAD_OFFICE)):
                work.add(
                    Organization(
                        id=org_id, org_id=org_id, code=f"O{org_id.int}", name="机构", parent_id=parent,
                        kind=OrganizationKind.BRANCH,
                    )
                )  # fmt: skip
            work.commit_entry("test.organizations", txn_id=desk.ids())
            work.close()

    def person(self, login, role, org_id=BRANCH):
        order = CreateStaff(
            login=login, name=login, role=role, password=PASSWORD, org_id=org_id, must_change=False
        )
        return self.desk.run(order, self.admin).receipt

    def signs_in(self, login, org_id=BRANCH):
        return sign_in(self.desk, self.authority, login, PASSWORD, device_id=DEVICE, org_id=org_id).actor

    def acts(self, staff_id):
        """Return whom the server would make of an account now."""
        with self.desk.store.read() as connection:
            staff = connection.execute(select(Staff.__table__).where(Staff.id == staff_id)).one()
            rights = adjusted(connection, self.authority.role(staff.role), staff, self.desk.clock())
        return self.authority.actor(
            staff_id=staff.id, name=staff.name, role=staff.role, org_id=staff.org_id, device_id=DEVICE,
            subtree=(BRANCH, OTHER_BRANCH) if staff.org_id == HEAD_OFFICE else (), rights=rights,
        )  # fmt: skip

    def adjust(self, staff_id, right, effect=GRANT, by=None, **more):
        order = AdjustPerson(staff_id=staff_id, right=right, effect=effect, reason="春季轮岗", **more)
        return self.desk.run(order, by or self.admin).receipt

    def delegate(self, giver, staff_id, right, days=7):
        order = DelegateRight(staff_id=staff_id, right=right, days=days, reason="出差期间代办")
        return self.desk.run(order, self.acts(giver)).receipt

    def end(self, change_id, by=None):
        return self.desk.run(
            EndRights(rights_change_id=change_id, reason="提前结束"), by or self.admin
        ).receipt


@pytest.fixture
def house(desk, authority, as_role):
    return House(desk, authority, as_role)


def refused(code):
    return pytest.raises(DomainError, match=code.replace(".", r"\."))


def test_a_right_comes_and_goes_with_its_adjustment(house, clock):
    nurse = house.person("qin", "nurse")
    assert not house.acts(nurse).may("document.export")
    house.adjust(nurse, "导出列表", days=2)
    assert house.acts(nurse).may("document.export")
    assert house.signs_in("qin").may("document.export")
    clock.advance(timedelta(days=2, seconds=1))
    assert not house.acts(nurse).may("document.export")
    assert not house.signs_in("qin").may("document.export")


def test_what_is_withdrawn_is_gone_also_from_a_whole_area(house):
    nurse = house.person("qin", "nurse")
    assert house.acts(nurse).may("people.edit")
    change = house.adjust(nurse, "people.edit", WITHDRAW)
    assert not house.acts(nurse).may("people.edit")
    assert house.acts(nurse).may("people.register")
    house.end(change)
    assert house.acts(nurse).may("people.edit")


def test_a_role_is_adjusted_for_one_branch_and_not_for_the_other(house):
    here, there = house.person("qin", "nurse"), house.person("zhao", "nurse", OTHER_BRANCH)
    order = AdjustRole(role="nurse", right="document.export", effect=GRANT, reason="试行", org_id=BRANCH)
    house.desk.run(order, house.admin)
    assert house.acts(here).may("document.export")
    assert not house.acts(there).may("document.export")


def test_a_powerful_right_takes_a_second_person(house):
    nurse = house.person("qin", "nurse")
    change = house.adjust(nurse, "staff.view")
    assert not house.acts(nurse).may("staff.view")
    with refused("rights_change.own_work"):
        house.desk.run(ApproveRights(rights_change_id=change), house.admin)
    house.desk.run(ApproveRights(rights_change_id=change), house.second)
    assert house.acts(nurse).may("staff.view")
    other = house.adjust(nurse, "security.conclude")
    house.desk.run(RefuseRights(rights_change_id=other, reason="无此需要"), house.second)
    assert not house.acts(nurse).may("security.conclude")
    assert is_powerful("rights.approve")


def test_nobody_gives_what_they_have_not_nor_to_themselves(house):
    head = house.person("zhou", "department_head")
    nurse = house.person("qin", "nurse")
    with refused("rights_change.not_yours"):
        house.delegate(head, nurse, "people.verify")
    with refused("rights_change.own"):
        house.delegate(head, head, "document.export")
    with refused("rights_change.not_yours"):
        house.delegate(head, nurse, "rights.approve")
    with pytest.raises(DomainError):  # a nurse passes nothing on
        house.delegate(nurse, head, "people.edit")


def test_rights_are_passed_on_over_several_levels_and_end_together(house, clock):
    chief = house.person("wu", "chief_physician", HEAD_OFFICE)
    lead = house.person("zhou", "health_manager")
    nurse = house.person("qin", "receptionist")
    assert not house.acts(lead).may("document.export_answers")
    first = house.delegate(chief, lead, "document.export_answers", days=5)
    house.delegate(chief, lead, "rights.delegate", days=5)
    second = house.delegate(lead, nurse, "document.export_answers", days=60)
    assert house.acts(nurse).may("document.export_answers")
    with house.desk.store.read() as connection:
        rows = connection.execute(select(RightsChange.id, RightsChange.until))
        until = {row.id: row.until for row in rows}
    assert until[second] == until[first], "no longer than the giver's own"
    assert house.end(first) == 2
    assert not house.acts(lead).may("document.export_answers")
    assert not house.acts(nurse).may("document.export_answers")


def test_what_was_passed_on_ends_with_the_account_of_who_passed_it_on(house):
    head, nurse = house.person("zhou", "department_head"), house.person("qin", "receptionist")
    house.delegate(head, nurse, "document.export")
    assert house.acts(nurse).may("document.export")
    house.desk.run(SetStaffActive(staff_id=head, active=False), house.admin)
    assert not house.acts(nurse).may("document.export")


def test_a_lead_reaches_nobody_of_another_branch_and_ends_nothing_of_others(house):
    head = house.person("zhou", "department_head")
    there = house.person("zhao", "nurse", OTHER_BRANCH)
    with refused("staff.unknown"):
        house.delegate(head, there, "document.export")
    mine = house.adjust(house.person("qin", "nurse"), "document.export")
    with refused("rights_change.not_given"):
        house.end(mine, house.acts(head))


def test_a_broken_adjustment_leaves_the_shipped_role(house):
    nurse = house.person("qin", "nurse")
    change = house.adjust(nurse, "document.export")
    with house.desk.store.write() as connection:
        connection.execute(text("UPDATE rights_change SET permission = 'no.such'"))
    assert house.acts(nurse).rights == house.authority.role("nurse")
    assert change


def test_functions_are_named_as_people_know_them(house):
    assert permission_of("导出列表") == "document.export"
    assert permission_of("document.export") == "document.export"
    with pytest.raises(DomainError) as error:
        permission_of("导出")
    assert "导出列表" in error.value.facts["like"]
    with refused("rights_change.lockout"):
        order = AdjustRole(role="administrator", right="staff.rights", effect=WITHDRAW, reason="误操作")
        house.desk.run(order, house.admin)
