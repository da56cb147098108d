"""Tables of a store's own machinery: transfer, audit chain, timers of alerts. Never carried by sync."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, Text, text

from domain.kernel.columns import Id16
from domain.kernel.record import Record

installation = Table(
    "installation",
    Record.metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("device_id", Id16, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("org_id", Id16, nullable=False),
    Column("name", String(255), nullable=False),
    Column("server", String(255), nullable=False),
    Column("number_prefix", String(10), nullable=False),
    Column("db_nonce", String(64), nullable=False),
    Column("server_key", String(100), nullable=False, default="", server_default=""),
)
"""Who this store is: one row, written at enrolment; `server_key` (base64) signs what the centre sends."""

compiled = Table(
    "compiled",
    Record.metadata,
    Column("program", String(64), primary_key=True),
    Column("body", LargeBinary(2**24 - 1), nullable=False),
)
"""What one program version's declarations say, in the form that is read before they are loaded; made anew at will."""

noted_sign_in = Table(
    "noted_sign_in",
    Record.metadata,
    Column("txn_id", Id16, primary_key=True),
    Column("login", String(60), nullable=False),
    Column("at", BigInteger, nullable=False),
)
"""Sign-ins that succeeded before the dispatcher was there; each is run as the command it is and then taken away."""

pull_cursor = Table(
    "pull_cursor",
    Record.metadata,
    Column("org_id", Id16, primary_key=True),
    Column("position", BigInteger, nullable=False),
)
"""How far this branch has read the centre's log, for each organisation it follows."""

pull_state = Table(
    "pull_state",
    Record.metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("life", String(64), nullable=False),
    Column("compared_at", BigInteger, nullable=False),
    Column("stage", String(20), nullable=False),
    Column("manifest", LargeBinary(2**24 - 1)),
    Column("snapshot_key", LargeBinary(32)),
)
"""Which life of the centre's log this branch has read (`sync.lives`), when it last compared its rows, and how far it
is filled from which snapshot (`sync.bootstrap`)."""

snapshot_part = Table(
    "snapshot_part",
    Record.metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", String(60), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("hot", Boolean, nullable=False),
    Column("state", String(20), nullable=False),
)
"""Parts of the snapshot this branch is being filled from: ``wanted`` or ``loaded``."""

pull_mark = Table(
    "pull_mark",
    Record.metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("txn_id", Id16, nullable=False),
)
"""Some positions of the centre's log with the transactions that stood there: shown so that both notice a change."""

