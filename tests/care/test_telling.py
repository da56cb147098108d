"""A signed plan reaches the client's WeChat by the outbox, once."""

from datetime import date

import resources
from domain.care.plan_commands import SignPlan
from domain.care.records import CarePlan
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.records import Channel, ContactAddress, OutboxMessage
from domain.messaging.templates import TEMPLATES, load_templates
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from tests.care.conftest import SYSTEM
from tests.conftest import BRANCH


def test_a_signed_plan_is_told_to_the_client_once_and_who_is_not_reached_keeps_the_plan(care):
    reached, other = (
        care.client(),
        care.run(
            RegisterPatient(name="李远", sex=Sex.MALE, birth_date=date(1970, 1, 1)), care.nurse
        ).patient_id,
    )
    with care.desk.store.write() as connection:
        work = UnitOfWork(connection, SYSTEM, now=care.clock(), new_id=care.desk.ids)
        work.add(ContactAddress(
            patient_id=reached, channel=Channel.OFFICIAL_ACCOUNT, address="o1", bound_at=care.clock(), org_id=BRANCH,
        ))  # fmt: skip
        work.commit_entry("test.address", txn_id=care.desk.ids())
        work.close()
    care.desk.content[TEMPLATES] = load_templates(resources.folder("messages"))
    for patient in (reached, other):
        plan_id = care.plan(patient)
        care.item(plan_id)
        care.run(SignPlan(care_plan_id=plan_id))
        assert care.one(CarePlan, id=plan_id).state == "running"
    [message] = care.rows(OutboxMessage, template="care_plan_ready")
    assert (message.patient_id, message.channel) == (reached, Channel.OFFICIAL_ACCOUNT)
    assert "维生素D" not in message.text + (message.body or "")
