"""R1.7.4: partners and items are set by those who may, checked, numbered; lines are encrypted and partners proven."""

import ssl

import pytest

from domain.interop.item_commands import RetireServiceItem, SetServiceItem
from domain.interop.order_commands import OrderItems
from domain.interop.order_records import ServiceItem, ServiceItemChange
from domain.interop.partner_commands import EditPartner, RegisterPartner
from domain.interop.partner_records import Partner, PartnerChange, PartnerRole
from domain.kernel.errors import DomainError
from server.interfaces.outbound.lanes import Lanes
from server.interfaces.outbound.tls import partner_tls
from server.settings import Settings
from tests.fixtures import certificates
from tests.interop.conftest import SYSTEM


def registered(**facts):
    known = {
        "system_name": "检验科 LIS",
        "role": PartnerRole.LIS,
        "application": "LIS",
        "facility": "B01",
        "reason": "上线",
    }
    return RegisterPartner(**(known | facts))


@pytest.mark.parametrize(
    ("facts", "code", "field"),
    [
        ({"facility": "B99"}, "partner.facility", "facility"),
        ({"orders": True}, "partner.no_address", "host"),
        ({"host": "10.0.0.8"}, "partner.no_address", "port"),
        ({"port": 2575}, "partner.no_address", "host"),
        ({"version": "2.9"}, "partner.version", "version"),
        ({"host": "lis.example.com", "port": 2575, "tls": False}, "partner.in_clear", "tls"),
        ({"host": "8.8.8.8", "port": 2575, "tls": False}, "partner.in_clear", "tls"),
    ],
)
def test_a_set_up_that_cannot_work_or_is_open_to_all_is_refused_by_its_field(house, facts, code, field):
    with pytest.raises(DomainError) as error:
        house.run(registered(**facts))
    assert (error.value.code, error.value.field) == (code, field)
    assert house.rows(Partner) == []


def test_every_change_of_a_set_up_has_its_number_and_reason(house):
    partner = house.run(registered(host="10.0.0.8", port=2575, tls=False, orders=True))
    with pytest.raises(DomainError, match=r"partner\.exists"):
        house.run(registered(system_name="另一个"))
    assert house.run(EditPartner(partner_id=partner, port=2576, orders=True, reason="换端口")) == 2
    assert house.run(EditPartner(partner_id=partner, port=2576, reason="没有变化")) == 2
    with pytest.raises(DomainError, match=r"partner\.in_clear"):
        house.run(EditPartner(partner_id=partner, host="lis.example.com", reason="外网"))
    changes = {row.number: row for row in house.rows(PartnerChange)}
    assert (changes[2].summary, changes[2].reason, changes[2].changed_name) == (
        "端口：2575 → 2576", "换端口", house.it.name,
    )  # fmt: skip
    assert [row.host for row in house.rows(Partner)] == ["10.0.0.8"]


def test_physicians_set_items_and_nurses_do_not(house):
    order = SetServiceItem(
        code="GLU", name="血糖", role=PartnerRole.LIS, results="空腹血糖、2345-7", reason="新增"
    )
    with pytest.raises(DomainError, match=r"permission\.denied"):
        house.run(order, house.nurse)
    assert house.run(order, house.physician) == 1
    [item] = house.rows(ServiceItem)
    assert item.results, "names and LOINC become the catalogue's keys"
    with pytest.raises(DomainError, match=r"service_item\.no_result") as error:
        house.item(results="fpg、不存在")
    assert error.value.facts["given"] == "不存在"
    assert house.run(RetireServiceItem(service_item_id=item.id, reason="停做"), house.physician) == 2
    visit = house.visit(house.client(), package=None)
    with pytest.raises(DomainError, match=r"service_request\.no_item"):
        house.run(OrderItems(visit_id=visit.id, items="GLU"), house.nurse)
    assert house.item() == 3, "set again, it is in use again"
    assert sorted(row.number for row in house.rows(ServiceItemChange)) == [1, 2, 3]


@pytest.fixture
def over_tls(house, simulator, tmp_path):
    """A laboratory whose line is encrypted, and lanes that believe the authority given."""
    made = certificates.good(tmp_path)
    own = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    own.load_cert_chain(made.certificate, made.key)
    lis = simulator(context=own)
    partner = house.run(registered(host="127.0.0.1", port=lis.port, tls=True, orders=True))
    house.item()
    house.visit(house.client())
    house.follower.catch_up()

    def lanes(**settings):
        return Lanes(house.desk, SYSTEM, lambda: partner_tls(Settings(data_dir=tmp_path, **settings)))

    return made, lis, partner, lanes


def test_what_goes_to_a_partner_is_encrypted_and_the_partner_is_proven(house, over_tls):
    made, lis, partner, lanes = over_tls
    sending = lanes(mllp_tls_clients=made.authority)
    assert sending.step(partner)
    sending.stop()
    assert len(lis.received) == 1
    assert house.messages()[0].state == "accepted"


def test_a_partner_nobody_vouches_for_is_told_nothing(house, over_tls):
    _, lis, partner, lanes = over_tls
    sending = lanes()
    assert sending.step(partner)
    sending.stop()
    assert lis.received == []
    [message] = house.messages()
    assert (message.state, message.reason) == ("waiting", "tls")
