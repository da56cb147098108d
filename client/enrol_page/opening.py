"""Showing the page of the first start: loaded by an empty machine only."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QCoreApplication

from client.background import Jobs
from client.enrol_page.view import EnrolView
from client.enrol_page.viewmodel import EnrolModel
from client.home import Home
from client.machine_settings import machine_setup
from client.settings import Settings
from domain.kernel.texts import Texts


def show_enrol(
    window: Any, home: Home, settings: Settings, texts: Texts, jobs: Jobs, joined: Callable[[], None]
) -> None:
    """Let an empty machine join; `joined` goes on as if it had always been one of ours.

    What the installer was given (`client.machine_settings.Setup`) is tried once by itself.
    """
    if window.enrol is None:
        page = EnrolView(EnrolModel(home, settings, texts, jobs, window))
        page.model.joined.connect(joined)
        page.leave.connect(window.close)
        if (program := QCoreApplication.instance()) is not None:
            program.aboutToQuit.connect(page.model.stop)  # however the window was closed
        window.set_enrol(page)
        window.show_enrol()
        setup = machine_setup()
        if setup.joins:
            page.begin(setup)
        return
    window.show_enrol()
