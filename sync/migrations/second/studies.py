"""Cohort studies: protocol, members, subjects, their visits and the tubes expected; tubes of a study and frozen ones."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, IsoDate, JsonText, UtcTime
from sync.migrations import steps


def _id(name: str, *, empty: bool = False) -> sa.Column[object]:
    return sa.Column(name, Id16(), nullable=empty)


def _text(name: str, length: int, *, empty: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=empty)


def _whole(name: str, *, empty: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=empty)


def _time(name: str, *, empty: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcTime(), nullable=empty)


def _day(name: str) -> sa.Column[object]:
    return sa.Column(name, IsoDate(), nullable=False)


def _life() -> tuple[sa.Column[object], ...]:
    return (_text("state", 40), _time("state_since"), _time("due_at", empty=True))  # type: ignore[return-value]


def upgrade() -> None:
    _design()
    _subjects()
    steps.add_columns(
        "specimen", _id("subject_id", empty=True), _id("expected_id", empty=True), _time("frozen_at", empty=True),
        _text("frozen_reason", 1000, empty=True),
    )  # fmt: skip
    steps.create_index("ix_specimen_subject_id", "specimen", ["subject_id"])
    steps.create_index("ix_specimen_expected_id", "specimen", ["expected_id"])
    steps.create_index("ix_specimen_frozen_at", "specimen", ["frozen_at"])


def _design() -> None:
    steps.create_record_table(
        "study", _text("code", 12), _text("name", 255), _text("protocol", 120), _text("ethics_number", 120, empty=True),
        _id("leader_id", empty=True), _text("leader_name", 255), _whole("planned_subjects"), _day("recruit_from"),
        _day("recruit_until"), sa.Column("criteria", JsonText(), nullable=False), _whole("revision"), *_life(),
        sa.UniqueConstraint("code", name="uq_study_code"),
    )  # fmt: skip
    steps.create_record_table(
        "study_change", _id("study_id"), _whole("revision"), sa.Column("before", JsonText(), nullable=False),
        sa.Column("after", JsonText(), nullable=False), _text("approval", 120),
        sa.Column("reason", steps.long_text(), nullable=False), _time("changed_at"), _text("staff_name", 255),
        indexed=("study_id", "changed_at"),
    )  # fmt: skip
    steps.create_record_table(
        "study_arm", _id("study_id"), _text("code", 20), _text("name", 255), _whole("planned", empty=True),
        indexed=("study_id",),
    )  # fmt: skip
    steps.create_record_table(
        "protocol_visit", _id("study_id"), _text("code", 20), _text("name", 255), _whole("day"), _whole("before_days"),
        _whole("after_days"), sa.Column("forms", JsonText(), nullable=False), _whole("questionnaire_hours"),
        _whole("collection_hours"), _whole("processing_hours"), _whole("storage_hours"), indexed=("study_id",),
    )  # fmt: skip
    steps.create_record_table(
        "specimen_requirement", _id("study_id"), _id("plan_id"), _text("name", 60), _text("type", 40),
        _text("container", 40), _whole("tubes"), _whole("volume_ul", empty=True), _whole("quota", empty=True),
        _time("retired_at", empty=True), indexed=("study_id", "plan_id"),
    )  # fmt: skip
    steps.create_record_table(
        "study_member", _id("study_id"), _id("staff_id"), _text("staff_name", 255), _text("role", 40),
        _time("joined_at"), _time("left_at", empty=True), indexed=("study_id",),
    )  # fmt: skip
    steps.create_index("ix_study_member_staff", "study_member", ["staff_id", "study_id"])


def _subjects() -> None:
    steps.create_record_table(
        "study_subject", _text("number", 40), _id("study_id"), _id("patient_id"), _id("arm_id", empty=True),
        sa.Column("reasons", JsonText(), nullable=False), _time("enrolled_at"), _id("enrolled_by", empty=True),
        _text("consent", 40), *_life(), sa.Column("reason", steps.long_text(), nullable=True),
        sa.UniqueConstraint("number", name="uq_study_subject_number"),
        indexed=("patient_id", "state"),
    )  # fmt: skip
    steps.create_index("ix_study_subject_one", "study_subject", ["study_id", "patient_id"], unique=True)
    steps.create_index("ix_study_subject_enrolled", "study_subject", ["study_id", "enrolled_at"])
    steps.create_record_table(
        "study_screening", _id("study_id"), _id("patient_id"), sa.Column("fits", sa.Boolean(), nullable=False),
        sa.Column("reasons", JsonText(), nullable=False), _time("screened_at"), _text("staff_name", 255),
        indexed=("study_id", "patient_id", "screened_at"),
    )  # fmt: skip
    steps.create_record_table(
        "subject_visit", _id("study_id"), _id("subject_id"), _id("patient_id"), _id("plan_id"), _text("name", 255),
        _day("target_on"), _day("window_from"), _day("window_until"), _id("visit_id", empty=True),
        _time("begun_at", empty=True), sa.Column("off_window", sa.Boolean(), nullable=False), _whole("open_tubes"),
        sa.Column("in_building", sa.Boolean(), nullable=False), _text("bar", 120, empty=True), *_life(),
        indexed=("study_id", "patient_id", "target_on", "visit_id", "begun_at", "due_at"),
    )  # fmt: skip
    steps.create_index("ix_subject_visit_subject", "subject_visit", ["subject_id", "target_on"])
    steps.create_record_table(
        "expected_specimen", _id("study_id"), _id("subject_id"), _id("subject_visit_id"), _id("requirement_id"),
        _id("patient_id"), _text("name", 60), _text("type", 40), _day("day"), _whole("expected"), _whole("collected"),
        _text("cause", 40, empty=True), _text("note", 1000, empty=True), _id("staff_id", empty=True),
        _text("staff_name", 255, empty=True), _time("settled_at", empty=True),
        indexed=("subject_id", "subject_visit_id", "day"),
    )  # fmt: skip
    steps.create_index(
        "ix_expected_specimen_kind_day", "expected_specimen", ["study_id", "requirement_id", "day"]
    )
