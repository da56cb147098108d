"""R4.3: portrait and tags are known at another site only while the client agrees, and leave it when they do not."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

import resources
from domain.catalog.content import load_catalog
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.checkup.visit_commands import OpenVisit
from domain.interop.person_records import SamePerson
from domain.kernel.authority import system_actor
from domain.kernel.errors import DomainError
from domain.kernel.readers import Follower
from domain.kernel.texts import Texts
from domain.kernel.unit_of_work import UnitOfWork
from domain.kernel.worklists import Pages, worklists
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Organization, Patient, Sex
from domain.risk.content import RISK, load_risk
from domain.scales.reading import load_scales
from domain.sharing.commands import EndSharing, ShareRecord
from domain.sharing.records import Agreed, SharedPortrait
from domain.tags.records import ClientTag, TagKind
from server.sharing import SharingFollower
from tests.conftest import BRANCH, DEVICE, HEAD_OFFICE, OTHER_BRANCH

SYSTEM = system_actor(HEAD_OFFICE, DEVICE)
CARD = "440306198512120042"
BORN = date(1985, 12, 12)


class Group:
    """A head office with two branches that both know one person."""

    def __init__(self, desk, as_role):
        self.desk, self.clock = desk, desk.clock
        catalog = load_catalog(resources.folder("catalog"))
        desk.content |= {
            "catalog": catalog, "scales": load_scales(resources.folder("scales")),
            "texts": Texts.load(resources.folder("texts/zh")),
            RISK: load_risk(resources.folder("risk"), catalog, resources.folder("forms")),
        }  # fmt: skip
        self.here, self.there = as_role("nurse"), as_role("nurse", OTHER_BRANCH)
        self.doctor_there = as_role("physician", OTHER_BRANCH)
        self._write(
            *(Organization(id=own, org_id=own, code=code, name=name, parent_id=above) for code, own, name, above in (
                ("HQ", HEAD_OFFICE, "总院", None), ("B01", BRANCH, "城东分院", HEAD_OFFICE),
                ("B02", OTHER_BRANCH, "城西分院", HEAD_OFFICE),
            ))
        )  # fmt: skip
        self.follower = SharingFollower(desk, SYSTEM)
        self.reads = Follower(desk.store, self.follower)
        self.known = self._client(self.here, "王小明")
        visit = desk.run(OpenVisit(patient_id=self.known), self.here).receipt.visit_id
        values = [
            Measured(item="sbp", value=168, unit="mm[Hg]"),
            Measured(item="dbp", value=101, unit="mm[Hg]"),
        ]
        desk.run(RecordMeasurement(visit_id=visit, values=values), self.here)
        self.tag(self.known, BRANCH, "高血压")

    def _client(self, actor, name, card=CARD):
        order = RegisterPatient(
            name=name, sex=Sex.FEMALE, birth_date=BORN, id_number=card, another_person=True
        )
        return self.desk.run(order, actor).receipt.patient_id

    def comes_to_the_other_site(self, card=CARD):
        """The other branch has a record of the person too; a card of one's own is not checked across sites."""
        return self._add(
            Patient(
                org_id=OTHER_BRANCH, number="P2", name="王小明", sex=Sex.FEMALE, birth_date=BORN, id_number=card
            )
        )  # fmt: skip

    def tag(self, patient_id, org_id, name):
        self._add(
            ClientTag(
                org_id=org_id, patient_id=patient_id, kind=TagKind.DISEASE, name=name, since=self.clock()
            )
        )

    def _add(self, record):
        self._write(record)
        return record.id

    def _write(self, *records):
        with self.desk.store.write() as connection:
            work = UnitOfWork(connection, SYSTEM, now=self.clock(), new_id=self.desk.ids)
            for record in records:
                work.add(record)
            work.commit_entry("test.group", txn_id=self.desk.ids())
            work.close()

    def follow(self):
        self.follower.tick()
        self.reads.catch_up()

    def agree(self, **facts):
        order = ShareRecord(patient_id=self.known, agreed=Agreed.SIGNED, basis="授权书 2026-11", **facts)
        return self.desk.run(order, self.here).receipt

    def rows(self):
        with self.desk.store.read() as connection:
            return connection.execute(select(SharedPortrait.__table__)).all()

    def seen_by(self, actor):
        listing = worklists()["people.shared"]
        names = [c.name for c in listing.columns]
        page = Pages(self.desk.store).page(listing, actor)
        return [dict(zip(names, row.values, strict=True)) for row in page.rows]


