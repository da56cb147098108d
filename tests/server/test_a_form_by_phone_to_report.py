"""A nurse begins a form at a branch, the client finishes it in a real browser, the colour changes, a report is made.

The branch has a store of its own and reaches the centre over HTTP; for the report the centre is gone.
"""

from datetime import date

import pypdfium2
import pytest
from selenium.webdriver.common.by import By
from sqlalchemy import select

import resources
from client.stations.front_desk.handing_over import hand_over
from domain.catalog.content import load_catalog
from domain.checkup.records import QuestionnaireResponse
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.checkup.visit_commands import Arrive, OpenVisit
from domain.kernel.authority import Authority, system_actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.readers import Follower
from domain.kernel.texts import Texts
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from domain.risk.content import RISK, load_risk
from domain.risk.follower import RiskFollower
from domain.risk.levels import RANK, Colour
from domain.risk.records import RiskAssessment, RiskLevel, RiskLevelChange
from domain.scales.content import scale_content
from forms.printables import printables
from forms.questionnaire_reader import load_form
from forms.session import FormSession
from sync.branch import BranchSync, enrolled_rows
from sync.http_client import HttpCentre
from sync.local_tables import installation
from sync.tus.client_state import SqliteTransferState
from tests.fixtures.patience import until as in_time
from tests.server.test_client_pages_in_a_browser import CHROMIUM, DRIVER, browser, has, pick, shot, until

assert browser, until  # fixtures
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="chromium and chromedriver are not installed"
)
FORM = load_form(resources.folder("forms") / "ascvd.json")
HISTORY = (
    "cvd-history", "chd-history", "mi-history", "stroke-history", "pvd", "heart-failure", "af-history", "lvh",
    "dm-history", "htn-history", "bp-treated", "lipid-treated", "ckd-history",
)  # fmt: skip
FAMILY = ("fh-ascvd", "fh-stroke")


class Branch:
    """A workstation of the first branch with everything a nurse needs, its line and its reader of the log."""

    def __init__(self, server, store, folder):
        found = server.enrol()
        self.store, org = store, server.orgs["B01"]
        row = enrolled_rows(
            device_id=found.device_id, org_id=org, epoch=1, name="前台一", server=server.api.url,
            number_prefix=found.told["number_prefix"],
        )  # fmt: skip
        with store.write() as connection:
            connection.execute(installation.insert(), {**row, "server_key": found.told["server_key"]})
        self.transfers = SqliteTransferState(folder / "transfers.db")
        self.line = HttpCentre(
            server.api.url, found.device_id, found.key, self.transfers, now_us=server.centre.sync.now_us
        )
        self.sync = BranchSync(store, self.line, found.key, folder / "bundles", clock=server.clock)
        catalog = load_catalog(resources.folder("catalog"))
        forms = resources.folder("forms")
        content = {
            "number_prefix": found.told["number_prefix"],
            "authority": Authority.load(resources.folder("roles.yaml")),
            "texts": Texts.load(resources.folder("texts") / "zh"),
            "catalog": catalog,
            RISK: load_risk(resources.folder("risk"), catalog, forms),
            **{name: load() for name, load in scale_content(resources.folder("scales"), forms).items()},
        }
        self.desk = Dispatcher(store, clock=server.clock, content=content)
        self.actor = system_actor(org, found.device_id)
        self.risks = Follower(store, RiskFollower(self.desk, self.actor))

    def run(self, order):
        return self.desk.run(order, self.actor).receipt

    def read(self, record, *columns, **values):
        table = record.__table__
        asked = select(*[table.c[name] for name in columns]).where(
            *[table.c[name] == value for name, value in values.items()]
        )
        with self.store.read() as connection:
            return connection.execute(asked).all()

    def close(self):
        self.line.close()
        self.transfers.close()


