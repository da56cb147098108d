"""Reading DICOM: facts, one frame, a waveform. Runs in the decoder's process, which may die of a broken file."""

from io import BytesIO
from typing import Any

import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.multival import MultiValue
from pydicom.pixels.processing import apply_modality_lut
from pydicom.pixels.utils import pixel_array

from domain.kernel.errors import DomainError
from forms.imaging.shapes import MOST_PIXELS, Facts, Frame, Lead, Waveform

CT_WINDOWS = (
    ("soft", 40.0, 400.0), ("lung", -600.0, 1500.0), ("bone", 500.0, 2000.0), ("brain", 40.0, 80.0),
    ("mediastinum", 40.0, 350.0), ("liver", 60.0, 160.0),
)  # fmt: skip
"""Usual windows in Hounsfield units; a reader's convenience, no value is judged by them."""
_OPPOSITE = {"R": "L", "L": "R", "A": "P", "P": "A", "H": "F", "F": "H"}
_TO_MILLIVOLT = {"V": 1000.0, "MV": 1.0, "UV": 0.001, "NV": 0.000001}


def open_dicom(content: bytes) -> Dataset:
    """Return a file's data set; DomainError ``imaging.broken`` where it is none."""
    try:
        return dcmread(BytesIO(content))
    except (InvalidDicomError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DomainError("imaging.broken") from error


def facts_of(dataset: Dataset) -> Facts:
    """Return what a file says of itself; a field that cannot be read counts as empty."""
    if "WaveformSequence" in dataset:
        kind = "waveform"
    elif "PixelData" in dataset:
        kind = "image"
    else:
        raise DomainError("imaging.no_picture")
    spacing, of = _spacing(dataset)
    return Facts(
        kind=kind,
        patient_id=_text(dataset, "PatientID"),
        patient_name=_text(dataset, "PatientName"),
        birth_date=_text(dataset, "PatientBirthDate"),
        sex=_text(dataset, "PatientSex"),
        study_uid=_text(dataset, "StudyInstanceUID"),
        series_uid=_text(dataset, "SeriesInstanceUID"),
        accession=_text(dataset, "AccessionNumber"),
        modality=_text(dataset, "Modality"),
        body_part=_text(dataset, "BodyPartExamined"),
        laterality=_text(dataset, "ImageLaterality") or _text(dataset, "Laterality"),
        description=_text(dataset, "SeriesDescription") or _text(dataset, "StudyDescription"),
        study_date=_text(dataset, "StudyDate"),
        series_number=_whole(dataset, "SeriesNumber"),
        instance_number=_whole(dataset, "InstanceNumber"),
        position=_position(dataset),
        frames=max(1, _whole(dataset, "NumberOfFrames")),
        rows=_whole(dataset, "Rows"),
        columns=_whole(dataset, "Columns"),
        spacing=spacing,
        spacing_kind=of,
        sides=_sides(dataset),
    )


def frame_of(dataset: Dataset, index: int) -> Frame:
    """Return one frame, its values rescaled as the file says.

    Raises:
        DomainError: ``imaging.too_large``, ``imaging.no_frame``, ``imaging.truncated``; ``imaging.encoding`` for a
            transfer syntax that nothing here decodes.
    """
    rows, columns = _whole(dataset, "Rows"), _whole(dataset, "Columns")
    samples = max(1, _whole(dataset, "SamplesPerPixel"))
    if not 0 < rows * columns * samples <= MOST_PIXELS:
        raise DomainError("imaging.too_large" if rows * columns else "imaging.broken")
    if not 0 <= index < max(1, _whole(dataset, "NumberOfFrames")):
        raise DomainError("imaging.no_frame")
    try:
        found = pixel_array(dataset, index=index)
    except NotImplementedError as error:
        raise DomainError("imaging.encoding") from error
    except RuntimeError as error:
        missing = "plugins" in str(error) and "missing" in str(error)
        raise DomainError("imaging.encoding" if missing else "imaging.truncated") from error
    except (ValueError, KeyError, AttributeError, EOFError, TypeError, IndexError, OSError) as error:
        raise DomainError("imaging.truncated") from error
    if samples >= 3:
        if found.dtype != np.uint8:
            found = (found >> max(0, _whole(dataset, "BitsStored") - 8)).astype(np.uint8)
        pixels = np.ascontiguousarray(found[..., :3])
        return Frame(rows=rows, columns=columns, form="rgb", pixels=pixels.tobytes())
    values = _plain(_rescaled(found, dataset))
    hounsfield = _text(dataset, "Modality") == "CT" and "RescaleSlope" in dataset
    return Frame(
        rows=rows, columns=columns, form="i2" if values.dtype == np.int16 else "f4", pixels=values.tobytes(),
        windows=_windows(dataset, values, hounsfield), unit="HU" if hounsfield else "",
        inverted=_text(dataset, "PhotometricInterpretation") == "MONOCHROME1",
    )  # fmt: skip


def waveform_of(dataset: Dataset) -> Waveform:
    """Return the recording with the longest rhythm; ``imaging.broken`` where its samples are not what it says."""
    try:
        groups = [_recorded(dataset, n) for n in range(len(dataset.WaveformSequence))]
        return max(groups, key=lambda one: (len(one.leads), len(one.leads[0].values)))
    except (ValueError, KeyError, AttributeError, TypeError, IndexError, NotImplementedError) as error:
        raise DomainError("imaging.broken") from error


def _recorded(dataset: Dataset, number: int) -> Waveform:
    item = dataset.WaveformSequence[number]
    values = dataset.waveform_array(number)  # channel sensitivity is applied
    leads = []
    for channel, one in enumerate(item.ChannelDefinitionSequence):
        unit = "V"
        if "ChannelSensitivityUnitsSequence" in one:
            unit = str(one.ChannelSensitivityUnitsSequence[0].CodeValue)
        source = one.ChannelSourceSequence[0] if "ChannelSourceSequence" in one else None
        name = str(source.get("CodeMeaning", "")) if source is not None else ""
        scaled = values[:, channel] * _TO_MILLIVOLT[unit.upper()]
        short = name.removeprefix("Lead ").removesuffix(" (Einthoven)") or str(channel + 1)
        leads.append(Lead(name=short, values=tuple(float(v) for v in scaled)))
    return Waveform(rate=float(item.SamplingFrequency), leads=tuple(leads))


def _rescaled(found: Any, dataset: Dataset) -> Any:
    functional = _functional(dataset, "PixelValueTransformationSequence")
    return apply_modality_lut(found, functional if functional is not None else dataset)


def _plain(values: Any) -> Any:
    """Return values as 16-bit integers where that loses nothing, else as 32-bit floats."""
    low, high = float(values.min()), float(values.max())
    whole = values.dtype.kind in "iu" or bool(np.all(values == np.rint(values)))
    fits = whole and low >= -32768 and high <= 32767
    return np.ascontiguousarray(values.astype(np.int16 if fits else np.float32))


def _windows(dataset: Dataset, values: Any, hounsfield: bool) -> tuple[tuple[str, float, float], ...]:
    found: list[tuple[str, float, float]] = []
    source = _functional(dataset, "FrameVOILUTSequence")
    source = source if source is not None else dataset
    centres, widths = _numbers(source, "WindowCenter"), _numbers(source, "WindowWidth")
    found += [("file", c, w) for c, w in zip(centres, widths, strict=False) if w >= 1]
    if not found:
        low, high = (float(v) for v in np.percentile(values[::4, ::4], (0.5, 99.5)))
        found.append(("auto", (low + high) / 2, max(1.0, high - low)))
    low, high = float(values.min()), float(values.max())
    found.append(("full", (low + high) / 2, max(1.0, high - low)))
    return (*found, *(CT_WINDOWS if hounsfield else ()))


def _spacing(dataset: Dataset) -> tuple[tuple[float, float] | None, str]:
    measures = _functional(dataset, "PixelMeasuresSequence")
    for source, name, kind in (
        (measures, "PixelSpacing", "patient"), (dataset, "PixelSpacing", "patient"),
        (dataset, "ImagerPixelSpacing", "detector"),
    ):  # fmt: skip
        pair = _numbers(source, name) if source is not None else []
        if len(pair) == 2 and min(pair) > 0:
            return (pair[0], pair[1]), kind
    regions = dataset.get("SequenceOfUltrasoundRegions") or []
    if len(regions) == 1 and regions[0].get("PhysicalUnitsXDirection") == 3:  # centimetres
        pair = [abs(float(regions[0].get(f"PhysicalDelta{axis}") or 0)) * 10 for axis in "YX"]
        if min(pair) > 0:
            return (pair[0], pair[1]), "patient"
    return None, ""


def _sides(dataset: Dataset) -> tuple[str, str, str, str]:
    direction = _numbers(dataset, "ImageOrientationPatient")
    if len(direction) == 6:
        right, bottom = _letter(direction[:3]), _letter(direction[3:])
    else:
        stated = [str(v)[:1] for v in _values(dataset, "PatientOrientation")]
        right, bottom = (*stated, "", "")[:2]
    return _OPPOSITE.get(right, ""), right, _OPPOSITE.get(bottom, ""), bottom


def _letter(vector: list[float]) -> str:
    axis = max(range(3), key=lambda n: abs(vector[n]))
    return ("RL", "AP", "FH")[axis][vector[axis] > 0]


def _position(dataset: Dataset) -> float | None:
    direction, place = (
        _numbers(dataset, "ImageOrientationPatient"),
        _numbers(dataset, "ImagePositionPatient"),
    )
    if len(direction) != 6 or len(place) != 3:
        return None
    return float(np.dot(np.cross(direction[:3], direction[3:]), place))


def _functional(dataset: Dataset, name: str) -> Dataset | None:
    """Return an item of the functional groups that an enhanced image shares among its frames."""
    shared = dataset.get("SharedFunctionalGroupsSequence")
    found = shared[0].get(name) if shared else None
    return found[0] if found else None


def _values(dataset: Dataset, name: str) -> list[Any]:
    value = dataset.get(name)
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, MultiValue | list | tuple) else [value]


def _numbers(dataset: Dataset, name: str) -> list[float]:
    try:
        return [float(v) for v in _values(dataset, name)]
    except (ValueError, TypeError):
        return []


def _text(dataset: Dataset, name: str) -> str:
    try:
        return str(dataset.get(name, "") or "").strip()[:200]
    except (ValueError, TypeError, LookupError):
        return ""


def _whole(dataset: Dataset, name: str) -> int:
    try:
        return int(dataset.get(name) or 0)
    except (ValueError, TypeError):
        return 0
