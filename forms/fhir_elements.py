"""Reading the elements of FHIR JSON: extensions, flags, lists; mistakes are gathered with their path."""

from typing import Any

from forms.fhir_values import as_coding
from forms.questionnaire import ItemType
from forms.values import Coding

HL7 = "http://hl7.org/fhir/StructureDefinition/"
SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-"
HIDDEN = HL7 + "questionnaire-hidden"
UNIT = HL7 + "questionnaire-unit"
UNIT_OPTION = HL7 + "questionnaire-unitOption"
MIN_VALUE = HL7 + "minValue"
MAX_VALUE = HL7 + "maxValue"
MIN_LENGTH = HL7 + "minLength"
MAX_DECIMAL_PLACES = HL7 + "maxDecimalPlaces"
ITEM_CONTROL = HL7 + "questionnaire-itemControl"
MIN_OCCURS = HL7 + "questionnaire-minOccurs"
MAX_OCCURS = HL7 + "questionnaire-maxOccurs"
REGEX = HL7 + "regex"
ENTRY_FORMAT = HL7 + "entryFormat"
MAX_SIZE = HL7 + "maxSize"
MIME_TYPE = HL7 + "mimeType"
SIGNATURE_REQUIRED = HL7 + "questionnaire-signatureRequired"
EXCLUSIVE = HL7 + "questionnaire-optionExclusive"
SCORES = (HL7 + "ordinalValue", HL7 + "itemWeight")
CONSTRAINT = HL7 + "questionnaire-constraint"
TARGET_CONSTRAINT = HL7 + "targetConstraint"
VARIABLE = HL7 + "variable"
ENABLE_EXPRESSION = SDC + "enableWhenExpression"
CALCULATED = SDC + "calculatedExpression"
INITIAL_EXPRESSION = SDC + "initialExpression"
ANSWER_EXPRESSION = SDC + "answerExpression"
STANDS_FOR = "urn:aftercheck:stands-for"
LAUNCH_CONTEXT = SDC + "launchContext"
SOURCE_QUERIES = SDC + "sourceQueries"

# Extensions that change which questions are asked or which answers are right, and are not understood here. To pass
# over one would make another form of it; all others only dress the page, prefill or serve extraction: they are kept.
_CHANGES_MEANING = frozenset(SDC + name for name in ("answerOptionsToggleExpression", "subQuestionnaire"))


class Reading:
    """One form being read: the mistakes found so far, and what its questions are."""

    def __init__(self, *, strict: bool = False) -> None:
        self.strict = strict
        self.problems: list[str] = []
        self.kinds: dict[str, ItemType] = {}
        self.seen: set[str] = set()
        self.value_sets: dict[str, Any] = {}

    def refuse(self, path: str, reason: str) -> None:
        """Note an element that cannot be used."""
        self.problems.append(f"{path}: {reason}")

    def objects(self, raw: dict[str, Any], name: str, path: str) -> list[dict[str, Any]]:
        """Return the objects listed under `name`; anything else there is a mistake."""
        listed = raw.get(name, [])
        if isinstance(listed, list) and all(isinstance(entry, dict) for entry in listed):
            return listed
        self.refuse(f"{path}.{name}", "not a list of objects")
        return []

    def flag(self, raw: dict[str, Any], name: str, path: str) -> bool:
        """Return a true-or-false element, absent as false."""
        value = raw.get(name, False)
        if isinstance(value, str) and not self.strict:
            value = {"true": True, "false": False}.get(value, value)
        if not isinstance(value, bool):
            self.refuse(f"{path}.{name}", f"not a boolean: {value!r}")
        return value is True

    def words(self, raw: dict[str, Any], name: str, path: str) -> str:
        """Return a text element, absent as empty."""
        value = raw.get(name, "")
        if not isinstance(value, str):
            self.refuse(f"{path}.{name}", f"not a text: {value!r}")
            return ""
        return value

    def whole(self, value: Any, path: str) -> int | None:
        """Return a count that may be absent."""
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        self.refuse(path, f"not a count: {value!r}")
        return None

    def extensions(self, raw: dict[str, Any], path: str) -> None:
        """Refuse extensions that change the meaning of what they stand on."""
        if "modifierExtension" in raw:
            self.refuse(f"{path}.modifierExtension".lstrip("."), "not supported")
        for entry in self.objects(raw, "extension", path):
            url = entry.get("url")
            if not isinstance(url, str):
                self.refuse(f"{path}.extension.url".lstrip("."), f"not a text: {url!r}")
            elif url in _CHANGES_MEANING:
                self.refuse(at_extension(path, url), "not supported")

    def coding(self, raw: Any, path: str) -> Coding | None:
        """Read a Coding that has a code or a text."""
        found = as_coding(raw)
        if found is None:
            self.refuse(path, "a Coding with a code is needed")
        return found


def at_extension(path: str, url: str) -> str:
    """Return the path of an extension as it is told in refusals."""
    return f"{path}.extension({url.rpartition('/')[2]})".lstrip(".")


def extensions(raw: dict[str, Any], url: str) -> list[dict[str, Any]]:
    """Return all extensions `url` of an element."""
    listed = raw.get("extension")
    if not listed:
        return []
    found = listed if isinstance(listed, list) else []
    return [entry for entry in found if isinstance(entry, dict) and entry.get("url") == url]


def extension(raw: dict[str, Any], url: str) -> Any:
    """Return the value of the first extension `url`, or None."""
    for entry in extensions(raw, url):
        return next((value for key, value in entry.items() if key.startswith("value")), None)
    return None


def parts(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the values of the extensions inside an extension, by their url; the last of a name stands."""
    listed = entry.get("extension")
    found = [part for part in listed if isinstance(part, dict)] if isinstance(listed, list) else []
    return {str(part.get("url")): extension({"extension": [part]}, str(part.get("url"))) for part in found}
