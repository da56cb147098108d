"""A page of a form as fields of an HTML form, and what a browser sends back as answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.kernel.errors import DomainError, KnownError
from domain.kernel.texts import Texts
from forms.attachments import WHOLE, limit_of, told_types, types_of
from forms.nodes import Place
from forms.pages import Page
from forms.questionnaire import Coding, Item, ItemType, Option
from forms.session import FormSession
from forms.signing import picture_of
from forms.values import Attachment, Quantity, same

OTHER = "~other"
FILES = Place("~files")
"""Stands on the last page for the files that go with the response as a whole."""
FORM = Place("")
"""What is signed where the whole form is."""
_INPUTS = {
    ItemType.INTEGER: ("text", "numeric"), ItemType.DECIMAL: ("text", "decimal"),
    ItemType.QUANTITY: ("text", "decimal"),
    ItemType.DATE: ("date", ""), ItemType.DATE_TIME: ("datetime-local", ""), ItemType.TIME: ("time", ""),
    ItemType.STRING: ("text", ""), ItemType.URL: ("url", "url"),
}  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """One option as a radio button or a check box."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class Field:
    """One line of the page; `kind` picks its look.

    It is group, display, choice, multi, text, input, file, sign or elsewhere. Of files: `files` are those there are,
    in words; `limit` in bytes and `accept` are looked at before one is sent. `picture` is a signature, as base64.
    """

    kind: str
    name: str
    label: str
    level: int
    required: bool = False
    choices: tuple[Choice, ...] = ()
    other: str | None = None
    value: str = ""
    unit: str = ""
    input_type: str = "text"
    input_mode: str = ""
    problem: str = ""
    source: str = ""
    calculated: bool = False
    files: tuple[str, ...] = ()
    limit: int = 0
    accept: str = ""
    hint: str = ""
    picture: str = ""


def name_of(place: Place) -> str:
    """Return the name of a place's field: link id and instance numbers."""
    return "@".join((place.link_id, *(str(number) for number in place.at)))


def fields_of(session: FormSession, page: Page, problems: Mapping[Place, str]) -> list[Field]:
    """Return the fields of a page; `problems` are the sentences beside them."""
    found: list[Field] = []
    for place in page.places:
        item, problem = session.item(place.link_id), problems.get(place, "")
        found.append(_field(session, place, problem))
        if item.signature_required:
            found.append(_to_sign(session, place, item.text, problem))
    return found


def fields_at_the_end(session: FormSession, problems: Mapping[Place, str]) -> list[Field]:
    """Return what stands behind the last question: files of the whole form, and the signature under it."""
    found = [
        _files(WHOLE, FILES, session.attached(), "附件（可选）：相关照片、检查报告", problems.get(FILES, ""))
    ]
    if session.form.signature_required:
        found.append(_to_sign(session, FORM, session.form.title, problems.get(FORM, "")))
    return found


def _to_sign(session: FormSession, place: Place, text: str, problem: str) -> Field:
    signature = session.signature(*place)
    picture = str(signature["data"]) if signature is not None and picture_of(signature) else ""
    return Field(
        "sign", name_of(place), f"签名：{text}", len(place.at), required=True, problem="" if picture else problem,
        picture=picture,
    )  # fmt: skip


def _files(item: Item, place: Place, files: Sequence[Any], label: str, problem: str) -> Field:
    limit = limit_of(item)
    return Field(
        "file", name_of(place), label, len(place.at), required=item.required, problem=problem,
        files=tuple(one.title or one.url for one in files if isinstance(one, Attachment)), limit=limit,
        accept=",".join(types_of(item)), hint=f"{told_types(item)}，每个不超过 {limit // 1_000_000} MB",
    )  # fmt: skip


