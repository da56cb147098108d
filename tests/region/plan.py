"""What will happen, drawn from the seed alone: who works where, and which trouble meets whom on which day."""

import random
from dataclasses import dataclass, field

PER_AREA = 25
"""Branches under one area office, whose workstation follows and edits the clients of all of them."""
SECOND_DESK_EVERY = 10
"""Every so many branches have a second workstation, which edits the same clients."""
IDLE = 3
"""The first so many branches have no work: with them is measured what asking in vain costs."""
NEVER = 1 << 30
PEOPLE_FAULTS = ("poison", "newer")
LINE_FAULTS = (
    "cut", "lost_answer", "twice", "killed_before", "killed_after", "killed_at_commit", "flip", "reset_every",
    "fin_after", "lose_answers", "stall", "throttle", "half_open",
)  # fmt: skip


@dataclass(frozen=True)
class Post:
    """One workstation: its number, its branch (0 for an area office), its area, and when it is first switched on."""

    number: int
    branch: int
    area: int
    joins: int = 0

    @property
    def org(self) -> str:
        return f"B{self.branch:03d}" if self.branch else f"A{self.area:02d}"


@dataclass
class Job:
    """A workstation's day: so many acts, perhaps an exchange, perhaps with a fault."""

    station: int
    day: int
    acts: int = 0
    exchange: bool = True
    fault: str = ""
    trouble: str = ""
    seed: str = ""


@dataclass
class Day:
    """What one day brings."""

    number: int
    jobs: list[Job] = field(default_factory=list)
    kill_server_at: int | None = None
    restore_server_at: int | None = None
    restored: list[int] = field(default_factory=list)
    cloned: list[int] = field(default_factory=list)
    skewed: dict[int, int] = field(default_factory=dict)
    backed_up: list[int] = field(default_factory=list)
    revoked: list[int] = field(default_factory=list)
    moved: list[tuple[int, int]] = field(default_factory=list)


class Plan:
    """The people and the troubles of a region.

    Args:
        branches: How many branches; area offices and second desks come on top.
        seed: Everything follows from it.
        troubles: Multiplies how often troubles come; a short run wants more of them.
    """

    def __init__(self, branches: int, seed: int, *, troubles: float = 1.0) -> None:
        self.branches, self.seed, self.troubles = branches, seed, troubles
        self.areas = max(2, -(-branches // PER_AREA))
        chance = self.chance("posts")
        posts = [Post(n, n, self.area_of(n), NEVER if n <= IDLE else 0) for n in range(1, branches + 1)]
        posts += [Post(branches + a, 0, a) for a in range(1, self.areas + 1)]
        number = branches + self.areas
        for branch in range(SECOND_DESK_EVERY // 2, branches + 1, SECOND_DESK_EVERY):
            number += 1
            joins = chance.choice((0, 0, 2, 5))
            posts.append(Post(number, branch, self.area_of(branch), joins))
        self.posts = {post.number: post for post in posts}
        self.idle = [post.number for post in posts if post.joins == NEVER]
        self.away: dict[int, int] = {}

    def area_of(self, branch: int) -> int:
        return 1 + (branch - 1) % self.areas

    def chance(self, *names: object) -> random.Random:
        """Return the dice of one occasion: the same for the same seed and names."""
        return random.Random("/".join(map(str, (self.seed, *names))))  # noqa: S311 (a seeded run)

    def day(self, number: int, stations: list[int]) -> Day:
        """Return what day `number` (from 0) brings to the workstations there are."""
        chance = self.chance("day", number)
        day = Day(number)
        stations = [s for s in stations if s not in self.posts or self.posts[s].joins <= number]
        for station in stations:
            self._work(day, station, chance)
        chance.shuffle(day.jobs)
        some = max(1, round(len(stations) * 0.01 * self.troubles))
        day.backed_up = chance.sample(stations, min(len(stations), some * 3))
        day.skewed = {chance.choice(stations): chance.randint(-10, 10) for _ in range(some)}
        if number >= 1:
            day.restored = chance.sample(stations, min(len(stations), some))
            day.cloned = chance.sample(stations, 1) if chance.random() < 0.3 * self.troubles else []
            day.revoked = chance.sample(stations, min(len(stations), some))
            day.moved = [
                (chance.randint(1, self.branches), chance.randint(1, self.areas)) for _ in range(max(1, some // 2))
            ]  # fmt: skip
        middle = max(1, len(day.jobs) // 2)
        if number % 3 == 1:
            day.kill_server_at = chance.randint(1, middle)
        if number % 5 == 2:
            day.restore_server_at = chance.randint(middle, max(middle, len(day.jobs) - 1))
        return day

    def _work(self, day: Day, station: int, chance: random.Random) -> None:
        if chance.random() < 0.15:
            return  # a day off
        if self.away.get(station, 0) > day.number:
            exchange = False
        else:
            exchange = chance.random() < 0.85
            if chance.random() < 0.02:
                self.away[station] = day.number + chance.randint(5, 25)  # the line is down for weeks
        job = Job(
            station, day.number, chance.randint(1, 8), exchange, seed=f"{self.seed}/{station}/{day.number}"
        )
        if chance.random() < 0.12 * self.troubles:
            job.fault = chance.choice(LINE_FAULTS)
        if chance.random() < 0.02 * self.troubles:
            job.trouble = chance.choice(PEOPLE_FAULTS)
        day.jobs.append(job)
