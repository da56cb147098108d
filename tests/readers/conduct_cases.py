"""The causes of the alerts of what is said to clients and how they are received."""

import uuid

from domain.conduct.reception_records import ReceptionCheck
from domain.conduct.records import MessageFinding, MessageSource
from tests.readers.alert_cases import Case
from tests.readers.alert_cases_more import TIMES, keeps

TIMES.add("at")
said = keeps(
    MessageFinding, source=MessageSource.REPLY, severe=True, labels="承诺疗效", words="根治", text="能根治",
    rules_version="1", staff_name="运营",
)  # fmt: skip

received = keeps(
    ReceptionCheck, appointment_id=uuid.UUID(int=1), patient_id=uuid.UUID(int=2),
    staff_name="前台", missing=1, missing_steps=["小结"], disordered=0, score=70, threshold=80, rules_version="1",
)  # fmt: skip

CONDUCT_CASES = [
    Case(
        "A-100", received(kind="consultation", state="open", irregular=True), received(state="rectified"),
        harmless=received(kind="consultation", state="in_order", irregular=False),
    ),
    Case(
        "A-101", said(state="open", hits=1), said(state="released"), harmless=said(state="open", hits=0),
        of_a_client=False,
    ),
]  # fmt: skip