def _field(session: FormSession, place: Place, problem: str) -> Field:
    item = session.item(place.link_id)
    label = f"{item.prefix} {item.text}".strip()
    common: dict[str, Any] = {
        "name": name_of(place), "label": label, "level": len(place.at), "required": item.required, "problem": problem,
    }  # fmt: skip
    if item.type in (ItemType.GROUP, ItemType.DISPLAY):
        return Field(item.type.value, **common)
    given = session.answers(*place)
    provenance = session.provenance(*place)
    common["source"] = f"{provenance.source} {provenance.at}".strip() if provenance else ""
    common["calculated"] = item.read_only or session.is_calculated(*place)
    if item.type is ItemType.BOOLEAN:
        answer = given[0] if given else None
        choices = (Choice("true", "是", answer is True), Choice("false", "否", answer is False))
        return Field("choice", choices=choices, **common)
    options = session.options(*place)
    if options:
        return Field(
            "multi" if item.repeats else "choice", choices=_choices(options, given),
            other=_typed(options, given) if item.type is ItemType.OPEN_CHOICE else None, **common,
        )  # fmt: skip
    if item.type is ItemType.ATTACHMENT:
        return _files(item, place, given, label, problem)
    if item.type is ItemType.REFERENCE:
        return Field("elsewhere", **common)
    value = "\n".join(_shown(one) for one in given) if item.repeats else _shown(given[0]) if given else ""
    unit = item.unit.display if item.unit else ""
    if item.type is ItemType.TEXT or item.repeats:
        return Field("text", value=value, unit=unit, **common)
    kind, mode = _INPUTS.get(item.type, ("text", ""))
    return Field("input", value=value, unit=unit, input_type=kind, input_mode=mode, **common)


def _choices(options: Sequence[Option], given: Sequence[Any]) -> tuple[Choice, ...]:
    return tuple(
        Choice(_code(option.value), option.label, any(same(option.value, one) for one in given))
        for option in options
    )


def _code(value: Any) -> str:
    return value.code if isinstance(value, Coding) else str(value)


def _typed(options: Sequence[Option], given: Sequence[Any]) -> str:
    return next(
        (one for one in given if isinstance(one, str) and not any(same(o.value, one) for o in options)), ""
    )


def _shown(value: Any) -> str:
    if isinstance(value, Quantity):
        return f"{value.value}"
    text = getattr(value, "text", None)
    return text if isinstance(text, str) else str(value)


def take(
    session: FormSession, page: Page, sent: Mapping[str, Sequence[str]], texts: Texts
) -> dict[Place, str]:
    """Set the answers of a page from what a browser sent; returns the sentence of each that could not be taken.

    Only what the page asked is looked at. What could not be taken leaves the earlier answer as it was. A question
    that the browser did not know of (it appeared meanwhile) is left alone.
    """
    known = set(sent.get("~asked", ()))
    refused: dict[Place, str] = {}
    for place in page.places:
        name = name_of(place)
        if name not in known or not session.is_enabled(*place) or not session.is_to_answer(place):
            continue
        item = session.item(place.link_id)
        if item.type is ItemType.ATTACHMENT:
            continue  # files come and go by their own requests
        try:
            values = _values(item, name, sent)
            if values != _now(session, place):
                session.set_answer(place.link_id, *values, at=place.at)
        except DomainError as error:
            refused[place] = sentence(error, texts)
    return refused


def _values(item: Item, name: str, sent: Mapping[str, Sequence[str]]) -> list[Any]:
    given = [one for one in sent.get(name, ()) if one.strip()]
    if item.type is ItemType.BOOLEAN:
        return [one == "true" for one in given if one in ("true", "false")][:1]
    if item.options or item.type.is_choice:
        return given + [one.strip() for one in sent.get(name + OTHER, ()) if one.strip()]
    if item.repeats:
        return [line.strip() for one in given for line in one.splitlines() if line.strip()]
    return [one.replace("\r\n", "\n") for one in given][:1]


def _now(session: FormSession, place: Place) -> list[Any]:
    """Return the answers as a browser would send them, so that a prefilled one left alone keeps its source."""
    given = session.answers(*place)
    return [
        one if isinstance(one, bool) else _code(one) if isinstance(one, Coding) else _shown(one)
        for one in given
    ]


def sentence(error: KnownError, texts: Texts) -> str:
    """Return a refusal of the form engine in words."""
    return texts.explain(error)
