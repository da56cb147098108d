"""R1.7.4, R3.1.6: what each interface sent, what was received and what is stored agree, or somebody is told."""

import json
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import delete

from domain.checkup.records import Observation
from domain.interop.day_records import InterfaceDay
from domain.interop.in_commands import DropParked
from domain.interop.in_records import ParkedMessage
from domain.interop.partner_records import PartnerRole
from domain.kernel.authority import system_actor
from domain.kernel.clock import clinic
from server.interfaces.daily import count_days, is_signed
from server.interfaces.inbox import InboxPlace
from server.storage_key import queue_key
from tests.server.test_hl7_partners import apply, ear, house, one
from tests.server.test_hl7_reception import oru, rows, take

__all__ = ["ear", "house"]
GLUCOSE = "NM|14771-0^空腹血糖^LN||5.4|mmol/L|3.9-6.1|N|||F|||20261123082000"


@pytest.fixture
def night(ear, house):
    """Let the night's account be made of what the day brought, a day later."""
    actor = system_actor(house.org_id, ear.identity.device_id)
    today = clinic(house.desk.clock()).date()

    def count(days=1):
        ear.moved.advance(timedelta(days=days))
        changed = count_days(
            house.desk, actor, InboxPlace(ear.settings.inbox_path, queue_key(ear.settings)), ear.identity.key
        )
        return changed, {row.day: row for row in rows(ear, InterfaceDay)}[today]

    return count


def test_what_came_is_stored_and_the_centre_signs_it(ear, house, night):
    house.partner(PartnerRole.LIS, "LIS")
    apply(ear, oru("M1"))
    apply(ear, oru("M2", GLUCOSE))
    changed, row = night()
    assert changed >= 1
    assert (row.differs, row.received, row.stored, row.results, row.missing) == (0, 2, 2, 2, 0)
    assert json.loads(row.statement)["visits"] == {"V0001": [0, 2, 2]}
    key = ear.identity.key.public_key()
    assert is_signed(row, key)
    for changed in (
        {"received": 3},
        {"statement": row.statement.replace("V0001", "V0002")},
        {"signature": ""},
    ):
        assert not is_signed(SimpleNamespace(**{**row._mapping, **changed}), key)
    assert night(0)[0] == 0, "an account that agrees is made once"


def test_a_result_that_was_acknowledged_and_is_nowhere_is_named_until_it_is_there(ear, house, night):
    house.partner(PartnerRole.LIS, "LIS")
    apply(ear, oru("M1"))
    kept = rows(ear, Observation)
    with (
        ear.store.write() as connection
    ):  # as after a restored backup: the queue says done, the store has nothing
        connection.execute(delete(Observation.__table__))
    _, row = night()
    assert (row.differs, row.stored, row.missing) == (1, 1, 1)
    assert row.findings == "体检号 V0001 缺 hgb"
    with ear.store.write() as connection:
        connection.execute(Observation.__table__.insert(), [dict(one._mapping) for one in kept])
    changed, row = night()
    assert changed >= 1, "it is made again the next night"
    assert (row.differs, row.findings) == (0, None)


def test_what_waits_or_was_not_taken_by_the_partner_differs_and_what_was_decided_does_not(ear, house, night):
    house.partner(PartnerRole.LIS, "LIS")
    apply(ear, oru("M1"))
    take(ear, oru("M2", GLUCOSE, visit="V0002"))
    take(ear, oru("M3", GLUCOSE, visit="V0003"))
    [waiting] = [m for m in ear.inbox.waiting(2**62, 9) if m.control_id == "M3"]
    ear.inbox.put_off(waiting.id, "checkup.unknown_branch", 0, park=True)
    ear.consumer.told.look()
    _, row = night()
    assert (row.received, row.stored, row.open_in, row.differs) == (3, 1, 2, 2)
    assert "消息 M2 未入库" in row.findings
    assert "消息 M3 未入库" in row.findings
    ear.consumer.step()
    _, row = night()
    assert (row.open_in, row.differs) == (1, 1)
    house.run(DropParked(parked_message_id=one(ear, ParkedMessage).id, note="重复"))
    assert night(0)[1].differs == 0
