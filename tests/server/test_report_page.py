"""The risk report behind a link: open for as many sessions as were said, each on record, and no number of its own."""

import hashlib
import html
import re
import secrets
from dataclasses import replace
from datetime import timedelta

import pypdfium2
import pytest
from sqlalchemy import select, update

import resources
from domain.kernel.authority import system_actor
from domain.kernel.columns import Sensitivity
from domain.kernel.errors import DomainError
from domain.links.records import PersonLink
from domain.links.report_commands import SESSION, ShareReport
from domain.outgoing.records import Outgoing, OutgoingEnd
from domain.risk.commands import AssessRisks
from domain.risk.content import RISK
from domain.risk.records import RiskAssessment
from forms.documents import load_documents
from forms.risk_report import render_risk_report
from server.pages.report_page import report_html
from tests.forms.risk_people import bare_content, ill_content
from tests.server.phone import Phone, a_client

NUMBER = re.compile(r"\d+(?:\.\d+)?")


def rows(server, record, **wanted):
    conditions = [getattr(record, name) == value for name, value in wanted.items()]
    with server.centre.store.read() as connection:
        return connection.execute(select(record.__table__).where(*conditions)).all()


def shared(server, patient, **more):
    """Return a phone with the link to a report, and the link's id."""
    token = secrets.token_urlsafe(24)
    order = ShareReport(patient_id=patient, token_sha256=hashlib.sha256(token.encode()).hexdigest(), **more)
    return Phone(server, token), server.as_system(order).link_id


def assessed(server, name="周报告"):
    patient = a_client(server, name)
    server.as_system(AssessRisks(patient_id=patient))
    return patient


@pytest.fixture
def running(home, run_copy):
    with run_copy(home) as server:
        yield server


