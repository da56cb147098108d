"""Forms for tests, written as the JSON they would come from."""

from datetime import UTC, datetime

from forms.questionnaire_reader import parse_form
from forms.session import FormSession

NOW = datetime(2026, 11, 29, 2, 0, tzinfo=UTC)
HL7 = "http://hl7.org/fhir/StructureDefinition/"
SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-"
FACTOR = "urn:aftercheck:factor"


def rule(name, text, variable="", **more):
    """An extension with a FHIRPath expression."""
    told = {
        "language": "text/fhirpath",
        "expression": text,
        **({"name": variable} if variable else {}),
        **more,
    }
    return {"url": (HL7 if name == "variable" else SDC) + name, "valueExpression": told}


def constraint(text, human="", severity="error", key="c"):
    told = [("key", "valueId", key), ("severity", "valueCode", severity), ("human", "valueString", human)]
    parts = [{"url": name, kind: value} for name, kind, value in (*told, ("expression", "valueString", text))]
    return {"url": HL7 + "questionnaire-constraint", "extension": parts}


def item(link_id, kind="integer", *items, rules=(), **more):
    found = {"linkId": link_id, "type": kind, "text": f"题{link_id}", **more}
    if items:
        found["item"] = list(items)
    if rules:
        found["extension"] = [*rules, *found.get("extension", [])]
    return found


def option(code, score=None):
    found = {"valueCoding": {"system": "s", "code": code, "display": code.upper()}}
    if score is not None:
        found["extension"] = [{"url": HL7 + "ordinalValue", "valueDecimal": score}]
    return found


def when(question, operator="=", **answer):
    return {"question": question, "operator": operator, **answer}


def form(*items, version="1", url="https://example.org/q", **more):
    resource = {
        "resourceType": "Questionnaire",
        "url": url,
        "version": version,
        "title": "测试",
        "status": "active",
    }
    return parse_form({**resource, "item": list(items), **more}, strict=True)


def session(*items, contexts=None, **more):
    return FormSession(form(*items, **more), contexts, clock=lambda: NOW)