@pytest.fixture
def group(desk, as_role):
    return Group(desk, as_role)


def test_without_agreement_another_site_knows_nothing(group):
    group.comes_to_the_other_site()
    group.follow()
    assert group.rows() == []


def test_who_agrees_is_known_at_the_other_site_with_tags_and_portrait(group):
    other = group.comes_to_the_other_site()
    group.agree()
    group.follow()
    [row] = group.rows()
    assert (row.org_id, row.patient_id, row.source_site) == (OTHER_BRANCH, other, "城东分院")
    [seen] = group.seen_by(group.doctor_there)
    assert "慢病·高血压" in seen["tags"]
    assert seen["last_visit"] == group.clock().date()
    assert any("168" in str(one) for one in row.data["abnormal"] + row.data["findings"]), (
        "the portrait itself"
    )
    assert group.seen_by(group.here) == [], "it is the other site's; one's own record says it all"
    with pytest.raises(DomainError, match=r"sharing\.standing"):
        group.agree()


def test_what_becomes_known_later_follows_and_nothing_is_written_without_news(group):
    group.comes_to_the_other_site()
    group.agree()
    group.follow()
    before = group.rows()
    group.follower.refresh(group.known)
    assert group.rows() == before
    group.tag(group.known, BRANCH, "糖尿病")
    group.follow()
    assert sorted(group.rows()[0].tags) == ["慢病·糖尿病", "慢病·高血压"]


def test_a_site_that_meets_the_client_later_is_told_then(group):
    group.agree()
    group.follow()
    assert group.rows() == []
    group.comes_to_the_other_site()
    group.follow()
    assert len(group.rows()) == 1


def test_an_agreement_that_ends_empties_what_the_other_site_had(group):
    group.comes_to_the_other_site()
    sharing = group.agree()
    group.follow()
    group.desk.run(EndSharing(record_sharing_id=sharing, reason="客户要求"), group.here)
    group.follow()
    [row] = group.rows()
    assert (row.valid, row.tags, row.findings, row.data, row.colour) == (False, [], None, {}, None)
    assert group.seen_by(group.doctor_there) == []
    with pytest.raises(DomainError, match=r"sharing\.ended"):
        group.desk.run(EndSharing(record_sharing_id=sharing, reason="再"), group.here)
    group.agree()
    group.follow()
    assert group.rows()[0].valid, "agreed again, it is there again"


def test_an_agreement_ends_by_itself_on_its_last_day(group):
    group.comes_to_the_other_site()
    group.agree(until=group.clock().date() + timedelta(days=30))
    group.follow()
    group.clock.advance(timedelta(days=30))
    group.follow()
    assert group.rows()[0].valid, "its last day counts"
    group.clock.advance(timedelta(days=1))
    group.follow()
    assert not group.rows()[0].valid
    with pytest.raises(DomainError, match=r"sharing\.day_past"):
        group.agree(until=group.clock().date() - timedelta(days=1))


def test_without_a_common_number_a_person_has_to_confirm_who_it_is(group):
    other = group.comes_to_the_other_site(card=None)
    group.agree()
    group.follow()
    assert group.rows() == [], "a name and a birth date are not enough"
    group._add(
        SamePerson(
            org_id=OTHER_BRANCH, patient_id=other, other_id=group.known, other_number="P1", basis="证件",
            confirmed_name="甲", confirmed_at=group.clock(),
        )
    )  # fmt: skip
    group.follow()
    assert [row.patient_id for row in group.rows()] == [other]


def test_a_site_cannot_agree_for_another_sites_client(group):
    order = ShareRecord(patient_id=group.known, agreed=Agreed.SPOKEN, basis="x")
    with pytest.raises(DomainError, match=r"patient\.unknown"):
        group.desk.run(order, group.there)
