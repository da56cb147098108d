"""The client's pages in WeChat, by an Official Account and a mini program: nothing without a binding that stands."""

import hashlib
import html
import re
import secrets
import uuid
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pypdfium2
import pytest
import requests
from sqlalchemy import select

import resources
from domain.checkup.form_commands import IssueForm
from domain.checkup.records import Report
from domain.kernel.authority import system_actor
from domain.kernel.change_log import entries_after
from domain.links.report_commands import ShareReport
from domain.messaging.commands import SendMessage
from domain.messaging.records import Channel, ContactAddress, OutboxMessage
from domain.outgoing.records import Outgoing
from domain.portal.commands import RevokeBinding
from domain.portal.records import PortalBinding
from domain.risk.commands import AssessRisks
from domain.scales.records import FormTask
from forms.documents import load_documents
from forms.final_report import render_final_report
from forms.final_versions import sealed_report
from server.channels.simulators.wechat import WeChatSimulator
from tests.fixtures.followup_day import keep
from tests.fixtures.patience import until
from tests.server.conftest import running_copy
from tests.server.phone import a_client

CHANNELS = """
public_url = "http://phone.example"
[[account]]
id = "oa"
kind = "official_account"
base_url = "{oa}"
authorize_url = "{oa}/connect/oauth2/authorize"
app_id = "wx5823bf96d3bd56c7"
secret = "wechat"
[account.templates.activity_week]
code = "T1"
params = ["client", "link"]
[[account]]
id = "mini"
kind = "mini_program"
base_url = "{mini}"
app_id = "wx5823bf96d3bd56c7"
secret = "wechat"
"""


@pytest.fixture(scope="module")
def vendors():
    with WeChatSimulator().running() as oa, WeChatSimulator().running() as mini:
        yield {"oa": oa, "mini": mini}


