"""The region itself: days pass, troubles come, then everything comes to rest and is compared."""

import json
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sync.digest import Digest, differing, store_digest
from tests.region.centre import CentreProcess, watched_memory
from tests.region.crew import Crew, IdleWatch, Told
from tests.region.ledger import Typed, missing, read_ledger
from tests.region.plan import Day, Plan
from tests.region.station import EVERYBODY, folder_of

DAY = timedelta(days=1)
ROUNDS = 24
"""After so many rounds without trouble everything is at rest, or something is wrong."""
BUSY_EVERY_S = 0.5
QUIET_EVERY_S = 0.2
"""Seconds between two looks of idle branches: as often as 300 branches ask that ask once a minute."""
ASKED_AGAIN = 5
"""So often a workstation that differs may have been overtaken by the server's own writing."""
MENDED_ROUNDS = 5
"""In so many of them people mend what the centre refused: a number may be taken once more."""
_MOVES = ("sent", "news", "files", "mended", "unsent")
"""What tells that a workstation is not at rest; what the centre's watch notes of its nodes every minute does not."""


@dataclass
class Outcome:
    """What a run proved and measured."""

    seed: int
    days: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    crashes: list[str] = field(default_factory=list)
    unequal: list[str] = field(default_factory=list)
    restless: list[str] = field(default_factory=list)
    """Workstations that were not at rest at the end, each with what it still did or why it could not."""
    lost: list[Typed] = field(default_factory=list)
    files_lost: list[str] = field(default_factory=list)
    typed: int = 0
    excused: int = 0
    mended: int = 0
    memory_mib: list[float] = field(default_factory=list)
    idle: Told = field(default_factory=dict)
    quiet: Told = field(default_factory=dict)
    """As `idle`, but measured at the end, while nobody works."""
    load: float = 0.0
    """Of the machine over the last five minutes of work; `quiet` has that of its last minute."""
    workstations: int = 0
    exchange_s: list[float] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not (self.crashes or self.unequal or self.restless or self.lost or self.files_lost)


