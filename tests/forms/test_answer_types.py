"""Every type of answer: typed, bounded, refused, written and read back; photos told apart by their bytes."""

from datetime import date
from decimal import Decimal

import pytest

from domain.kernel.errors import DomainError
from forms.attachments import LARGEST, attachment_of, check_attachment, type_of_bytes
from forms.questionnaire_reader import parse_form
from forms.response import from_json, to_json
from forms.session import FormSession
from forms.values import Attachment, Coding, Quantity, Reference, Temporal
from tests.forms.building import HL7, NOW, item, option, session, when
from tests.forms.foreign import FOLDER, meaning, resources

UCUM = "http://unitsofmeasure.org"
UNITS = [
    {"url": HL7 + "questionnaire-unitOption", "valueCoding": {"system": UCUM, "code": code, "display": shown}}
    for code, shown in (("mmol/L", "毫摩尔/升"), ("mg/dL", "毫克/分升"))
]  # fmt: skip


def limits(low, high, kind):
    return [{"url": HL7 + "minValue", f"value{kind}": low}, {"url": HL7 + "maxValue", f"value{kind}": high}]


PHOTO = [
    {"url": HL7 + "maxSize", "valueDecimal": 5},
    {"url": HL7 + "mimeType", "valueCode": "image/jpeg"},
    {"url": HL7 + "mimeType", "valueCode": "image/png"},
]
ITEMS = (
    item("quantity", "quantity", extension=[*UNITS, *limits(3, 30, "Decimal")]),
    item("time", "time", extension=limits("06:00", "22:00", "Time")),
    item("moment", "dateTime", extension=limits("2026-01-01T00:00:00Z", "2026-12-31T00:00:00Z", "DateTime")),
    item("day", "date", extension=limits("2000-01-01", "2026-11-29", "Date")),
    item("url", "url", maxLength=30),
    item("photo", "attachment", extension=PHOTO),
    item("any", "attachment"),
    item("who", "reference", readOnly=True),
    item("pick", "integer", answerOption=[{"valueInteger": 1}, {"valueInteger": 2}]),
    item("open", "choice", answerValueSet="http://example.org/elsewhere"),
    item("text", "string"),
)
JPEG = Attachment("image/jpeg", "urn:sha256:00", 1000, "单据.jpg")


@pytest.mark.parametrize(
    ("link_id", "value", "kept", "problem"),
    [
        ("quantity", "5.60", Quantity(Decimal("5.60"), "毫摩尔/升", "mmol/L", UCUM), None),
        ("quantity", "100 mg/dL", Quantity(Decimal(100), "毫克/分升", "mg/dL", UCUM), "form.too_large"),
        ("quantity", "2.9", Quantity(Decimal("2.9"), "毫摩尔/升", "mmol/L", UCUM), "form.too_small"),
        ("time", "06:00", Temporal("time", "06:00"), None),
        ("time", "05:59", Temporal("time", "05:59"), "form.too_small"),
        ("time", "22:30:00", Temporal("time", "22:30:00"), "form.too_large"),
        ("moment", "2026-06-01T08:00:00+08:00", Temporal("dateTime", "2026-06-01T08:00:00+08:00"), None),
        ("moment", "2025-12-31T23:59:59Z", Temporal("dateTime", "2025-12-31T23:59:59Z"), "form.too_small"),
        ("moment", "2026", Temporal("dateTime", "2026"), None),
        ("day", "1999-12-31", date(1999, 12, 31), "form.too_small"),
        ("day", "2026-11", Temporal("date", "2026-11"), None),
        ("day", "1999", Temporal("date", "1999"), "form.too_small"),
        ("url", "https://example.org", "https://example.org", None),
        ("url", "https://example.org/" + "x" * 30, "https://example.org/" + "x" * 30, "form.too_long"),
        ("photo", JPEG, JPEG, None),
        ("pick", "2", 2, None),
        ("open", "自己写的", Coding("", "", "自己写的"), None),
        ("open", Coding("x", "http://s", "甲"), Coding("x", "http://s", "甲"), None),
    ],
)  # fmt: skip
def test_an_answer_is_kept_judged_and_read_back(link_id, value, kept, problem):
    live = session(*ITEMS)
    live.set_answer(link_id, value)
    assert live.answers(link_id) == (kept,)
    assert [p.code for p in live.problems()] == ([problem] if problem else [])
    again = FormSession.restore(live.form, from_json(to_json(live.draft(NOW))))
    assert again.answers(link_id) == (kept,)
    assert to_json(again.draft(NOW)) == to_json(live.draft(NOW))


