"""One transaction at the centre: each change is decided, rows change in memory, and the entry is worded."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

import msgspec

from domain.kernel.change_log import REJECTED, Body, Change
from domain.kernel.commands import commands
from domain.kernel.dispatcher import CENTRE
from domain.kernel.ids import Id
from sync.authors import Author, author_of
from sync.conflicts import conflict_change
from sync.entries import SentTxn
from sync.erasing import mentions
from sync.lives import went_back
from sync.merge import WHOLE, Clash, Decision, Refusal, decide, group_values, value_of, whole
from sync.rows import Key, Rows
from sync.shapes import Shape, is_private, shape_of
from sync.wording import facts_of_clash, facts_of_refusal, kept_refusal

APPLIED, CONFLICT, DEFERRED, PARKED, PARTLY = "applied", "conflict", "deferred", "parked", "merged"
ERASED, STALE = "sync.erased", "sync.stale"
INTERNAL = "internal"
"""The `place` of commands that no person gives."""
CENTRE_ONLY = "sync.centre_only"
RETURNED = "returned"
"""What the note of a transaction says by which a branch gives back what the centre wrote itself and lost."""


class Verdict(msgspec.Struct):
    """What became of a transaction.

    Attributes:
        txn: As it came.
        outcome: ``applied``, ``merged``, ``conflict``, ``rejected``, ``deferred`` or ``parked``.
        code: Why, if not applied.
        facts: What the sentence of `code` names.
        body: Body of the log entry; None if there is nothing to log.
        waits_for: Record that a deferred transaction waits for.
        made: Records that came into being.
        revived: Those of them that had been deleted.
        graves: Records that were deleted, with what they held.
    """

    txn: SentTxn
    outcome: str = APPLIED
    code: str = ""
    facts: dict[str, Any] = {}
    body: Body | None = None
    waits_for: bytes | None = None
    made: list[Key] = []
    revived: list[Key] = []
    graves: list[tuple[Key, bytes, dict[str, Any]]] = []


class _Draft(msgspec.Struct):
    """A transaction being judged: what the log will say, what was refused, what clashes."""

    changes: list[Change] = []
    refused: list[tuple[Change, Shape, Refusal]] = []
    clashes: list[tuple[Change, Shape, Clash]] = []
    wrote: bool = False


class _Rejected(Exception):  # noqa: N818 (it never leaves this module)
    """The transaction as a whole cannot be taken."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


class _Waiting(Exception):  # noqa: N818 (it never leaves this module)
    """The transaction changes a record that has not come yet."""

    def __init__(self, record_id: bytes, label: str) -> None:
        super().__init__(label)
        self.record_id = record_id
        self.label = label


