"""R3.1.3: scans at nodes, who may record them, what comes next, how long rooms take and where they pile up."""

import random
from datetime import timedelta
from types import SimpleNamespace

import msgspec
import pytest

from domain.checkup.visit_commands import FinishVisit
from domain.kernel.clock import clinic
from domain.process.content_commands import WriteNode
from domain.process.item_commands import PerformItem, SettleItems
from domain.process.queueing import flows_of, loads_of, percentile, propose, wait_for
from domain.process.records import VisitItem
from domain.process.stay_commands import ScanAtNode, SkipNode
from domain.process.stay_records import ProcessEvent, ProcessStay, ScanKind
from tests.process.conftest import SYSTEM

MINUTE = timedelta(minutes=1)


def scan(hall, visit, node, actor=None, **more):
    return hall.run(ScanAtNode(visit_id=visit, node=node, **more), actor)


def test_the_scans_of_a_room_are_arriving_beginning_and_ending(hall, clock):
    visit = hall.visit("基础套餐")
    acts = []
    for _ in range(3):
        acts.append(scan(hall, visit, "ultrasound").act)
        assert scan(hall, visit, "ultrasound").act is None, "a scanner that reads twice says nothing new"
        clock.advance(4 * MINUTE)
    assert acts == [ScanKind.ARRIVE, ScanKind.BEGIN, ScanKind.END]
    [first] = hall.rows(ProcessStay)
    assert (first.began_at - first.arrived_at, first.ended_at - first.began_at) == (4 * MINUTE, 4 * MINUTE)
    assert (first.state, first.due_at) == ("done", None)
    [abdomen] = hall.rows(VisitItem, VisitItem.code == "abdomen")
    assert abdomen.state == "done", "what a room ended was carried out there"
    kinds = [(row.kind, row.node, row.by_name) for row in hall.rows(ProcessEvent)]
    assert kinds[:3] == [(kind, "ultrasound", hall.nurse.name) for kind in acts]


def test_the_next_room_ends_a_stay_nobody_ended_and_says_so(hall, clock):
    visit = hall.visit()
    scan(hall, visit, "urine")
    clock.advance(6 * MINUTE)
    scan(hall, visit, "ecg")
    left, now = sorted(hall.rows(ProcessStay), key=lambda row: row.arrived_at)
    assert (left.state, left.inferred, left.moved_at) == ("done", True, now.arrived_at)
    assert hall.rows(ProcessEvent)[-1].from_stay_id == left.id
    scan(hall, visit, "ecg", act=ScanKind.END)
    clock.advance(MINUTE)
    scan(hall, visit, "ecg")
    assert len(hall.rows(ProcessStay)) == 3, "who comes back stays there anew"


def test_who_may_record_at_a_node_is_the_nodes_to_say(hall):
    visit = hall.visit()
    refused = hall.refused(ScanAtNode(visit_id=visit, node="internal"))
    assert (refused.code, refused.field) == ("process.not_yours", "node")
    assert hall.rows(ProcessStay) == []
    assert scan(hall, visit, "internal", hall.doctor).act is ScanKind.ARRIVE
    order = WriteNode(
        code="internal", name="内科", order=80, roles="护士、医生", form="node_record", reason="护士代录"
    )
    hall.run(order, hall.admin)
    end = scan(hall, visit, "internal", act=ScanKind.END)
    assert end.form == "node_record", "the record's form is the node's own"
    assert hall.refused(ScanAtNode(visit_id=visit, node="nowhere")).code == "process.unknown_node"
    assert hall.refused(ScanAtNode(visit_id=visit, node="urine"), hall.admin).code == "permission.denied"


def test_breakfast_before_blood_is_asked_about(hall, clock):
    visit = hall.visit("基础套餐")
    refused = hall.refused(ScanAtNode(visit_id=visit, node="breakfast"))
    assert refused.code == "process.comes_after"
    assert refused.facts["before"] == "采血、超声"
    assert scan(hall, visit, "breakfast", anyway=True).act is ScanKind.ARRIVE


def test_a_skipped_node_leaves_its_items_open_with_the_reason(hall):
    visit = hall.visit("基础套餐")
    assert hall.refused(SkipNode(visit_id=visit, node="ecg", reason="x")).code == "process.not_here"
    scan(hall, visit, "ecg")
    hall.run(SkipNode(visit_id=visit, node="ecg", reason="心电图机故障"))
    [stay] = hall.rows(ProcessStay)
    assert (stay.state, stay.skip_reason) == ("skipped", "心电图机故障")
    [item] = hall.rows(VisitItem, VisitItem.code == "electrocardiogram")
    assert item.state == "planned"


def test_the_exit_scan_tells_what_is_not_done_and_makes_it_due(hall, clock):
    visit = hall.visit("基础套餐")
    said = scan(hall, visit, "exit")
    assert {"腹部超声", "心电图", "采集管"} <= set(said.lacking)
    assert said.next[0].node != "exit"
    [item] = hall.rows(VisitItem, VisitItem.code == "abdomen")
    assert item.due_at == clock()
    assert hall.rows(ProcessStay)[0].due_at == clock() + 15 * MINUTE
    assert hall.refused(FinishVisit(visit_id=visit)).code == "visit.incomplete"


