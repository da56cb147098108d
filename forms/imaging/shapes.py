"""What a decoded file is, as plain values that come whole from another process."""

import msgspec

DICOM, PDF = "application/dicom", "application/pdf"
AECG = "application/vnd.hl7.aecg+xml"
"""HL7 gives aECG no media type of its own; this one is ours."""
MOST_FILE_BYTES = 512 << 20
"""A larger file is told to be too large for this screen; it still opens in the system's own viewer."""
MOST_PIXELS = 100_000_000
"""Of one frame: what a file claims beyond it is refused before any memory is asked for."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says of itself; text is empty where it says nothing.

    `spacing` is millimetres between rows and between columns, None where the file does not tell; `spacing_kind` is
    ``patient`` (PixelSpacing, regions of ultrasound) or ``detector`` (ImagerPixelSpacing: magnified by the beam).
    `sides` names what lies at the left, right, top and bottom edge (R, L, A, P, H, F of PS3.3 C.7.6.1.1.1).
    `birth_date` is YYYYMMDD, `position` millimetres along the normal of the slices.
    """

    kind: str
    patient_id: str = ""
    patient_name: str = ""
    birth_date: str = ""
    sex: str = ""
    study_uid: str = ""
    series_uid: str = ""
    accession: str = ""
    modality: str = ""
    body_part: str = ""
    laterality: str = ""
    description: str = ""
    study_date: str = ""
    series_number: int = 0
    instance_number: int = 0
    position: float | None = None
    frames: int = 1
    rows: int = 0
    columns: int = 0
    spacing: tuple[float, float] | None = None
    spacing_kind: str = ""
    sides: tuple[str, str, str, str] = ("", "", "", "")


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """One picture. `pixels` are rows of ``rgb`` (3 bytes a pixel), ``i2`` or ``f4`` (values after the rescale).

    `windows` are centre and width with their name, the file's own first; `inverted` is MONOCHROME1. `unit` is HU
    where the values are Hounsfield units.
    """

    rows: int
    columns: int
    form: str
    pixels: bytes
    windows: tuple[tuple[str, float, float], ...] = ()
    inverted: bool = False
    unit: str = ""


class Lead(msgspec.Struct, frozen=True, kw_only=True):
    """One channel of an electrocardiogram: values in millivolt."""

    name: str
    values: tuple[float, ...]


class Waveform(msgspec.Struct, frozen=True, kw_only=True):
    """Leads that were recorded together at `rate` samples a second."""

    rate: float
    leads: tuple[Lead, ...]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the decoder is asked: `content` is None when it is the file it was given last."""

    media_type: str
    content: bytes | None
    index: int = 0
    facts_only: bool = False


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What the decoder answers: `problem` is the code of the sentence that says why there is nothing to see."""

    facts: Facts | None = None
    frame: Frame | None = None
    waveform: Waveform | None = None
    problem: str = ""
