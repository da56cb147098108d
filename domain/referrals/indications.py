"""When a client should be sent on, and where to: rules of ``resources/referrals`` over plain facts."""

import dataclasses
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from domain.kernel.content import ContentError, load_folder
from domain.tracking.progress_records import PositiveCourse
from domain.tracking.records import TrackingGrade

REFERRALS = "referrals"
"""Name of the `Indications` among the dispatcher's content."""


class FindingRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tracked result of one of these grades; of one of these items where any are named."""

    grades: tuple[TrackingGrade, ...]
    items: tuple[str, ...] = ()


class Indication(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One reason to send a client on; `days` is by when word should be back."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    finding: FindingRule | None = None
    course: tuple[PositiveCourse, ...] = ()
    urgent: bool = False
    days: Annotated[int, msgspec.Meta(ge=1, le=180)]
    status: Literal["VERIFIED", "UNVERIFIED"]
    source: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]


class Indications(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file ``indications.yaml``; the first rule that fits a result speaks."""

    version: int
    indications: tuple[Indication, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Marked:
    """A tracked result: what it is, how grave, and how it goes on."""

    item: str
    grade: TrackingGrade
    course: PositiveCourse | None


def load_indications(folder: Path) -> Indications:
    """Return ``indications.yaml``.

    Raises:
        ContentError: It is not there, a rule looks at nothing, or two have one id.
    """
    found = load_folder(folder, Indications, "indications.yaml").get("indications")
    if found is None:
        raise ContentError(["indications.yaml: missing"])
    ids = [one.id for one in found.indications]
    problems = [f"indications.yaml: {own}: twice" for own in set(ids) if ids.count(own) > 1]
    problems += [
        f"indications.yaml: {one.id}: looks at nothing"
        for one in found.indications
        if one.finding is None and not one.course
    ]
    if problems:
        raise ContentError(problems)
    return found


def indicated(marked: Marked, rules: Indications) -> Indication | None:
    """Return the first rule that fits a tracked result; None if it need not be sent on by any."""
    return next((rule for rule in rules.indications if _fits(marked, rule)), None)


def _fits(marked: Marked, rule: Indication) -> bool:
    if rule.course:
        return marked.course in rule.course
    wanted = rule.finding
    return (
        wanted is not None
        and marked.grade in wanted.grades
        and (not wanted.items or marked.item in wanted.items)
    )


def recommended(targets: Iterable[Any], topics: Collection[str], *, urgent: bool) -> list[Any]:
    """Return the departments in use that fit, the best first: by topic, then way in, then the group's own, then rank.

    One that is for other topics does not fit; one that names none is for everything.
    """

    def key(target: Any) -> tuple[bool, bool, bool, int, str]:
        return (
            not set(target.topics) & set(topics), urgent and not target.green, target.site_id is None,
            target.rank, f"{target.hospital}{target.department}",
        )  # fmt: skip

    fitting = [one for one in targets if one.active and (not one.topics or set(one.topics) & set(topics))]
    return sorted(fitting, key=key)
