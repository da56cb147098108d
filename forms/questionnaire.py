"""A form: a FHIR R4 Questionnaire as typed, frozen values, found as ``resources/forms/*.json``.

To add a form, put its JSON there; url and version are required, since a filled-in form keeps both. What the
engine does not do yet (repeating groups, expressions, external value sets, other item types) is refused by
name when the file is read: a form that is only half understood would ask the wrong questions.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias


class ItemType(StrEnum):
    """`Questionnaire.item.type` as far as the engine goes."""

    GROUP = "group"
    DISPLAY = "display"
    CHOICE = "choice"
    OPEN_CHOICE = "open-choice"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    STRING = "string"
    TEXT = "text"
    DATE = "date"

    @property
    def is_question(self) -> bool:
        """Whether the item takes answers."""
        return self not in (ItemType.GROUP, ItemType.DISPLAY)


@dataclass(frozen=True)
class Coding:
    """FHIR Coding. Two are the same answer if code and system agree (system as far as both name one)."""

    code: str
    system: str = ""
    display: str = ""

    def same(self, other: "Coding") -> bool:
        """Tell whether both stand for the same concept."""
        systems_agree = not self.system or not other.system or self.system == other.system
        return self.code == other.code and systems_agree


Answer: TypeAlias = Coding | Decimal | int | bool | str | date


@dataclass(frozen=True)
class Option:
    """One permitted answer: the ordinal score it counts for; `exclusive` ones (以上都没有) stand alone."""

    value: Answer
    score: Decimal | None = None
    initial: bool = False
    exclusive: bool = False

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


@dataclass(frozen=True)
class Item:
    """One line of a form; bounds are inclusive, lengths in characters."""

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
    min_value: Decimal | date | None = None
    max_value: Decimal | date | None = None
    min_length: int | None = None
    max_length: int | None = None
    max_decimal_places: int | None = None
    unit: Unit | None = None
    initial: tuple[Answer, ...] = ()
    items: tuple["Item", ...] = ()

    def walk(self) -> Iterator["Item"]:
        """Yield the item and all below it, in the order of the page."""
        yield self
        for item in self.items:
            yield from item.walk()


@dataclass(frozen=True)
class Questionnaire:
    """A form in one exact version."""

    url: str
    version: str
    title: str
    status: str
    items: tuple[Item, ...]

    @property
    def canonical(self) -> str:
        """``url|version``: what a QuestionnaireResponse names."""
        return f"{self.url}|{self.version}" if self.version else self.url

    def walk(self) -> Iterator[Item]:
        """Yield every item in the order of the page."""
        for item in self.items:
            yield from item.walk()
