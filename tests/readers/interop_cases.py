"""The causes of the alerts of lines to partner systems, and of orders against results."""

import uuid
from datetime import UTC, datetime

from domain.interop.day_records import InterfaceDay
from domain.interop.order_records import ServiceRequest, UnorderedResult
from domain.interop.partner_records import PartnerRole, PartnerState
from tests.readers.alert_cases import DAY, Case
from tests.readers.alert_cases_more import keeps

AT = datetime(2026, 11, 23, tzinfo=UTC)
VISIT = {"visit_id": uuid.UUID(int=1), "patient_id": uuid.UUID(int=2), "visit_number": "V1"}

line = keeps(PartnerState, name="LIS", recent=[], error_percent=20)
account = keeps(
    InterfaceDay, partner_id=uuid.UUID(int=3), name="LIS", day=AT.date(), open_in=0, undelivered=0, statement="{}",
    signature="x", counted_at=AT,
)  # fmt: skip
order = keeps(
    ServiceRequest, due=DAY, number="Q10100000001", code="GLU", name="空腹血糖", role=PartnerRole.LIS, ordered_at=AT,
    **VISIT,
)  # fmt: skip
stray = keeps(UnorderedResult, due=DAY, system="LIS|B01", service="血脂", results=4, received_at=AT, **VISIT)

INTEROP_CASES = [
    Case("A-945", line(trouble=1), line(trouble=0), harmless=line(trouble=0), of_a_client=False),
    Case(
        "A-946", line(trouble=2, failures=3, waiting=4), line(trouble=0, waiting=0), harmless=line(trouble=1),
        of_a_client=False,
    ),
    Case("A-947", line(undone=1, dead=1), line(undone=0), harmless=line(undone=0), of_a_client=False),
    Case(
        "A-948", order(state="accepted"), order(state="resulted"), DAY, order(state="resulted"),
    ),
    Case(
        "A-981", account(differs=2, missing=2), account(differs=0), harmless=account(differs=0), of_a_client=False,
    ),
    Case("A-949", stray(state="open"), stray(state="settled"), DAY, stray(state="settled")),
]  # fmt: skip
