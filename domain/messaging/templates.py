"""Templates: what may be told in which words. A category each; health advice says for every sentence where it stands.

A sentence of health advice ends with the numbers of its sources (``每周运动 150 分钟[1]。``); sources have a title
and a grade
of evidence and are shown best first. Those of the program are files of ``resources/messages``; institutions write
their own (`MessageTemplate`), which go before a file of the same code.
"""

import re
import string
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
from sqlalchemy import select

from domain.kernel.content import ContentError, load_folder
from domain.kernel.errors import DomainError
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.minimum import too_much
from domain.messaging.records import Category, Channel, MessageTemplate

TEMPLATES = "message_templates"
"""Name of the shipped templates among the dispatcher's content."""
GRADES = ("A", "B", "C", "D")
GIVEN = frozenset({"client", "org", "link"})
"""Placeholders that every message knows: how the client is addressed, the institution, the one-time link."""
_MARK = re.compile(r"\[(\d{1,2})\]")
_SENTENCE = re.compile(r"[^。！？!?\n]+[。！？!?]*")


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a statement stands: a guideline or paper, its grade of evidence (A is the strongest), its address."""

    title: str
    grade: Literal["A", "B", "C", "D"]
    year: int | None = None
    address: str = ""


class Template(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One template.

    Attributes:
        code: Name by which features and vendors' lists know it.
        label: What people call it.
        category: What it is for.
        channels: By which it may go, in this order where one fails for good.
        title: Subject line; minimum data.
        short: Text for channels whose text others may see; ``{link}`` opens the rest.
        text: The whole, shown behind the link or sent where only the client reads it.
        params: Placeholders that the sender fills in, in the order the vendor numbers them.
        sources: Of health advice.
        important: Whether it is sent once more when nobody opens it.
    """

    code: str
    label: str
    category: Category
    channels: tuple[Channel, ...]
    title: str
    short: str
    text: str = ""
    params: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    important: bool = False

    @property
    def has_link(self) -> bool:
        """Whether the short text leads to the whole."""
        return "link" in placeholders(self.short)


def load_templates(folder: Path) -> dict[str, Template]:
    """Return the templates of ``resources/messages`` by code; every mistake is told at once in a `ContentError`."""
    found: dict[str, Template] = {}
    problems: list[str] = []
    for stem, template in load_folder(folder, Template).items():
        if template.code != stem:
            problems.append(f"{stem}.yaml: code: is {template.code}")
        try:
            check_template(template)
        except DomainError as error:
            problems.append(f"{stem}.yaml: {error.field}: {error.code} {error.facts}")
        found[template.code] = template
    if problems:
        raise ContentError(problems)
    return found


def template_of(work: UnitOfWork, code: str) -> Template:
    """Return the template in force: the institution's own, else the program's.

    Raises:
        DomainError: ``message.no_template``.
    """
    query = select(MessageTemplate).where(MessageTemplate.code == code, MessageTemplate.active)
    for own in work.list(query.order_by(MessageTemplate.saved_at.desc()).limit(1)):
        return own_template(own)
    found: Template | None = work.content.get(TEMPLATES, {}).get(code)
    if found is None:
        raise DomainError("message.no_template", field="template", template=code)
    return found


def own_template(row: MessageTemplate) -> Template:
    """Return the template of a row."""
    return Template(
        code=row.code, label=row.label, category=Category(row.category),
        channels=tuple(Channel(name) for name in row.channels), title=row.title, short=f"{row.title}：{{link}}",
        text=row.text, params=tuple(sorted((placeholders(row.text) | placeholders(row.title)) - GIVEN)),
        sources=tuple(msgspec.convert(one, Source) for one in row.sources or ()), important=row.important,
    )  # fmt: skip


def check_template(template: Template) -> None:
    """Refuse a template that must not be sent.

    Raises:
        DomainError: ``message.bad_placeholder``, ``message.no_channel``, ``message.no_source`` with the sentence,
            ``message.unknown_source``, ``message.unused_source``, ``message.too_much`` with what may not be there.
    """
    if not template.channels:
        raise DomainError("message.no_channel", field="channels")
    for field in ("title", "short", "text"):
        strange = placeholders(getattr(template, field), field) - GIVEN - set(template.params)
        if strange:
            raise DomainError("message.bad_placeholder", field=field, name="、".join(sorted(strange)))
    if template.category is Category.HEALTH_ADVICE:
        _check_sources(template.text or template.short, template.sources)
    for field in ("title", "short"):
        check_minimum(getattr(template, field), field)


def _check_sources(text: str, sources: Sequence[Source]) -> None:
    named: set[int] = set()
    for sentence in sentences(text):
        marks = {int(number) for number in _MARK.findall(sentence)}
        if not marks:
            raise DomainError("message.no_source", field="text", sentence=sentence[:40])
        named |= marks
    unknown = named - set(range(1, len(sources) + 1))
    if unknown:
        raise DomainError("message.unknown_source", field="sources", number=min(unknown))
    unused = set(range(1, len(sources) + 1)) - named
    if unused or not sources:
        raise DomainError("message.unused_source", field="sources", number=min(unused, default=1))


def sentences(text: str) -> list[str]:
    """Return the sentences of a text that say something; a mark after the full stop belongs to the one before it."""
    found: list[str] = []
    for part in _SENTENCE.findall(text):
        rest = part.strip()
        while found and (mark := _MARK.match(rest)):
            found[-1] += mark.group()
            rest = rest[mark.end() :].strip()
        if re.search(r"[\w\u4e00-\u9fff]", rest):
            found.append(rest)
    return found


def check_minimum(text: str, field: str) -> None:
    """Refuse a text that others may see and that says too much: ``message.too_much``."""
    found = too_much(text)
    if found:
        raise DomainError("message.too_much", field=field, what=_TOO_MUCH[found])


_TOO_MUCH = {"id_number": "证件号码", "phone": "手机号", "value": "检查数值", "diagnosis": "诊断或结果"}


def placeholders(text: str, field: str = "text") -> set[str]:
    """Return the names in braces; anything but a plain name is ``message.bad_placeholder``."""
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError as error:
        raise DomainError("message.bad_placeholder", field=field, name="{") from error
    found = {name for _, name, _, _ in parts if name is not None}
    for name, spec, conversion in ((n, s, c) for _, n, s, c in parts if n is not None):
        if not name.isidentifier() or spec or conversion:
            raise DomainError("message.bad_placeholder", field=field, name=name or "{}")
    return found


def filled(text: str, values: Mapping[str, Any]) -> str:
    """Return a text with its values; a missing one is ``message.missing_param``."""
    names = placeholders(text)
    for name in sorted(names - {"link"}):
        if not str(values.get(name) or "").strip():
            raise DomainError("message.missing_param", field="params", name=name)
    return text.format_map({name: values.get(name, "{link}") for name in names})


def by_grade(sources: Sequence[Mapping[str, Any]]) -> list[tuple[int, Mapping[str, Any]]]:
    """Return sources with their numbers, the strongest evidence first, then the newest."""
    numbered = enumerate(sources, start=1)
    return sorted(numbered, key=lambda one: (GRADES.index(one[1]["grade"]), -(one[1].get("year") or 0)))
