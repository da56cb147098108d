"""A design is published to places, never changes again, is pinned by what is handed in, and is retired."""

from datetime import timedelta

import msgspec
import pypdfium2
import pytest
from sqlalchemy import select

import resources
from domain.checkup.form_commands import AnswerForm, IssueForm
from domain.checkup.records import QuestionnaireResponse
from domain.designs.commands import (
    DiscardDesign,
    NewDesignVersion,
    SaveDesign,
    next_version,
)
from domain.designs.publishing import LARGEST, MOST_ITEMS, PublishMore, RetireDesign
from domain.designs.reading import TitleWatch, in_force
from domain.designs.records import FormDesign, Origin, PublishedForm
from domain.kernel.errors import DomainError
from domain.kernel.texts import Texts
from domain.kernel.worklists import Pages, worklists
from domain.people.staff_commands import CreateOrganization
from domain.scales.content import scale_content
from domain.scales.records import ScaleResult
from forms.assessing import assessment_pdf
from forms.documents import load_documents
from forms.questionnaire_reader import load_form
from forms.questionnaire_writer import write_form
from forms.response import to_json
from forms.session import FormSession
from forms.shelf import listed, take
from tests.designs.making import DIZZY, SCORING, answered, choice, make, publish, questionnaire, when

FORMS = resources.folder("forms")


def rows(desk, kind):
    with desk.store.read() as connection:
        return connection.execute(select(kind.__table__).order_by(kind.id)).all()


def refused(desk, order, actor):
    with pytest.raises(DomainError) as found:
        desk.run(order, actor)
    return found.value


def own_at(group, *orgs):
    with group.desk.store.read() as connection:
        return {one.form: one.version for one in in_force(connection, orgs).values()}


def hand_in(group, org, form, version, **codes):
    with group.desk.store.read() as connection:
        url = take(connection, FORMS, form, {org}, version).form.url
    order = AnswerForm(
        patient_id=group.patient(org),
        form=form,
        form_version=version,
        answers=answered(url, version, **codes),
    )
    return group.desk.run(order, group.actor("nurse", org)).receipt


def code_of(group, design):
    return next(row.form for row in rows(group.desk, FormDesign) if row.id == design)


def test_a_form_reaches_the_chosen_branch_and_no_other(group):
    design = make(group.desk, group.admin)
    assert publish(group.desk, group.admin, design, group.a) == 1
    form = code_of(group, design)
    assert own_at(group, group.a) == {form: "1.0.0"}
    assert own_at(group, group.b) == {}
    with group.desk.store.read() as connection:
        assert listed(connection, FORMS, {group.a})[form].title == "头晕随访问卷"
        assert set(listed(connection, FORMS, {group.b})) == {path.stem for path in FORMS.glob("*.json")}
        with pytest.raises(DomainError, match=r"form\.not_here"):
            take(connection, FORMS, form, {group.b})
    [design_row] = rows(group.desk, FormDesign)
    assert (design_row.state, design_row.places, design_row.published_name) == (
        "published",
        ["城东分院"],
        "赵管理",
    )


def test_all_means_also_a_branch_that_opens_later(group):
    design = make(group.desk, group.admin)
    assert publish(group.desk, group.admin, design) == 3
    order = CreateOrganization(code="C", name="城南分院", parent_id=group.head)
    late = group.desk.run(order, group.admin).receipt
    assert own_at(group, late) == {code_of(group, design): "1.0.0"}


def test_more_places_get_the_same_version(group):
    design = make(group.desk, group.admin)
    publish(group.desk, group.admin, design, group.a)
    given = group.desk.run(PublishMore(design_id=design, places=[group.a, group.b]), group.admin).receipt
    assert given == 1
    assert own_at(group, group.b) == own_at(group, group.a)
    assert rows(group.desk, FormDesign)[0].places == ["城东分院", "城西分院"]


