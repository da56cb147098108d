import pytest

from forms.controls import MANY_OPTIONS, Control, control_for
from tests.forms.building import HL7, form, item, option
from tests.forms.test_pages_and_prefill import control

FEW = [option("a"), option("b")]
BOUNDS = [{"url": HL7 + "minValue", "valueInteger": 0}, {"url": HL7 + "maxValue", "valueInteger": 10}]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (item("x", "group", item("y"), extension=control("gtable")), Control.GROUP),
        (item("x", "group", item("y"), extension=control("table")), Control.GROUP),
        (item("x", "display"), Control.NOTE),
        (item("x", "display", extension=control("flyover")), Control.HELP),
        (item("x", "choice", answerOption=FEW), Control.RADIO),
        (item("x", "choice", answerOption=FEW, extension=control("drop-down")), Control.DROP_DOWN),
        (item("x", "choice", answerOption=[option(f"o{n}") for n in range(MANY_OPTIONS)]), Control.DROP_DOWN),
        (item("x", "choice", answerOption=[option(f"o{n}") for n in range(MANY_OPTIONS - 1)]), Control.RADIO),
        (item("x", "choice", answerOption=FEW, extension=control("autocomplete")), Control.SEARCH),
        (item("x", "choice", answerValueSet="http://elsewhere"), Control.SEARCH),
        (item("x", "open-choice", answerOption=FEW, repeats=True), Control.CHECK_BOXES),
        (item("x", "integer", answerOption=[{"valueInteger": 1}]), Control.RADIO),
        (item("x", "integer", extension=[*control("slider"), *BOUNDS]), Control.SLIDER),
        (item("x", "integer", extension=control("slider")), Control.NUMBER),
        (item("x", "string", extension=[*control("slider")]), Control.LINE),
        (item("x", "boolean"), Control.YES_NO),
        (item("x", "boolean", readOnly=True), Control.SHOWN),
        (item("x", "text"), Control.LINES),
        (item("x", "quantity"), Control.QUANTITY),
        (item("x", "dateTime"), Control.DATE_TIME),
        (item("x", "attachment"), Control.FILE),
        (item("x", "reference"), Control.SHOWN),
    ],
)
def test_a_control_is_what_every_rendering_can_show(question, expected):
    assert control_for(form(question).items[0]) is expected
