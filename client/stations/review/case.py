"""A case as the desk shows it: plain values, masked for who looks, read off the UI thread by `case_reading`."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from client.stations.review.anchors import Anchor
from domain.checkup.compared import ResultRow
from domain.checkup.scheme import USUAL
from domain.kernel.disputes import Dispute
from domain.kernel.ids import Id
from domain.linting.case import Facts

UNWRITTEN = "unwritten"
"""Not a state of the workflow: a visit with results that has no report yet."""
WITH_BRANCH = frozenset({UNWRITTEN, "drafting", "returned"})


@dataclass(frozen=True, slots=True)
class CaseKey:
    """What a case is found by: a report, or a visit that has none yet (`kind` is ``report`` or ``visit``)."""

    kind: str
    id: Id


@dataclass(frozen=True, slots=True)
class Proposal:
    """A sentence the report may take over, with the rule it comes from and that rule's source.

    `names` are what a conclusion may call the item; the first is the catalogue's. `conditions` are what a person has
    to confirm first.
    """

    names: tuple[str, ...]
    important_class: str
    sentence: str
    advice: str
    rule: str
    source: str
    unverified: bool
    conditions: tuple[str, ...] = ()

    def written_in(self, text: str) -> bool:
        """Tell whether a conclusion speaks of it."""
        return any(name in text for name in self.names) or self.sentence in text


@dataclass(frozen=True, slots=True)
class CriticalRow:
    """A critical value of the visit and how far its handling is."""

    id: Id
    label: str
    value: str
    level: int
    state: str
    state_label: str
    due_at: datetime | None
    read_back: str
    outcome: str
    unverified: bool


@dataclass(frozen=True, slots=True)
class StepRow:
    """One act of the review; `anchor` is the place its remark is about in the text of its revision."""

    level: str
    action: str
    name: str
    title: str
    at: datetime
    revision: int
    remark: str
    anchor: Anchor | None
    quoted: str


@dataclass(frozen=True, slots=True)
class Version:
    """The text of a report as it was handed in once."""

    revision: int
    at: datetime
    name: str
    conclusion: str
    advice: str


@dataclass(frozen=True, slots=True)
class EarlierReport:
    """A report of an earlier visit."""

    visit_day: date
    number: str
    state_label: str
    conclusion: str
    advice: str


@dataclass(frozen=True, slots=True)
class AttachmentRow:
    """A file of the case. `here` tells whether its bytes have arrived; if not, `done` of `size` bytes have."""

    name: str
    sha256: str
    media_type: str
    size: int
    here: bool
    done: int
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """A question of a questionnaire and what was answered; `answer` is empty for a heading."""

    question: str
    answer: str
    form: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything the desk shows of one case. `digest` is of the report's content, for telling a later change."""

    key: CaseKey
    report_id: Id | None
    visit_id: Id
    patient_id: Id
    number: str
    state: str
    state_label: str
    urgency: int
    due_at: datetime | None
    revision: int
    returns: int
    own_work: bool
    name: str
    sex: str
    age: int | None
    patient_number: str
    allergy: str
    disputes: tuple[Dispute, ...]
    visit_number: str
    visit_day: date
    package: str
    branch: str
    conclusion: str
    advice: str
    digest: str
    document_sha256: str
    issued_at: datetime | None
    clear: bool
    results: tuple[ResultRow, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    criticals: tuple[CriticalRow, ...] = ()
    steps: tuple[StepRow, ...] = ()
    earlier: tuple[EarlierReport, ...] = ()
    attachments: tuple[AttachmentRow, ...] = ()
    answers: tuple[AnswerRow, ...] = ()
    remark: StepRow | None = None
    versions: tuple[Version, ...] = ()
    """What was handed in, the first text first; empty where the reader may not know it."""
    task: str = ""
    """Who has the report at head office; empty where nobody does."""
    facts: Facts | None = None
    """What the text is checked against; None where the reader may not know it."""
    levels: tuple[str, ...] = USUAL
    """The levels its site has, in their order."""
    extra: dict[str, Any] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return the stored text of a field (``conclusion`` or ``advice``)."""
        return self.conclusion if name == "conclusion" else self.advice

    @property
    def with_branch(self) -> bool:
        """Whether the branch may change the text now."""
        return self.state in WITH_BRANCH
