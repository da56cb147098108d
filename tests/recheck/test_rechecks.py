"""What is to be checked again is proposed from results, taken up, booked, and told of when it is late."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

import resources
from domain.alerts.content import load_rules
from domain.alerts.engine import AlertEngine
from domain.alerts.records import Alert
from domain.catalog.content import load_catalog
from domain.checkup.records import Observation, Visit
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.checkup.visit_commands import OpenVisit
from domain.followup.content import FOLLOWUP, followup_of
from domain.followup.task_records import FollowTask
from domain.kernel.authority import system_actor
from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError
from domain.kernel.readers import Follower
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from domain.recheck.commands import AcceptRecheck, BookRecheck, DoneElsewhere, RefuseRecheck
from domain.recheck.follower import RecheckFollower
from domain.recheck.records import RecheckAdvice
from domain.recheck.rules import RECHECK, load_recheck
from tests.conftest import BRANCH, DEVICE

SYSTEM = system_actor(BRANCH, DEVICE)
CATALOG = load_catalog(resources.folder("catalog"))
RULES = load_recheck(resources.folder("recheck"))


class Branch:
    """A branch with its readers; time moves when a test says so."""

    def __init__(self, desk, clock, authority, nurse, manager):
        desk.content |= {
            "catalog": CATALOG, "authority": authority, RECHECK: RULES,
            FOLLOWUP: followup_of(resources.folder("followup"), authority.roles, resources.folder("forms")),
        }  # fmt: skip
        self.desk, self.clock, self.nurse, self.manager = desk, clock, nurse, manager
        self.engine = AlertEngine(desk, load_rules(resources.folder("alerts"), authority.roles), SYSTEM)
        self.followers = [Follower(desk.store, one) for one in (RecheckFollower(desk, SYSTEM), self.engine)]
        born = RegisterPatient(name="王建军", sex=Sex.MALE, birth_date=date(1968, 3, 2))
        self.patient = self.run(born, nurse).patient_id

    def settle(self):
        while sum(follower.step() for follower in self.followers):
            pass
        self.engine.tick()

    def later(self, **span):
        self.clock.advance(timedelta(**span))
        self.settle()

    def run(self, order, actor=None):
        receipt = self.desk.run(order, actor or self.manager).receipt
        self.settle()
        return receipt

    def measured(self, **values):
        units = {
            "fpg": "mmol/L",
            "sbp": "mm[Hg]",
            "tsh": "m[IU]/L",
            "ua": "umol/L",
            "ldl": "mmol/L",
            "tc": "mmol/L",
        }
        visit = self.run(OpenVisit(patient_id=self.patient), self.nurse).visit_id
        order = [Measured(item=item, value=value, unit=units[item]) for item, value in values.items()]
        self.run(RecordMeasurement(visit_id=visit, values=order), self.nurse)
        return visit

    def rows(self, record, **values):
        table = record.__table__
        wanted = [table.c[name] == value for name, value in values.items()]
        with self.desk.store.read() as connection:
            return connection.execute(select(table).where(*wanted)).all()

    def one(self, **values):
        (found,) = self.rows(RecheckAdvice, **values)
        return found

    def alerts(self, rule):
        return [(row.state, row.receivers) for row in self.rows(Alert, rule=rule)]

    @property
    def today(self):
        return clinic(self.clock()).date()


@pytest.fixture
def branch(desk, clock, authority, nurse, as_role):
    return Branch(desk, clock, authority, nurse, as_role("health_manager"))


def test_every_rule_is_about_items_of_the_catalogue_and_keeps_its_mark():
    for rule in RULES.rules:
        for item in (rule.item, *rule.items):
            assert item in CATALOG.observations, (rule.id, item)
        assert rule.item == rule.items[0] or rule.item in rule.items or rule.item == "egfr", rule.id
    assert {rule.status for rule in RULES.rules} <= {"V", "P", "UNVERIFIED"}


@pytest.mark.parametrize(
    ("item", "value", "flag", "rule"),
    [
        ("fpg", 6.0, "N", None), ("fpg", 6.1, "H", "fpg_1"), ("fpg", 6.99, "H", "fpg_1"), ("fpg", 7.0, "H", "fpg_2"),
        ("sbp", 139, "N", None), ("sbp", 140, "H", "sbp_1"), ("sbp", 160, "H", "sbp_2"), ("ua", 420, "N", None),
        ("ua", 421, "H", "ua"), ("tsh", 10, "H", "tsh"), ("tsh", 10.1, "H", None), ("egfr", 59.9, "L", "egfr_1"),
        ("egfr", 44, "L", "egfr_2"), ("egfr", 29, "L", "egfr_3"), ("ldl", 3.5, "H", "ldl"), ("ldl", 3.3, "N", None),
        ("fpg", None, "H", None),
    ],
)  # fmt: skip
def test_a_rule_holds_on_the_right_side_of_its_bound(item, value, flag, rule):
    found = RULES.rule_for(item, value, flag)
    assert (found.id if found else None) == rule


def test_results_propose_what_is_to_be_checked_again_and_by_when(branch):
    branch.measured(fpg=6.5, sbp=128)
    row = branch.one()
    assert (row.rule, row.items, row.state, row.unverified) == ("fpg_1", ["fpg", "hba1c"], "waiting", True)
    assert (row.from_on, row.due_on) == (branch.today + timedelta(days=14), branch.today + timedelta(days=30))
    assert "6.5" in row.because
    for follower in branch.followers:
        follower.step()
    branch.measured(fpg=6.5)
    assert len(branch.rows(RecheckAdvice)) == 1, "twice on one visit is one"


def test_of_two_results_that_ask_for_the_same_the_earlier_day_counts(branch):
    branch.measured(ldl=4.0, tc=6.4)
    assert branch.one().items[0] in ("ldl", "tc")


def test_what_nobody_took_up_is_late_all_the_same_and_ends_with_the_result(branch):
    branch.measured(fpg=6.5)
    branch.later(days=30)
    assert branch.alerts("A-005") == []
    branch.later(days=1)
    assert branch.alerts("A-005") == [("open", ["health_manager"])]
    branch.later(days=7)
    assert branch.alerts("A-005") == [("open", ["health_manager", "physician"])]
    branch.measured(fpg=5.4)
    row = branch.one()
    assert (row.state, row.due_at) == ("done", None)
    assert "5.4" in row.outcome
    assert branch.alerts("A-005")[0][0] == "closed"


def test_a_later_result_that_is_bad_again_ends_the_first_and_proposes_the_next(branch):
    branch.measured(fpg=6.5)
    branch.later(days=20)
    branch.measured(fpg=7.2)
    assert {row.rule: row.state for row in branch.rows(RecheckAdvice)} == {
        "fpg_1": "done",
        "fpg_2": "waiting",
    }


def test_one_key_makes_it_a_task_with_its_day(branch):
    branch.measured(fpg=6.5)
    task_id = branch.run(AcceptRecheck(advice_id=branch.one().id))
    assert branch.run(AcceptRecheck(advice_id=branch.one().id)) == task_id
    [task] = branch.rows(FollowTask)
    assert task.title == "再检：复查血糖与糖化血红蛋白"
    assert clinic(task.planned_at).date() == branch.one().due_on - timedelta(days=3)
    assert any("6.5" in line for line in task.content)
    assert branch.one().task_id == task_id


def test_it_is_booked_as_a_checkup_and_a_missed_day_is_told_of(branch):
    branch.measured(fpg=6.5)
    branch.later(days=31)
    assert branch.alerts("A-005")[0][0] == "open"
    with pytest.raises(DomainError, match=r"recheck\.day_past"):
        branch.run(BookRecheck(advice_id=branch.one().id, day=branch.today - timedelta(days=1)), branch.nurse)
    day = branch.today + timedelta(days=5)
    number = branch.run(
        BookRecheck(advice_id=branch.one().id, day=day, package="糖尿病复查套餐"), branch.nurse
    )
    [visit] = branch.rows(Visit, number=number)
    assert (visit.visit_date, visit.package, visit.state) == (day, "糖尿病复查套餐", "registered")
    assert branch.alerts("A-005")[0][0] == "closed"
    branch.later(days=5)
    assert branch.alerts("A-987") == []
    branch.later(days=1)
    assert branch.alerts("A-987") == [("open", ["health_manager"])]
    branch.run(DoneElsewhere(advice_id=branch.one().id, result="市一院 空腹血糖 5.6"))
    assert branch.alerts("A-987")[0][0] == "closed"


def test_a_refusal_needs_its_reason_and_ends_it(branch):
    branch.measured(fpg=6.5)
    with pytest.raises(DomainError, match=r"recheck\.no_reason"):
        branch.run(RefuseRecheck(advice_id=branch.one().id, reason=" "))
    branch.run(RefuseRecheck(advice_id=branch.one().id, reason="客户表示在外地，已告知风险"))
    assert branch.one().state == "refused"
    with pytest.raises(DomainError, match=r"recheck\.ended"):
        branch.run(AcceptRecheck(advice_id=branch.one().id))


def test_a_corrected_result_takes_its_recheck_back(branch):
    branch.measured(fpg=6.5)
    [old] = branch.rows(Observation, item="fpg")
    from tests.fixtures.followup_day import keep

    same = ("org_id", "visit_id", "patient_id", "item", "label", "ucum", "source", "effective_at")
    new = {name: getattr(old, name) for name in same}
    keep(
        branch.desk, SYSTEM,
        Observation(**new, value_number=5.5, value_text="5.5", flag="N", status="C", amends=old.id, reason="录错"),
    )  # fmt: skip
    branch.settle()
    assert (branch.one().state, branch.one().outcome) == ("withdrawn", "录错")
