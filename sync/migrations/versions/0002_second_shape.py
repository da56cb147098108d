"""The second shape of a store: what this release adds to the tables of 0001.

One migration a release. Until the release is out every change of the declarations is written here, each in the
part it belongs to, with the steps of `sync.migrations.steps` (they may be taken twice, which MariaDB needs). Types
are written out as they are stored today, never taken from the declarations, which go on changing.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from domain.kernel.columns import Id16, IsoDate, JsonText, UtcTime
from sync.migrations import steps

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    _people()
    _checkups()
    _alerts()
    _specimens()
    _writing()
    _transfer()
    _uploads()
    _trust()
    _scales()
    _designs()
    _risks()
    _links()
    _content_marks()
    _trackings()
    _two_places()
    _messages()
    _follow_up()
    _reception()


def downgrade() -> None:
    raise NotImplementedError(
        "a store is not taken back: the copy made before the migration is put in its place"
    )


def _people() -> None:
    """Organisations, staff, patients, contacts."""
    steps.create_index("ix_patient_birth_date_name", "patient", ["birth_date", "name"])
    steps.add_columns("staff", sa.Column("password_past", JsonText(), nullable=True))
    steps.create_record_table(
        "identity_change",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("summary", sa.String(1000), nullable=False),
        sa.Column("reason", steps.long_text(), nullable=False),
        sa.Column("difference", sa.String(255), nullable=True),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(255), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        indexed=("patient_id", "changed_at"),
    )
    steps.create_record_table(
        "identity_check",
        sa.Column("patient_id", Id16(), nullable=True),
        sa.Column("visit_id", Id16(), nullable=True),
        sa.Column("visit_number", sa.String(40), nullable=False),
        sa.Column("reason", sa.String(255), nullable=False),
        sa.Column("other_person", sa.Boolean(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("said_name", sa.String(255), nullable=False),
        sa.Column("said_sex", sa.String(40), nullable=False),
        sa.Column("said_birth_date", IsoDate(), nullable=True),
        sa.Column("said_id_number", sa.String(40), nullable=True),
        sa.Column("message_id", sa.String(200), nullable=False),
        sa.Column("found_at", UtcTime(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("settled_by", Id16(), nullable=True),
        sa.Column("basis", steps.long_text(), nullable=True),
        indexed=("patient_id", "visit_id", "said_id_number", "state", "due_at"),
    )


def _checkups() -> None:
    """Visits, results, reports, forms, alerts."""
    steps.create_index("ix_report_queue", "report", ["urgency", "due_at", "id"])
    steps.create_index("ix_report_counts", "report", ["state", "urgency", "due_at", "org_id"])
    steps.create_index("ix_report_issued", "report", ["issued_at", "id"])
    steps.drop_index("ix_report_org_due", "report")
    steps.drop_index("ix_report_org_issued", "report")
    steps.create_index(
        "ix_observation_to_check", "observation", ["status", "effective_at"], where="status = 'pending_check'"
    )
    steps.create_index("ix_finding_found_at", "finding", ["found_at"])
    steps.create_index("ix_alert_state_since", "alert", ["state_since"])
    steps.create_index("ix_alert_event_at", "alert_event", ["at"])
    steps.add_columns("attachment", sa.Column("added_by", Id16(), nullable=True))
    steps.create_record_table(
        "attachment_removal",
        sa.Column("attachment_id", Id16(), nullable=False),
        sa.Column("reason", steps.long_text(), nullable=False),
        sa.Column("removed_by", Id16(), nullable=True),
        sa.Column("removed_at", UtcTime(), nullable=False),
        indexed=("attachment_id",),
    )
    steps.create_record_table(
        "omission",
        sa.Column("visit_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("item", sa.String(60), nullable=False),
        sa.Column("label", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("reason", steps.long_text(), nullable=False),
        sa.Column("postponed_to", IsoDate(), nullable=True),
        sa.Column("signature_sha256", sa.String(64), nullable=True),
        sa.Column("witness_id", Id16(), nullable=True),
        sa.Column("witness_name", sa.String(255), nullable=True),
        sa.Column("recorded_by", Id16(), nullable=True),
        sa.Column("recorded_at", UtcTime(), nullable=False),
        indexed=("visit_id", "patient_id", "recorded_at"),
    )
    steps.create_record_table(
        "outgoing",
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("what", sa.String(255), nullable=False),
        sa.Column("columns", sa.String(1000), nullable=True),
        sa.Column("filters", sa.String(1000), nullable=True),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.String(1000), nullable=True),
        sa.Column("destination", sa.String(40), nullable=False),
        sa.Column("patient_id", Id16(), nullable=True),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(255), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        indexed=("patient_id", "started_at"),
    )
    steps.create_record_table(
        "outgoing_end",
        sa.Column("outgoing_id", Id16(), nullable=False),
        sa.Column("result", sa.String(40), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("detail", sa.String(255), nullable=True),
        sa.Column("ended_at", UtcTime(), nullable=False),
        indexed=("outgoing_id",),
    )
    steps.create_record_table(
        "held_result",
        sa.Column("check_id", Id16(), nullable=False),
        sa.Column("observation_id", Id16(), nullable=False),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("held_at", UtcTime(), nullable=False),
        indexed=("check_id", "observation_id"),
    )


def _alerts() -> None:
    """The life of an alert, who is told, what people usually do, figures with a target."""
    steps.add_columns(
        "alert",
        sa.Column("revision", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("owner_id", Id16(), nullable=True),
        sa.Column("owner_name", sa.String(255), nullable=True),
        sa.Column("act_by", UtcTime(), nullable=True),
        sa.Column("shelved_until", UtcTime(), nullable=True),
        sa.Column("outcome", sa.String(40), nullable=True),
        sa.Column("digest_id", Id16(), nullable=True),
    )
    steps.create_index("ix_alert_rule_state", "alert", ["rule", "state", "org_id"])
    steps.create_index("ix_alert_digest", "alert", ["digest_id", "state"])
    steps.create_index("ix_alert_owner_id", "alert", ["owner_id"])
    waiting = "state IN ('open', 'acknowledged', 'in_hand')"
    steps.create_index("ix_alert_waiting", "alert", ["severity", "id"], where=waiting)
    steps.create_index("ix_alert_act_by", "alert", ["act_by", "id"], where="state = 'in_hand'")
    steps.create_index("ix_alert_shelved_until", "alert", ["shelved_until", "id"], where="state = 'shelved'")
    steps.drop_index("ix_alert_state", "alert")
    steps.create_index("ix_alert_opened_at", "alert", ["opened_at"])
    steps.drop_index("ix_alert_rule", "alert")
    steps.add_columns("alert_timer", sa.Column("key", Id16(), nullable=True))
    steps.create_index("ix_alert_timer_key", "alert_timer", ["key", "rule"], where="key IS NOT NULL")
    steps.create_table(
        "alert_receiver",
        sa.Column("role", sa.String(40), nullable=False),
        sa.Column("alert_id", Id16(), nullable=False),
        sa.Column("org_id", Id16(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("role", "alert_id", name="pk_alert_receiver"),
    )
    order = ["role", "rank", "opened_at", "alert_id", "org_id"]
    steps.create_index("ix_alert_receiver_order", "alert_receiver", order)
    steps.create_index("ix_alert_receiver_org", "alert_receiver", ["org_id", "role", "opened_at"])
    steps.create_index("ix_alert_receiver_alert_id", "alert_receiver", ["alert_id"])
    steps.create_table(
        "alert_baseline",
        sa.Column("rule", sa.String(20), nullable=False),
        sa.Column("who", Id16(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("rule", "who", name="pk_alert_baseline"),
    )
    steps.create_record_table(
        "alert_rule_change",
        sa.Column("rule", sa.String(20), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("patch", JsonText(), nullable=False),
        sa.Column("tested", JsonText(), nullable=True),
        sa.Column("reason", steps.long_text(), nullable=False),
        sa.Column("published_at", UtcTime(), nullable=False),
        sa.Column("published_by", Id16(), nullable=True),
        sa.Column("published_name", sa.String(255), nullable=False),
        indexed=("rule", "published_at"),
    )
    steps.create_record_table(
        "indicator",
        sa.Column("code", sa.String(60), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("day", IsoDate(), nullable=False),
        sa.Column("numerator", sa.Float(53), nullable=False),
        sa.Column("denominator", sa.Float(53), nullable=False),
        sa.Column("value", sa.Float(53), nullable=True),
        sa.Column("target", sa.Float(53), nullable=False),
        sa.Column("under", sa.Boolean(), nullable=False),
        sa.Column("under_days", sa.BigInteger(), nullable=False),
        sa.Column("under_since", IsoDate(), nullable=True),
    )


def _specimens() -> None:
    """Specimens, boxes, labels, devices."""
    steps.create_index("ix_specimen_event_occurred_at", "specimen_event", ["occurred_at"])


def _writing() -> None:
    """The log, its cursors, the audit chain."""
    steps.add_columns("audit_entry", sa.Column("format", sa.Integer(), nullable=False, server_default="1"))
    steps.create_table(
        "audit_subject",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("record_id", Id16(), nullable=False),
        sa.Column("entity", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("number", "record_id", "entity", name="pk_audit_subject"),
        sqlite_with_rowid=False,
    )
    steps.create_index("ix_audit_subject_record_id", "audit_subject", ["record_id"])


def _transfer() -> None:
    """Bundles, verdicts, conflicts, snapshots."""
    steps.create_table(
        "sync_node",
        sa.Column("id", Id16(), nullable=False),
        sa.Column("org_id", Id16(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("contact", sa.String(length=40), nullable=False),
        sa.Column("contact_since", UtcTime(), nullable=False),
        sa.Column("last_contact", UtcTime(), nullable=True),
        sa.Column("version", sa.String(length=40), nullable=True),
        sa.Column("stage", sa.String(length=20), nullable=True),
        sa.Column("skew_s", sa.BigInteger(), nullable=False),
        sa.Column("backlog", sa.BigInteger(), nullable=False),
        sa.Column("backlog_bytes", sa.BigInteger(), nullable=False),
        sa.Column("waits_s", sa.BigInteger(), nullable=False),
        sa.Column("files", sa.BigInteger(), nullable=False),
        sa.Column("file_bytes", sa.BigInteger(), nullable=False),
        sa.Column("rate", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("refusals", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.Column("parked", sa.BigInteger(), nullable=False),
        sa.Column("conflicts", sa.BigInteger(), nullable=False),
        sa.Column("oldest_conflict_s", sa.BigInteger(), nullable=False),
        sa.Column("conflicts_permille", sa.Float(), nullable=False),
        sa.Column("trouble", sa.BigInteger(), nullable=False),
        sa.Column("ver", sa.Integer(), nullable=False),
        sa.Column("extra", JsonText(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_node")),
    )
    steps.create_index("ix_sync_node_org_id", "sync_node", ["org_id"])
    steps.add_columns(
        "conflict",
        sa.Column("theirs_by", Id16(), nullable=True),
        sa.Column("theirs_command", sa.String(length=80), nullable=True),
        sa.Column("theirs_at", UtcTime(), nullable=True),
    )
    steps.add_columns(
        "device_state",
        sa.Column("position", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("backlog", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("backlog_bytes", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("oldest_s", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("files", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("file_bytes", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("stage", sa.String(length=20), nullable=False, server_default=""),
        sa.Column("rate", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("refusals", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("closed", sa.Boolean(), nullable=False, server_default="0"),
    )
    steps.create_table(
        "pull_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("life", sa.String(length=64), nullable=False),
        sa.Column("compared_at", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("manifest", sa.LargeBinary(length=2**24 - 1), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pull_state")),
    )
    steps.create_table(
        "snapshot_part",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("hot", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_snapshot_part")),
    )
    steps.create_table(
        "pull_mark",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("txn_id", Id16(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_pull_mark")),
    )
    steps.create_table(
        "erased_record",
        sa.Column("record_id", Id16(), nullable=False),
        sa.Column("entity", sa.String(length=60), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_erased_record")),
    )
    steps.create_table(
        "scrubbed_entry",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("by_position", sa.BigInteger(), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_scrubbed_entry")),
    )
    steps.create_table(
        "log_life",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("life", sa.String(length=64), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_log_life")),
    )


def _uploads() -> None:
    """Files and their transfers."""


def _trust() -> None:
    """Passwords, enrolment, sessions, search at the centre."""
    steps.create_table(
        "compiled",
        sa.Column("program", sa.String(64), primary_key=True),
        sa.Column("body", sa.LargeBinary(2**24 - 1), nullable=False),
    )
    steps.create_table(
        "noted_sign_in",
        sa.Column("txn_id", sa.LargeBinary(16).with_variant(sa.BINARY(16), "mysql"), primary_key=True),
        sa.Column("login", sa.String(60), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )


def _scales() -> None:
    """Responses without a visit and their corrections, results of scales, questionnaires given out."""
    steps.add_columns(
        "questionnaire_response",
        sa.Column("authored_by", Id16(), nullable=True),
        sa.Column("source", sa.String(40), nullable=True),
        sa.Column("signature_sha256", sa.String(64), nullable=True),
        sa.Column("amends", Id16(), nullable=True),
        sa.Column("reason", steps.long_text(), nullable=True),
        sa.Column("corrected_at", UtcTime(), nullable=True),
    )
    steps.create_index("ix_questionnaire_response_amends", "questionnaire_response", ["amends"])
    steps.create_index("ix_questionnaire_response_authored_at", "questionnaire_response", ["authored_at"])
    steps.create_record_table(
        "scale_result",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("visit_id", Id16(), nullable=True),
        sa.Column("response_id", Id16(), nullable=False),
        sa.Column("scale", sa.String(60), nullable=False),
        sa.Column("scale_version", sa.String(40), nullable=False),
        sa.Column("scorer", sa.String(20), nullable=False),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("total", sa.Float(53), nullable=True),
        sa.Column("band", sa.String(60), nullable=True),
        sa.Column("meaning", sa.String(255), nullable=True),
        sa.Column("level", sa.String(20), nullable=True),
        sa.Column("unverified", sa.Boolean(), nullable=False),
        sa.Column("safety", sa.Boolean(), nullable=False),
        sa.Column("factors", JsonText(), nullable=False),
        sa.Column("detail", JsonText(), nullable=False),
        sa.Column("scored_at", UtcTime(), nullable=False),
        sa.Column("valid_until", IsoDate(), nullable=True),
        sa.Column("amends", Id16(), nullable=True),
        indexed=("visit_id", "response_id", "scored_at"),
    )
    steps.create_index("ix_scale_result_patient_scale", "scale_result", ["patient_id", "scale", "scored_at"])
    steps.create_record_table(
        "form_task",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("visit_id", Id16(), nullable=True),
        sa.Column("form", sa.String(120), nullable=False),
        sa.Column("form_version", sa.String(40), nullable=False),
        sa.Column("purpose", sa.String(255), nullable=True),
        sa.Column("issued_by", Id16(), nullable=True),
        sa.Column("issued_at", UtcTime(), nullable=False),
        sa.Column("begun_at", UtcTime(), nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("reason", steps.long_text(), nullable=True),
        indexed=("patient_id", "issued_at", "due_at"),
    )


def _designs() -> None:
    """Questionnaires of an institution's own, and the responses of a composite's parts."""
    steps.add_columns(
        "questionnaire_response",
        sa.Column("part_of", Id16(), nullable=True),
        sa.Column("published_id", Id16(), nullable=True),
    )
    steps.create_index("ix_questionnaire_response_part_of", "questionnaire_response", ["part_of"])
    steps.create_record_table(
        "form_design",
        sa.Column("form", sa.String(60), nullable=False),
        sa.Column("url", sa.String(255), nullable=False),
        sa.Column("version", sa.String(40), nullable=False),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column("origin", sa.String(40), nullable=False),
        sa.Column("based_on", sa.String(255), nullable=True),
        sa.Column("questionnaire", JsonText(), nullable=False),
        sa.Column("scoring", JsonText(), nullable=True),
        sa.Column("parts", JsonText(), nullable=True),
        sa.Column("saved_at", UtcTime(), nullable=False),
        sa.Column("saved_by", Id16(), nullable=True),
        sa.Column("saved_name", sa.String(255), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("edition", sa.BigInteger(), nullable=False),
        sa.Column("note", steps.long_text(), nullable=True),
        sa.Column("published_at", UtcTime(), nullable=True),
        sa.Column("published_name", sa.String(255), nullable=True),
        sa.Column("everywhere", sa.Boolean(), nullable=False),
        sa.Column("places", JsonText(), nullable=True),
        sa.Column("retired_at", UtcTime(), nullable=True),
        sa.Column("retired_name", sa.String(255), nullable=True),
        sa.Column("retire_reason", steps.long_text(), nullable=True),
        indexed=("form", "saved_at"),
    )
    steps.create_record_table(
        "published_form",
        sa.Column("design_id", Id16(), nullable=False),
        sa.Column("form", sa.String(60), nullable=False),
        sa.Column("url", sa.String(255), nullable=False),
        sa.Column("version", sa.String(40), nullable=False),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column("questionnaire", JsonText(), nullable=False),
        sa.Column("scoring", JsonText(), nullable=True),
        sa.Column("parts", JsonText(), nullable=True),
        sa.Column("edition", sa.BigInteger(), nullable=False),
        sa.Column("note", steps.long_text(), nullable=False),
        sa.Column("published_at", UtcTime(), nullable=False),
        sa.Column("published_by", Id16(), nullable=True),
        sa.Column("published_name", sa.String(255), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("retired_at", UtcTime(), nullable=True),
        sa.Column("retire_reason", steps.long_text(), nullable=True),
        indexed=("design_id", "published_at"),
    )
    steps.create_index("ix_published_form_form", "published_form", ["form", "version"])


def _risks() -> None:
    """Assessments, the level a client has, and its history."""
    steps.create_record_table(
        "risk_assessment",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("on_date", IsoDate(), nullable=False),
        sa.Column("assessed_at", UtcTime(), nullable=False),
        sa.Column("cause", sa.String(40), nullable=False),
        sa.Column("models_version", sa.String(60), nullable=False),
        sa.Column("rules_version", sa.String(60), nullable=False),
        sa.Column("colour", sa.String(40), nullable=True),
        sa.Column("high", sa.BigInteger(), nullable=False),
        sa.Column("medium", sa.BigInteger(), nullable=False),
        sa.Column("diagnosed", sa.BigInteger(), nullable=False),
        sa.Column("computed", sa.BigInteger(), nullable=False),
        sa.Column("unverified", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("inputs", JsonText(), nullable=False),
        sa.Column("outcome", JsonText(), nullable=False),
        sa.Column("detail", JsonText(), nullable=True),
        indexed=("assessed_at",),
    )
    steps.create_index("ix_risk_assessment_patient", "risk_assessment", ["patient_id", "assessed_at"])
    steps.create_record_table(
        "risk_level",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("colour", sa.String(40), nullable=True),
        sa.Column("colour_rank", sa.BigInteger(), nullable=False),
        sa.Column("automatic", sa.String(40), nullable=True),
        sa.Column("why", JsonText(), nullable=False),
        sa.Column("levels", JsonText(), nullable=False),
        sa.Column("assessment_id", Id16(), nullable=True),
        sa.Column("assessed_at", UtcTime(), nullable=True),
        sa.Column("manual", sa.String(40), nullable=True),
        sa.Column("manual_reason", steps.long_text(), nullable=True),
        sa.Column("manual_until", IsoDate(), nullable=True),
        sa.Column("manual_by", Id16(), nullable=True),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("confirmed_at", UtcTime(), nullable=True),
        sa.Column("confirmed_by", Id16(), nullable=True),
        sa.Column("confirmed_levels", JsonText(), nullable=False),
        sa.Column("risen", sa.BigInteger(), nullable=False),
        sa.Column("high_factors", JsonText(), nullable=False),
        sa.Column("noted_factors", JsonText(), nullable=False),
        sa.Column("open_factors", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        indexed=("patient_id", "colour", "manual_until", "changed_at"),
    )
    steps.create_record_table(
        "risk_level_change",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("act", sa.String(40), nullable=False),
        sa.Column("colour_before", sa.String(40), nullable=True),
        sa.Column("colour_after", sa.String(40), nullable=True),
        sa.Column("reason", steps.long_text(), nullable=True),
        sa.Column("valid_until", IsoDate(), nullable=True),
        sa.Column("why", JsonText(), nullable=True),
        sa.Column("assessment_id", Id16(), nullable=True),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(255), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        indexed=("patient_id", "at"),
    )
    steps.create_record_table(
        "risk_rule_set",
        sa.Column("version", sa.String(60), nullable=False),
        sa.Column("rules", JsonText(), nullable=False),
        sa.Column("reason", steps.long_text(), nullable=False),
        sa.Column("published_at", UtcTime(), nullable=False),
        sa.Column("published_by", Id16(), nullable=True),
        sa.Column("published_name", sa.String(255), nullable=False),
        indexed=("version", "published_at"),
    )


def _links() -> None:
    """Links by which clients go on with a questionnaire, or read their risk report, on their phones."""
    steps.create_record_table(
        "person_link",
        sa.Column("token_sha256", sa.String(64), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("visit_id", Id16(), nullable=True),
        sa.Column("purpose", sa.String(40), nullable=False),
        sa.Column("task_id", Id16(), nullable=True),
        sa.Column("form", sa.String(120), nullable=True),
        sa.Column("form_version", sa.String(40), nullable=True),
        sa.Column("draft", JsonText(), nullable=True),
        sa.Column("saved_at", UtcTime(), nullable=True),
        sa.Column("issued_by", Id16(), nullable=True),
        sa.Column("issued_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("most_openings", sa.Integer(), nullable=False),
        sa.Column("openings", sa.Integer(), nullable=False),
        sa.Column("opened_at", UtcTime(), nullable=True),
        sa.Column("uploads", sa.Integer(), nullable=False),
        sa.Column("used_at", UtcTime(), nullable=True),
        sa.Column("revoked_at", UtcTime(), nullable=True),
        sa.Column("reason", steps.long_text(), nullable=True),
        indexed=("token_sha256", "patient_id", "task_id", "issued_at"),
    )


def _content_marks() -> None:
    """Parts of the shipped content that wait for a physician's word."""
    steps.create_record_table(
        "content_mark",
        sa.Column("key", sa.String(160), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("part", sa.String(1000), nullable=False),
        sa.Column("source", sa.String(2000), nullable=False),
        sa.Column("file_status", sa.String(20), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("signed_digest", sa.String(64), nullable=True),
        sa.Column("second_source", steps.long_text(), nullable=True),
        sa.Column("signed_by", Id16(), nullable=True),
        sa.Column("signed_name", sa.String(255), nullable=True),
        sa.Column("signed_at", UtcTime(), nullable=True),
        sa.Column("reason", steps.long_text(), nullable=True),
        indexed=("key", "state", "state_since"),
    )


def _two_places() -> None:
    """A questionnaire that is handed in on the phone and at the desk."""
    steps.add_columns("questionnaire_response", sa.Column("task_id", Id16(), nullable=True))
    steps.create_index("ix_questionnaire_response_task_id", "questionnaire_response", ["task_id"])
    steps.add_columns("person_link", sa.Column("settled_by", Id16(), nullable=True))
    steps.create_index("ix_person_link_settled_by", "person_link", ["settled_by"])


def _messages() -> None:
    """What is told to people outside the program, and how its channels fare."""
    steps.add_columns("person_link", sa.Column("message_id", Id16(), nullable=True))
    steps.create_index("ix_person_link_message_id", "person_link", ["message_id"])
    steps.create_record_table(
        "contact_address",
        sa.Column("patient_id", Id16(), nullable=True),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("address", sa.String(255), nullable=False),
        sa.Column("via", sa.String(100), nullable=True),
        sa.Column("opted_out_at", UtcTime(), nullable=True),
        sa.Column("opted_out_why", sa.String(255), nullable=True),
        sa.Column("consents", sa.BigInteger(), nullable=True),
        sa.Column("bound_at", UtcTime(), nullable=False),
        sa.Column("bound_by", Id16(), nullable=True),
        indexed=("patient_id", "staff_id"),
    )
    steps.create_index("ix_contact_address_address", "contact_address", ["channel", "address"])
    steps.create_record_table(
        "messaging_preference",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("paused_at", UtcTime(), nullable=True),
        sa.Column("paused_why", sa.String(255), nullable=True),
        sa.Column("opted_out", JsonText(), nullable=False),
        sa.Column("daily_cap", sa.BigInteger(), nullable=True),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.Column("changed_by", Id16(), nullable=True),
        indexed=("patient_id",),
    )
    steps.create_record_table(
        "message_template",
        sa.Column("code", sa.String(60), nullable=False),
        sa.Column("label", sa.String(100), nullable=False),
        sa.Column("category", sa.String(40), nullable=False),
        sa.Column("channels", JsonText(), nullable=False),
        sa.Column("title", sa.String(60), nullable=False),
        sa.Column("text", steps.long_text(), nullable=False),
        sa.Column("sources", JsonText(), nullable=True),
        sa.Column("important", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("saved_at", UtcTime(), nullable=False),
        sa.Column("saved_by", Id16(), nullable=True),
        indexed=("code", "saved_at"),
    )
    steps.create_record_table(
        "outbox_message",
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("category", sa.String(40), nullable=False),
        sa.Column("template", sa.String(60), nullable=False),
        sa.Column("patient_id", Id16(), nullable=True),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("address_id", Id16(), nullable=True),
        sa.Column("title", sa.String(60), nullable=False),
        sa.Column("text", sa.String(2000), nullable=False),
        sa.Column("body", steps.long_text(), nullable=True),
        sa.Column("params", JsonText(), nullable=True),
        sa.Column("sources", JsonText(), nullable=True),
        sa.Column("important", sa.Boolean(), nullable=False),
        sa.Column("repeats_id", Id16(), nullable=True),
        sa.Column("about", sa.String(60), nullable=True),
        sa.Column("about_id", Id16(), nullable=True),
        sa.Column("mass_id", Id16(), nullable=True),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("queued_at", UtcTime(), nullable=False),
        sa.Column("queued_by", Id16(), nullable=True),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("send_at", UtcTime(), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("reason", sa.String(60), nullable=True),
        sa.Column("detail", sa.String(255), nullable=True),
        sa.Column("vendor_id", sa.String(120), nullable=True),
        sa.Column("read_at", UtcTime(), nullable=True),
        sa.Column("unread_stage", sa.BigInteger(), nullable=False),
        indexed=("staff_id", "repeats_id", "about_id", "mass_id", "queued_at", "state_since", "due_at"),
    )
    steps.create_index("ix_outbox_message_person", "outbox_message", ["patient_id", "queued_at"])
    steps.create_index("ix_outbox_message_state_send", "outbox_message", ["state", "rank", "send_at"])
    steps.create_index("ix_outbox_message_vendor", "outbox_message", ["vendor_id"])
    steps.create_record_table(
        "mass_sending",
        sa.Column("label", sa.String(100), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("template", sa.String(60), nullable=False),
        sa.Column("chosen", sa.String(1000), nullable=False),
        sa.Column("wanted", sa.BigInteger(), nullable=False),
        sa.Column("queued", sa.BigInteger(), nullable=False),
        sa.Column("left_out", JsonText(), nullable=True),
        sa.Column("budget_left", sa.BigInteger(), nullable=True),
        sa.Column("confirmed_at", UtcTime(), nullable=False),
        sa.Column("confirmed_by", Id16(), nullable=True),
        indexed=("confirmed_at",),
    )
    steps.create_record_table(
        "channel_state",
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("account", sa.String(60), nullable=False),
        sa.Column("paused", sa.BigInteger(), nullable=False),
        sa.Column("paused_at", UtcTime(), nullable=True),
        sa.Column("reason", sa.String(60), nullable=True),
        sa.Column("detail", sa.String(255), nullable=True),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("error_percent", sa.BigInteger(), nullable=False),
        sa.Column("recent", JsonText(), nullable=False),
        sa.Column("trouble", sa.BigInteger(), nullable=False),
        sa.Column("dead", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("quota", sa.BigInteger(), nullable=True),
        sa.Column("checked_at", UtcTime(), nullable=False),
    )
    steps.create_record_table(
        "channel_budget",
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("quota", sa.BigInteger(), nullable=True),
        sa.Column("paused", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(60), nullable=True),
        sa.Column("published_at", UtcTime(), nullable=False),
        indexed=("channel",),
    )
    steps.create_record_table(
        "conversation",
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("account", sa.String(60), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("address_id", Id16(), nullable=False),
        sa.Column("nickname", sa.String(100), nullable=True),
        sa.Column("patient_id", Id16(), nullable=True),
        sa.Column("owner_id", Id16(), nullable=True),
        sa.Column("labels", JsonText(), nullable=False),
        sa.Column("handed_on", sa.BigInteger(), nullable=False),
        sa.Column("owed_since", UtcTime(), nullable=True),
        sa.Column("last_at", UtcTime(), nullable=False),
        sa.Column("last_text", sa.String(200), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        indexed=("address_id", "patient_id", "last_at", "due_at"),
    )
    steps.create_index("ix_conversation_owner_last", "conversation", ["owner_id", "last_at"])
    steps.create_index("ix_conversation_state_due", "conversation", ["state", "due_at"])
    steps.create_record_table(
        "conversation_message",
        sa.Column("conversation_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=True),
        sa.Column("direction", sa.String(40), nullable=False),
        sa.Column("form", sa.String(20), nullable=False),
        sa.Column("text", steps.long_text(), nullable=False),
        sa.Column("media", sa.String(255), nullable=True),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(255), nullable=True),
        sa.Column("outbox_id", Id16(), nullable=True),
        sa.Column("at", UtcTime(), nullable=False),
        indexed=("patient_id", "outbox_id", "at"),
    )
    steps.create_index("ix_conversation_message_in", "conversation_message", ["conversation_id", "at"])


def _follow_up() -> None:
    """Groups, plans, tasks, and what clients thought of them."""
    steps.create_record_table(
        "group_member",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("segment", sa.String(40), nullable=False),
        sa.Column("topic", sa.String(60), nullable=False),
        sa.Column("topic_label", sa.String(255), nullable=False),
        sa.Column("why", JsonText(), nullable=False),
        sa.Column("unverified", sa.Boolean(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("left_at", UtcTime(), nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("exempt_reason", steps.long_text(), nullable=True),
        indexed=("patient_id", "since", "due_at"),
    )
    steps.create_index("ix_group_member_segment_since", "group_member", ["segment", "since"])
    steps.create_record_table(
        "group_change",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("member_id", Id16(), nullable=False),
        sa.Column("segment", sa.String(40), nullable=False),
        sa.Column("topic_label", sa.String(255), nullable=False),
        sa.Column("act", sa.String(40), nullable=False),
        sa.Column("why", JsonText(), nullable=True),
        sa.Column("note", steps.long_text(), nullable=True),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(255), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        indexed=("patient_id", "member_id", "at"),
    )
    steps.create_record_table(
        "care_profile",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("level", sa.String(40), nullable=False),
        sa.Column("unit_id", Id16(), nullable=True),
        sa.Column("manager_id", Id16(), nullable=True),
        sa.Column("expert_id", Id16(), nullable=True),
        sa.Column("changed_at", UtcTime(), nullable=False),
        indexed=("patient_id", "unit_id", "manager_id", "changed_at"),
    )
    steps.create_record_table(
        "follow_plan",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("template", sa.String(60), nullable=False),
        sa.Column("template_version", sa.BigInteger(), nullable=False),
        sa.Column("segment", sa.String(40), nullable=False),
        sa.Column("topics", JsonText(), nullable=False),
        sa.Column("level", sa.String(40), nullable=False),
        sa.Column("strict", sa.Boolean(), nullable=False),
        sa.Column("way", sa.String(40), nullable=False),
        sa.Column("form", sa.String(120), nullable=True),
        sa.Column("script", sa.String(60), nullable=True),
        sa.Column("owner_role", sa.String(40), nullable=False),
        sa.Column("owner_id", Id16(), nullable=True),
        sa.Column("content", JsonText(), nullable=False),
        sa.Column("after_days", JsonText(), nullable=False),
        sa.Column("starts_on", IsoDate(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(300), nullable=False),
        sa.Column("unverified", sa.Boolean(), nullable=False),
        sa.Column("edited", sa.Boolean(), nullable=False),
        sa.Column("replaces", Id16(), nullable=True),
        sa.Column("proposed_at", UtcTime(), nullable=False),
        sa.Column("accepted_by", Id16(), nullable=True),
        sa.Column("reason", steps.long_text(), nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        indexed=("patient_id", "template", "proposed_at", "due_at"),
    )
    steps.create_record_table(
        "plan_change",
        sa.Column("plan_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("act", sa.String(40), nullable=False),
        sa.Column("before", JsonText(), nullable=True),
        sa.Column("after", JsonText(), nullable=True),
        sa.Column("note", steps.long_text(), nullable=True),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(255), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        indexed=("plan_id", "patient_id", "at"),
    )
    steps.create_record_table(
        "follow_task",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("plan_id", Id16(), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column("audience", sa.String(40), nullable=False),
        sa.Column("way", sa.String(40), nullable=False),
        sa.Column("form", sa.String(120), nullable=True),
        sa.Column("script", sa.String(60), nullable=True),
        sa.Column("content", JsonText(), nullable=False),
        sa.Column("topics", JsonText(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("owner_role", sa.String(40), nullable=False),
        sa.Column("owner_id", Id16(), nullable=True),
        sa.Column("owner_name", sa.String(255), nullable=True),
        sa.Column("assigned_why", sa.String(40), nullable=True),
        sa.Column("offered_to", Id16(), nullable=True),
        sa.Column("helpers", JsonText(), nullable=True),
        sa.Column("planned_at", UtcTime(), nullable=False),
        sa.Column("executed_at", UtcTime(), nullable=True),
        sa.Column("outcome", sa.String(40), nullable=True),
        sa.Column("result", steps.long_text(), nullable=True),
        sa.Column("response_id", Id16(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("closed_at", UtcTime(), nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        indexed=("patient_id", "plan_id", "offered_to", "planned_at", "created_at", "closed_at", "due_at"),
    )
    steps.create_index("ix_follow_task_open", "follow_task", ["state", "due_at"])
    steps.create_index("ix_follow_task_owner", "follow_task", ["owner_id", "state", "due_at"])
    steps.create_record_table(
        "task_event",
        sa.Column("task_id", Id16(), nullable=False),
        sa.Column("act", sa.String(40), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(255), nullable=False),
        sa.Column("to_name", sa.String(255), nullable=True),
        sa.Column("note", steps.long_text(), nullable=True),
        sa.Column("facts", JsonText(), nullable=True),
        indexed=("task_id", "at"),
    )
    steps.create_index("ix_task_event_staff_at", "task_event", ["staff_id", "at"])
    steps.create_record_table(
        "care_staff",
        sa.Column("staff_id", Id16(), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("skills", JsonText(), nullable=False),
        sa.Column("task_limit", sa.BigInteger(), nullable=False),
        sa.Column("on_duty", sa.Boolean(), nullable=False),
        sa.Column("open_tasks", sa.BigInteger(), nullable=False),
        sa.Column("over_by", sa.BigInteger(), nullable=False),
        sa.Column("over_day", sa.String(10), nullable=True),
        sa.Column("counted_at", UtcTime(), nullable=True),
        indexed=("staff_id", "over_by"),
    )
    steps.create_record_table(
        "feedback",
        sa.Column("patient_id", Id16(), nullable=True),
        sa.Column("unit_id", Id16(), nullable=True),
        sa.Column("step", sa.String(60), nullable=False),
        sa.Column("step_id", Id16(), nullable=False),
        sa.Column("step_kind", sa.String(40), nullable=False),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(255), nullable=True),
        sa.Column("score", sa.BigInteger(), nullable=False),
        sa.Column("comment", steps.long_text(), nullable=True),
        sa.Column("complaint", sa.Boolean(), nullable=False),
        sa.Column("response_id", Id16(), nullable=True),
        sa.Column("given_at", UtcTime(), nullable=False),
        sa.Column("taken_by", Id16(), nullable=True),
        indexed=("patient_id", "given_at"),
    )
    steps.create_index("ix_feedback_staff_at", "feedback", ["staff_id", "given_at"])
    steps.create_index("ix_feedback_step", "feedback", ["step", "step_id"])
    steps.create_record_table(
        "feedback_case",
        sa.Column("feedback_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=True),
        sa.Column("step_kind", sa.String(40), nullable=False),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(255), nullable=True),
        sa.Column("score", sa.BigInteger(), nullable=False),
        sa.Column("complaint", sa.Boolean(), nullable=False),
        sa.Column("comment", steps.long_text(), nullable=True),
        sa.Column("owner_id", Id16(), nullable=True),
        sa.Column("owner_name", sa.String(255), nullable=True),
        sa.Column("plan", steps.long_text(), nullable=True),
        sa.Column("root_cause", sa.String(40), nullable=True),
        sa.Column("root_note", steps.long_text(), nullable=True),
        sa.Column("resolution", steps.long_text(), nullable=True),
        sa.Column("confirmed", steps.long_text(), nullable=True),
        sa.Column("opened_at", UtcTime(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        indexed=("feedback_id", "patient_id", "opened_at", "state", "due_at"),
    )
    steps.create_record_table(
        "service_score",
        sa.Column("staff_id", Id16(), nullable=False),
        sa.Column("staff_name", sa.String(255), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("answers", sa.BigInteger(), nullable=False),
        sa.Column("mean", sa.Float(53), nullable=False),
        sa.Column("low_streak", sa.BigInteger(), nullable=False),
        sa.Column("counted_at", UtcTime(), nullable=False),
        indexed=("staff_id", "month"),
    )


def _reception() -> None:
    """Blocks of time, appointments, units with their events, and service packages."""
    steps.create_record_table(
        "slot_block",
        sa.Column("staff_id", Id16(), nullable=False),
        sa.Column("staff_name", sa.String(255), nullable=False),
        sa.Column("starts_at", UtcTime(), nullable=False),
        sa.Column("ends_at", UtcTime(), nullable=False),
        sa.Column("slot_minutes", sa.BigInteger(), nullable=False),
        sa.Column("device_id", Id16(), nullable=False),
        sa.Column("device_name", sa.String(255), nullable=False),
        sa.Column("given_at", UtcTime(), nullable=False),
        indexed=("staff_id", "starts_at", "device_id"),
    )
    steps.create_record_table(
        "appointment",
        sa.Column("block_id", Id16(), nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        sa.Column("slot_key", sa.String(60), nullable=True),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("staff_id", Id16(), nullable=False),
        sa.Column("staff_name", sa.String(255), nullable=False),
        sa.Column("starts_at", UtcTime(), nullable=False),
        sa.Column("ends_at", UtcTime(), nullable=False),
        sa.Column("note", steps.long_text(), nullable=True),
        sa.Column("moved_to", Id16(), nullable=True),
        sa.Column("arrived_at", UtcTime(), nullable=True),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.Column("steps", JsonText(), nullable=True),
        sa.Column("course", steps.long_text(), nullable=True),
        sa.Column("next_step", steps.long_text(), nullable=True),
        sa.Column("reason", steps.long_text(), nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.UniqueConstraint("slot_key", name="uq_appointment_slot_key"),
        indexed=("block_id", "patient_id", "starts_at", "due_at"),
    )
    steps.create_index("ix_appointment_staff_day", "appointment", ["staff_id", "starts_at"])
    steps.create_record_table(
        "client_unit",
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("parent_id", Id16(), nullable=True),
        sa.Column("contact", sa.String(255), nullable=True),
        sa.Column("phone", sa.String(40), nullable=True),
        sa.Column("manager_id", Id16(), nullable=True),
        sa.Column("manager_name", sa.String(255), nullable=True),
        sa.Column("added_at", UtcTime(), nullable=False),
        indexed=("name", "parent_id", "added_at"),
    )
    steps.create_record_table(
        "group_event",
        sa.Column("unit_id", Id16(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column("place", sa.String(255), nullable=True),
        sa.Column("starts_at", UtcTime(), nullable=False),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(255), nullable=True),
        sa.Column("expected", sa.BigInteger(), nullable=False),
        sa.Column("least_percent", sa.BigInteger(), nullable=False),
        sa.Column("enrolled", sa.BigInteger(), nullable=False),
        sa.Column("attended", sa.BigInteger(), nullable=False),
        sa.Column("short_by", sa.BigInteger(), nullable=False),
        sa.Column("materials", JsonText(), nullable=False),
        sa.Column("steps", JsonText(), nullable=False),
        sa.Column("course", steps.long_text(), nullable=True),
        sa.Column("reason", steps.long_text(), nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        indexed=("unit_id", "starts_at", "due_at"),
    )
    steps.create_record_table(
        "event_place",
        sa.Column("event_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("enrolled_at", UtcTime(), nullable=True),
        sa.Column("attended_at", UtcTime(), nullable=True),
        sa.Column("withdrawn_at", UtcTime(), nullable=True),
        indexed=("event_id", "patient_id", "enrolled_at"),
    )
    steps.create_record_table(
        "service_contract",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("package", sa.String(255), nullable=False),
        sa.Column("manager_id", Id16(), nullable=True),
        sa.Column("manager_name", sa.String(255), nullable=True),
        sa.Column("expert_id", Id16(), nullable=True),
        sa.Column("expert_name", sa.String(255), nullable=True),
        sa.Column("starts_on", IsoDate(), nullable=False),
        sa.Column("ends_on", IsoDate(), nullable=False),
        sa.Column("renews", Id16(), nullable=True),
        sa.Column("signed_by", Id16(), nullable=True),
        sa.Column("reason", steps.long_text(), nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        indexed=("patient_id", "ends_on", "due_at"),
    )


def _trackings() -> None:
    """Abnormal results until it is known what became of them, and how many were told in time."""
    steps.create_record_table(
        "abnormal_tracking",
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("visit_id", Id16(), nullable=True),
        sa.Column("finding_id", Id16(), nullable=True),
        sa.Column("observation_id", Id16(), nullable=False),
        sa.Column("grade", sa.String(40), nullable=False),
        sa.Column("sentence", sa.String(1000), nullable=False),
        sa.Column("found_at", UtcTime(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("told_at", UtcTime(), nullable=True),
        sa.Column("told_way", sa.String(40), nullable=True),
        sa.Column("known_by", sa.String(1000), nullable=True),
        sa.Column("follow_on", IsoDate(), nullable=True),
        sa.Column("followed_at", UtcTime(), nullable=True),
        sa.Column("outcome", sa.String(40), nullable=True),
        sa.Column("note", steps.long_text(), nullable=True),
        indexed=("patient_id", "visit_id", "observation_id", "found_at", "state", "due_at"),
    )
    steps.create_index("ix_tracking_rates", "abnormal_tracking", ["org_id", "grade", "found_at"])
    steps.create_record_table(
        "tracking_step",
        sa.Column("tracking_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(255), nullable=False),
        sa.Column("way", sa.String(40), nullable=True),
        sa.Column("note", steps.long_text(), nullable=True),
        indexed=("tracking_id", "patient_id", "at"),
    )
    steps.create_record_table(
        "tracking_rate",
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("grade", sa.String(40), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("in_time", sa.Integer(), nullable=False),
        sa.Column("told_rate", sa.Float(53), nullable=True),
        sa.Column("to_follow", sa.Integer(), nullable=False),
        sa.Column("followed", sa.Integer(), nullable=False),
        sa.Column("followed_rate", sa.Float(53), nullable=True),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("referred", sa.Integer(), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("counted_at", UtcTime(), nullable=False),
        indexed=("month", "counted_at"),
    )
