"""Which files may be added: what they are by their content, and how large. Pure: bytes in, a kind out."""

import dataclasses

from domain.kernel.errors import DomainError

LANE_SMALL, LANE_DICOM = 3, 4
_DICOM_PREAMBLE = 128
HEAD_BYTES = 1024
"""So much of a file's beginning tells what it is."""


@dataclasses.dataclass(frozen=True, slots=True)
class FileKind:
    """One kind of file; `most_bytes` is the largest taken, `lane` the order in which it travels."""

    media_type: str
    label: str
    most_bytes: int
    lane: int = LANE_SMALL


KINDS = {
    kind.media_type: kind
    for kind in (
        FileKind("application/pdf", "PDF 文件", 50 << 20),
        FileKind("image/jpeg", "JPEG 图片", 20 << 20),
        FileKind("image/png", "PNG 图片", 20 << 20),
        FileKind("application/dicom", "DICOM 影像", 2 << 30, LANE_DICOM),
        FileKind("application/vnd.hl7.aecg+xml", "心电图（HL7 aECG）", 50 << 20),
    )
}
"""The declaration: what a person may add by hand."""


def kind_of(head: bytes) -> FileKind | None:
    """Return what a file is by its first bytes, whatever its name says; None for anything that is not taken."""
    if head[_DICOM_PREAMBLE : _DICOM_PREAMBLE + 4] == b"DICM":
        return KINDS["application/dicom"]
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return KINDS["image/png"]
    if head.startswith(b"\xff\xd8\xff"):
        return KINDS["image/jpeg"]
    if b"%PDF-" in head[:HEAD_BYTES]:
        return KINDS["application/pdf"]
    if b"<AnnotatedECG" in head[:HEAD_BYTES]:
        return KINDS["application/vnd.hl7.aecg+xml"]
    return None


def check_file(name: str, size: int, kind: FileKind | None) -> FileKind:
    """Return the kind of a file that may be added.

    Raises:
        DomainError: ``attachment.empty``, ``attachment.kind`` with what is allowed, or ``attachment.too_large``; the
            field is ``name``.
    """
    if size <= 0:
        raise DomainError("attachment.empty", field="name", name=name)
    if kind is None:
        allowed = "、".join(k.label for k in KINDS.values())
        raise DomainError("attachment.kind", field="name", name=name, allowed=allowed)
    if size > kind.most_bytes:
        raise DomainError(
            "attachment.too_large", field="name", name=name, kind=kind.label, most_mib=kind.most_bytes >> 20
        )
    return kind
