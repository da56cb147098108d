"""docs/traceability.yaml tells the truth: what it names exists, and its clauses are those of the requirements."""

from collections import Counter

import pytest
import yaml

import resources
from domain.alerts.content import load_rules
from tests.fixtures.node_ids import ROOT, problem_of_place, problem_of_test

FILE = ROOT / "docs" / "traceability.yaml"
REQUIREMENTS = ROOT.parent / "shared" / "requirements" / "functions.yaml"
ROWS = yaml.safe_load(FILE.read_text("utf-8"))["rows"]
CLAUSES = [(row, clause) for row, entry in ROWS.items() for clause in entry["clauses"]]
KINDS = {"core": "core", "advanced": "advanced", "alert_clauses": "alert", "notes": "notes"}


def built(clause):
    return "lives" in clause or "tests" in clause


@pytest.mark.parametrize(
    ("row", "clause"),
    [p for p in CLAUSES if built(p[1])],
    ids=lambda v: v if isinstance(v, str) else v["text"][:12],
)
def test_a_built_clause_names_what_exists(row, clause):
    assert clause.get("lives"), f"{row}: tests without a place"
    assert clause.get("tests"), f"{row}: a place without tests"
    problems = [problem_of_place(place) for place in clause["lives"]] + [
        problem_of_test(t) for t in clause["tests"]
    ]
    assert [p for p in problems if p] == []
    for named in ("lives", "tests"):
        assert len(set(clause[named])) == len(clause[named])
    assert not any(place.startswith("tests/") for place in clause["lives"])


def test_the_file_is_well_formed():
    for row, clause in CLAUSES:
        assert set(clause) <= {"kind", "text", "lives", "tests"}, row
        assert clause["kind"] in KINDS.values(), row
        assert clause["text"].strip() == clause["text"], row
    assert all(entry["name"] for entry in ROWS.values())
    doubled = [key for key, n in Counter((r, c["kind"], c["text"]) for r, c in CLAUSES).items() if n > 1]
    assert doubled == []


def test_the_clauses_are_those_of_the_requirements():
    if not REQUIREMENTS.is_file():
        pytest.skip("the requirements are not part of the repository")
    wanted = {}
    for function in yaml.safe_load(REQUIREMENTS.read_text("utf-8"))["functions"]:
        for source, kind in KINDS.items():
            for text in function.get(source) or []:
                wanted.setdefault(function["id"], []).append((kind, text))
    found = {row: [(c["kind"], c["text"]) for c in entry["clauses"]] for row, entry in ROWS.items()}
    assert found.keys() == wanted.keys()
    assert {row: sorted(clauses) for row, clauses in found.items()} == {
        r: sorted(c) for r, c in wanted.items()
    }


def test_the_counts_are_told(capsys):
    done = Counter(clause["kind"] for _, clause in CLAUSES if built(clause))
    whole = Counter(clause["kind"] for _, clause in CLAUSES)
    with capsys.disabled():
        told = ", ".join(f"{kind} {done[kind]}/{whole[kind]}" for kind in KINDS.values())
        print(f"\ntraceability: {sum(done.values())} of {len(CLAUSES)} clauses built ({told})")  # noqa: T201
    assert 0 < sum(done.values()) <= len(CLAUSES)


def test_rules_that_wait_are_named_by_their_row(authority):
    """An alert whose function is not built is told here; nothing evaluates its rule."""
    book = load_rules(resources.folder("alerts"), authority.roles)
    named = {(row, rule) for row, entry in ROWS.items() for rule in entry.get("waits", [])}
    waiting = {(row, rule.id) for rule in book.waiting.values() for row in rule.waits_for}
    assert waiting - named == set()
    assert {rule for _, rule in named} <= book.waiting.keys() | book.rules.keys()
