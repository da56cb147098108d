"""A form: a FHIR R4 Questionnaire with the SDC subset as typed, frozen values, found as ``resources/forms/*.json``.

To add a form, put its JSON there; url and version are required, since a filled-in form keeps both. What only dresses
the page, serves extraction or belongs to other programs is kept beside the typed values and written back. What
changes which questions are asked or which answers are right, and is not understood, is refused by name when the file
is read: a form that is only half understood would ask the wrong questions.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from forms.values import Answer, Attachment, Coding, Quantity, Reference, Temporal


class ItemType(StrEnum):
    """`Questionnaire.item.type` of FHIR R4."""

    GROUP = "group"
    DISPLAY = "display"
    CHOICE = "choice"
    OPEN_CHOICE = "open-choice"
    INTEGER = "integer"
    DECIMAL = "decimal"
    QUANTITY = "quantity"
    BOOLEAN = "boolean"
    STRING = "string"
    TEXT = "text"
    URL = "url"
    DATE = "date"
    DATE_TIME = "dateTime"
    TIME = "time"
    ATTACHMENT = "attachment"
    REFERENCE = "reference"

    @property
    def is_question(self) -> bool:
        """Whether the item takes answers."""
        return self not in (ItemType.GROUP, ItemType.DISPLAY)

    @property
    def is_choice(self) -> bool:
        """Whether the item offers options."""
        return self in (ItemType.CHOICE, ItemType.OPEN_CHOICE)


@dataclass(frozen=True)
class Expression:
    """FHIR Expression: FHIRPath unless `language` says otherwise; `name` makes it a variable."""

    text: str
    language: str = "text/fhirpath"
    name: str = ""

    @property
    def is_fhirpath(self) -> bool:
        """Whether it is evaluated here; queries need a server and stay empty."""
        return self.language == "text/fhirpath"


@dataclass(frozen=True)
class Constraint:
    """What must be true: `error` keeps the form from being finished, `warning` asks for a second look."""

    key: str
    severity: str
    human: str
    expression: Expression


@dataclass(frozen=True)
class Option:
    """One permitted answer: the ordinal score it counts for; `exclusive` ones (以上都没有) stand alone."""

    value: Answer
    score: Decimal | None = None
    initial: bool = False
    exclusive: bool = False
    source: Any = field(default=None, compare=False, repr=False)

    @property
    def label(self) -> str:
        """What a person reads."""
        return (self.value.display or self.value.code) if isinstance(self.value, Coding) else str(self.value)


@dataclass(frozen=True)
class EnableWhen:
    """One condition: the answers of `question` compared with `answer`; operators of FHIR R4."""

    question: str
    operator: str
    answer: Answer


@dataclass(frozen=True)
class Unit:
    """UCUM code of a number and how it is shown."""

    code: str
    display: str
    system: str = ""


@dataclass(frozen=True)
class Source:
    """What an element was read from: its JSON, and the value as it was read from it (see `questionnaire_writer`)."""

    raw: Mapping[str, Any]
    read: Any


@dataclass(frozen=True)
class Item:
    """One line of a form; bounds are inclusive, lengths in characters, `max_size` in bytes.

    Attributes:
        control: Code of questionnaire-itemControl (``radio-button``, ``slider``, ``page`` …), a hint only.
        value_set: Reference of ``answerValueSet``; where it is no list the form brings along, `options` is empty and
            `options_elsewhere` true: the question is then open, with a sign.
        stands_for: In a composite, the questions of its parts that this one asks, as ``canonical#linkId``.
        min_occurs: Fewest answers or instances, where the item is asked at all.
    """

    link_id: str
    type: ItemType
    text: str = ""
    prefix: str = ""
    codes: tuple[Coding, ...] = ()
    required: bool = False
    repeats: bool = False
    read_only: bool = False
    hidden: bool = False
    options: tuple[Option, ...] = ()
    enable_when: tuple[EnableWhen, ...] = ()
    enable_all: bool = True
    min_value: Decimal | date | Temporal | None = None
    max_value: Decimal | date | Temporal | None = None
    min_length: int | None = None
    max_length: int | None = None
    max_decimal_places: int | None = None
    unit: Unit | None = None
    initial: tuple[Answer, ...] = ()
    items: tuple["Item", ...] = ()
    control: str = ""
    value_set: str = ""
    unit_options: tuple[Unit, ...] = ()
    min_occurs: int | None = None
    max_occurs: int | None = None
    pattern: str = ""
    entry_format: str = ""
    max_size: int | None = None
    mime_types: tuple[str, ...] = ()
    signature_required: bool = False
    enable_expression: Expression | None = None
    calculated: Expression | None = None
    initial_expression: Expression | None = None
    answer_expression: Expression | None = None
    variables: tuple[Expression, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    stands_for: tuple[str, ...] = ()
    source: Source | None = field(default=None, compare=False, repr=False)

    def walk(self) -> Iterator["Item"]:
        """Yield the item and all below it, in the order of the page."""
        yield self
        for item in self.items:
            yield from item.walk()

    @property
    def options_elsewhere(self) -> bool:
        """Whether the permitted answers are not at hand: in a value set elsewhere, or nowhere told."""
        return self.type.is_choice and not self.options and self.answer_expression is None

    @property
    def is_container(self) -> bool:
        """Whether it exists once an instance: a repeating group, or a repeating question with questions below."""
        below = any(child.type is not ItemType.DISPLAY for child in self.items)
        return self.repeats and (self.type is ItemType.GROUP or (self.type.is_question and below))


@dataclass(frozen=True)
class Questionnaire:
    """A form in one exact version.

    Attributes:
        contexts: Names of resources that whoever opens the form may hand in (launchContext, sourceQueries).
        named: Calculations on the form itself, used as variables.
    """

    url: str
    version: str
    title: str
    status: str
    items: tuple[Item, ...]
    variables: tuple[Expression, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    contexts: tuple[str, ...] = ()
    signature_required: bool = False
    named: tuple[Expression, ...] = ()
    source: Source | None = field(default=None, compare=False, repr=False)

    @property
    def canonical(self) -> str:
        """``url|version``: what a QuestionnaireResponse names."""
        return f"{self.url}|{self.version}" if self.version else self.url

    def walk(self) -> Iterator[Item]:
        """Yield every item in the order of the page."""
        for item in self.items:
            yield from item.walk()


__all__ = [
    "Answer", "Attachment", "Coding", "Constraint", "EnableWhen", "Expression", "Item", "ItemType", "Option",
    "Quantity", "Questionnaire", "Reference", "Source", "Temporal", "Unit",
]  # fmt: skip