def test_the_room_proposed_is_fasting_first_then_the_shortest_queue(hall, clock):
    visit = hall.visit("基础套餐")
    first = scan(hall, visit, "desk", act=ScanKind.ARRIVE)
    assert [one.node for one in first.next[:2]] == ["blood", "ultrasound"]
    for _ in range(12):
        scan(hall, hall.visit(), "ultrasound")
    later = scan(hall, visit, "desk", act=ScanKind.END)
    names = [one.node for one in later.next]
    assert names[0] == "blood"
    assert names.index("ultrasound") > names.index("ecg"), "55 minutes are more than fasting is worth"
    busy = next(one for one in later.next if one.node == "ultrasound")
    assert (busy.ahead, busy.places, busy.service, busy.wait) == (12, 2, 10.0, 55.0)
    for item in hall.rows(VisitItem, VisitItem.visit_id == visit):
        if not item.specimen:
            hall.run(PerformItem(visit_item_id=item.id))
    assert [one.node for one in scan(hall, visit, "urine").next] == ["blood"]


def test_a_visit_that_ended_elsewhere_is_at_no_node_any_more(hall):
    visit = hall.visit()
    scan(hall, visit, "urine")
    with hall.desk.store.write() as connection:
        connection.execute(
            ProcessStay.metadata.tables["visit"].update().values(state="finished", due_at=None)
        )
    hall.run(SettleItems(visit_ids=[visit]), SYSTEM)
    [stay] = hall.rows(ProcessStay)
    assert (stay.state, stay.inferred) == ("done", True)
    assert [row.kind for row in hall.rows(ProcessEvent)] == [ScanKind.ARRIVE, ScanKind.LEAVE]
    assert hall.run(SettleItems(visit_ids=[visit]), SYSTEM) == 0


def stay(node, at, wait, service, *, inferred=False, open_=False):
    began = None if wait is None else at + wait * MINUTE
    ended = None if service is None or began is None else began + service * MINUTE
    return SimpleNamespace(
        node=node, arrived_at=at, began_at=began, ended_at=ended, inferred=inferred, state="here" if open_ else "done"
    )  # fmt: skip


def test_how_long_a_room_takes_is_measured_by_hour_and_not_from_inferred_ends(hall, clock):
    begin = clock()
    stays = [stay("ecg", begin + n * MINUTE, n, 5) for n in range(1, 21)]
    stays += [stay("ecg", begin, 1, 500, inferred=True), stay("ecg", begin + 60 * MINUTE, 2, 60)]
    flows = {(one.node, one.hour): one for one in flows_of(hall.process, stays, lambda at: clinic(at).hour)}
    whole = flows["ecg", None]
    hour = flows["ecg", clinic(begin).hour]
    assert (whole.stays, whole.measured, whole.service_median) == (22, 21, 5)
    assert (hour.stays, hour.wait_median, hour.wait_p95, hour.service_p95) == (21, 10, 19, 5)
    assert flows["ecg", clinic(begin).hour + 1].overdue == 1
    assert percentile([], 95) is None


def test_a_bottleneck_is_told_with_its_reasons_and_only_when_it_is_one(hall, clock):
    now = clock()
    quiet = [stay("ecg", now - 20 * MINUTE, 1, 5), stay("ecg", now - 9 * MINUTE, 1, 5)]
    assert loads_of(hall.process, quiet, now)["ecg"].because == ()
    full = [stay("ecg", now - (n + 1) * MINUTE, None, None, open_=True) for n in range(7)]
    load = loads_of(hall.process, full, now)["ecg"]
    assert load.because == ("full", "growing", "waiting")
    assert (load.waiting, load.serving, load.growth, load.longest) == (7, 0, 7, 7.0)
    assert load.used == pytest.approx(7 * 5 / 30)
    assert load.wait == 35.0
    assert loads_of(hall.process, full, now + 30 * MINUTE)["ecg"].overdue == 0
    assert loads_of(hall.process, full, now + 39 * MINUTE)["ecg"].overdue == 6
    measured = [stay("ecg", now - 100 * MINUTE, 0, 9) for _ in range(5)]
    assert loads_of(hall.process, measured, now)["ecg"].service == 9


def test_more_people_ahead_never_shorten_the_wait_and_more_places_never_lengthen_it(hall):
    dice = random.Random(7)  # noqa: S311  (a test's own dice)
    node = hall.process.nodes["ultrasound"]
    for _ in range(300):
        waiting, serving, service = dice.randrange(9), dice.randrange(4), dice.uniform(1, 30)
        now = wait_for(node, waiting, serving, service)
        assert 0 <= now <= wait_for(node, waiting + 1, serving, service)
        wider = msgspec.structs.replace(node, places=node.places + 1)
        assert wait_for(wider, waiting, serving, service) <= now
    assert [one.node for one in propose(hall.process, [], {})] == ["exit"]
