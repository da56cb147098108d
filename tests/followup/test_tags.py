"""R1.5.1, R1.5.3, R5.2.3: tags by risk, package, age, chronic disease and by hand, and their way to WeCom."""

from datetime import date, timedelta

import pytest

import resources
from domain.followup.group_commands import LabelClient
from domain.kernel.content import ContentError
from domain.kernel.errors import DomainError
from domain.kernel.readers import Follower
from domain.messaging.channel_commands import StopChannel
from domain.messaging.commands import BindAddress
from domain.messaging.records import Channel, ChannelState
from domain.reception.contract_commands import EndPackage, SignPackage
from domain.reception.unit_records import ServiceContract
from domain.tags.commands import TagByRule, TagClient, UntagClient
from domain.tags.follower import TagFollower
from domain.tags.records import ClientTag, ContactMark, TagKind
from domain.tags.rules import TAGS, AgeBand, age_tag, load_tags
from server.channels.accounts import Account, ChannelSettings, Secrets
from server.channels.book import ChannelBook
from server.channels.chores import Chores
from server.channels.simulators.wechat import WeChatSimulator
from server.channels.tokens import Tokens
from tests.followup.conftest import SYSTEM, WELL

RULES = load_tags(resources.folder("tags"))


@pytest.fixture
def care(care):
    care.desk.content[TAGS] = RULES
    care.tagger = TagFollower(care.desk, SYSTEM, everywhere=True)
    care.followers.append(Follower(care.desk.store, care.tagger))
    return care


def on(care, patient_id):
    rows = care.rows(ClientTag, ClientTag.__table__.c.patient_id == patient_id)
    return {(str(r.kind), r.name) for r in rows if r.off_at is None}


def of_kind(care, patient_id, kind):
    return {name for own, name in on(care, patient_id) if own == kind}


def tag_id(care, patient_id, name):
    [row] = [r for r in care.rows(ClientTag) if r.patient_id == patient_id and r.name == name]
    return row.id


def test_risk_age_group_and_package_are_tagged_and_taken_off_as_they_change(care, clock):
    patient_id = care.client(**WELL)
    assert of_kind(care, patient_id, "group") == {"一般人群"}
    assert of_kind(care, patient_id, "age") == {"45-59岁"}
    [risk] = of_kind(care, patient_id, "risk")
    order = SignPackage(
        patient_id=patient_id, package="年度健管包", starts_on=clock().date(),
        ends_on=clock().date() + timedelta(days=365), manager="wang",
    )  # fmt: skip
    seller = care.manager
    care.run(order, seller)
    clock.advance(timedelta(days=30))
    care.measure(patient_id, sbp=184.0, dbp=96.0)
    assert {"疾病高危", "异常指标"} <= of_kind(care, patient_id, "group")
    assert of_kind(care, patient_id, "risk") != {risk}
    assert of_kind(care, patient_id, "package") == {"年度健管包"}
    contract = care.one(ServiceContract).id
    care.run(EndPackage(contract_id=contract, reason="客户迁居"), seller)
    care.settle()
    assert of_kind(care, patient_id, "package") == set()


def test_a_chronic_disease_is_a_tag(care):
    from domain.kernel.ids import stable_id
    from domain.kernel.unit_of_work import UnitOfWork
    from domain.people.records import Patient
    from domain.tags.commands import retag
    from tests.conftest import BRANCH

    patient_id = care.client(**WELL)
    with care.desk.store.write() as connection:
        work = UnitOfWork(
            connection, SYSTEM, now=care.desk.clock(), new_id=care.desk.ids, content=care.desk.content
        )
        from domain.followup.group_records import GroupMember, Segment
        from domain.followup.workflow import member_life

        member = GroupMember(
            id=stable_id("group_member", patient_id, Segment.DISEASE, "diabetes"), org_id=BRANCH,
            patient_id=patient_id, segment=Segment.DISEASE, topic="diabetes", topic_label="糖尿病", why={},
            since=work.now,
        )  # fmt: skip
        work.start(member_life, member)
        work.add(member)
        work.flush()
        retag(work, work.require(Patient, patient_id))
        work.commit_entry("test.disease", txn_id=care.desk.ids())
        work.close()
    assert ("disease", "糖尿病") in on(care, patient_id)
    assert ("group", "疾病现患") in on(care, patient_id)


def test_a_birthday_changes_the_age_band_without_anything_else_happening(care, clock):
    patient_id = care.client(**WELL)
    [row] = [r for r in care.rows(ClientTag) if r.patient_id == patient_id and r.kind == TagKind.AGE]
    assert row.good_until == date(2028, 3, care.born.day) - timedelta(days=1)
    clock.advance(row.good_until - clock().date())
    care.tagger.tick()
    assert of_kind(care, patient_id, "age") == {"45-59岁"}
    clock.advance(timedelta(days=1))
    care.tagger.tick()
    assert of_kind(care, patient_id, "age") == {"60-74岁"}


