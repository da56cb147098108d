"""The causes of the alerts of signed reports that do not reach their branch."""

import uuid
from datetime import timedelta

from domain.delivery.records import ReportDelivery
from tests.readers.alert_cases import HOUR, Case
from tests.readers.alert_cases_more import TIMES, keeps

TIMES.add("issued_at")
_BASE = {
    "report_id": uuid.UUID(int=1), "patient_id": uuid.UUID(int=2), "number": "R10100000001", "edition": 1,
    "sha256": "0" * 64, "size": 1, "tries": 0, "replaces_handed": False,
}  # fmt: skip
HALF_AN_HOUR = timedelta(minutes=30)
not_sent = keeps(ReportDelivery, due=2 * HOUR, **_BASE)
not_read = keeps(ReportDelivery, due=HALF_AN_HOUR, **_BASE)

DELIVERY_CASES = [
    Case("A-139", not_sent(state="preparing"), not_sent(state="received"), 2 * HOUR, not_sent(state="received")),
    Case("A-140", not_read(state="sent"), not_read(state="received"), HALF_AN_HOUR, not_read(state="received")),
]  # fmt: skip
