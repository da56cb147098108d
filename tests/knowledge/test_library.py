"""The library: it ships, is written, reviewed, taken back and brought up to date, and says how old it is."""

from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import select

import resources
from domain.alerts.content import load_rules
from domain.alerts.engine import AlertEngine
from domain.alerts.records import Alert
from domain.care.content import CARE
from domain.followup.definitions import FOLLOWUP
from domain.followup.own_commands import WriteScript
from domain.kernel.content import ContentError
from domain.kernel.errors import DomainError
from domain.kernel.readers import Follower
from domain.knowledge.commands import (
    ImportKnowledge,
    RestoreEntry,
    RetireEntry,
    ReviewEntry,
    VerifyEntry,
    WriteEntry,
)
from domain.knowledge.content import KNOWLEDGE, load_knowledge
from domain.knowledge.index_commands import index_library
from domain.knowledge.keeping import entry_id
from domain.knowledge.records import KnowledgeEntry, KnowledgeVersion, Shelf
from tests.knowledge.conftest import SYSTEM

HALF_A_YEAR = timedelta(days=183)


def rows(desk, record=KnowledgeEntry, **wanted):
    table = record.__table__
    with desk.store.read() as connection:
        return connection.execute(table.select().where(*(table.c[n] == v for n, v in wanted.items()))).all()


def entry(desk, code):
    [row] = rows(desk, code=code)
    return row


def order(**changed):
    given = {
        "kind": Shelf.DIET, "code": "dash_outline", "title": "减盐膳食", "diseases": "血压高",
        "points": "少盐\n多菜", "source": "本院膳食常规 2026", "reason": "按新版指南修订",
    }  # fmt: skip
    return WriteEntry(**{**given, **changed})


def refused(desk, command, actor):
    with pytest.raises(DomainError) as error:
        desk.run(command, actor)
    return error.value.code, error.value.field


@pytest.fixture
def head(as_role):
    return as_role("department_head")


def test_every_library_ships_and_what_other_lists_keep_stands_in_it(house):
    there = {row.kind for row in rows(house)}
    assert there == set(Shelf)
    shipped = house.content[KNOWLEDGE].pieces
    assert {row.code for row in rows(house) if row.kept_in is None} == set(shipped)
    assert {row.code for row in rows(house, kept_in="script")} == {
        f"script.{code}" for code in house.content[FOLLOWUP].scripts
    }
    assert len(rows(house, kept_in="programme")) == len(house.content[CARE].programmes.diseases)
    assert entry(house, "script.hypertension").diseases == ["高血压"]
    assert all(row.unverified for row in rows(house) if row.kept_in is None), "nobody has signed them"
    assert index_library(house, SYSTEM) == 0, "a second look changes nothing"


def test_an_expert_changes_an_entry_and_what_ships_later_does_not_overwrite_it(house, head, clock):
    clock.advance(timedelta(days=10))
    house.run(order(), head)
    changed = entry(house, "dash_outline")
    assert (changed.title, changed.version, changed.own, changed.diseases) == (
        "减盐膳食",
        2,
        True,
        ["高血压"],
    )
    assert changed.due_at - clock() == HALF_A_YEAR
    content = house.content[KNOWLEDGE]
    library, piece = content.pieces["dash_outline"]
    other = content.pieces["low_purine_outline"][1]
    newer = {
        "dash_outline": (library, msgspec.structs.replace(piece, version=2, title="新出厂")),
        "low_purine_outline": (library, msgspec.structs.replace(other, version=2, title="低嘌呤新版")),
    }
    house.content[KNOWLEDGE] = msgspec.structs.replace(content, pieces={**content.pieces, **newer})
    assert index_library(house, SYSTEM) == 2
    assert (entry(house, "dash_outline").title, entry(house, "dash_outline").newer) == ("减盐膳食", 2)
    assert entry(house, "low_purine_outline").title == "低嘌呤新版", "nobody of the house had changed it"
    assert index_library(house, SYSTEM) == 0
    assert [v.version for v in rows(house, KnowledgeVersion, knowledge_entry_id=changed.id)] == [1, 2]


