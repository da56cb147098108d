"""The camera of this workstation, by its setting.

``camera`` is empty for the system's default, ``off`` where none shall be used, ``files:FOLDER`` for the simulator,
else part of a camera's name (a desk may have two).
"""

import importlib
from pathlib import Path

from PySide6.QtCore import QObject

from client.camera.camera import Camera
from domain.kernel.errors import UnavailableError

OFF, FILES = "off", "files:"


def load_camera(setting: str) -> None:
    """Load what a camera needs, so that opening one does not hold the screen; off the UI thread.

    Raises:
        UnavailableError: ``camera.off``; ``camera.no_support``: the module or a library of the system is missing.
    """
    if setting == OFF:
        raise UnavailableError("camera.off")
    if setting.startswith(FILES):
        return
    try:
        importlib.import_module("client.camera.system")
    except ImportError as error:
        raise UnavailableError("camera.no_support", reason=str(error)) from error


def open_camera(setting: str, parent: QObject | None = None) -> Camera:
    """Return the camera that is set, not started; call `load_camera` before."""
    if setting.startswith(FILES):
        from client.camera.from_files import FileCamera

        return FileCamera(Path(setting.removeprefix(FILES)), parent)
    from client.camera.system import SystemCamera

    return SystemCamera(setting, parent)