def measured(branch, patient):
    visit = branch.run(OpenVisit(patient_id=patient)).visit_id
    branch.run(Arrive(visit_id=visit))
    units = {"sbp": "mm[Hg]", "dbp": "mm[Hg]", "weight": "kg", "height": "cm", "waist": "cm"}
    units |= dict.fromkeys(("tc", "hdl", "ldl", "tg", "fpg"), "mmol/L")
    values = {
        "sbp": 134, "dbp": 82, "weight": 70, "height": 170, "waist": 84, "tc": 5.0, "hdl": 1.3, "ldl": 3.0,
        "tg": 1.2, "fpg": 5.1,
    }  # fmt: skip
    order = [Measured(item=key, value=value, unit=units[key]) for key, value in values.items()]
    branch.run(RecordMeasurement(visit_id=visit, values=order))
    return visit


def handed_over(server, branch, patient, visit):
    """The nurse asks the first page and shows the code; returns the address in it."""
    session = FormSession(FORM)
    for name, value in {
        "region-north": True, "urban": True, "smoking": "current", "cig-per-day": 20, "smoke-years": 30,
    }.items():  # fmt: skip
        session.set_answer(name, value)
    order, shown = hand_over(
        session, "ascvd", patient_id=patient, visit_id=visit, server=server.api.url, now=branch.desk.clock()
    )
    branch.run(order)
    return shown.address


def press(browser, until, button):
    """Press a button; the page may be drawn anew under the thumb."""
    until(lambda: browser.find_element(By.CSS_SELECTOR, f'button[value="{button}"]').click() or True)


def finish_on_the_phone(browser, until, address):
    browser.get(address)
    browser.find_element(By.ID, "birth_date").send_keys("19680302")
    browser.find_element(By.CSS_SELECTOR, "button.main").click()
    until(lambda: browser.find_elements(By.CSS_SELECTOR, "#form fieldset"))
    assert has(browser, HISTORY[0]), "what the nurse asked is not asked again"
    for names in (HISTORY, FAMILY):
        until(lambda names=names: has(browser, names[0]))
        for name in names:
            pick(browser, name, "true" if name in ("htn-history", "dm-history", "fh-ascvd") else "false")
        if names is HISTORY:
            press(browser, until, "next")
    number = '[name="fh-hypertension"]'
    until(lambda: browser.find_element(By.CSS_SELECTOR, number).send_keys("1") or True)
    press(browser, until, "next")
    until(lambda: has(browser, "height"))
    shot(browser, "journey-last-page")
    press(browser, until, "finish")
    until(lambda: browser.find_elements(By.CLASS_NAME, "done"))


def assessed(server, patient):
    with server.centre.store.read() as connection:
        asked = select(RiskAssessment.colour).where(RiskAssessment.patient_id == patient)
        return connection.execute(asked.order_by(RiskAssessment.assessed_at)).scalars().all()


def test_from_the_nurses_first_question_to_the_printed_report(
    run_copy, tmp_path, store, request, browser, until
):
    with run_copy(tmp_path / "centre") as server:
        branch = Branch(server, store, tmp_path)
        request.addfinalizer(branch.close)
        patient = branch.run(
            RegisterPatient(name="王建军", sex=Sex.MALE, birth_date=date(1968, 3, 2))
        ).patient_id
        visit = measured(branch, patient)
        while branch.risks.step():
            pass
        before = branch.read(RiskLevel, "colour", patient_id=patient)
        address = handed_over(server, branch, patient, visit)
        branch.sync.exchange()
        known = len(assessed(server, patient))
        finish_on_the_phone(browser, until, address)
        in_time(lambda: len(assessed(server, patient)) > known, "the assessment at the centre")
        branch.sync.exchange()
    after = branch.read(RiskLevel, "colour", patient_id=patient)
    assert RANK[after[0].colour] > RANK[before[0].colour], "what the client said made the colour worse"
    responses = branch.read(QuestionnaireResponse, "form", "form_version", patient_id=patient)
    assert responses == [("ascvd", FORM.version)]
    changes = branch.read(RiskLevelChange, "colour_after", "why", patient_id=patient)
    assert [one for one in changes if one.colour_after == after[0].colour and one.why["rules"]]
    pdf = printables()["risk_professional"].make(branch.desk, branch.actor, patient)
    text = "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf))
    assert "王建军" in text
    assert {Colour.RED: "红", Colour.ORANGE: "橙"}[after[0].colour] in text