@pytest.mark.parametrize(
    ("link_id", "value", "code"),
    [
        ("quantity", "5 stone", "form.wrong_kind.quantity"),
        ("quantity", "x", "form.wrong_kind.quantity"),
        ("time", "25:00", "form.wrong_kind.time"),
        ("moment", "2026-02-30T10:00:00Z", "form.wrong_kind.date_time"),
        ("day", "2026-13", "form.wrong_kind.date"),
        ("day", "2026-11-29T08:00:00Z", "form.wrong_kind.date"),
        ("photo", "photo.jpg", "form.wrong_kind.attachment"),
        ("photo", Attachment("image/jpeg", "u", 50_000_000), "form.attachment_too_large"),
        ("photo", Attachment("application/pdf", "u", 10), "form.attachment_wrong_type"),
        ("any", Attachment("image/jpeg", "u", LARGEST + 1), "form.attachment_too_large"),
        ("any", Attachment("application/x-msdownload", "u", 10), "form.attachment_wrong_type"),
        ("who", Reference("Patient/1"), "form.read_only"),
        ("pick", 3, "form.not_an_option"),
        ("text", "长" * 100_001, "form.text_too_long"),
    ],
)
def test_what_is_refused_changes_nothing(link_id, value, code):
    live = session(*ITEMS)
    live.set_answer("photo", JPEG)
    before = live.draft(NOW)
    with pytest.raises(DomainError) as caught:
        live.set_answer(link_id, value)
    assert (caught.value.code, caught.value.field) == (code, link_id)
    assert live.draft(NOW) == before


def test_a_file_is_what_its_bytes_are():
    photo = session(*ITEMS).item("photo")
    jpeg = b"\xff\xd8\xff\xe0" + b"0" * 100
    made = attachment_of(photo, "单据.png", jpeg, "urn:sha256:01")
    assert (made.content_type, made.size, made.title) == ("image/jpeg", 104, "单据.png")
    with pytest.raises(DomainError) as caught:
        attachment_of(photo, "photo.jpg", b"MZ\x90\x00" + b"0" * 100, "u")
    assert caught.value.code == "form.attachment_wrong_type"
    assert caught.value.facts["given"] == "未知"
    with pytest.raises(DomainError) as caught:
        check_attachment(photo, "image/jpeg", 50_000_000)
    assert (caught.value.facts["size"], caught.value.facts["limit"]) == ("50.0", "5.0")
    check_attachment(photo, "image/jpeg; charset=binary", 5_000_000)


@pytest.mark.parametrize(
    ("head", "mime"),
    [
        (b"\xff\xd8\xff\xdb", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"\x00\x00\x00\x18ftypheic", "image/heic"),
        (b"%PDF-1.7", "application/pdf"),
        (b"GIF89a", "image/gif"),
        (b"<svg ", ""),
        (b"", ""),
    ],
)
def test_the_first_bytes_tell(head, mime):
    assert type_of_bytes(head) == mime


@pytest.mark.parametrize(
    ("operator", "answer", "given", "expected"),
    [
        (">", {"answerQuantity": {"value": 5, "code": "mmol/L"}}, "6", True),
        (">", {"answerQuantity": {"value": 5, "code": "mg/dL"}}, "6", False),
        ("=", {"answerQuantity": {"value": 6, "code": "mmol/L"}}, "6.0", True),
        ("<=", {"answerQuantity": {"value": 6, "code": "mmol/L"}}, "6", True),
        ("exists", {"answerBoolean": True}, "6", True),
    ],
)
def test_conditions_on_quantities(operator, answer, given, expected):
    asked = item("then", "string", enableWhen=[when("quantity", operator, **answer)])
    live = session(ITEMS[0], asked)
    live.set_answer("quantity", given)
    assert live.is_enabled("then") is expected


def test_conditions_on_times_and_texts():
    live = session(
        item("t", "time"), item("s", "string"),
        item("late", "string", enableWhen=[when("t", ">=", answerTime="22:00:00")]),
        item("behind", "string", enableWhen=[when("s", ">", answerString="m")]),
        item("not", "string", enableWhen=[when("s", "!=", answerString="m")]),
    )  # fmt: skip
    assert [live.is_enabled(name) for name in ("late", "behind", "not")] == [False, False, True]
    live.set_answer("t", "23:15:00")
    live.set_answer("s", "n")
    assert [live.is_enabled(name) for name in ("late", "behind", "not")] == [True, True, True]