def text_of(page):
    return re.sub(r"\s+", "", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def test_nothing_of_the_report_is_shown_before_the_birth_date(server):
    phone, _ = shared(server, assessed(server))
    phone.open()
    assert "周*告" in phone.text()
    assert "查看报告" in phone.text()
    assert "周报告" not in phone.last.text
    assert "未算" not in phone.text()
    pdf = phone.http.get(f"{phone.url}/report.pdf")
    assert pdf.headers["content-type"].startswith("text/html")
    assert phone.verify("19800502").status_code == 422
    phone.verify()
    assert "周报告" in phone.text()
    assert "还没算的" in phone.text()
    assert phone.last.headers["cache-control"] == "no-store"


def test_a_link_is_open_for_one_session_and_reading_again_in_it_counts_once(running):
    patient = assessed(running)
    phone, link = shared(running, patient)
    phone.verify()
    for _ in range(3):
        assert "还没算的" in phone.open().text
    other = Phone(running, phone.url.rpartition("/")[2])
    other.verify()  # the same phone's other browser, within the session
    assert "还没算的" in other.last.text
    (kept,) = rows(running, PersonLink, id=link)
    assert (kept.openings, kept.most_openings) == (1, 1)
    running.clock.advance(SESSION - timedelta(seconds=1))
    assert phone.open().status_code == 200
    running.clock.advance(timedelta(seconds=1))
    for late in (phone, other):
        assert late.open().status_code == 410
        assert "次数已用完" in late.text()
        assert late.verify().status_code == 410
        assert late.http.get(f"{late.url}/report.pdf").status_code == 410
    (kept,) = rows(running, PersonLink, id=link)
    assert kept.openings == 1


def test_several_sessions_where_the_branch_says_so(running):
    phone, link = shared(running, assessed(running), most_openings=2)
    phone.verify()
    running.clock.advance(SESSION)
    phone.open()
    assert "出生日期" in phone.text(), "a session is over: the birth date is asked again"
    phone.verify()
    assert "还没算的" in phone.last.text
    running.clock.advance(SESSION)
    assert phone.open().status_code == 410
    (kept,) = rows(running, PersonLink, id=link)
    assert kept.openings == 2


def test_each_showing_and_the_pdf_are_on_record_with_their_end(running):
    patient = assessed(running)
    phone, _ = shared(running, patient)
    phone.open()
    assert rows(running, Outgoing, patient_id=patient) == []
    phone.verify()
    pdf = phone.http.get(f"{phone.url}/report.pdf")
    assert pdf.content.startswith(b"%PDF-")
    assert "attachment" in pdf.headers["content-disposition"]
    noted = rows(running, Outgoing, patient_id=patient)
    assert sorted((one.what, one.destination, one.staff_name) for one in noted) == [
        ("健康风险评估报告（手机精简版）", "phone", "客户本人"),
        ("健康风险评估报告（手机网页）", "phone", "客户本人"),
    ]
    ends = [end.result for one in noted for end in rows(running, OutgoingEnd, outgoing_id=one.id)]
    assert ends == ["done", "done"]


def test_a_link_ends_with_its_days_and_with_the_next_link(running):
    patient = assessed(running)
    first, _ = shared(running, patient)
    second, _ = shared(running, patient, valid_days=2)
    assert first.open().status_code == 410
    assert "已作废" in first.text()
    assert second.open().status_code == 200
    running.clock.advance(timedelta(days=2))
    assert second.open().status_code == 410
    assert "报告链接已过有效期" in second.text()


def test_what_cannot_be_shown_now_is_told_and_not_counted(running):
    phone, link = shared(running, assessed(running))
    with (
        running.centre.store.write() as connection
    ):  # as assessments were kept before they kept all they said
        connection.execute(update(RiskAssessment.__table__).values(detail=None))
    models = running.centre.dispatcher.content[RISK]
    models.version, kept = "other", models.version
    try:
        assert phone.verify().status_code == 503
    finally:
        models.version = kept
    assert "不计次数" in phone.text()
    assert rows(running, PersonLink, id=link)[0].openings == 0
    phone.verify()
    assert "还没算的" in phone.last.text


def test_without_an_assessment_or_the_right_there_is_no_link(server):
    with pytest.raises(DomainError, match=r"risk\.never_assessed"):
        shared(server, a_client(server, "未评估"))
    patient = assessed(server, "有评估")
    body = {"patient_id": str(patient), "token_sha256": "0" * 64}
    for role, status in (("physician", 200), ("nurse", 200), ("it", 403), ("biobank_technician", 403)):
        answer = server.api.post("/api/commands/link.share_report", token=server.token(role), json=body)
        assert answer.status_code == status, role


def test_who_may_not_read_what_is_sensitive_makes_no_link_to_it(server):
    order = ShareReport(patient_id=assessed(server, "不可见"), token_sha256="1" * 64)
    plain = replace(
        system_actor(server.orgs["B01"], server.centre.identity.device_id),
        clearance=Sensitivity.PERSONAL,
    )
    with pytest.raises(DomainError, match=r"assessment\.clearance"):
        server.centre.dispatcher.run(order, plain)


@pytest.fixture(scope="module")
def documents():
    return load_documents(resources.folder("documents"))


@pytest.mark.parametrize("content", [ill_content(), bare_content()], ids=["ill", "bare"])
def test_every_number_of_the_page_stands_in_the_professional_report(content, documents):
    pdf = pypdfium2.PdfDocument(render_risk_report(documents, content, "professional"))
    printed = "".join(page.get_textpage().get_text_range() for page in pdf)
    known = set(NUMBER.findall(re.sub(r"\s", "", printed)))
    shown = set(NUMBER.findall(text_of(report_html(content, pdf=""))))
    assert len(shown) > (40 if content["summary"]["high"] else 3)
    assert shown - known == set()


def test_the_page_says_level_diseases_levers_marks_and_what_is_missing():
    level = {
        "colour": "orange", "label": "橙（中危）", "since": "2026-11-23", "why": ["收缩压 148 mmHg（2026-11-23）"],
        "manual": {"by": "周医师", "reason": "近期已调整用药", "until": "2027-02-01"},
    }  # fmt: skip
    content = ill_content(level=level)
    text = text_of(report_html(content, pdf="/p/x/report.pdf"))
    for words in ("橙（中危）", "收缩压148mmHg（2026-11-23）", "周医师，近期已调整用药", "有效至2027-02-01"):
        assert words in text
    for one in content["diseases"]:
        if one["is_score"] or one["level"] not in ("high", "medium"):
            continue
        mark = {"high": "▲", "medium": "■"}[one["level"]]
        assert f"{mark}{text_of(one['name'])}{one['level_text']}危" in text
        assert text_of(one["value"] + (one["unit"] or "")) in text
        for lever in one["levers"]:
            assert (
                text_of(f"{lever['factor']}：{lever['now']}{lever['unit'] or ''}→{lever['target']}") in text
            )
    unsigned = [one for one in content["diseases"] if one["unverified"] and one["level"] is not None]
    assert text.count("待医师核定") == len(unsigned) + 1, "beside each, and once where it is explained"
    bare = text_of(report_html(bare_content(), pdf=""))
    assert "要重视的" not in bare
    assert "缺" in bare
    assert 'href="/p/x/report.pdf"' in report_html(content, pdf="/p/x/report.pdf")


def test_a_safety_flag_comes_first_and_typed_text_stays_text():
    scale = {
        "title": "抑郁<b>筛查</b>", "group": "心理", "at": "2026-11-23", "status": "computed", "score": "14",
        "unit": "分", "band": "中度", "parts": [], "sentences": [], "advice": [], "safety": True, "unverified": ["x"],
    }  # fmt: skip
    page = report_html(ill_content(scales=[scale]), pdf="")
    assert page.index("12356") < page.index("要重视的")
    assert "请马上与医师面谈" in page
    assert "抑郁&lt;b&gt;筛查" in page
    assert "14 分" in html.unescape(page)
    assert "12356" not in report_html(ill_content(scales=[{**scale, "safety": False}]), pdf="")
