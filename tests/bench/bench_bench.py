"""The specimen bench and the store room over two million tubes: a scan, a rack of 96, the tree, an excursion.

``python -m tests.bench.bench_bench`` fills an encrypted store (synchronous=FULL) with tubes in boxes in freezers, by
SQL of the store itself, each tube with an event; what is scanned is made by commands. A scan begins where the router
hands it over and ends when its line has been painted, its commit included. Closing lines ``name value op goal
holds|short``, and bench-out/bench.json. ``--quick`` takes twenty thousand tubes.
"""

import argparse
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

import resources
from client.collector import Collector
from client.stations.storage.reading import rack_formats
from client.stations.storage.reading import sheet as sheet_for
from client.views.application import make_application
from domain import features
from domain.biobank.bench import Mode
from domain.biobank.commands import AliquotSpecimen, CreateContainer, ProcessSpecimen
from domain.biobank.rules import positions
from domain.environment.listing import list_waiting
from domain.environment.probe_commands import AddProbe
from domain.environment.reading_commands import TakenReading, TakeReadings
from domain.kernel.columns import to_microseconds
from domain.storage.filling import rebuild_fill
from domain.storage.rack_commands import CheckBox, ReceiveRack, StoreRack
from domain.storage.racks import RackPurpose, read_rack
from domain.storage.reading import read_container, read_tree
from tests.bench.bench_scan import BRANCH, Bench, judge
from tests.bench.goals import Goals, percentile

TUBES, QUICK = 2_000_000, 20_000
A_BOX, BOXES_A_FREEZER = 81, 500
SCANS, QUICK_SCANS = 500, 60
RACK_GOAL_S, LIST_GOAL_S = 1.0, 5.0
RUNS = 5

_CONTAINERS = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count)
INSERT INTO storage_container (id, org_id, code, name, kind, parent_id, rows, columns, temperature, door_order, ver)
SELECT unhex(printf('%032x', :base + i)), :org, printf(:code, i), printf(:code, i), :kind,
       CASE WHEN :inside = 0 THEN NULL ELSE unhex(printf('%032x', :parent + i / :inside)) END,
       9, 9, '-60 to -85', i, 1 FROM n
"""
_TUBES = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count)
INSERT INTO specimen (id, org_id, number, type, container, patient_id, slot, state, state_since, initial_ul,
                      remaining_ul, remaining_percent, thaws, out_s, sprec, ver)
SELECT unhex(printf('%032x', :base + i)), :org, printf('9%011d', i), 'SER', 'PPS',
       unhex(printf('%032x', :base + i / 20)), printf('OLD%07d:%s%d', i / 81, char(65 + i % 81 / 9), i % 9 + 1),
       'stored', :at, 500, 500, 100, 0, 0,
       'SER-SST-A-B-N-B-A', 1 FROM n
"""
_EVENTS = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count)
INSERT INTO specimen_event (id, org_id, specimen_id, kind, occurred_at, staff_name, ver)
SELECT unhex(printf('%032x', :base + i)), :org, unhex(printf('%032x', :tubes + i)), 'stored', :at + i,
       '测试员', 1 FROM n
"""
FREEZER_BASE, BOX_BASE, TUBE_BASE, EVENT_BASE = 0x1 << 64, 0x2 << 64, 0x3 << 64, 0x4 << 64


def fill(bench: Bench, tubes: int) -> int:
    """Put so many tubes into boxes and freezers; returns how many boxes there are."""
    boxes = -(-tubes // A_BOX)
    freezers = -(-boxes // BOXES_A_FREEZER)
    now = to_microseconds(bench.dispatcher.clock() - timedelta(days=1))
    org = BRANCH.bytes
    with bench.store.write() as connection:

        def run(statement: str, **values: Any) -> None:
            # Numbers over 64 bits do not fit SQLite: the front half of an id stands in the text of the statement.
            sql = statement
            for name in ("base", "parent", "tubes"):
                if name in values:
                    high, low = divmod(values.pop(name), 1 << 64)
                    sql = sql.replace(f"printf('%032x', :{name}", f"'{high:016x}' || printf('%016x', {low}")
            connection.execute(text(sql), {"org": org, **values})

        run(
            _CONTAINERS,
            count=freezers,
            base=FREEZER_BASE,
            code="FREEZER%04d",
            kind="freezer",
            parent=0,
            inside=0,
        )
        run(
            _CONTAINERS, count=boxes, base=BOX_BASE, code="OLD%07d", kind="box", parent=FREEZER_BASE,
            inside=BOXES_A_FREEZER,
        )  # fmt: skip
        run(_TUBES, count=tubes, base=TUBE_BASE, at=now)
        run(_EVENTS, count=tubes, base=EVENT_BASE, tubes=TUBE_BASE, at=now)
        rebuild_fill(connection)
    with bench.store.write() as connection:
        connection.execute(text("ANALYZE"))
    return boxes


def seconds(act: Any) -> tuple[float, Any]:
    """Return how long something took, and what it gave."""
    begun = time.perf_counter()
    found = act()
    return time.perf_counter() - begun, found


def spent(act: Any) -> tuple[float, float]:
    """Return the seconds something took by the clock and of the processor."""
    begun, own = time.perf_counter(), time.process_time()
    act()
    return time.perf_counter() - begun, time.process_time() - own


def rack_of(numbers: list[str]) -> bytes:
    """Return a reader's file of 96 positions."""
    wells = (f"{chr(65 + n // 12)}{n % 12 + 1:02d},{number}" for n, number in enumerate(numbers))
    return ("Rack ID,R1\n" + "\n".join(wells) + "\n").encode()


