"""Colour rules published at head office reach a branch by sync; there they change levels and say why this colour."""

import dataclasses
from datetime import timedelta

import pytest

import resources
from domain.kernel.errors import DomainError
from domain.kernel.texts import Texts
from domain.risk.commands import AssessRisks
from domain.risk.content import RISK
from domain.risk.rule_commands import PublishLevelRules, RollBackLevelRules
from domain.scales.content import scale_content
from forms.risk_reporting import risk_report_data
from sync.local_tables import parked_txn, refused_record
from tests.sync.test_follow_up_away import client, contents, follow, places, readers

_FIXTURES = (contents, places)
SHIPPED = (resources.folder("risk") / "level_rules.yaml").read_text("utf-8")
OF_THE_HOUSE = SHIPPED.replace('version: "2026.1"', 'version: "本院-1"').replace(
    "{id: L-01, colour: red, when: sbp >= 180 or dbp >= 110, text: 血压达 180/110 mmHg 及以上}",
    "{id: L-01, colour: red, when: sbp >= 145 or dbp >= 110, text: 本院：收缩压达 145 mmHg}",
)


def level_of(place, patient_id):
    [found] = [one for one in place.rows("risk_level") if one.patient_id == patient_id]
    return found


def told(place, patient_id):
    actor = dataclasses.replace(place.actor)
    return risk_report_data(place.desk, actor, patient_id)["level"]


@pytest.fixture
def told_in_words(places):
    """What reports ask for beside the models, at each place."""
    made = scale_content(resources.folder("scales"), resources.folder("forms"))
    texts = Texts.load(resources.folder("texts") / "zh")
    read = {name: one() for name, one in made.items()}
    for place in places:
        place.desk.content = {**place.desk.content, **read, "texts": texts}


def test_rules_of_the_house_come_to_a_branch_change_its_levels_and_are_told_as_the_reason(
    world, places, authority, told_in_words
):
    centre, north, north_too = places
    patient_id = client(north, sbp=150.0, dbp=84.0, height=172.0, weight=64.0, waist=80.0, fpg=5.0)
    follow(*readers(north, authority))
    before = level_of(north, patient_id)
    assert before.colour != "red"
    assert centre.run(PublishLevelRules(text=OF_THE_HOUSE, reason="按本院会议收紧")).receipt
    assert level_of(north, patient_id).colour == before.colour, "the line was down"
    with pytest.raises(DomainError):
        north.run(PublishLevelRules(text="version: [", reason="坏"))
    world.settle()
    [arrived] = north.rows("risk_rule_set")
    assert (arrived.version, arrived.reason) == ("本院-1", "按本院会议收紧")
    world.clock.advance(timedelta(minutes=5))
    north.run(AssessRisks(patient_id=patient_id))
    after = level_of(north, patient_id)
    assert (after.colour, after.automatic) == ("red", "red")
    assert [one["rule"] for one in after.why["rules"]] == ["L-01"]
    why = told(north, patient_id)["why"]
    assert any(one.startswith("本院：收缩压达 145 mmHg（收缩压 150 mmHg ") for one in why), why
    change = max(north.rows("risk_level_change"), key=lambda one: one.at)
    assert (change.act, change.colour_before, change.colour_after) == ("automatic", before.colour, "red")
    world.settle()
    for place in (centre, north_too):
        assert level_of(place, patient_id).colour == "red"
        assert told(place, patient_id)["why"] == why, "the same reason at the centre and at the other desk"
    assert max(centre.rows("risk_assessment"), key=lambda one: one.assessed_at).rules_version == "本院-1"
    assert centre.desk.content[RISK].levels.file.version == "2026.1", "what ships is not touched"
    world.settle()
    for place in places:
        assert place.all(refused_record) == place.all(parked_txn) == []
    for place in (north, north_too):
        assert world.differing(place) == []


def test_what_is_rolled_back_at_head_office_is_rolled_back_at_the_branch(
    world, places, authority, told_in_words
):
    centre, north, _ = places
    patient_id = client(north, sbp=150.0, dbp=84.0, height=172.0, weight=64.0, waist=80.0, fpg=5.0)
    follow(*readers(north, authority))
    usual = level_of(north, patient_id).colour
    centre.run(PublishLevelRules(text=SHIPPED.replace("2026.1", "本院-0", 1), reason="初版"))
    world.clock.advance(timedelta(minutes=1))
    centre.run(PublishLevelRules(text=OF_THE_HOUSE, reason="收紧"))
    world.settle()
    north.run(AssessRisks(patient_id=patient_id))
    assert level_of(north, patient_id).colour == "red"
    world.clock.advance(timedelta(minutes=1))
    first = min(centre.rows("risk_rule_set"), key=lambda one: one.published_at)
    centre.run(RollBackLevelRules(rule_set_id=first.id, reason="恢复"))
    world.settle()
    world.clock.advance(timedelta(minutes=1))
    north.run(AssessRisks(patient_id=patient_id))
    assert level_of(north, patient_id).colour == usual
