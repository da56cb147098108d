"""The tables of the spine: log, people, checkups, specimens, alerts, transfer."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from domain.kernel.columns import Id16, IsoDate, JsonText, UtcTime

revision: str = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:

    op.create_table(
        "alert",
        sa.Column("id", Id16(), nullable=False),
        sa.Column("org_id", Id16(), nullable=False),
        sa.Column("rule", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("rule_version", sa.BigInteger(), nullable=False),
        sa.Column("severity", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("subject_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=True),
        sa.Column("summary", sa.String(length=1000), nullable=False),
        sa.Column("facts", JsonText(), nullable=True),
        sa.Column("receivers", JsonText(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", UtcTime(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("handled_note", sa.Text(length=16777215), nullable=True),
        sa.Column("handled_by", Id16(), nullable=True),
        sa.Column("ver", sa.Integer(), nullable=False),
        sa.Column("extra", JsonText(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
    )
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_alert_due_at"), ["due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_alert_org_id"), ["org_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_alert_patient_id"), ["patient_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_alert_rule"), ["rule"], unique=False)
        batch_op.create_index(batch_op.f("ix_alert_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_alert_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "alert_event",
        sa.Column("id", Id16(), nullable=False),
        sa.Column("org_id", Id16(), nullable=False),
        sa.Column("alert_id", Id16(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(length=255), nullable=False),
        sa.Column("severity", sa.String(40), nullable=False),
        sa.Column("receivers", JsonText(), nullable=False),
        sa.Column("note", sa.Text(length=16777215), nullable=True),
        sa.Column("ver", sa.Integer(), nullable=False),
        sa.Column("extra", JsonText(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_event")),
    )
    with op.batch_alter_table("alert_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_alert_event_alert_id"), ["alert_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_alert_event_org_id"), ["org_id"], unique=False)

    op.create_table(
        "alert_timer",
        sa.Column("rule", sa.String(length=20), nullable=False),
        sa.Column("record_id", Id16(), nullable=False),
        sa.Column("entity", sa.String(length=60), nullable=False),
        sa.Column("occasion", sa.String(length=80), nullable=False),
        sa.Column("org_id", Id16(), nullable=False),
        sa.Column("fire_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("rule", "record_id", name=op.f("pk_alert_timer")),
    )
    with op.batch_alter_table("alert_timer", schema=None) as batch_op:
        batch_op.create_index("ix_alert_timer_fire_at", ["fire_at"], unique=False)

    op.create_table(
        "applied_txn",
        sa.Column("txn_id", Id16(), nullable=False),
        sa.Column("device_id", Id16(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("dev_seq", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=True),
        sa.Column("facts", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("txn_id", name=op.f("pk_applied_txn")),
    )
    with op.batch_alter_table("applied_txn", schema=None) as batch_op:
        batch_op.create_index("ix_applied_txn_device", ["device_id", "epoch", "dev_seq"], unique=False)

    op.create_table(
        "attachment",
        sa.Column("id", Id16(), nullable=False),
        sa.Column("org_id", Id16(), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("subject_id", Id16(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("lane", sa.BigInteger(), nullable=False),
        sa.Column("added_at", UtcTime(), nullable=False),
        sa.Column("ver", sa.Integer(), nullable=False),
        sa.Column("extra", JsonText(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
    )
    with op.batch_alter_table("attachment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attachment_org_id"), ["org_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_attachment_sha256"), ["sha256"], unique=False)
        batch_op.create_index(batch_op.f("ix_attachment_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "audit_entry",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor_id", Id16(), nullable=True),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("device_id", Id16(), nullable=False),
        sa.Column("org_id", Id16(), nullable=False),
        sa.Column("command", sa.String(length=80), nullable=False),
        sa.Column("entity", sa.String(length=60), nullable=True),
        sa.Column("record_id", Id16(), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_entry")),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_entry_actor_id"), ["actor_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entry_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entry_position"), ["position"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entry_record_id"), ["record_id"], unique=False)

    op.create_table(
        "blob_state",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("sent", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=True),
        sa.Column("reason", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_blob_state")),
    )
    op.create_table(
        "change_log",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("txn_id", Id16(), nullable=False),
        sa.Column("device_id", Id16(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("dev_seq", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("body", sa.LargeBinary(length=16777215), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_change_log")),
        sa.UniqueConstraint("txn_id", name=op.f("uq_change_log_txn_id")),
    )
    with op.batch_alter_table("change_log", schema=None) as batch_op:
        batch_op.create_index("ix_change_log_device_seq", ["device_id", "epoch", "dev_seq"], unique=False)

    op.create_table(
        "conflict",
        sa.Column("id", Id16(), nullable=False),
        sa.Column("org_id", Id16(), nullable=False),
        sa.Column("entity", sa.String(length=60), nullable=False),
        sa.Column("record_id", Id16(), nullable=False),
        sa.Column("fields", sa.String(length=120), nullable=False),
        sa.Column("base", JsonText(), nullable=False),
        sa.Column("theirs", JsonText(), nullable=False),
        sa.Column("mine", JsonText(), nullable=False),
        sa.Column("mine_by", Id16(), nullable=True),
        sa.Column("mine_command", sa.String(length=80), nullable=False),
        sa.Column("mine_at", UtcTime(), nullable=False),
        sa.Column("safety", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("opened_at", UtcTime(), nullable=False),
        sa.Column("decided_by", Id16(), nullable=True),
        sa.Column("decided_at", UtcTime(), nullable=True),
        sa.Column("decision", sa.String(length=20), nullable=True),
        sa.Column("ver", sa.Integer(), nullable=False),
        sa.Column("extra", JsonText(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conflict")),
    )
    with op.batch_alter_table("conflict", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_conflict_opened_at"), ["opened_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_conflict_org_id"), ["org_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_conflict_record_id"), ["record_id"], unique=False)

    op.create_table(
        "critical_value",
        sa.Column("id", Id16(), nullable=False),
        sa.Column("org_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("visit_id", Id16(), nullable=True),
        sa.Column("observation_id", Id16(), nullable=False),
        sa.Column("label", sa.String(length=255), nullable=False),
        sa.Column("value_text", sa.String(length=255), nullable=False),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.Column("unverified", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("received_by", Id16(), nullable=True),
        sa.Column("read_back", sa.String(length=60), nullable=True),
        sa.Column("outcome", sa.Text(length=16777215), nullable=True),
        sa.Column("ver", sa.Integer(), nullable=False),
        sa.Column("extra", JsonText(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_critical_value")),
        sa.UniqueConstraint("observation_id", name=op.f("uq_critical_value_observation_id")),
    )
    with op.batch_alter_table("critical_value", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_critical_value_due_at"), ["due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_critical_value_org_id"), ["org_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_critical_value_patient_id"), ["patient_id"], unique=False)

    op.create_table(
        "device_state",
        sa.Column("device_id", Id16(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_txn", Id16(), nullable=True),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("nonce_before", sa.String(length=64), nullable=False),
        sa.Column("forks", sa.Integer(), nullable=False),
        sa.Column("skew_us", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("program", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_device_state")),
    )
    op.create_table(
        "enrolment_code",
        sa.Column("id", Id16(), nullable=False),
        sa.Column("org_id", Id16(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("used_at", UtcTime(), nullable=True),
        sa.Column("workstation_id", Id16(), nullable=True),
        sa.Column("ver", sa.Integer(), nullable=False),
        sa.Column("extra", JsonText(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment_code")),
        sa.UniqueConstraint("digest", name=op.f("uq_enrolment_code_digest")),
    )
    with op.batch_alter_table("enrolment_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_enrolment_code_org_id"), ["org_id"], unique=False)

    op.create_table(
        "finding",
        sa.Column("id", Id16(), nullable=False),
        sa.Column("org_id", Id16(), nullable=False),
        sa.Column("visit_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("observation_id", Id16(), nullable=False),
        sa.Column("important_class", sa.String(length=1), nullable=False),
        sa.Column("sentence", sa.String(length=1000), nullable=False),
        sa.Column("rule", sa.String(length=120), nullable=False),
        sa.Column("unverified", sa.Boolean(), nullable=False),
        sa.Column("found_at", UtcTime(), nullable=False),
        sa.Column("ver", sa.Integer(), nullable=False),
        sa.Column("extra", JsonText(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
    )
    with op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_finding_org_id"), ["org_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_finding_patient_id"), ["patient_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_finding_visit_id"), ["visit_id"], unique=False)

    op.create_table(
        "inbound_bundle",
        sa.Column("bundle_id", sa.String(length=64), nullable=False),
        sa.Column("device_id", Id16(), nullable=False),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("receipt", sa.LargeBinary(length=16777215), nullable=False),
        sa.PrimaryKeyConstraint("bundle_id", name=op.f("pk_inbound_bundle")),
    )
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("device_id", Id16(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("org_id", Id16(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("server", sa.String(length=255), nullable=False),
        sa.Column("number_prefix", sa.String(length=10), nullable=False),
        sa.Column("db_nonce", sa.String(length=64), nullable=False),
        sa.Column("server_key", sa.String(length=100), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    op.create_table(
        "label_print",
        sa.Column("id", Id16(), nullable=False),
        sa.Column("org_id", Id16(), nullable=False),
        sa.Column("specimen_id", Id16(), nullable=False),
        sa.Column("printer", sa.String(length=120), nullable=False),
        sa.Column("template", sa.String(length=80), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("result", sa.String(length=40), nullable=False),
        sa.Column("reprint", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=True),
        sa.Column("printed_at", UtcTime(), nullable=False),
        sa.Column("staff_name", sa.String(length=255), nullable=False),
        sa.Column("ver", sa.Integer(), nullable=False),
        sa.Column("extra", JsonText(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_print")),
    )
    with op.batch_alter_table("label_print", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_label_print_org_id"), ["org_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_label_print_specimen_id"), ["specimen_id"], unique=False)

    op.create_table(
        "log_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("dev_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_head")),
    )
    op.create_table(
        "log_reader",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_log_reader")),
    )
    op.create_table(
        "log_scope",
        sa.Column("org_id", Id16(), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("org_id", "position", name=op.f("pk_log_scope")),
    )
    op.create_table(
        "observation",
        sa.Column("id", Id16(), nullable=False),
        sa.Column("org_id", Id16(), nullable=False),
        sa.Column("visit_id", Id16(), nullable=True),
        sa.Column("patient_id", Id16(), nullable=True),
        sa.Column("item", sa.String(length=60), nullable=False),
        sa.Column("label", sa.String(length=255), nullable=False),
        sa.Column("loinc", sa.String(length=20), nullable=True),
        sa.Column("value_number", sa.Float(precision=53), nullable=True),
        sa.Column("value_text", sa.Text(length=16777215), nullable=False),
        sa.Column("ucum", sa.String(length=40), nullable=True),
        sa.Column("flag", sa.String(length=10), nullable=True),
        sa.Column("range_text", sa.String(length=120), nullable=True),
        sa.Column("important_class", sa.String(length=1), nullable=True),
        sa.Column("critical_level", sa.BigInteger(), nullable=True),
        sa.Column("unverified", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=True),
        sa.Column("effective_at", UtcTime(), nullable=False),
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("device", sa.String(length=120), nullable=True),
        sa.Column("raw", sa.LargeBinary(length=16777215), nullable=True),
        sa.Column("amends", Id16(), nullable=True),
        sa.Column("ver", sa.Integer(), nullable=False),
        sa.Column("extra", JsonText(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observation")),
    )
    with op.batch_alter_table("observation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_observation_org_id"), ["org_id"], unique=False)
        batch_op.create_index(
            "ix_observation_patient_item", ["patient_id", "item", "effective_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_observation_visit_id"), ["visit_id"], unique=False)

    op.create_table(
        "organization",
        sa.Column("id", Id16(), nullable=False),
        sa.Column("org_id", Id16(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("parent_id", Id16(), nullable=True),
        sa.Column("ver", sa.Integer(), nullable=False),
        sa.Column("extra", JsonText(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organization")),
        sa.UniqueConstraint("code", name=op.f("uq_organization_code")),
    )
    with op.batch_alter_table("organization", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_organization_org_id"), ["org_id"], unique=False)

    op.create_table(
        "outbound_bundle",
        sa.Column("bundle_id", sa.String(length=64), nullable=False),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("path", sa.String(length=500), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("bundle_id", name=op.f("pk_outbound_bundle")),
    )
    op.create_table(
        "parked_txn",
        sa.Column("txn_id", Id16(), nullable=False),
        sa.Column("device_id", Id16(), nullable=False),
        sa.Column("dev_seq", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=80), nullable=False),
        sa.Column("waits_for", Id16(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.LargeBinary(length=16777215), nullable=False),
        sa.PrimaryKeyConstraint("txn_id", name=op.f("pk_parked_txn")),
    )
    with op.batch_alter_table("parked_txn", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_parked_txn_waits_for"), ["waits_for"], unique=False)

    op.create_table(
        "patient",
        sa.Column("id", Id16(), nullable=False),
        sa.Column("org_id", Id16(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("sex", sa.String(40), nullable=False),
        sa.Column("birth_date", IsoDate(), nullable=True),
        sa.Column("id_type", sa.String(length=10), nullable=False),
        sa.Column("id_number", sa.String(length=40), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("address", sa.String(length=255), nullable=True),
        sa.Column("card_no", sa.String(length=40), nullable=True),
        sa.Column("allergy", sa.Text(length=16777215), nullable=True),
        sa.Column("blood_group", sa.String(length=10), nullable=True),
        sa.Column("ver", sa.Integer(), nullable=False),
        sa.Column("extra", JsonText(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient")),
        sa.UniqueConstraint("number", name=op.f("uq_patient_number")),
    )
    with op.batch_alter_table("patient", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_patient_card_no"), ["card_no"], unique=False)
        batch_op.create_index(batch_op.f("ix_patient_id_number"), ["id_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_patient_org_id"), ["org_id"], unique=False)

    op.create_table(
        "pull_cursor",
        sa.Column("org_id", Id16(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", name=op.f("pk_pull_cursor")),
    )
    op.create_table(
        "push_outcome",
        sa.Column("dev_seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=True),
        sa.Column("facts", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("dev_seq", name=op.f("pk_push_outcome")),
    )
    op.create_table(
        "push_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("acked_seq", sa.BigInteger(), nullable=False),
        sa.Column("settled_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_state")),
    )
    op.create_table(
        "questionnaire_response",
        sa.Column("id", Id16(), nullable=False),
        sa.Column("org_id", Id16(), nullable=False),
        sa.Column("visit_id", Id16(), nullable=True),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("form", sa.String(length=120), nullable=False),
        sa.Column("form_version", sa.String(length=40), nullable=False),
        sa.Column("answers", JsonText(), nullable=False),
        sa.Column("score", sa.Float(precision=53), nullable=True),
        sa.Column("authored_at", UtcTime(), nullable=False),
        sa.Column("ver", sa.Integer(), nullable=False),
        sa.Column("extra", JsonText(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questionnaire_response")),
    )
    with op.batch_alter_table("questionnaire_response", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_questionnaire_response_org_id"), ["org_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_questionnaire_response_patient_id"), ["patient_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_questionnaire_response_visit_id"), ["visit_id"], unique=False)

    op.create_table(
        "refused_record",
        sa.Column("entity", sa.String(length=60), nullable=False),
        sa.Column("record_id", Id16(), nullable=False),
        sa.Column("dev_seq", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("entity", "record_id", name=op.f("pk_refused_record")),
    )
    op.create_table(
        "report",
        sa.Column("id", Id16(), nullable=False),
        sa.Column("org_id", Id16(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("visit_id", Id16(), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("author_id", Id16(), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("conclusion", sa.Text(length=16777215), nullable=False),
        sa.Column("advice", sa.Text(length=16777215), nullable=False),
        sa.Column("urgency", sa.BigInteger(), nullable=False),
        sa.Column("returns", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("document_sha256", sa.String(length=64), nullable=True),
        sa.Column("issued_at", UtcTime(), nullable=True),
        sa.Column("ver", sa.Integer(), nullable=False),
        sa.Column("extra", JsonText(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
        sa.UniqueConstraint("number", name=op.f("uq_report_number")),
        sa.UniqueConstraint("visit_id", name=op.f("uq_report_visit_id")),
    )
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_report_due_at"), ["due_at"], unique=False)
        batch_op.create_index("ix_report_org_due", ["org_id", "due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_report_org_id"), ["org_id"], unique=False)
        batch_op.create_index("ix_report_org_issued", ["org_id", "issued_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_report_patient_id"), ["patient_id"], unique=False)

    op.create_table(
        "report_revision",
        sa.Column("id", Id16(), nullable=False),
        sa.Column("org_id", Id16(), nullable=False),
        sa.Column("report_id", Id16(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("conclusion", sa.Text(length=16777215), nullable=False),
        sa.Column("advice", sa.Text(length=16777215), nullable=False),
        sa.Column("author_id", Id16(), nullable=True),
        sa.Column("written_at", UtcTime(), nullable=False),
        sa.Column("ver", sa.Integer(), nullable=False),
        sa.Column("extra", JsonText(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_revision")),
    )
    with op.batch_alter_table("report_revision", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_report_revision_org_id"), ["org_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_report_revision_report_id"), ["report_id"], unique=False)

    op.create_table(
        "report_signature",
        sa.Column("id", Id16(), nullable=False),
        sa.Column("org_id", Id16(), nullable=False),
        sa.Column("report_id", Id16(), nullable=False),
        sa.Column("staff_id", Id16(), nullable=False),
        sa.Column("staff_name", sa.String(length=255), nullable=False),
        sa.Column("staff_title", sa.String(length=60), nullable=False),
        sa.Column("document", sa.String(length=80), nullable=False),
        sa.Column("licence_no", sa.String(length=60), nullable=True),
        sa.Column("level", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.String(length=200), nullable=False),
        sa.Column("public_key", sa.String(length=100), nullable=False),
        sa.Column("seal", sa.String(length=200), nullable=False),
        sa.Column("signed_at", UtcTime(), nullable=False),
        sa.Column("ver", sa.Integer(), nullable=False),
        sa.Column("extra", JsonText(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_signature")),
    )
    with op.batch_alter_table("report_signature", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_report_signature_org_id"), ["org_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_report_signature_report_id"), ["report_id"], unique=False)

    op.create_table(
        "review_step",
        sa.Column("id", Id16(), nullable=False),
        sa.Column("org_id", Id16(), nullable=False),
        sa.Column("report_id", Id16(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.String(length=40), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(length=255), nullable=False),
        sa.Column("staff_title", sa.String(length=60), nullable=True),
        sa.Column("acted_at", UtcTime(), nullable=False),
        sa.Column("remark", sa.Text(length=16777215), nullable=True),
        sa.Column("anchor", sa.String(length=255), nullable=True),
        sa.Column("ver", sa.Integer(), nullable=False),
        sa.Column("extra", JsonText(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_step")),
    )
    with op.batch_alter_table("review_step", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_step_org_id"), ["org_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_review_step_report_id"), ["report_id"], unique=False)

    op.create_table(
        "running_number",
        sa.Column("id", Id16(), nullable=False),
        sa.Column("org_id", Id16(), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("next_value", sa.BigInteger(), nullable=False),
        sa.Column("ver", sa.Integer(), nullable=False),
        sa.Column("extra", JsonText(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_running_number")),
        sa.UniqueConstraint("purpose", name=op.f("uq_running_number_purpose")),
    )
    with op.batch_alter_table("running_number", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_running_number_org_id"), ["org_id"], unique=False)

    op.create_table(
        "sign_in_state",
        sa.Column("id", Id16(), nullable=False),
        sa.Column("org_id", Id16(), nullable=False),
        sa.Column("login", sa.String(length=60), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("locks", sa.BigInteger(), nullable=False),
        sa.Column("last_failure_at", UtcTime(), nullable=True),
        sa.Column("locked_until", UtcTime(), nullable=True),
        sa.Column("ver", sa.Integer(), nullable=False),
        sa.Column("extra", JsonText(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_state")),
        sa.UniqueConstraint("login", name=op.f("uq_sign_in_state_login")),
    )
    with op.batch_alter_table("sign_in_state", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_state_org_id"), ["org_id"], unique=False)

    op.create_table(
        "specimen",
        sa.Column("id", Id16(), nullable=False),
        sa.Column("org_id", Id16(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("container", sa.String(40), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("visit_id", Id16(), nullable=True),
        sa.Column("parent_id", Id16(), nullable=True),
        sa.Column("slot", sa.String(length=80), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("ver", sa.Integer(), nullable=False),
        sa.Column("extra", JsonText(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_specimen")),
        sa.UniqueConstraint("number", name=op.f("uq_specimen_number")),
        sa.UniqueConstraint("slot", name=op.f("uq_specimen_slot")),
    )
    with op.batch_alter_table("specimen", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_specimen_due_at"), ["due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_specimen_org_id"), ["org_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_specimen_parent_id"), ["parent_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_specimen_patient_id"), ["patient_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_specimen_visit_id"), ["visit_id"], unique=False)

    op.create_table(
        "specimen_event",
        sa.Column("id", Id16(), nullable=False),
        sa.Column("org_id", Id16(), nullable=False),
        sa.Column("specimen_id", Id16(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("occurred_at", UtcTime(), nullable=False),
        sa.Column("staff_id", Id16(), nullable=True),
        sa.Column("staff_name", sa.String(length=255), nullable=False),
        sa.Column("produced_ul", sa.BigInteger(), nullable=True),
        sa.Column("consumed_ul", sa.BigInteger(), nullable=True),
        sa.Column("condition", sa.String(length=40), nullable=True),
        sa.Column("place", sa.String(length=120), nullable=True),
        sa.Column("note", sa.String(length=1000), nullable=True),
        sa.Column("ver", sa.Integer(), nullable=False),
        sa.Column("extra", JsonText(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_specimen_event")),
    )
    with op.batch_alter_table("specimen_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_specimen_event_org_id"), ["org_id"], unique=False)
        batch_op.create_index("ix_specimen_event_specimen", ["specimen_id", "occurred_at"], unique=False)

    op.create_table(
        "staff",
        sa.Column("id", Id16(), nullable=False),
        sa.Column("org_id", Id16(), nullable=False),
        sa.Column("login", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=True),
        sa.Column("licence_no", sa.String(length=60), nullable=True),
        sa.Column("card_no", sa.String(length=60), nullable=True),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("password_set_at", UtcTime(), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("signing_key", sa.String(length=100), nullable=True),
        sa.Column("ver", sa.Integer(), nullable=False),
        sa.Column("extra", JsonText(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("login", name=op.f("uq_staff_login")),
    )
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staff_card_no"), ["card_no"], unique=False)
        batch_op.create_index(batch_op.f("ix_staff_org_id"), ["org_id"], unique=False)

    op.create_table(
        "staff_key",
        sa.Column("id", Id16(), nullable=False),
        sa.Column("org_id", Id16(), nullable=False),
        sa.Column("staff_id", Id16(), nullable=False),
        sa.Column("private_key", sa.LargeBinary(length=16777215), nullable=False),
        sa.Column("ver", sa.Integer(), nullable=False),
        sa.Column("extra", JsonText(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_key")),
        sa.UniqueConstraint("staff_id", name=op.f("uq_staff_key_staff_id")),
    )
    with op.batch_alter_table("staff_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staff_key_org_id"), ["org_id"], unique=False)

    op.create_table(
        "storage_container",
        sa.Column("id", Id16(), nullable=False),
        sa.Column("org_id", Id16(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("parent_id", Id16(), nullable=True),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("columns", sa.BigInteger(), nullable=False),
        sa.Column("temperature", sa.String(length=40), nullable=False),
        sa.Column("ver", sa.Integer(), nullable=False),
        sa.Column("extra", JsonText(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_storage_container")),
        sa.UniqueConstraint("code", name=op.f("uq_storage_container_code")),
    )
    with op.batch_alter_table("storage_container", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_storage_container_org_id"), ["org_id"], unique=False)

    op.create_table(
        "tombstone",
        sa.Column("entity", sa.String(length=60), nullable=False),
        sa.Column("record_id", Id16(), nullable=False),
        sa.Column("org_id", Id16(), nullable=False),
        sa.Column("ver", sa.BigInteger(), nullable=False),
        sa.Column("fields", sa.LargeBinary(length=16777215), nullable=False),
        sa.PrimaryKeyConstraint("entity", "record_id", name=op.f("pk_tombstone")),
    )
    op.create_table(
        "visit",
        sa.Column("id", Id16(), nullable=False),
        sa.Column("org_id", Id16(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("patient_id", Id16(), nullable=False),
        sa.Column("visit_date", IsoDate(), nullable=False),
        sa.Column("package", sa.String(length=255), nullable=True),
        sa.Column("fasting", sa.Boolean(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("state_since", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("ver", sa.Integer(), nullable=False),
        sa.Column("extra", JsonText(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
        sa.UniqueConstraint("number", name=op.f("uq_visit_number")),
    )
    with op.batch_alter_table("visit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_visit_due_at"), ["due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_visit_org_id"), ["org_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_visit_patient_id"), ["patient_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_visit_visit_date"), ["visit_date"], unique=False)

    op.create_table(
        "workstation",
        sa.Column("id", Id16(), nullable=False),
        sa.Column("org_id", Id16(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("public_key", sa.String(length=100), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("enrolled_at", UtcTime(), nullable=False),
        sa.Column("revoked_at", UtcTime(), nullable=True),
        sa.Column("last_seen_at", UtcTime(), nullable=True),
        sa.Column("program_version", sa.String(length=40), nullable=True),
        sa.Column("number_prefix", sa.String(length=10), nullable=False),
        sa.Column("ver", sa.Integer(), nullable=False),
        sa.Column("extra", JsonText(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workstation")),
        sa.UniqueConstraint("number_prefix", name=op.f("uq_workstation_number_prefix")),
    )
    with op.batch_alter_table("workstation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_workstation_org_id"), ["org_id"], unique=False)


def downgrade() -> None:

    with op.batch_alter_table("workstation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_workstation_org_id"))

    op.drop_table("workstation")
    with op.batch_alter_table("visit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_visit_visit_date"))
        batch_op.drop_index(batch_op.f("ix_visit_patient_id"))
        batch_op.drop_index(batch_op.f("ix_visit_org_id"))
        batch_op.drop_index(batch_op.f("ix_visit_due_at"))

    op.drop_table("visit")
    op.drop_table("tombstone")
    with op.batch_alter_table("storage_container", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_storage_container_org_id"))

    op.drop_table("storage_container")
    with op.batch_alter_table("staff_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_staff_key_org_id"))

    op.drop_table("staff_key")
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_staff_org_id"))
        batch_op.drop_index(batch_op.f("ix_staff_card_no"))

    op.drop_table("staff")
    with op.batch_alter_table("specimen_event", schema=None) as batch_op:
        batch_op.drop_index("ix_specimen_event_specimen")
        batch_op.drop_index(batch_op.f("ix_specimen_event_org_id"))

    op.drop_table("specimen_event")
    with op.batch_alter_table("specimen", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_specimen_visit_id"))
        batch_op.drop_index(batch_op.f("ix_specimen_patient_id"))
        batch_op.drop_index(batch_op.f("ix_specimen_parent_id"))
        batch_op.drop_index(batch_op.f("ix_specimen_org_id"))
        batch_op.drop_index(batch_op.f("ix_specimen_due_at"))

    op.drop_table("specimen")
    with op.batch_alter_table("sign_in_state", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_state_org_id"))

    op.drop_table("sign_in_state")
    with op.batch_alter_table("running_number", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_running_number_org_id"))

    op.drop_table("running_number")
    with op.batch_alter_table("review_step", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_review_step_report_id"))
        batch_op.drop_index(batch_op.f("ix_review_step_org_id"))

    op.drop_table("review_step")
    with op.batch_alter_table("report_signature", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_report_signature_report_id"))
        batch_op.drop_index(batch_op.f("ix_report_signature_org_id"))

    op.drop_table("report_signature")
    with op.batch_alter_table("report_revision", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_report_revision_report_id"))
        batch_op.drop_index(batch_op.f("ix_report_revision_org_id"))

    op.drop_table("report_revision")
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_report_patient_id"))
        batch_op.drop_index("ix_report_org_issued")
        batch_op.drop_index(batch_op.f("ix_report_org_id"))
        batch_op.drop_index("ix_report_org_due")
        batch_op.drop_index(batch_op.f("ix_report_due_at"))

    op.drop_table("report")
    op.drop_table("refused_record")
    with op.batch_alter_table("questionnaire_response", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_questionnaire_response_visit_id"))
        batch_op.drop_index(batch_op.f("ix_questionnaire_response_patient_id"))
        batch_op.drop_index(batch_op.f("ix_questionnaire_response_org_id"))

    op.drop_table("questionnaire_response")
    op.drop_table("push_state")
    op.drop_table("push_outcome")
    op.drop_table("pull_cursor")
    with op.batch_alter_table("patient", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_patient_org_id"))
        batch_op.drop_index(batch_op.f("ix_patient_id_number"))
        batch_op.drop_index(batch_op.f("ix_patient_card_no"))

    op.drop_table("patient")
    with op.batch_alter_table("parked_txn", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_parked_txn_waits_for"))

    op.drop_table("parked_txn")
    op.drop_table("outbound_bundle")
    with op.batch_alter_table("organization", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_organization_org_id"))

    op.drop_table("organization")
    with op.batch_alter_table("observation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_observation_visit_id"))
        batch_op.drop_index("ix_observation_patient_item")
        batch_op.drop_index(batch_op.f("ix_observation_org_id"))

    op.drop_table("observation")
    op.drop_table("log_scope")
    op.drop_table("log_reader")
    op.drop_table("log_head")
    with op.batch_alter_table("label_print", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_label_print_specimen_id"))
        batch_op.drop_index(batch_op.f("ix_label_print_org_id"))

    op.drop_table("label_print")
    op.drop_table("installation")
    op.drop_table("inbound_bundle")
    with op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_finding_visit_id"))
        batch_op.drop_index(batch_op.f("ix_finding_patient_id"))
        batch_op.drop_index(batch_op.f("ix_finding_org_id"))

    op.drop_table("finding")
    with op.batch_alter_table("enrolment_code", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_enrolment_code_org_id"))

    op.drop_table("enrolment_code")
    op.drop_table("device_state")
    with op.batch_alter_table("critical_value", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_critical_value_patient_id"))
        batch_op.drop_index(batch_op.f("ix_critical_value_org_id"))
        batch_op.drop_index(batch_op.f("ix_critical_value_due_at"))

    op.drop_table("critical_value")
    with op.batch_alter_table("conflict", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_conflict_record_id"))
        batch_op.drop_index(batch_op.f("ix_conflict_org_id"))
        batch_op.drop_index(batch_op.f("ix_conflict_opened_at"))

    op.drop_table("conflict")
    with op.batch_alter_table("change_log", schema=None) as batch_op:
        batch_op.drop_index("ix_change_log_device_seq")

    op.drop_table("change_log")
    op.drop_table("blob_state")
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_entry_record_id"))
        batch_op.drop_index(batch_op.f("ix_audit_entry_position"))
        batch_op.drop_index(batch_op.f("ix_audit_entry_at"))
        batch_op.drop_index(batch_op.f("ix_audit_entry_actor_id"))

    op.drop_table("audit_entry")
    with op.batch_alter_table("attachment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attachment_subject_id"))
        batch_op.drop_index(batch_op.f("ix_attachment_sha256"))
        batch_op.drop_index(batch_op.f("ix_attachment_org_id"))

    op.drop_table("attachment")
    with op.batch_alter_table("applied_txn", schema=None) as batch_op:
        batch_op.drop_index("ix_applied_txn_device")

    op.drop_table("applied_txn")
    with op.batch_alter_table("alert_timer", schema=None) as batch_op:
        batch_op.drop_index("ix_alert_timer_fire_at")

    op.drop_table("alert_timer")
    with op.batch_alter_table("alert_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_alert_event_org_id"))
        batch_op.drop_index(batch_op.f("ix_alert_event_alert_id"))

    op.drop_table("alert_event")
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_alert_subject_id"))
        batch_op.drop_index(batch_op.f("ix_alert_state"))
        batch_op.drop_index(batch_op.f("ix_alert_rule"))
        batch_op.drop_index(batch_op.f("ix_alert_patient_id"))
        batch_op.drop_index(batch_op.f("ix_alert_org_id"))
        batch_op.drop_index(batch_op.f("ix_alert_due_at"))

    op.drop_table("alert")
