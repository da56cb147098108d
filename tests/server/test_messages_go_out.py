"""A message from a command to a phone: a running centre, a simulated SMS service, the page of the link."""

import re
from datetime import date

import pytest
from sqlalchemy import select

from domain.alerts.records import Alert
from domain.messaging.commands import SendMessage
from domain.messaging.records import Channel, OutboxMessage
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from server.channels.simulators.sms import AliyunSimulator
from tests.fixtures.patience import until
from tests.server.conftest import running_copy
from tests.server.phone import Phone

CHANNELS = """
public_url = "https://phone.example"
[[account]]
id = "sms"
kind = "sms_aliyun"
base_url = "{url}"
app_id = "key"
secret = "ali"
sign_name = "检后通"
[account.templates.activity_week]
code = "SMS_9"
params = ["client", "link"]
"""


@pytest.fixture(scope="module")
def vendor():
    with AliyunSimulator().running() as running:
        yield running


@pytest.fixture(scope="module")
def server(prepared, vendor, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    (home / "channels.toml").write_text(CHANNELS.format(url=vendor.url), "utf-8")
    (home / "secrets").mkdir()
    (home / "secrets" / "ali").write_text(vendor.secret + "\n", "utf-8")
    with running_copy(prepared, home, secrets_dir=home / "secrets") as found:
        yield found


@pytest.fixture(scope="module")
def client(server):
    order = RegisterPatient(
        name="周短信", sex=Sex.FEMALE, birth_date=date(1980, 5, 1), phone="13800000001", another_person=True
    )
    return server.as_system(order).patient_id


def row_of(server, message_id):
    with server.centre.store.read() as connection:
        return connection.execute(select(OutboxMessage.__table__).where(OutboxMessage.id == message_id)).one()


def test_an_sms_goes_out_and_opening_its_link_reads_it(server, vendor, client):
    answer = server.api.post(
        "/api/commands/messaging.send", token=server.token("nurse"),
        json={"patient_id": str(client), "template": "activity_week", "channel": "sms"},
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    import uuid

    message_id = uuid.UUID(answer.json()["receipt"])
    arrived = until(lambda: vendor.inbox)[0]
    until(lambda: row_of(server, message_id).state == "accepted")
    link = arrived["params"]["link"]
    token = re.fullmatch(r"https://phone\.example/p/([\w-]{22})", link)[1]
    phone = Phone(server, token)
    phone.open()
    assert "有氧运动" not in phone.text(), "nothing is shown before the birth date"
    assert row_of(server, message_id).state == "accepted"
    phone.verify("19800502")
    assert "有氧运动" not in phone.text()
    phone.verify()
    phone.open()
    assert "有氧运动" in phone.text()
    assert "世界卫生组织" in phone.text()
    assert "证据等级 A" in phone.text()
    row = row_of(server, message_id)
    assert row.state == "read"
    assert row.read_at is not None


def test_a_channel_whose_set_up_is_wrong_stops_and_tells_the_administrators_once(server, vendor, client):
    vendor.fail("/", {"kind": "answer", "body": {"Code": "isv.AMOUNT_NOT_ENOUGH", "Message": "余额不足"}})
    orders = [SendMessage(patient_id=client, template="activity_week", channel=Channel.SMS) for _ in range(2)]
    before = len(vendor.inbox)
    server.as_system(orders[0])

    def alerts():
        with server.centre.store.read() as connection:
            wanted = select(Alert.__table__).where(Alert.rule == "A-060")
            return connection.execute(wanted).all()

    (alert,) = until(alerts)
    assert "administrator" in alert.receivers
    server.as_system(orders[1])
    page = server.api.get("/api/worklists/messaging.channels", token=server.token("it")).json()
    (state,) = page["rows"]
    named = dict(zip([c["name"] for c in page["columns"]], state["values"], strict=True))
    assert (named["paused"], named["reason"]) == (1, "no_balance")
    resumed = server.api.post(
        "/api/commands/messaging.resume_channel", token=server.token("it"), json={"state_id": state["id"]}
    )
    assert resumed.status_code == 200, resumed.text
    until(lambda: len(vendor.inbox) == before + 2)
    assert len(alerts()) == 1
    until(lambda: alerts()[0].state == "closed")
