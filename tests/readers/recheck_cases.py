"""The causes of the alerts of rechecks that are late, and of major findings on the day of their follow-up."""

import uuid
from datetime import date

from domain.recheck.records import RecheckAdvice
from domain.tracking.records import AbnormalTracking, TrackingGrade
from tests.readers.alert_cases import DAY, Case
from tests.readers.alert_cases_more import FOUND, TIMES, keeps

TIMES.add("proposed_at")
_BASE = {
    "patient_id": uuid.UUID(int=1), "visit_id": uuid.UUID(int=2), "observation_id": uuid.UUID(int=3), "rule": "fpg_1",
    "item": "fpg", "items": ["fpg"], "title": "复查血糖", "because": "空腹血糖 6.5", "source": "E",
    "from_on": date(2026, 12, 1), "due_on": date(2026, 12, 23), "booked_on": date(2026, 12, 20), "unverified": True,
}  # fmt: skip
late = keeps(RecheckAdvice, due=30 * DAY, **_BASE)
major = keeps(AbnormalTracking, due=7 * DAY, **{**FOUND, "grade": TrackingGrade.HIGH})
lesser = keeps(AbnormalTracking, due=7 * DAY, **{**FOUND, "grade": TrackingGrade.IMPORTANT})

RECHECK_CASES = [
    Case("A-005", late(state="waiting"), late(state="done"), 30 * DAY, late(state="booked")),
    Case("A-987", late(state="booked"), late(state="done"), 30 * DAY, late(state="refused")),
    Case("A-006", major(state="follow"), major(state="ended"), 6 * DAY, lesser(state="follow")),
]
