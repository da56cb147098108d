"""Records from a branch to the centre and on into an empty one, beside PouchDB and RxDB doing the same, in one run.

Ours is the product: an encrypted store, a change log, bundles, resumable uploads, a server process that applies them
durably and answers with receipts, and signed pulls. PouchDB replicates from LevelDB to that of express-pouchdb;
RxDB replicates two databases in memory over HTTP, its documented way between processes. Both with the batches they
come with (100 documents) count; what 1,000 make of it is told beside. Nobody's file is flushed to the disk but ours.
Every round has new stores; the clock of each runs in its client process, over the replication alone. The processor
seconds told are those of client and server together (of ours with the readers of the log, unless they are apart).
"""

import contextlib
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from sync.tools.fault_proxy import FaultProxy
from tests.bench import sync_parties as parties
from tests.bench.goals import Goals
from tests.bench.sync_client import open_store
from tests.bench.sync_records import write_lines
from tests.peers import Served, replication

DEFAULT, LARGE = 100, 1000
GOALS = (
    ("push", "pouch_push", 4.0), ("push", "rxdb_push", 2.0), ("pull", "pouch_pull", 6.0),
    ("snapshot", "pouch_pull", 15.0),
)  # fmt: skip


class Peers:
    """What is made once and copied for each round, and what every way took in each."""

    def __init__(self, home: Path, count: int) -> None:
        self.home, self.count = home, count
        self.lines = home / "records.jsonl"
        self.took: dict[str, list[float]] = {}
        self.cpu: dict[str, list[float]] = {}
        self.wrong: list[str] = []
        self.waited_s: list[float] = []
        replication.folder()
        write_lines(self.lines, count)
        self.org = parties.make_centre(
            home / "centre", [home / name for name in ("sender", "puller", "filled", "asking")]
        )
        parties.fill(home / "sender", count)
        replication.pouch_client("fill", home / "pouch", "", str(self.lines))

    def time(
        self, name: str, server_cpu_s: Callable[[], float], way: Callable[[], dict[str, Any]], found: str
    ) -> None:
        """Run one way and keep what it took; it counts only if everything is where it should be.

        Args:
            server_cpu_s: Processor seconds of the server so far.
            found: Which of the told figures says how many records are there.
        """
        before = server_cpu_s()
        told = way()
        self.cpu.setdefault(name, []).append(told["cpu"] + server_cpu_s() - before)
        self.took.setdefault(name, []).append(told["seconds"])
        if told[found] < self.count or told.get("attention"):
            self.wrong.append(f"{name}: {told}")

    def rates(self, name: str) -> list[float]:
        return [self.count / seconds for seconds in self.took[name]]

    def ratio(self, ours: str, theirs: str) -> float:
        """The median over the rounds of how many times as fast we were."""
        pairs = zip(self.took[theirs], self.took[ours], strict=True)
        return median(their_s / our_s for their_s, our_s in pairs)

    def round(self, number: int) -> None:
        """Everybody once, each alone on the machine."""
        folder = self.home / f"round-{number}"
        folder.mkdir()
        self._ours(folder)
        self._pouch(folder, DEFAULT, "")
        self._pouch(folder, LARGE, f"_{LARGE}")
        for batch, suffix in ((DEFAULT, ""), (LARGE, f"_{LARGE}")):
            with served_by(replication.rxdb_server()) as (url, cpu_s):
                push = partial(replication.rxdb_client, "push", url, self.lines, batch)
                self.time(f"rxdb_push{suffix}", cpu_s, push, "docs")
        push = partial(replication.rxdb_client, "push", "here", self.lines, DEFAULT)
        self.time("rxdb_in_one_process", float, push, "docs")
        parties.remove(folder)
        shown = "  ".join(f"{name} {self.rates(name)[-1]:.0f}/s" for name in self.took)
        sys.stdout.write(f"  round {number}: {shown}\n")
        sys.stdout.flush()

    def _ours(self, folder: Path) -> None:
        for name in ("centre", "sender", "puller", "filled", "asking"):
            parties.copied(self.home / name, folder / name)
        with parties.serving(folder / "centre") as server:
            self._client("push", server, "push", folder / "sender", "sent")
            self._client("pull", server, "pull", folder / "puller", "received")
            # Another workstation asks first: the centre makes its snapshots in the night.
            asked = parties.client("snapshot", folder / "asking", server.url)
            self.waited_s.append(asked["waited_s"])
            self._client("snapshot", server, "snapshot", folder / "filled", "clients")
            parties.settled(server, *(folder / name for name in ("sender", "puller", "filled")))
        stores = [open_store(folder / name) for name in ("sender", "puller", "filled")]
        centre = parties.centre_store(folder / "centre")
        if not parties.same_rows(self.org, centre, *stores) or parties.clients_in(centre) != self.count:
            self.wrong.append("ours: the stores differ")
        for store in (centre, *stores):
            store.close()
        with parties.serving(parties.copied(self.home / "centre", folder / "c2"), readers="worker") as server:
            sender = parties.copied(self.home / "sender", folder / "s2")
            self._client("push_readers_apart", server, "push", sender, "sent")

    def _client(self, name: str, server: Any, action: str, folder: Path, found: str) -> None:
        self.time(name, server.cpu_s, partial(parties.client, action, folder, server.url), found)

    def _pouch(self, folder: Path, batch: int, suffix: str) -> None:
        files = folder / f"pouch{suffix}"
        filled = parties.copied(self.home / "pouch", files / "filled")
        with served_by(replication.pouch_server(files / "server")) as (url, cpu_s):
            for action, local in (("push", filled), ("pull", files / "empty")):
                way = partial(replication.pouch_client, action, local, f"{url}/records", str(batch))
                self.time(f"pouch_{action}{suffix}", cpu_s, way, "docs")

    def bytes_on_the_wire(self) -> dict[str, float]:
        """Return the bytes each document takes both ways, counted by a proxy in between."""
        folder = self.home / "counted"
        folder.mkdir()
        found: dict[str, float] = {}
        for name in ("centre", "sender", "puller", "filled"):
            parties.copied(self.home / name, folder / name)
        ways = {
            "push": ("push", "sender", "--only-send"), "coming_back": ("pull", "sender"),
            "pull": ("pull", "puller"), "snapshot": ("snapshot", "filled"),
        }  # fmt: skip
        with parties.serving(folder / "centre") as server:
            for way, (action, name, *more) in ways.items():
                found[way] = self._counted(
                    server.port,
                    lambda url, a=action, n=name, m=more: parties.client(a, folder / n, url, *m),
                )
        parties.copied(self.home / "pouch", folder / "pouch")
        with served_by(replication.pouch_server(folder / "server")) as (url, _):
            port = int(url.rpartition(":")[2])
            for action, local in (("push", folder / "pouch"), ("pull", folder / "empty")):
                found[f"pouch_{action}"] = self._counted(
                    port,
                    lambda at, a=action, to=local: replication.pouch_client(a, to, f"{at}/r", str(DEFAULT)),
                )
        parties.remove(folder)
        return found

    def _counted(self, port: int, work: Callable[[str], object]) -> float:
        proxy = FaultProxy("127.0.0.1", port).start()
        try:
            work(f"http://127.0.0.1:{proxy.port}")
        finally:
            proxy.stop()
        return (proxy.up_bytes + proxy.down_bytes) / self.count


