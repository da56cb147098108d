"""Whatever is declared is whole: labels, types, policies, permissions, states, lists; what is new is visited too."""

import dataclasses
import re
import typing

import pytest
import yaml
from sqlalchemy import String, Text

import resources
from domain.kernel.change_log import entries_after
from domain.kernel.columns import Mask, Merge, Sensitivity
from domain.kernel.commands import Kind, commands
from domain.kernel.errors import DomainError
from domain.kernel.masking import mask_text
from domain.kernel.record import Place, Record, Scope, column_info, is_shared, record_classes
from domain.kernel.unit_of_work import OWN_COLUMNS
from domain.kernel.workflow import workflows
from domain.kernel.worklists import worklists
from sync.guard import guarded_tables
from tests.fixtures.breadth import partners
from tests.fixtures.product_source import PACKAGES, literals, texts_in
from tests.fixtures.refusals import TEXTS

ROLES = yaml.safe_load(resources.folder("roles.yaml").read_text("utf-8"))["roles"]
GRANTED = {
    file.stem: yaml.safe_load(file.read_text("utf-8"))["roles"]
    for file in resources.folder("permissions").glob("*.yaml")
}
# Granted to roles before the page that asks for them is built: take an entry out when it is.
GRANTED_AHEAD = {"checkup.view_status"}
# The code of a standard may stand as a label as it is.
STANDARD_WORD = re.compile(r"[A-Z][A-Z0-9 -]*|SHA-256")
PERSONAL_NAMES = {"birth_date", "id_number", "phone", "address", "allergy", "password_hash", "private_key"}


def ours(thing):
    """Tests declare commands and records of their own; these are not the product's."""
    return thing.__module__.partition(".")[0] in PACKAGES


RECORDS = {name: kind for name, kind in sorted(record_classes().items()) if ours(kind)}
COMMANDS = {name: entry for name, entry in sorted(commands().items()) if ours(entry.input)}
COLUMNS = [(name, column) for name, kind in RECORDS.items() for column in kind.__table__.columns]
DECLARED = [(name, column) for name, column in COLUMNS if column.name not in OWN_COLUMNS]


def label_ok(label):
    return bool(re.search("[一-鿿]", label)) or bool(STANDARD_WORD.fullmatch(label))


def granted(role, permission):
    """What the files of permissions say, read without the code under test."""
    area, _, right = permission.partition(".")
    given = GRANTED.get(area, {}).get(role, [])
    return right in given or "*" in given or area == "own"


@pytest.mark.parametrize("entity", RECORDS)
def test_a_record_says_what_it_is(entity):
    kind = RECORDS[entity]
    info = kind.record_info
    assert label_ok(info.label)
    assert kind.__doc__
    assert kind.__table__.name == entity
    assert (info.place, info.scope) in {(p, s) for p in Place for s in Scope}
    assert is_shared(kind.__table__) is (info.place is Place.SHARED)
    if info.place is not Place.SHARED:
        assert info.merge is None, "only shared tables are merged"


@pytest.mark.parametrize(("entity", "column"), DECLARED, ids=lambda v: getattr(v, "name", v))
def test_a_column_says_what_it_holds(entity, column):
    info = column_info(column)
    assert info is not None, "declare it with column(...)"
    assert label_ok(info.label)
    assert info.ref is None or info.ref in Record.metadata.tables
    if isinstance(column.type, String) and not isinstance(column.type, Text):
        assert column.type.length
    if info.ref is not None:
        assert column.type.__class__.__name__ == "Id16"
    if column.name in PERSONAL_NAMES:
        assert info.sensitivity is not Sensitivity.PUBLIC
    if entity == "patient" and column.name == "name":
        assert info.mask is Mask.NAME


