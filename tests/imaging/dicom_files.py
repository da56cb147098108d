"""DICOM files made by hand of the published tables: CT slices in every encoding, an ECG, files that are broken."""

from io import BytesIO

import gdcm
import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, TwelveLeadECGWaveformStorage, generate_uid

CT = "1.2.840.10008.5.1.4.1.1.2"
STUDY, SERIES = "1.2.826.0.1.3680043.8.498.1", "1.2.826.0.1.3680043.8.498.2"
SYNTAXES = {
    "jpeg": gdcm.TransferSyntax.JPEGBaselineProcess1,
    "jpeg lossless": gdcm.TransferSyntax.JPEGLosslessProcess14_1,
    "jpeg-ls": gdcm.TransferSyntax.JPEGLSLossless,
    "jpeg 2000": gdcm.TransferSyntax.JPEG2000Lossless,
    "rle": gdcm.TransferSyntax.RLELossless,
}


def body(size, depth=0.0):
    """A round body with a bright rod and a lung, in Hounsfield units; the rod wanders with the depth."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / size - 0.5
    values = np.full((size, size), -1000, np.float32)
    values[(x / 0.42) ** 2 + (y / 0.32) ** 2 < 1] = 40
    values[((x - 0.18) / 0.12) ** 2 + (y / 0.2) ** 2 < 1] = -750
    values[((x + 0.18) / 0.12) ** 2 + (y / 0.2) ** 2 < 1] = -780
    values[(x - 0.02 * np.sin(depth)) ** 2 + (y - 0.2) ** 2 < 0.002] = 700
    return (values + 1024).astype(np.uint16)


def dataset_of(
    pixels,
    *,
    instance=1,
    patient="P1010000001",
    name="王建国",
    born="19690412",
    sex="M",
    spacing=0.7,
    series=SERIES,
):
    found = Dataset()
    found.file_meta = FileMetaDataset()
    found.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    found.file_meta.MediaStorageSOPClassUID = found.SOPClassUID = CT
    found.file_meta.MediaStorageSOPInstanceUID = found.SOPInstanceUID = generate_uid(
        entropy_srcs=[patient, str(instance)]
    )
    found.SpecificCharacterSet = "GB18030"
    found.PatientID, found.PatientName, found.PatientBirthDate, found.PatientSex = patient, name, born, sex
    found.StudyInstanceUID, found.SeriesInstanceUID = STUDY, series
    found.StudyDate, found.AccessionNumber, found.Modality = "20241118", "", "CT"
    found.BodyPartExamined, found.SeriesDescription = "CHEST", "胸部平扫 1.0mm"
    found.SeriesNumber, found.InstanceNumber = 2, instance
    found.Rows, found.Columns = pixels.shape[-2:]
    found.SamplesPerPixel, found.PhotometricInterpretation = 1, "MONOCHROME2"
    found.BitsAllocated = found.BitsStored = 16
    found.HighBit, found.PixelRepresentation = 15, 0
    if pixels.dtype == np.uint8:
        found.BitsAllocated = found.BitsStored = 8
        found.HighBit = 7
    else:
        found.RescaleSlope, found.RescaleIntercept = 1, -1024
        found.WindowCenter, found.WindowWidth = 40, 400
    if spacing:
        found.PixelSpacing = [spacing, spacing]
    found.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    found.ImagePositionPatient = [-180, -180, float(instance)]
    if pixels.ndim == 3:
        found.NumberOfFrames = len(pixels)
    found.PixelData = pixels.tobytes()
    found["PixelData"].VR = "OW" if pixels.dtype == np.uint16 else "OB"
    return found


def file_of(dataset):
    target = BytesIO()
    dataset.save_as(target, enforce_file_format=True)
    return target.getvalue()


def ct(instance=1, size=128, **given):
    return file_of(dataset_of(body(size, instance / 9), instance=instance, **given))


def encoded(content, syntax, folder):
    """The same file in another encoding, made by GDCM."""
    source, target = folder / "plain.dcm", folder / "encoded.dcm"
    source.write_bytes(content)
    reader = gdcm.ImageReader()
    reader.SetFileName(str(source))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(SYNTAXES[syntax]))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(target))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    return target.read_bytes()


def ecg(seconds=10, rate=500, **given):
    """Twelve leads of an invented heart at 75 beats a minute, in microvolt."""
    found = dataset_of(np.zeros((2, 2), np.uint16), series=f"{SERIES}.1", **given)
    for name in ("PixelData", "Rows", "Columns", "RescaleSlope", "RescaleIntercept", "PixelSpacing"):
        delattr(found, name)
    found.file_meta.MediaStorageSOPClassUID = found.SOPClassUID = TwelveLeadECGWaveformStorage
    found.Modality, found.SeriesDescription = "ECG", "静息十二导联心电图"
    at = np.arange(seconds * rate) / rate % 0.8
    beat = sum(
        height * np.exp(-(((at - centre) / width) ** 2))
        for height, centre, width in (
            (0.12, 0.16, 0.025), (-0.1, 0.27, 0.01), (1.1, 0.3, 0.011), (-0.22, 0.33, 0.01), (0.3, 0.52, 0.05),
        )
    )  # fmt: skip
    leads = {"I": 0.7, "II": 1.0, "III": 0.4, "aVR": -0.8, "aVL": 0.2, "aVF": 0.7,
             "V1": -0.5, "V2": -0.2, "V3": 0.6, "V4": 1.3, "V5": 1.2, "V6": 0.9}  # fmt: skip
    samples = np.stack([beat * 1000 * size for size in leads.values()], axis=1).astype("<i2")
    item = Dataset()
    item.WaveformOriginality = "ORIGINAL"
    item.NumberOfWaveformChannels, item.NumberOfWaveformSamples = len(leads), len(samples)
    item.SamplingFrequency = rate
    item.WaveformBitsAllocated, item.WaveformSampleInterpretation = 16, "SS"
    item.ChannelDefinitionSequence = [_channel(name) for name in leads]
    item.WaveformData = samples.tobytes()
    found.WaveformSequence = [item]
    return file_of(found)


def _channel(name):
    channel, source, unit = Dataset(), Dataset(), Dataset()
    source.CodeValue, source.CodingSchemeDesignator, source.CodeMeaning = "5.6.3-9", "SCPECG", f"Lead {name}"
    unit.CodeValue, unit.CodingSchemeDesignator, unit.CodeMeaning = "uV", "UCUM", "microvolt"
    channel.ChannelSourceSequence, channel.ChannelSensitivityUnitsSequence = [source], [unit]
    channel.ChannelSensitivity, channel.ChannelSensitivityCorrectionFactor = 1, 1
    channel.ChannelBaseline, channel.WaveformBitsStored = 0, 16
    return channel
