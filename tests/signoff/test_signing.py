"""Marked content: all of it is listed, a signature takes the mark away where it counts and nowhere else."""

import msgspec
import pytest
from sqlalchemy import select

import resources
from domain.biobank.protocols import BIOBANK, load_biobank
from domain.care.content import CARE, load_care
from domain.catalog.content import load_catalog
from domain.checkup.judge import judge
from domain.followup.content import FOLLOWUP, followup_of
from domain.kernel.authority import Authority, system_actor
from domain.kernel.change_log import entries_after
from domain.kernel.errors import DomainError
from domain.recheck.rules import RECHECK, load_recheck
from domain.risk.content import RISK, load_risk
from domain.scales.content import scale_content
from domain.scales.scoring import score
from domain.signoff.commands import SignMark, WithdrawMark
from domain.signoff.marks import MARKED
from domain.signoff.records import ContentMark
from domain.signoff.signs import Signs
from tests.conftest import BRANCH, DEVICE

CATALOG = load_catalog(resources.folder("catalog"))
SHIPPED = {
    CARE: load_care(resources.folder("care")),
    "catalog": CATALOG,
    RISK: load_risk(resources.folder("risk"), CATALOG, resources.folder("forms")),
    FOLLOWUP: followup_of(
        resources.folder("followup"),
        Authority.load(resources.folder("roles.yaml")).roles,
        resources.folder("forms"),
    ),
    BIOBANK: load_biobank(resources.folder("biobank")),
    RECHECK: load_recheck(resources.folder("recheck")),
    **{
        name: load()
        for name, load in scale_content(resources.folder("scales"), resources.folder("forms")).items()
    },
}
SYSTEM = system_actor(BRANCH, DEVICE)
RULE = "catalog.rule.A-TEMP-H"


@pytest.fixture
def signs(desk, authority):
    desk.content |= {**SHIPPED, "authority": authority}
    made = Signs(desk)
    made.watch()
    made.list_marks(SYSTEM)
    return made


@pytest.fixture
def chief(as_role):
    return as_role("chief_physician")


def rows(desk, **values):
    with desk.store.read() as connection:
        table = ContentMark.__table__
        query = select(table).where(*[table.c[name] == value for name, value in values.items()])
        return connection.execute(query).all()


def sign(desk, chief, signs, key):
    desk.run(SignMark(mark_id=rows(desk, key=key)[0].id, second_source="《危急值共识》2023 表 2"), chief)
    signs.refresh()


def fever(desk):
    found = judge(desk.content["catalog"].observation("temp"), 39.6, "male", 40)
    return found.important, found.unverified


def test_every_mark_of_every_file_is_listed_once(desk, signs):
    """Counted in the files themselves, so that a new kind of mark cannot stay out unseen."""
    text = "\n".join(
        path.read_text("utf-8")
        for folder in ("catalog", "scales", "risk")
        for path in sorted(resources.folder(folder).rglob("*.yaml"))
        if path.name not in ("units.yaml", "tubes.yaml")
    )
    assert "UNVERIFIED" in text
    kept = rows(desk)
    assert len(kept) == len({row.key for row in kept}) > 150
    assert {row.kind for row in kept} == {
        "range", "important", "critical", "scale", "risk", "levels", "advice", "followup", "care",
        "biobank", "recheck",
    }  # fmt: skip
    scales = {s.id: sum(p.status != "V" for p in s.parts) for s in SHIPPED["scales"].values()}
    assert sum(row.kind == "scale" for row in kept) == sum(scales.values())


def test_limits_of_tubes_out_of_the_cold_wait_for_a_signature_too(desk, signs, chief):
    [row] = rows(desk, key="biobank.keeping")
    assert "5 分钟" in row.part
    assert "30 分钟" in row.part
    assert not desk.content[BIOBANK].keeping.verified
    sign(desk, chief, signs, "biobank.keeping")
    assert desk.content[BIOBANK].keeping.verified


def test_listing_again_changes_nothing(desk, signs):
    with desk.store.read() as connection:
        before = len(entries_after(connection, 0, 10_000))
    assert signs.list_marks(SYSTEM) == 0
    with desk.store.read() as connection:
        assert len(entries_after(connection, 0, 10_000)) == before


def test_a_signature_takes_the_mark_away_and_a_withdrawal_brings_it_back(desk, signs, chief):
    assert fever(desk) == ("A", True)
    sign(desk, chief, signs, RULE)
    assert fever(desk) == ("A", False)
    row = rows(desk, key=RULE)[0]
    assert (row.state, row.second_source, row.signed_by) == (
        "signed",
        "《危急值共识》2023 表 2",
        chief.staff_id,
    )
    desk.run(WithdrawMark(mark_id=row.id, reason="依据有误"), chief)
    signs.refresh()
    assert fever(desk) == ("A", True)
    assert rows(desk, key=RULE)[0].reason == "依据有误"


def test_only_what_was_signed_loses_its_mark(desk, signs, chief):
    sign(desk, chief, signs, RULE)
    left = {mark.key for name in MARKED for mark in MARKED[name].find(desk.content[name])}
    assert left == {row.key for row in rows(desk)} - {RULE}


