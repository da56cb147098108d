"""A client's results, answers and level in a store: what tests of levels share."""

import pytest
from sqlalchemy import select

import resources
from domain.catalog.content import load_catalog
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.kernel.authority import system_actor
from domain.kernel.errors import DomainError
from domain.risk.commands import AssessRisks
from domain.risk.content import load_risk
from domain.scales.reading import load_scales
from tests.conftest import BRANCH, DEVICE

CATALOG = load_catalog(resources.folder("catalog"))
MODELS = load_risk(resources.folder("risk"), CATALOG, resources.folder("forms"))
SCALES = load_scales(resources.folder("scales"))
SYSTEM = system_actor(BRANCH, DEVICE)


def measure(branch, nurse, visit, **values):
    units = {"sbp": "mm[Hg]", "dbp": "mm[Hg]", "weight": "kg", "height": "cm", "waist": "cm", "fpg": "mmol/L"}
    units |= dict.fromkeys(("tc", "hdl", "ldl", "tg"), "mmol/L") | {"ua": "umol/L", "ggt": "U/L"}
    order = [Measured(item=key, value=value, unit=units[key]) for key, value in values.items()]
    branch.run(RecordMeasurement(visit_id=visit[1], values=order), nurse)


def answers(**given):
    def value(one):
        if isinstance(one, bool):
            return {"valueBoolean": one}
        return {"valueCoding": {"code": one}} if isinstance(one, str) else {"valueDecimal": one}

    items = [{"linkId": link.replace("_", "-"), "answer": [value(one)]} for link, one in given.items()]
    return {"resourceType": "QuestionnaireResponse", "item": [{"linkId": "part-1", "item": items}]}


WELL = {"sbp": 118.0, "dbp": 74.0, "height": 172.0, "weight": 64.0, "waist": 80.0, "fpg": 5.0}
WELL |= {"tc": 4.4, "hdl": 1.5, "ldl": 2.3, "tg": 1.0, "ua": 300.0, "ggt": 18.0}


def rows(branch, kind):
    table = kind.__table__
    with branch.store.read() as connection:
        return connection.execute(select(table).order_by(table.c.id)).all()


def only(branch, kind):
    [row] = rows(branch, kind)
    return row


def assess_now(branch, actor, visit):
    return branch.run(AssessRisks(patient_id=visit[0]), actor).receipt


def refused(branch, order, actor):
    with pytest.raises(DomainError) as found:
        branch.run(order, actor)
    return found.value.code
