"""A line of the review queue."""

from dataclasses import dataclass
from datetime import datetime

from client.stations.review.case import CaseKey


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One line of the queue, masked for who looks."""

    key: CaseKey
    urgency: int
    number: str
    name: str
    sex: str
    state: str
    due_at: datetime | None
    returns: int = 0
    at: datetime | None = None
