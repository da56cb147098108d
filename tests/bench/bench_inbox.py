"""The inbox at 100,000 conversations: reading it, and opening the page, for an operator and for who sees all.

The store is an encrypted branch store; conversations belong to twenty operators, two hundred of them are owed.
"""

import os
import statistics
import sys
import tempfile
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop
from PySide6.QtWidgets import QApplication

import resources
from client.background import Jobs
from client.formatting import Formatter
from client.live import Live
from client.pages.inbox.reading import read_inbox, read_transcript
from client.pages.inbox.view import View
from client.pages.inbox.viewmodel import ViewModel
from client.station import Context
from client.views.application import make_application
from domain import features
from domain.conversations.records import Conversation, ConversationMessage
from domain.kernel.authority import Actor, Authority
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.prepared import insert_into
from domain.kernel.store import Store
from domain.kernel.texts import Texts
from domain.kernel.unit_of_work import stored_values, table_of
from domain.people.records import Patient, Sex, Staff
from sync.schema import prepare_store
from sync.stores import open_branch_store
from tests.bench.goals import Goals, percentile

ORG, DEVICE = uuid.UUID(int=0xB1), uuid.UUID(int=0xD1)
START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
OPERATORS, OWED, SAID = 20, 200, 20
LIMIT_MS = 150


def fill(store: Store, count: int) -> list[uuid.UUID]:
    """Put conversations with their clients and messages into the store; returns the operators."""
    staff = [
        Staff(
            id=uuid.UUID(int=0x5000 + at), org_id=ORG, login=f"op{at}", name=f"运营{at}", role="messaging_operator",
            password_hash="x", password_set_at=START, active=True, must_change=False, ver=0,
        )
        for at in range(OPERATORS)
    ]  # fmt: skip
    rows: dict[type, list[Any]] = {Staff: staff, Patient: [], Conversation: [], ConversationMessage: []}
    for at in range(count):
        owed = at % (count // OWED) == 0
        last = START - timedelta(minutes=at % 50_000)
        patient = uuid.UUID(int=0x100000000 + at)
        here = uuid.UUID(int=0x200000000 + at)
        rows[Patient].append(
            Patient(
                id=patient,
                org_id=ORG,
                number=f"P{at:07}",
                name=f"客户{at}",
                sex=Sex.FEMALE,
                id_type="01",
                ver=0,
            )
        )
        rows[Conversation].append(
            Conversation(
                id=here, org_id=ORG, channel="official_account", account="oa", kind="service",
                address_id=uuid.UUID(int=at + 1), patient_id=patient, owner_id=staff[at * 7 % OPERATORS].id,
                labels=["高危"],
                handed_on=0, owed_since=last if owed else None, last_at=last,
                last_text="医生您好，请问复查要空腹吗？",
                state="owed" if owed else "answered", state_since=last,
                due_at=last + timedelta(minutes=30) if owed else None, ver=0,
            )
        )  # fmt: skip
        for number in range(SAID if owed else 1):
            rows[ConversationMessage].append(
                ConversationMessage(
                    id=uuid.uuid5(here, str(number)), org_id=ORG, conversation_id=here, patient_id=patient,
                    direction="in" if number % 2 == 0 else "out", form="text", text="请问复查要空腹吗？", at=last,
                    media_tries=0, automatic=False, ver=0,
                )
            )  # fmt: skip
    for kind, records in rows.items():
        for start in range(0, len(records), 20_000):
            with store.write() as connection:
                insert_into(table_of(kind)).many(
                    connection, [stored_values(r) for r in records[start : start + 20_000]]
                )
    return [one.id for one in staff]


def timed(work: Any, times: int = 20) -> list[float]:
    """Return milliseconds of each run."""
    found = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        found.append((time.perf_counter() - begun) * 1000)
    return found


def opened(context: Context) -> tuple[float, float]:
    """Return milliseconds from nothing to the page with its list: by the clock, and of this process alone."""
    begun, worked = time.perf_counter(), time.process_time()
    model = ViewModel(context)
    view = View(model)
    view.resize(1366, 768)
    view.show()
    loop = QEventLoop()
    model.transcript_changed.connect(lambda: model.transcript and loop.quit())
    model.on_open()
    loop.exec()
    view.grab()
    taken = (time.perf_counter() - begun) * 1000, (time.process_time() - worked) * 1000
    model.close()
    view.close()
    view.deleteLater()
    QApplication.processEvents()
    return taken


def main() -> int:
    """Measure and print."""
    quick = "--quick" in sys.argv
    goals = Goals("inbox")
    features.load()
    make_application("light")
    with tempfile.TemporaryDirectory() as folder:
        store = open_branch_store(Path(folder) / "branch.db", bytes(range(32)))
        prepare_store(store)
        count = 5_000 if quick else 100_000
        operators = fill(store, count)
        goals.note(conversations=count, load_average=os.getloadavg()[0])
        authority = Authority.load(resources.folder("roles.yaml"))
        actors = {
            role: authority.actor(
                staff_id=operators[0], name="运营", role=role, org_id=ORG, device_id=DEVICE, subtree=()
            )
            for role in ("messaging_operator", "department_head")
        }
        for role, actor in actors.items():
            _reading(goals, store, role, actor)
        jobs, texts = Jobs(), Texts.load(resources.folder("texts") / "zh")
        dispatcher = Dispatcher(store)
        live = Live(store, jobs)
        desk: Any = SimpleNamespace(store=store, dispatcher=dispatcher, clock=lambda: START, texts=texts)
        for role, actor in actors.items():
            context = Context(desk, actor, jobs, live, Formatter(texts), None, lambda *_a, **_k: None)
            opened(context)
            times = [opened(context) for _ in range(10)]
            goals.goal(f"open_{role}_ms", statistics.median(clock for clock, _ in times), "<=", LIMIT_MS)
            goals.note(
                **{
                    f"open_{role}_worst_ms": max(clock for clock, _ in times),
                    f"open_{role}_processor_ms": statistics.median(own for _, own in times),
                }
            )
        live.stop()
        jobs.close()
        store.close()
    return goals.close()


def _reading(goals: Goals, store: Store, role: str, actor: Actor) -> None:
    def read() -> None:
        with store.read() as connection:
            lines = read_inbox(connection, actor)
            read_transcript(connection, actor, lines[0].id)

    times = timed(read)
    goals.note(
        **{f"read_{role}_median_ms": statistics.median(times), f"read_{role}_p95_ms": percentile(times, 0.95)}
    )


if __name__ == "__main__":
    sys.exit(main())
