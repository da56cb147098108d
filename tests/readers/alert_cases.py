"""For each shipped rule: how its cause comes about, how something close to it does not, and how it goes away."""

import dataclasses
import importlib
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import select

from domain.biobank.commands import CollectSpecimen, PlanSpecimen, ProcessSpecimen, ReceiveSpecimen
from domain.biobank.records import PrimaryContainer, SpecimenType
from domain.checkup.critical_commands import HandleCritical, ReceiveCritical
from domain.checkup.difference_commands import SettleDifference
from domain.checkup.difference_records import Settled, SystemDifference
from domain.checkup.form_commands import AnswerForm, IssueForm
from domain.checkup.intake import ResultLine
from domain.checkup.records import CriticalValue, Report, Visit
from domain.checkup.report_commands import (
    PassFirstReview,
    PassSecondReview,
    ReturnReport,
    SubmitReport,
    WriteReport,
)
from domain.checkup.result_commands import Measured, ReceiveResults, RecordMeasurement
from domain.exchange.node_commands import NodeFacts, NoteNodes
from domain.exchange.node_records import Contact
from domain.kernel.authority import system_actor
from domain.kernel.clock import clinic
from domain.people.identity import Identity
from domain.people.identity_commands import VerifyIdentity
from domain.people.identity_records import IdentityCheck
from domain.people.records import Sex
from domain.risk.commands import AssessRisks, ConfirmRiskLevel, NoteFactors, SetRiskLevel
from domain.risk.levels import Colour
from domain.scales.records import FormTask
from tests.scales.answering import least, reaching
from tests.scales.conftest import SCALES

WELL = {"sbp": 118.0, "dbp": 74.0, "height": 165.0, "weight": 58.0, "waist": 74.0, "fpg": 5.0, "ua": 300.0}
WELL |= {"tc": 4.4, "hdl": 1.5, "ldl": 2.3, "tg": 1.0, "ggt": 18.0}
WELL_UNITS = {"sbp": "mm[Hg]", "dbp": "mm[Hg]", "height": "cm", "weight": "kg", "waist": "cm", "ua": "umol/L"}
WELL_UNITS |= {"ggt": "U/L"} | dict.fromkeys(("fpg", "tc", "hdl", "ldl", "tg"), "mmol/L")


