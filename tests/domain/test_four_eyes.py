"""Each level of the review is another person's: who wrote does not review, who passed one level not the next."""

import uuid

import pytest
from sqlalchemy import select

import resources
from domain.catalog.content import load_catalog
from domain.checkup.records import Report
from domain.checkup.report_commands import (
    PassFirstReview,
    PassSecondReview,
    ReturnReport,
    SignReport,
    SubmitReport,
    WriteReport,
)
from domain.checkup.workflow import report_review
from domain.kernel.errors import DomainError
from tests.domain.test_day_commands import visit_id  # noqa: F401  (the visit of a day)


@pytest.fixture
def day(desk):
    desk.content["catalog"] = load_catalog(resources.folder("catalog"))
    return desk


@pytest.fixture
def person(authority, as_role):
    """Return a function that makes another person of a role."""

    def make(role, number):
        known = as_role(role)
        return authority.actor(
            staff_id=uuid.UUID(int=number), name=f"{role} {number}", role=role, org_id=known.org_id,
            device_id=known.device_id, subtree=(),
        )  # fmt: skip

    return make


@pytest.fixture
def report(day, person, visit_id):  # noqa: F811
    """A report that physician 1 wrote and submitted."""
    written = day.run(WriteReport(visit_id=visit_id, conclusion="血压偏高"), person("physician", 1)).receipt
    day.run(SubmitReport(report_id=written.report_id), person("physician", 1))
    return written.report_id


def refused(day, order, actor):
    with pytest.raises(DomainError) as found:
        day.run(order, actor)
    return found.value


def state(day):
    with day.store.read() as connection:
        return connection.execute(select(Report.state)).scalar_one()


def signing(report):
    return SignReport(
        report_id=report, digest="0" * 64, signature="x", public_key="x", document="final_report@1.0.0", seal="x",
        signed_at="2026-11-23T01:00:00+00:00", document_sha256="0" * 64, document_size=1,
    )  # fmt: skip


def test_the_author_does_not_pass_the_first_review(day, person, report):
    error = refused(day, PassFirstReview(report_id=report), person("physician", 1))
    assert (error.code, error.facts) == ("report.own_work", {"earlier": "撰写中", "step": "分院初审"})
    assert state(day) == "first_review"
    day.run(PassFirstReview(report_id=report), person("physician", 2))
    assert state(day) == "second_review"


def test_who_corrected_the_text_is_an_author_too(day, person, report):
    day.run(PassFirstReview(report_id=report), person("physician", 2))
    day.run(ReturnReport(report_id=report, remark="请写明数值"), person("chief_physician", 3))
    day.run(SubmitReport(report_id=report), person("physician", 4))
    promoted = person("chief_physician", 4)
    assert refused(day, PassSecondReview(report_id=report), promoted).code == "report.own_work"


def test_who_passed_a_level_does_not_pass_a_later_one(day, person, report):
    day.run(PassFirstReview(report_id=report), person("physician", 2))
    same = refused(day, PassSecondReview(report_id=report), person("chief_physician", 2))
    assert (same.code, same.facts) == ("report.same_hands", {"earlier": "分院初审", "step": "总院复审"})
    day.run(PassSecondReview(report_id=report), person("chief_physician", 3))
    for number, step in ((2, "分院初审"), (3, "总院复审")):
        error = refused(day, signing(report), person("chief_physician", number))
        assert (error.code, error.facts["earlier"]) == ("report.same_hands", step), number


def test_who_returned_a_report_may_look_at_it_again(day, person, report):
    chief = person("chief_physician", 3)
    day.run(PassFirstReview(report_id=report), person("physician", 2))
    day.run(ReturnReport(report_id=report, remark="请写明数值"), chief)
    day.run(SubmitReport(report_id=report), person("physician", 1))
    day.run(PassSecondReview(report_id=report), chief)
    assert state(day) == "final_review"


def test_the_rule_stands_in_the_workflow():
    """Every level forbids the hands of all before it; a move that is declared apart cannot be made without them."""
    assert report_review.apart == {
        "pass_first": ("submit",),
        "pass_second": ("submit", "pass_first"),
        "pass_third": ("submit", "pass_first", "pass_second"),
        "pass_fourth": ("submit", "pass_first", "pass_second", "pass_third"),
        "sign": ("submit", "pass_first", "pass_second", "pass_third", "pass_fourth"),
    }
    with pytest.raises(ValueError, match="unknown moves"):
        type(report_review)(
            Report,
            "试",
            *report_review.states.values(),
            moves={"a": ("drafting", "issued")},
            apart={"b": ("a",)},
        )
