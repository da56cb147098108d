"""OBX: one result, matched to the catalogue or kept with the reason why not."""

import base64
import re
from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, Literal

from domain.catalog.content import Catalog
from domain.catalog.definitions import ObservationDefinition
from domain.catalog.ranges import read_range, scale
from domain.kernel.errors import DomainError
from server.interfaces.hl7.message import Segment
from server.interfaces.hl7.results import Attachment, ResultObservation, ResultStatus
from server.interfaces.hl7.times import read_time

Comparator = Literal["", "<", "<=", ">", ">="]

_NUMBER = re.compile(r"(<=|>=|<|>|≤|≥|＜|＞)?\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+))", re.ASCII)
_COMPARATORS: dict[str, Comparator] = {"<": "<", ">": ">", "<=": "<=", ">=": ">=", "≤": "<=", "≥": ">="}
_COMPARATORS |= {"＜": "<", "＞": ">", "": ""}
_STATUSES: dict[str, ResultStatus] = {
    status: status for status in ("B", "C", "D", "F", "I", "N", "O", "P", "R", "S", "U", "V", "W", "X")
}
_WITHOUT_VALUE = ("D", "I", "N", "O", "W", "X")
_CODED = ("CE", "CWE", "CNE", "CF", "IS")
_UNIT_REASONS = {
    "catalog.unit_missing": "hl7.unit_missing",
    "catalog.unknown_unit": "hl7.unknown_unit",
    "catalog.unit_mismatch": "hl7.unit_mismatch",
}


def read_observation(
    obx: Segment,
    number: int,
    catalog: Catalog,
    codes: Mapping[str, str],
    units: Mapping[str, str],
    zone: tzinfo,
    notes: tuple[str, ...],
) -> ResultObservation:
    """Return the observation of an OBX.

    Args:
        obx: The segment.
        number: Its place among the OBX of the message, from 1, for error locations.
        catalog: What codes, units and words mean.
        codes: The endpoint's own codes and the catalogue keys they mean; they go before the catalogue's.
        units: The unit of a code, where the sender gives none or one that nobody knows.
        zone: For times without an offset.
        notes: The texts of the NTE that follow.

    Raises:
        DomainError: ``hl7.status_missing``, ``hl7.status_unknown`` or ``hl7.bad_time``, with their location.
    """
    status = read_status(obx, number)
    value_type = obx.text(2)
    code, name, system, other_code, other_name, other_system = obx.components(3, 6)
    item = _find(catalog, codes, code, system) or _find(catalog, codes, other_code, other_system)
    text = _value_text(obx, value_type)
    unit = _unit(obx, catalog)
    if (own := units.get(code) or units.get(other_code)) and catalog.units.find(unit) is None:
        unit = own
    range_text = obx.text(7)
    flags = tuple(one.text() for one in obx.repetitions(8)) if obx.raw(8) else ()
    matched = _match(item, catalog, obx, value_type, text, unit, range_text, status)
    return ResultObservation(
        set_id=obx.text(1),
        code=code or other_code,
        name=name or other_name,
        system=system,
        sub_id=obx.text(4),
        value_type=value_type,
        text=text,
        unit=unit,
        range_text=range_text,
        flags=flags,
        status=status,
        observed_at=read_time(obx.text(14), zone, f"OBX^{number}^14"),
        method=obx.text(17, 2) or obx.text(17),
        device=obx.text(18),
        item=item.key if item is not None else None,
        meanings=tuple(meaning for flag in flags if (meaning := catalog.flag(flag)) is not None),
        notes=notes,
        **matched,
    )


def read_status(obx: Segment, number: int) -> ResultStatus:
    """Return OBX-11.

    Raises:
        DomainError: ``hl7.status_missing`` or ``hl7.status_unknown``.
    """
    sent = obx.text(11)
    if not sent:
        raise DomainError("hl7.status_missing", "OBX-11", location=f"OBX^{number}^11", number=number)
    if (status := _STATUSES.get(sent)) is None:
        raise DomainError(
            "hl7.status_unknown", "OBX-11", location=f"OBX^{number}^11", number=number, status=sent
        )
    return status


def read_attachment(obx: Segment, number: int) -> Attachment:
    """Return the document of an OBX of type ``ED``.

    Raises:
        DomainError: ``hl7.attachment_damaged`` (not the encoding it declares, or cut), and those of `read_status`.
    """
    status = read_status(obx, number)
    encoding = obx.text(5, 4).upper()
    coded = obx.text(5, 5)
    try:
        if encoding == "BASE64":
            data = base64.b64decode("".join(coded.split()), validate=True)
        elif encoding == "HEX":
            data = bytes.fromhex(coded)
        else:
            data = coded.encode()
    except ValueError as error:
        raise DomainError(
            "hl7.attachment_damaged", "OBX-5", location=f"OBX^{number}^5", number=number
        ) from error
    if not data:
        raise DomainError("hl7.attachment_damaged", "OBX-5", location=f"OBX^{number}^5", number=number)
    kinds = [part.lower() for part in (obx.text(5, 2), obx.text(5, 3)) if part]
    return Attachment(
        code=obx.text(3), name=obx.text(3, 2), content_type="/".join(kinds), data=data, status=status
    )


def _find(catalog: Catalog, codes: Mapping[str, str], code: str, system: str) -> ObservationDefinition | None:
    """Return what a code means: the endpoint's own codes go before the catalogue's."""
    return catalog.observation(codes[code]) if code in codes else catalog.find(code, system)


def _unit(obx: Segment, catalog: Catalog) -> str:
    """Return OBX-6; many systems write ``10^9/L`` without escaping the component separator."""
    unit = obx.text(6)
    if catalog.units.find(unit) is None:
        for other in (obx.whole(6), obx.text(6, 2)):
            if catalog.units.find(other) is not None:
                return other
    return unit


def _value_text(obx: Segment, value_type: str) -> str:
    if value_type == "SN":
        return "".join(obx.text(5, component) for component in (1, 2, 3, 4))
    if value_type in _CODED:
        return obx.text(5, 2) or obx.text(5, 1)
    return obx.whole(5)


def _match(
    item: ObservationDefinition | None,
    catalog: Catalog,
    obx: Segment,
    value_type: str,
    text: str,
    unit: str,
    range_text: str,
    status: ResultStatus,
) -> dict[str, Any]:
    """Return the fields that matching fills: number and comparator, or the reason why there are none."""
    if item is None:
        return {"unmatched": "hl7.unknown_code"}
    if not text:
        return {} if status in _WITHOUT_VALUE else {"unmatched": "hl7.value_missing"}
    if item.kind == "presence":
        grade = catalog.grade(text)
        if grade is None and value_type in _CODED:
            grade = catalog.grade(obx.text(5, 1))
        return {"number": grade} if grade is not None else {"unmatched": "hl7.unknown_word"}
    found = _NUMBER.fullmatch(text)
    if found is None:
        return {"unmatched": "hl7.value_not_numeric"}
    try:
        factor, offset = catalog.units.factors(item, unit)
        value = float(found[2]) * factor + offset
        item.require_plausible(value)
    except DomainError as error:
        return {"unmatched": _UNIT_REASONS.get(error.code, "hl7.value_implausible")}
    reported = read_range(range_text) if range_text else None
    if reported is not None and (factor, offset) != (1.0, 0.0):
        reported = scale(reported, factor, offset)
    return {"number": value, "comparator": _COMPARATORS[found[1] or ""], "reported": reported}
