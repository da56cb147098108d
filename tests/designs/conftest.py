import uuid
from datetime import date

import pytest

import resources
from domain.designs.publishing import CHECKER
from domain.kernel.authority import system_actor
from domain.kernel.texts import Texts
from domain.people.organizations import subtree
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from domain.people.staff_commands import CreateOrganization
from domain.scales.reading import load_scales
from forms.designing.checking import check
from tests.conftest import DEVICE

NOBODY = uuid.UUID(int=0)


@pytest.fixture
def group(desk, authority):
    """A head office with two branches in one store, as the centre has them; forms are checked by the engine."""
    desk.content |= {
        CHECKER: check, "authority": authority, "scales": load_scales(resources.folder("scales")),
        "texts": Texts.load(resources.folder("texts") / "zh"),
    }  # fmt: skip
    return Group(desk, authority)


class Group:
    """The places by letter (``head``, ``a``, ``b``), and whoever acts there."""

    def __init__(self, desk, authority):
        self.desk, self.authority = desk, authority
        system = system_actor(NOBODY, DEVICE)
        self.head = desk.run(CreateOrganization(code="HQ", name="总院"), system).receipt
        self.a, self.b = (
            desk.run(CreateOrganization(code=code, name=name, parent_id=self.head), system).receipt
            for code, name in (("A", "城东分院"), ("B", "城西分院"))
        )
        self.admin = self.actor("administrator", self.head)

    def actor(self, role, org):
        with self.desk.store.read() as connection:
            below = subtree(connection, org)
        return self.authority.actor(
            staff_id=uuid.uuid5(org, role),
            name="赵管理",
            role=role,
            org_id=org,
            device_id=DEVICE,
            subtree=below,
        )

    def patient(self, org):
        order = RegisterPatient(
            name="王美娜", sex=Sex.FEMALE, birth_date=date(1960, 5, 1), another_person=True
        )
        return self.desk.run(order, self.actor("nurse", org)).receipt.patient_id
