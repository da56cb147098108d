"""Finding clients and records as people type, on the real store."""

import dataclasses
import uuid
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.biobank.commands import PlanSpecimen
from domain.biobank.records import PrimaryContainer, SpecimenType
from domain.checkup.report_commands import WriteReport
from domain.checkup.visit_commands import OpenVisit
from domain.kernel.errors import UnavailableError
from domain.kernel.readers import Follower
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.idnumber import make_id
from domain.people.patient_commands import EditPatient, RegisterPatient
from domain.people.records import Patient, Sex
from domain.people.search_terms import Tag, fold, patient_terms, query_words
from sync.search import SearchIndex
from tests.readers.plans import plans_of, walked

BORN = date(1980, 5, 1)
WANG_ID = make_id("110101", date(1980, 5, 1), 128)


@pytest.fixture
def search(day):
    assert SearchIndex().prepare(day.store)
    assert not SearchIndex().prepare(day.store)
    return Search(day.store)


class Search:
    def __init__(self, store):
        self.store = store
        self.index = SearchIndex()
        self.follower = Follower(store, self.index)

    def __call__(self, text, actor, limit=20):
        self.follower.catch_up()
        with self.store.read() as connection:
            return self.index.find(connection, text, actor, limit=limit)

    def titles(self, text, actor, limit=20):
        return [hit.title for hit in self(text, actor, limit)]


@pytest.fixture
def people(new_client):
    """A few clients, the last one registered last."""
    names = (
        "王美娜",
        "王芳",
        "王美",
        "单雄信",
        "解缙",
        "仇英",
        "尉迟恭",
        "欧阳修",
        "𬭎䶮",
        "阿卜杜拉·买买提",
        "吕梁",
    )
    made = {name: new_client(name) for name in names}
    made["王小明"] = new_client("王小明", phone="13812345678", id_number=WANG_ID, birth_date=BORN)
    return made


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("王美", ["王美", "王美娜"]),
        ("王", ["王小明", "王美", "王芳", "王美娜"]),
        ("美娜", ["王美娜"]),
        ("芳", ["王芳"]),
        ("wangm", ["王美", "王美娜"]),
        ("wmn", ["王美娜"]),
        ("WangMeiNa", ["王美娜"]),
        ("wangmein", ["王美娜"]),
        ("单雄", ["单雄信"]),
        ("shanxiong", ["单雄信"]),
        ("danxiongxin", ["单雄信"]),
        ("xiejin", ["解缙"]),
        ("jiejin", ["解缙"]),
        ("qiuying", ["仇英"]),
        ("chouying", ["仇英"]),
        ("yuchi", ["尉迟恭"]),
        ("weichi", ["尉迟恭"]),
        ("ycg", ["尉迟恭"]),
        ("欧阳修", ["欧阳修"]),
        ("𬭎", ["𬭎䶮"]),
        ("䶮", ["𬭎䶮"]),
        ("买买提", ["阿卜杜拉·买买提"]),
        ("阿卜杜拉·买买提", ["阿卜杜拉·买买提"]),
        ("lvliang", ["吕梁"]),
        ("lüliang", ["吕梁"]),
        ("王 1980", ["王小明"]),
        ("王1980", ["王小明"]),
        ("1381234", ["王小明"]),
        ("13812345678", ["王小明"]),
        ("5678", ["王小明"]),
        ("王 5678", ["王小明"]),
        (WANG_ID, ["王小明"]),
        (WANG_ID[:8], ["王小明"]),
        (WANG_ID[-6:].lower(), ["王小明"]),
        ("王 李", []),
        ("娜王", []),
        ("9", []),
        ("", []),
        ("% _ ' \" *", []),
        ('王" OR "n', []),
    ],
)
def test_people_are_found_as_they_are_typed(search, people, nurse, typed, found):
    assert search.titles(typed, nurse) == found


def test_records_are_found_by_the_start_of_their_number_and_whole_ones_first(
    search, people, day, nurse, as_role, new_visit
):
    doctor = as_role("physician")
    visits = [day.run(OpenVisit(patient_id=i), nurse).receipt for i in list(people.values())[:2]]
    kind = {"type": SpecimenType.SERUM, "container": PrimaryContainer.SERUM_SEPARATOR}
    tube = day.run(PlanSpecimen(visit_id=visits[0].visit_id, **kind), nurse).receipt
    report = day.run(WriteReport(visit_id=visits[0].visit_id, conclusion="x"), doctor).receipt
    assert [(h.entity, h.title) for h in search("V101", nurse)] == [("visit", v.number) for v in visits]
    assert search.titles(visits[1].number.lower(), nurse) == [visits[1].number]
    assert [(h.entity, h.record_id) for h in search(tube.number, nurse)] == [("specimen", tube.specimen_id)]
    assert search(report.number, nurse) == []  # a nurse may not see reports
    [hit] = search(report.number, doctor)
    assert (hit.entity, hit.record_id, hit.subtitle) == ("report", report.report_id, "王美娜 · 撰写中")
    assert search("V101", doctor)[0].subtitle.startswith("王美娜 · 2026-11-23")


