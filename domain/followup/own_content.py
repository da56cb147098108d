"""The content as it is in force: what ships, with an institution's own versions in its place."""

from typing import Any

from domain.followup.definitions import (
    FollowUpContent,
    Handout,
    LabelRule,
    Limits,
    PlanTemplate,
    Register,
    TalkScript,
)
from domain.followup.own_records import ContentKind, FollowContent
from domain.kernel.own_versions import OwnVersions

TYPES: dict[ContentKind, type[Any]] = {
    ContentKind.PLANS: PlanTemplate, ContentKind.SCRIPTS: TalkScript, ContentKind.HANDOUTS: Handout,
    ContentKind.LABELS: LabelRule, ContentKind.LIMITS: Limits, ContentKind.REGISTERS: Register,
}  # fmt: skip
LIMITS_CODE = "limits"
_OWN = OwnVersions[FollowUpContent](FollowContent, TYPES, {ContentKind.LIMITS: LIMITS_CODE})
content_in_force = _OWN.in_force
shipped_of = _OWN.shipped_of
