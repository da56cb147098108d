"""The reviewer's pages in real browsers without a plug-in, by keys alone: from signing in to a report sent back."""

import pytest
from selenium.common.exceptions import WebDriverException

from domain.checkup.records import Report
from tests.fixtures.patience import until as holding
from tests.server.browsers import CHROMIUM, DRIVER, FIREFOX, Chromium, Firefox, Keys
from tests.server.conftest import PASSWORD
from tests.server.reviewing import Reviewing


@pytest.fixture(scope="module")
def reviewing(server):
    return Reviewing(server)


def until(browser, expression):
    """Wait for something of the page; it may be on its way to the next one."""

    def holds():
        try:
            return browser.look(expression)
        except (WebDriverException, AssertionError):
            return None

    holding(holds, f"{expression} at {browser.look('location.href')}", 25)


def journey(browser, reviewing, name):
    case = reviewing.with_images(name)
    browser.go(f"{reviewing.server.api.url}/review")
    until(browser, "document.activeElement.id === 'login'")
    browser.shot("review-sign-in")
    browser.keys("expert", Keys.TAB, PASSWORD, Keys.ENTER)
    until(browser, "document.querySelector('a.open') !== null")
    browser.shot("review-queue")
    until(browser, "document.activeElement.className === 'open'")
    rows = browser.look(
        f"[...document.querySelectorAll('a.open')].map((a) => a.href.includes('{case.report.hex}'))"
    )
    browser.keys(*[Keys.ARROW_DOWN] * rows.index(True), Keys.ENTER)
    until(
        browser, "document.querySelector('svg.trend') !== null && document.querySelector('#remark') !== null"
    )
    browser.shot("review-case")
    browser.go(f"{reviewing.server.api.url}/review/case/{case.report.hex}/file/{case.ct.hex}")
    until(browser, "document.querySelector('.picture img').naturalWidth === 256")
    browser.shot("review-image")
    browser.keys("4")  # the lung window
    until(
        browser,
        "location.search.includes('c=-600') && document.querySelector('.picture img').naturalWidth === 256",
    )
    browser.keys(Keys.ARROW_DOWN)
    until(browser, f"location.href.includes('{case.next.hex}') && location.search.includes('c=-600')")
    browser.go(f"{reviewing.server.api.url}/review/case/{case.report.hex}/file/{case.ecg.hex}")
    until(browser, "document.querySelectorAll('svg.ecg polyline').length === 24")
    browser.shot("review-ecg")
    browser.keys(Keys.ESCAPE)
    until(browser, "document.readyState === 'complete' && document.querySelector('#remark') !== null")
    browser.keys(Keys.F2)
    until(browser, "document.activeElement.id === 'remark'")
    browser.keys("Please give the date.")
    browser.keys(Keys.F2)
    until(browser, "document.querySelector('.done') !== null")
    table = Report.__table__
    with reviewing.centre.store.read() as connection:
        state = connection.execute(table.select().where(table.c.id == case.report)).one().state
    assert state == "returned"
    assert browser.look("document.documentElement.scrollWidth <= window.innerWidth")
    assert browser.look("navigator.plugins.length") in {0, 5}, (
        "none but the browser's own names of its PDF viewer"
    )
    assert browser.complaints() == [], "no script or policy error"


@pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="chromium and chromedriver are not installed")
def test_a_reviewer_works_by_keys_in_chromium(reviewing, tmp_path):
    browser = Chromium(tmp_path / "chromium")
    try:
        journey(browser, reviewing, "王建国")
    finally:
        browser.close()


@pytest.mark.deep
@pytest.mark.skipif(not FIREFOX, reason="firefox is not installed")
def test_a_reviewer_works_by_keys_in_firefox(reviewing, tmp_path):
    browser = Firefox(tmp_path / "firefox")
    try:
        journey(browser, reviewing, "李大海")
    finally:
        browser.close()
