"""A clash becomes a conflict: a record that everybody in scope sees, with both values, until a person decides."""

from domain.exchange.rules import ConflictState, jsonable
from domain.kernel.change_log import Body, Change
from domain.kernel.ids import stable_id
from sync.authors import Author
from sync.entries import SentTxn
from sync.merge import Clash


def conflict_change(
    txn: SentTxn, body: Body, change: Change, clash: Clash, now: int, author: Author | None = None
) -> Change:
    """Return the insertion of a conflict; its id is the same however often the transaction is judged.

    Args:
        txn: The transaction whose value came later.
        body: Its body.
        change: Its change.
        clash: The two values.
        now: Time of the centre, microseconds UTC.
        author: Who wrote what stands, if the log knows.
    """
    record_id = stable_id("conflict", txn.txn_id.hex(), change.record_id.hex(), clash.group).bytes
    fields = {
        "entity": change.entity,
        "record_id": change.record_id,
        "fields": clash.group,
        "base": jsonable(clash.base),
        "theirs": jsonable(clash.theirs),
        "mine": jsonable(clash.mine),
        "mine_by": body.actor_id,
        "mine_command": body.command[:80],
        "mine_at": txn.at,
        "safety": clash.safety,
        "state": ConflictState.OPEN.value,
        "opened_at": now,
    }
    if author is not None:
        fields |= {
            "theirs_by": author.actor_id,
            "theirs_command": author.command[:80],
            "theirs_at": author.at,
        }
    return Change("conflict", record_id, change.org_id, "ins", 0, fields, {}, 1)
