"""A workstation that joins is on trial until it fulfils the standard; what it lacks is named."""

from types import SimpleNamespace

import pytest

from domain.exchange.admission import Standard, lacks_of
from domain.exchange.admission_commands import JudgeAdmission, SetAdmission
from domain.exchange.admission_records import NodeAdmission
from domain.exchange.node_commands import NodeFacts, NoteNodes
from domain.exchange.node_records import Contact
from domain.kernel.authority import system_actor
from domain.kernel.errors import DomainError
from tests.conftest import BRANCH, DEVICE

SYSTEM = system_actor(BRANCH, DEVICE)
WELL = {
    "version": "0.1.0", "last_contact": object(), "skew_s": 0, "rejected": 0, "waits_s": 0, "refusals": 0,
    "settings_behind": 0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("values", "lacks"),
    [
        ({}, []),
        ({"version": None}, ["contact"]),
        ({"version": "0.0.9"}, ["version"]),
        ({"version": "dirty"}, ["version"]),
        ({"version": "0.10.0"}, []),
        ({"skew_s": 300}, []),
        ({"skew_s": -301}, ["skew"]),
        ({"rejected": 1, "refusals": 2}, ["rejected", "refusals"]),
        ({"waits_s": 72 * 3600}, []),
        ({"waits_s": 72 * 3600 + 1, "settings_behind": 1}, ["waits", "settings"]),
    ],
)
def test_what_a_node_lacks_is_named(values, lacks):
    assert lacks_of(SimpleNamespace(**WELL | values), Standard()) == lacks


def test_a_node_is_on_trial_until_it_fulfils_the_standard_and_fails_by_a_stricter_one(desk, clock, as_role):
    def stands():
        with desk.store.read() as connection:
            [row] = connection.execute(NodeAdmission.__table__.select()).all()
        return row.state, row.lacks, row.standard

    def heard(**values):
        facts = {
            "name": "前台一", "contact": Contact.ONLINE, "contact_since": clock(), "last_contact": clock(),
            "version": "0.1.0",
            **values,
        }  # fmt: skip
        desk.run(NoteNodes(nodes=[NodeFacts(DEVICE, BRANCH, facts)]), SYSTEM)
        desk.run(JudgeAdmission(node_ids=[DEVICE]), SYSTEM)

    heard(rejected=1)
    assert stands() == ("trial", ["rejected"], 0)
    heard(rejected=0)
    assert stands() == ("admitted", [], 0)
    heard(skew_s=400)
    assert stands() == ("failing", ["skew"], 0)
    heard(skew_s=0)
    assert stands()[0] == "admitted"
    it = as_role("it")
    assert desk.run(SetAdmission(least_version="0.2.0", reason="下月起"), it).receipt == 1
    assert stands() == ("failing", ["version"], 1)
    with pytest.raises(DomainError, match=r"admission\.no_version"):
        desk.run(SetAdmission(least_version="neu", reason="x"), it)
    with pytest.raises(DomainError, match=r"permission\.denied"):
        desk.run(SetAdmission(reason="x"), as_role("physician"))
