"""Letting rings run a version: the first from an empty list, the narrowest holds, and a word is taken back."""

import dataclasses

import pytest

from client.pages.worklist.row_commands import needs_no_row, offered
from domain.kernel.commands import commands
from domain.kernel.errors import DomainError
from domain.people.enrolment_commands import EnrolWorkstation, IssueEnrolmentCode
from domain.people.staff_commands import CreateOrganization
from domain.versions.commands import HERE, AllowVersion, version_for
from domain.versions.worklists import rings
from sync.device_auth import new_key, public_text
from tests.conftest import HEAD_OFFICE


@pytest.fixture
def it(as_role):
    return dataclasses.replace(as_role("it", HEAD_OFFICE), orgs=None)


@pytest.fixture
def house(desk, as_role):
    """Two branches with a workstation each: id of the organisation, id of the workstation."""
    desk.content[HERE] = lambda: {"1.1.0", "1.2.0"}
    admin = dataclasses.replace(as_role("administrator", HEAD_OFFICE), orgs=None)
    system = dataclasses.replace(admin, rights=_Everything(admin.rights))
    found = {}
    for code, name in (("B01", "前台一"), ("B02", "前台二")):
        org = desk.run(CreateOrganization(code=code, name=f"{code}分院"), system).receipt
        issued = desk.run(IssueEnrolmentCode(org_id=org), system).receipt.code
        order = EnrolWorkstation(code=issued, name=name, public_key=public_text(new_key()))
        found[code] = (org, desk.run(order, system).receipt.device_id)
    return found


class _Everything:
    def __init__(self, rights):
        self.label, self.withdrawn = rights.label, []

    def may(self, _permission):
        return True


def allow(desk, it, version="", **ring):
    return desk.run(AllowVersion(version=version, **ring), it).receipt


def runs(desk, house, code):
    with desk.store.read() as connection:
        return version_for(connection, house[code][1], house[code][0])


def test_the_first_ring_is_made_in_the_empty_list(desk, it, house):
    names = [command.name for command in offered(rings, it)]
    assert names == ["update.allow"]
    assert needs_no_row(commands()["update.allow"])
    allow(desk, it, "1.2.0", workstation="前台一")
    assert (runs(desk, house, "B01"), runs(desk, house, "B02")) == ("1.2.0", "")


def test_the_narrowest_holds_and_a_word_is_taken_back(desk, it, house):
    allow(desk, it, "1.1.0")
    allow(desk, it, "1.2.0", org_code="B01")
    assert (runs(desk, house, "B01"), runs(desk, house, "B02")) == ("1.2.0", "1.1.0")
    allow(desk, it, "1.1.0", workstation=str(house["B01"][1]))
    assert runs(desk, house, "B01") == "1.1.0"
    allow(desk, it, workstation=str(house["B01"][1]))
    assert runs(desk, house, "B01") == "1.2.0"


@pytest.mark.parametrize(
    ("order", "code", "field"),
    [
        (AllowVersion(version="9.9.9"), "update.not_here", "version"),
        (AllowVersion(version="1.1.0", org_code="B99"), "organization.unknown", "org_code"),
        (AllowVersion(version="1.1.0", workstation="后台"), "workstation.unknown", "workstation"),
        (
            AllowVersion(version="1.1.0", org_code="B01", workstation="前台一"),
            "update.two_rings",
            "workstation",
        ),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(desk, it, house, order, code, field):
    with pytest.raises(DomainError) as refused:
        desk.run(order, it)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert runs(desk, house, "B01") == ""


def test_only_it_lets_a_version_run(desk, as_role, house):
    for role in ("administrator", "auditor", "physician"):
        with pytest.raises(DomainError, match=r"permission\.denied"):
            desk.run(AllowVersion(version="1.1.0"), as_role(role, HEAD_OFFICE))
