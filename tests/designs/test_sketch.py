"""Changes of an outline: each can be taken back, link ids stay apart, what looks at an item follows it."""

from hypothesis import given
from hypothesis import strategies as st

from forms.designing import properties as own
from forms.designing.sketch import Sketch
from forms.designing.tree import walk
from tests.designs.making import DIZZY, SCORING, choice, questionnaire, when

READS = "%resource.descendants().where(linkId='dizzy').answer.value.code = 'a2'"


def links(sketch):
    return [item["linkId"] for _, item in walk(sketch.state.resource)]


STEPS = ("add", "group", "note", "remove", "up", "down", "in", "out", "copy", "text", "undo", "redo")


def take(sketch, step, place):
    """Take one step with some item chosen."""
    paths = [path for path, _ in walk(sketch.state.resource)]
    sketch.choose(paths[place % len(paths)] if paths else None)
    kinds = {"add": "choice", "group": "group", "note": "display"}
    if step in kinds:
        sketch.add(kinds[step])
    elif step in ("up", "down", "in", "out"):
        sketch.move(step)
    elif step == "text":
        sketch.change(lambda item: own.put(item, "text", "改"))
    else:
        {"remove": sketch.remove, "copy": sketch.duplicate, "undo": sketch.undo, "redo": sketch.redo}[step]()


@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 30)), max_size=25))
def test_every_step_can_be_taken_back_and_again(steps):
    sketch = Sketch(DIZZY, SCORING)
    for step, place in steps:
        take(sketch, step, place)
        found = links(sketch)
        assert len(found) == len(set(found))
        if sketch.state.path is not None:
            assert sketch.item is not None
    while sketch.redo():
        pass
    last = sketch.state.resource
    while sketch.undo():
        pass
    assert sketch.state.resource == DIZZY
    while sketch.redo():
        pass
    assert sketch.state.resource == last


def test_a_step_shares_what_it_did_not_change():
    sketch = Sketch(DIZZY)
    sketch.choose((0,))
    sketch.change(lambda item: own.put(item, "text", "改"))
    assert sketch.state.resource["item"][2] is DIZZY["item"][2]


def test_an_item_goes_into_the_group_before_it_and_out_again():
    group = {"linkId": "g", "type": "group", "text": "组", "item": [choice("a", "题", 0, 1)]}
    sketch = Sketch(questionnaire(group, choice("b", "题", 0, 1)))
    sketch.choose((1,))
    assert sketch.move("in")
    assert (links(sketch), sketch.state.path) == (["g", "a", "b"], (0, 1))
    assert sketch.move("out")
    assert (links(sketch), sketch.state.path) == (["g", "a", "b"], (1,))
    assert not sketch.move("down")


def test_conditions_expressions_and_scores_follow_another_number():
    asked = own.put_expression(choice("fall", "跌倒", 0, 3), own.CALCULATED, READS)
    asked = {**asked, **when("dizzy", "a2")}
    ruled = own.put_checks(questionnaire(choice("dizzy", "晕", 0, 1, 2), asked), [own.Check(READS, "不一致")])
    sketch = Sketch(ruled, SCORING)
    sketch.choose((0,))
    assert sketch.rename("giddy")
    fall = sketch.state.resource["item"][1]
    assert fall["enableWhen"][0]["question"] == "giddy"
    assert "'giddy'" in own.expression(fall, own.CALCULATED)
    assert "'giddy'" in own.checks(sketch.state.resource)[0].expression
    assert sketch.state.scoring["scores"][0]["of"] == ["giddy", "fall", "sleep"]
    sketch.undo()
    assert sketch.state.scoring == SCORING


def test_a_copied_group_looks_at_its_own_items():
    group = {
        "linkId": "g", "type": "group", "text": "组",
        "item": [choice("q1", "一", 0, 1), choice("q2", "二", 0, 1, **when("q1", "a1"))],
    }  # fmt: skip
    sketch = Sketch(questionnaire(group))
    sketch.choose((0,))
    sketch.duplicate()
    copy = sketch.item
    assert len(set(links(sketch))) == 6
    assert copy["item"][1]["enableWhen"][0]["question"] == copy["item"][0]["linkId"]


def test_what_is_not_ours_stays_beside_what_is_changed():
    foreign = {"url": "https://example.org/own", "valueString": "x"}
    option = {
        "valueCoding": {"code": "y", "system": "s", "display": "有", "userSelected": True},
        "extension": [foreign],
    }
    item = {"linkId": "a", "type": "choice", "text": "题", "extension": [foreign], "answerOption": [option]}
    lines = [own.OptionLine("y", "有的", "3", exclusive=True), own.OptionLine("n", "没有", "0")]
    made = own.put_hidden(own.put_options(item, lines), hidden=True)
    assert foreign in made["extension"]
    assert made["answerOption"][0]["valueCoding"] == {**option["valueCoding"], "display": "有的"}
    assert foreign in made["answerOption"][0]["extension"]
    assert own.options(made) == lines
    assert own.put_hidden(made, hidden=False)["extension"] == [foreign]
