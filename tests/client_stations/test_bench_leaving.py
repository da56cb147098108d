"""Tubes that leave their place at the bench: out and back, and destroyed by two persons."""

import msgspec
import pytest

from client.ports import Scanned
from domain.biobank.bench import Mode
from domain.biobank.protocols import BIOBANK
from domain.kernel.authority import system_actor
from domain.people.staff_commands import CreateStaff
from tests.client_stations.bench_fixtures import slots, states
from tests.conftest import BRANCH, DEVICE


@pytest.fixture
def colleague_card(station_desk):
    order = CreateStaff(
        login="bench2", name="周技师", role="biobank_technician", password="Xk7#mQ2p-Lw9", org_id=BRANCH,
        card_no="T2",
    )  # fmt: skip
    station_desk.dispatcher.run(order, system_actor(BRANCH, DEVICE))
    return "T2"


def test_a_tube_is_taken_out_and_goes_back_to_its_own_place(
    model, scan, stored_tubes, box, station_desk, monkeypatch
):
    number = stored_tubes[1]
    model.set_mode(Mode.OUT)
    out = scan(number)
    assert (out.tone, out.title) == ("good", f"已取出（{box} A2）")
    again = scan(number)
    assert again.tone == "bad"
    assert "F5" in again.remedy, "a second scan does not put it back by accident"
    model.set_mode(Mode.STORE)
    back = scan(number)
    assert (back.tone, back.title) == ("good", f"已放回 {box} A2")
    assert "冻融 0 / 3" in back.remedy
    assert "未经本机构核定" in out.remedy
    assert "未经本机构核定" in back.remedy
    content = station_desk.dispatcher.content
    signed = msgspec.structs.replace(content[BIOBANK].keeping, verified=True)
    monkeypatch.setitem(content, BIOBANK, msgspec.structs.replace(content[BIOBANK], keeping=signed))
    model.set_mode(Mode.OUT)
    assert "核定" not in scan(number).remedy, "once somebody answered for them"
    assert slots(station_desk)[f"{box}:A2"] == number


def test_a_tube_is_destroyed_by_scan_reason_and_a_second_card(
    model, scan, stored_tubes, station_desk, colleague_card
):
    number = stored_tubes[0]
    model.set_mode(Mode.DESTROY)
    assert model.on_scan(Scanned("staff", colleague_card)) is False, "without a tube a card is the shell's"
    assert scan(number).tone == "ask"
    early = scan(colleague_card, "staff")
    assert (early.tone, early.detail) == ("bad", "还没有选择销毁原因。")
    model.digit(4)
    assert states(station_desk)[number] == "stored", "nothing happens before the second person"
    assert scan("nobody", "staff").tone == "bad"
    done = scan(colleague_card, "staff")
    assert (done.tone, done.title) == ("good", "已销毁")
    assert states(station_desk)[number] == "discarded"
