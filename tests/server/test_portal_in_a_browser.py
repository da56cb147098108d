"""The client's pages in WeChat in a real browser, on a phone's screen: from the menu to a report, without scripts."""

import pytest
from selenium.webdriver.common.by import By

from domain.shop.commands import PublishOffer
from tests.server.conftest import running_copy
from tests.server.test_client_pages_in_a_browser import browser, pytestmark, shot, until  # noqa: F401
from tests.server.test_portal import CHANNELS, a_link, assessed, vendors  # noqa: F401

HOST = "127.0.0.1"


@pytest.fixture
def server(prepared, vendors, tmp_path):  # noqa: F811
    home = tmp_path / "home"
    home.mkdir()
    urls = {name: vendor.url for name, vendor in vendors.items()}
    own = CHANNELS.replace('public_url = "http://phone.example"', "")
    (home / "channels.toml").write_text(own.format(**urls), "utf-8")
    (home / "secrets").mkdir()
    (home / "secrets" / "wechat").write_text(vendors["oa"].secret, "utf-8")
    with running_copy(prepared, home, secrets_dir=home / "secrets") as found:
        yield found


def fits(page):
    """Whether nothing has to be pushed sideways on this screen."""
    return page.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")


def test_from_the_menu_to_the_report_on_a_slow_line(server, browser, until):  # noqa: F811
    token = a_link(server, assessed(server, "周手机"))
    browser.set_network_conditions(latency=300, download_throughput=30_000, upload_throughput=30_000)
    browser.get(f"{server.api.url}/w/oa")
    until(lambda: browser.find_elements(By.ID, "link"))
    assert fits(browser)
    shot(browser, "portal-bind")
    browser.find_element(By.ID, "link").send_keys(f"{server.api.url}/p/{token}")
    browser.find_element(By.ID, "birth_date").send_keys("19800501")
    browser.find_element(By.CSS_SELECTOR, '[name="relation"][value="self"]').click()
    browser.find_element(By.CSS_SELECTOR, "button.main").click()
    until(lambda: browser.find_elements(By.ID, "why-agreed"))
    assert browser.find_element(By.CSS_SELECTOR, '[value="self"]').is_selected()
    browser.find_element(By.ID, "birth_date").send_keys("19800501")
    browser.find_element(By.CSS_SELECTOR, '[name="agreed"]').click()
    browser.find_element(By.CSS_SELECTOR, "button.main").click()
    until(lambda: browser.find_elements(By.PARTIAL_LINK_TEXT, "健康风险评估报告"))
    assert fits(browser)
    shot(browser, "portal-home")
    asked = browser.execute_script("return performance.getEntriesByType('resource').map(one => one.name)")
    assert all(one.startswith(server.api.url) for one in asked), "nothing is fetched from elsewhere"
    browser.find_element(By.PARTIAL_LINK_TEXT, "健康风险评估报告").click()
    until(lambda: "还没算的" in browser.page_source)
    assert fits(browser)


def test_asking_and_buying_fit_a_phone(server, browser, until, tmp_path):  # noqa: F811
    server.as_system(
        PublishOffer(package="年度健康管理", price_yuan=299.5, days=365, content="全年随访\n专属健康管理师")
    )
    token = a_link(server, assessed(server, "周咨询"))
    browser.get(f"{server.api.url}/w/oa/bind?t={token}")
    until(lambda: browser.find_elements(By.ID, "birth_date"))
    browser.find_element(By.ID, "birth_date").send_keys("19800501")
    for box in ('[name="relation"][value="self"]', '[name="agreed"]', "button.main"):
        browser.find_element(By.CSS_SELECTOR, box).click()
    until(lambda: browser.find_elements(By.PARTIAL_LINK_TEXT, "在线咨询"))
    home = browser.current_url
    browser.find_element(By.PARTIAL_LINK_TEXT, "在线咨询").click()
    until(lambda: browser.find_elements(By.ID, "say"))
    picture = tmp_path / "药盒.jpg"
    picture.write_bytes(b"\xff\xd8\xff\xe0" + b"picture" * 20)
    browser.find_element(By.ID, "say").send_keys("这个药饭前吃还是饭后吃？")
    browser.find_element(By.ID, "file").send_keys(str(picture))
    browser.find_element(By.CSS_SELECTOR, "button.main").click()
    until(lambda: "打开图片" in browser.page_source)
    assert fits(browser)
    shot(browser, "portal-consult")
    browser.get(home)
    until(lambda: browser.find_elements(By.PARTIAL_LINK_TEXT, "签约服务"))
    browser.find_element(By.PARTIAL_LINK_TEXT, "签约服务").click()
    until(lambda: browser.find_elements(By.CSS_SELECTOR, "button.main"))
    assert fits(browser)
    shot(browser, "portal-services")
    browser.find_element(By.CSS_SELECTOR, "button.main").click()
    until(lambda: "待支付" in browser.page_source)
    assert fits(browser)
    shot(browser, "portal-order")