def whole_racks(goals: Goals, bench: Bench) -> None:
    """Read, look at and receive 96 tubes; then as many aliquots into a box; then check that box."""
    run, who = bench.dispatcher.run, bench.technician
    taken, stored, checked = [], [], []
    for n in range(RUNS):
        fresh = bench.collected(96)
        took = spent(lambda fresh=fresh: receive(bench, fresh))
        taken.append(took)
        made = []
        for number in fresh[:6]:
            run(ProcessSpecimen(number=number), who)
            order = AliquotSpecimen(number=number, count=16, volume_ul=500)
            made += [tube.number for tube in run(order, who).receipt]
        code = f"RACK{n}"
        run(CreateContainer(code=code, name=code, rows=8, columns=12), who)
        took = spent(lambda made=made, code=code: put_in(bench, made, code))
        stored.append(took)
        took = spent(lambda made=made, code=code: check(bench, made, code))
        checked.append(took)
    for name, found in (
        ("rack_of_96_received", taken), ("rack_of_96_stored", stored), ("box_of_96_checked", checked),
    ):  # fmt: skip
        goals.goal(f"{name}_s", max(clock for clock, _ in found), "<", RACK_GOAL_S)
        goals.goal(f"{name}_processor_s", max(own for _, own in found), "<", RACK_GOAL_S)


def receive(bench: Bench, numbers: list[str]) -> None:
    """From the bytes of the file to the commit."""
    found = sheet_for(
        bench.store, bench.technician, [read_rack(rack_of(numbers), rack_formats())], RackPurpose.RECEIVE, ""
    )
    receipt = bench.dispatcher.run(
        ReceiveRack(numbers=[w.code for w in found.wells.values()]), bench.technician
    ).receipt
    if receipt.done != len(numbers):
        raise RuntimeError(f"{receipt.refused[:2]}")


def put_in(bench: Bench, numbers: list[str], code: str) -> None:
    """From the bytes of the file to the commit."""
    found = sheet_for(
        bench.store, bench.technician, [read_rack(rack_of(numbers), rack_formats())], RackPurpose.STORE, code
    )
    order = StoreRack(container=code, tubes={p: w.code for p, w in found.wells.items()})
    receipt = bench.dispatcher.run(order, bench.technician).receipt
    if receipt.done != len(numbers):
        raise RuntimeError(f"{receipt.refused[:2]}")


def check(bench: Bench, numbers: list[str], code: str) -> None:
    """From the bytes of the file to the commit; everything lies where it should."""
    read = read_rack(rack_of(numbers), rack_formats())
    sheet_for(bench.store, bench.technician, [read], RackPurpose.CHECK, code)
    receipt = bench.dispatcher.run(CheckBox(container=code, found=dict(read.wells)), bench.technician).receipt
    if receipt.matched != len(numbers):
        raise RuntimeError(f"{receipt}")


def store_room(goals: Goals, bench: Bench) -> None:
    """The tree, one box, and the tubes an excursion of a whole freezer touched."""
    with bench.store.read() as connection:
        took, nodes = seconds(lambda: read_tree(connection, bench.technician))
        goals.note(tree_s=took, containers=len(nodes))
        boxes = [
            seconds(lambda: read_container(connection, bench.technician, "OLD0000007"))[0] for _ in range(50)
        ]
    goals.goal("box_opened_p95_ms", percentile(boxes, 0.95) * 1000, "<=", 50.0)
    run, who, now = bench.dispatcher.run, bench.technician, bench.dispatcher.clock()
    run(AddProbe(code="P1", name="冰箱", container="FREEZER0000", low=-90, high=-60), who)
    values = [*[-50.0] * 15, -80.0, -80.0]
    readings = [
        TakenReading("P1", now - timedelta(minutes=len(values) - n), value, "file")
        for n, value in enumerate(values)
    ]
    run(TakeReadings(readings=readings), who)
    listed: list[int] = []
    took, own = spent(lambda: listed.append(list_waiting(bench.dispatcher, who)))
    goals.note(exposed_tubes=listed[0])
    goals.goal("exposed_tubes_listed_s", took, "<=", LIST_GOAL_S)
    goals.goal("exposed_tubes_listed_processor_s", own, "<=", LIST_GOAL_S)


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    parser = argparse.ArgumentParser(description="The specimen bench over two million tubes")
    parser.add_argument("--tubes", type=int, default=TUBES)
    parser.add_argument("--scans", type=int, default=SCANS)
    parser.add_argument("--quick", action="store_true", help="a small store, for trying it out")
    chosen = parser.parse_args(arguments)
    tubes, scans = (QUICK, QUICK_SCANS) if chosen.quick else (chosen.tubes, chosen.scans)
    features.load()
    resources.folder("biobank")
    goals = Goals("bench")
    app, collector = make_application("light"), Collector()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), app)
        took, boxes = seconds(lambda: fill(bench, tubes))
        goals.note(tubes=tubes, boxes=boxes, filled_s=took, positions_a_box=len(positions(9, 9)))
        fresh = bench.collected(scans)
        judge(goals, "receive", bench.measure(Mode.RECEIVE, fresh), bench.spent)
        for number in fresh:
            bench.dispatcher.run(ProcessSpecimen(number=number), bench.technician)
        judge(goals, "store", bench.measure(Mode.STORE, bench.store_scans(fresh)), bench.spent)
        judge(goals, "look_up", bench.measure(Mode.LOOKUP, fresh), bench.spent)
        whole_racks(goals, bench)
        store_room(goals, bench)
        bench.store.close()
    collector.stop()
    return goals.close()


if __name__ == "__main__":
    sys.exit(main())
