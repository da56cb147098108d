"""What a centre on MariaDB keeps of consents and tubes: sealed files byte for byte, uses, whole chains."""

from datetime import timedelta

import pytest

from domain.biobank.commands import ProcessSpecimen
from domain.biobank.custody_watch import CustodyWatch
from domain.biobank.receiving_records import ReceivingLine
from domain.consent.commands import TakeBackConsent
from domain.consent.records import ConsentFile, ConsentUse
from domain.kernel.authority import system_actor
from domain.kernel.errors import DomainError
from domain.storage.rack_commands import ReceiveRack
from domain.storage.receiving_commands import TakeReceivingList
from domain.storage.receiving_reading import ListLine
from forms.consenting.signing import verify_consent
from forms.consenting.vault import opened
from tests.studies.test_consent import allows, signed, subject

pytestmark = pytest.mark.mariadb
pytest_plugins = ["tests.fixtures.mariadb"]
assert subject  # fixture


@pytest.fixture
def store(mariadb_store):
    return mariadb_store


def test_a_consent_and_the_tubes_it_covers_live_at_a_centre_on_mariadb(lab, subject):
    consent_id, shown = signed(lab, subject)
    [file] = lab.rows(ConsentFile)
    assert opened(lab.desk, lab.nurse, file.content).startswith(shown), "what was shown, byte for byte"
    found, _ = verify_consent(lab.desk, lab.nurse, consent_id)
    assert found.sound, found.faults
    assert allows(lab, subject, ConsentUse.COLLECT) == ""
    assert allows(lab, subject, ConsentUse.GENETIC) == "consent.not_agreed"
    drawn, _ = lab.begun(subject)
    lab.draw(drawn.number)
    lines = [ListLine(2, drawn.number, ""), ListLine(3, "123", "", ("第 3 行不是本系统的编号",))]
    order = TakeReceivingList(name="第 1 批", file_name="a.csv", sha256="0" * 64, lines=lines)
    listed = lab.run(order, lab.technician)
    order = ReceiveRack(numbers=[drawn.number], list_id=listed.list_id)
    assert lab.run(order, lab.technician).done == 1
    assert {one.number: one.state for one in lab.rows(ReceivingLine)} == {
        drawn.number: "arrived", "123": "doubtful",
    }  # fmt: skip
    actor = system_actor(lab.technician.org_id, lab.technician.device_id)
    assert CustodyWatch(lab.desk, actor).whole() == 0
    lab.clock.advance(timedelta(days=1))
    lab.run(TakeBackConsent(consent_id=consent_id, reason="本人要求"), lab.nurse)
    assert allows(lab, subject, ConsentUse.COLLECT) == "consent.subject_left"
    with pytest.raises(DomainError, match=r"specimen\.frozen"):
        lab.run(ProcessSpecimen(number=drawn.number), lab.technician)
