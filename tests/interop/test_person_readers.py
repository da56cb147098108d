"""Whoever reads what is kept of a client asks for all of a person's records; who asks for one record says why."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
READERS = ("client", "forms", "server", "domain")
ONE_RECORD = {
    # Rows about the record itself, or kept once a record by an id made of it.
    "domain/followup/registers.py": "places in registers are kept a record each, from the facts of the person",
    "domain/followup/regrouping.py": "memberships are kept a record each, from the facts of the person",
    "domain/tags/commands.py": "tags are kept a record each, from the facts of the person",
    "domain/tags/sync_commands.py": "tags are kept a record each, from the facts of the person",
    "forms/assessing.py": "each record's own level, assessed over the person",
    "forms/risk_reporting.py": "each record's own level and assessment, made over the person",
    "server/interfaces/outbound/facts.py": "a partner knows the record by its own number",
    "domain/sharing/twins.py": "what other sites may know is agreed to record by record",
    "server/sharing.py": "what other sites may know is agreed to record by record",
    "client/stations/front_desk": "the visit of the record that was called up",
    "client/stations/process": "the visit of the record that was called up",
    "domain/checkup/two_places.py": "one questionnaire of one record begun in two places",
    "domain/care/standing_commands.py": "standings are kept a record each; alerts of a person are one card",
    "domain/tracking/progress.py": "trackings of one record, over the results of the person",
    "domain/conversations/owners.py": "who looks after a record",
    "client/pages/form/subject.py": "the questionnaire waits for the record it was given to",
}  # fmt: skip


def compared(tree):
    """Yield the line of each ``<table>.patient_id == <the id of a client>``."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq)):
            continue
        left, right = node.left, node.comparators[0]
        asked = isinstance(right, ast.Name) and right.id == "patient_id"
        asked |= isinstance(right, ast.Attribute) and right.attr == "patient_id" and _whose(right) == "of"
        if asked and isinstance(left, ast.Attribute) and left.attr == "patient_id":
            yield node.lineno


def _whose(node):
    return node.value.id if isinstance(node.value, ast.Name) else ""


def asking_for_one():
    found = {}
    for folder in READERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            lines = list(compared(ast.parse(path.read_text("utf-8"))))
            if lines:
                found[path.relative_to(ROOT).as_posix()] = lines
    return found


def test_readers_ask_for_all_records_of_a_person():
    wrong = {
        path: lines for path, lines in asking_for_one().items()
        if not any(path == one or path.startswith(f"{one}/") for one in ONE_RECORD)
    }  # fmt: skip
    assert not wrong, "use of_person(connection, column, patient_id), or say above why one record is meant"


def test_the_list_names_only_what_there_is():
    there = asking_for_one()
    unused = [o for o in ONE_RECORD if not any(p == o or p.startswith(f"{o}/") for p in there)]
    assert unused == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("q.where(t.c.patient_id == patient_id)", 1),
        ("q.where(o.patient_id == of.patient_id)", 1),
        ("q.where(of_person(c, t.c.patient_id, patient_id))", 0),
        ("q.where(a.patient_id == b.patient_id)", 0),
    ],
)
def test_the_look_finds_what_it_is_for(source, found):
    assert len(list(compared(ast.parse(source)))) == found
