"""Tubes asked for, approved by another person, fetched by the way, shipped with a signed list, received in part."""

import json
from datetime import timedelta

import pypdfium2 as pdfium
import pytest

import resources
from domain.biobank.commands import StoreSpecimen
from domain.kernel.errors import DomainError
from domain.kernel.texts import Texts
from domain.storage.manifests import verified
from domain.storage.pick_commands import ApprovePick, CancelPick, ConfirmPicked, PickMissing, RequestPick
from domain.storage.pick_records import PickLine, PickList, Shipment, ShipmentCondition
from domain.storage.records import StorageTask
from domain.storage.shipment_commands import OpenShipment, PackTube, ReceiveShipment, SendShipment
from forms.printables import printables


@pytest.fixture
def placed(tubes, room):
    """Five aliquots: three in the rack's boxes, two on the other shelf; in the order of their numbers."""
    made = tubes.aliquots(5)
    for number, (box, place) in zip(
        made, (("B3", "A1"), ("B10", "A2"), ("B2", "B1"), ("B2", "A3"), ("B3", "C1")), strict=True
    ):
        tubes.run(StoreSpecimen(number=number, container=box, position=place))
    return made


@pytest.fixture
def head(as_role):
    return as_role("department_head")


def rows(tubes, kind):
    with tubes.desk.store.read() as connection:
        return connection.execute(kind.__table__.select()).all()


def refused(run, order):
    with pytest.raises(DomainError) as told:
        run(order)
    return told.value.code


def approved(tubes, head, numbers):
    picked = tubes.run(RequestPick(purpose="代谢组", numbers="，".join(numbers))).pick_list_id
    tubes.desk.run(ApprovePick(pick_list_id=picked), head)
    return picked


def test_the_way_goes_shelf_by_shelf_box_by_box(tubes, placed, head):
    approved(tubes, head, placed)
    lines = sorted(rows(tubes, PickLine), key=lambda line: line.route)
    assert [line.place for line in lines] == ["B2:A3", "B2:B1", "B10:A2", "B3:A1", "B3:C1"]
    assert lines[0].path == "S1 › F1 › L1 › R1 › B2"


def test_who_asks_does_not_approve_and_nothing_is_fetched_before(tubes, placed):
    picked = tubes.run(RequestPick(purpose="代谢组", numbers=placed[0])).pick_list_id
    assert refused(tubes.run, ApprovePick(pick_list_id=picked)) == "pick.own_request"
    assert refused(tubes.run, ConfirmPicked(pick_list_id=picked, number=placed[0])) == "pick_list.wrong_state"
    assert tubes.of(placed[0]).state == "stored"


def test_a_tube_is_reserved_for_one_list_and_free_when_it_is_cancelled(tubes, placed):
    receipt = tubes.run(RequestPick(purpose="甲", numbers=f"{placed[0]} 123 {placed[0]}\n{placed[1]}"))
    assert (receipt.reserved, [r.code for r in receipt.refused]) == (2, ["specimen_number.length"])
    assert refused(tubes.run, RequestPick(purpose="乙", numbers=placed[0])) == "pick.nothing"
    assert tubes.run(CancelPick(pick_list_id=receipt.pick_list_id)) == 2
    assert tubes.run(RequestPick(purpose="乙", numbers=placed[0])).reserved == 1


def test_a_wrong_tube_is_refused_and_the_list_ends_with_the_last_one(tubes, placed, head):
    picked = approved(tubes, head, placed[:3])
    assert refused(tubes.run, ConfirmPicked(pick_list_id=picked, number=placed[4])) == "pick.not_on_list"
    assert tubes.of(placed[4]).state == "stored"
    first = tubes.run(ConfirmPicked(pick_list_id=picked, number=placed[2]))
    assert (first.left, first.next_place) == (2, "B10:A2")
    assert refused(tubes.run, ConfirmPicked(pick_list_id=picked, number=placed[2])) == "pick.done_before"
    line = next(one for one in rows(tubes, PickLine) if one.number == placed[1])
    assert tubes.run(PickMissing(pick_line_id=line.id)).left == 1
    assert [(t.number, t.cause) for t in rows(tubes, StorageTask)] == [(placed[1], "missing")]
    assert tubes.run(ConfirmPicked(pick_list_id=picked, number=placed[0])).left == 0
    assert [one.state for one in rows(tubes, PickList)] == ["done"]


