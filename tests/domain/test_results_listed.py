"""R1.2.2: results are looked through one by one, by client, item and flag; what was corrected is not shown."""

from domain.checkup.records import Observation
from domain.kernel.worklists import Filter, Pages, worklists
from tests.fixtures.followup_day import keep
from tests.followup.conftest import SYSTEM, WELL, care, content

__all__ = ["care", "content"]


def listed(care, *filters):
    listing = worklists()["checkup.results"]
    names = [column.name for column in listing.columns]
    rows = Pages(care.desk.store).page(listing, care.head, filters=list(filters), limit=200).rows
    return [dict(zip(names, row.values, strict=True)) for row in rows]


def test_results_are_found_by_client_item_and_flag(care):
    ill, well = care.client(**WELL | {"sbp": 176.0}), care.client(**WELL)
    assert len(listed(care)) == 2 * len(WELL)
    numbers = {row["patient_number"] for row in listed(care)}
    assert len(numbers) == 2
    for number in numbers:
        mine = listed(care, Filter("patient_number", "eq", number))
        assert len(mine) == len(WELL)
        assert len({row["visit_number"] for row in mine}) == 1
    high = listed(care, Filter("flag", "eq", "H"))
    assert {row["label"] for row in high} == {"收缩压"}
    assert ill != well


def test_a_corrected_result_stands_once_with_its_new_value(care):
    care.client(**WELL)
    old = care.one(Observation, Observation.__table__.c.item == "fpg")
    same = ("org_id", "visit_id", "patient_id", "item", "label", "ucum", "source", "effective_at")
    new = {name: getattr(old, name) for name in same}
    corrected = Observation(**new, value_number=5.6, value_text="5.6", status="C", amends=old.id)
    keep(care.desk, SYSTEM, corrected)
    [row] = listed(care, Filter("label", "eq", old.label))
    assert row["value_text"] == "5.6"