class Judge:
    """Decides transactions against rows in memory.

    Args:
        rows: Rows of everything the transactions touch, loaded.
        graves: What deleted records held.
        orgs: Organisations the sender may write for.
        now: Time of the centre, microseconds UTC.
        skipped: Records whose changes are passed over; what was typed stays in the log.
        erased: Records erased by law: what speaks of them is refused and not kept.
    """

    def __init__(
        self,
        rows: Rows,
        graves: Mapping[Key, dict[str, Any]],
        orgs: frozenset[Id],
        now: int,
        skipped: frozenset[Key] = frozenset(),
        erased: AbstractSet[bytes] = frozenset(),
    ) -> None:
        self.rows = rows
        self._graves: dict[Key, dict[str, Any]] = dict(graves)
        self._dug: list[tuple[Key, dict[str, Any] | None]] = []
        self._orgs = {org.bytes for org in orgs}
        self._now = now
        self._skipped = skipped
        self._erased = erased
        self._gives_back = False

    def judge(self, txn: SentTxn, body: Body, barred: Mapping[Key, frozenset[str]] | None = None) -> Verdict:
        """Return what becomes of one transaction; its rows are changed in memory.

        Args:
            txn: The transaction.
            body: Its body, decoded.
            barred: Groups of records whose new values other records have already.
        """
        if self._erased and any(mentions(change, self._erased) for change in body.changes):
            return Verdict(txn, REJECTED, ERASED)
        for change in body.changes:
            if shape_of(change.entity) is None and not is_private(change.entity):
                return Verdict(txn, PARKED, "sync.unknown_entity", {"entity": change.entity})
        self._gives_back = bool(body.note.get(RETURNED)) and went_back(self.rows.connection)
        command = commands().get(body.command)
        if command is not None and command.place == CENTRE and not self._gives_back:
            return self.rejected(txn, body, CENTRE_ONLY, record=command.label)
        mark = self.rows.checkpoint()
        self._dug.clear()
        verdict, draft = Verdict(txn), _Draft()
        try:
            for change in body.changes:
                self._judge(verdict, draft, change, barred or _NOTHING)
        except _Rejected as rejected:
            self._back_to(mark)
            return self.rejected(txn, body, rejected.code, **rejected.facts)
        except _Waiting as waiting:
            self._back_to(mark)
            facts = {"record": waiting.label}
            return Verdict(txn, DEFERRED, "sync.waits_for_record", facts, waits_for=waiting.record_id)
        if draft.clashes or draft.refused:
            self._tell(verdict, draft, txn, body)
        else:
            verdict.body = _restated(body, draft.changes, body.note)
        return verdict

    def _back_to(self, mark: int) -> None:
        """Take back what the transaction being judged did."""
        self.rows.back_to(mark)
        for key, grave in reversed(self._dug):
            if grave is None:
                self._graves.pop(key, None)
            else:
                self._graves[key] = grave
        self._dug.clear()

    def _tell(self, verdict: Verdict, draft: _Draft, txn: SentTxn, body: Body) -> None:
        """Open the conflicts of a transaction, and word what was not taken."""
        opened = [
            conflict_change(txn, body, change, clash, self._now, self._author_of(change, clash))
            for change, _, clash in draft.clashes
        ]
        for change in opened:
            self._open(change)
        draft.changes += opened
        _word(verdict, draft, by_program=body.actor_id is None, internal=_internal(body))
        note = (
            {**body.note, "refused": [kept_refusal(c, r) for c, _, r in draft.refused]}
            if draft.refused
            else body.note
        )
        verdict.body = _restated(body, draft.changes, note)

    def _author_of(self, change: Change, clash: Clash) -> Author | None:
        names = clash.theirs.keys() if clash.group != WHOLE else clash.mine.keys()
        return author_of(self.rows.connection, change.record_id, names)

    def rejected(self, txn: SentTxn, body: Body, code: str, **facts: Any) -> Verdict:
        """Return the refusal of a whole transaction, with the body that brings its branch back."""
        changes = []
        for change in body.changes:
            shape = shape_of(change.entity)
            row = None if shape is None else self.rows.get((change.entity, change.record_id))
            if (
                shape is None
                or row is None
                or row["org_id"] != change.org_id
                or change.org_id not in self._orgs
            ):
                continue
            if change.op == "upd":
                changes.append(
                    _stated(change, "upd", group_values(shape, row, change.fields), {}, row["ver"])
                )
            else:
                changes.append(_stated(change, "ins", whole(shape, row), {}, row["ver"]))
        note = {**body.note, "rejected": code}
        return Verdict(txn, REJECTED, code, facts, _restated(body, changes, note))

    def _judge(
        self, verdict: Verdict, draft: _Draft, change: Change, barred: Mapping[Key, frozenset[str]]
    ) -> None:
        shape = self._checked(change)
        key = (change.entity, change.record_id)
        if key in self._skipped:
            passed = Refusal("sync.superseded", {}, change.fields, change.base, quiet=True)
            draft.refused.append((change, shape, passed))
            return
        row = self.rows.get(key)
        if row is None and change.op == "ins":  # what most changes are, and `decide` says nothing else of it
            self._insert(verdict, draft, change, shape, change.fields)
            return
        if row is not None and row["org_id"] != change.org_id:
            raise _Rejected("sync.out_of_scope", record=shape.info.label)
        grave = self._graves.get(key)
        decision = decide(shape, row, change, grave=grave, barred=barred.get(key, frozenset()))
        if decision.waits:
            raise _Waiting(change.record_id, shape.info.label)
        for refusal in decision.refusals:
            if refusal.fatal:
                raise _Rejected(refusal.code, record=shape.info.label)
            if (
                shape.entity == "conflict" and not refusal.quiet
            ):  # a decision stands or falls with the values it wrote
                raise _Rejected("sync.decided_before", record=shape.info.label)
            draft.refused.append((change, shape, refusal))
        draft.clashes += [(change, shape, clash) for clash in decision.clashes]
        self._do(verdict, draft, change, shape, decision)

    def _checked(self, change: Change) -> Shape:
        """Return the shape of a change that this sender may send and these columns may hold."""
        shape = shape_of(change.entity)
        if shape is None:
            raise _Rejected("sync.not_shared", record=change.entity)
        if change.org_id not in self._orgs:
            raise _Rejected("sync.out_of_scope", record=shape.info.label)
        if shape.centre_fields and not self._gives_back and _of_centre(shape, change):
            raise _Rejected(CENTRE_ONLY, record=shape.info.label)
        name = shape.refused(change.fields)
        if name is not None:
            raise _Rejected("sync.bad_value", record=shape.info.label, label=shape.labels.get(name, name))
        return shape

    def _do(self, verdict: Verdict, draft: _Draft, change: Change, shape: Shape, decision: Decision) -> None:
        """Change the rows in memory and note what the log says."""
        key = (change.entity, change.record_id)
        row = self.rows.get(key)
        base: dict[str, Any] = {}
        ver = 0 if row is None else row["ver"]
        if decision.act == "ins":
            self._insert(verdict, draft, change, shape, decision.values)
            return
        if decision.act == "upd" and row is not None:
            base = {name: value_of(shape, row, name) for name in decision.values}
            ver += 1
            self.rows.update(shape, change.record_id, decision.values, ver)
        elif decision.act == "del" and row is not None:
            base = whole(shape, row)
            ver += 1
            self.rows.remove(key)
            grave = {**row, "ver": ver}
            self._dug.append((key, self._graves.get(key)))
            self._graves[key] = grave
            verdict.graves.append((key, change.org_id, grave))
        draft.wrote |= bool(decision.act)
        if decision.op:
            draft.changes.append(_stated(change, decision.op, decision.stated, base, ver))

    def _insert(
        self, verdict: Verdict, draft: _Draft, change: Change, shape: Shape, values: dict[str, Any]
    ) -> None:
        """Make a row of `values`, which the log says too."""
        key = (change.entity, change.record_id)
        missing = shape.lacking(values)
        if missing is not None:
            raise _Rejected("sync.missing_value", record=shape.info.label, label=shape.labels[missing])
        grave = self._dig(key)
        ver = 1 if grave is None else grave["ver"] + 1
        self.rows.insert(shape, change.record_id, change.org_id, values, ver)
        verdict.made.append(key)
        if grave is not None:
            verdict.revived.append(key)
        draft.wrote = True
        draft.changes.append(_stated(change, "ins", values, {}, ver))

    def _dig(self, key: Key) -> dict[str, Any] | None:
        """Return what a deleted record held, which is to be a record again."""
        grave: dict[str, Any] | None = self._graves.pop(key, None)
        if grave is not None:
            self._dug.append((key, grave))
        return grave

    def _open(self, change: Change) -> None:
        """Make the row of a conflict."""
        shape = shape_of(change.entity)
        if shape is None:
            raise LookupError("conflicts are a shared record")
        self.rows.load([(change.entity, change.record_id)])
        self.rows.insert(shape, change.record_id, change.org_id, change.fields, change.ver)


