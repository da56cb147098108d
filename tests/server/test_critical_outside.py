"""A critical value is told in the program, by WeCom and by SMS at once, says no value outside, and climbs."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from domain.checkup.intake import ResultLine
from domain.checkup.result_commands import Identity, ReceiveResults
from domain.messaging.commands import BindAddress
from domain.messaging.records import Channel, OutboxMessage
from domain.people.records import Sex, Staff
from server.channels.simulators.sms import AliyunSimulator
from server.channels.simulators.wechat import WeChatSimulator
from tests.fixtures.patience import until
from tests.server.conftest import running_copy
from tests.server.test_centre_readers import open_alerts

CHANNELS = """
public_url = "https://phone.example"
[[account]]
id = "corp"
kind = "wecom"
base_url = "{corp}"
app_id = "wx5823bf96d3bd56c7"
secret = "wechat"
[[account]]
id = "sms"
kind = "sms_aliyun"
base_url = "{sms}"
app_id = "key"
secret = "ali"
sign_name = "检后通"
[account.templates.staff_alert]
code = "SMS_4"
params = ["level", "at"]
"""
PEOPLE = {
    "physician": ("zhao", "13800000011"),
    "nurse": ("qian", "13800000012"),
    "administrator": ("sun", "13800000013"),
}


@pytest.fixture(scope="module")
def vendors():
    with WeChatSimulator(known={"zhao", "qian", "sun"}).running() as corp, AliyunSimulator().running() as sms:
        yield {"corp": corp, "sms": sms}


@pytest.fixture(scope="module")
def server(prepared, vendors, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    text = CHANNELS.format(corp=vendors["corp"].url, sms=vendors["sms"].url)
    (home / "channels.toml").write_text(text, "utf-8")
    (home / "secrets").mkdir()
    (home / "secrets" / "wechat").write_text(vendors["corp"].secret, "utf-8")
    (home / "secrets" / "ali").write_text(vendors["sms"].secret, "utf-8")
    with running_copy(prepared, home, secrets_dir=home / "secrets") as found:
        for role, (account, phone) in PEOPLE.items():
            with found.centre.store.read() as connection:
                staff = (
                    connection.execute(select(Staff.id).where(Staff.role == role).order_by(Staff.login))
                    .scalars()
                    .first()
                )
            for channel, address in ((Channel.WECOM, account), (Channel.SMS, phone)):
                found.as_system(BindAddress(staff_id=staff, channel=channel, address=address))
        yield found


def by_wecom(vendors, who):
    return [one["content"] for one in vendors["corp"].inbox if who in one["to"]]


def by_sms(vendors, phone):
    return [one["params"] for one in vendors["sms"].inbox if phone in str(one)]


def test_a_critical_value_is_told_by_every_channel_at_any_hour_and_climbs(server, vendors):
    server.clock.advance(timedelta(hours=14))  # at night: what is critical knows no quiet hours
    order = ReceiveResults(
        message_id="k1", org_id=server.orgs["B01"], visit_number="K0001",
        patient=Identity(name="赵危急", sex=Sex.MALE, birth_date=date(1960, 1, 1)),
        lines=[ResultLine(item="k", code="k", label="钾", text="7.1", number=7.1, ucum="mmol/L")],
    )  # fmt: skip
    server.as_system(order)
    assert until(lambda: [one for one in open_alerts(server) if "危急值" in one["name"]])
    for who in ("physician", "nurse"):
        account, phone = PEOPLE[who]
        assert "危急值实时预警" in until(lambda account=account: by_wecom(vendors, account))[0]
        until(lambda phone=phone: by_sms(vendors, phone))
    told = [*by_wecom(vendors, "zhao"), *(str(one) for one in by_sms(vendors, PEOPLE["physician"][1]))]
    assert not [secret for secret in ("7.1", "赵危急", "钾") if any(secret in one for one in told)]
    assert by_wecom(vendors, "sun") == []
    assert by_sms(vendors, PEOPLE["administrator"][1]) == []
    server.clock.advance(timedelta(minutes=31))
    until(lambda: by_wecom(vendors, "sun"))
    until(lambda: by_sms(vendors, PEOPLE["administrator"][1]))
    with server.centre.store.read() as connection:
        rows = connection.execute(
            select(OutboxMessage.state).where(OutboxMessage.template == "staff_alert")
        ).scalars()
        assert set(rows) <= {"accepted", "delivered", "queued", "sending"}


def test_a_wecom_that_is_away_leaves_the_sms(server, vendors):
    vendors["corp"].fail("/cgi-bin/message/send", *[{"kind": "status", "status": 502}] * 30)
    phone = PEOPLE["physician"][1]
    before = len(by_sms(vendors, phone))
    order = ReceiveResults(
        message_id="k2", org_id=server.orgs["B01"], visit_number="K0002",
        patient=Identity(name="钱危急", sex=Sex.FEMALE, birth_date=date(1961, 1, 1)),
        lines=[ResultLine(item="k", code="k", label="钾", text="7.3", number=7.3, ucum="mmol/L")],
    )  # fmt: skip
    server.as_system(order)
    until(lambda: len(by_sms(vendors, phone)) > before)
