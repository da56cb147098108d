"""Make the forms of ``resources/instruments`` into FHIR R4 Questionnaires under ``resources/forms``.

An instrument is written down short: sections, items, and tables of answers that many items share. Run after a change
(``python -m resources.tools.render_forms``); the same source gives the same bytes, and a test compares them.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

import yaml

RESOURCES = Path(__file__).parents[1]
BASE = "https://aftercheck.example/fhir"
HL7 = "http://hl7.org/fhir/StructureDefinition/"
FACTOR = "urn:aftercheck:factor"
UCUM = "http://unitsofmeasure.org"
YES_NO = {"yes": "是", "no": "否"}
OWN_WORDS = (
    "题目与选项为本产品自拟的中性文字，不含任何量表的原文；计分规则依据公开文献。"
    "机构取得授权后，可用“导入授权文本”把同名条目换成授权原文，计分不变。"
)
OPERATORS = {
    "is": "=",
    "not": "!=",
    "more": ">",
    "less": "<",
    "at_least": ">=",
    "at_most": "<=",
    "given": "exists",
}


def main() -> int:
    """Write every form; returns 0."""
    for source in sorted((RESOURCES / "instruments").glob("*.yaml")):
        text = rendered(source)
        (RESOURCES / "forms" / f"{source.stem}.json").write_text(text, "utf-8")
        print(f"{source.stem}.json: {len(text.encode())} bytes")
    return 0


def rendered(source: Path) -> str:
    """Return the JSON text of one instrument."""
    told = yaml.safe_load(source.read_text("utf-8"))
    return json.dumps(questionnaire(source.stem, told), ensure_ascii=False, indent=1) + "\n"


def questionnaire(name: str, told: dict[str, Any]) -> dict[str, Any]:
    """Return the Questionnaire of an instrument."""
    form = _Form(name, told)
    checks = [_check(check) for check in told.get("checks", ())]
    return {
        "resourceType": "Questionnaire",
        "url": f"{BASE}/Questionnaire/{name}",
        "version": told["version"],
        "name": "".join(word.capitalize() for word in name.split("_")),
        "title": told["title"],
        "status": "active",
        "subjectType": ["Patient"],
        "date": str(told["date"]),
        "publisher": "检后通",
        "purpose": told["purpose"].strip(),
        "copyright": told.get("copyright", OWN_WORDS).strip(),
        **({"extension": checks} if checks else {}),
        "item": [form.section(number, section) for number, section in enumerate(told["sections"], 1)],
    }


class _Form:
    """The tables and names that items of one form share."""

    def __init__(self, name: str, told: dict[str, Any]) -> None:
        self.system = f"{BASE}/CodeSystem/{name.replace('_', '-')}"
        self.answers = told.get("answers", {})
        self.kinds = {i["id"]: i for s in told["sections"] for i in _all_items(s)}

    def section(self, number: int, told: dict[str, Any]) -> dict[str, Any]:
        """Return a page: a group with its note and its items."""
        link_id = told.get("id", f"part-{number}")
        made: dict[str, Any] = {"linkId": link_id, "type": "group", "text": told["title"]}
        if "when" in told:
            made |= self.conditions(told["when"])
        notes = (
            [{"linkId": f"{link_id}-note", "type": "display", "text": told["note"]}] if "note" in told else []
        )
        return {**made, "item": [*notes, *(self.item(i, told.get("ask_with", "")) for i in _all_items(told))]}

    def item(self, told: dict[str, Any], shared: str) -> dict[str, Any]:
        """Return one item."""
        answers = told.get("answers", shared)
        kind = told.get("type") or ("boolean" if answers == "tick" else "choice")
        made: dict[str, Any] = {"linkId": told["id"], "text": told["ask"], "type": kind}
        codes = self.codes(told)
        if codes:
            made["code"] = codes
        if kind == "display":
            return made | (self.conditions(told["when"]) if "when" in told else {})
        made["required"] = not told.get("optional", False)
        if told.get("several"):
            made["repeats"] = True
        if "longest" in told:
            made["maxLength"] = told["longest"]
        if kind in ("choice", "open-choice"):
            made["answerOption"] = [self.option(entry, told) for entry in _entries(self.answers[answers])]
        if "when" in told:
            made |= self.conditions(told["when"])
        extensions = _extensions(told, kind)
        return made | ({"extension": extensions} if extensions else {})

    def codes(self, told: dict[str, Any]) -> list[dict[str, str]]:
        """Return the codes of an item: the factor it asks for."""
        return (
            [{"system": FACTOR, "code": told["factor"], "display": told["ask"]}] if "factor" in told else []
        )

    def option(self, entry: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
        """Return one permitted answer, with what it counts."""
        coding = {"system": self.system, "code": entry["code"], "display": entry["say"]}
        made: dict[str, Any] = {"valueCoding": coding}
        extensions = []
        if entry.get("points") is not None:
            extensions.append({"url": HL7 + "ordinalValue", "valueDecimal": entry["points"]})
        if entry.get("alone") and told.get("several"):
            extensions.append({"url": HL7 + "questionnaire-optionExclusive", "valueBoolean": True})
        return made | ({"extension": extensions} if extensions else {})

    def conditions(self, told: Any) -> dict[str, Any]:
        """Return enableWhen of one condition or of several, all or any of which have to hold."""
        listed = told.get("any") or told.get("all") if isinstance(told, dict) and "q" not in told else [told]
        behaviour = "any" if isinstance(told, dict) and "any" in told else "all"
        made = [self.condition(one) for one in listed]
        # In FHIR ``!=`` holds of a question nobody has answered yet; what follows from an answer waits for it.
        unsure = dict.fromkeys(one["q"] for one in listed if "not" in one)
        if unsure and behaviour == "any":
            raise ValueError(f"'not' among 'any' would hold without an answer: {told}")
        made += [{"question": q, "operator": "exists", "answerBoolean": True} for q in unsure]
        return {"enableWhen": made} | ({"enableBehavior": behaviour} if len(made) > 1 else {})

    def condition(self, told: dict[str, Any]) -> dict[str, Any]:
        """Return one condition on an answer."""
        (word,) = told.keys() & OPERATORS.keys()
        value, asked = told[word], self.kinds[told["q"]]
        made = {"question": told["q"], "operator": OPERATORS[word]}
        if isinstance(value, bool):
            return {**made, "answerBoolean": value}
        if isinstance(value, str):
            return {**made, "answerCoding": {"system": self.system, "code": value}}
        kind = "answerInteger" if asked.get("type") == "integer" else "answerDecimal"
        return {**made, kind: value}


def _all_items(section: dict[str, Any]) -> list[dict[str, Any]]:
    return [i if isinstance(i, dict) else {"id": i[0], "ask": i[1]} for i in section["items"]]


def _entries(told: Any) -> list[dict[str, Any]]:
    """Read answers written as ``code: text``, ``code: [text, points]`` or ``code: {say, points, alone}``."""
    made = []
    for code, value in told.items():
        entry = {"say": value} if isinstance(value, str) else value
        if isinstance(entry, list):
            entry = {"say": entry[0], "points": entry[1]}
        made.append({"code": str(code), **entry})
    return made


def _check(told: dict[str, str]) -> dict[str, Any]:
    """Return a constraint of the form; ``{id}`` in `that` stands for the answer of an item."""
    expression = re.sub(
        r"\{([\w-]+)\}", r"%resource.repeat(item).where(linkId='\1').answer.value", told["that"]
    )
    parts = [
        {"url": "key", "valueId": told["key"]},
        {"url": "severity", "valueCode": told.get("severity", "error")},
        {"url": "expression", "valueString": expression},
        {"url": "human", "valueString": told["say"]},
    ]
    return {"url": HL7 + "questionnaire-constraint", "extension": parts}


def _extensions(told: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    if "unit" in told:
        code, display = told["unit"]
        coding = {"system": UCUM, "code": code, "display": display}
        made.append({"url": HL7 + "questionnaire-unit", "valueCoding": coding})
    value = "valueInteger" if kind == "integer" else "valueDecimal"
    if "low" in told:
        made.append({"url": HL7 + "minValue", value: told["low"]})
    if "high" in told:
        made.append({"url": HL7 + "maxValue", value: told["high"]})
    if kind == "decimal" and "places" in told:
        made.append({"url": HL7 + "maxDecimalPlaces", "valueInteger": told["places"]})
    return made


if __name__ == "__main__":
    sys.exit(main())