@contextlib.contextmanager
def served_by(served: Served) -> Iterator[tuple[str, Callable[[], float]]]:
    """Give the address of a peer's server and its processor seconds, and stop it at the end."""
    try:
        yield f"http://127.0.0.1:{served.port}", partial(parties.cpu_s, served.process.pid)
    finally:
        served.stop()


def run(goals: Goals, home: Path, count: int, rounds: int) -> None:
    """Measure the rounds, then the bytes once: they do not vary."""
    peers = Peers(home, count)
    for number in range(rounds):
        peers.round(number)
    wire = peers.bytes_on_the_wire()
    goals.note(
        **{f"{name}_per_s": median(peers.rates(name)) for name in peers.took},
        **{f"{name}_cpu_s_per_10000": 1e4 * median(spent) / count for name, spent in peers.cpu.items()},
        **{f"{name}_bytes_per_record": size for name, size in wire.items()},
        **{f"push_vs_{name}": peers.ratio("push", name) for name in ("pouch_push_1000", "rxdb_push_1000",
                                                                     "rxdb_in_one_process")},
        push_readers_apart_vs_pouch_push=peers.ratio("push_readers_apart", "pouch_push"),
        snapshot_made_in_s=median(peers.waited_s),
    )  # fmt: skip
    for problem in peers.wrong:
        sys.stdout.write(f"  wrong: {problem}\n")
    goals.goal("peers_figures_that_do_not_count", len(peers.wrong), "<=", 0)
    for ours, theirs, limit in GOALS:
        goals.goal(f"{ours}_rate_vs_{theirs}", peers.ratio(ours, theirs), ">=", limit)
    goals.goal("push_bytes_vs_pouch", wire["push"] / wire["pouch_push"], "<=", 0.30)
    goals.goal("pull_bytes_vs_pouch", wire["pull"] / wire["pouch_pull"], "<=", 0.75)