@pytest.mark.parametrize("entity", RECORDS)
def test_merge_policies_make_sense(entity):
    kind, policy = RECORDS[entity], RECORDS[entity].record_info.merge
    infos = {c.name: column_info(c) for c in kind.__table__.columns if c.name not in OWN_COLUMNS}
    if policy in {Merge.APPEND, Merge.FIRST}:
        assert {i.merge for i in infos.values()} == {Merge.LAST}, "rows never change: no policy a column"
        assert entity not in workflows(), "what never changes has no states"
    groups = {}
    for info in infos.values():
        if info.group:
            groups.setdefault(info.group, set()).add(info.merge)
        if info.safety:
            assert info.merge is Merge.REVIEW, "a person decides what is about safety"
    assert all(len(policies) == 1 for policies in groups.values()), "fields that merge as one have one policy"
    if entity in workflows() and kind.record_info.place is Place.SHARED:
        for name in ("state", "state_since", "due_at"):
            assert (infos[name].merge, infos[name].group) == (Merge.CENTRE, "state")


def test_every_shared_table_is_under_guard():
    assert {t.name for t in guarded_tables()} >= {n for n, k in RECORDS.items() if is_shared(k.__table__)}
    assert "change_log" in {t.name for t in guarded_tables()}


@pytest.mark.parametrize("mask", Mask)
@pytest.mark.parametrize(
    "text", ["王", "王娜", "欧阳娜娜", "13987651234", "32010219750823062X", "鼓楼区青云巷 17 号"]
)
def test_a_masked_text_never_shows_the_whole(mask, text):
    shown = mask_text(mask, text)
    assert text not in shown
    assert "*" in shown


def test_inputs_and_receipts_have_names_of_their_own():
    """The description of the API names each by its class: of two of one name one would stand for both."""
    inputs = [entry.input for entry in COMMANDS.values()]
    receipts = {
        kind
        for entry in COMMANDS.values()
        for kind in _classes(typing.get_type_hints(entry.handler).get("return"))
    }
    named = {}
    for kind in {*inputs, *receipts}:
        named.setdefault(kind.__name__, set()).add(kind.__module__)
    assert {name: places for name, places in named.items() if len(places) > 1} == {}


def _classes(hint):
    """Yield the dataclasses in a type."""
    if dataclasses.is_dataclass(hint):
        yield hint
    for part in typing.get_args(hint):
        yield from _classes(part)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_whole(name):
    entry = COMMANDS[name]
    assert re.fullmatch(r"[a-z_]+\.[a-z_]+", name)
    assert re.search("[一-鿿]", entry.label)
    assert entry.handler is not None
    assert entry.handler.__doc__
    assert entry.input.__doc__
    assert not entry.input.__doc__.startswith(f"{entry.input.__name__}("), "say what the command is for"
    assert entry.place in {"anywhere", "centre", "branch", "internal"}
    if entry.permission is None:
        assert entry.place == "internal", "only what the program itself calls needs no permission"
    elif entry.place != "internal":
        assert [role for role in ROLES if granted(role, entry.permission)], "no role may do it"


@pytest.mark.parametrize("name", COMMANDS)
def test_the_fields_of_a_command_are_asked_for(name):
    for field in COMMANDS[name].fields:
        asked = field.asked
        assert label_ok(asked.label)
        if asked.low is not None and asked.high is not None:
            assert asked.low < asked.high
        if field.type in {int, float} and asked.kind is Kind.NUMBER:
            assert asked.low is not None, f"{field.name}: a typed number has limits"
            assert asked.high is not None, f"{field.name}: a typed number has limits"
        if asked.kind is Kind.SECRET:
            assert field.name in {"old", "password", "pin", "again"}


@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_typed_fits_where_it_is_kept(name):
    """A text that a command lets through but a column cannot hold is an error of the database on MariaDB."""
    entry = COMMANDS[name]
    feature = entry.input.__module__.split(".")[1]
    for field in entry.fields:
        for entity, column in DECLARED:
            info, length = column_info(column), getattr(column.type, "length", None)
            same = (column.name, info.label) == (field.name, field.asked.label) and field.type is str
            if same and length and RECORDS[entity].__module__.split(".")[1] == feature:
                assert field.asked.max_length <= length, (
                    f"{field.name}: {entity}.{column.name} holds {length}"
                )


