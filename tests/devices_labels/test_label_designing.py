"""Designs of an institution's own: what is found wrong with them, at which resolution, and that a good one prints."""

import copy

import msgspec
import pytest

from devices.labels.designing import FIELDS, USED_BY, check_design, refuse_mistakes, template_of
from domain.kernel.errors import DomainError
from tests.devices_labels.label_cases import LANGUAGES, MORE_LANGUAGES, codes_in, printed, templates


def design_of(name="tube_50x30"):
    template = templates()[name]
    return {
        "stock": msgspec.to_builtins(template.stock),
        "elements": [msgspec.to_builtins(element) for element in template.elements],
    }


@pytest.fixture
def design():
    return design_of()


def codes(design, dpi=None, purpose="tube"):
    return [(problem.code, problem.element) for problem in check_design(design, dpi, purpose)]


def changed(design, place, **changes):
    made = copy.deepcopy(design)
    made["elements"][place] |= changes
    return made


def code_of(design):
    return next(n for n, e in enumerate(design["elements"]) if e["type"] == "code128")


@pytest.mark.parametrize(
    ("name", "purpose"), [("tube_50x30", "tube"), ("tube_50x25", "tube"), ("cryo_25x13", "aliquot")]
)
@pytest.mark.parametrize("dpi", [203, 300, 600])
def test_what_ships_has_no_grave_mistake(name, purpose, dpi):
    assert not [p for p in check_design(design_of(name), dpi, purpose) if p.grave]


def test_a_design_prints_as_its_template_in_every_language(design):
    template = template_of(design, "own_1", "自制", 3)
    label = template.fill({**template.sample(), "specimen_number": "261100000058"})
    assert (label.template, label.version) == ("own_1", 3)
    for language in (*LANGUAGES, *MORE_LANGUAGES):
        assert codes_in(printed(label, language)[0]) == ["261100000058"]


def test_a_frame_is_four_rules_on_paper(design):
    design["elements"].append({"type": "frame", "x": 0.5, "y": 0.5, "width": 49, "height": 29, "line": 0.25})
    assert not [p for p in check_design(design) if p.grave]
    template = template_of(design, "own_1", "自制", 1)
    for language in ("zpl", "tspl", "epl2", "cpcl"):
        picture = printed(template.fill(template.sample()), language)[0].convert("L")
        assert picture.getpixel((4, 4)) == picture.getpixel((395, 235)) == 0
        assert picture.getpixel((8, 8)) == 255


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"x": 20}, "label_check.outside_x"),
        ({"x": 0.2}, "label_check.outside_x"),
        ({"y": 28}, "label_check.outside_y"),
        ({"width": 20}, "label_check.too_small"),
        ({"module": 0.1}, "label_check.module"),
        ({"data": "{patient}"}, "label_check.unknown_field"),
        ({"data": "{身高}"}, "label_check.unknown_field"),
        ({"data": "{specimen_number|upper}"}, "label_check.unknown_field"),
        ({"data": "{study}"}, "label_check.other_purpose"),
        ({"data": "标本"}, "label.barcode_character"),
        ({"type": "pdf417"}, "label_check.element"),
        ({"width": "wide"}, "label_check.element"),
        ({"width": -3}, "label_check.element"),
    ],
)
def test_each_mistake_of_a_code_is_found_at_its_place(design, changes, code):
    place = code_of(design)
    assert (code, place) in codes(changed(design, place, **changes))


def test_a_code_may_fit_one_resolution_and_not_another(design):
    """121 modules of at least 0.3 mm: four dots at 300 dpi are 41 mm, three at 203 dpi are 45.4 mm."""
    place = code_of(design)
    design["stock"]["min_module"] = 0.3
    narrow = changed(design, place, x=3, width=43, module=0.3)
    assert ("label_check.too_small", place) in codes(narrow, 203)
    assert ("label_check.too_small", place) not in codes(narrow, 300)


def test_what_stands_in_a_quiet_zone_is_told_by_its_number(design):
    place = code_of(design)
    box = design["elements"][place]
    design["elements"].append({"type": "line", "x": box["x"], "y": box["y"] + 1, "width": 2, "height": 0.3})
    (problem,) = [p for p in check_design(design) if p.code == "label_check.quiet_zone"]
    assert (problem.element, problem.facts["other"]) == (place, len(design["elements"]))


def test_a_text_that_is_cut_is_told_but_may_be_published(design):
    place = next(n for n, e in enumerate(design["elements"]) if e.get("data") == "{patient_name}")
    cut = changed(design, place, width=6)
    assert ("label_check.cut", place) in codes(cut)
    refuse_mistakes(cut)


def test_a_label_without_its_reprint_mark_or_code_is_not_published(design):
    design["elements"] = [e for e in design["elements"] if e.get("data") != "{reprint_mark}"]
    assert ("label_check.no_reprint", None) in codes(design)
    with pytest.raises(DomainError, match=r"label_design\.mistakes"):
        refuse_mistakes(design)
    design["elements"] = []
    assert ("label_check.no_code", None) in codes(design)


@pytest.mark.parametrize(
    "content",
    [{}, {"stock": None}, {"stock": {"width": 3}}, {"stock": [], "elements": {}}, {"elements": ["x", 3]}],
)
def test_what_is_no_design_is_told_and_never_raises(content):
    assert check_design(content)
    with pytest.raises(DomainError):
        refuse_mistakes(content)
    with pytest.raises(DomainError):
        template_of(content, "x", "x", 1)


def test_direct_thermal_for_frozen_tubes_is_refused():
    design = design_of("cryo_25x13")
    design["stock"]["media"] = "direct"
    assert ("label_check.direct_frozen", None) in codes(design, purpose="aliquot")


def test_every_field_is_given_for_some_purpose():
    assert {name for names in USED_BY.values() for name in names} == FIELDS.keys()
