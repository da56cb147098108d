"""A study of three people who agreed to different things, with results, a questionnaire, tubes and follow-up."""

import functools
from datetime import date

import pytest

import resources
from domain.checkup.form_commands import AnswerForm
from domain.checkup.records import Observation, ResultSource
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.kernel.ids import new_id
from domain.kernel.texts import Texts
from domain.kernel.unit_of_work import UnitOfWork
from domain.research.comparing import alike_visits
from domain.research.export_commands import ExportStudyData
from domain.research.quality_commands import KeepPairs
from domain.scales.records import FormTask
from domain.studies.design_commands import AddMember
from domain.studies.records import StudyMember, StudyRole
from domain.studies.subject_records import StudySubject
from forms.research.exporting import prepare, write_export
from tests.scales.handing_in import CONTENT
from tests.studies.conftest import FORM, SYSTEM, Lab

TEXTS = Texts.load(resources.folder("texts/zh"))
PHQ9 = (
    "interest",
    "mood",
    "sleep",
    "energy",
    "appetite",
    "guilt",
    "attention",
    "pace",
    "self-harm",
    "effect",
)


@functools.cache
def read_once():
    """Scales and what belongs to them: read once, for they are the same for every test."""
    return {name: read() for name, read in CONTENT.items()}


class Data(Lab):
    """A lab whose subjects bring data."""

    def subject(self, name, born, *uses, glucose=5.5, answer=None):
        patient = self.client(born, name)
        visit = self.checkup(patient)
        subject = self.enrolled(patient).subject_id
        if uses:
            self.agreed(subject, *uses)
            self.begun(subject)
            self.measure(visit, glucose)
            if answer:
                self.answer(patient, visit, answer)
        self.settle()
        return subject

    def measure(self, visit, glucose):
        self.run(
            RecordMeasurement(visit_id=visit, values=[Measured(item="fpg", value=glucose, unit="mmol/L")])
        )

    def answer(self, patient, visit, answer):
        [task] = self.rows(FormTask, patient_id=patient)
        items = [{"linkId": k, "answer": [{"valueCoding": {"code": answer}}]} for k in PHQ9]
        items[-1]["answer"].append({"valueString": "我叫王美娜"})
        self.run(
            AnswerForm(
                visit_id=visit, task_id=task.id, form="phq9", form_version="1.0.0",
                answers={"resourceType": "QuestionnaireResponse", "item": items},
            )
        )  # fmt: skip

    def physician_member(self):
        """Return the physician, who is a member of the study from now on."""
        if not any(one.staff_name == "陈医生" for one in self.rows(StudyMember)):
            self.run(AddMember(study_id=self.study_id, login="doc", role=StudyRole.PHYSICIAN), self.head)
        return self.physician

    def observe(self, visit, items):
        """Put results of items that no catalogue has on a visit's checkup, as an interface would."""
        with self.desk.store.write() as connection:
            work = UnitOfWork(connection, SYSTEM, now=self.clock(), new_id=new_id)
            for one in items:
                work.add(
                    Observation(
                        org_id=visit.org_id, visit_id=visit.visit_id, patient_id=visit.patient_id, item=one.item,
                        label=one.item, value_number=one.value, value_text=str(one.value), effective_at=self.clock(),
                        source=ResultSource.INTERFACE,
                    )
                )  # fmt: skip
            work.commit_entry("test.observe", txn_id=new_id())

    def first_number(self):
        """Return the study number of the first subject."""
        return next(one.number for one in self.rows(StudySubject) if one.id == self.first)

    def compare(self):
        """Compare the visits as the centre does once a day; returns how many pairs are alike."""
        with self.desk.store.read() as connection:
            pairs = alike_visits(connection, self.study_id)
        return self.run(KeepPairs(study_id=self.study_id, pairs=pairs), SYSTEM)

    def export(self, folder, actor=None, **facts):
        """Export as the product does; returns the receipt, what was written, and where."""
        actor = actor or self.head
        order = ExportStudyData(study_id=self.study_id, **({"purpose": "中期分析"} | facts))
        begun = self.desk.run(order, actor).receipt
        return begun, *self.written(begun.export_id, folder, actor)

    def written(self, export_id, folder, actor=None, go_on=lambda done, of: True):
        with self.desk.store.read() as connection:
            ready = prepare(
                connection, actor or self.head, export_id, catalog=self.desk.content["catalog"],
                folder=resources.folder("forms"), say=TEXTS.say,
            )  # fmt: skip
        target = folder / ready.number
        return write_export(self.desk.store, ready, target, TEXTS.say, go_on, version="test"), target


@pytest.fixture
def data(desk, clock, authority, as_role):
    desk.content |= read_once()
    made = Data(desk, clock, authority, as_role)
    made.set_up(form=FORM, criterion=False)
    made.published(share=True)
    return made


@pytest.fixture
def three(data):
    """One who agreed to everything, one without a consent, one who agreed to no use of data."""
    data.first = data.subject(
        "王美娜", date(1975, 8, 23), "collect", "store", "data", "share", glucose=5.5, answer="some"
    )
    data.second = data.subject("李大明", date(1960, 1, 2))
    data.third = data.subject("赵小兰", date(1933, 3, 4), "collect", "store", glucose=7.0)
    return data
