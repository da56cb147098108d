"""The reviewer's pages over HTTP: the same rows, masks, commands and refusals as the desk, and no way around them."""

import re

import pytest
import requests

from domain.checkup.records import Report, ReviewStep
from domain.kernel.change_log import entries_after
from tests.fixtures.patience import PATIENCE_S
from tests.server.conftest import PASSWORD
from tests.server.reviewing import Reviewing


@pytest.fixture(scope="module")
def reviewing(server):
    return Reviewing(server)


@pytest.fixture(scope="module")
def case(reviewing):
    return reviewing.with_images()


class Browser:
    """What a browser without scripts does: cookies, links, forms."""

    def __init__(self, server):
        self.url = server.api.url + "/review"
        self.http = requests.Session()
        self.http.trust_env = False

    def sign_in(self, login, password=PASSWORD):
        return self.post("/sign-in", {"login": login, "password": password})

    def get(self, path=""):
        return self.http.get(self.url + path, timeout=PATIENCE_S)

    def post(self, path, data, **options):
        return self.http.post(self.url + path, data=data, timeout=PATIENCE_S, **options)

    def form(self, report):
        """Return the hidden fields of a case's form."""
        page = self.get(f"/case/{report.hex}").text
        return dict(
            re.findall(r'name="(proof|once|digest|state)" value="([^"]*)"', page.split('class="act"')[1])
        )


@pytest.fixture(scope="module")
def browse(server):
    """Return the browser of a person, signed in once."""
    known = {}

    def one(login):
        if login in known:
            return known[login]
        found = known[login] = Browser(server)
        assert 'name="password"' not in found.sign_in(login).text
        return found

    return one


def state_of(reviewing, report):
    table = Report.__table__
    with reviewing.centre.store.read() as connection:
        return connection.execute(table.select().where(table.c.id == report)).one().state


def steps_of(reviewing, report):
    table = ReviewStep.__table__
    with reviewing.centre.store.read() as connection:
        rows = connection.execute(table.select().where(table.c.report_id == report)).all()
    return [(str(row.action), row.remark, row.anchor) for row in rows]


def test_nobody_reads_a_case_without_signing_in(server, case):
    stranger = Browser(server)
    for path in ("", f"/case/{case.report.hex}", f"/case/{case.report.hex}/file/{case.ct.hex}"):
        answer = stranger.get(path)
        assert answer.status_code in {200, 401}
        assert 'name="password"' in answer.text
        assert "王建国" not in answer.text
    assert "口令" in stranger.sign_in("expert", "falsch").text
    assert stranger.http.cookies.get_dict() == {}


def test_the_cookie_is_for_these_pages_alone_and_no_script_sees_it(server):
    answer = Browser(server).post(
        "/sign-in", {"login": "expert", "password": PASSWORD}, allow_redirects=False
    )
    said = answer.headers["set-cookie"].lower()
    assert "httponly" in said
    assert "samesite=strict" in said
    assert "path=/review" in said
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_the_queue_is_the_worklist_and_the_case_has_everything_on_one_page(browse, case):
    expert = browse("expert")
    assert f"/review/case/{case.report.hex}" in expert.get().text
    page = expert.get(f"/case/{case.report.hex}").text
    changed, steady = page.split("<details>")[0], page.split("<details>")[1]
    for words in ("空腹血糖", "7.4", "新升高", "<svg", "青霉素", "重要异常"):
        assert words in changed, words
    assert "血红蛋白" in steady
    assert "血红蛋白" not in changed
    assert "还没有传到" in page
    assert "吴晓" in page


def test_an_image_is_drawn_with_the_window_that_is_asked_for(browse, case):
    expert = browse("expert")
    at = f"/case/{case.report.hex}/file/{case.ct.hex}"
    page = expert.get(at).text
    assert "胸部平扫" in page
    assert "0.70 × 0.70 mm" in page
    soft, lung = (expert.get(f"{at}/picture.png?{q}") for q in ("c=40&w=400", "c=-600&w=1500"))
    assert soft.headers["content-type"] == lung.headers["content-type"] == "image/png"
    assert soft.content != lung.content
    assert 'class="ecg"' in expert.get(f"/case/{case.report.hex}/file/{case.ecg.hex}").text


def test_an_image_of_somebody_else_is_refused_and_one_on_its_way_keeps_nothing_back(browse, case):
    expert = browse("expert")
    at = f"/case/{case.report.hex}/file/{case.foreign.hex}"
    page = expert.get(at).text
    assert "姓名与本例不符" in page
    assert "<img" not in page
    assert expert.get(f"{at}/picture.png").status_code == 422
    assert "可以先审其他内容" in expert.get(f"/case/{case.report.hex}/file/{case.coming.hex}").text


