"""Finding documents: one folder each under ``resources/documents``, nothing to register.

To add a document, make a folder with `document.yaml` (id, label, version, paper, dated_by, fields),
`template.typ` and `sample.json` (data that fills the page and is checked against the fields). The folder's
name is the document's id; what templates share stands in ``common/``. A document that shows the data of another in
another way says ``same_data_as: ID`` instead of ``fields`` and has no sample of its own.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from domain.kernel.content import ContentError, read_yaml
from domain.kernel.errors import DomainError
from forms.document_fields import Field, mistakes, parse_field

DECLARATION = "document.yaml"
TEMPLATE = "template.typ"
SAMPLE = "sample.json"
SAME = "same_data_as"
_PAPERS = ("a4", "a5", "phone")
_KEYS = {"id", "label", "version", "paper", "dated_by", "fields"}
_VERSION = re.compile(r"\d+\.\d+\.\d+")


@dataclass(frozen=True)
class Document:
    """A printable document: what it is called, which data it takes, and where its template stands.

    `dated_by` is the path of the time in the data that dates the PDF file itself, so that the same data
    always gives the same bytes.
    """

    id: str
    label: str
    version: str
    paper: str
    dated_by: str
    fields: Field
    folder: Path
    sample_folder: Path

    @property
    def template(self) -> Path:
        """The typst source of the page."""
        return self.folder / TEMPLATE

    def sample(self) -> dict[str, Any]:
        """Return the sample data that ships with the document."""
        return dict(json.loads((self.sample_folder / SAMPLE).read_text("utf-8")))

    def check(self, data: dict[str, Any]) -> None:
        """Refuse data that lacks a field, has one too many or one of the wrong kind.

        Raises:
            DomainError: ``document.data_invalid``; fact `problems` lists every place, `field` is the first.
        """
        problems = tuple(mistakes(self.fields, data))
        if problems:
            places = "、".join(problem.split(":")[0] for problem in problems)
            first = problems[0].split(":")[0]
            raise DomainError(
                "document.data_invalid", first, label=self.label, places=places, problems=problems
            )


def load_documents(folder: Path) -> dict[str, Document]:
    """Return every document under `folder` by its id; folders of other content are passed over.

    Raises:
        ContentError: Every mistake of every document, each with its file.
    """
    found: dict[str, Document] = {}
    problems: list[str] = []
    for place in sorted(path for path in folder.iterdir() if path.is_dir()):
        mine: list[str] = []
        if (place / DECLARATION).is_file():
            document = _load(place, mine)
            if document is not None and not mine:
                found[place.name] = document
        elif (place / TEMPLATE).is_file():
            mine.append(f"{TEMPLATE}: stands without {DECLARATION}")
        problems += [f"{place.name}/{problem}" for problem in mine]
    if problems:
        raise ContentError(problems)
    return found


def _load(place: Path, problems: list[str]) -> Document | None:
    declared = _readable(place / DECLARATION, read_yaml, problems)
    if not (place / TEMPLATE).is_file():
        problems.append(f"{TEMPLATE}: missing")
    if not isinstance(declared, dict):
        problems.append(f"{DECLARATION}: not a mapping")
        return None
    keys = (_KEYS - {"fields"}) | {SAME} if SAME in declared else _KEYS
    problems += [f"{DECLARATION}: {key}: missing" for key in sorted(keys - declared.keys())]
    problems += [f"{DECLARATION}: {key}: unknown" for key in sorted(declared.keys() - keys)]
    problems += [f"{DECLARATION}: {key}: refused {declared[key]!r}" for key in _refused(declared, place.name)]
    data_of, fields_declared = place, declared.get("fields", {})
    if SAME in declared:
        data_of = place.parent / str(declared[SAME])
        other = _readable(data_of / DECLARATION, read_yaml, problems)
        fields_declared = other.get("fields", {}) if isinstance(other, dict) else {}
    sample = _readable(data_of / SAMPLE, json.loads, problems)
    fields = parse_field(fields_declared, "fields", problems)
    if problems:
        return None
    problems += [f"{SAMPLE}: {mistake}" for mistake in mistakes(fields, sample)]
    plain = {key: str(declared[key]) for key in _KEYS - {"fields"}}
    return Document(**plain, fields=fields, folder=place, sample_folder=data_of)


def _readable(path: Path, parse: Callable[[str], Any], problems: list[str]) -> Any:
    try:
        return parse(path.read_text("utf-8"))
    except FileNotFoundError:
        problems.append(f"{path.name}: missing")
    except (yaml.YAMLError, ValueError) as error:
        problems.append(f"{path.name}: not readable: {error}")
    return None


def _refused(declared: dict[str, Any], name: str) -> list[str]:
    """Return the keys whose value cannot be used."""
    good = {
        "id": declared.get("id") == name,
        "version": _VERSION.fullmatch(str(declared.get("version"))) is not None,
        "paper": declared.get("paper") in _PAPERS,
        "fields": isinstance(declared.get("fields"), dict),
        SAME: re.fullmatch(r"[a-z0-9_]+", str(declared.get(SAME))) is not None and declared.get(SAME) != name,
    }
    return [key for key, fits in good.items() if key in declared and not fits]
