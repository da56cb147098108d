"""Sending from the encrypted store of a branch against sending the same from a plain one.

The whole way to the last receipt counts. Reading and packing alone, with nobody at the other end, is told beside.
"""

import time
import uuid
from pathlib import Path
from statistics import median

from domain.kernel.clock import utc_now
from domain.kernel.columns import to_microseconds
from sync.device_auth import new_key
from sync.protocol import Receipt
from sync.push import Outbox
from tests.bench import sync_parties as parties
from tests.bench.goals import Goals
from tests.bench.sync_client import open_store

KINDS = ("encrypted", "plain")


def packing(folder: Path) -> float:
    """Read and pack all that a branch has, and keep receipts as if it were sent; returns the time."""
    store = open_store(folder)
    outbox = Outbox(store, folder / "packed", new_key(), lambda: to_microseconds(utc_now()))
    begun = time.perf_counter()
    while packed := outbox.next_bundle():
        outbox.settle(
            packed,
            Receipt(
                bundle_id=packed.bundle_id, ack_seq=packed.last_seq, position=packed.last_seq, outcomes=[]
            ),
        )
    took = time.perf_counter() - begun
    store.close()
    return took


def one_round(home: Path, number: int, org: uuid.UUID, turned: bool) -> dict[str, float]:
    """Both kinds, each with a new centre; whoever is first takes turns."""
    told: dict[str, float] = {"equal": 1.0}
    folder = home / f"round-{number}"
    folder.mkdir()
    for kind in reversed(KINDS) if turned else KINDS:
        sender = parties.copied(home / kind, folder / kind)
        told[f"pack_{kind}"] = packing(parties.copied(home / kind, folder / f"pack-{kind}"))
        with parties.serving(parties.copied(home / "centre", folder / f"centre-{kind}")) as server:
            told[kind] = parties.client("push", sender, server.url)["seconds"]
            parties.settled(server, sender)
        centre, branch = parties.centre_store(folder / f"centre-{kind}"), open_store(sender)
        told["equal"] *= parties.same_rows(org, centre, branch)
        centre.close()
        branch.close()
    parties.remove(folder)
    return told


def run(goals: Goals, home: Path, count: int, rounds: int) -> None:
    """Measure and judge."""
    org = parties.make_centre(home / "centre", [home / kind for kind in KINDS])
    for kind in KINDS:
        parties.fill(home / kind, count)
    found = [one_round(home, number, org, bool(number % 2)) for number in range(rounds)]
    goals.note(
        encrypted_packing_per_s=median(count / one["pack_encrypted"] for one in found),
        encrypted_packing_vs_plain=median(one["pack_plain"] / one["pack_encrypted"] for one in found),
    )
    goals.goal("encrypted_digests_equal_rounds", sum(one["equal"] for one in found), ">=", rounds)
    goals.goal("encrypted_push_vs_plain", median(one["plain"] / one["encrypted"] for one in found), ">=", 0.8)