def _of_centre(shape: Shape, change: Change) -> bool:
    """Tell whether a change is one that the centre alone makes."""
    return change.op != "upd" or not shape.centre_fields.isdisjoint(change.fields)


_NOTHING: Mapping[Key, frozenset[str]] = {}


def _restated(body: Body, changes: list[Change], note: dict[str, Any]) -> Body:
    return Body(body.command, body.actor_id, body.role, body.org_id, body.schema_ver, changes, note)


def _stated(change: Change, op: str, values: dict[str, Any], base: dict[str, Any], ver: int) -> Change:
    return Change(change.entity, change.record_id, change.org_id, op, change.base_ver, values, base, ver)


def _came_to_the_same(refusal: Refusal) -> bool:
    wanted = refusal.wanted.get("state")
    return refusal.code == STALE and wanted is not None and wanted == refusal.now.get("state")


def _internal(body: Body) -> bool:
    command = commands().get(body.command)
    return body.actor_id is None and command is not None and command.place == INTERNAL


def _word(verdict: Verdict, draft: _Draft, *, by_program: bool, internal: bool) -> None:
    """Give the verdict its outcome, code and facts.

    What no person did and came to the state that stands, as an alert that both sides saw end, concerns nobody; nor
    does a step that a reader of the log made by itself (an alert both sides raised) where the centre was first. What
    it wanted stays in the note of the entry.
    """
    told = [
        refused
        for refused in draft.refused
        if not refused[2].quiet
        and not (by_program and _came_to_the_same(refused[2]))
        and not (internal and refused[2].code == STALE)
    ]
    if told:
        verdict.outcome = PARTLY if draft.wrote else REJECTED
        verdict.code = told[0][2].code
        verdict.facts = facts_of_refusal(*told[0])
        if verdict.code == STALE and "now" in verdict.facts:
            verdict.code = "sync.stale_state"
    elif draft.clashes:
        verdict.code = "sync.conflict"
        verdict.facts = facts_of_clash(*draft.clashes[0][1:])
    if draft.clashes:
        verdict.outcome = CONFLICT
