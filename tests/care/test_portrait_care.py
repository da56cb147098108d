"""R1.3.3: check-ins are counted by themselves and stand in the assessment of a client's health."""

import json
from pathlib import Path

import resources
from client.pages.portrait.reading import portrait_of
from domain.care.records import CareKind, CareOutcome, CarePlan
from domain.kernel.texts import Texts
from forms.portrait_care import care_done

SAY = Texts.load(resources.folder("texts") / "zh").say


def read(care):
    patient_id = care.one(CarePlan).patient_id
    with care.desk.store.read() as connection:
        return care_done(connection, patient_id, care.clock(), 70, SAY)


def test_what_was_done_of_four_weeks_is_counted_and_too_little_is_said(care):
    _, items = care.signed(CareKind.SUPPLEMENT)
    assert read(care) == [], "nothing has been asked for yet"
    for day in range(10):
        if day < 6:
            care.note(items[CareKind.SUPPLEMENT], CareOutcome.DONE)
        care.later(days=1)
    [line] = read(care)
    assert (line["kind"], line["due"], line["done"], line["rate"]) == ("补充剂", 10, 6, "60")
    assert (line["low"], line["over_days"]) == (True, 0)
    care.later(days=40)
    [later] = read(care)
    assert later["done"] == 0, "six weeks ago counts no more"


def test_it_stands_on_the_portrait_with_its_mark(care):
    path = Path(resources.folder("documents")) / "health_portrait" / "sample.json"
    sample = json.loads(path.read_text("utf-8"))
    card = portrait_of(sample, SAY).cards[-1]
    assert card.title == "干预执行（近四周打卡统计）"
    assert card.lines[0][0].startswith(
        "补充剂 · 维生素 D 1000 IU：应执行 28 次，已执行 16 次，执行率 57.1%　▲ 执行率偏低"
    )
    assert "▲ 2 天摄入超量" in card.lines[0][0]
    assert card.lines[1] == ("监测 · 家庭血压：应执行 12 次，已执行 12 次，执行率 100%", "success")
    del sample["care"]
    assert "care" not in [one.id for one in portrait_of(sample, SAY).cards], (
        "another site's of an earlier version"
    )
