"""The centre lists what waits for a physician's word when it starts; a signature is in force at once."""

from datetime import date

from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from tests.fixtures.patience import until
from tests.scales.conftest import SCALES

MEPA = SCALES["mepa"]
FORM, _, VERSION = MEPA.instrument.rpartition("/")[2].partition("|")
ANSWERS = {item.id: next(iter(MEPA.points[item.points])) if item.points else 1 for item in MEPA.items}


def listed(server, name, role):
    """Return a list as a role reads it, each row by its columns and its id."""
    page = server.api.get(f"/api/worklists/{name}?limit=500", token=server.token(role)).json()
    names = [column["name"] for column in page["columns"]]
    return [{"id": row["id"], **dict(zip(names, row["values"], strict=True))} for row in page["rows"]]


def test_a_scale_is_marked_until_its_parts_are_signed(server):
    order = RegisterPatient(name="周待核", sex=Sex.FEMALE, birth_date=date(1980, 5, 1))
    made = server.as_system(order).patient_id
    chief, nurse = server.token("chief_physician"), server.token("nurse")

    def waiting():
        rows = listed(server, "content.waiting", "chief_physician")
        return [row["id"] for row in rows if row["key"].startswith("scale.mepa.")]

    def marked():
        body = {"form": FORM, "form_version": VERSION, "source": "client"}
        body |= {"answers": ANSWERS, "patient_id": str(made)}
        done = server.api.post("/api/commands/checkup.answer_form", token=nurse, json=body)
        assert done.status_code == 200, done.json()
        kept = done.json()["receipt"]["results"]
        rows = listed(server, "form.results", "nurse")
        return next(r["unverified"] for r in rows if r["id"] in kept and r["scale"] == "mepa")

    parts = waiting()
    assert parts
    assert marked()
    for mark_id in parts:
        body = {"mark_id": mark_id, "second_source": "《MEPA 原文》2022 附表"}
        assert server.api.post("/api/commands/content.sign", token=chief, json=body).status_code == 200
    assert not waiting()
    until(lambda: not marked())