def test_what_a_stored_response_has_besides_is_written_back():
    live = session(
        item("a", "choice", answerOption=[option("x"), option("y")]), item("g", "group", item("b"))
    )
    live.set_answer("a", "x")
    live.set_answer("b", 3)
    stored = live.draft(NOW)
    stored |= {
        "id": "r1",
        "subject": {"reference": "Patient/1"},
        "extension": [{"url": "http://e", "valueCode": "k"}],
    }
    stored["item"][0]["answer"][0]["valueCoding"]["version"] = "7"
    stored["item"][0]["answer"][0]["id"] = "a1"
    stored["item"][1]["definition"] = "http://d"
    again = FormSession.restore(live.form, stored)
    assert meaning(again.draft(NOW)) == meaning(stored)
    again.set_answer("a")
    again.set_answer("a", "x")
    assert again.draft(NOW)["id"] == "r1"
    again.set_answer("a", "y")
    assert again.draft(NOW)["item"][0]["answer"] == [
        {"valueCoding": {"system": "s", "code": "y", "display": "Y"}}
    ]


PAIRS = {
    "repeated_group_response.json": "component_repeated_group.json",
    "qr-with-answerValueSet-autocomplete-searchfield.json": "q-with-answerValueSet-autocomplete-searchfield.json",
    "qr-with-answerValueSet-radiobutton-checkbox.json": "q-with-answerValueSet-radiobutton-checkbox.json",
    "qr-with-repeating-group-exceed-maxOccurs.json": "q-with-minOccurs-maxOccurs.json",
    "QuestionnaireResponse-gcs.json": "Questionnaire-gcs.json",
    "QuestionnaireResponse-questionnaireresponse-sdc-example-ussg-fht-answers.json":
        "Questionnaire-questionnaire-sdc-profile-example-ussg-fht.json",
    "QuestionnaireResponse-questionnaireresponse-sdc-profile-example-loinc.json":
        "Questionnaire-questionnaire-sdc-profile-example-loinc.json",
    "QuestionnaireResponse-questionnaireresponse-sdc-profile-example-multi-subject.json":
        "Questionnaire-questionnaire-sdc-profile-example-multi-subject.json",
}  # fmt: skip


@pytest.mark.skipif(not FOLDER.is_dir(), reason="foreign questionnaires are not on this machine")
def test_foreign_responses_come_back_as_they_were():
    wanted = set(PAIRS.values())
    forms = {path.name: parse_form(raw) for path, raw in resources("Questionnaire") if path.name in wanted}
    seen = 0
    for path, response in resources("QuestionnaireResponse"):
        if path.name not in PAIRS:
            continue
        form = forms[PAIRS[path.name]]
        live = FormSession.restore(form, {**response, "questionnaire": form.canonical})
        ours = {"questionnaire": 0, "status": 0, "authored": 0}
        assert meaning({**live.draft(NOW), **ours}) == meaning({**response, **ours}), path.name
        seen += 1
    assert seen == len(PAIRS)


@pytest.mark.skipif(not FOLDER.is_dir(), reason="foreign questionnaires are not on this machine")
def test_foreign_forms_can_be_filled_in():
    """Every form is opened, walked as a page would, answered where it takes plain answers, kept and opened again."""
    plain = {
        "string": "字",
        "text": "字",
        "boolean": True,
        "integer": 3,
        "decimal": "1.5",
        "date": "2026-11-29",
    }
    opened = 0
    for path, resource in resources("Questionnaire"):
        try:
            form = parse_form(resource)
        except DomainError:
            continue
        live = FormSession(form, clock=lambda: NOW)
        for place in list(live.places()):
            if place not in set(live.places()):
                continue  # it went with an answer given before
            question = live.item(place.link_id)
            options = live.options(*place) if question.type.is_question else ()
            value = options[0].value if options else plain.get(question.type.value)
            if value is not None and not question.read_only:
                live.set_answer(place.link_id, value, at=place.at)
        again = FormSession.restore(form, from_json(to_json(live.draft(NOW))), clock=lambda: NOW)
        assert again.draft(NOW) == live.draft(NOW), path.name
        assert again.problems() == live.problems(), path.name
        opened += 1
    assert opened > 180
