"""Search at the centre: the index follows the log in a thread of its own, which also makes it."""

from domain.kernel.readers import Follower, ReaderThread
from domain.kernel.store import Store
from server.giving_way import GivingWay
from sync.search import SearchIndex

GIVES_WAY_S = 20.0
LOOK_EVERY_S = 2.0


class SearchFollower(Follower):
    """Makes the index before it first reads; a long piece of work that alerts and audit must not wait for."""

    def __init__(self, store: Store) -> None:
        self.index = SearchIndex()
        super().__init__(store, self.index)
        self._made = False

    def step(self) -> int:
        if not self._made:
            self.index.prepare(self.store)
            self._made = True
        return super().step()


def searching_of(store: Store, giving_way: GivingWay) -> tuple[SearchFollower, ReaderThread]:
    """Return the reader of the index and its thread; nothing runs yet."""
    follower = SearchFollower(store)
    thread = ReaderThread(
        store,
        [follower],
        interval_s=LOOK_EVERY_S,
        name="search-reader",
        give_way=giving_way.turns(GIVES_WAY_S),
    )
    return follower, thread
