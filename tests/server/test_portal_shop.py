"""Buying a package in WeChat: one order, paid once, told with a signature, paid back once, nothing lost."""

import secrets
from datetime import timedelta

import pytest

from domain.reception.unit_records import ServiceContract
from domain.shop.commands import PublishOffer, RefundOrder, WithdrawOffer
from domain.shop.records import PackageOrder
from server.payments.simulator import CashierSimulator
from tests.server.conftest import running_copy
from tests.server.test_portal import CHANNELS, WeChat, bound, rows, vendors  # noqa: F401

PAYMENT = """
[payment]
base_url = "{cashier}"
app_id = "app1"
secret = "pay"
"""


@pytest.fixture(scope="module")
def cashier():
    with CashierSimulator().running() as found:
        yield found


@pytest.fixture(scope="module")
def server(prepared, vendors, cashier, tmp_path_factory):  # noqa: F811
    home = tmp_path_factory.mktemp("home")
    urls = {name: vendor.url for name, vendor in vendors.items()}
    text = CHANNELS.replace('public_url = "http://phone.example"', PAYMENT).format(
        cashier=cashier.url, **urls
    )
    (home / "channels.toml").write_text(text, "utf-8")
    (home / "secrets").mkdir()
    (home / "secrets" / "wechat").write_text(vendors["oa"].secret, "utf-8")
    (home / "secrets" / "pay").write_text(cashier.secret, "utf-8")
    with running_copy(prepared, home, secrets_dir=home / "secrets") as found:
        cashier.at = int(found.clock().timestamp())
        yield found


@pytest.fixture
def phone(server, vendors):  # noqa: F811
    return lambda: WeChat(server, vendors, f"o{secrets.token_hex(6)}")


@pytest.fixture
def offer(server):
    order = PublishOffer(package="年度管理", price_yuan=299.5, days=365, content="全年随访\n专属健康管理师")
    return server.as_system(order)


@pytest.fixture
def now(server, cashier):
    def advance(**by):
        server.clock.advance(timedelta(**by))
        cashier.at = int(server.clock().timestamp())

    return advance


def bought(wechat, offer):
    assert "299.50 元" in wechat.get("/services").text
    wechat.post("/services", m="", offer=offer.hex)
    assert wechat.last.status_code == 303
    return wechat.last.headers["location"].removeprefix("/w/oa")


def order_of(server, patient):
    [order] = rows(server, PackageOrder, patient_id=patient)
    return order


def paid(server, cashier, patient):
    order = cashier.pay(order_of(server, patient).number)
    cashier.tell(order)
    return order


def test_one_tap_orders_the_cashier_is_paid_and_the_package_runs(server, cashier, phone, offer):
    wechat, patient = bound(server, phone, "周购")
    path = bought(wechat, offer)
    assert bought(wechat, offer) == path, "tapped twice, it is one order"
    assert "去支付" in wechat.get(path).text
    order = order_of(server, patient)
    assert (order.state, order.price_fen) == ("pending", 29950)
    answer = wechat.http.get(f"{cashier.url}/pay/{order.number}", allow_redirects=False)
    assert answer.headers["location"].endswith(path)
    assert "已支付，服务已生效" in wechat.get(path).text
    [contract] = rows(server, ServiceContract, patient_id=patient)
    assert (contract.package, (contract.ends_on - contract.starts_on).days, contract.state) == (
        "年度管理", 365, "active",
    )  # fmt: skip
    assert order_of(server, patient).contract_id == contract.id
    assert "年度管理，至" in wechat.get("/services").text


def test_a_notice_counts_once_and_only_with_its_signature(server, cashier, phone, offer):
    wechat, patient = bound(server, phone, "周签")
    wechat.get(bought(wechat, offer))
    order = cashier.pay(order_of(server, patient).number)
    assert cashier.tell(order, wrong="signature").status_code == 403
    cashier.at -= 400
    assert cashier.tell(order).status_code == 403, "too old"
    cashier.at += 400
    assert order_of(server, patient).state == "pending"
    assert cashier.tell(order, nonce="n1").json() == {"taken": True, "news": True}
    assert cashier.tell(order, nonce="n1").json() == {"taken": True, "news": False}
    assert cashier.tell(order, nonce="n2").json() == {"taken": True, "news": False}
    assert len(rows(server, ServiceContract, patient_id=patient)) == 1


