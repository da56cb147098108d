"""What became of a label, and of a run of labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from devices.labels.model import Label


class JobState(StrEnum):
    """A job is printed only when the printer, or a person, says so; texts are ``printer.job.<state>``."""

    QUEUED = "queued"
    SENT = "sent"
    PRINTED = "printed"
    UNKNOWN = "unknown"
    FAILED = "failed"


@dataclass(frozen=True)
class JobResult:
    """What became of one label, with what its audit line needs.

    `code` is the key of the text that says why (``printer.media_out``), empty for a printed label. `extra_labels`
    counts pieces the printer made beyond the one asked for: they must be destroyed.
    """

    state: JobState
    code: str
    printer: str
    template: str
    version: int
    content_hash: str
    reprint: int
    extra_labels: int = 0


@dataclass(frozen=True)
class BatchResult:
    """What became of a run of labels; it ends at the first label that is not printed.

    Attributes:
        results: One result a label tried, in order.
        unprinted: The labels that are certainly not printed: resume with these.
        uncertain: The label whose fate a person must look up (at most one).
        unconfirmed: Labels sent to a printer that cannot confirm.
    """

    results: tuple[JobResult, ...] = ()
    unprinted: tuple[Label, ...] = ()
    uncertain: tuple[Label, ...] = ()
    unconfirmed: tuple[Label, ...] = ()


def summed(labels: Sequence[Label], results: list[JobResult]) -> BatchResult:
    """Sort the labels of a run by what became of them; those without a result are unprinted."""
    by_state: dict[JobState, list[Label]] = {state: [] for state in JobState}
    for label, result in zip(labels, results, strict=False):
        by_state[result.state].append(label)
    return BatchResult(
        tuple(results),
        (*by_state[JobState.FAILED], *labels[len(results) :]),
        tuple(by_state[JobState.UNKNOWN]),
        tuple(by_state[JobState.SENT]),
    )