@pytest.fixture(scope="module")
def server(prepared, vendors, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    urls = {name: vendor.url for name, vendor in vendors.items()}
    (home / "channels.toml").write_text(CHANNELS.format(**urls), "utf-8")
    (home / "secrets").mkdir()
    (home / "secrets" / "wechat").write_text(vendors["oa"].secret, "utf-8")
    with running_copy(prepared, home, secrets_dir=home / "secrets") as found:
        yield found


def rows(server, record, **wanted):
    conditions = [getattr(record, name) == value for name, value in wanted.items()]
    with server.centre.store.read() as connection:
        return connection.execute(select(record.__table__).where(*conditions)).all()


def a_link(server, patient):
    """Return the secret of a link of a client, as the desk hands it out."""
    token = secrets.token_urlsafe(24)
    digest = hashlib.sha256(token.encode()).hexdigest()
    server.as_system(ShareReport(patient_id=patient, token_sha256=digest))
    return token


def assessed(server, name):
    patient = a_client(server, name)
    server.as_system(AssessRisks(patient_id=patient))
    return patient


class WeChat:
    """WeChat's own browser on somebody's phone."""

    def __init__(self, server, vendors, openid, account="oa"):
        self.server, self.vendor, self.openid = server, vendors[account], openid
        self.base = f"{server.api.url}/w/{account}"
        self.http = requests.Session()
        self.http.trust_env = False
        self.last = None

    def get(self, path="", **query):
        self.last = self.http.get(f"{self.base}{path}", params=query, allow_redirects=False)
        return self.last

    def post(self, path, **sent):
        self.last = self.http.post(f"{self.base}{path}", data=sent, allow_redirects=False)
        return self.last

    def code(self):
        code = secrets.token_hex(8)
        self.vendor.codes[code] = {"openid": self.openid, "session_key": "never-shown"}
        return code

    def sign_in(self, path="", **query):
        """Open a page; where WeChat is asked, come back as it sends one back."""
        left = self.get(path, **query)
        assert left.status_code == 302
        asked = parse_qs(urlsplit(left.headers["location"]).query)
        assert asked["scope"] == ["snsapi_base"]
        assert asked["redirect_uri"][0].endswith("/w/oa/back")
        return self.get("/back", code=self.code(), state=asked["state"][0])

    def bind(self, token, born="19800501", relation="self", agreed="yes"):
        return self.post("/bind", link=token, birth_date=born, relation=relation, agreed=agreed)

    def text(self):
        return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", self.last.text)))


@pytest.fixture
def phone(server, vendors):
    return lambda openid=None, account="oa": WeChat(
        server, vendors, openid or f"o{secrets.token_hex(6)}", account
    )


def bound(server, phone, name, **more):
    wechat, patient = phone(), assessed(server, name)
    wechat.sign_in()
    assert wechat.bind(a_link(server, patient), **more).status_code == 303
    return wechat, patient


def test_who_is_there_is_told_by_wechat_and_bound_by_link_birth_date_and_consent(server, phone):
    wechat, patient = phone(), assessed(server, "周绑定")
    token = a_link(server, patient)
    assert wechat.get("/report").status_code == 302, "nobody is there: WeChat is asked"
    assert wechat.sign_in().status_code == 303
    assert wechat.get().headers["location"] == "/w/oa/bind"
    for path in ("/report", "/report.pdf", "/plan", "/message"):
        assert wechat.get(path).headers["location"] == "/w/oa/bind", path
    assert wechat.bind(token, agreed="").status_code == 422
    assert "勾选同意" in wechat.text()
    assert wechat.bind(token, relation="").status_code == 422
    assert wechat.bind(token, born="19800502").status_code == 422
    assert "还可以再试 4 次" in wechat.text()
    assert wechat.bind("not-a-link").status_code == 422
    assert rows(server, PortalBinding, openid=wechat.openid) == []
    assert wechat.bind(f"http://phone.example/p/{token}").status_code == 303
    assert "周绑定" in wechat.get().text
    assert "健康风险评估报告" in wechat.text()
    [kept] = rows(server, PortalBinding, openid=wechat.openid)
    assert (kept.patient_id, kept.relation, kept.consent, kept.channel) == (
        patient,
        "self",
        "2026-1",
        "official_account",
    )
    [reached] = rows(server, ContactAddress, address=wechat.openid)
    assert (reached.patient_id, reached.channel) == (patient, Channel.OFFICIAL_ACCOUNT)
    assert wechat.bind(token).status_code == 303
    assert len(rows(server, PortalBinding, openid=wechat.openid)) == 1, "bound once"


def test_the_report_is_shown_and_every_time_is_on_record(server, phone):
    wechat, patient = bound(server, phone, "周报")
    assert rows(server, Outgoing, patient_id=patient) == []
    assert "还没算的" in wechat.get("/report").text
    assert wechat.last.headers["cache-control"] == "no-store"
    pdf = wechat.get("/report.pdf")
    assert pdf.content.startswith(b"%PDF-")
    told = rows(server, Outgoing, patient_id=patient)
    assert [one.destination for one in told] == ["phone", "phone"]
    assert all(one.staff_name == "客户本人（微信）" for one in told)
    with server.centre.store.read() as connection:
        done = [entry.body.command for entry in entries_after(connection, 0, 100_000)]
    assert done.count("portal.hand_out") >= 2


def test_a_code_a_state_and_a_cookie_of_another_count_for_nothing(server, phone, vendors):
    mine, other = phone(), phone()
    left = mine.get()
    state = parse_qs(urlsplit(left.headers["location"]).query)["state"][0]
    assert other.get("/back", code=other.code(), state=state).status_code == 422, "another browser left"
    code = mine.code()
    vendors["oa"].codes["again"] = {"openid": "oSomebody"}
    assert mine.get("/back", code=code, state="made-up").status_code == 422
    assert mine.get("/back", code=code, state=state).status_code == 303
    vendors["oa"].codes[code] = {"openid": "oSomebody"}
    again = phone()
    left = again.get()
    state = parse_qs(urlsplit(left.headers["location"]).query)["state"][0]
    assert again.get("/back", code=code, state=state).status_code == 422, "a code is shown once"
    forged = phone()
    forged.http.cookies.set(
        "aftercheck_wechat", mine.http.cookies["aftercheck_wechat"][:-6] + "AAAAA=", path="/w/oa"
    )
    assert forged.get("/report").status_code == 302


def test_a_session_ends_and_wechat_is_asked_again(prepared, vendors, phone, server):
    wechat, _ = bound(server, phone, "周会话")
    assert wechat.get("/report").status_code == 200
    server.clock.advance(timedelta(minutes=31))
    assert wechat.get("/report").status_code == 302
    assert wechat.post("/plan", m="", item="", outcome="done").status_code == 403
    wechat.sign_in()
    assert wechat.get("/report").status_code == 200


def test_another_clients_things_are_not_to_be_had(server, phone):
    mine, _ = bound(server, phone, "周我")
    theirs, other = bound(server, phone, "周他")
    [binding] = rows(server, PortalBinding, openid=theirs.openid)
    task = server.as_system(IssueForm(patient_id=other, form="phq9", form_version="1.0.0"))
    for path in ("/report", "/report.pdf", "/plan"):
        assert mine.get(path, m=binding.id.hex).headers["location"] == "/w/oa/bind", path
    assert mine.post("/form", m="", task=task.hex).status_code == 422
    assert rows(server, FormTask, id=task)[0].begun_at is None


def test_a_questionnaire_is_opened_without_the_birth_date_and_goes_on(server, phone):
    wechat, patient = bound(server, phone, "周填")
    task = server.as_system(IssueForm(patient_id=patient, form="phq9", form_version="1.0.0"))
    assert "未开始" in wechat.get().text
    onward = wechat.post("/form", m="", task=task.hex)
    assert onward.headers["location"].startswith("/p/")
    page = wechat.http.get(f"{wechat.server.api.url}{onward.headers['location']}")
    assert 'name="~asked"' in page.text
    stranger = requests.get(page.url, timeout=30)
    assert "出生日期" in stranger.text, "the address alone opens nothing"


def test_messages_reach_the_account_and_are_read_there(server, phone, vendors):
    wechat, patient = bound(server, phone, "周消息")
    vendors["oa"].known.add(wechat.openid)
    order = SendMessage(patient_id=patient, template="activity_week", channel=Channel.OFFICIAL_ACCOUNT)
    number = server.as_system(order)
    until(lambda: rows(server, OutboxMessage, id=number)[0].state == "accepted")
    assert vendors["oa"].inbox[-1]["touser"] == wechat.openid
    assert "● 未读" in wechat.get().text
    shown = wechat.get("/message", id=number.hex)
    assert "来源文献" in shown.text
    [kept] = rows(server, OutboxMessage, id=number)
    assert (kept.state, kept.read_at is not None) == ("read", True)
    assert "● 未读" not in wechat.get().text
    stranger, _ = bound(server, phone, "周旁人")
    assert stranger.get("/message", id=number.hex).status_code == 422
    assert "来源文献" not in stranger.last.text


def test_one_account_several_members_and_each_is_left_by_itself(server, phone):
    wechat, _ = bound(server, phone, "周母")
    child = assessed(server, "周小宝")
    assert wechat.bind(a_link(server, child), relation="child").status_code == 303
    assert "周母" in wechat.get().text
    assert "周小宝" in wechat.last.text
    second = next(one for one in rows(server, PortalBinding, openid=wechat.openid) if one.patient_id == child)
    assert wechat.get("/report", m=second.id.hex).status_code == 200
    assert "周小宝" in wechat.last.text
    assert wechat.post("/leave", m=second.id.hex).status_code == 303
    assert wechat.get("/report", m=second.id.hex).headers["location"] == "/w/oa/bind"
    assert wechat.get("/report").status_code == 200
    reached = {
        one.patient_id: one.opted_out_at for one in rows(server, ContactAddress, address=wechat.openid)
    }
    assert reached[child] is not None


def test_staff_take_a_binding_away_at_once_with_a_reason(server, phone):
    wechat, _ = bound(server, phone, "周失")
    [binding] = rows(server, PortalBinding, openid=wechat.openid)
    assert wechat.get("/report").status_code == 200
    server.as_system(RevokeBinding(portal_binding_id=binding.id, reason="手机丢失"))
    assert wechat.get("/report").headers["location"] == "/w/oa/bind"
    [kept] = rows(server, PortalBinding, openid=wechat.openid)
    assert kept.unbound_why == "手机丢失"


def test_a_link_brought_along_waits_while_wechat_is_asked(server, phone):
    wechat, patient = phone(), assessed(server, "周随链")
    token = a_link(server, patient)
    onward = wechat.sign_in("/bind", t=token)
    assert onward.headers["location"] == "/w/oa/bind"
    assert token in wechat.get("/bind").text
    assert token not in str([call.query for call in wechat.vendor.calls])
    assert wechat.bind(token).status_code == 303


def test_a_mini_program_logs_in_and_its_web_view_shows_the_same_pages(server, phone, vendors):
    wechat = phone(account="mini")
    patient = assessed(server, "周小程")
    assert wechat.get().status_code == 422
    assert "返回小程序" in wechat.text()
    code = wechat.code()
    told = wechat.post("/login", code=code).json()
    assert "never-shown" not in str(told)
    assert wechat.openid not in str(told)
    assert wechat.post("/login", code=code).status_code == 422, "a code is shown once"
    there = f"{server.api.url}{told['page']}"
    assert wechat.http.get(there, allow_redirects=False).status_code == 303
    stranger = requests.get(there, allow_redirects=False, timeout=30)
    assert stranger.status_code == 422, "a ticket lets in once"
    assert wechat.bind(a_link(server, patient)).status_code == 303
    assert wechat.get("/report").status_code == 200
    [kept] = rows(server, PortalBinding, openid=wechat.openid)
    assert (kept.channel, kept.account) == ("mini_program", "mini")
    late = phone(account="mini")
    page = late.post("/login", code=late.code()).json()["page"]
    server.clock.advance(timedelta(minutes=2))
    assert late.http.get(f"{server.api.url}{page}", allow_redirects=False).status_code == 422


def test_wechat_that_does_not_answer_is_told(server, phone, vendors):
    wechat = phone()
    left = wechat.get()
    state = parse_qs(urlsplit(left.headers["location"]).query)["state"][0]
    vendors["oa"].fail("/sns/oauth2/access_token", {"kind": "status", "status": 502})
    assert wechat.get("/back", code=wechat.code(), state=state).status_code == 503
    assert "微信暂时没有回应" in wechat.text()


def test_an_account_that_is_none_of_the_clients_is_not_there(server):
    assert requests.get(f"{server.api.url}/w/nothing", timeout=30).status_code == 404


def test_a_signed_checkup_report_is_there_as_it_was_signed_and_as_its_phone_version(server, phone):
    wechat, patient = bound(server, phone, "周总检")
    document = load_documents(resources.folder("documents"))["final_report"]
    content = document.sample()
    block = content.pop("signature")
    system = system_actor(server.orgs["B01"], server.centre.identity.device_id)
    pdf = sealed_report(
        server.centre.dispatcher, system, render_final_report(document, content), content, block
    )
    sha256, now = server.centre.blobs.put([pdf]), server.centre.clock()
    report = Report(
        number="R-PORTAL-1", visit_id=uuid.uuid4(), patient_id=patient, conclusion="", advice="", state="issued",
        state_since=now, document_sha256=sha256, issued_at=now,
    )  # fmt: skip
    keep(server.centre.dispatcher, system, report)
    wechat.get()
    assert "体检报告 R-PORTAL-1" in wechat.text()
    [kept] = rows(server, Report, number="R-PORTAL-1")
    assert wechat.get("/file", r=kept.id.hex).content == pdf
    short = pypdfium2.PdfDocument(wechat.get("/file", r=kept.id.hex, v="phone").content)
    assert len(short) == 1
    text = short[0].get_textpage().get_text_range()
    assert "空腹血糖" in text
    assert content["report"]["number"] in text
    stranger, _ = bound(server, phone, "周旁人")
    assert stranger.get("/file", r=kept.id.hex, v="phone").status_code == 404