@pytest.mark.parametrize(
    ("born", "today", "name"),
    [
        (date(2000, 2, 29), date(2018, 2, 28), "少年"), (date(2000, 2, 29), date(2018, 3, 1), "成人"),
        (date(2008, 5, 5), date(2026, 5, 4), "少年"), (date(2008, 5, 5), date(2026, 5, 5), "成人"),
    ],
)  # fmt: skip
def test_age_bands_change_on_the_birthday(born, today, name):
    assert age_tag([AgeBand(0, "少年"), AgeBand(18, "成人")], born, today).name == name


def test_what_a_person_puts_on_or_takes_off_no_rule_changes(care):
    patient_id = care.client(**WELL)
    care.run(TagClient(patient_id=patient_id, kind=TagKind.DISEASE, name="高血压", note="外院诊断"))
    care.run(UntagClient(tag_id=tag_id(care, patient_id, "一般人群")))
    care.measure(patient_id, **WELL)
    assert ("disease", "高血压") in on(care, patient_id)
    assert ("group", "一般人群") not in on(care, patient_id)
    care.run(TagByRule(tag_id=tag_id(care, patient_id, "一般人群")))
    care.run(TagByRule(tag_id=tag_id(care, patient_id, "高血压")))
    assert ("group", "一般人群") in on(care, patient_id)
    assert ("disease", "高血压") not in on(care, patient_id)


def test_a_group_label_by_hand_is_a_tag_and_a_slash_is_refused(care):
    patient_id = care.client(**WELL)
    care.run(LabelClient(patient_id=patient_id, label="偏好周末"))
    care.settle()
    assert of_kind(care, patient_id, "own") == {"偏好周末"}
    with pytest.raises(DomainError) as refused:
        care.run(TagClient(patient_id=patient_id, name="甲/乙"))
    assert (refused.value.code, refused.value.field) == ("tag.slash", "name")


def test_a_store_that_reads_its_log_twice_writes_nothing_twice(care):
    patient_id = care.client(**WELL)
    before = care.rows(ClientTag, ClientTag.__table__.c.patient_id == patient_id)
    from domain.kernel.change_log import entries_after

    with care.desk.store.read() as connection:
        entries = entries_after(connection, 0, 1000)
    care.tagger.act(entries)
    assert care.rows(ClientTag, ClientTag.__table__.c.patient_id == patient_id) == before


def test_bands_with_a_gap_at_birth_and_colours_without_a_name_are_refused(tmp_path):
    good = (resources.folder("tags") / "tags.yaml").read_text("utf-8")
    (tmp_path / "tags.yaml").write_text(
        good.replace("{from: 0,", "{from: 3,").replace('red: "高危", ', ""), "utf-8"
    )
    with pytest.raises(ContentError) as refused:
        load_tags(tmp_path)
    assert len(refused.value.problems) == 2


# ---- WeCom


@pytest.fixture
def vendor():
    with WeChatSimulator(known={"zhangsan", "wmZhou"}).running() as running:
        yield running


@pytest.fixture
def chores_of(care, vendor, tmp_path):
    made = []

    def make(**more):
        given = {"app_id": vendor.app_id, "secret": "wx", "contact_secret": "wx", "agent_id": 1}
        account = Account(id="corp", kind="wecom", base_url=vendor.url, **{**given, **more})
        tokens = Tokens(tmp_path / f"t{len(made)}.db", care.desk.clock)
        secrets = Secrets(None, {"AFTERCHECK_SECRET_WX": vendor.secret})
        book = ChannelBook(
            ChannelSettings(account=(account,)), secrets, care.desk.store, care.desk.clock, tokens
        )
        made.append(book)
        return Chores(care.desk, SYSTEM, book, lambda: 0.5)

    yield make
    for book in made:
        book.close()


def contact(care, patient_id, address="wmZhou"):
    care.run(
        BindAddress(patient_id=patient_id, channel=Channel.WECOM_CLIENT, address=address, via="zhangsan"),
        care.head,
    )
    care.settle()


def named(vendor, contact="wmZhou"):
    names = {number: name for name, number in vendor.tags.items()}
    return {names[number] for number in vendor.marked.get(contact, [])}


def test_groups_and_tags_reach_the_contact_and_only_what_changes_is_sent_again(
    care, vendor, chores_of, clock
):
    patient_id = care.client(**WELL)
    contact(care, patient_id)
    chores = chores_of()
    assert chores.step() == 1
    assert {"检后·分组/一般人群", "检后·年龄/45-59岁"} <= named(vendor)
    assert chores.step() == 0, "nothing has changed"
    care.measure(patient_id, sbp=184.0, dbp=96.0)
    calls = len(vendor.calls)
    clock.advance(timedelta(seconds=5))
    assert chores.step() == 1
    assert "检后·分组/疾病高危" in named(vendor)
    assert "检后·分组/一般人群" not in named(vendor)
    [marked] = [c.json() for c in vendor.calls[calls:] if c.path.endswith("mark_tag")]
    age = vendor.tags["检后·年龄/45-59岁"]
    assert marked["userid"] == "zhangsan"
    assert age not in marked["add_tag"] + marked["remove_tag"]
    assert care.one(ContactMark).pending == 0


