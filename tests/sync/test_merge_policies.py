"""What becomes of one change, policy by policy, without a database."""

import uuid

import pytest

from domain import features
from domain.kernel.change_log import Change
from sync.merge import DELETED, decide
from sync.shapes import Group, shape_of

features.load("records")
RECORD = uuid.UUID(int=1).bytes
ORG = uuid.UUID(int=2).bytes


def row(entity, **values):
    shape = shape_of(entity)
    return {**shape.blank(), "id": RECORD, "org_id": ORG, "ver": 3, "extra": None, **values}


def change(entity, op, fields=None, base=None):
    return Change(entity, RECORD, ORG, op, 3, fields or {}, base or {})


def decided(entity, current, op, fields=None, base=None, **more):
    return decide(shape_of(entity), current, change(entity, op, fields, base), **more)


def test_a_field_nobody_else_changed_is_taken():
    done = decided("patient", row("patient", phone="1", name="王"), "upd", {"phone": "2"}, {"phone": "1"})
    assert (done.act, done.values, done.stated) == ("upd", {"phone": "2"}, {"phone": "2"})


def test_changes_of_different_fields_both_stand():
    current = row("patient", phone="1", name="李")
    done = decided("patient", current, "upd", {"phone": "2"}, {"phone": "1"})
    assert done.values == {"phone": "2"}
    assert not done.clashes


def test_last_takes_what_comes_later():
    done = decided("patient", row("patient", phone="9"), "upd", {"phone": "2"}, {"phone": "1"})
    assert (done.values, done.clashes, done.refusals) == ({"phone": "2"}, (), ())


def test_review_keeps_what_stands_and_opens_a_conflict():
    done = decided("patient", row("patient", allergy="花生"), "upd", {"allergy": "青霉素"}, {"allergy": None})
    assert (done.act, done.stated) == ("", {"allergy": "花生"})
    [clash] = done.clashes
    assert (clash.theirs, clash.mine, clash.base) == (
        {"allergy": "花生"},
        {"allergy": "青霉素"},
        {"allergy": None},
    )
    assert clash.safety


def test_review_of_the_same_value_on_both_sides_is_no_conflict():
    done = decided("patient", row("patient", allergy="花生"), "upd", {"allergy": "花生"}, {"allergy": None})
    assert (done.act, done.clashes, done.stated) == ("", (), {"allergy": "花生"})


def test_a_stale_state_is_refused_and_the_rest_is_taken():
    current = row("report", state="final_review", state_since=5, advice="休息")
    done = decided(
        "report", current, "upd",
        {"state": "returned", "state_since": 9, "advice": "复查"},
        {"state": "second_review", "state_since": 4, "advice": "休息"},
    )  # fmt: skip
    assert done.values == {"advice": "复查"}
    [refusal] = done.refusals
    assert (refusal.code, refusal.now["state"], refusal.wanted["state"]) == (
        "sync.stale",
        "final_review",
        "returned",
    )
    assert done.stated == {"advice": "复查", "state": "final_review", "state_since": 5, "due_at": None}


def test_a_group_is_judged_as_one():
    current = row("report", state="drafting", state_since=4, due_at=77)
    done = decided(
        "report", current, "upd",
        {"state": "submitted", "state_since": 9, "due_at": 50},
        {"state": "drafting", "state_since": 4, "due_at": 40},
    )  # fmt: skip
    assert done.values == {}
    assert done.refusals[0].wanted == {"state": "submitted", "state_since": 9, "due_at": 50}


def test_unchanged_members_of_a_group_count_if_the_branch_names_them():
    current = row("report", state="drafting", state_since=4, due_at=77)
    done = decided("report", current, "upd", {"state": "submitted"}, {"state": "drafting", "due_at": 40})
    assert done.refusals


@pytest.mark.parametrize(("fields", "act"), [({"value_text": "阴性"}, ""), ({"value_text": "阳性"}, "fatal")])
def test_an_appended_row_never_changes(fields, act):
    current = row("observation", value_text="阴性")
    done = decided("observation", current, "ins", fields)
    assert done.act == ""
    assert bool(done.refusals and done.refusals[0].fatal) == (act == "fatal")


@pytest.mark.parametrize("op", ["upd", "del"])
def test_an_appended_row_is_neither_edited_nor_deleted(op):
    done = decided("observation", row("observation"), op, {"value_text": "x"}, {"value_text": None})
    assert done.refusals[0].code == "sync.immutable"
    assert done.refusals[0].fatal


def test_the_first_to_arrive_stands():
    done = decided("finding", row("finding", sentence="甲"), "ins", {"sentence": "乙"})
    assert (done.act, done.op, done.stated["sentence"]) == ("", "ins", "甲")
    assert [(r.quiet, r.wanted) for r in done.refusals] == [(True, {"sentence": "乙"})]


def test_two_sides_that_noticed_the_same_keep_the_centres_state_and_nobody_is_told():
    current = row("alert", state="acknowledged", state_since=9, name="甲")
    done = decided("alert", current, "ins", {"state": "open", "state_since": 5, "name": "甲"})
    assert (done.act, done.clashes) == ("", ())
    assert [r.quiet for r in done.refusals] == [True]
    assert done.stated["state"] == "acknowledged"


def test_an_untouched_record_is_deleted():
    current = row("patient", name="王", number="P1")
    done = decided("patient", current, "del", base={"name": "王", "number": "P1", "phone": None})
    assert (done.act, done.op) == ("del", "del")


def test_an_edit_wins_over_a_deletion():
    current = row("patient", name="李", number="P1")
    done = decided("patient", current, "del", base={"name": "王", "number": "P1"})
    assert (done.act, done.op, done.stated["name"]) == ("", "ins", "李")
    assert (done.clashes[0].mine, done.clashes[0].theirs) == (DELETED, {"name": "李"})


def test_an_edit_brings_a_deleted_record_back():
    grave = row("patient", name="王", number="P1")
    done = decided("patient", None, "upd", {"phone": "2"}, {"phone": None}, grave=grave)
    assert (done.act, done.values["name"], done.values["phone"]) == ("ins", "王", "2")
    assert done.clashes[0].theirs == DELETED


def test_deleting_twice_is_already_so():
    assert decided("patient", None, "del", base={"name": "王"}).act == ""


def test_a_change_of_a_record_that_never_came_waits():
    assert decided("patient", None, "upd", {"phone": "2"}).waits


def test_fields_of_a_newer_program_follow_the_last_change():
    current = row("patient", name="王", extra={"nickname": "小王"})
    done = decided("patient", current, "upd", {"nickname": "大王"}, {"nickname": "小王"})
    assert done.values == {"nickname": "大王"}


def test_values_that_others_have_are_refused():
    done = decided(
        "specimen",
        row("specimen", slot=None),
        "upd",
        {"slot": "A1"},
        {"slot": None},
        barred=frozenset({"state"}),
    )
    assert done.refusals[0].code == "sync.duplicate"


def test_an_unknown_operation_is_refused_whole():
    assert decided("patient", row("patient"), "evict").refusals[0].fatal


def test_a_group_follows_its_strictest_policy():
    shape = shape_of("report")
    assert shape.group("state") == Group("state", shape.groups["state"].merge, safety=False)
    assert shape.group("state").merge == "centre"
