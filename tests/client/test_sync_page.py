"""The page of the exchange, and the bridge that tells open windows what changed."""

import uuid
from dataclasses import replace

import pytest

from client.live import changes_in, read_changes
from client.pages.sync.viewmodel import ViewModel as Sync
from client.ports import Refused, SyncState
from client.sync_look import SyncLook
from domain.people.patient_commands import EditPatient
from tests.client import seeding
from tests.client.test_pages import AT


@pytest.fixture
def run(open_desk):
    return lambda order: open_desk.dispatcher.run(order, seeding.system())


@pytest.fixture
def opened():
    made = []
    yield made
    for model in made:
        model.close()


class FakeSync:
    def __init__(self, state):
        self.now = state
        self.woken = 0

    def state(self):
        return self.now

    def wake(self):
        self.woken += 1

    def start(self):
        pass

    def stop(self):
        pass


def test_the_sync_page_says_what_waits_and_why_something_was_refused(context_for, opened, open_desk):
    refused = Refused(12, "specimen.unknown", {"value": "101000000198"}, AT)
    waiting = Refused(13, "patient.unknown", {}, AT, "deferred")
    open_desk.sync = FakeSync(
        SyncState("sending", 3, 2048, 500, 1000, conflicts=1, refused=(refused, waiting))
    )
    context, _ = context_for("it")
    page = Sync(context)
    opened.append(page)
    page.on_open()
    shown = {f.label: f.text for f in page.facts()}
    assert shown["状态"] == "正在上传"
    assert shown["等待上传的记录"] == "待传 3 项 2 KB"
    assert shown["被总院拒绝"] == "1"
    reasons = page.reasons()
    assert "101000000198" in reasons[0].text
    assert [r.kind for r in reasons] == ["被拒绝", "等待上级记录"]
    page.now()
    assert open_desk.sync.woken == 1


def test_changes_are_named_by_record_and_refused_ones_are_not(open_desk, seeded, run, nurse):
    before = read_changes(open_desk.store, 0).position
    run(EditPatient(patient_id=seeded[0][0].patient_id, phone="13900000001"))
    open_desk.dispatcher.record_refusal("people.edit", nurse, {})
    found = read_changes(open_desk.store, before)
    assert found.entities == {"patient"}
    assert found.has("patient", seeded[0][0].patient_id)
    assert not found.has("patient", seeded[1][0].patient_id)
    assert found.position == before + 2
    assert changes_in([]).records == {}


def test_after_a_long_run_of_changes_everything_counts_as_changed(open_desk, seeded, monkeypatch):
    monkeypatch.setattr("client.live.AT_ONCE", 3)
    found = read_changes(open_desk.store, 0)
    assert found.has("patient", uuid.uuid4())
    assert found.has("visit", uuid.uuid4())


def test_header_and_sync_page_never_disagree(context_for, opened, open_desk):
    """Both show the one look that the shell takes, whoever asks the worker in between."""
    phases = iter(["idle", "connecting", "sending", "receiving", "idle", "offline", "idle", "failed"])

    class Flickering(FakeSync):
        def state(self):
            return replace(self.now, phase=next(phases))

    open_desk.sync = Flickering(SyncState("idle"))
    context, _ = context_for("it")
    look = SyncLook(open_desk)
    header = []
    look.changed.connect(lambda state: header.append(state.phase))
    page = Sync(replace(context, sync=look))
    shown = []
    page.changed.connect(lambda: shown.append((page.state.phase, page.facts()[0].text)))
    for _ in range(4):
        look.look()
        page.look()
        assert page.state.phase == header[-1]
        assert page.facts()[0].text == context.say(f"sync.phase.{header[-1]}")
    assert len(header) == 8
    assert [phase for phase, _ in shown] == header
    page.close()
