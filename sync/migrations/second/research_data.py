"""Data of studies: exports and approvals, corrections, must-haves, completeness, likeness, performance."""

import sqlalchemy as sa

from domain.kernel.columns import Id16, IsoDate, JsonText, UtcTime
from sync.migrations import steps


def _id(name: str, *, empty: bool = False) -> sa.Column[object]:
    return sa.Column(name, Id16(), nullable=empty)


def _text(name: str, length: int = 255, *, empty: bool = False) -> sa.Column[str]:
    return sa.Column(name, steps.long_text() if length > 2000 else sa.String(length), nullable=empty)


def _whole(*names: str) -> tuple[sa.Column[int], ...]:
    return tuple(sa.Column(name, sa.BigInteger(), nullable=False) for name in names)


def _time(name: str, *, empty: bool = False) -> sa.Column[object]:
    return sa.Column(name, UtcTime(), nullable=empty)


def _yes(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _json(name: str) -> sa.Column[object]:
    return sa.Column(name, JsonText(), nullable=False)


def _rate(name: str, *, empty: bool = True) -> sa.Column[float]:
    return sa.Column(name, sa.Float(53), nullable=empty)


def upgrade() -> None:
    _exports()
    _laid_over()
    _counted()


def _exports() -> None:
    steps.create_record_table(
        "pseudonym_key", _id("study_id"), sa.Column("secret", sa.LargeBinary(16777215), nullable=False),
        _time("made_at"), indexed=("study_id",),
    )  # fmt: skip
    steps.create_record_table(
        "identified_request", _id("study_id"), _text("reason", 4000), _text("approval", 120), _id("asked_by", empty=True),
        _text("asked_name"), _time("asked_at"), _text("state", 40), _id("decided_by", empty=True),
        _text("decided_name", empty=True), _time("decided_at", empty=True),
        sa.Column("valid_until", IsoDate(), nullable=True), _text("remark", 1000, empty=True),
        indexed=("study_id", "asked_at"),
    )  # fmt: skip
    steps.create_record_table(
        "study_export", _id("study_id"), _id("outgoing_id"), _text("use", 40), _yes("identified"),
        _id("request_id", empty=True), _json("choice"), _text("told", 1000), _json("formats"), *_whole("subjects"),
        _json("left_out"), *_whole("visits", "least_cell", "small_cells", "in_small_cells"), _text("purpose", 1000),
        _text("program", 40), _id("staff_id", empty=True), _text("staff_name"), _time("started_at"),
        indexed=("study_id", "outgoing_id", "started_at"),
    )  # fmt: skip
    steps.create_record_table(
        "study_export_end", _id("export_id"), _id("study_id"), _text("result", 40), _json("tables"),
        *_whole("corrected"), _time("ended_at"), indexed=("export_id",),
    )  # fmt: skip


def _laid_over() -> None:
    steps.create_record_table(
        "data_correction", _id("study_id"), _id("subject_id"), _id("subject_visit_id"), _id("patient_id"),
        _text("number", 40), _text("visit"), _text("variable", 200), _text("original", 4000, empty=True),
        _text("corrected", 4000, empty=True), _yes("withdrawn"), _text("reason", 4000), _id("staff_id", empty=True),
        _text("staff_name"), _time("corrected_at"),
        indexed=("study_id", "subject_id", "subject_visit_id", "corrected_at"),
    )  # fmt: skip
    steps.create_record_table(
        "data_need", _id("study_id"), _id("plan_id"), _text("variable", 200), _text("label"), *_whole("within_days"),
        _time("retired_at", empty=True), indexed=("study_id", "plan_id"),
    )  # fmt: skip
    steps.create_record_table(
        "data_exemption", _id("study_id"), _id("subject_visit_id"), _id("patient_id"), _text("variable", 200),
        _text("reason", 4000), _id("staff_id", empty=True), _text("staff_name"), _time("noted_at"),
        indexed=("study_id", "subject_visit_id", "noted_at"),
    )  # fmt: skip


def _counted() -> None:
    steps.create_record_table(
        "visit_data", _id("study_id"), _id("subject_id"), _id("subject_visit_id"), _id("patient_id"),
        _text("number", 40), _text("visit"), *_whole("wanted", "present", "exempted", "missing"), _json("lacking"),
        _time("counted_at"), indexed=("study_id", "subject_visit_id", "missing", "counted_at"),
    )  # fmt: skip
    steps.create_record_table(
        "study_data", _id("study_id"), _text("code", 12), *_whole("wanted", "present", "exempted"), _rate("rate"),
        *_whole("lacking_visits"), _time("counted_at"), indexed=("study_id", "counted_at"),
    )  # fmt: skip
    steps.create_record_table(
        "similar_pair", _id("study_id"), _id("first_visit_id"), _id("second_visit_id"), _id("patient_id"),
        _text("first"), _text("second"), _yes("same_subject"), *_whole("compared", "equal"),
        _rate("likeness", empty=False), _text("standing", 40), _text("verdict", 4000, empty=True),
        _id("judged_by", empty=True), _text("judged_name", empty=True), _time("judged_at", empty=True), _time("found_at"),
        indexed=("study_id", "first_visit_id", "second_visit_id", "found_at"),
    )  # fmt: skip
    steps.create_record_table(
        "research_performance", _id("study_id"), _text("code", 12), _id("staff_id"), _text("staff_name"),
        _text("month", 7), *_whole("owed", "collected"), _rate("rate"),
        *_whole("alerts", "in_time", "core_alerts", "core_in_time"), _rate("in_time_rate"), *_whole("late"),
        _time("counted_at"), indexed=("study_id", "staff_id", "month"),
    )  # fmt: skip