def test_who_may_write_and_who_may_only_look(house, as_role):
    house.run(order(), as_role("physician"))
    for role in ("nurse", "health_manager", "receptionist"):
        assert refused(house, order(title="x"), as_role(role))[0] == "permission.denied"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"diseases": "高血压、某某病"}, ("knowledge.bad_entry", "diseases")),
        ({"groups": "没有的人群"}, ("knowledge.bad_entry", "groups")),
        ({"age_from": 60, "age_to": 20}, ("knowledge.bad_entry", "age_to")),
        ({"code": "Big Code"}, ("knowledge.bad_entry", "code")),
        ({"points": " \n "}, ("knowledge.bad_entry", "code")),
        ({"reason": "  "}, ("input.missing", "reason")),
        ({"kind": Shelf.TCM}, ("knowledge.other_library", "kind")),
        ({"code": "a" * 61}, ("input.too_long", "code")),
        (
            {"kind": Shelf.SCIENCE, "code": "cure", "points": "吃这个保证治愈高血压"},
            ("conduct.not_for_many", "points"),
        ),
    ],
)
def test_bad_input_is_refused_by_its_field_and_nothing_is_written(house, head, given, said):
    before = rows(house)
    assert refused(house, order(**given), head) == said
    assert rows(house) == before


def test_what_would_change_nothing_is_refused(house, head):
    house.run(order(), head)
    assert refused(house, order(), head) == ("knowledge.same_entry", "code")


def test_what_is_kept_elsewhere_is_reviewed_here_and_changed_there(house, head, clock):
    mine = entry(house, "script.diabetes")
    assert (
        refused(house, RetireEntry(knowledge_entry_id=mine.id, reason="x"), head)[0]
        == "knowledge.kept_elsewhere"
    )
    clock.advance(timedelta(days=100))
    house.run(ReviewEntry(knowledge_entry_id=mine.id, basis="对照 2026 版指南"), head)
    reviewed = entry(house, "script.diabetes")
    assert (reviewed.due_at - clock(), reviewed.reviewed_name, reviewed.version) == (
        HALF_A_YEAR,
        head.name,
        1,
    )
    script = WriteScript(
        code="diabetes",
        title="糖尿病随访",
        topics="diabetes",
        points="血糖多少？",
        source="本院",
        reason="改写",
    )
    house.run(script, head)
    clock.advance(timedelta(minutes=10))
    assert index_library(house, SYSTEM) == 1
    changed = entry(house, "script.diabetes")
    assert (changed.points, changed.version, changed.changed_at) == ("血糖多少？", 2, clock())


def test_an_entry_is_taken_out_and_an_earlier_version_put_back(house, head, clock):
    house.run(order(), head)
    mine = entry(house, "dash_outline")
    house.run(RetireEntry(knowledge_entry_id=mine.id, reason="重复"), head)
    retired = entry(house, "dash_outline")
    assert (retired.state, retired.due_at) == ("retired", None)
    assert index_library(house, SYSTEM) == 0, "what ships does not bring it back"
    [first, *_] = sorted(rows(house, KnowledgeVersion, knowledge_entry_id=mine.id), key=lambda v: v.version)
    house.run(RestoreEntry(knowledge_version_id=first.id, reason="误停"), head)
    back = entry(house, "dash_outline")
    assert (back.state, back.title, back.version, back.unverified) == ("in_force", first.title, 4, True)


def test_an_entry_is_verified_by_somebody_else_than_its_writer(house, head, as_role):
    chief = as_role("chief_physician")
    house.run(order(), chief)
    mine = entry(house, "dash_outline")
    verify = VerifyEntry(knowledge_entry_id=mine.id, basis="成人高血压食养指南 2023")
    assert refused(house, verify, head)[0] == "permission.denied"
    assert refused(house, verify, chief) == ("knowledge.own_text", "knowledge_entry_id")
    house.run(order(title="减盐膳食要点"), head)
    house.run(verify, chief)
    assert entry(house, "dash_outline").unverified is False
    assert refused(house, verify, chief)[0] == "knowledge.verified_already"


