"""Files of a case drawn at the server: PNG with a window, ECG as SVG, pages; an image of another is refused."""

import threading
from collections import OrderedDict
from typing import Annotated

from fastapi import Depends, Request

from domain.checkup.image_identity import Match, Verdict, compare
from domain.kernel.errors import DomainError, UnavailableError
from forms.imaging.decoder import Decoder
from forms.imaging.shapes import AECG, DICOM, Told
from server.api.dependencies import CentreDep
from server.centre import Centre
from server.review.reading import Case

MOST_WEB_BYTES = 128 << 20
KEPT_BYTES = 96 << 20
"""What was decoded last is kept, so that a change of the window waits for no decoding."""


class Pictures:
    """Decodes for one server process, one picture at a time, in a process of its own."""

    def __init__(self, centre: Centre) -> None:
        self._centre = centre
        self._decoder = Decoder()
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, int], Told] = OrderedDict()
        self._expected = threading.Event()

    def expect(self) -> None:
        """Start the process beside the first case that is looked at: its picture shall not wait for libraries."""
        if not self._expected.is_set():
            self._expected.set()
            threading.Thread(target=self._decoder.warm_up, name="decoder start", daemon=True).start()

    def told(self, sha256: str, media_type: str, size: int, index: int) -> Told:
        """Return one frame, page or waveform of a file.

        Raises:
            UnavailableError: ``review_page.not_here``: its bytes have not come; ``blob.damaged``; ``imaging.died``.
            DomainError: ``imaging.*``.
        """
        key = (sha256, index)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        if not self._centre.blobs.has(sha256):
            raise UnavailableError("review_page.not_here")
        if size > MOST_WEB_BYTES:
            raise DomainError("imaging.too_large")
        told = self._decoder.decode(sha256, media_type, self._centre.blobs.get(sha256), index)
        with self._lock:
            self._kept[key] = told
            while len(self._kept) > 1 and sum(_bytes(t) for t in self._kept.values()) > KEPT_BYTES:
                self._kept.popitem(last=False)
        return told

    def close(self) -> None:
        self._decoder.close()


def verdict(case: Case, media_type: str, told: Told) -> Verdict:
    """Return whether a file is of the case's client; DICOM and aECG say whose they are."""
    facts = told.facts
    if media_type not in {AECG, DICOM} or facts is None:
        return Verdict(Match.SAME)
    return compare(
        case.shown, patient_id=facts.patient_id, name=facts.patient_name, birth_date=facts.birth_date,
        sex=facts.sex, accession=facts.accession, study_uid=facts.study_uid,
    )  # fmt: skip


def _bytes(told: Told) -> int:
    frame = 0 if told.frame is None else len(told.frame.pixels)
    wave = 0 if told.waveform is None else sum(len(lead.values) * 8 for lead in told.waveform.leads)
    return frame + wave


def pictures_of(request: Request, centre: CentreDep) -> Pictures:
    """Return the pictures of a server process, made when first asked for."""
    found: Pictures | None = getattr(request.app.state, "pictures", None)
    if found is None:
        found = request.app.state.pictures = Pictures(centre)
    return found


PicturesDep = Annotated[Pictures, Depends(pictures_of)]
