"""A form of 500 items with 100 expressions, as an institution's long questionnaire would be, and its answers."""

import random
from decimal import Decimal
from typing import Any

SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-"
HL7 = "http://hl7.org/fhir/StructureDefinition/"
PAGES = 10
QUESTIONS = 49  # a page; with its group 50 items


def read(page: int, number: int) -> str:
    """Return the expression that reads one question."""
    return f"%resource.item.where(linkId='p{page}').item.where(linkId='p{page}.{number}').answer.value"


def _rule(name: str, text: str, variable: str = "") -> dict[str, Any]:
    url = (HL7 if name == "variable" else SDC) + name
    told = {"language": "text/fhirpath", "expression": text}
    return {"url": url, "valueExpression": {**told, "name": variable} if variable else told}


def _question(page: int, number: int) -> dict[str, Any]:
    found: dict[str, Any] = {"linkId": f"p{page}.{number}", "text": f"第 {page + 1} 页第 {number + 1} 题"}
    match number % 5:
        case 0:
            limits = [
                {"url": HL7 + "minValue", "valueInteger": 0},
                {"url": HL7 + "maxValue", "valueInteger": 300},
            ]
            return {**found, "type": "integer", "required": True, "extension": limits}
        case 1:
            options = [
                {
                    "valueCoding": {"system": "s", "code": str(score), "display": f"选项 {score}"},
                    "extension": [{"url": HL7 + "ordinalValue", "valueDecimal": score}],
                }
                for score in range(4)
            ]
            return {**found, "type": "choice", "answerOption": options}
        case 2:
            return {**found, "type": "boolean"}
        case 3:
            condition = {"question": f"p{page}.{number - 1}", "operator": "=", "answerBoolean": True}
            return {**found, "type": "string", "enableWhen": [condition]}
    return {**found, "type": "decimal"}


def _expressions(page: int) -> list[tuple[int, dict[str, Any]]]:
    """Return ten expressions of a page by the number of the question that carries them."""
    total = f"%resource.item.where(linkId='p{page}').item.answer.weight().sum()"
    found: list[tuple[int, dict[str, Any]]] = []
    for index in range(4):
        a, b = read(page, index * 5), read(page, index * 5 + 5)
        found.append(
            (index * 5 + 4, _rule("calculatedExpression", f"iif({b} > 0, ({a} / {b} * 100).round(1), {{}})"))
        )
    found.append((24, _rule("calculatedExpression", f"{read(page, 4)} + {read(page, 9)}")))
    found.append((29, _rule("calculatedExpression", f"iif({read(page, 24)} > 200, 1, 0)")))
    found.append((34, _rule("calculatedExpression", f"%total{page} * 2")))
    found.append((33, _rule("enableWhenExpression", f"{read(page, 0)} > 40 and {read(page, 5)} < 90")))
    found.append((38, _rule("enableWhenExpression", f"{read(page, 29)} = 1")))
    return [*found, (-1, _rule("variable", total, f"total{page}"))]


def big_form() -> dict[str, Any]:
    """Return the Questionnaire."""
    pages, variables = [], []
    for page in range(PAGES):
        questions = [_question(page, number) for number in range(QUESTIONS)]
        for number, rule in _expressions(page):
            if number < 0:
                variables.append(rule)
            else:
                questions[number].setdefault("extension", []).append(rule)
                if rule["url"].endswith("calculatedExpression"):
                    questions[number]["readOnly"] = True
        pages.append({"linkId": f"p{page}", "type": "group", "text": f"第 {page + 1} 页", "item": questions})
    head = {
        "resourceType": "Questionnaire",
        "url": "https://example.org/big",
        "version": "1",
        "title": "大问卷",
    }
    return {**head, "status": "active", "extension": variables, "item": pages}


def answer_for(question: Any, chance: random.Random) -> Any:
    """Return a fitting answer."""
    match question.type.value:
        case "integer":
            return chance.randrange(1, 200)
        case "decimal":
            return Decimal(chance.randrange(1, 5000)) / 10
        case "boolean":
            return chance.random() < 0.7
        case "choice":
            return chance.choice(question.options).value
    return "说明文字"
