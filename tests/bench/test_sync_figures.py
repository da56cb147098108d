"""The arithmetic of the bench of sync: ratios per round, the cost of one slice, and a whole small run that judges."""

import json
import uuid

import pytest

from sync.entries import NewEntry, append_entries
from sync.schema import prepare_store
from sync.stores import open_embedded_store
from tests.bench import goals as goals_module
from tests.bench import sync_apply, sync_poison
from tests.bench.goals import Goals
from tests.bench.sync_order import dense, emptied
from tests.bench.sync_peers import Peers
from tests.bench.sync_poison import Slices
from tests.bench.sync_records import fields_of, write_lines


def peers_that_took(**took):
    peers = Peers.__new__(Peers)
    peers.count, peers.took, peers.cpu, peers.wrong = 1000, took, {}, []
    return peers


def test_a_ratio_is_taken_within_each_round_and_the_middle_one_counts():
    peers = peers_that_took(push=[1.0, 2.0, 10.0], pouch_push=[4.0, 4.0, 50.0])
    assert peers.ratio("push", "pouch_push") == 4.0  # and not that of the medians, 2.0
    assert peers.rates("push") == [1000, 500, 100]


def test_a_figure_of_a_way_that_lost_something_is_told_as_wrong():
    peers = peers_that_took()
    peers.time("push", iter([1.0, 3.0]).__next__, lambda: {"seconds": 1.0, "cpu": 0.5, "sent": 1000}, "sent")
    peers.time("pouch_push", float, lambda: {"seconds": 0.5, "cpu": 0.0, "docs": 999}, "docs")
    assert [told.partition(":")[0] for told in peers.wrong] == ["pouch_push"]
    assert peers.cpu["push"] == [2.5]


def test_what_a_bad_record_costs_is_its_slice_beyond_its_neighbours():
    slices = Slices()
    slices.took, slices.with_bad = [1.0] * 9 + [2.0] + [1.0] * 9, 9
    assert slices.delay(slices.took) == pytest.approx(1 / 20)
    slices.with_bad = 3
    assert slices.delay(slices.took) == 0


def test_records_have_about_a_kibibyte_and_are_no_copies(tmp_path):
    write_lines(tmp_path / "lines", 200)
    lines = (tmp_path / "lines").read_bytes().splitlines()
    assert 900 < sum(map(len, lines)) / len(lines) < 1200
    assert len({json.loads(line)["allergy"] for line in lines}) == 200
    assert fields_of(7) == fields_of(7)


def test_a_log_with_a_gap_is_not_dense(tmp_path):
    store = open_embedded_store(tmp_path / "c.db")
    prepare_store(store)
    emptied(store)
    device, org = uuid.uuid4(), uuid.UUID(int=1)
    entries = [NewEntry(uuid.uuid4(), device, 1, None, 0, "done", b"", frozenset({org})) for _ in range(3)]
    with store.write() as connection:
        append_entries(connection, entries)
    assert dense(store)
    with store.write() as connection:
        connection.exec_driver_sql("DELETE FROM change_log WHERE position = 2")
    assert not dense(store)
    store.close()


@pytest.mark.parametrize("part", [sync_apply, pytest.param(sync_poison, marks=pytest.mark.deep)])
def test_a_small_run_judges_what_it_measured(part, tmp_path, monkeypatch):
    monkeypatch.setattr(goals_module, "FOLDER", tmp_path / "out")
    goals = Goals("small")
    part.run(goals, tmp_path, 40, 1)
    assert goals.close() == 0
    told = {goal["name"]: goal for goal in json.loads((tmp_path / "out" / "small.json").read_text())["goals"]}
    right = "apply_digests_equal_rounds" if part is sync_apply else "poison_runs_with_all_others_there"
    assert told[right]["holds"]
    assert len(told) == 2
