"""A phone's camera and a finger, in a real browser: told before anything is sent, kept at once, one response."""
# ruff: noqa: F811  (fixtures of another module)

import os

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from sqlalchemy import select

from domain.checkup.records import Attachment, QuestionnaireResponse
from forms.signing import picture_of
from tests.server.phone import a_client, handed_over
from tests.server.test_client_files import JPEG, house  # noqa: F401
from tests.server.test_client_pages_in_a_browser import browser, kept, pick, pytestmark, shot, until  # noqa: F401


@pytest.fixture
def opened(server, browser, until):
    patient = a_client(server)
    token, link = handed_over(server, patient, form="house", version="1.0.0")
    browser.get(f"{server.api.url}/p/{token}")
    browser.find_element(By.ID, "birth_date").send_keys("19800501")
    browser.find_element(By.CSS_SELECTOR, "button.main").click()
    until(lambda: browser.find_elements(By.CSS_SELECTOR, "#form fieldset"))
    return patient, link


def choose(browser, place, *paths):
    box = browser.find_element(By.CSS_SELECTOR, f'[data-place="{place}"] input[type=file]')
    box.send_keys("\n".join(str(path) for path in paths))


def text(browser):
    return browser.find_element(By.TAG_NAME, "main").text


def write(browser):
    canvas = browser.find_element(By.CSS_SELECTOR, ".sign canvas")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", canvas)
    hand = ActionChains(browser, duration=5).move_to_element_with_offset(canvas, -80, 0).click_and_hold()
    for step in range(8):
        hand = hand.move_by_offset(14, 20 if step % 2 else -20)
    hand.release().perform()


def test_photo_and_signature_go_with_the_form(server, browser, until, opened, tmp_path):
    patient, link = opened
    big, virus, good = tmp_path / "big.jpg", tmp_path / "run.exe", tmp_path / "pressure.jpg"
    big.write_bytes(JPEG)
    os.truncate(big, 50_000_000)
    virus.write_bytes(b"MZ" + bytes(100))
    good.write_bytes(JPEG + os.urandom(5000))
    choose(browser, "photo", big)
    until(lambda: "50.0 MB" in text(browser))
    assert "20.0 MB" in text(browser)
    choose(browser, "photo", virus)
    until(lambda: "不是可以上传的类型" in text(browser))
    shot(browser, "photo-refused")
    choose(browser, "photo", good)
    until(lambda: "pressure.jpg" in kept(server, link))
    until(lambda: browser.find_elements(By.CSS_SELECTOR, '[name="~drop"]'))
    pick(browser, "consent", "true")
    until(lambda: "true" in kept(server, link).lower())
    write(browser)
    until(lambda: browser.find_elements(By.CSS_SELECTOR, ".sign img"))
    shot(browser, "photo-signed")
    browser.find_element(By.CSS_SELECTOR, 'button[value="finish"]').click()
    until(lambda: browser.find_elements(By.CLASS_NAME, "done"))
    with server.centre.store.read() as connection:
        table = QuestionnaireResponse.__table__
        response = connection.execute(select(table).where(table.c.patient_id == patient)).one()
        files = Attachment.__table__
        [file] = connection.execute(select(files).where(files.c.subject_id == response.id)).all()
    assert server.centre.blobs.get(file.sha256) == good.read_bytes()
    [signed] = [one["valueSignature"] for one in response.answers["extension"] if "valueSignature" in one]
    assert len(picture_of(signed)) > 500
    assert browser.get_log("browser") == [], "no script or policy error"


@pytest.mark.deep
def test_a_photo_goes_out_when_the_line_is_back(server, browser, until, opened, tmp_path):
    _, link = opened
    good = tmp_path / "pressure.jpg"
    good.write_bytes(JPEG + os.urandom(5000))
    browser.set_network_conditions(offline=True, latency=0, throughput=0)
    choose(browser, "photo", good)
    until(lambda: "网络不通" in text(browser))
    assert "pressure" not in kept(server, link)
    browser.set_network_conditions(offline=False, latency=0, throughput=10 << 20)
    until(lambda: "pressure.jpg" in kept(server, link))
