"""The one search box: the store's own index, kept in step with the log in a thread of its own."""

from collections.abc import Sequence
from typing import Any

from client.ports import Hit
from domain.kernel.authority import Actor
from domain.kernel.readers import Follower, ReaderThread
from sync.search import SearchIndex


class SearchReader(ReaderThread):
    """Follows the log for the index."""

    def __init__(self, desk: Any, index: SearchIndex) -> None:
        super().__init__(desk.store, [Follower(desk.store, index)], name="search-reader")


def join_search(desk: Any) -> None:
    """Join the search to a desk: a part of `client.desk.INSTALLED`.

    The index is made here where the store has none yet: joining runs off the UI thread, starting on it.
    """
    index = SearchIndex()
    index.prepare(desk.store)

    def search(actor: Actor, text: str, limit: int) -> Sequence[Hit]:
        with desk.store.read() as connection:
            found = index.find(connection, text, actor, limit=limit)
        return [Hit(hit.entity, hit.record_id, hit.title, hit.subtitle) for hit in found]

    desk.searcher = search
    desk.workers.append(SearchReader(desk, index))