def test_hits_are_masked_and_parts_are_not_looked_for_without_clearance(
    search, people, technician, as_role, nurse
):
    # Sees people, without clearance for their data; these are clients of theirs.
    operator = dataclasses.replace(as_role("messaging_operator"), own_clients=False)
    [hit] = search("王小明", operator)
    assert hit.title == "王*明"
    assert "138****5678" in hit.subtitle
    assert "1980" not in hit.subtitle
    assert search("王小", operator) == search("1381234", operator) == search("5678", operator) == []
    assert len(search(WANG_ID, operator)) == 1
    assert search(WANG_ID[:10], operator) == []
    assert search("王小明", technician) == []  # no permission to see people at all
    manager = as_role("health_manager")  # personal, not sensitive
    assert search.titles("王小", manager) == ["王小明"]
    assert search(WANG_ID[-6:].lower(), manager) == search(WANG_ID[:10], manager) == []
    [clear] = search("王小明", nurse)
    assert "1980-05-01" in clear.subtitle
    assert "13812345678" in clear.subtitle


def test_people_of_other_organisations_are_not_found(search, people, other_nurse, as_role, nurse):
    assert search("王", other_nurse) == search(WANG_ID, other_nurse) == search("P101", other_nurse) == []
    head = as_role("chief_physician", uuid.UUID(int=0xA0), subtree=[nurse.org_id])
    assert len(search("王", head)) == 4
    assert search("王", dataclasses.replace(nurse, orgs=frozenset())) == []
    assert len(search("王", dataclasses.replace(nurse, orgs=None))) == 4


def test_a_changed_name_is_found_and_the_old_one_is_not(search, people, day, nurse):
    assert search.titles("王芳", nurse) == ["王芳"]
    day.run(EditPatient(patient_id=people["王芳"], name="汪芳", phone="13900001111"), nurse)
    assert search.titles("王芳", nurse) == []
    assert search.titles("汪", nurse) == search.titles("1390", nurse) == ["汪芳"]


def test_a_deleted_client_is_not_found(search, people, day, nurse):
    assert search("wangfang", nurse)
    with day.store.write() as connection:
        work = UnitOfWork(connection, nurse, now=day.clock(), new_id=day.ids)
        work.remove(work.get(Patient, people["王芳"]))
        work.commit_entry("test.remove", txn_id=day.ids())
        work.close()
    assert search("wangfang", nurse) == []


def test_an_index_made_anew_answers_as_the_one_kept_up_to_date(search, people, day, nurse, new_client):
    queries = ["王", "wm", "yuchi", "5678", "𬭎", "王 1980"]
    before = [search(q, nurse) for q in queries]
    told = []
    assert search.index.rebuild(day.store, tell=lambda done, total: told.append((done, total)))
    assert told == [(12, 12)]
    assert search.follower.behind() == 0
    assert [search(q, nurse) for q in queries] == before
    assert not search.index.rebuild(day.store, cancelled=lambda: True)
    assert search.index.prepare(day.store)  # what was cut off is made anew at the next start
    new_client("王小红")
    assert "王小红" in search.titles("王", nurse)


def test_the_newest_come_first_and_no_more_than_wanted(search, new_client, nurse):
    for number in range(30):
        new_client(f"张{'一二三四五六七八九十'[number % 10]}{'甲乙丙'[number // 10]}")
    found = search.titles("张", nurse, limit=5)
    assert found == ["张十丙", "张九丙", "张八丙", "张七丙", "张六丙"]


def test_a_search_walks_no_table(search, people, day, nurse):
    for typed in ("王", "wangm", "P101", WANG_ID, "5678"):
        search(typed, nurse)
        assert not walked(plans_of(day.store, lambda typed=typed: search(typed, nurse)))


def test_a_store_whose_index_is_not_made_yet_says_so(day, nurse):
    with pytest.raises(UnavailableError, match=r"search\.not_here"), day.store.read() as connection:
        SearchIndex().find(connection, "王", nurse)


@given(st.text(max_size=20))
def test_any_text_is_a_query(text):
    for word in query_words(text):
        assert all(term[0] in set(Tag) and " " not in term and '"' not in term for term in word.terms)


@given(st.text(alphabet="王李美娜芳单尉迟欧阳𬭎䶮", min_size=1, max_size=6), st.data())
def test_every_part_of_a_name_finds_it(name, data):
    start = data.draw(st.integers(0, len(name) - 1))
    part = name[start : data.draw(st.integers(start + 1, len(name)))]
    terms = set(patient_terms(name=name, phone=None, id_number=None, birth_date=None, org="0"))
    assert all(terms.intersection(word.terms) for word in query_words(part))
    assert Tag.NAME + fold(name) in terms


def test_registered_people_are_found_in_the_next_moment(search, day, nurse):
    order = RegisterPatient(name="赵敏", sex=Sex.FEMALE, birth_date=BORN)
    day.run(order, nurse)
    assert search.titles("zm", nurse) == ["赵敏"]


def test_roles_without_any_permission_find_nothing(search, people, nurse):
    nobody = dataclasses.replace(nurse, rights=dataclasses.replace(nurse.rights, permissions=[]))
    assert search("王", nobody) == search(WANG_ID, nobody) == search("P101", nobody) == []