def test_what_is_handed_in_is_scored_by_its_own_version_and_marked_until_signed(group):
    design = make(group.desk, group.admin)
    publish(group.desk, group.admin, design, group.a)
    done = hand_in(group, group.a, code_of(group, design), "1.0.0", dizzy="a2", fall="a1", sleep="a1")
    [result] = rows(group.desk, ScaleResult)
    assert (result.total, result.meaning, result.level, result.unverified) == (6, "请医生看", "high", True)
    assert (result.scale, result.scale_version) == (code_of(group, design), "1.0.0")
    assert not done.retired
    [response] = rows(group.desk, QuestionnaireResponse)
    [published] = rows(group.desk, PublishedForm)
    assert response.published_id == published.id


def test_a_question_that_was_not_asked_counts_nothing_and_one_that_was_must_be_answered(group):
    design = make(group.desk, group.admin)
    publish(group.desk, group.admin, design, group.a)
    form = code_of(group, design)
    hand_in(group, group.a, form, "1.0.0", dizzy="a1", sleep="a1")
    hand_in(group, group.a, form, "1.0.0", dizzy="a1")
    computed, lacking = rows(group.desk, ScaleResult)
    assert (computed.status, computed.total, computed.meaning) == ("computed", 2, "无需处理")
    assert (lacking.status, lacking.total) == ("incomplete", None)


def test_a_physician_who_signs_for_the_rules_takes_the_mark_away(group):
    design = make(group.desk, group.admin, scoring={**SCORING, "signed": "孙主任"})
    publish(group.desk, group.admin, design, group.a)
    hand_in(group, group.a, code_of(group, design), "1.0.0", dizzy="a0", sleep="a0")
    assert [row.unverified for row in rows(group.desk, ScaleResult)] == [False]


def test_a_published_version_never_changes(group):
    design = make(group.desk, group.admin)
    publish(group.desk, group.admin, design, group.a)
    order = SaveDesign(design_id=design, title="别的", questionnaire=questionnaire())
    assert refused(group.desk, order, group.admin).code == "design.not_draft"
    assert refused(group.desk, DiscardDesign(design_id=design), group.admin).code == "form_design.wrong_state"
    with pytest.raises(DomainError, match=r"form_design\.wrong_state"):
        publish(group.desk, group.admin, design, group.b)
    [kept] = rows(group.desk, PublishedForm)
    assert [item["linkId"] for item in kept.questionnaire["item"]] == ["dizzy", "fall", "sleep"]


def test_a_new_version_takes_the_place_of_the_old_which_can_still_be_handed_in(group):
    first = make(group.desk, group.admin)
    publish(group.desk, group.admin, first, group.a)
    second = group.desk.run(NewDesignVersion(design_id=first), group.admin).receipt
    assert group.desk.run(NewDesignVersion(design_id=first), group.admin).receipt == second, (
        "one draft at a time"
    )
    again = refused_publish(group, second, "1.0.0")
    assert again.code == "design.version_used"
    publish(group.desk, group.admin, second, group.a, version="1.1.0")
    form = code_of(group, first)
    assert own_at(group, group.a) == {form: "1.1.0"}
    hand_in(group, group.a, form, "1.0.0", dizzy="a0", sleep="a0")
    assert [row.scale_version for row in rows(group.desk, ScaleResult)] == ["1.0.0"]


def refused_publish(group, design, version, *places):
    with pytest.raises(DomainError) as found:
        publish(group.desk, group.admin, design, *(places or (group.a,)), version=version)
    return found.value


def test_a_retired_version_is_not_offered_and_a_response_for_it_is_accepted_and_says_so(group, clock):
    design = make(group.desk, group.admin)
    publish(group.desk, group.admin, design, group.a)
    form = code_of(group, design)
    hand_in(group, group.a, form, "1.0.0", dizzy="a0", sleep="a0")
    assert group.desk.run(RetireDesign(design_id=design, reason="已有新量表"), group.admin).receipt == 1
    assert own_at(group, group.a) == {}
    done = hand_in(group, group.a, form, "1.0.0", dizzy="a1", sleep="a1")
    assert done.retired
    assert [row.total for row in rows(group.desk, ScaleResult)] == [0, 2]
    page = Pages(group.desk.store).page(worklists()["form.responses"], group.actor("nurse", group.a))
    at = [column.name for column in worklists()["form.responses"].columns].index("retired_at")
    assert all(row.values[at] is not None for row in page.rows)
    assert refused(
        group.desk, NewDesignVersion(design_id=make(group.desk, group.admin)), group.admin
    ).code == ("design.not_published")


