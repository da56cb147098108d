"""No list and no record page shows a code: each code column says what it stands for, and every value has its name."""

import re

import pytest
from sqlalchemy import String

import resources
from client.formatting import Formatter, choice_code
from domain.kernel.authority import Authority
from domain.kernel.columns import Code, JsonText, Means
from domain.kernel.commands import commands
from domain.kernel.record import column_info, record_classes
from domain.kernel.texts import Texts
from domain.kernel.workflow import workflows
from domain.kernel.worklists import worklists

TEXTS = Texts.load(resources.folder("texts") / "zh")
LONG = 121
CHINESE = re.compile("[一-鿿]")
COLUMNS = [
    (kind.record_info.entity, column, info)
    for kind in record_classes().values()
    for column in kind.__table__.columns
    if (info := column_info(column)) is not None
]


@pytest.fixture(scope="module")
def say():
    return Formatter(TEXTS)


@pytest.mark.parametrize(
    ("entity", "column"), [(e, c) for e, c, _ in COLUMNS if isinstance(c.type, Code)], ids=str
)
def test_every_value_of_a_closed_list_has_its_name(entity, column):
    for member in column.type.members:
        assert CHINESE.search(TEXTS.say(choice_code(member))), (entity, column.name, member)


def test_what_a_code_stands_for_is_known():
    for entity, column, info in COLUMNS:
        if info.means is None:
            continue
        kind, _, of = info.means.partition(":")
        assert kind in {"words", "state", Means.RECORD, Means.COMMAND, Means.FIELD, Means.UNIT}, (
            entity,
            column.name,
        )
        if kind == "words":
            assert any(code.startswith(f"word.{of}.") for code in TEXTS.codes()), (entity, column.name)
        if kind == "state":
            assert of in workflows(), (entity, column.name)


NOT_CODES = {
    "accession", "account", "activity", "approval", "at", "band", "bar", "based_on", "before", "card_no", "code",
    "content_sha256", "control_id", "day", "department", "device", "document", "document_sha256",
    "ethics_number", "external_id", "filler_number", "fingerprint", "form_version", "found_place", "hash", "host",
    "id_number",
    "important_class", "item", "key", "label", "least_version", "limits", "login", "loinc", "low_since", "media_type",
    "modality",
    "models_version", "month", "name", "newer", "nickname", "number", "other_number", "package", "partner_name",
    "permission", "phone",
    "place", "place_key", "placer_number", "prefix", "printer", "programme", "programme_version",
    "protocol", "range_text", "record_id", "rule", "rules_version", "said_id_number", "said_type", "scale_version",
    "service", "sha256", "signature", "slot", "source_number", "sprec", "step", "study", "study_code", "study_uid",
    "template", "title", "topic", "trade_no", "tube_kind", "unit", "version", "via", "visit_number", "why",
    "with_whom",
}  # fmt: skip
"""Numbers, names and standards' own terms that people read as they are."""


def test_a_short_text_without_a_meaning_is_no_code():
    """A new column of short texts must say what its codes stand for, or be looked at and named above."""
    shown = {
        (column.entity, column.source)
        for listing in worklists().values() for column in listing.columns if column.info is not None
    }  # fmt: skip
    for entity, column, info in COLUMNS:
        if (entity, column.name) not in shown or info.means is not None or isinstance(column.type, Code):
            continue
        short = type(column.type) is String and (column.type.length or LONG) < LONG
        if short and column.name != "state":
            assert column.name in NOT_CODES, f"{entity}.{column.name} needs `means`, or is no code"


@pytest.mark.parametrize(
    ("entity", "column", "code", "name"),
    [
        ("patient", "id_type", "01", "居民身份证"),
        ("staff", "role", "chief_physician", "总院专家"),
        ("review_step", "level", "second_review", "总院复审"),
        ("observation", "flag", "HH", "危急偏高"),
        ("attachment", "subject", "visit", "体检"),
        ("conflict", "mine_command", "people.edit", commands()["people.edit"].label),
        ("conflict", "fields", "phone", "手机号"),
        ("alert", "receivers", ["nurse", "physician"], "护士、医生"),
        ("patient", "id_type", "77", "77"),
        ("report", "urgency", 2, "危急值"),
        ("observation", "ucum", "mm[Hg]", "mmHg"),
        ("observation", "ucum", "umol/L", "μmol/L"),
    ],
)
def test_a_code_is_read_by_its_name(say, entity, column, code, name):
    assert say.value(code, entity, column) == name


def test_the_keys_of_a_structure_are_read_by_their_labels(say):
    assert say.value({"phone": "13800000000"}, "conflict", "theirs") == "手机号：13800000000"


def test_every_role_has_its_name(say):
    for role in Authority.load(resources.folder("roles.yaml")).roles:
        assert CHINESE.search(say.value(role, "staff", "role")), role


def test_columns_that_lists_show_under_another_name_are_read_alike(say):
    for listing in worklists().values():
        for column in listing.columns:
            if column.info is not None and column.kind not in {"JsonText", "Id16"}:
                known = record_classes()[column.entity].__table__.c[column.source]
                assert not isinstance(known.type, JsonText)
                assert column_info(known) is column.info
