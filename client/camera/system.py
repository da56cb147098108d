"""A camera of the operating system, by Qt's multimedia module. Loaded by `opening` on first use only."""

import time

from PySide6.QtCore import QObject, Slot
from PySide6.QtMultimedia import (
    QCamera,
    QCameraDevice,
    QCameraFormat,
    QMediaCaptureSession,
    QMediaDevices,
    QVideoFrame,
    QVideoSink,
)

from client.camera.camera import FRAME_MS, Camera

WIDEST_PX = 1920
"""More is not needed to read a sheet of paper, and costs a slow desk its time."""


def device_named(name: str, devices: list[QCameraDevice]) -> QCameraDevice | None:
    """Return the camera whose description holds `name`, whatever the case; for an empty one the system's default."""
    if not name:
        default = next((one for one in devices if one.isDefault()), None)
        return default or (devices[0] if devices else None)
    return next((one for one in devices if name.lower() in one.description().lower()), None)


def best_format(formats: list[QCameraFormat]) -> QCameraFormat | None:
    """Return the largest picture that is no wider than needed, of those the fastest; None where none is told."""
    small = [one for one in formats if 0 < one.resolution().width() <= WIDEST_PX]
    by_size = sorted(
        small,
        key=lambda one: (one.resolution().width() * one.resolution().height(), one.maxFrameRate()),
    )
    return by_size[-1] if by_size else None


class SystemCamera(Camera):
    """Whatever the operating system calls a camera; `name` is part of its description, empty for the default."""

    def __init__(self, name: str = "", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._camera: QCamera | None = None
        self._last = 0.0
        self._sink = QVideoSink(self)
        self._sink.videoFrameChanged.connect(self._take)
        self._session = QMediaCaptureSession(self)
        self._session.setVideoSink(self._sink)

    def start(self) -> None:
        """Open the device; another program may have it."""
        self.stop()
        device = device_named(self._name, list(QMediaDevices.videoInputs()))
        if device is None:
            self.fail("camera.none" if not self._name else "camera.not_found", name=self._name)
            return
        camera = QCamera(device, self)
        camera.errorOccurred.connect(self._broken)
        if (wanted := best_format(list(device.videoFormats()))) is not None:
            camera.setCameraFormat(wanted)
        self._camera = camera
        self._session.setCamera(camera)
        camera.start()

    def stop(self) -> None:
        """Let go of the device, so that its light goes out and another program may have it."""
        camera, self._camera = self._camera, None
        if camera is not None:
            camera.errorOccurred.disconnect(self._broken)
            camera.stop()
            camera.deleteLater()

    @Slot(QVideoFrame)
    def _take(self, frame: QVideoFrame) -> None:
        now = time.monotonic()
        if now - self._last < FRAME_MS / 1000 or not frame.isValid():
            return
        self._last = now
        image = frame.toImage()
        if not image.isNull():
            self.frame.emit(image)

    @Slot()
    def _broken(self) -> None:
        reason = self._camera.errorString() if self._camera is not None else ""
        self.fail("camera.broken", reason=reason)