class World:
    """A branch with everybody in it; each method is a step of somebody's day."""

    def __init__(self, desk, as_role, new_visit):
        self.desk = desk
        self.nurse = as_role("nurse")
        self.technician = as_role("biobank_technician")
        self.doctor, self.head = as_role("physician"), as_role("department_head")
        self.chief = as_role("chief_physician")
        self.new_visit = new_visit
        self.number = ""
        self.client = self.client_visit = None

    def measure(self, *results):
        """Take results ("k", 6.8, "mmol/L") at a new visit."""
        values = [Measured(item=item, value=value, unit=unit) for item, value, unit in results]
        self.desk.run(RecordMeasurement(visit_id=self.new_visit(), values=values), self.nurse)

    def potassium(self, value=6.8):
        self.measure(("k", value, "mmol/L"))

    def pressure(self, systolic):
        self.measure(("sbp", systolic, "mm[Hg]"), ("dbp", 80, "mm[Hg]"))

    def collect(self):
        plan = PlanSpecimen(
            visit_id=self.new_visit(), type=SpecimenType.SERUM, container=PrimaryContainer.SERUM_SEPARATOR
        )
        self.number = self.desk.run(plan, self.nurse).receipt.number
        self.desk.run(CollectSpecimen(number=self.number), self.nurse)

    def receive(self):
        self.desk.run(ReceiveSpecimen(number=self.number), self.technician)

    def process(self):
        self.desk.run(ProcessSpecimen(number=self.number), self.technician)

    def write(self):
        self.desk.run(WriteReport(visit_id=self.new_visit(), conclusion="血压偏高"), self.doctor)

    def report(self, order, actor, **facts):
        self.desk.run(order(report_id=self.one(Report).id, **facts), actor)

    def submit(self):
        self.report(SubmitReport, self.doctor)

    def pass_first(self):
        self.report(PassFirstReview, self.head)

    def pass_second(self):
        self.report(PassSecondReview, self.chief)

    def send_back(self):
        self.report(ReturnReport, self.chief, remark="请写明分级")

    def handle_critical(self):
        critical = self.one(CriticalValue)
        self.desk.run(
            ReceiveCritical(critical_id=critical.id, read_back=critical.value_text.split()[0]), self.nurse
        )
        self.desk.run(HandleCritical(critical_id=critical.id, outcome="已电话通知并复查"), self.nurse)

    def message(self, number="320102197508230621"):
        """Results with an identity number; this one's check digit is wrong."""
        said = Identity(name="王美娜", sex=Sex.FEMALE, birth_date=date(1975, 8, 23), id_number=number)
        line = ResultLine(item="k", code="k", label="钾", text="4.1", number=4.1, ucum="mmol/L")
        self.desk.run(
            ReceiveResults(
                message_id="M1", org_id=self.nurse.org_id, patient=said, visit_number="T1", lines=[line]
            ),
            system_actor(self.nurse.org_id, self.nurse.device_id),
        )

    def systems_say(self, first, second, item="alb", unit="g/L"):
        """Two systems send one result of one sampling."""
        said = Identity(name="王美娜", sex=Sex.FEMALE, birth_date=date(1975, 8, 23))
        for system, value in (("LIS|B01", first), ("HIS|B01", second)):
            line = ResultLine(
                item=item, code=item, label="项目", text=f"{value}", number=value, ucum=unit,
                at=self.desk.clock() - timedelta(hours=1),
            )  # fmt: skip
            order = ReceiveResults(
                message_id=f"{system}|{value}", org_id=self.nurse.org_id, patient=said, visit_number="T1",
                lines=[line], system=system,
            )  # fmt: skip
            self.desk.run(order, system_actor(self.nurse.org_id, self.nurse.device_id))

    def settle_difference(self):
        order = SettleDifference(
            difference_id=self.one(SystemDifference).id, holds=Settled.FIRST, note="与检验科核对原始记录"
        )
        self.desk.run(order, self.head)

    def verify(self):
        check = self.one(IdentityCheck)
        order = VerifyIdentity(
            check_id=check.id,
            visit_number="T1",
            sex=Sex.FEMALE,
            birth_date=date(1975, 8, 23),
            basis="已核对原件",
        )
        self.desk.run(order, self.nurse)

    def node(self, **seen):
        """What the centre sees of a workstation that is well but for `seen`."""
        now = self.desk.clock()
        well = {
            "name": "前台一", "contact": Contact.ONLINE, "contact_since": now, "last_contact": now, "version": "2.0",
            "waits_s": 0, "failures": 0, "refusals": 0, "rejected": 0, "trouble": 0, "oldest_conflict_s": 0,
        }  # fmt: skip
        facts = NodeFacts(self.nurse.device_id, self.nurse.org_id, well | seen)
        self.desk.run(NoteNodes(nodes=[facts]), system_actor(self.nurse.org_id, self.nurse.device_id))

    def assess(self, **changed):
        """Results of a client who is well but for `changed`, and the assessment that follows."""
        values = {**WELL, **changed} if self.client is None else changed
        if self.client is None:
            self.client_visit = self.new_visit()
            self.client = self.one(Visit).patient_id
        measured = [Measured(item=item, value=value, unit=WELL_UNITS[item]) for item, value in values.items()]
        self.desk.run(RecordMeasurement(visit_id=self.client_visit, values=measured), self.nurse)
        self.desk.run(AssessRisks(patient_id=self.client), self.nurse)

    def confirm_level(self):
        self.desk.run(ConfirmRiskLevel(patient_id=self.client, note="已复核，加强随访"), self.doctor)

    def set_level(self, colour):
        until = clinic(self.desk.clock()).date() + timedelta(days=90)
        order = SetRiskLevel(patient_id=self.client, colour=Colour(colour), reason="复查前从严", until=until)
        self.desk.run(order, self.doctor)

    def note_factors(self):
        self.desk.run(NoteFactors(patient_id=self.client, note="已开饮食处方"), self.doctor)

    def give_out(self):
        """Give a client a questionnaire to be handed in within a week."""
        self.client_visit = self.new_visit()
        self.client = self.one(Visit).patient_id
        self.desk.run(IssueForm(patient_id=self.client, form="gad7", form_version="1.0.0"), self.nurse)

    def hand_in(self):
        answers = reaching(SCALES["gad7"], 3)
        task = self.one(FormTask).id
        order = AnswerForm(
            patient_id=self.client, task_id=task, form="gad7", form_version="1.0.0", answers=answers
        )
        self.desk.run(order, self.nurse)

    def feel(self, **answers):
        """Answer the mood questionnaire with nothing wrong but `answers`."""
        given = least(SCALES["phq9"]) | {name.replace("_", "-"): code for name, code in answers.items()}
        order = AnswerForm(visit_id=self.new_visit(), form="phq9", form_version="1.0.0", answers=given)
        self.desk.run(order, self.nurse)

    def one(self, kind):
        with self.desk.store.read() as connection:
            return connection.execute(select(kind.__table__)).one()


