"""Results that come with a doubt about who they are of: kept, judged as far as can be, held until it is settled."""

from typing import Any

from domain.checkup.intake import Person, take_in
from domain.checkup.limits import catalog_for
from domain.checkup.records import HeldResult, Observation, ResultSource, ResultStatus
from domain.kernel.clock import clinic
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.duties import begin_duty
from domain.people.identity import Doubt, Identity, other_person, own_doubt
from domain.people.identity_records import IdentityCheck
from domain.people.numbers import next_number
from domain.people.records import Patient, Sex
from domain.people.roster_records import DutySource
from domain.people.workflow import identity_checking

NOBODY = Person(None, Sex.UNKNOWN, None)
"""As whom a result is judged while it is not known whose it is: by the widest interval."""


def doubt_about(said: Identity, patient: Patient | None, work: UnitOfWork, under: str) -> Doubt | None:
    """Return what is doubtful about whom a message is about; what a person settled before is doubted no more."""
    today = clinic(work.now).date()
    found = None
    if patient is not None:
        known = Identity(
            name=patient.name, sex=patient.sex, birth_date=patient.birth_date, id_number=patient.id_number
        )
        found = other_person(said, known, today, under)
    found = found or own_doubt(said, today)
    if found is None or patient is None:
        return found
    settled = work.find(
        IdentityCheck, patient_id=patient.id, state="verified", said_name=said.name, said_sex=said.sex,
        said_birth_date=said.birth_date, said_id_number=said.id_number,
    )  # fmt: skip
    return None if settled else found


def patient_of(said: Identity, org_id: Id, work: UnitOfWork) -> Patient | None:
    """Return the client with the number of a message; one that is no good finds who came with it before."""
    if not said.id_number:
        return None
    if own_doubt(said, clinic(work.now).date()) is None:
        return work.find(Patient, id_number=said.id_number, org_id=org_id)
    before = work.find(IdentityCheck, said_id_number=said.id_number, said_name=said.name, org_id=org_id)
    return None if before is None else work.get(Patient, before.patient_id)


def new_patient(said: Identity, org_id: Id, doubt: Doubt | None, work: UnitOfWork) -> Patient:
    """Keep a client as a message names them, without what is doubtful."""
    doubtful = doubt.fields if doubt else frozenset()
    return work.add(
        Patient(
            org_id=org_id, number=next_number(work, "patient", "P"), name=said.name,
            sex=Sex.UNKNOWN if "sex" in doubtful else said.sex,
            birth_date=None if "birth_date" in doubtful else said.birth_date,
            id_number=None if doubtful else said.id_number, phone=said.phone, address=said.address,
        )
    )  # fmt: skip


def person_of(patient: Patient, doubt: Doubt | None) -> Person:
    """Return whom results are judged for: without the sex or birth date that is doubtful."""
    doubtful = doubt.fields if doubt else frozenset()
    return Person(
        patient.id,
        Sex.UNKNOWN if "sex" in doubtful else patient.sex,
        None if "birth_date" in doubtful else patient.birth_date,
    )


class Holder:
    """Holds the results of one message; makes its identity check with the first of them.

    A second message with the same doubt about the same visit waits with the first.
    """

    def __init__(
        self, order: Any, doubt: Doubt, patient: Patient | None, visit_id: Id | None, work: UnitOfWork
    ) -> None:
        self._order, self._doubt, self._work = order, doubt, work
        self._patient, self._visit_id = patient, visit_id
        self._check: IdentityCheck | None = None

    def hold(self, observation: Observation) -> None:
        """Let a result wait: it counts nowhere until the doubt is settled, and is on the list of what waits."""
        check = self._check = self._check or self._open()
        self._work.add(
            HeldResult(
                org_id=check.org_id, check_id=check.id, observation_id=observation.id, status=observation.status,
                held_at=self._work.now,
            )
        )  # fmt: skip
        observation.status = ResultStatus.IDENTITY
        observation.reason = observation.reason or self._doubt.reason
        check.urgent = check.urgent or bool(observation.critical_level)

    def _open(self) -> IdentityCheck:
        said: Identity = self._order.patient
        facts = {
            "patient_id": self._patient.id if self._patient else None, "visit_number": self._order.visit_number,
            "said_name": said.name, "said_sex": said.sex, "said_birth_date": said.birth_date,
            "said_id_number": said.id_number,
        }  # fmt: skip
        waiting = self._work.find(IdentityCheck, org_id=self._order.org_id, state="pending", **facts)
        if waiting is not None:
            return waiting
        check = IdentityCheck(
            org_id=self._order.org_id, visit_id=self._visit_id, reason=self._doubt.reason,
            other_person=self._doubt.other_person, message_id=self._order.message_id, found_at=self._work.now,
            **facts,
        )  # fmt: skip
        self._work.start(identity_checking, check)
        self._work.add(check)
        begin_duty(
            self._work,
            DutySource.MESSAGE,
            said.name,
            check.org_id,
            patient_id=check.patient_id,
            check_id=check.id,
        )
        return check


def hold_apart(order: Any, holder: Holder, work: UnitOfWork) -> int:
    """Keep the results of a message that may be about another person under nobody; returns how many."""
    catalog = catalog_for(work, order.org_id)
    for line in order.lines:
        judged = take_in(line, NOBODY, catalog, visit_id=None, source=ResultSource.INTERFACE, now=work.now)
        observation = judged.observation
        observation.org_id, observation.system = order.org_id, order.system
        work.add(observation)
        holder.hold(observation)
    return len(order.lines)