def test_to_return_needs_a_remark_which_lands_on_its_sentence(reviewing, browse):
    case = reviewing.case("赵敏学")
    expert = browse("expert")
    form = expert.form(case.report)
    answer = expert.post(f"/case/{case.report.hex}/return", form | {"anchor": "conclusion:0-4"})
    assert answer.status_code == 409
    assert 'role="alert"' in answer.text
    assert state_of(reviewing, case.report) == "second_review"
    form = expert.form(case.report) | {"remark": "请写明复查时间", "anchor": "conclusion:0-4"}
    assert "已退回" in expert.post(f"/case/{case.report.hex}/return", form).text
    assert state_of(reviewing, case.report) == "returned"
    assert ("return", "请写明复查时间", "conclusion:0-4") in steps_of(reviewing, case.report)
    expert.post(f"/case/{case.report.hex}/return", form)  # sent twice
    assert len(steps_of(reviewing, case.report)) == 3


def test_two_experts_pass_and_sign_and_the_document_is_there(reviewing, browse):
    case = reviewing.case("孙立人")
    expert, final = browse("expert"), browse("final")
    form = expert.form(case.report)
    assert expert.post(f"/case/{case.report.hex}/pass_second", form).status_code == 200
    own = expert.post(f"/case/{case.report.hex}/sign", expert.form(case.report))
    assert own.status_code == 409  # the hands of an earlier level
    assert state_of(reviewing, case.report) == "final_review"

    def queue_form(page):
        return dict(
            re.findall(r'name="(proof|once|digest|state)" value="([^"]*)"', page.split("act held")[1])
        )

    after = final.post(f"/case/{case.report.hex}/sign", final.form(case.report))
    assert "已签名，两分钟内自动签发" in after.text
    assert state_of(reviewing, case.report) == "signed", "a signature given here can be taken back too"
    assert "act held" not in expert.get(f"?held={case.report.hex}").text, "it is its signer's alone"
    shown = queue_form(after.text)
    theirs = expert.form(reviewing.case("赵一").report) | {n: shown[n] for n in ("digest", "state")}
    taken = expert.post(f"/case/{case.report.hex}/withdraw", theirs)
    assert taken.status_code == 409
    assert final.post(f"/case/{case.report.hex}/withdraw", queue_form(after.text)).status_code == 200
    assert state_of(reviewing, case.report) == "final_review"
    assert final.post(f"/case/{case.report.hex}/sign", final.form(case.report)).status_code == 200
    assert final.post(f"/case/{case.report.hex}/issue", final.form(case.report)).status_code == 200
    assert state_of(reviewing, case.report) == "issued"
    page = final.get(f"/case/{case.report.hex}").text
    assert "PDF" in page
    assert 'class="act"' not in page


def test_what_changed_after_it_was_shown_is_not_passed(reviewing, browse):
    case = reviewing.case("周到")
    expert = browse("expert")
    form = expert.form(case.report)
    with reviewing.centre.store.write() as connection:
        table = Report.__table__
        connection.execute(
            table.update()
            .where(table.c.id == case.report)
            .values(conclusion="另有结节。", ver=table.c.ver + 1)
        )
    answer = expert.post(f"/case/{case.report.hex}/pass_second", form | {"remark": "同意"})
    assert answer.status_code == 409
    assert "同意</textarea>" in answer.text
    assert state_of(reviewing, case.report) == "second_review"


def test_a_form_from_elsewhere_does_nothing(reviewing, browse, case):
    expert = browse("expert")
    form = expert.form(case.report)
    at = f"/case/{case.report.hex}/pass_second"
    assert expert.post(at, form | {"proof": "0" * 64}).status_code == 422
    assert expert.post(at, form, headers={"origin": "https://elsewhere.example"}).status_code == 422
    assert state_of(reviewing, case.report) == "second_review"


def test_another_branch_and_a_role_without_permission_see_nothing(reviewing, browse):
    case = reviewing.case("钱多多", "B02")
    author = browse("author")  # a physician of the other branch
    assert author.get(f"/case/{case.report.hex}").status_code == 404
    nurse = browse("nurse")
    assert nurse.get().status_code == 403
    assert browse("expert").get("/case/none").status_code == 404


def test_values_are_masked_for_who_has_no_clearance(reviewing, browse, case):
    roles = reviewing.centre.authority.roles
    manager = next(
        (r for r in ("health_manager", "receptionist") if "report.view" in roles[r].permissions), None
    )
    assert manager is not None
    reader = browse(manager)
    page = reader.get(f"/case/{case.report.hex}")
    assert page.status_code == 200
    assert "不能查看检查结果" in page.text
    for hidden in ("7.4", "空腹血糖", "青霉素", "胸部CT"):
        assert hidden not in page.text
    assert reader.get(f"/case/{case.report.hex}/file/{case.ct.hex}/picture.png").status_code == 404


def test_who_looked_at_whom_is_in_the_log_once(reviewing, browse):
    case = reviewing.case("吴用")
    expert = browse("final")
    for _ in range(2):
        expert.get()
        assert expert.get(f"/case/{case.report.hex}").status_code == 200
    with reviewing.centre.store.read() as connection:
        notes = [e.body.note for e in entries_after(connection, 0, 5000) if e.body.note]
    assert [n["page"] for n in notes if n.get("patient") == case.patient.bytes] == ["浏览器审核页"]
    assert any(n.get("list") == "report.chief_queue" for n in notes)