@dataclasses.dataclass(frozen=True)
class Case:
    """`cause` leads to an alert after `after`; `harmless` does not, however long one waits."""

    rule: str
    cause: Callable[[World], None]
    clear: Callable[[World], None] | None
    after: timedelta = timedelta()
    harmless: Callable[[World], None] | None = None
    of_a_client: bool = True


def node_case(rule, just_below, enough):
    """A workstation that is seen so: `just_below` is no cause yet, `enough` is, and being well ends it."""
    return Case(
        rule,
        lambda world: world.node(**enough),
        lambda world: world.node(),
        harmless=lambda world: world.node(**just_below),
        of_a_client=False,
    )


def steps(*names):
    def run(world):
        for name in names:
            getattr(world, name)()

    return run


HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def after_confirming(**changed):
    def run(world):
        world.assess()
        world.confirm_level()
        world.assess(**changed)

    return run


def after_setting(**changed):
    """A physician sets the client on yellow, then new results come."""

    def run(world):
        world.assess()
        world.set_level("yellow")
        world.assess(**changed)

    return run


CASES = [
    Case(
        "A-002", lambda w: w.assess(ua=360.0), steps("confirm_level"), harmless=lambda w: w.assess(ua=359.0)
    ),
    Case("A-003", lambda w: w.assess(tg=2.3), steps("note_factors"), harmless=lambda w: w.assess(tg=2.29)),
    Case("A-004", after_confirming(ldl=4.1), steps("confirm_level"), harmless=after_confirming(ldl=3.39)),
    Case("A-989", after_setting(ldl=4.1), steps("confirm_level"), harmless=after_setting(ldl=2.4)),
    Case("A-062", steps("give_out"), steps("hand_in"), 7 * DAY, steps("give_out", "hand_in")),
    Case("A-901", lambda w: w.feel(self_harm="some"), None, harmless=lambda w: w.feel(mood="most")),
    Case(
        "A-056",
        lambda w: w.node(settings_behind=1, settings_since=w.desk.clock()),
        lambda w: w.node(settings_behind=0, settings_since=None),
        HOUR / 2,
        lambda w: w.node(settings_behind=0, settings_since=None),
        of_a_client=False,
    ),
    Case("A-085", steps("potassium"), steps("handle_critical"), harmless=lambda world: world.potassium(5.4)),
    Case("A-007", lambda world: world.pressure(180), None, harmless=lambda world: world.pressure(179)),
    Case("A-073", steps("collect"), steps("receive"), 2 * HOUR, steps("collect", "receive")),
    Case(
        "A-074",
        steps("collect", "receive"),
        steps("process"),
        2 * HOUR,
        steps("collect", "receive", "process"),
    ),
    Case(
        "A-067", steps("message"), steps("verify"), harmless=lambda world: world.message("32010219750823062X")
    ),
    Case("A-093", steps("write"), steps("submit"), 24 * HOUR, steps("write", "submit")),
    Case(
        "A-136",
        steps("write", "submit"),
        steps("pass_first"),
        24 * HOUR,
        steps("write", "submit", "pass_first"),
    ),
    Case(
        "A-137",
        steps("write", "submit", "pass_first"),
        steps("pass_second"),
        24 * HOUR,
        steps("write", "submit", "pass_first", "pass_second"),
    ),
    Case(
        "A-138",
        steps("write", "submit", "pass_first", "pass_second"),
        steps("send_back"),
        24 * HOUR,
        steps("write", "submit", "pass_first", "pass_second", "send_back"),
    ),
    node_case("A-124", {"refusals": 2}, {"refusals": 3}),
    node_case("A-125", {"contact": Contact.CLOSED}, {"contact": Contact.OFFLINE}),
    node_case("A-129", {"trouble": 0}, {"trouble": 1}),
    node_case("A-130", {"waits_s": 86400}, {"waits_s": 86401}),
    node_case("A-131", {"failures": 2}, {"failures": 3}),
    node_case("A-132", {"rejected": 0}, {"rejected": 1}),
    node_case("A-911", {"oldest_conflict_s": 259_200}, {"oldest_conflict_s": 259_201}),
]


def every_case():
    """Return the cases of all modules of this folder named ``*_cases*``, whatever their lists are called."""
    found = {}
    for module in sorted(Path(__file__).parent.glob("*_cases*.py")):
        parts = vars(importlib.import_module(f"tests.readers.{module.stem}"))
        for name, cases in parts.items():
            if name.isupper() and isinstance(cases, list):
                for case in cases:
                    made = case if isinstance(case, Case) else Case(*case)
                    found.setdefault((made.rule, made.cause), made)
    return list(found.values())
