"""Chromium by its driver, Firefox by WebDriver BiDi over its own socket: to go somewhere, look, and press keys."""

import json
import os
import re
import shutil
import subprocess

from selenium import webdriver
from selenium.webdriver.common.keys import Keys
from websocket import create_connection

from tests.fixtures.patience import PATIENCE_S

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
QUIET = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
    "--force-device-scale-factor=1", "--no-proxy-server", "--window-size=1366,768",
)  # fmt: skip


class Chromium:
    """Headless Chromium; `keys` go to what has the focus."""

    def __init__(self, folder):
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for one in (*QUIET, f"--user-data-dir={folder}"):
            options.add_argument(one)
        self.driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))

    def go(self, url):
        self.driver.get(url)

    def look(self, expression):
        return self.driver.execute_script(f"return {expression}")

    def keys(self, *pressed):
        webdriver.ActionChains(self.driver).send_keys(*pressed).perform()

    def complaints(self):
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def shot(self, name):
        if folder := os.environ.get("AFTERCHECK_SHOTS"):
            self.driver.save_screenshot(f"{folder}/{name}.png")

    def close(self):
        self.driver.quit()


class Firefox:
    """Headless Firefox, no driver in between."""

    def __init__(self, folder):
        command = [
            FIREFOX,
            "--headless",
            "--no-remote",
            "--profile",
            str(folder),
            "--remote-debugging-port",
            "0",
        ]
        folder.mkdir()
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=_plain_env())
        at = next(found[1] for line in self._process.stderr if (found := re.search(r"(ws://\S+)", line)))
        self._socket = create_connection(
            f"{at.rstrip('/')}/session", timeout=PATIENCE_S, suppress_origin=True
        )
        self._number = 0
        self._call("session.new", capabilities={})
        self._context = self._call("browsingContext.getTree")["contexts"][0]["context"]

    def go(self, url):
        self._call("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def look(self, expression):
        given = {"target": {"context": self._context}, "awaitPromise": False}
        answer = self._call("script.evaluate", expression=f"JSON.stringify({expression})", **given)
        assert answer["type"] == "success", answer
        told = answer["result"]
        return json.loads(told["value"]) if told.get("type") == "string" else None

    def keys(self, *pressed):
        strokes = [
            {"type": kind, "value": key} for one in pressed for key in one for kind in ("keyDown", "keyUp")
        ]
        actions = [{"type": "key", "id": "keyboard", "actions": strokes}]
        self._call("input.performActions", context=self._context, actions=actions)

    def complaints(self):
        return []

    def shot(self, _name):
        return None

    def close(self):
        self._socket.close()
        self._process.kill()
        self._process.wait()
        self._process.stderr.close()

    def _call(self, method, **params):
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            told = json.loads(self._socket.recv())
            if told.get("id") == self._number:
                assert told["type"] == "success", told
                return told["result"]


def _plain_env():
    return {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")} | {"MOZ_HEADLESS": "1"}


__all__ = ["CHROMIUM", "DRIVER", "FIREFOX", "Chromium", "Firefox", "Keys"]
