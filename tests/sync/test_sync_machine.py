"""Branches write, lines break, replies are lost, backups return: the stores end equal and nothing is gone."""

import contextlib
import functools
import shutil
import tempfile
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from domain.kernel.change_log import Body, Change, append_entry, change_log
from domain.kernel.errors import DomainError, UnavailableError
from domain.kernel.ids import new_id, stable_id
from sync import push
from sync.branch import BranchSync
from sync.bundle_reader import BundleReader
from sync.entries import decode_sent
from sync.local_tables import inbound_bundle, parked_txn, refused_record
from sync.pruning import KEPT, log_start
from sync.rows import Rows
from sync.shapes import shape_of
from tests.sync.test_refusals import NOON, a_specimen, event_of
from tests.sync.world import HEAD, NORTH, SOUTH, World, Write, WriteMany

TEMPLATES: dict[str, Path] = {}


@pytest.fixture(autouse=True)
def _templates(empty_store, empty_centre):
    TEMPLATES.update(branch=empty_store, centre=empty_centre)


class Killed(BaseException):
    """The program ends here."""


PLACES = ("hello", "upload", "ask", "receipt", "pull")
KILLS = ("killed at upload", "killed at ask", "killed at receipt", "killed at settle", "killed at settled")


class BadLine:
    """The centre behind a line that breaks, or whose workstation is killed, at the n-th time it comes to a place.

    The places of sending are those of each bundle: the next may be there before the receipt of one is lost.
    """

    def __init__(self, centre):
        self._centre = centre
        self.fail, self.left = "", 99

    def __getattr__(self, name):
        return getattr(self._centre, name)

    def hello(self, hello):
        answer = self._centre.hello(hello)
        self.come_to("hello")
        return answer

    def send_bundle(self, data, bundle_id, progress, cancel):
        self.come_to("upload")
        self._centre.send_bundle(data, bundle_id, progress, cancel)

    def push(self, data, bundle_id, progress, cancel):
        self.come_to("ask")
        receipt = self._centre.push(data, bundle_id, progress, cancel)
        self.come_to("receipt")
        return receipt

    def pull(self, request):
        reply = self._centre.pull(msgspec.structs.replace(request, limit=3))
        self.come_to("pull")
        return reply

    def come_to(self, place):
        if self.fail.removeprefix("killed at ") != place:
            return
        self.left -= 1
        if self.left <= 0:
            raise Killed if self.fail.startswith("killed") else UnavailableError("transfer.no_connection")

    def watching(self, settle):
        """Return `settle` with its two places."""

        def watched(packed, receipt):
            self.come_to("settle")
            settle(packed, receipt)
            self.come_to("settled")

        return watched


