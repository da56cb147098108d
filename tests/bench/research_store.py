"""A study of many subjects in an encrypted store: consents, one visit each, results and questionnaires,
by the row."""

from collections.abc import Iterator
from typing import Any

import msgspec

from domain.catalog.lookup import Catalog
from domain.checkup.records import Observation, QuestionnaireResponse
from domain.consent.records import Consent
from domain.kernel.columns import to_microseconds
from domain.kernel.store import Store
from domain.people.records import Organization, Patient
from domain.scales.records import FormTask
from domain.studies.records import ProtocolVisit, Study
from domain.studies.subject_records import StudySubject, SubjectVisit
from tests.bench.alert_store import NOW, ORG, _insert, number

STUDY, PLAN = number(0x40, 1), number(0x41, 1)
AT = to_microseconds(NOW)
FORM_ITEMS = 150
FORM = "bench_form"


def questionnaire() -> dict[str, Any]:
    """Return a questionnaire of 150 questions with four answers each."""
    options = [
        {"valueCoding": {"system": "urn:x", "code": f"a{n}", "display": f"答案 {n}"}} for n in range(4)
    ]
    items = [
        {"linkId": f"i{n}", "text": f"问题 {n}", "type": "choice", "answerOption": options}
        for n in range(FORM_ITEMS)
    ]
    return {
        "resourceType": "Questionnaire", "url": f"urn:x:{FORM}", "version": "1", "name": FORM, "title": "队列问卷",
        "status": "active", "item": items,
    }  # fmt: skip


def fill(store: Store, catalog: Catalog, *, subjects: int, results: int) -> list[str]:
    """Put a study with so many subjects and results each into a store; returns the items of the results."""
    own = [key for key, one in catalog.observations.items() if one.kind != "presence"]
    items = [own[n] if n < len(own) else f"x_{n}" for n in range(results)]
    base = {"org_id": ORG.bytes, "ver": 0, "extra": None}
    day = NOW.date().isoformat()
    _insert(store, Organization.__table__, [
        {**base, "id": ORG.bytes, "code": "B1", "name": "分院", "kind": "branch", "parent_id": None}
    ])  # fmt: skip
    _insert(store, Study.__table__, [{
        **base, "id": STUDY.bytes, "code": "C1", "name": "队列", "protocol": "V1", "ethics_number": None,
        "leader_id": None, "leader_name": "周", "planned_subjects": subjects, "recruit_from": day,
        "recruit_until": day,
        "criteria": '{"include":[],"exclude":[]}', "revision": 0, "state": "recruiting",
        "state_since": AT, "due_at": None,
    }])  # fmt: skip
    _insert(store, ProtocolVisit.__table__, [{
        **base, "id": PLAN.bytes, "study_id": STUDY.bytes, "code": "V0", "name": "基线", "day": 0, "before_days": 0,
        "after_days": 7, "forms": f'["{FORM}@1"]', "questionnaire_hours": 24, "collection_hours": 8,
        "processing_hours": 2, "storage_hours": 2,
    }])  # fmt: skip
    places = range(subjects)
    state = {"state_since": AT, "due_at": None}
    _insert(store, Patient.__table__, ({
        **base, **_empty(Patient), "id": number(0x50, n).bytes, "number": f"P{n:06d}", "name": f"客户{n}",
        "sex": str(1 + n % 2), "birth_date": f"{1940 + n % 60}-03-01", "id_type": "01",
    } for n in places))  # fmt: skip
    _insert(store, StudySubject.__table__, ({
        **base, "id": number(0x51, n).bytes, "number": f"C1-{n:07d}", "study_id": STUDY.bytes,
        "patient_id": number(0x50, n).bytes, "arm_id": None, "reasons": "[]", "enrolled_at": AT, "enrolled_by": None,
        "consent": "signed", "state": "enrolled", **state, "reason": None,
    } for n in places))  # fmt: skip
    _insert(store, Consent.__table__, ({
        **base, "id": number(0x52, n).bytes, "subject_id": number(0x51, n).bytes, "study_id": STUDY.bytes,
        "patient_id": number(0x50, n).bytes, "document_id": STUDY.bytes, "version": "1.0",
        "uses": '["collect","data"]',
        "way": "desk", "signer_name": "x", "relation": "self", "proof": "known", "witness_id": None,
        "witness_name": "x",
        "signed_at": AT, "expires_at": None, "shown_sha256": "0", "shown_bytes": 1, "sha256": "0", "evidence": "{}",
        "evidence_sha256": "0", "outdated": 0, "state": "withdrawn" if n % 50 == 0 else "valid", **state,
        "reason": None,
    } for n in places))  # fmt: skip
    _insert(store, SubjectVisit.__table__, ({
        **base, "id": number(0x53, n).bytes, "study_id": STUDY.bytes, "subject_id": number(0x51, n).bytes,
        "patient_id": number(0x50, n).bytes, "plan_id": PLAN.bytes, "name": "基线", "target_on": day,
        "window_from": day,
        "window_until": day, "visit_id": number(0x54, n).bytes, "begun_at": AT, "off_window": 0, "open_tubes": 0,
        "in_building": 0, "bar": None, "state": "done", **state,
    } for n in places))  # fmt: skip
    _insert(store, FormTask.__table__, ({
        **base, "id": number(0x55, n).bytes, "patient_id": number(0x50, n).bytes, "visit_id": number(0x54, n).bytes,
        "form": FORM, "form_version": "1", "purpose": f"C1-{n:07d} 基线", "study": "C1",
        "issued_by": None, "issued_at": AT,
        "begun_at": AT, "state": "handed_in", **state, "reason": None,
    } for n in places))  # fmt: skip
    _insert(store, QuestionnaireResponse.__table__, ({
        **base, "id": number(0x56, n).bytes, "visit_id": number(0x54, n).bytes, "patient_id": number(0x50, n).bytes,
        "task_id": number(0x55, n).bytes, "form": FORM, "form_version": "1", "answers": _answers(n), "score": None,
        "authored_at": AT, "authored_by": None, "source": "nurse", "signature_sha256": None, "amends": None,
        "reason": None, "corrected_at": None, "part_of": None, "published_id": None,
    } for n in places))  # fmt: skip
    _insert(store, Observation.__table__, _observations(subjects, items, base))
    return items


def _observations(subjects: int, items: list[str], base: dict[str, Any]) -> Iterator[dict[str, Any]]:
    empty = _empty(Observation)
    for n in range(subjects):
        visit, patient = number(0x54, n).bytes, number(0x50, n).bytes
        for place, item in enumerate(items):
            value = round(1 + ((n * 7919 + place * 104729) % 10_007) / 100, 2)
            yield {
                **base, **empty, "id": number(0x57, n * len(items) + place).bytes, "visit_id": visit,
                "patient_id": patient, "item": item, "label": item, "value_number": value, "value_text": str(value),
                "ucum": "mmol/L", "unverified": 0, "status": "F", "effective_at": AT + place, "source": "interface",
            }  # fmt: skip


def _answers(n: int) -> str:
    items = [
        {
            "linkId": f"i{k}",
            "answer": [{"valueCoding": {"system": "urn:x", "code": f"a{(n * 31 + k * 17) % 4}"}}],
        }
        for k in range(FORM_ITEMS)
    ]
    return msgspec.json.encode({"resourceType": "QuestionnaireResponse", "item": items}).decode()


def _empty(record: Any) -> dict[str, Any]:
    return dict.fromkeys(
        c.name for c in record.__table__.columns if c.name not in ("id", "org_id", "ver", "extra")
    )
