"""What the metrics tell of stores and queues, read at the time of a scrape."""

from collections.abc import Callable, Iterator, Sequence

from sqlalchemy import func, select

from domain.alerts.records import Alert
from domain.alerts.workflow import OPEN_STATES, in_states
from domain.kernel.change_log import head_position
from domain.kernel.errors import UnavailableError
from domain.kernel.readers import Follower, ReaderThread
from domain.kernel.store import Store
from server.interfaces.inbox import InboxPlace
from server.metrics import Gauge
from sync.local_tables import device_state, parked_txn
from sync.nightly import Nightly


def gauges_of(
    store: Store,
    followers: Sequence[Follower],
    place: InboxPlace,
    now_us: Callable[[], int],
    nightly: Nightly | None = None,
) -> Callable[[], Iterator[Gauge]]:
    """Return a function that reads every gauge; a store that does not answer gives ``aftercheck_store_up 0``."""

    def read() -> Iterator[Gauge]:
        try:
            found = [*_log(store, followers), *_sync(store, now_us()), *_alerts(store)]
        except UnavailableError:
            found = [("aftercheck_store_up", "The store answers.", {}, 0.0)]
        yield from found
        if nightly is not None:
            yield from _snapshots(nightly, now_us())
        yield from _inbox(place, now_us())

    return read


def duty_gauges(**threads: ReaderThread) -> Iterator[Gauge]:
    """Yield whether this process does what one process of a centre does."""
    for name, thread in threads.items():
        yield "aftercheck_duty", "This process does it.", {"duty": name}, float(thread.is_running())


def _log(store: Store, followers: Sequence[Follower]) -> Iterator[Gauge]:
    with store.read() as connection:
        head = head_position(connection)
    yield "aftercheck_store_up", "The store answers.", {}, 1.0
    yield "aftercheck_log_position", "Newest position of the change log.", {}, head
    for follower in followers:
        labels = {"reader": follower.name}
        yield "aftercheck_reader_behind", "Entries a reader has not read.", labels, follower.behind()


def _sync(store: Store, now_us: int) -> Iterator[Gauge]:
    silent = func.min(device_state.c.seen_at)
    with store.read() as connection:
        count, oldest = connection.execute(
            select(func.count(), silent).where(device_state.c.seen_at > 0)
        ).one()
        waiting = connection.execute(select(func.count()).select_from(parked_txn)).scalar_one()
    yield "aftercheck_workstations", "Workstations that have been in contact.", {}, count
    lag_s = (now_us - oldest) / 1e6 if oldest else 0.0
    yield "aftercheck_sync_lag_seconds", "Time since the most silent workstation's contact.", {}, lag_s
    yield "aftercheck_sync_parked", "Transactions that wait for a record, a program or a person.", {}, waiting


def _alerts(store: Store) -> Iterator[Gauge]:
    table = Alert.__table__
    query = (
        select(table.c.severity, func.count())
        .where(in_states(table.c.state, *OPEN_STATES))
        .group_by(table.c.severity)
    )
    with store.read() as connection:
        rows = connection.execute(query).all()
    for severity, count in rows:
        yield "aftercheck_alerts_open", "Alerts nobody has closed.", {"severity": str(severity)}, count


def _snapshots(nightly: Nightly, now_us: int) -> Iterator[Gauge]:
    groups = nightly.kept().values()
    oldest = min((group.newest for group in groups), default=now_us)
    yield "aftercheck_snapshots", "Snapshots kept.", {}, sum(group.count for group in groups)
    yield "aftercheck_snapshots_made", "Snapshots made at night since the start.", {}, nightly.made
    yield "aftercheck_snapshot_groups", "Groups of organisations with a snapshot.", {}, len(groups)
    yield "aftercheck_snapshot_bytes", "Bytes of all snapshots.", {}, sum(group.size for group in groups)
    age = "Age of the newest snapshot, of the group whose is the oldest; grows while its log hardly moves."
    yield "aftercheck_snapshot_age_seconds", age, {}, (now_us - oldest) / 1e6


def _inbox(place: InboxPlace, now_us: int) -> Iterator[Gauge]:
    inbox = place.open()
    if inbox is None:
        return
    try:
        status = inbox.status(now_us)
    finally:
        inbox.close()
    for state, count in status.by_state.items():
        yield "aftercheck_hl7_messages", "Messages kept, by state.", {"state": state}, count
    for reason, count in status.refused.items():
        yield "aftercheck_hl7_refused", "Messages refused, by reason.", {"reason": reason}, count
    yield "aftercheck_hl7_received", "Messages received.", {}, status.received
    yield "aftercheck_hl7_oldest_seconds", "Age of the oldest message not dealt with.", {}, status.oldest_s