@pytest.fixture
def packed(tubes, placed, head):
    """A shipment of three tubes that were out for seven minutes before they were packed."""
    picked = approved(tubes, head, placed[:3])
    for number in placed[:3]:
        tubes.run(ConfirmPicked(pick_list_id=picked, number=number))
    shipment = tubes.run(
        OpenShipment(receiver="协作医院", condition=ShipmentCondition.DRY_ICE, logger="TL-7")
    )
    tubes.clock.advance(timedelta(minutes=7))
    assert refused(tubes.run, PackTube(shipment=shipment, number=placed[3])) == "specimen.wrong_state"
    for number in placed[:3]:
        tubes.run(PackTube(shipment=shipment, number=number))
    return shipment


def test_the_list_is_signed_and_a_changed_one_is_seen(tubes, packed, placed):
    [shipment] = rows(tubes, Shipment)
    text = tubes.run(SendShipment(shipment_id=shipment.id))
    manifest, key = verified(text)
    assert [tube["number"] for tube in manifest["tubes"]] == sorted(placed[:3])
    assert {tube["out_of_cold_s"] for tube in manifest["tubes"]} == {420}
    assert len(key) == 64
    assert "王美娜" not in text
    changed = json.loads(text)
    changed["manifest"]["tubes"][0]["remaining_ul"] = 1
    for bad, code in ((json.dumps(changed), "shipment.bad_signature"), ("{}", "shipment.no_manifest"),
                      ("nonsense", "shipment.no_manifest")):  # fmt: skip
        with pytest.raises(DomainError) as told:
            verified(bad)
        assert told.value.code == code
    assert refused(tubes.run, PackTube(shipment=packed, number=placed[3])) == "shipment.not_packing"


def test_a_part_arrives_and_what_does_not_is_searched_for(tubes, packed, placed):
    [shipment] = rows(tubes, Shipment)
    tubes.run(SendShipment(shipment_id=shipment.id))
    assert [tubes.of(n).slot for n in placed[:3]] == [None] * 3, "their places are free"
    tubes.clock.advance(timedelta(hours=5))
    part = tubes.run(ReceiveShipment(shipment=packed.lower(), numbers=placed[0]))
    assert (part.arrived, part.missing, part.state) == (1, 2, "partly")
    last = tubes.run(ReceiveShipment(shipment=packed, numbers=f"{placed[1]} FOREIGN-1", complete=True))
    assert (last.arrived, last.missing, last.extra, last.state) == (2, 1, ["FOREIGN-1"], "disputed")
    assert {(t.number, t.cause) for t in rows(tubes, StorageTask)} == {
        (placed[2], "shipment"), ("FOREIGN-1", "shipment"),
    }  # fmt: skip
    came = tubes.of(placed[0])
    assert (came.state, came.out_s, came.thaws) == ("processed", 420, 1), (
        "cold on the way, seven minutes before"
    )
    assert tubes.of(placed[2]).state == "shipped"
    tubes.run(StoreSpecimen(number=placed[0], container="B3", position="A1"))
    assert (
        refused(tubes.run, ReceiveShipment(shipment=packed, numbers=placed[2])) == "shipment.not_on_the_way"
    )


def test_a_way_without_cooling_is_time_out_of_the_cold(tubes, placed, head):
    picked = approved(tubes, head, placed[:1])
    tubes.run(ConfirmPicked(pick_list_id=picked, number=placed[0]))
    number = tubes.run(OpenShipment(receiver="本院实验室", condition=ShipmentCondition.AMBIENT))
    tubes.run(PackTube(shipment=number, number=placed[0]))
    [shipment] = rows(tubes, Shipment)
    tubes.run(SendShipment(shipment_id=shipment.id))
    tubes.clock.advance(timedelta(minutes=40))
    whole = tubes.run(ReceiveShipment(shipment=number, numbers=placed[0]))
    assert whole.state == "received"
    assert (tubes.of(placed[0]).out_s, tubes.of(placed[0]).thaws) == (2400, 1)


def test_the_list_is_printed_with_its_signature_and_without_a_name(tubes, packed, placed, technician):
    tubes.desk.content["texts"] = Texts.load(resources.folder("texts") / "zh")
    [shipment] = rows(tubes, Shipment)
    make = printables()["shipment_manifest"].make
    with pytest.raises(DomainError, match=r"shipment\.not_sent"):
        make(tubes.desk, technician, shipment.id)
    text = tubes.run(SendShipment(shipment_id=shipment.id))
    pages = pdfium.PdfDocument(make(tubes.desk, technician, shipment.id))
    printed = "".join("".join(page.get_textpage().get_text_range().split()) for page in pages)
    for number in placed[:3]:
        assert number in printed
    assert json.loads(text)["signature"] in printed
    assert "干冰" in printed
    assert "王美娜" not in printed
