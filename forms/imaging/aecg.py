"""Reading an annotated electrocardiogram (HL7 V3 aECG, FDA profile): facts and the longest rhythm.

An ECG device of a checkup centre that speaks no DICOM mostly exports this. What is read: the sequence sets of rhythm
series (`SLIST_PQ` leads with origin and scale, `GLIST_TS` time) and the trial subject. A representative beat
(`DERIVED_ECG`) is a derivation and is not shown as the recording. UNVERIFIED on files of a maker: it is read by the
published schema (POCP_RM000001), no device's own export was at hand.
"""

from typing import Any

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from domain.kernel.errors import DomainError
from forms.imaging.shapes import Facts, Lead, Waveform

V3 = "{urn:hl7-org:v3}"
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
LEAD = "MDC_ECG_LEAD_"
MOST_SAMPLES = 20_000_000
_TO_MILLIVOLT = {"uV": 1e-3, "mV": 1.0, "V": 1e3, "nV": 1e-6}
_TO_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6}


class Aecg:
    """One file, read whole.

    Raises:
        DomainError: ``imaging.broken`` for what is no such file or contradicts itself; ``imaging.no_picture`` for one
            without a rhythm; ``imaging.too_large``.
    """

    def __init__(self, content: bytes) -> None:
        try:
            root = ElementTree.fromstring(content)
        except (ElementTree.ParseError, DefusedXmlException, ValueError) as error:
            raise DomainError("imaging.broken") from error
        if root.tag != f"{V3}AnnotatedECG":
            raise DomainError("imaging.broken")
        self.facts = _facts(root)
        self._root = root

    def waveform(self) -> Waveform:
        """Return the recording with most leads, of these the longest."""
        found = []
        for series in self._root.iterfind(f"{V3}component/{V3}series"):
            found += [_recorded(one) for one in series.iterfind(f"{V3}component/{V3}sequenceSet")]
        found = [one for one in found if one.leads]
        if not found:
            raise DomainError("imaging.no_picture")
        return max(found, key=lambda one: (len(one.leads), len(one.leads[0].values)))


def _recorded(group: Any) -> Waveform:
    rate, leads = 0.0, []
    for sequence in group.iterfind(f"{V3}component/{V3}sequence"):
        code, value = sequence.find(f"{V3}code"), sequence.find(f"{V3}value")
        if code is None or value is None:
            continue
        name, kind = code.get("code", ""), value.get(XSI_TYPE, "").rpartition(":")[2]
        try:
            if kind == "GLIST_TS" or (kind == "GLIST_PQ" and name.startswith("TIME_")):
                rate = 1 / _quantity(value.find(f"{V3}increment"), _TO_SECONDS)
            elif kind == "SLIST_PQ" and name.startswith(LEAD):
                leads.append(_lead(name, value))
        except (ValueError, KeyError, AttributeError, ZeroDivisionError) as error:
            raise DomainError("imaging.broken") from error
    if leads and (not rate > 0 or len({len(lead.values) for lead in leads}) != 1 or not leads[0].values):
        raise DomainError("imaging.broken")  # leads of one recording are as long as each other
    return Waveform(rate=rate, leads=tuple(leads))


def _lead(name: str, value: Any) -> Lead:
    origin, scale = (_quantity(value.find(f"{V3}{one}"), _TO_MILLIVOLT) for one in ("origin", "scale"))
    digits = (value.findtext(f"{V3}digits") or "").split()
    if len(digits) > MOST_SAMPLES:
        raise DomainError("imaging.too_large")
    short = name.removeprefix(LEAD)
    short = short if short.startswith(("V", "I")) else short.replace("AV", "aV")
    return Lead(name=short, values=tuple(origin + scale * int(digit) for digit in digits))


def _quantity(node: Any, units: dict[str, float]) -> float:
    return float(node.get("value")) * units[node.get("unit")]


def _facts(root: Any) -> Facts:
    subject = root.find(f".//{V3}trialSubject")
    person = None if subject is None else subject.find(f".//{V3}subjectDemographicPerson")
    name = (
        "" if person is None else "".join("".join(part.itertext()) for part in person.iterfind(f"{V3}name"))
    )
    moment = root.find(f"{V3}effectiveTime")
    begun = _attribute(moment, "low", "value") or _attribute(moment, "center", "value")
    return Facts(
        kind="waveform", modality="ECG", patient_id=_attribute(subject, "id", "extension"),
        patient_name=" ".join(name.split()), birth_date=_attribute(person, "birthTime", "value")[:8],
        sex=_attribute(person, "administrativeGenderCode", "code"), study_uid=_attribute(root, "id", "root"),
        study_date=begun[:8],
    )  # fmt: skip


def _attribute(node: Any, name: str, attribute: str) -> str:
    found = None if node is None else node.find(f"{V3}{name}")
    return "" if found is None else (found.get(attribute) or "").strip()