def test_another_amount_or_a_second_payment_signs_nothing_and_a_person_is_told(
    server,
    cashier,
    phone,
    offer,
):
    wechat, patient = bound(server, phone, "周额")
    wechat.get(bought(wechat, offer))
    order = cashier.pay(order_of(server, patient).number)
    cashier.tell(order, amount_fen=1)
    kept = order_of(server, patient)
    assert kept.state == "pending"
    assert "金额" in kept.problem
    assert rows(server, ServiceContract, patient_id=patient) == []
    cashier.tell(order)
    cashier.tell(order, number="T-other")
    assert "另有一笔支付 T-other" in order_of(server, patient).problem
    assert cashier.tell({**order, "order": "D-nobody"}).status_code == 422


def test_a_notice_that_never_came_is_asked_for_and_an_order_nobody_paid_is_given_up(
    server,
    cashier,
    phone,
    offer,
    now,
):
    first, one = bound(server, phone, "周漏")
    first.get(bought(first, offer))
    second, other = bound(server, phone, "周弃")
    second.get(bought(second, offer))
    cashier.pay(order_of(server, one).number)
    server.centre.receiver.stop()
    now(minutes=31)
    server.centre.cashier.step()
    assert order_of(server, one).state == "paid"
    assert order_of(server, other).state == "cancelled"
    late = cashier.pay(order_of(server, other).number)
    assert cashier.tell(late).json()["news"], "money that comes late is money"
    assert order_of(server, other).state == "paid"


def test_it_is_paid_back_once_and_the_package_ends(server, cashier, phone, offer, now):
    wechat, patient = bound(server, phone, "周退")
    wechat.get(bought(wechat, offer))
    paid(server, cashier, patient)
    order = order_of(server, patient)
    server.as_system(RefundOrder(package_order_id=order.id, reason="客户不需要"))
    cashier.fail("/refunds", {"kind": "lost"})
    for _ in range(3):
        now(minutes=2)
        server.centre.cashier.step()
    order = order_of(server, patient)
    assert (order.state, order.refund_reason) == ("refunded", "客户不需要")
    assert [one for one in cashier.inbox if one.get("refund") == f"R{order.number}"] == [
        {"refund": f"R{order.number}", "amount_fen": 29950}
    ]
    [contract] = rows(server, ServiceContract, patient_id=patient)
    assert (contract.state, "已退款" in contract.reason) == ("ended", True)


def test_a_second_package_begins_when_the_first_ends(server, cashier, phone, offer):
    wechat, patient = bound(server, phone, "周续")
    wechat.get(bought(wechat, offer))
    paid(server, cashier, patient)
    wechat.get(bought(wechat, offer))
    for order in rows(server, PackageOrder, patient_id=patient):
        cashier.tell(cashier.pay(order.number))
    first, second = sorted(rows(server, ServiceContract, patient_id=patient), key=lambda one: one.starts_on)
    assert second.starts_on == first.ends_on + timedelta(days=1)


def test_what_is_no_longer_sold_and_another_clients_order_are_not_to_be_had(
    server,
    cashier,
    phone,
    offer,
):
    wechat, _ = bound(server, phone, "周下架")
    path = bought(wechat, offer)
    stranger, _ = bound(server, phone, "周外")
    number = path.partition("o=")[2]
    assert stranger.get("/order", o=number).status_code == 422
    server.as_system(WithdrawOffer(package_offer_id=offer))
    assert stranger.post("/services", m="", offer=offer.hex).status_code == 422
    assert "已下架" in stranger.text()


def test_a_cashier_that_is_away_keeps_the_order(server, cashier, phone, offer):
    wechat, patient = bound(server, phone, "周断")
    path = bought(wechat, offer)
    cashier.fail("/orders", {"kind": "status", "status": 502})
    assert "收银服务暂时没有回应" in wechat.get(path).text
    assert "去支付" in wechat.get(path).text
    assert order_of(server, patient).state == "pending"


def test_where_no_cashier_is_set_up_it_says_so(prepared, vendors, phone, tmp_path):  # noqa: F811
    home = tmp_path / "home"
    home.mkdir()
    (home / "channels.toml").write_text(CHANNELS.format(**{n: v.url for n, v in vendors.items()}), "utf-8")
    (home / "secrets").mkdir()
    (home / "secrets" / "wechat").write_text(vendors["oa"].secret, "utf-8")
    with running_copy(prepared, home, secrets_dir=home / "secrets") as bare:
        offer = bare.as_system(PublishOffer(package="年度管理", price_yuan=299.5, days=365, content="随访"))
        wechat, _ = bound(bare, lambda: WeChat(bare, vendors, "oBare"), "周无")
        assert "还没有开通在线支付" in wechat.get(bought(wechat, offer)).text
        assert wechat.http.post(f"{bare.api.url}/pay/notify", data=b"{}").status_code == 404
