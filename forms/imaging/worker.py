"""The decoder's process: reads what it is sent, answers with pictures or with the reason why not, and may die.

It reads no file and opens no store: bytes come by the pipe, plain values go back (msgpack, never pickled objects).
"""

import logging
import warnings
from io import BytesIO
from multiprocessing.connection import Connection
from typing import Any

import msgspec

from domain.kernel.errors import DomainError
from forms.imaging.shapes import AECG, DICOM, MOST_PIXELS, PDF, Asked, Facts, Frame, Told

MOST_MEMORY = 3 << 30
"""Address space of the process where the system can bound it: a file that asks for more is refused."""
MOST_SIDE = 4096
PAGE_SCALE = 2.0


def run(connection: Connection) -> None:
    """Serve one parent until it closes the pipe (the target of a spawned process)."""
    _bound_memory()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)  # what is wrong with a file is told by the answer
    opened = Opened()
    encoder, decoder = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder(Asked)
    while True:
        try:
            asked = decoder.decode(connection.recv_bytes())
        except (EOFError, OSError):
            return
        told = opened.answer(asked)
        try:
            connection.send_bytes(encoder.encode(told))
        except OSError:
            return


class Opened:
    """The file that was sent last, read once however many of its frames are asked for."""

    def __init__(self) -> None:
        self._reader: Any = None

    def answer(self, asked: Asked) -> Told:
        """Return facts and picture, or the code of what is wrong."""
        try:
            if asked.content is not None:
                self._reader = None
                self._reader = _reader_of(asked.media_type, asked.content)
            told: Told = self._reader.read(asked.index, asked.facts_only)
        except DomainError as error:
            return Told(problem=error.code)
        except MemoryError:
            self._reader = None
            return Told(problem="imaging.too_large")
        except Exception:  # noqa: BLE001  (whatever a broken file does to a library, it is a broken file)
            return Told(problem="imaging.broken")
        return told


def _reader_of(media_type: str, content: bytes) -> Any:
    if media_type == DICOM:
        return _Dicom(content)
    if media_type == AECG:
        return _Ecg(content)
    return _Pdf(content) if media_type == PDF else _Photo(content)


class _Ecg:
    def __init__(self, content: bytes) -> None:
        from forms.imaging.aecg import Aecg

        self._read = Aecg(content)

    def read(self, _index: int, facts_only: bool) -> Told:
        return Told(facts=self._read.facts, waveform=None if facts_only else self._read.waveform())


class _Dicom:
    def __init__(self, content: bytes) -> None:
        from forms.imaging.dicom import facts_of, open_dicom

        self._dataset = open_dicom(content)
        self._facts = facts_of(self._dataset)

    def read(self, index: int, facts_only: bool) -> Told:
        from forms.imaging.dicom import frame_of, waveform_of

        if facts_only:
            return Told(facts=self._facts)
        if self._facts.kind == "waveform":
            return Told(facts=self._facts, waveform=waveform_of(self._dataset))
        return Told(facts=self._facts, frame=frame_of(self._dataset, index))


class _Pdf:
    def __init__(self, content: bytes) -> None:
        import pypdfium2

        try:
            self._document = pypdfium2.PdfDocument(content)
        except pypdfium2.PdfiumError as error:
            raise DomainError("imaging.locked" if b"/Encrypt" in content else "imaging.broken") from error
        self._document.init_forms()

    def read(self, index: int, facts_only: bool) -> Told:
        count = len(self._document)
        if not 0 <= index < count:
            raise DomainError("imaging.no_frame")
        page = self._document[index]
        scale = min(PAGE_SCALE, MOST_SIDE / max(*page.get_size(), 1.0))
        facts = Facts(kind="pdf", frames=count)
        if facts_only:
            return Told(facts=facts)
        picture = page.render(scale=scale).to_pil().convert("RGB")
        return Told(facts=facts, frame=_of_picture(picture))


class _Photo:
    def __init__(self, content: bytes) -> None:
        from PIL import Image, ImageOps

        Image.MAX_IMAGE_PIXELS = MOST_PIXELS
        picture = Image.open(BytesIO(content))
        if picture.width * picture.height > MOST_PIXELS:
            raise DomainError("imaging.too_large")
        picture.draft("RGB", (MOST_SIDE, MOST_SIDE))
        try:
            picture.load()
        except OSError as error:
            raise DomainError("imaging.truncated") from error
        picture.thumbnail((MOST_SIDE, MOST_SIDE))
        self._picture = ImageOps.exif_transpose(picture).convert("RGB")

    def read(self, _index: int, facts_only: bool) -> Told:
        facts = Facts(kind="photo", rows=self._picture.height, columns=self._picture.width)
        return Told(facts=facts, frame=None if facts_only else _of_picture(self._picture))


def _of_picture(picture: Any) -> Frame:
    return Frame(rows=picture.height, columns=picture.width, form="rgb", pixels=picture.tobytes())


def _bound_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows; there the limits of file and frame alone bound it
        return
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