def test_the_permissions_of_roles_exist():
    known = {c.permission for c in COMMANDS.values()} | {w.permission for w in worklists().values()}
    known |= {text for text in literals() if not any(text == name for name in COMMANDS)}
    areas = {p.partition(".")[0] for p in known if p}
    unknown = {
        f"{area}.{right}"
        for area, roles in GRANTED.items()
        for rights in roles.values()
        for right in rights
        if f"{area}.{right}" not in known and not (right == "*" and area in areas)
    }
    assert unknown - GRANTED_AHEAD == set(), "no command, list or page asks for it"
    assert GRANTED_AHEAD - unknown == set(), "it is asked for now: take it out of GRANTED_AHEAD"


def test_refused_permissions_are_refused_for_every_role(desk, as_role, monkeypatch):
    """The matrix, each command by each role, on a real store; the handlers never run."""
    reached = []
    wrong = []

    def allows(name, role):
        return COMMANDS[name].permission is None or granted(role, COMMANDS[name].permission)

    pairs = [
        (name, role)
        for role, names in partners(list(COMMANDS), list(ROLES), allows).items()
        for name in names
    ]
    for name, entry in COMMANDS.items():
        monkeypatch.setattr(entry, "fields", ())
        monkeypatch.setattr(entry, "handler", lambda order, work, name=name: reached.append(name))
        for role in (r for n, r in pairs if n == name):
            before = len(reached)
            try:
                desk.run(object.__new__(entry.input), dataclasses.replace(as_role(role), own_clients=False))
                code = "done"
            except DomainError as error:
                code = error.code
            expected = ("done", before + 1) if allows(name, role) else ("permission.denied", before)
            if (code, len(reached)) != expected:
                wrong.append((role, name, code))
    assert wrong == []
    refused = sum(not allows(name, role) for name, role in pairs)
    with desk.store.read() as connection:
        entries = entries_after(connection, 0, 10_000)
    assert [e.outcome for e in entries] == ["refused"] * refused
    assert refused > 0


def test_no_role_does_everything():
    for role in ROLES:
        assert not all(granted(role, c.permission) for c in COMMANDS.values() if c.permission)
    assert not any(
        granted(role, "report.first_review") and granted(role, "report.final_review") for role in ROLES
    ), "the three levels of review are not one person's"


@pytest.mark.parametrize("name", sorted(workflows()))
def test_a_workflow_leads_somewhere(name):
    flow = workflows()[name]
    reached = {flow.first}
    for _ in flow.states:
        reached |= {
            e for name, (starts, _) in flow.moves.items() if reached & set(starts) for e in flow.ends[name]
        }
    entered = texts_in("domain")
    unreached = set(flow.states) - reached
    assert all(state in entered for state in unreached), f"nothing leads to {unreached}"
    assert unreached == set() or flow.first in reached
    for state in flow.states.values():
        leaving = flow.possible(state.name)
        assert re.search("[一-鿿]", state.label)
        assert state.final is (leaving == []), f"{state.name}: final is what cannot be left"
        assert not (state.final and state.limit), f"{state.name}: what is over has no time limit"
    assert re.search("[一-鿿]", flow.label)
    columns = flow.record.__table__.columns
    assert {"state", "state_since", "due_at"} <= set(columns.keys())
    assert columns["state"].type.length >= max(len(s) for s in flow.states)


@pytest.mark.parametrize("name", sorted(workflows()))
def test_every_move_is_made_by_some_command(name):
    feature = workflows()[name].record.__module__.rpartition(".")[0]
    used = texts_in(feature.replace(".", "/"))
    assert [move for move in workflows()[name].moves if move not in used] == []


@pytest.mark.parametrize("name", sorted(worklists()))
def test_a_worklist_can_be_shown(name):
    listing = worklists()[name]
    assert re.search("[一-鿿]", listing.label)
    assert [role for role in ROLES if granted(role, listing.permission)], "no role may look at it"
    assert f"empty.{name}" in TEXTS, "an empty list says what would fill it"
    listing.column(listing.order)
    names = [c.name for c in listing.columns]
    assert len(names) == len(set(names))
    assert [c.name for c in listing.columns if not label_ok(c.label)] == []
    assert [c.name for c in listing.columns if c.info is None] == [], "every column says how sensitive it is"
    for offered in listing.commands:
        entry = commands()[offered]
        together = [
            r
            for r in ROLES
            if granted(r, listing.permission) and entry.permission and granted(r, entry.permission)
        ]
        assert together, f"{offered}: nobody who sees the list may do it"
