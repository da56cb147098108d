"""A unit's figures from the command to its contact's phone: an SMS without a number, a page behind four digits."""

import re

import pytest
from sqlalchemy import select

from domain.people.records import Patient
from domain.reception.digest_commands import PushDigest
from domain.reception.unit_commands import AddDepartment, AddUnit, JoinUnit
from server.channels.simulators.sms import AliyunSimulator
from tests.fixtures.patience import until
from tests.server.conftest import running_copy
from tests.server.phone import Phone, a_client

CHANNELS = """
public_url = "https://phone.example"
[[account]]
id = "sms"
kind = "sms_aliyun"
base_url = "{url}"
app_id = "key"
secret = "ali"
sign_name = "检后通"
[account.templates.unit_digest]
code = "SMS_12"
params = ["org", "unit", "link"]
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
def names(server):
    """A unit of six people, four of them in a department."""
    unit = server.as_system(AddUnit(name="东风机械厂", contact="孙联系", phone="13800001234"))
    server.as_system(AddDepartment(unit_id=unit, name="一车间"))
    people = [a_client(server, f"工人{number}") for number in range(6)]
    for at, person in enumerate(people):
        where = "东风机械厂/一车间" if at < 4 else "东风机械厂"
        server.as_system(JoinUnit(patient_id=person, unit=where))
    server.as_system(PushDigest(unit_id=unit))
    with server.centre.store.read() as connection:
        return connection.execute(select(Patient.name).where(Patient.id.in_(people))).scalars().all()


def test_the_contact_reads_figures_and_nobody_can_be_recognised(server, vendor, names):
    [arrived] = until(lambda: vendor.inbox)
    assert set(arrived["params"]) == {"org", "unit", "link"}
    token = re.fullmatch(r"https://phone\.example/p/([\w-]{22})", arrived["params"]["link"])[1]
    phone = Phone(server, token)
    phone.open()
    assert "手机号后四位" in phone.text()
    assert "6 人" not in phone.text()
    assert phone.send(digits="0000").status_code == 422
    assert "还可以再试 4 次" in phone.text()
    assert phone.send(digits="1234").status_code == 200
    assert "6 人" in phone.text()
    assert "人数少于 5，不单独显示" in phone.text(), "a department of four is told in the whole alone"
    assert not [name for name in names if name in phone.last.text]
    for _ in range(4):
        phone.send(digits="9999")
    assert phone.send(digits="1234").status_code == 410, "guessing closes it"
