"""A questionnaire on the client's phone: only for whoever has the link and knows the birth date; nothing is lost."""

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select

import resources
from domain.checkup.records import QuestionnaireResponse
from domain.designs.commands import CreateDesign
from domain.designs.publishing import PublishDesign, RetireDesign
from domain.designs.records import PublishedForm
from domain.links.commands import MOST_WRONG, RevokeLink
from domain.links.records import PersonLink
from domain.scales.records import FormTask, ScaleResult
from forms.questionnaire_reader import load_form
from forms.session import FormSession
from tests.designs.making import DIZZY, SCORING
from tests.server.phone import Phone, a_client, handed_over

PHQ9 = ("interest", "mood", "sleep", "energy", "appetite", "guilt", "attention", "pace", "self-harm")


@pytest.fixture
def client(server):
    return a_client(server)


def rows(server, record, **wanted):
    conditions = [getattr(record, name) == value for name, value in wanted.items()]
    with server.centre.store.read() as connection:
        return connection.execute(select(record.__table__).where(*conditions)).all()


def opened(server, patient, **more):
    token, link = handed_over(server, patient, **more)
    phone = Phone(server, token)
    phone.open()
    phone.verify()
    phone.open()
    return phone, link


def test_the_name_is_masked_and_nothing_is_shown_before_the_birth_date(server, client):
    token, _ = handed_over(server, client)
    phone = Phone(server, token)
    answer = phone.open()
    assert answer.status_code == 200
    assert "周*卷" in phone.text()
    assert "周问卷" not in answer.text
    assert not phone.asked()
    phone.answer("next", interest="most")
    assert not phone.asked(), "answers without the birth date open nothing"
    assert phone.verify("1980-05-01").status_code == 200
    assert "interest" in phone.asked()


def test_pages_are_not_kept_nor_framed_nor_fed_from_elsewhere(server, client):
    phone, _ = opened(server, client)
    head = phone.last.headers
    assert head["cache-control"] == "no-store"
    assert "default-src 'none'" in head["content-security-policy"]
    assert head["referrer-policy"] == "no-referrer"
    cookie = next(iter(phone.http.cookies))
    assert cookie.path == phone.url.removeprefix(server.api.url)
    assert cookie.has_nonstandard_attr("HttpOnly")


def test_a_form_is_answered_page_by_page_and_handed_in(server, client):
    phone, _ = opened(server, client)
    phone.answer("next", **{name.replace("-", "_"): "some" for name in PHQ9})
    assert phone.page() == 1
    phone.answer("finish", effect="some")
    assert "已提交" in phone.text()
    (response,) = rows(server, QuestionnaireResponse, patient_id=client)
    assert (response.form, response.source, response.score) == ("phq9", "client", 9.0)
    (result,) = rows(server, ScaleResult, patient_id=client)
    assert result.total == 9
    (task,) = rows(server, FormTask, patient_id=client)
    assert task.state == "handed_in"
    assert task.begun_at is not None


def test_an_answer_that_asks_for_help_is_answered_on_the_spot(server, client):
    phone, _ = opened(server, client)
    phone.answer("next", **{name.replace("-", "_"): "some" for name in PHQ9})
    phone.answer("finish", effect="some")
    assert "12356" in phone.text(), "the ninth item was answered with some"
    other, _ = opened(server, a_client(server, "吴事人"))
    other.answer("next", **{name.replace("-", "_"): "none" for name in PHQ9})
    other.answer("finish", effect="none")
    assert "已提交" in other.text()
    assert "12356" not in other.text()


def test_a_form_of_ones_own_is_filled_in_in_its_version_retired_or_not(server, client):
    design = server.as_system(CreateDesign(title="头晕随访问卷", questionnaire=DIZZY, scoring=SCORING))
    server.as_system(PublishDesign(design_id=design, version="1.0.0", everywhere=True, note="试用"))
    (published,) = {row.form for row in rows(server, PublishedForm, design_id=design)}
    phone, _ = opened(server, client, form=published, version="1.0.0")
    assert "头晕随访问卷" in phone.text()
    server.as_system(RetireDesign(design_id=design, reason="换新"))
    phone.answer("stay", dizzy="a2")
    assert "fall" in phone.asked(), "it is asked because of the answer before"
    phone.answer("finish", dizzy="a2", fall="a1", sleep="a0")
    assert "已提交" in phone.text()
    (result,) = rows(server, ScaleResult, patient_id=client)
    assert (result.scale, result.total, result.meaning) == (published, 5, "请医生看")