def test_a_questionnaire_given_out_is_filled_in_in_its_version(group):
    design = make(group.desk, group.admin)
    publish(group.desk, group.admin, design, group.a)
    form, nurse = code_of(group, design), group.actor("nurse", group.a)
    patient = group.patient(group.a)
    task = group.desk.run(IssueForm(patient_id=patient, form=form, form_version="1.0.0"), nurse).receipt
    second = group.desk.run(NewDesignVersion(design_id=design), group.admin).receipt
    publish(group.desk, group.admin, second, group.a, version="1.1.0")
    with group.desk.store.read() as connection:
        given, now = (take(connection, FORMS, form, {group.a}, v) for v in ("1.0.0", ""))
    assert (given.form.version, now.form.version) == ("1.0.0", "1.1.0")
    order = AnswerForm(
        patient_id=patient, task_id=task, form=form, form_version="1.0.0",
        answers=answered(given.form.url, "1.0.0", dizzy="a0", sleep="a0"),
    )  # fmt: skip
    assert group.desk.run(order, nurse).receipt.results


def test_licensed_words_take_the_place_of_the_form_that_ships_and_are_scored_alike(group):
    shipped = write_form(load_form(FORMS / "phq9.json"))
    licensed = {**shipped, "version": "1.0.0+2026"}
    resource = from_plain(licensed)
    design = make(
        group.desk, group.admin, resource, None, title="情绪自评（授权）", origin=Origin.OVERLAY, form="phq9"
    )
    assert refused_publish(group, design, "2.0.0").code == "design.version_of_text"
    publish(group.desk, group.admin, design, group.a, version="1.0.0+2026")
    with group.desk.store.read() as connection:
        here, there = (take(connection, FORMS, "phq9", {org}).form for org in (group.a, group.b))
    assert (here.version, there.version) == ("1.0.0+2026", "1.0.0")
    session = FormSession(here)
    for item in here.walk():
        if item.options:
            session.set_answer(item.link_id, item.options[0].value)
    made = from_plain(session.response(group.desk.clock()))
    order = AnswerForm(
        patient_id=group.patient(group.a), form="phq9", form_version="1.0.0+2026", answers=made
    )
    group.desk.run(order, group.actor("nurse", group.a))
    assert [(row.scale, row.total) for row in rows(group.desk, ScaleResult)] == [("phq9", 0)]


def from_plain(resource):
    return msgspec.json.decode(to_json(resource))


def test_two_people_do_not_write_over_each_other(group, clock):
    design = make(group.desk, group.admin)
    save = SaveDesign(design_id=design, title="头晕", questionnaire=DIZZY)
    seen = group.desk.run(save, group.admin).receipt
    clock.advance(timedelta(seconds=5))
    group.desk.run(SaveDesign(design_id=design, title="他人改", questionnaire=DIZZY, seen=seen), group.admin)
    late = SaveDesign(design_id=design, title="我改", questionnaire=DIZZY, seen=seen)
    assert refused(group.desk, late, group.admin).code == "design.changed_meanwhile"
    assert rows(group.desk, FormDesign)[0].title == "他人改"


def test_what_is_too_large_is_refused_by_its_number(group):
    items = [choice(f"q{n}", "题", 0, 1) for n in range(10_000)]
    with pytest.raises(DomainError) as found:
        make(group.desk, group.admin, questionnaire(*items), None)
    assert (found.value.code, found.value.facts["count"]) == ("design.too_many_items", 10_000)
    with pytest.raises(DomainError, match=r"design\.too_large"):
        make(
            group.desk,
            group.admin,
            questionnaire({"linkId": "q", "type": "display", "text": "长" * LARGEST}),
            None,
        )
    assert rows(group.desk, FormDesign) == []
    assert MOST_ITEMS < 10_000


