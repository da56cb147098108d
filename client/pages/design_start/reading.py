"""What a questionnaire may be begun from, and reading a file with licensed text; off the UI thread, no Qt."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import resources
from client.station import Context
from domain.designs.reading import learn_titles
from domain.kernel.errors import DomainError, UnavailableError
from domain.scales import importing
from domain.scales.importing import Licence
from domain.scales.results import Sentence
from forms.designing.composing import Composed, composed
from forms.handing_in import plain
from forms.questionnaire import Questionnaire
from forms.questionnaire_reader import parse_form
from forms.questionnaire_writer import write_form
from forms.shelf import listed, take

ALONE = ""
"""Instead of a form that ships: the file is a questionnaire of its own."""


@dataclass(frozen=True, slots=True)
class AtHand:
    """A form that may be copied, joined with others, or given licensed words."""

    form: str
    title: str
    version: str
    questions: int
    own: bool


@dataclass(frozen=True)
class Imported:
    """A file as it would become a draft: its questionnaire, and what is told of it. `problems` keep it from that."""

    resource: dict[str, Any] | None
    lines: tuple[str, ...]
    problems: tuple[str, ...] = ()
    over: str = ""
    based_on: str = ""


def at_hand(context: Context) -> list[AtHand]:
    """Return every form of this installation by title."""
    folder = resources.folder("forms")
    found = []
    with context.desk.store.read() as connection:
        learn_titles(connection, context.desk.texts)
        orgs = {context.actor.org_id}
        for name, one in listed(connection, folder, orgs).items():
            form = take(connection, folder, name, orgs).form
            count = sum(1 for item in form.walk() if item.type.is_question)
            title = one.title or context.formatter.name(name, "words:form")
            found.append(AtHand(name, title, form.version, count, bool(one.version)))
    return sorted(found, key=lambda one: (not one.own, one.title))


def form_of(context: Context, form: str) -> Questionnaire:
    """Return a form in the version in force here."""
    with context.desk.store.read() as connection:
        return take(connection, resources.folder("forms"), form, {context.actor.org_id}).form


def copy_of(context: Context, form: str) -> tuple[dict[str, Any], str]:
    """Return a form as the beginning of another one, and what it is based on."""
    found = form_of(context, form)
    return plain(write_form(found)), f"{form}|{found.version}"


def joined(context: Context, forms: list[str], title: str) -> Composed:
    """Return the composite of some forms.

    Raises:
        DomainError: ``form.cannot_compose``.
    """
    return composed({form: form_of(context, form) for form in forms}, title)


def read_file(context: Context, path: Path, over: str, title: str, licence: Licence) -> Imported:
    """Return what a file with licensed text would become.

    Args:
        context: The desk.
        path: xlsx, csv or FHIR JSON.
        over: Form that ships whose words are to be replaced, `ALONE` for a questionnaire of its own.
        title: Of a questionnaire of its own.
        licence: By which right.

    Raises:
        UnavailableError: ``design.no_file``: the file cannot be read.
    """
    try:
        if path.stat().st_size > importing.LARGEST:
            raise DomainError("scales.import.too_large", field="file", limit=importing.LARGEST // 1_000_000)
        content = path.read_bytes()
    except OSError as error:
        raise UnavailableError("design.no_file", name=path.name) from error
    say = context.say
    try:
        based_on = ""
        if path.suffix.lower() == ".json":
            found = importing.read_questionnaire(content, licence)
        elif over:
            ours, based_on = copy_of(context, over)
            found = importing.over_ours(ours, importing.read_table(content, path.name), licence)
        else:
            rows = importing.read_table(content, path.name)
            found = importing.of_its_own(rows, "own", title or path.stem, f"1.0.0+{licence.mark}", licence)
        parse_form(found.form)
    except DomainError as error:
        return Imported(None, (), _told(context, error))
    lines = [say("design_start.read", count=found.replaced)]
    lines += (
        [say("design_start.kept", count=len(found.kept), items="、".join(found.kept[:10]))]
        if found.kept
        else []
    )
    lines += list(_outline(found.form))
    is_over = over if path.suffix.lower() != ".json" else ALONE
    return Imported(dict(found.form), tuple(lines), (), is_over, based_on)


def _told(context: Context, error: DomainError) -> tuple[str, ...]:
    """Return an error and each mistake it tells of, with its row."""
    head = context.desk.texts.explain(error)
    problems = error.facts.get("problems") or ()
    lines = [
        context.say(one.code, **one.facts) if isinstance(one, Sentence) else str(one) for one in problems
    ]
    return (head, *lines)


def _outline(form: Mapping[str, Any], depth: int = 0) -> list[str]:
    found = []
    for item in form.get("item") or ():
        options = "／".join(
            str(one.get("valueCoding", {}).get("display", "")) for one in item.get("answerOption") or ()
        )
        found.append("　" * depth + str(item.get("text") or "") + (f"　〔{options}〕" if options else ""))
        found += _outline(item, depth + 1)
    return found
