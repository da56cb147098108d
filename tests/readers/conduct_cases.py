"""The causes of the alerts of what is said to clients and how they are received."""

from domain.conduct.records import MessageFinding, Source
from tests.readers.alert_cases import Case
from tests.readers.alert_cases_more import TIMES, keeps

TIMES.add("at")
said = keeps(
    MessageFinding, source=Source.REPLY, severe=True, labels="承诺疗效", words="根治", text="能根治",
    rules_version="1", staff_name="运营",
)  # fmt: skip

CONDUCT_CASES = [
    Case(
        "A-101", said(state="open", hits=1), said(state="released"), harmless=said(state="open", hits=0),
        of_a_client=False,
    ),
]  # fmt: skip