class Region:
    """One run.

    Args:
        home: An empty folder; everything lies below it.
        plan: Who and what.
        workers: Workstations at work at once.
        address: MariaDB, or empty for the embedded store.
        disks: Folder for the workstations' disks, which are other machines': they need not share the centre's.
        say: Told how it goes, a line at a time.
    """

    def __init__(
        self, home: Path, plan: Plan, *, workers: int = 2, address: str = "", disks: Path | None = None,
        say: Callable[[str], None] = print,
    ) -> None:  # fmt: skip
        self.home, self.plan, self.say = home, plan, say
        if disks is not None:
            (home / "stations").symlink_to(disks)
        self.workers = workers
        self.centre = CentreProcess(home, address)
        self.outcome = Outcome(plan.seed)
        self.states: dict[int, Told] = {}
        self.stations = sorted(plan.posts)
        self._in_contact: dict[int, int] = {}
        self._back_since = -1
        self._night = -1
        self._shut_out: dict[int, list[int]] = {}
        self._copies: set[int] = set()

    def run(
        self, days: int, *, minutes: float = 0.0, rest_minutes: float = 0.0, quiet_s: float = 0.0
    ) -> Outcome:
        """Live through `days`, or as many as begin within `minutes`, then rest and check.

        Args:
            days: At least so many.
            minutes: Further ones begin until then.
            rest_minutes: Who is not at rest after that is told as restless; 0 for no limit but `ROUNDS`.
            quiet_s: Measure idle branches for so long once all are at rest.

        Returns:
            What was found. The centre is stopped; the folder stays for whoever wants to look.
        """
        self.centre.prepare(self.plan)
        self.centre.start()
        self.crew = Crew(self.home, self.workers)
        idle = IdleWatch(self.home, self.centre.port, self.plan.idle, BUSY_EVERY_S)
        try:
            with watched_memory(self.centre) as self.outcome.memory_mib:
                until = time.monotonic() + minutes * 60
                while self.outcome.days < days or (minutes and time.monotonic() < until):
                    self._live(self.plan.day(self.outcome.days, self.stations))
                    self.outcome.days += 1
                self.outcome.idle, self.outcome.load = idle.end(), os.getloadavg()[1]
                self._rest(time.monotonic() + rest_minutes * 60 if rest_minutes else float("inf"))
                if quiet_s:
                    self.outcome.quiet = self._be_quiet(quiet_s)
                self._ask_states(self.stations)
                self._compare_with_the_living()
        finally:
            self.crew.close()
            self.centre.stop()
        return self.outcome

    def _live(self, day: Day) -> None:
        begun, before = time.monotonic(), Counter(self.outcome.counts)
        self._troubles_of_the_morning(day)
        over = [0]

        def done(told: Told) -> None:
            self._note(told)
            over[0] += 1
            if over[0] == day.kill_server_at:
                self.centre.kill()
                self.centre.start()
                self.outcome.counts["server_killed"] += 1
            if over[0] == day.restore_server_at and self.centre.embedded and self._night == day.number - 1:
                self._restore_the_centre(day)

        self.crew.do(day.jobs, self.centre.port, done)
        if self.centre.embedded:
            self.centre.back_up()
            self._night = day.number
        self.centre.advance(DAY)
        new = self.outcome.counts - before
        self.say(
            f"day {day.number}: {len(day.jobs)} workstations, {new['acts']} acts, {new['exchanges']} exchanges, "
            f"{new['failed']} failed, {new['killed']} killed, server {self.centre.memory_mib():.0f} MiB, "
            f"{time.monotonic() - begun:.0f} s"
        )

    def _troubles_of_the_morning(self, day: Day) -> None:
        def do(kind: str, stations: list[int], **more: Any) -> None:
            self.crew.do([{"station": s, **more} for s in stations], self.centre.port, self._note, kind)

        do("back_up", day.backed_up)
        do("restore", [s for s in day.restored if self._may_lose_its_disk(s, day)])
        for station in day.cloned:
            copy = self.stations[-1] + 1
            do("clone", [station], to=copy)
            self.stations.append(copy)
            self._in_contact[copy] = -1
            self._copies |= {station, copy}
        for station, years in day.skewed.items():
            (folder_of(self.home, station) / "skew").write_text(json.dumps(years))
            self.outcome.counts["clock_off_by_years"] += 1
        if (
            day.restore_server_at is None
        ):  # what the centre itself says after its backup is nobody's to send again
            self._operate(day)

    def _operate(self, day: Day) -> None:
        back = self._shut_out.pop(day.number - 3, [])
        if back:
            self.centre.reinstate()
        known = [s for s in day.revoked if s in self.centre.devices]
        if known:
            self.centre.revoke(known)
            self._shut_out[day.number] = known
            self.outcome.counts["revoked"] += len(known)
        for branch, area in day.moved:
            self.centre.move(branch, area)
            self.outcome.counts["scope_moved"] += 1

    def _may_lose_its_disk(self, station: int, day: Day) -> bool:
        """Two losses at once are not promised: a disk and the centre's store with the same work on both.

        So no disk is lost on a day the centre goes back, nor before the workstation was in contact again since.
        """
        if day.restore_server_at is not None:
            return False
        return self._back_since < 0 or self._in_contact.get(station, -1) > self._back_since

    def _restore_the_centre(self, day: Day) -> None:
        self.centre.stop()
        self.centre.put_back()
        self.centre.start()
        self._back_since = day.number
        self.outcome.counts["server_restored"] += 1

    def _note(self, told: Told) -> None:
        counts = self.outcome.counts
        if told.get("fault"):
            counts[f"fault_{told['fault']}"] += 1
        for name in ("acts", "refused", "sent", "received", "files", "attention"):
            counts[name] += told.get(name, 0)
        counts["renewed"] += bool(told.get("renewed"))
        counts["killed"] += bool(told.get("killed"))
        if told["kind"] in {"back_up", "clone"} or told.get("restored"):
            counts[told["kind"]] += 1
        self.outcome.mended += told.get("mended", 0) if told["kind"] == "day" else 0
        if "crash" in told:
            self.outcome.crashes.append(f"{told['station']} day {told['day']}: {told['crash']}")
        if "code" in told:
            counts["failed"] += 1
            self.outcome.codes[told["code"]] += 1
        if "unsent" in told and told["kind"] == "day":
            counts["exchanges"] += 1
            self.outcome.exchange_s.append(told["exchange_s"])
            self._in_contact[told["station"]] = told["day"]

    def _be_quiet(self, seconds: float) -> Told:
        idle = IdleWatch(self.home, self.centre.port, self.plan.idle, QUIET_EVERY_S)
        time.sleep(seconds)
        return {**idle.end(), "load": os.getloadavg()[0]}

    def _rest(self, until_s: float) -> None:
        """End every trouble and exchange until nothing moves; then compare as the product does daily."""
        self.centre.reinstate()
        quiet, compare = 0, False
        moved: list[str] = []
        for number in range(ROUNDS):
            if time.monotonic() > until_s:
                break
            begun = time.monotonic()
            moved = []
            held: list[int] = []

            def done(told: Told, moved: list[str] = moved, held: list[int] = held) -> None:
                self._note(told)
                if told.get("held"):
                    held.append(told["station"])
                # Copies of one disk take turns in renewing the identity, and send what the other did not know of.
                looked = _MOVES[told["station"] in self._copies :]
                if told.get("code") or told.get("killed") or any(told.get(name) for name in looked):
                    kept = ("station", "code", "facts", *_MOVES)
                    moved.append(str({name: told[name] for name in kept if told.get(name)}))

            day = {"day": self.outcome.days + number, "exchange": True, "compare": compare}
            alone = [s for s in self.stations if s not in self._copies]
            self.crew.do([{"station": s, **day} for s in alone], self.centre.port, done)
            for station in sorted(self._copies):  # two at once would renew it under each other's hands
                self.crew.do([{"station": station, **day}], self.centre.port, done)
            if 1 <= number <= MENDED_ROUNDS:
                self.crew.do([{"station": s} for s in held], self.centre.port, self._note, "mend_refused")
            took_s = time.monotonic() - begun
            self.say(f"rest {number}: {len(moved)} workstations moved something {moved[:3]}, {took_s:.0f} s")
            quiet = 0 if moved else quiet + 1
            compare = compare or quiet > 0
            if quiet == 2:
                return
        self.outcome.restless = moved or [
            f"nobody moved in the last of {number} rounds, but that was one alone"
        ]

    def _ask_states(self, stations: list[int]) -> None:
        def done(told: Told) -> None:
            self._note(told)
            self.states[told["station"]] = told

        self.crew.do([{"station": s} for s in stations], self.centre.port, done, "state")

    def _compare_with_the_living(self) -> None:
        """Compare beside the server, whose watch and alerts may write at any moment: who differs is asked again."""
        for _ in range(ASKED_AGAIN):
            with self.centre.opened() as store, store.read() as connection:
                self.check(connection)
            apart = [int(told.partition(":")[0]) for told in self.outcome.unequal]
            if not apart:
                return
            for station in apart:
                self.crew.do(
                    [{"station": station, "day": -1, "exchange": True}], self.centre.port, self._note
                )
            self._ask_states(apart)

    def check(self, connection: Any) -> None:
        """Compare every workstation with a centre's store, and look there for every value that was confirmed."""
        digests: dict[UUID, Digest] = {}
        self.outcome.workstations = len(self.states)
        self.outcome.unequal = [
            told for station, state in sorted(self.states.items())
            if (told := self._difference(connection, digests, station, state))
        ]  # fmt: skip
        self._prove_nothing_lost(connection)

    def _difference(self, connection: Any, digests: dict[UUID, Digest], station: int, state: Told) -> str:
        """Tell how a workstation differs; `digests` keeps those of the centre by organisation: they add up."""
        if "digest" not in state:
            return f"{station}: no state {state}"
        orgs = [*(UUID(org) for org in state["scopes"]), EVERYBODY]
        for org in orgs:
            if org not in digests:
                digests[org] = store_digest(connection, [org])
        theirs = _joined([digests[org] for org in orgs])
        mine = {entity: tuple(found) for entity, found in state["digest"].items()}
        apart = differing(mine, theirs)
        wrong = {
            **({"entities": apart} if apart else {}),
            **{name: state[name] for name in ("waiting", "held_back", "leaving", "unsent") if state[name]},
        }
        return f"{station}: {wrong}" if wrong else ""

    def typed(self) -> list[Typed]:
        """Return every value somebody saw confirmed."""
        return [
            one for folder in sorted((self.home / "stations").iterdir())
            for one in read_ledger(folder / "ledger", int(folder.name))
        ]  # fmt: skip

    def _prove_nothing_lost(self, connection: Any) -> None:
        typed = self.typed()
        gone = set()
        for file in (self.home / "stations").glob("*/lost"):
            gone |= {tuple(json.loads(line)) for line in file.read_text("utf-8").splitlines()}
        absent = missing(connection, typed)
        self.outcome.typed = len(typed)
        self.outcome.lost = [one for one in absent if (one.record, one.field, one.value) not in gone]
        self.outcome.excused = len(absent) - len(self.outcome.lost)
        there = {path.name for path in (self.home / "centre" / "blobs").rglob("*") if path.is_file()}
        unsent = {one.record for one in absent}
        self.outcome.files_lost = [
            str(one) for one in typed
            if one.entity == "attachment" and one.field == "sha256" and one.record not in unsent
            and one.value not in there
        ]  # fmt: skip

    def forget(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.home, ignore_errors=True)


def _joined(digests: list[Digest]) -> Digest:
    """Return the digest of several organisations' rows together."""
    found: dict[str, tuple[int, int]] = {}
    for digest in digests:
        for entity, (count, told) in digest.items():
            before, total = found.get(entity, (0, 0))
            found[entity] = (before + count, total ^ int(told, 16))
    return {entity: (count, f"{total:016x}") for entity, (count, total) in found.items()}