@pytest.mark.parametrize(
    ("resource", "scoring"),
    [
        (questionnaire(choice("a", "题", 0, 1), choice("a", "题", 0, 1)), None),
        (questionnaire(choice("a", "题", 0, 1, **when("x", "a1"))), None),
        (questionnaire(choice("a", "", 0, 1)), None),
        (questionnaire(), None),
        (questionnaire(choice("a", "题", 0, 1)), {"scores": [{"id": "t", "label": "总", "of": ["b"]}]}),
        (questionnaire(choice("a", "题", 0, 1)), {"sums": []}),
    ],
)  # fmt: skip
def test_mistakes_keep_a_form_from_being_published_but_not_from_being_saved(group, resource, scoring):
    design = make(group.desk, group.admin, resource, scoring)
    assert refused_publish(group, design, "1.0.0").code == "design.has_mistakes"
    assert rows(group.desk, PublishedForm) == []
    assert rows(group.desk, FormDesign)[0].state == "draft"


def test_only_administrators_make_forms_and_only_for_places_they_see(group):
    assert refused(group.desk, RetireDesign(design_id=make(group.desk, group.admin), reason="x"),
                   group.actor("nurse", group.a)).code == "permission.denied"  # fmt: skip
    local = group.actor("administrator", group.a)
    design = make(group.desk, local)
    with pytest.raises(DomainError, match=r"organization\.unknown"):
        publish(group.desk, local, design, group.b)
    assert publish(group.desk, local, design) == 1, "everywhere is everywhere one sees"


@pytest.mark.parametrize(
    ("version", "used", "following"),
    [
        ("1.0.0", {"1.0.0"}, "1.1.0"),
        ("1.0.0", {"1.0.0", "1.1.0"}, "1.2.0"),
        ("2", {"2"}, "2.1.0"),
        ("1.0.0+2026", {"1.0.0+2026"}, "1.0.0+2026v2"),
        ("1.0.0+2026v2", {"1.0.0+2026v2"}, "1.0.0+2026v3"),
    ],
)
def test_the_next_version_is_proposed(version, used, following):
    assert next_version(version, frozenset(used)) == following


def test_what_was_scored_is_in_the_report_of_assessments_also_when_retired(group):
    design = make(group.desk, group.admin)
    publish(group.desk, group.admin, design, group.a)
    form, doctor = code_of(group, design), group.actor("physician", group.a)
    hand_in(group, group.a, form, "1.0.0", dizzy="a2", fall="a1", sleep="a1")
    group.desk.run(RetireDesign(design_id=design, reason="换新"), group.admin)
    group.desk.content |= {
        name: read() for name, read in scale_content(resources.folder("scales"), FORMS).items()
    }
    document = load_documents(resources.folder("documents"))["assessment_report"]
    [patient] = {row.patient_id for row in rows(group.desk, ScaleResult)}
    printed = pypdfium2.PdfDocument(assessment_pdf(group.desk, doctor, document, patient))
    shown = "".join(page.get_textpage().get_text_range() for page in printed)
    printed.close()
    for words in ("头晕随访问卷", "请医生看", "待医师核定"):
        assert words in "".join(shown.split())


def test_lists_learn_what_forms_are_called_when_they_arrive(group):
    fresh = Texts({"word.form.phq9": "情绪自评"})
    watch = TitleWatch(group.desk.store, fresh)
    watch.tick()
    design = make(group.desk, group.admin, title="头晕随访问卷")
    form = code_of(group, design)
    publish(group.desk, group.admin, design, group.a)
    assert fresh.say(f"word.form.{form}") == f"word.form.{form}"
    watch.tick()
    assert fresh.say(f"word.form.{form}") == fresh.say(f"word.scale.{form}") == "头晕随访问卷"
    fresh.learn({"word.form.phq9": "别的"})
    assert fresh.say("word.form.phq9") == "情绪自评", "what ships is never renamed"