log_life = Table(
    "log_life",
    Record.metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("life", String(64), nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("reason", String(40), nullable=False),
)
"""Lives of the centre's log, the newest being in force; each began when the log was found to have gone back."""

push_state = Table(
    "push_state",
    Record.metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("acked_seq", BigInteger, nullable=False),
    Column("settled_seq", BigInteger, nullable=False),
)
"""Own transactions up to `acked_seq` are decided by the centre; those up to `settled_seq` have come back too."""

outbound_bundle = Table(
    "outbound_bundle",
    Record.metadata,
    Column("bundle_id", String(64), primary_key=True),
    Column("first_seq", BigInteger, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("path", String(500), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("state", String(20), nullable=False),
    Column("position", BigInteger),
    Column("file_key", LargeBinary(32)),
)
"""Packed bundles: immutable, so a retry sends the same bytes; `file_key` is what the file at `path` is sealed with,
`position` the centre's log when it was done."""

push_outcome = Table(
    "push_outcome",
    Record.metadata,
    Column("dev_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("outcome", String(20), nullable=False),
    Column("code", String(80)),
    Column("facts", Text),
    Column("at", BigInteger, nullable=False),
    Column("seen", Boolean, nullable=False, default=False),
)
"""What the centre did not simply apply: merged with a conflict, refused with its reason, or waiting."""

refused_record = Table(
    "refused_record",
    Record.metadata,
    Column("entity", String(60), primary_key=True),
    Column("record_id", Id16, primary_key=True),
    Column("dev_seq", BigInteger, nullable=False),
    Column("code", String(80), nullable=False),
)
"""New records of this branch that the centre refused; the next change of one sends it whole again."""

applied_txn = Table(
    "applied_txn",
    Record.metadata,
    Column("txn_id", Id16, primary_key=True),
    Column("device_id", Id16, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("dev_seq", BigInteger, nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("code", String(80)),
    Column("facts", Text),
    Index("ix_applied_txn_device", "device_id", "epoch", "dev_seq"),
)
"""What the centre decided for each transaction of a device, once; asked again, it answers the same."""

device_state = Table(
    "device_state",
    Record.metadata,
    Column("device_id", Id16, primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("last_txn", Id16),
    Column("nonce", String(64), nullable=False),
    Column("nonce_before", String(64), nullable=False),
    Column("forks", Integer, nullable=False),
    Column("skew_us", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("program", String(40), nullable=False),
    Column("position", BigInteger, nullable=False, default=0, server_default="0"),
    Column("backlog", Integer, nullable=False, default=0, server_default="0"),
    Column("backlog_bytes", BigInteger, nullable=False, default=0, server_default="0"),
    Column("oldest_s", BigInteger, nullable=False, default=0, server_default="0"),
    Column("failures", Integer, nullable=False, default=0, server_default="0"),
    Column("files", Integer, nullable=False, default=0, server_default="0"),
    Column("file_bytes", BigInteger, nullable=False, default=0, server_default="0"),
    Column("stage", String(20), nullable=False, default="", server_default=""),
    Column("rate", BigInteger, nullable=False, default=0, server_default="0"),
    Column("refusals", Integer, nullable=False, default=0, server_default="0"),
    Column("closed", Boolean, nullable=False, default=False, server_default="0"),
    Column("settings", Integer, nullable=False, default=0, server_default="0"),
    Column("knowledge", Integer, nullable=False, default=-1, server_default="-1"),
)
"""What the centre knows of a workstation's sync; the row's lock lets one bundle of a device in at a time."""

inbound_bundle = Table(
    "inbound_bundle",
    Record.metadata,
    Column("bundle_id", String(64), primary_key=True),
    Column("device_id", Id16, nullable=False),
    Column("first_seq", BigInteger, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("receipt", LargeBinary(2**24 - 1), nullable=False),
)
"""Bundles the centre has dealt with, each with its receipt."""

tombstone = Table(
    "tombstone",
    Record.metadata,
    Column("entity", String(60), primary_key=True),
    Column("record_id", Id16, primary_key=True),
    Column("org_id", Id16, nullable=False),
    Column("ver", BigInteger, nullable=False),
    Column("fields", LargeBinary(2**24 - 1), nullable=False),
)
"""What deleted records held, at the centre: an edit that arrives later brings the record back."""

erased_record = Table(
    "erased_record",
    Record.metadata,
    Column("record_id", Id16, primary_key=True),
    Column("entity", String(60), nullable=False),
    Column("at", BigInteger, nullable=False),
)
"""Records erased by law: what speaks of them later, from a branch that did not know, is dropped."""

scrubbed_entry = Table(
    "scrubbed_entry",
    Record.metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("by_position", BigInteger, nullable=False),
    Column("content_sha256", LargeBinary(32), nullable=False),
)
"""Entries whose values were erased by the entry `by_position`, with the digest of what is left (`sync.erasing`)."""

parked_txn = Table(
    "parked_txn",
    Record.metadata,
    Column("txn_id", Id16, primary_key=True),
    Column("device_id", Id16, nullable=False),
    Column("dev_seq", BigInteger, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("reason", String(80), nullable=False),
    Column("waits_for", Id16, index=True),
    Column("at", BigInteger, nullable=False),
    Column("payload", LargeBinary(2**24 - 1), nullable=False),
)
"""Transactions that wait for a record, a newer program or a person, whole; for `position` see `sync.parking`."""

blob_state = Table(
    "blob_state",
    Record.metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("lane", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("sent", BigInteger, nullable=False, default=0),
    Column("url", String(500)),
    Column("reason", String(80)),
)
"""Files by content: here, waiting to go, on their way, confirmed by the centre, or wanted from it."""

audit_entry = Table(
    "audit_entry",
    Record.metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False, index=True),
    Column("at", BigInteger, nullable=False, index=True),
    Column("actor_id", Id16),
    Column("role", String(40), nullable=False),
    Column("device_id", Id16, nullable=False),
    Column("org_id", Id16, nullable=False),
    Column("command", String(80), nullable=False),
    Column("entity", String(60)),
    Column("record_id", Id16, index=True),
    Column("outcome", String(20), nullable=False),
    Column("content_sha256", LargeBinary(32), nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    Column("format", Integer, nullable=False, server_default="1"),
    Index("ix_audit_entry_actor_at", "actor_id", "at"),
    Index("ix_audit_entry_command_at", "command", "at"),
    Index("ix_audit_entry_outcome_at", "outcome", "at"),
    Index("ix_audit_entry_actor_outcome_at", "actor_id", "outcome", "at"),
    Index("ix_audit_entry_command_outcome_at", "command", "outcome", "at"),
    Index("ix_audit_entry_actor_command_outcome_at", "actor_id", "command", "outcome", "at"),
)
"""The chain: each hash covers the entry and the hash before it; see `domain.audit.chain` for the two formats."""

audit_subject = Table(
    "audit_subject",
    Record.metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("record_id", Id16, primary_key=True, index=True),
    Column("entity", String(60), primary_key=True),
    sqlite_with_rowid=False,
)
"""The records of each row of the chain, covered by its hash; also the way from a record to what was done to it."""

alert_timer = Table(
    "alert_timer",
    Record.metadata,
    Column("rule", String(20), primary_key=True),
    Column("record_id", Id16, primary_key=True),
    Column("entity", String(60), nullable=False),
    Column("occasion", String(80), nullable=False),
    Column("org_id", Id16, nullable=False),
    Column("fire_at", BigInteger, nullable=False),
    Column("key", Id16),
    Index("ix_alert_timer_fire_at", "fire_at"),
    Index("ix_alert_timer_key", "key", "rule", sqlite_where=text("key IS NOT NULL")),
)
"""What will be overdue and when: the engine looks at the front of this index only; `key` may end it sooner."""

alert_receiver = Table(
    "alert_receiver",
    Record.metadata,
    Column("role", String(40), primary_key=True),
    Column("alert_id", Id16, primary_key=True),
    Column("org_id", Id16, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Index("ix_alert_receiver_order", "role", "rank", "opened_at", "alert_id", "org_id"),
    Index("ix_alert_receiver_org", "org_id", "role", "opened_at"),
    Index("ix_alert_receiver_alert_id", "alert_id"),
)
"""Alerts that wait, by the role they are told to, the most severe first: `rank` is 0 for urgent."""

alert_baseline = Table(
    "alert_baseline",
    Record.metadata,
    Column("rule", String(20), primary_key=True),
    Column("who", Id16, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)
"""What a person usually does, as far as a rule looks at it; `position` is the last entry of the log counted in."""

alert_beat = Table(
    "alert_beat",
    Record.metadata,
    Column("device_id", Id16, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("position", BigInteger, nullable=False),
)
"""When the alert engine of an installation had evaluated everything, once a minute; its watch looks for the next."""

spent_nonce = Table(
    "spent_nonce",
    Record.metadata,
    Column("device_id", Id16, primary_key=True),
    Column("digest", Id16, primary_key=True),
    Column("at", BigInteger, nullable=False, index=True),
)
"""Signed requests a centre on a database server has seen lately, whichever machine took them (`server.nonces`)."""
