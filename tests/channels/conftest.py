"""Channels against simulators on this machine; whatever would leave it fails the test."""

import contextlib
import ipaddress
import socket
import threading
import uuid
from types import SimpleNamespace

import pytest
import requests

import resources
from domain.messaging.commands import BindAddress
from domain.messaging.records import Category, Channel
from domain.messaging.sending_commands import Parcel
from domain.messaging.templates import TEMPLATES, load_templates
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from server.channels.accounts import Account, ChannelSettings, Secrets, VendorTemplate
from server.channels.book import ChannelBook
from server.channels.sender import Sender
from server.channels.tokens import Tokens
from server.channels.wire import Wire

BORN_ON = "19800501"
SECRETS = {
    "AFTERCHECK_SECRET_ALI": "aliyun-secret-of-the-simulator",
    "AFTERCHECK_SECRET_TX": "tencent-secret-of-the-simulator",
}


@pytest.fixture(autouse=True)
def _nobody_leaves(monkeypatch):
    """Refuse every connection that is not to this machine."""
    connect = socket.socket.connect

    def guarded(self, address):
        if (
            self.family in (socket.AF_INET, socket.AF_INET6)
            and not ipaddress.ip_address(address[0]).is_loopback
        ):
            raise AssertionError(f"a test tried to reach {address}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def desk(store, clock):
    from domain.kernel.dispatcher import Dispatcher

    content = {"number_prefix": "101", TEMPLATES: load_templates(resources.folder("messages"))}
    return Dispatcher(store, clock=clock, content=content)


@pytest.fixture
def operator(as_role):
    return as_role("department_head")


@pytest.fixture
def system():
    from domain.kernel.authority import system_actor
    from tests.conftest import BRANCH, DEVICE

    return system_actor(BRANCH, DEVICE)


@pytest.fixture
def client(desk, as_role):
    """A client who can be reached by SMS."""
    from datetime import date

    order = RegisterPatient(
        name="周消息", sex=Sex.FEMALE, birth_date=date(1980, 5, 1), phone="13800000001", another_person=True
    )
    return desk.run(order, as_role("nurse")).receipt.patient_id


def sms_account(kind, url, **more):
    templates = {
        "form_invite": VendorTemplate("SMS_1", ("client", "org", "link")),
        "contact_us": VendorTemplate("SMS_2", ("client", "service_phone")),
        "follow_up_reminder": VendorTemplate("SMS_3", ("client", "link")),
        "staff_alert": VendorTemplate("SMS_4", ("alert",)),
    }
    given = {
        "sms_aliyun": {"app_id": "ali-key", "secret": "ali", "sign_name": "检后通"},
        "sms_tencent": {"app_id": "tx-key", "secret": "tx", "sdk_app_id": "1400", "sign_name": "检后通"},
    }[kind]
    return Account(
        id=f"{kind.replace('_', '-')}-1", kind=kind, base_url=url, templates=templates, **{**given, **more}
    )


@pytest.fixture
def sender_of(desk, system, clock, tmp_path):
    """Return a function that makes a sender with these accounts; patience with a vendor is a second."""
    made = []

    def make(*accounts, secrets=SECRETS, chance=lambda: 0.5):
        settings = ChannelSettings(public_url="https://p.example", account=accounts)
        tokens = Tokens(tmp_path / f"tokens{len(made)}.db", clock)
        book = ChannelBook(settings, Secrets(None, secrets), desk.store, clock, tokens)
        for _account, adapter in book._adapters:
            if isinstance(getattr(adapter, "_wire", None), Wire):
                adapter._wire._read_s = 0.5
        made.append(book)
        return Sender(desk, system, book, b"k" * 32, chance)

    yield make
    for book in made:
        book.close()


@pytest.fixture
def told(desk):
    """Return a function that reads the messages of the outbox, the oldest first."""
    from sqlalchemy import select

    from domain.messaging.records import OutboxMessage

    def read(**wanted):
        table = OutboxMessage.__table__
        with desk.store.read() as connection:
            rows = connection.execute(select(table).order_by(table.c.queued_at, table.c.id)).all()
        return [r for r in rows if all(getattr(r, name) == value for name, value in wanted.items())]

    return read


def parcel_for(channel, template="form_invite", address="13800000001", **more):
    """A message as an adapter gets it, without a store."""
    params = {"client": "周女士", "org": "总院", "link": "https://p.example/p/x", "alert": "接口中断预警"}
    given = {
        "message_id": uuid.uuid4(), "org_id": uuid.uuid4(), "channel": Channel(channel),
        "category": Category.REMINDER,
        "template": template, "title": "标题", "text": "正文", "params": params, "address": address, "via": None,
        "attempt": 1, "vendor_id": None, "has_body": False, "again": False,
    }  # fmt: skip
    return Parcel(**{**given, **more})


def bound(desk, actor, patient, channel, address, **more):
    return desk.run(
        BindAddress(patient_id=patient, channel=Channel(channel), address=address, **more), actor
    ).receipt


@pytest.fixture
def lost_line():
    """A service that takes a call and closes the line without an answer."""
    server = socket.create_server(("127.0.0.1", 0))
    stopping = threading.Event()

    def serve():
        while not stopping.is_set():
            with contextlib.suppress(OSError):
                line, _ = server.accept()
                line.recv(65536)
                line.close()

    threading.Thread(target=serve, daemon=True).start()
    yield SimpleNamespace(url=f"http://127.0.0.1:{server.getsockname()[1]}", http=requests)
    stopping.set()
    with contextlib.suppress(OSError):
        server.shutdown(socket.SHUT_RDWR)
    server.close()