def test_followers_of_the_official_account_are_tagged_too_and_those_of_the_mini_program_are_not(
    care, vendor, clock, tmp_path
):
    vendor.known.add("oZhou")
    account = Account(
        id="oa", kind="official_account", base_url=vendor.url, app_id=vendor.app_id, secret="wx"
    )
    secrets = Secrets(None, {"AFTERCHECK_SECRET_WX": vendor.secret})
    settings, tokens = ChannelSettings(account=(account,)), Tokens(tmp_path / "oa.db", clock)
    book = ChannelBook(settings, secrets, care.desk.store, clock, tokens)
    chores = Chores(care.desk, SYSTEM, book, lambda: 0.5)
    patient_id = care.client(**WELL)
    for channel in (Channel.OFFICIAL_ACCOUNT, Channel.MINI_PROGRAM):
        care.run(BindAddress(patient_id=patient_id, channel=channel, address="oZhou"), care.head)
    contact(care, patient_id)  # of WeCom, which this centre has no account of: it waits
    assert chores.mark() == 1
    assert {"检后·分组/一般人群", "检后·年龄/45-59岁"} <= named(vendor, "oZhou")
    care.measure(patient_id, sbp=184.0, dbp=96.0)
    clock.advance(timedelta(seconds=5))
    assert chores.mark() == 1
    assert "检后·分组/疾病高危" in named(vendor, "oZhou")
    assert "检后·分组/一般人群" not in named(vendor, "oZhou")
    assert sorted(one.pending for one in care.rows(ContactMark)) == [0, 1]
    book.close()


def test_a_busy_vendor_is_tried_again_and_a_deleted_friend_is_not(care, vendor, chores_of, clock):
    contact(care, care.client(**WELL))
    chores = chores_of()
    vendor.fail("/mark_tag", {"kind": "answer", "body": {"errcode": -1, "errmsg": "busy"}})
    chores.step()
    row = care.one(ContactMark)
    assert (row.pending, row.reason, row.tries) == (1, "busy", 1)
    clock.advance(timedelta(minutes=1))
    chores.step()
    assert care.one(ContactMark).pending == 0
    assert named(vendor)
    stranger = care.client(**WELL)
    contact(care, stranger, "wmGone")
    chores.step()
    [gone] = care.rows(ContactMark, ContactMark.__table__.c.patient_id == stranger)
    assert (gone.pending, gone.reason, gone.marked) == (0, "bad_address", [])


def test_where_wecom_lets_us_mark_nothing_the_channels_page_says_so_and_contacts_wait(
    care, vendor, chores_of, clock
):
    contact(care, care.client(**WELL))
    no = {"kind": "answer", "body": {"errcode": 48002, "errmsg": "api forbidden"}}
    vendor.fail("/get_corp_tag_list", no, no)
    chores = chores_of()
    chores.step()
    states = {str(s.channel): s for s in care.rows(ChannelState)}
    assert states["wecom_client"].degraded == ["tags"]
    assert states["wecom_client"].usable == ["contacts"]
    assert "48002" in states["wecom_client"].detail
    assert (states["wecom"].degraded, states["wecom"].usable) == (None, ["app"])
    assert not states["wecom_client"].paused, "messages go on"
    row = care.one(ContactMark)
    assert (row.pending, row.reason) == (2, "configuration")
    clock.advance(timedelta(hours=1))
    chores.step()
    assert care.one(ContactMark).pending == 0
    states = {str(s.channel): s for s in care.rows(ChannelState)}
    assert (states["wecom_client"].degraded, states["wecom_client"].detail) == (None, None)


def test_an_institution_that_tells_wecom_no_diseases_marks_none(care, vendor, chores_of):
    patient_id = care.client(**WELL)
    care.run(TagClient(patient_id=patient_id, kind=TagKind.DISEASE, name="高血压"))
    contact(care, patient_id)
    chores_of(tags=(TagKind.AGE,)).step()
    assert named(vendor) == {"检后·年龄/45-59岁"}


def test_a_probe_does_not_open_a_channel_that_somebody_stopped(care, vendor, chores_of):
    chores = chores_of()
    chores.probe()
    [state] = [s for s in care.rows(ChannelState) if s.channel == Channel.WECOM_CLIENT]
    care.run(StopChannel(state_id=state.id), care.head)
    chores.probe()
    [state] = [s for s in care.rows(ChannelState) if s.channel == Channel.WECOM_CLIENT]
    assert (state.paused, state.reason) == (1, "by_hand")
