"""Which pictures, voices and videos of clients are kept: what they are by their first bytes, and how large. Pure."""

import dataclasses

from domain.checkup.attachments import HEAD_BYTES

LANE = 3


@dataclasses.dataclass(frozen=True, slots=True)
class MediaKind:
    """One kind of file that a client may send in a conversation; `form` is what the message is then."""

    media_type: str
    form: str
    label: str
    most_bytes: int
    ending: str


KINDS = (
    MediaKind("image/jpeg", "image", "JPEG 图片", 10 << 20, "jpg"),
    MediaKind("image/png", "image", "PNG 图片", 10 << 20, "png"),
    MediaKind("image/gif", "image", "GIF 图片", 10 << 20, "gif"),
    MediaKind("image/webp", "image", "WebP 图片", 10 << 20, "webp"),
    MediaKind("audio/amr", "voice", "AMR 语音", 5 << 20, "amr"),
    MediaKind("audio/mpeg", "voice", "MP3 语音", 5 << 20, "mp3"),
    MediaKind("audio/mp4", "voice", "M4A 语音", 5 << 20, "m4a"),
    MediaKind("audio/webm", "voice", "WebM 语音", 5 << 20, "weba"),
    MediaKind("video/mp4", "video", "MP4 视频", 20 << 20, "mp4"),
    MediaKind("video/quicktime", "video", "MOV 视频", 20 << 20, "mov"),
    MediaKind("application/pdf", "file", "PDF 文件", 20 << 20, "pdf"),
)
BY_TYPE = {kind.media_type: kind for kind in KINDS}
MOST_BYTES = max(kind.most_bytes for kind in KINDS)
TYPES = "、".join(kind.label for kind in KINDS)
_AUDIO_BRANDS = (b"M4A ", b"M4B ")


def media_kind(head: bytes) -> MediaKind | None:
    """Return what a file is by its first `HEAD_BYTES`, whatever its name says; None for what is not taken.

    AMR begins as RFC 4867 section 5 says, ISO media with a box ``ftyp`` whose brand tells voice, video and QuickTime
    apart; WebM as a browser's recorder makes it is taken for a voice.
    """
    for begin, kind in (
        (b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"), (b"#!AMR", "audio/amr"), (b"ID3", "audio/mpeg"), (b"\xff\xfb", "audio/mpeg"),
        (b"\xff\xf3", "audio/mpeg"), (b"\x1aE\xdf\xa3", "audio/webm"), (b"%PDF-", "application/pdf"),
    ):  # fmt: skip
        if head.startswith(begin):
            return BY_TYPE[kind]
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return BY_TYPE["image/webp"]
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand in _AUDIO_BRANDS:
            return BY_TYPE["audio/mp4"]
        return BY_TYPE["video/quicktime" if brand == b"qt  " else "video/mp4"]
    return None


__all__ = ["BY_TYPE", "HEAD_BYTES", "KINDS", "MOST_BYTES", "TYPES", "MediaKind", "media_kind"]