def test_what_is_missing_is_named_beside_the_question(server, client):
    phone, _ = opened(server, client)
    given = {name.replace("-", "_"): "none" for name in PHQ9 if name != "sleep"}
    answer = phone.answer("next", **given)
    assert answer.status_code == 422
    assert phone.page() == 0
    wrong = re.findall(r'<fieldset class="wrong">.*?</fieldset>', answer.text, re.DOTALL)
    assert len(wrong) == 1
    assert 'value="sleep"' in wrong[0]
    phone.answer("skip")
    assert phone.page() == 1
    assert phone.answer("finish", effect="none").status_code == 422
    assert phone.page() == 0, "back to where something is missing"


def test_a_phone_that_dies_goes_on_where_it_was(server, client):
    token, _ = handed_over(server, client)
    first = Phone(server, token)
    first.open()
    first.verify()
    first.open()
    first.answer("stay", interest="half", mood="most")
    later = Phone(server, token)
    later.open()
    later.verify()
    later.open()
    text = later.last.text
    assert re.search(r'name="interest" value="half" checked', text)
    assert re.search(r'name="mood" value="most" checked', text)
    assert "已答 2" in later.text()


def test_the_nurses_beginning_is_gone_on_with(server, client):
    form = load_form(resources.folder("forms") / "ascvd.json")
    session = FormSession(form)
    session.set_answer("region-north", True)
    session.set_answer("smoking", "current")
    draft = session.draft(server.clock())
    phone, _ = opened(server, client, form="ascvd", draft=draft)
    assert re.search(r'name="smoking" value="current" checked', phone.last.text)
    assert "cig-per-day" in phone.asked(), "smokers are asked how much"
    phone.answer("stay", region_north="true", urban="true", smoking="never")
    assert "cig-per-day" not in phone.asked()


def test_a_wrong_value_is_told_and_the_earlier_one_stays(server, client):
    phone, link = opened(server, client, form="ascvd")
    phone.answer(
        "stay",
        region_north="true",
        urban="true",
        smoking="current",
    )
    phone.answer(
        "stay", region_north="true", urban="true", smoking="current", cig_per_day="20", smoke_years="9"
    )
    answer = phone.answer("next", smoking="current", cig_per_day="很多", smoke_years="9")
    assert answer.status_code == 422
    assert "每日吸烟支数" in phone.text()
    assert "要填" in phone.text()
    (kept,) = rows(server, PersonLink, id=link)
    assert '"valueInteger": 20' in str(kept.draft).replace("'", '"')


def test_a_wrong_birth_date_counts_and_closes_the_link_in_the_end(server, client):
    token, link = handed_over(server, client)
    phone = Phone(server, token)
    phone.verify("生日")
    assert "8 位" in phone.text()
    (kept,) = rows(server, PersonLink, id=link)
    assert kept.wrong == 0, "what is no date is a slip, not a guess"
    for left in range(MOST_WRONG - 1, 0, -1):
        assert phone.verify("19800502").status_code == 422
        assert f"还可以再试 {left} 次" in phone.text()
    assert phone.verify("19800502").status_code == 410
    assert phone.verify("19800501").status_code == 410, "the right one comes too late"
    assert "已作废" in phone.text()


def test_a_link_is_used_once(server, client):
    phone, _ = opened(server, client)
    phone.answer("next", **{name.replace("-", "_"): "none" for name in PHQ9})
    phone.answer("finish", effect="none")
    again = phone.open()
    assert again.status_code == 410
    assert "已经提交" in phone.text()
    assert phone.answer("finish").status_code == 410
    assert len(rows(server, QuestionnaireResponse, patient_id=client)) == 1