def test_scales_and_models_are_computed_alike_without_the_mark(desk, signs, chief):
    scale = SHIPPED["scales"]["audit_c"]
    answers = {item.id: next(iter(scale.points[item.points])) for item in scale.items if item.points}
    before = score(scale, answers, {"sex": "male", "age": 40})
    for row in rows(desk, kind="scale"):
        sign(desk, chief, signs, row.key)
    after = score(desk.content["scales"]["audit_c"], answers, {"sex": "male", "age": 40})
    assert before.unverified
    assert after.unverified == ()
    assert (before.total.value, before.total.band) == (after.total.value, after.total.band)


def test_a_number_that_changed_is_not_covered_by_the_old_signature(desk, signs, chief):
    """The program that carries other numbers marks them again; the older one goes on unmarked."""
    sign(desk, chief, signs, RULE)
    newer = load_catalog(resources.folder("catalog"))
    rule = msgspec.structs.replace(newer.rules["A-TEMP-H"], low=39.5)
    newer.rules["A-TEMP-H"] = rule
    item = newer.observation("temp")
    changed = tuple(rule if one.id == rule.id else one for one in item.rules)
    newer.replace_observations({**newer.observations, "temp": msgspec.structs.replace(item, rules=changed)})
    upgraded = Signs(desk)
    marked = upgraded.loaded("catalog", newer)
    assert judge(marked.observation("temp"), 39.6, "male", 40).unverified
    assert fever(desk) == ("A", False)
    for name in SHIPPED.keys() & MARKED.keys() - {"catalog"}:
        upgraded.loaded(name, SHIPPED[name])
    upgraded.list_marks(SYSTEM)
    assert rows(desk, key=RULE)[0].state == "waiting"


def test_what_has_been_read_meanwhile_leaves_the_list(desk, signs):
    newer = load_catalog(resources.folder("catalog"))
    read = MARKED["catalog"].signed(newer, {RULE})
    upgraded = Signs(desk)
    for name, content in {**SHIPPED, "catalog": read}.items():
        if name in MARKED:
            upgraded.loaded(name, content)
    assert upgraded.list_marks(SYSTEM) == 1
    assert rows(desk, key=RULE)[0].state == "gone"
    assert signs.list_marks(SYSTEM) == 1
    assert rows(desk, key=RULE)[0].state == "waiting"


def test_a_signature_that_came_by_the_log_counts(desk, signs, chief):
    desk.run(SignMark(mark_id=rows(desk, key=RULE)[0].id, second_source="本院规定 2026-12"), chief)
    with desk.store.read() as connection:
        entries = entries_after(connection, 0, 10_000)
    assert fever(desk) == ("A", True)
    signs.act(entries[-1:])
    assert fever(desk) == ("A", False)


def test_whoever_signs_says_on_what_and_has_the_right(desk, signs, chief, nurse):
    mark_id = rows(desk, key=RULE)[0].id
    with pytest.raises(DomainError) as refused:
        desk.run(SignMark(mark_id=mark_id, second_source=" 略 "), chief)
    assert (refused.value.code, refused.value.field) == ("content.source_missing", "second_source")
    with pytest.raises(DomainError) as refused:
        desk.run(SignMark(mark_id=mark_id, second_source="本院规定 2026-12"), nurse)
    assert refused.value.code == "permission.denied"
    desk.run(SignMark(mark_id=mark_id, second_source="本院规定 2026-12"), chief)
    with pytest.raises(DomainError):
        desk.run(SignMark(mark_id=mark_id, second_source="本院规定 2026-12"), chief)


def test_limits_and_doses_of_care_are_signed_disease_by_disease(desk, signs, chief):
    kept = {row.key: row for row in rows(desk, kind="care")}
    care = SHIPPED[CARE]
    assert {key for key in kept if key.startswith("care.disease.")} == {
        f"care.disease.{code}" for code in care.programmes.diseases
    }
    assert {
        "care.classes",
        "care.nutrient.mg",
        "care.nutrient.omega3",
        "care.pair.65",
        "care.food.oil",
    } <= kept.keys()
    assert "剂量" in kept["care.disease.HTN"].part
    sign(desk, chief, signs, "care.disease.HTN")
    sign(desk, chief, signs, "care.nutrient.mg")
    now = desk.content[CARE]
    assert now.programmes.diseases["HTN"].checked
    assert not now.programmes.diseases["T2DM"].checked
    assert (now.nutrients.nutrients["mg"].status, now.nutrients.nutrients["omega3"].status) == (
        "V",
        "UNVERIFIED",
    )
    assert now.programmes.diseases["HTN"].minutes == care.programmes.diseases["HTN"].minutes


def test_which_advice_goes_with_which_factor_is_listed_too(desk, signs, chief):
    assert desk.content["risk"].factor_advice.status == "UNVERIFIED"
    sign(desk, chief, signs, "risk.factor_advice")
    assert desk.content["risk"].factor_advice.status == "V"


def test_rules_for_checking_again_are_signed_one_by_one(desk, signs, chief):
    shipped = SHIPPED[RECHECK]
    marked = {f"recheck.{rule.id}" for rule in shipped.rules if rule.status != "V"}
    assert {row.key for row in rows(desk, kind="recheck")} == marked
    [row] = rows(desk, key="recheck.sbp_1")
    assert "14–28 天" in row.part
    sign(desk, chief, signs, "recheck.sbp_1")
    now = desk.content[RECHECK]
    assert now.rule_for("sbp", 145, "H").status == "V", "what is proposed from now on bears no mark"
    assert now.rule_for("dbp", 92, "H").status == "UNVERIFIED"
