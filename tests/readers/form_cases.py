"""The causes of the alerts of questionnaires: what is missing while one is filled in, and how few come back."""

from datetime import date, timedelta

from domain.checkup.form_commands import AnswerForm, IssueForm
from domain.kernel.authority import system_actor
from domain.kernel.readers import Follower
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from domain.scales.gap_commands import NoteGaps
from domain.scales.returns import ReturnFollower
from tests.readers.alert_cases import Case
from tests.scales.answering import reaching
from tests.scales.conftest import SCALES

DAY = timedelta(days=1)


def client(world, number):
    order = RegisterPatient(name=f"王{number}", sex=Sex.FEMALE, birth_date=date(1950, 1, 1) + number * DAY)
    return world.desk.run(order, world.nurse).receipt.patient_id


def lacks(gaps):
    """A page of a questionnaire is turned and so much is missing."""

    def run(world):
        world.client = world.client or client(world, 0)
        order = NoteGaps(
            patient_id=world.client, form="gad7", form_version="1.0.0", gaps=gaps, source="nurse"
        )
        world.desk.run(order, world.nurse)

    return run


def count(world):
    system = system_actor(world.nurse.org_id, world.nurse.device_id)
    follower = ReturnFollower(world.desk, system)
    Follower(world.desk.store, follower).catch_up()
    follower.tick()


def hand_in(world, number):
    patient_id, task_id = world.given[number]
    answers = reaching(SCALES["gad7"], 3)
    order = AnswerForm(
        patient_id=patient_id, task_id=task_id, form="gad7", form_version="1.0.0", answers=answers
    )
    world.desk.run(order, world.nurse)


def came_back(number, of):
    """So many of those given out came back, and the day of the others passed."""

    def run(world):
        due, world.given = world.desk.clock() + DAY, []
        for n in range(of):
            patient_id = client(world, n)
            order = IssueForm(patient_id=patient_id, form="gad7", form_version="1.0.0", due_at=due)
            world.given.append((patient_id, world.desk.run(order, world.nurse).receipt))
        for n in range(number):
            hand_in(world, n)
        world.back = number
        world.desk.clock.advance(2 * DAY)
        count(world)

    return run


def one_more(world):
    hand_in(world, world.back)
    count(world)


FORMS = [
    Case("A-001", lacks(1), lacks(0), harmless=lacks(0)),
    Case("A-064", came_back(3, 5), one_more, harmless=came_back(4, 5), of_a_client=False),
]