class SyncMachine(RuleBasedStateMachine):
    """Three workstations, two of one branch, and the centre."""

    @initialize()
    def begin(self):
        self.folder = Path(tempfile.mkdtemp())
        self.many, push.MAX_COUNT = push.MAX_COUNT, 2  # several bundles an exchange
        self.world = World(self.folder, TEMPLATES["branch"], TEMPLATES["centre"])
        self.stations = [self.world.add_branch(org, wrap=BadLine) for org in (NORTH, NORTH, SOUTH)]
        self.typed = []
        self.backups = {}
        self.excused = set()
        self.pruned_words = set()
        self.events = {}
        self.serial = 0
        self.clones = 0
        self.centre_path = self.folder / "centre.db"
        self.centre_backup = None
        self.centre_restored = False
        for number, station in enumerate(self.stations):
            self.typed.append((f"初{number}", station))
            station.add_patient(f"Q{number}", name=f"初{number}")
            station.add("specimen", **a_specimen(f"T{number}", uuid.UUID(int=9)))
        self.world.settle(rounds=2)

    @contextlib.contextmanager
    def typing(self, station):
        """Give a function that makes values; they count as typed once the command was accepted."""
        made = []

        def a_value():
            self.serial += 1
            made.append(f"值{self.serial:05d}")
            return made[-1]

        with contextlib.suppress(DomainError):
            yield a_value
            self.typed += [(value, station) for value in made]

    def pick(self, station, entity, index):
        rows = station.rows(entity)
        return rows[index % len(rows)] if rows else None

    stations_ = st.integers(0, 3)
    indexes = st.sampled_from([0, 0, 0, 1, 1, 2, 3])

    def station(self, index):
        return self.stations[index % len(self.stations)]

    @rule(at=stations_, number=st.integers(0, 5))
    def register(self, at, number):
        station = self.station(at)
        with self.typing(station) as a_value:
            station.add_patient(f"P{number}", name=a_value())

    @rule(
        at=stations_, index=indexes, fields=st.sets(st.sampled_from(["name", "phone", "allergy"]), min_size=1)
    )
    def edit(self, at, index, fields):
        station = self.station(at)
        row = self.pick(station, "patient", index)
        if row is not None:
            with self.typing(station) as a_value:
                station.set("patient", row.id, **{name: a_value() for name in sorted(fields)})

    @rule(at=stations_, index=indexes)
    def delete(self, at, index):
        station = self.station(at)
        row = self.pick(station, "patient", index)
        if row is not None:
            station.remove("patient", row.id)

    @rule(at=stations_)
    def label(self, at):
        station = self.station(at)
        self.serial += 1
        station.add("specimen", **a_specimen(f"S{self.serial}", uuid.UUID(int=9)))

    @rule(at=stations_, index=indexes, slot=st.integers(0, 2), state=st.sampled_from(["stored", "discarded"]))
    def store(self, at, index, slot, state):
        station = self.station(at)
        row = self.pick(station, "specimen", index)
        if row is None:
            return
        event = uuid.uuid5(uuid.NAMESPACE_OID, f"event{self.serial}")
        values = {"state": state, "state_since": NOON + timedelta(seconds=self.serial), "slot": f"A{slot}"}
        with self.typing(station) as a_value:
            note = a_value()
            self.serial += 1
            station.run(WriteMany(orders=[
                Write(what="add", entity="specimen_event", record_id=event, values=event_of(row.id, note=note)),
                Write(what="set", entity="specimen", record_id=row.id, values=values),
            ]))  # fmt: skip
            self.events[event] = note

    @rule(at=stations_, number=st.integers(0, 3))
    def notice(self, at, number):
        station = self.station(at)
        record_id = stable_id("finding", station.org_id, number)
        if station.row("finding", record_id) is not None:
            return
        with self.typing(station) as a_value:
            station.add(
                "finding", record_id, visit_id=uuid.UUID(int=1), patient_id=uuid.UUID(int=2),
                observation_id=uuid.UUID(int=3), important_class="A", sentence=a_value(), rule="r",
                found_at=datetime(2026, 1, 1, tzinfo=UTC),
            )  # fmt: skip

    @rule(at=stations_, fail=st.sampled_from(("", *PLACES, *KILLS)), number=st.integers(1, 4))
    def exchange(self, at, fail, number):
        station = self.station(at)
        line = station.centre
        line.fail, line.left = fail, number
        station.sync.outbox.settle = line.watching(station.sync.outbox.settle)
        with contextlib.suppress(UnavailableError, Killed), out_if_revoked():
            station.exchange()
        line.fail = ""
        folder = station.path.parent / f"{station.path.stem}-bundles"  # it is started again
        station.sync = BranchSync(station.store, line, station.key, folder, clock=station.clock)

    @rule(at=stations_)
    def exchange_well(self, at):
        with out_if_revoked():
            self.station(at).exchange()

    @rule(at=stations_, first=st.booleans(), field=st.sampled_from(["name", "allergy", "phone"]))
    def two_edit_the_same(self, at, first, field):
        """The likeliest trouble, made likelier: both workstations of a branch change one field."""
        for station in self.stations[:2] if first else self.stations[1::-1]:
            row = self.pick(station, "patient", at)
            if row is not None:
                with self.typing(station) as a_value:
                    station.set("patient", row.id, **{field: a_value()})

    @rule(index=indexes)
    def deliver_an_old_bundle_again(self, index):
        bundles = self.world.centre.all(inbound_bundle)
        if bundles:
            bundle = bundles[index % len(bundles)]
            before = len(self.world.centre.all(change_log))
            with contextlib.suppress(DomainError):
                self.world.sync._intake.take(*self._opened(bundle))
            assert len(self.world.centre.all(change_log)) == before

    def _opened(self, bundle):
        from sync.devices import device_of

        opened = functools.partial(self.world.sync.blobs.open, bundle.bundle_id)
        with self.world.centre.store.read() as connection:
            device = device_of(connection, bundle.device_id)
        with opened() as stream:
            header = BundleReader(stream, lambda *_: True).header
        return device, opened, header, bundle.bundle_id, lambda *_: True

    @rule(at=stations_)
    def back_up(self, at):
        station = self.station(at)
        self.serial += 1
        target = self.folder / f"backup{self.serial}.db"
        station.backup(target)
        self.backups[at % len(self.stations)] = (target, len(self.typed))

    @rule(at=stations_)
    def restore(self, at):
        at %= len(self.stations)
        if at not in self.backups:
            return
        target, typed_then = self.backups[at]
        old = self.stations[at]
        gone = {value for value, station in self.typed[typed_then:] if station is old}
        self.excused |= gone - self.words_at_centre()
        self.stations[at] = old.restored(target, f"restored{self.serial}-{at}-{len(self.typed)}")
        self.world.branches.append(self.stations[at])

    @rule(at=stations_)
    def clone(self, at):
        if self.clones:
            return
        self.clones += 1
        station = self.station(at)
        target = self.folder / "clone-source.db"
        station.backup(target)
        self.stations.append(station.restored(target, "clone"))
        self.world.branches.append(self.stations[-1])

    @rule(at=stations_, years=st.integers(-10, 10))
    def clock_jumps(self, at, years):
        self.station(at).clock.offset = timedelta(days=365 * years)

    @rule(least=st.sampled_from([3, 30]))
    def a_year_passes_and_the_log_is_pruned(self, least):
        """Who has not read what is gone compares by content; what people typed was there to be read for a year."""
        self.pruned_words |= self.words_at_centre()
        self.world.centre.set("organization", SOUTH, name=f"南院{self.serial}")
        self.serial += 1
        self.world.clock.advance(KEPT + timedelta(days=1))
        self.world.sync.prune(least=least)

    @invariant()
    def positions_are_dense(self):
        if hasattr(self, "world"):
            with self.world.centre.store.read() as connection:
                start = log_start(connection)
            positions = [row.position for row in self.world.centre.all(change_log)]
            assert sorted(positions) == list(range(start, start + len(positions)))

    @rule(below=st.booleans())
    def scope_changes(self, below):
        """The southern branch comes under the northern one, or leaves it."""
        parent = NORTH if below else HEAD
        if self.world.centre.row("organization", SOUTH).parent_id != parent:
            self.world.centre.set("organization", SOUTH, parent_id=parent)

    @rule(at=stations_, back=st.booleans())
    def revoke(self, at, back):
        """A workstation is shut out for a while; what it has not sent waits."""
        station = self.station(at)
        revoked = None if back else self.world.clock()
        self.world.centre.set("workstation", station.device_id, revoked_at=revoked)

    @rule(at=stations_, index=indexes)
    def newer_program(self, at, index):
        """A workstation was upgraded before the centre: it sends a field nobody knows."""
        station = self.station(at)
        row = self.pick(station, "patient", index)
        if row is None:
            return
        self.serial += 1
        word = f"值{self.serial:05d}"
        send_unknown_field(station, row, word)
        self.typed.append((word, station))

    @rule(at=stations_)
    def compare(self, at):
        """The daily comparison finds nothing to mend: sync itself keeps the rows equal."""
        with contextlib.suppress(DomainError):
            done = self.station(at).sync.mend()
            assert done is None or done.records == 0, done

    @rule()
    def back_up_the_centre(self):
        self.centre_backup = (Path(self.folder) / f"centre-night{self.serial}.db", self.serial)
        with self.world.centre.store.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copyfile(self.centre_path, self.centre_backup[0])

    @rule()
    def restore_the_centre(self):
        """Last night's copy is put back. What workstations that are gone had sent since is nobody's to send again."""
        if self.centre_backup is None or self.centre_restored or self.backups:
            return
        self.centre_restored = True
        self.serial += 1
        path = Path(self.folder) / f"centre-again{self.serial}.db"
        shutil.copyfile(self.centre_backup[0], path)
        self.world.put_centre(path)
        self.centre_path = path

    def words_at_centre(self):
        """Everything that could be read at the centre: rows are in the log, refused values in its notes."""
        found = {}
        for row in self.world.centre.all(change_log):
            found |= dict.fromkeys(_words(msgspec.msgpack.decode(row.body)))
        for row in self.world.centre.all(parked_txn):
            found |= dict.fromkeys(_words(msgspec.msgpack.decode(decode_sent(row.payload).body)))
        return set(found) | self.pruned_words

    def quiesce(self):
        for station in self.stations:
            if self.world.centre.row("workstation", station.device_id).revoked_at is not None:
                self.world.centre.set("workstation", station.device_id, revoked_at=None)
        for _ in range(4):
            for station in self.stations:
                station.exchange()
        for number, station in enumerate(self.stations):
            for i, row in enumerate(station.all(refused_record)):
                if station.row(row.entity, row.record_id) is not None:
                    station.set(row.entity, row.record_id, number=f"M{number}-{i}-{self.serial}")
        for _ in range(4):
            for station in self.stations:
                station.exchange()

    def teardown(self):
        if not hasattr(self, "world"):
            return
        try:
            self.quiesce()
            for station in self.stations:
                assert self.world.explain(station) is None, station.path
                assert station.sync.outbox.unsent() == 0
            known = self.words_at_centre()
            assert [v for v, _ in self.typed if v not in known and v not in self.excused] == []
            for row in self.world.centre.rows("specimen_event"):
                assert row.note == self.events[row.id]
        finally:
            push.MAX_COUNT = self.many
            self.world.close()
            shutil.rmtree(self.folder)