PACKAGE = """
package: 2026 指南更新
kind: diet
entries:
- {id: dash_outline, title: 减盐膳食 2026, diseases: [高血压], points: [盐少于 5 克], source: 指南 2026}
- {id: fibre_2026, title: 膳食纤维, diseases: [糖尿病], points: [每天 25–30 克], source: 指南 2026}
"""


def test_a_package_brings_entries_up_to_date_all_of_it_or_nothing(house, head):
    before = rows(house)
    broken = PACKAGE + "- {id: no_points, title: 空, points: [], source: x}\n"
    assert refused(house, ImportKnowledge(text=broken, reason="更新"), head) == (
        "knowledge.bad_package",
        "text",
    )
    assert refused(house, ImportKnowledge(text="a: [", reason="更新"), head) == (
        "knowledge.bad_package",
        "text",
    )
    elsewhere = PACKAGE.replace("kind: diet", "kind: tcm")
    assert refused(house, ImportKnowledge(text=elsewhere, reason="更新"), head)[0] == "knowledge.bad_package"
    assert rows(house) == before
    done = house.run(ImportKnowledge(text=PACKAGE, reason="更新"), head).receipt
    assert done == ["减盐膳食 2026", "膳食纤维"]
    assert entry(house, "fibre_2026").diseases == ["糖尿病"]
    assert refused(house, ImportKnowledge(text=PACKAGE, reason="更新"), head) == (
        "knowledge.same_entry",
        "text",
    )


def test_half_a_year_without_a_change_or_a_review_is_told(house, head, clock, authority):
    engine = AlertEngine(house, load_rules(resources.folder("alerts"), authority.roles), SYSTEM)
    follower = Follower(house.store, engine)

    def look():
        for _ in range(2):
            follower.catch_up()
            engine.tick()
        a = Alert.__table__.c
        with house.store.read() as connection:
            found = connection.execute(
                select(a.rule, a.summary, a.state).where(
                    a.rule.in_(["A-057", "A-058"]), a.digest_id.is_(None)
                )
            ).all()
        return {(row.rule, row.state) for row in found}, found

    look()
    clock.advance(HALF_A_YEAR - timedelta(days=1))
    kept = entry(house, "htn_confirming")
    house.run(ReviewEntry(knowledge_entry_id=kept.id, basis="对照 2026 版指南"), head)
    assert look()[0] == set()
    clock.advance(timedelta(days=1, minutes=1))
    states, found = look()
    assert states == {("A-057", "open"), ("A-058", "open")}
    assert not any("高血压的确认" in row.summary for row in found), "it was reviewed yesterday"
    assert any("转氨酶升高先看什么" in row.summary for row in found)
    house.run(ReviewEntry(knowledge_entry_id=entry_id("alt_high"), basis="对照 2026 版指南"), head)
    look()
    a = Alert.__table__.c
    with house.store.read() as connection:
        of_it = select(a.state).where(a.subject_id == entry_id("alt_high"))
        assert connection.execute(of_it).scalars().all() == ["closed"]


def test_files_with_mistakes_are_refused_with_file_and_entry(tmp_path):
    (tmp_path / "words.yaml").write_text("diseases: [{name: 高血压}]\ngroups: []\n", "utf-8")
    one = "- {id: a, title: t, points: [x], source: s, diseases: [没有]}\n"
    (tmp_path / "diet.yaml").write_text(f"kind: diet\nentries:\n{one}{one}", "utf-8")
    with pytest.raises(ContentError) as error:
        load_knowledge(tmp_path)
    said = str(error.value)
    assert "diet.yaml: a: diseases: 没有" in said
    assert "diet.yaml: a: stands twice" in said
