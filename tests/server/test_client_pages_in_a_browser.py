"""The client's page in a real browser, on a phone's screen: what follows appears at once, a lost line is told."""

import os
import shutil

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait
from sqlalchemy import select

from domain.checkup.records import QuestionnaireResponse
from domain.links.records import PersonLink
from tests.fixtures.patience import PATIENCE_S
from tests.server.phone import a_client, handed_over

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="chromium and chromedriver are not installed"
)
QUIET = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
    "--force-device-scale-factor=1", "--no-proxy-server",
)  # fmt: skip


@pytest.fixture
def browser(tmp_path):
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for one in (*QUIET, f"--user-data-dir={tmp_path / 'browser'}"):
        options.add_argument(one)
    found = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    found.set_window_size(390, 844)
    yield found
    found.quit()


@pytest.fixture
def until(browser):
    waiting = WebDriverWait(browser, PATIENCE_S, ignored_exceptions=[StaleElementReferenceException])
    return lambda holds: waiting.until(lambda _browser: holds())


def shot(browser, name):
    """Keep a picture where somebody wants to look at it."""
    if folder := os.environ.get("AFTERCHECK_SHOTS"):
        browser.save_screenshot(f"{folder}/{name}.png")


def pick(browser, name, value):
    """Choose an option as a thumb does, on its label; the page may be drawn anew under the thumb."""

    def tapped(_browser):
        box = browser.find_element(By.CSS_SELECTOR, f'[name="{name}"][value="{value}"]')
        box.find_element(By.XPATH, "..").click()
        return True

    WebDriverWait(browser, PATIENCE_S, ignored_exceptions=[StaleElementReferenceException]).until(tapped)


def press(browser, value):
    """Press a button; the page may be drawn anew under the thumb."""

    def pressed(_browser):
        browser.find_element(By.CSS_SELECTOR, f'button[value="{value}"]').click()
        return True

    WebDriverWait(browser, PATIENCE_S, ignored_exceptions=[StaleElementReferenceException]).until(pressed)


def has(browser, name):
    return bool(browser.find_elements(By.CSS_SELECTOR, f'[name="{name}"]'))


def kept(server, link):
    with server.centre.store.read() as connection:
        return str(connection.execute(select(PersonLink.draft).where(PersonLink.id == link)).scalar_one())


def begun(server, browser, until, form):
    patient = a_client(server)
    token, link = handed_over(server, patient, form=form)
    browser.get(f"{server.api.url}/p/{token}")
    shot(browser, f"{form}-verify")
    browser.find_element(By.ID, "birth_date").send_keys("19800501")
    browser.find_element(By.CSS_SELECTOR, "button.main").click()
    until(lambda: browser.find_elements(By.CSS_SELECTOR, "#form fieldset"))
    return patient, link


def test_a_client_answers_on_a_phone_and_what_follows_appears_at_once(server, browser, until):
    _, link = begun(server, browser, until, "ascvd")
    pick(browser, "smoking", "never")
    until(lambda: not has(browser, "cig-per-day"))
    pick(browser, "smoking", "current")
    until(lambda: has(browser, "cig-per-day"))
    until(lambda: "current" in kept(server, link))
    shot(browser, "ascvd-page")
    # A slow answer of the server meets what is being typed: it does not sweep it away.
    browser.execute_script(
        "const send = window.fetch; window.fetch = (...all) => send(...all).then("
        "(got) => new Promise((go) => setTimeout(() => go(got), 1500)))"
    )
    pick(browser, "urban", "true")
    browser.find_element(By.CSS_SELECTOR, '[name="cig-per-day"]').send_keys("20")
    pick(browser, "region-north", "true")
    until(lambda: "20" in kept(server, link) and "region-north" in kept(server, link))
    assert browser.find_element(By.CSS_SELECTOR, '[name="cig-per-day"]').get_property("value") == "20"
    pick(browser, "smoking", "never")
    until(lambda: not has(browser, "cig-per-day"))
    width = browser.execute_script("return document.documentElement.scrollWidth - window.innerWidth")
    assert width <= 0, "nothing to scroll sideways"
    assert browser.get_log("browser") == [], "no script or policy error"


def test_a_form_goes_from_the_first_page_to_thanks_with_its_score(server, browser, until):
    patient, link = begun(server, browser, until, "phq9")
    for name in (
        "interest",
        "mood",
        "sleep",
        "energy",
        "appetite",
        "guilt",
        "attention",
        "pace",
        "self-harm",
    ):
        pick(browser, name, "none")
    until(lambda: "self-harm" in kept(server, link))
    press(browser, "next")
    until(lambda: has(browser, "effect"))
    pick(browser, "effect", "none")
    press(browser, "finish")
    until(lambda: browser.find_elements(By.CLASS_NAME, "done"))
    shot(browser, "phq9-done")
    with server.centre.store.read() as connection:
        answered = select(QuestionnaireResponse.score).where(QuestionnaireResponse.patient_id == patient)
        assert connection.execute(answered).scalars().all() == [0.0]


def test_a_lost_line_is_told_and_the_answer_goes_out_when_it_is_back(server, browser, until):
    _, link = begun(server, browser, until, "phq9")
    browser.set_network_conditions(offline=True, latency=0, throughput=0)
    pick(browser, "interest", "most")
    until(lambda: browser.find_elements(By.ID, "line-lost"))
    shot(browser, "line-lost")
    assert "most" not in kept(server, link)
    browser.set_network_conditions(offline=False, latency=0, throughput=10 << 20)
    until(lambda: "most" in kept(server, link))
    until(lambda: not browser.find_elements(By.ID, "line-lost"))
