"""One part of the content that was read in no source, or only partly."""

import dataclasses

READ = "V"
"""Status of what was read in its source."""


@dataclasses.dataclass(frozen=True, slots=True)
class Mark:
    """One marked part; `digest` is of what it says, without its status and notes."""

    key: str
    kind: str
    title: str
    part: str
    source: str
    status: str
    digest: str
