"""Checking a sealed file with nothing but the file and the certificates one trusts; no store, no network.

What is checked: every seal in it, that nothing came behind the last, that the file begins with exactly the bytes
that were shown (the evidence inside says how many, with what digest), and that the seal names the evidence.
"""

import dataclasses
import hashlib
import io
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko_certvalidator import ValidationContext

from domain.kernel.canonical import content_digest
from forms.consenting.sealing import EVIDENCE, FIELD, certificate_of

_BROKEN = (PdfError, SignatureValidationError, ValueError, TypeError, IndexError, KeyError, AttributeError)


@dataclasses.dataclass(frozen=True)
class Seal:
    """One seal of a file: of which field, by which certificate, when, for whom."""

    field: str
    by: str
    at: datetime | None
    who: str


@dataclasses.dataclass(frozen=True)
class Verified:
    """What a check of a sealed file found; `faults` are codes of texts, none if all is well.

    `sealed_by`, `sealed_at` and `reason` are of the first seal, `seals` has all. `evidence` is what lies in the file.
    """

    faults: tuple[str, ...]
    sealed_by: str = ""
    sealed_at: datetime | None = None
    reason: str = ""
    seals: tuple[Seal, ...] = ()
    evidence: dict[str, Any] | None = None
    sha256: str = ""

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.faults


def verify(
    content: bytes, roots: Sequence[str], *, shown_sha256: str = "", shown_bytes: int = 0, evidence: str = "",
    field: str = FIELD,
) -> Verified:  # fmt: skip
    """Check a sealed file against the authorities (PEM) that are trusted.

    Faults: ``consent.seal_missing``, ``consent.seal_broken`` (bytes changed), ``consent.seal_untrusted`` (no
    authority we know), ``consent.seal_added`` (something was put behind the seal), ``consent.shown_differs`` (the
    beginning is not what was shown), ``consent.evidence_differs``.

    Args:
        content: The file.
        roots: Certificates of trusted authorities.
        shown_sha256: Digest of what was shown, with `shown_bytes`, its length; what the evidence in the file says
            if left out, not compared where there is none.
        shown_bytes: See there.
        evidence: Digest of the evidence that the seal must name; of the evidence in the file if left out.
        field: The seal that is looked for: what kind of document it must be.
    """
    faults: list[str] = []
    try:
        reader = PdfFileReader(io.BytesIO(content), strict=False)
        found = reader.embedded_signatures
        first = next((one for one in found if one.field_name == field), None)
        if first is None:
            return Verified(("consent.seal_missing",))
        context = ValidationContext(
            trust_roots=[certificate_of(root) for root in roots], allow_fetching=False
        )
        states: list[Any] = [validate_pdf_signature(one, context) for one in found]
        inside = _inside(reader)
    except _BROKEN:
        return Verified(("consent.seal_broken",))
    for one, state in zip(found, states, strict=True):
        if not (state.intact and state.valid):
            faults.append("consent.seal_broken")
        elif not state.trusted:
            faults.append("consent.seal_untrusted")
        allowed = (ModificationLevel.NONE,) if one is found[-1] else _LATER
        if state.modification_level is not None and state.modification_level not in allowed:
            faults.append("consent.seal_added")
    reason = str(first.sig_object.get("/Reason", ""))
    if inside is not None:
        shown_sha256 = shown_sha256 or str(inside.get("shown_sha256", ""))
        shown_bytes = shown_bytes or _count(inside.get("shown_bytes"))
        evidence = evidence or content_digest(inside)
        if content_digest(inside) != evidence:
            faults.append("consent.evidence_differs")
    if shown_bytes and hashlib.sha256(content[:shown_bytes]).hexdigest() != shown_sha256:
        faults.append("consent.shown_differs")
    if evidence and evidence not in reason:
        faults.append("consent.evidence_differs")
    seals = tuple(
        Seal(
            str(one.field_name),
            str(state.signing_cert.subject.native.get("common_name", "")),
            state.signer_reported_dt,
            str(one.sig_object.get("/Name", "")),
        )
        for one, state in zip(found, states, strict=True)
    )
    own = seals[found.index(first)]
    return Verified(
        tuple(dict.fromkeys(faults)), own.by, own.at, reason, seals, inside, hashlib.sha256(content).hexdigest()
    )  # fmt: skip


def evidence_in(content: bytes) -> dict[str, Any] | None:
    """Return the evidence inside a file, unchecked; None where there is none or the file cannot be read."""
    try:
        return _inside(PdfFileReader(io.BytesIO(content), strict=False))
    except _BROKEN:
        return None


_LATER = (ModificationLevel.NONE, ModificationLevel.LTA_UPDATES, ModificationLevel.FORM_FILLING)
"""What may lie behind a seal that another seal covers: that other seal's own field."""


def _inside(reader: PdfFileReader) -> dict[str, Any] | None:
    """Return the evidence inside a file, None in one of an earlier version."""
    try:
        names = reader.root["/Names"]["/EmbeddedFiles"]["/Names"]
    except KeyError:
        return None
    for at in range(0, len(names) - 1, 2):
        if str(names[at]) == EVIDENCE:
            found = json.loads(names[at + 1]["/EF"]["/F"].data)
            return found if isinstance(found, dict) else None
    return None


def _count(value: Any) -> int:
    return value if isinstance(value, int) and value > 0 else 0