def test_an_expired_link_says_so_and_keeps_what_was_answered(home, run_copy, tmp_path):
    with run_copy(home) as server:
        phone, link = opened(server, a_client(server), minutes=10)
        phone.answer("stay", interest="most")
        server.clock.advance(timedelta(minutes=11))
        assert phone.open().status_code == 410
        assert "有效期" in phone.text()
        assert phone.answer("stay", interest="none").status_code == 410
        (kept,) = rows(server, PersonLink, id=link)
        assert "most" in str(kept.draft)


def test_the_birth_date_is_asked_again_after_a_pause(home, run_copy):
    with run_copy(home) as server:
        phone, _ = opened(server, a_client(server), minutes=600)
        server.clock.advance(timedelta(minutes=31))
        phone.open()
        assert not phone.asked()
        assert "出生日期" in phone.text()


def test_the_proof_of_one_link_opens_no_other(server, client):
    mine, _ = opened(server, client)
    token, _ = handed_over(server, a_client(server, "别人家", date(1975, 1, 1)))
    other = Phone(server, token)
    cookie = next(iter(mine.http.cookies))
    other.http.cookies.set(cookie.name, cookie.value, path=f"/p/{token}")
    other.open()
    assert not other.asked()
    for forged in ("", "99999999999.", "9" * 40, "1.2.3", "é.é"):
        other.http.headers["cookie"] = f"{cookie.name}={forged}".encode().decode("latin-1")
        assert other.open().status_code == 200
        assert not other.asked()


def test_a_new_link_closes_the_earlier_one_and_a_person_may_close_it(server, client):
    first, _ = opened(server, client)
    token, link = handed_over(server, client)
    assert first.open().status_code == 410
    second = Phone(server, token)
    assert second.open().status_code == 200
    server.as_system(RevokeLink(link_id=link, reason="客户不愿在手机上填写"))
    assert second.open().status_code == 410


def test_a_retired_version_is_told(server, client):
    token, _ = handed_over(server, client, version="0.0.1")
    phone = Phone(server, token)
    assert phone.open().status_code == 410
    assert "0.0.1" in phone.text()


def test_links_that_are_none_say_what_may_be_the_matter_and_cannot_be_guessed(home, run_copy):
    with run_copy(home) as server:
        guess = Phone(server, "x" * 32)
        assert guess.open().status_code == 404
        assert "还没有传到总院" in guess.text()
        for _ in range(40):
            guess.open()
        assert guess.last.status_code == 429


@pytest.mark.parametrize(
    "raw", [b"\xff\xfe", b"&".join(b"a=1" for _ in range(4000)), b"~page=99999999999&~go=next"]
)
def test_what_no_browser_sends_changes_nothing(server, client, raw):
    phone, link = opened(server, client)
    assert phone.send(raw=raw).status_code < 500
    (kept,) = rows(server, PersonLink, id=link)
    assert "valueCoding" not in str(kept.draft)


def test_names_of_fields_that_were_not_asked_are_passed_over(server, client):
    phone, link = opened(server, client)
    phone.send(
        ("~page", "0"), ("~go", "stay"), ("~asked", "effect"), ("effect", "extreme"), ("~asked", "__class__")
    )
    (kept,) = rows(server, PersonLink, id=link)
    assert "extreme" not in str(kept.draft)


def test_typed_text_is_shown_as_text(server):
    patient = a_client(server, "<b>甲</b>乙")
    token, _ = handed_over(server, patient)
    assert "<b>" not in Phone(server, token).open().text


def test_the_script_and_style_are_served_and_nothing_else(server):
    for name, kind in (("page.css", "text/css"), ("page.js", "text/javascript")):
        answer = server.api.http.get(f"{server.api.url}/p/static/{name}")
        assert answer.headers["content-type"].startswith(kind)
    for name in ("form.html", "..%2f..%2froles.yaml", "base.html"):
        assert server.api.http.get(f"{server.api.url}/p/static/{name}").status_code == 404


def test_nobody_with_an_account_can_act_as_the_client(server, client):
    _, link = handed_over(server, client)
    for role in (
        "nurse",
        "physician",
        "admin" if "admin" in server.centre.authority.roles else "administrator",
    ):
        for name in ("link.finish", "link.save", "link.wrong", "link.read_report"):
            answer = server.api.post(
                f"/api/commands/{name}", token=server.token(role), json={"link_id": str(link)}
            )
            assert answer.status_code in (403, 404), (role, name)
