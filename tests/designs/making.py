"""A small questionnaire with a condition and a score, made and published as an administrator does it."""

from domain.designs.commands import CreateDesign
from domain.designs.publishing import PublishDesign

HL7 = "http://hl7.org/fhir/StructureDefinition/"


def option(code, text, points=None):
    made = {"valueCoding": {"system": "urn:own", "code": code, "display": text}}
    if points is not None:
        made["extension"] = [{"url": HL7 + "ordinalValue", "valueDecimal": points}]
    return made


def choice(link_id, text, *points, **more):
    words = ("没有", "有时", "经常", "总是")
    options = [option(f"a{n}", words[n], one) for n, one in enumerate(points)]
    return {
        "linkId": link_id,
        "type": "choice",
        "text": text,
        "required": True,
        "answerOption": options,
        **more,
    }


def when(question, code):
    return {
        "enableWhen": [
            {"question": question, "operator": "=", "answerCoding": {"system": "urn:own", "code": code}}
        ]
    }


def questionnaire(*items):
    return {"resourceType": "Questionnaire", "item": list(items)}


DIZZY = questionnaire(
    choice("dizzy", "近一周头晕吗", 0, 1, 2),
    choice("fall", "因头晕跌倒过吗", 0, 3, **when("dizzy", "a2")),
    choice("sleep", "睡得好吗", 0, 1, 2),
)
SCORING = {
    "scores": [
        {
            "id": "total", "label": "头晕得分", "of": ["dizzy", "fall", "sleep"],
            "bands": [
                {"at_least": 0, "text": "无需处理", "level": "low"},
                {"at_least": 3, "text": "请医生看", "level": "high"},
            ],
        }
    ],
    "source": "本院 2026 年护理会议",
}  # fmt: skip


def make(desk, admin, resource=DIZZY, scoring=SCORING, title="头晕随访问卷", **more):
    order = CreateDesign(title=title, questionnaire=resource, scoring=scoring, **more)
    return desk.run(order, admin).receipt


def publish(desk, admin, design, *places, version="1.0.0", note="试用"):
    order = PublishDesign(
        design_id=design, version=version, everywhere=not places, places=list(places), note=note
    )
    return desk.run(order, admin).receipt


def answered(url, version, **codes):
    items = [
        {"linkId": k, "answer": [{"valueCoding": {"system": "urn:own", "code": v}}]} for k, v in codes.items()
    ]
    return {"resourceType": "QuestionnaireResponse", "questionnaire": f"{url}|{version}", "item": items}