@contextlib.contextmanager
def out_if_revoked():
    """A workstation that is shut out is refused, and nothing else is."""
    try:
        yield
    except DomainError as error:
        if error.code != "sync.device_revoked":
            raise


def send_unknown_field(station, row, word):
    """Write what a newer program would write: a value for a field that has no column here."""
    change = Change(
        "patient", row.id.bytes, row.org_id.bytes, "upd", row.ver, {"nickname": word}, {"nickname": None}
    )
    body = Body("future.nickname", None, "system", row.org_id.bytes, 2, [change])
    with station.store.write() as connection:
        shape = shape_of("patient")
        rows = Rows(connection)
        rows.load([("patient", row.id.bytes)])
        rows.update(shape, row.id.bytes, {"nickname": word}, None)
        rows.flush()
        append_entry(connection, txn_id=new_id(), device_id=station.device_id, at=0, body=body, for_sync=True)


def _words(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _words(one)
    elif isinstance(value, list):
        for one in value:
            yield from _words(one)


# Shrinking a failure of this machine takes minutes, and the printed steps are readable as they are.
_PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


def _settings(examples, steps):
    return settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, phases=_PHASES, print_blob=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip


def test_the_stores_end_equal_and_nothing_is_gone():
    run_state_machine_as_test(SyncMachine, settings=_settings(5, 40))


@pytest.mark.deep
def test_the_stores_end_equal_and_nothing_is_gone_a_thousand_times():
    run_state_machine_as_test(SyncMachine, settings=_settings(1000, 60))
