"""What the files of ``resources/followup`` may say. Pure values.

To add a plan template, add a file to ``plans/``; a talk script, a file to ``scripts/``; something to hand out, a file
to ``handouts/``; a register of a disease, a file to ``registers/``; a kind of event for group clients, an entry to
``events.yaml``. An institution's own are records (`domain.followup.own_content`). A template whose `version` rose
makes new proposals; running plans keep what they were made of until a person moves them.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

import msgspec

from domain.followup.group_records import ClientLevel, Segment
from domain.followup.plan_records import Way
from domain.reception.records import ReceptionKind
from domain.reception.unit_records import EventType
from domain.risk.levels import Colour

Text: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
Days: TypeAlias = tuple[Annotated[int, msgspec.Meta(ge=0, le=1100)], ...]
Status: TypeAlias = Literal["VERIFIED", "UNVERIFIED"]
Basis: TypeAlias = Literal["diagnosed", "high_level", "level", "label", "finding"]
"""Why somebody fits a register."""
FOLLOWUP = "followup"
"""Name of the `FollowUpContent` among the dispatcher's content."""


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of a file: what it does not know it refuses."""


class SegmentRules(_Strict, frozen=True, kw_only=True):
    """Who belongs to which group, and which groups must be followed up.

    Attributes:
        colours: Colours of the risk level that make a client high-risk.
        levels: Levels of a disease that make a client high-risk for it.
        classes: Classes of findings that make a client abnormal, each with what people call it.
        flags: Flags of results (HL7 table 0078) that make a client abnormal.
        months: How far back results and findings count.
        follow: Groups that must be followed up.
        strict: Groups whose plan must be settled within the day.
        colour_rhythm: Colours of the risk level whose clients are followed up as closely as those of a client level.
    """

    version: str
    status: Status
    source: Text
    colours: tuple[Colour, ...]
    levels: tuple[Literal["medium", "high"], ...]
    classes: Mapping[str, Text]
    flags: tuple[str, ...]
    months: Annotated[int, msgspec.Meta(ge=1, le=60)]
    follow: tuple[Segment, ...]
    strict: tuple[Segment, ...]
    colour_rhythm: Mapping[Colour, ClientLevel] = {}


class LabelRule(_Strict, frozen=True, kw_only=True):
    """What a label on a client means for plans: whose days of a template hold at least.

    A plan template of the segment ``label`` may name labels as its topics; then the label brings a plan of its own.
    """

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    version: Annotated[int, msgspec.Meta(ge=1)] = 1
    status: Status
    source: Text
    rhythm: ClientLevel


class PlanTemplate(_Strict, frozen=True, kw_only=True):
    """One standard plan.

    Attributes:
        id: Name of its file.
        version: Rises with every change of the file.
        status: UNVERIFIED is shown on every plan made of it.
        source: Where the intervals come from; ``默认`` for a suggestion of this program.
        segment: Group it is for.
        topics: Topics it is for; none is every topic of the group.
        priority: Of several that fit a client the highest leads; its plan covers the other groups as well.
        after_days: Days of the contacts by client level.
        way: How the client is reached.
        form: Form to be filled in at each contact, if any.
        script: Talk script.
        owner_role: Role that makes the contacts.
        content: What is gone through, point by point.
    """

    id: str
    version: Annotated[int, msgspec.Meta(ge=1)]
    name: Text
    status: Status
    source: Text
    segment: Segment
    topics: tuple[str, ...] = ()
    priority: Annotated[int, msgspec.Meta(ge=0, le=100)]
    after_days: Mapping[ClientLevel, Days]
    way: Way
    form: str | None = None
    script: str | None = None
    owner_role: str
    content: tuple[Text, ...]


class TalkScript(_Strict, frozen=True, kw_only=True):
    """What to say at a contact, by group and topic; none of either fits every client.

    With `receptions` it is for those receptions alone, without for contacts from afar.
    """

    id: str
    version: Annotated[int, msgspec.Meta(ge=1)]
    title: Text
    status: Status
    source: Text
    segments: tuple[Segment, ...] = ()
    topics: tuple[str, ...] = ()
    receptions: tuple[ReceptionKind, ...] = ()
    points: tuple[Text, ...]
    never: tuple[Text, ...] = ()


class Handout(_Strict, frozen=True, kw_only=True):
    """Something to read that a client is given, by group and topic; none of either fits every client."""

    id: str
    version: Annotated[int, msgspec.Meta(ge=1)]
    title: Text
    status: Status
    source: Text
    segments: tuple[Segment, ...] = ()
    topics: tuple[str, ...] = ()
    points: tuple[Text, ...]


class Material(_Strict, frozen=True, kw_only=True):
    """One thing to have at hand: how many, for each person who is enrolled (`each`) and beside that (`plus`)."""

    name: Text
    each: Annotated[int, msgspec.Meta(ge=0, le=20)] = 0
    plus: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0


class EventKind(_Strict, frozen=True, kw_only=True):
    """A kind of event for group clients, with its steps and materials."""

    label: Text
    steps: tuple[Text, ...]
    materials: tuple[Material, ...]


class Register(_Strict, frozen=True, kw_only=True):
    """A register of one kind of disease: who fits, who enters by themselves, and by which rules they are managed.

    Attributes:
        topics: Diseases (codes of the risk models) it is about.
        levels: Levels of risk for one of these at which a client fits.
        labels: Tags or labels that make a client fit.
        items: Items of the catalogue whose class A or B finding makes a client fit.
        auto: Reasons that enter a client without anybody's doing; the others make a proposal somebody decides on.
        plan: Template that is proposed to who enters and has no plan.
        first_days: Days to the first consultation.
        review_days: Days between looks at how it goes.
        rules: How clients are managed, sentence by sentence.
        ends: When somebody leaves.
    """

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    version: Annotated[int, msgspec.Meta(ge=1)]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=30)]
    status: Status
    source: Text
    topics: tuple[str, ...] = ()
    levels: tuple[Literal["medium", "high"], ...] = ("high",)
    labels: tuple[Text, ...] = ()
    items: tuple[str, ...] = ()
    auto: tuple[Basis, ...] = ()
    plan: str | None = None
    first_days: Annotated[int, msgspec.Meta(ge=1, le=90)]
    review_days: Annotated[int, msgspec.Meta(ge=1, le=400)]
    rules: tuple[Text, ...]
    ends: Text


class EventFile(_Strict, frozen=True, kw_only=True):
    """``events.yaml``: kinds of events by code, and what a reception of one client needs."""

    version: str
    status: Status
    source: Text
    kinds: Mapping[EventType, EventKind]
    reception: Mapping[ReceptionKind, EventKind]


class LabelFile(_Strict, frozen=True, kw_only=True):
    """``labels.yaml``: the labels that count for plans."""

    labels: tuple[LabelRule, ...]


class Limits(_Strict, frozen=True, kw_only=True):
    """``limits.yaml``: numbers that the commands ask for.

    Attributes:
        low_score: A score of satisfaction (1 to 5) up to which a case is opened.
        low_mean: A mean below which a month counts as low.
        least_answers: Answers a month needs to count at all.
        few: A number of people below which a group's figures are not told.
        task_limit: Open tasks a person takes on unless set otherwise.
        attempts: Contacts without an answer after which a client may be called lost.
    """

    version: str
    source: Text
    low_score: Annotated[int, msgspec.Meta(ge=1, le=4)]
    low_mean: Annotated[float, msgspec.Meta(gt=1, lt=5)]
    least_answers: Annotated[int, msgspec.Meta(ge=1)]
    few: Annotated[int, msgspec.Meta(ge=2, le=100)]
    task_limit: Annotated[int, msgspec.Meta(ge=1, le=1000)]
    attempts: Annotated[int, msgspec.Meta(ge=1, le=20)]


class FollowUpContent(msgspec.Struct, frozen=True):
    """Everything of the folder, checked."""

    rules: SegmentRules
    plans: Mapping[str, PlanTemplate]
    scripts: Mapping[str, TalkScript]
    handouts: Mapping[str, Handout]
    labels: Mapping[str, LabelRule]
    registers: Mapping[str, Register]
    events: EventFile
    limits: Limits
