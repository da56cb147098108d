"""A branch sends a consent, a client signs it by finger in a real browser, it comes back by sync and is witnessed."""

import hashlib
import secrets
from types import SimpleNamespace

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.actions.pointer_input import PointerInput
from selenium.webdriver.common.by import By
from sqlalchemy import select

from domain.consent.records import Consent, ConsentFile
from domain.consent.remote_commands import SendRemoteConsent
from domain.consent.remote_records import RemoteConsent
from forms.consenting.envelope import is_locked
from forms.consenting.remote import check_remote, witness_remote
from forms.consenting.signing import verify_consent
from tests.server.studying import a_study
from tests.server.test_a_form_by_phone_to_report import Branch
from tests.server.test_client_pages_in_a_browser import CHROMIUM, DRIVER, browser, shot, until

assert browser, until  # fixtures
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="chromium and chromedriver are not installed"
)
AIM, RIGHTS = "了解体检人群的代谢健康。" * 60, "标本编码保存。" * 80
BODY = f"# 研究目的\n{AIM}\n# 您的权利\n- 可以随时退出，不影响任何医疗服务。\n{RIGHTS}"


def press(browser, until, value):
    """Press a button once the page lets it be pressed; a finger scrolls to it first."""

    def pressed():
        button = browser.find_element(By.CSS_SELECTOR, f'button[value="{value}"]')
        browser.execute_script("arguments[0].scrollIntoView({block: 'end'})", button)
        if not button.is_enabled():
            return False
        button.click()
        return True

    until(pressed)


def step(browser):
    return browser.find_element(By.TAG_NAME, "progress").get_attribute("value")


def draw(browser):
    """Write with a finger."""
    canvas = browser.find_element(By.CSS_SELECTOR, ".sign canvas")
    ActionChains(browser).scroll_to_element(canvas).perform()
    finger = ActionBuilder(browser, mouse=PointerInput("touch", "finger"))
    finger.pointer_action.move_to(canvas, -100, -20).pointer_down()
    for step in range(10):
        finger.pointer_action.move_to(canvas, -90 + 20 * step, 30 if step % 2 else -30)
    finger.pointer_action.pointer_up()
    finger.perform()


def rows(branch, record):
    with branch.store.read() as connection:
        return connection.execute(select(record.__table__)).all()


def test_from_the_branch_to_the_finger_and_back_to_the_witness(
    run_copy, tmp_path, store, request, browser, until
):
    with run_copy(tmp_path / "centre") as server:
        branch = Branch(server, store, tmp_path)
        request.addfinalizer(branch.close)
        branch.sync.exchange()
        here = SimpleNamespace(
            as_system=branch.run,
            orgs=server.orgs,
            centre=SimpleNamespace(clock=server.clock, identity=branch.actor),
        )
        made = a_study(here, name="王远程", body=BODY)
        token = secrets.token_urlsafe(16)
        digest = hashlib.sha256(token.encode()).hexdigest()
        branch.run(SendRemoteConsent(subject_id=made.subject, signer_name="王远程", token_sha256=digest))
        branch.sync.exchange()

        browser.get(f"{server.api.url}/p/{token}")
        shot(browser, "consent-verify")
        browser.find_element(By.ID, "birth_date").send_keys("19900307")
        browser.find_element(By.ID, "digits").send_keys("002x")
        browser.find_element(By.CSS_SELECTOR, "button.main").click()
        until(lambda: browser.find_elements(By.CLASS_NAME, "document"))
        next_ = browser.find_element(By.CSS_SELECTOR, 'button[value="next"]')
        assert not next_.is_enabled(), "the end has not been in sight"
        shot(browser, "consent-part")
        while browser.find_elements(By.CSS_SELECTOR, 'button[value="next"]'):
            before = step(browser)
            press(browser, until, "next")
            until(lambda before=before: step(browser) != before)
        for use in ("collect", "store", "data", "genetic", "recontact"):
            word = "no" if use == "genetic" else "yes"
            box = browser.find_element(By.CSS_SELECTOR, f'[name="use-{use}"][value="{word}"]')
            box.find_element(By.XPATH, "..").click()
        browser.find_element(By.NAME, "understood").find_element(By.XPATH, "..").click()
        shot(browser, "consent-choices")
        press(browser, until, "choose")
        until(lambda: browser.find_elements(By.CSS_SELECTOR, ".sheet img"))
        until(
            lambda: browser.execute_script(
                "return [...document.images].every((one) => one.naturalWidth > 600)"
            )
        )
        shot(browser, "consent-sheet")
        width = browser.execute_script("return document.documentElement.scrollWidth - window.innerWidth")
        assert width <= 0, "nothing to scroll sideways but inside a sheet"
        draw(browser)
        shot(browser, "consent-hand")
        press(browser, until, "sign")
        until(lambda: browser.find_elements(By.CLASS_NAME, "done"))
        shot(browser, "consent-done")
        assert browser.get_log("browser") == [], "no script or policy error"

        branch.sync.exchange()
        [waits] = rows(branch, RemoteConsent)
        assert waits.state == "signed"
        for job in server.centre.housekeeping.jobs:
            if job.name == "consent_keys":
                job.work()
        with pytest.raises(Exception, match=r"consent\.no_key"):
            check_remote(branch.desk, branch.actor, waits.id)  # and so this workstation tells its key
        branch.sync.exchange()
        for job in server.centre.housekeeping.jobs:
            if job.name == "consent_keys":
                job.work()
        branch.sync.exchange()
        _, found, content = check_remote(branch.desk, branch.actor, waits.id)
        assert found.sound
        assert found.sha256 == waits.sha256
        consent_id = witness_remote(branch.desk, branch.actor, waits.id)
        branch.sync.exchange()
        with server.centre.store.read() as connection:
            kept = connection.execute(select(Consent.__table__)).one()
            file = connection.execute(select(ConsentFile.__table__)).one()
        assert (kept.id, kept.way, "genetic" in kept.uses) == (consent_id, "phone", False)
        assert is_locked(file.content)
        checked, again = verify_consent(server.centre.dispatcher, made.actor, consent_id)
        assert checked.faults == ()
        assert again.startswith(content)
        assert {one.by for one in checked.seals} != {checked.seals[0].by}, "two places sealed it"
        [remote] = rows(branch, RemoteConsent)
        assert remote.state == "kept"
