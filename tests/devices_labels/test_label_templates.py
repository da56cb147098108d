"""The label content that ships, and what is said about content that is wrong."""

import shutil

import pytest
import yaml

from devices.labels.layout import lay_out
from devices.labels.model import Media, Text
from devices.labels.templates import LabelContentError, load_labels
from domain.biobank.numbers import is_specimen_number
from domain.kernel.errors import DomainError
from tests.devices_labels.label_cases import TEMPLATES, labels_folder, templates, tube


def test_the_templates_ship_and_their_samples_fit_at_every_resolution():
    assert set(TEMPLATES) <= templates().keys()
    for template in templates().values():
        for dpi in (203, 300, 600):
            page = lay_out(template.fill(template.sample(), reprint=9), dpi)
            assert page.blocks
            assert page.width >= template.stock.width * 7.9


def test_the_sample_numbers_are_real_numbers():
    for template in templates().values():
        sample = template.sample()
        assert "specimen_number" not in sample or is_specimen_number(sample["specimen_number"]), template.name


def test_no_stock_is_unused_and_frozen_stock_is_for_transfer_print():
    used = {yaml.safe_load(path.read_text("utf-8"))["stock"] for path in labels_folder().glob("*.yaml")}
    assert used == {path.stem for path in (labels_folder() / "stock").glob("*.yaml")}
    assert all(t.stock.media is Media.TRANSFER for t in templates().values() if t.stock.frozen_storage)


def test_a_cryo_label_names_no_person():
    assert not {"patient_name", "sex", "age"} & templates()["cryo_25x13"].fields.keys()


def test_a_missing_field_is_named():
    with pytest.raises(DomainError) as refused:
        tube(patient_name="  ")
    assert (refused.value.code, refused.value.field) == ("label.field_missing", "patient_name")
    assert refused.value.facts["title"] == "姓名"


def test_an_optional_field_leaves_its_place_empty():
    template = templates()["tube_50x30"]
    data = {name: value for name, value in template.sample().items() if name != "items"}
    assert "肝功" not in str(template.fill(data))


@pytest.mark.parametrize("value", ["11010519491231002X", "王某 440524188001010014", "11010519491231002x"])
def test_an_identity_number_is_never_printed(value):
    with pytest.raises(DomainError) as refused:
        tube(specimen_type=value)
    assert refused.value.code == "label.identity_number"


def test_braces_in_data_are_text():
    label = tube(patient_name="{sex}")
    assert next(element.data for element in label.elements if isinstance(element, Text)) == "{sex}"


@pytest.fixture
def broken(tmp_path):
    target = tmp_path / "labels"
    shutil.copytree(labels_folder(), target)

    def change(name: str, edit) -> list[str]:
        path = target / f"{name}.yaml"
        raw = yaml.safe_load(path.read_text("utf-8"))
        edit(raw)
        path.write_text(yaml.safe_dump(raw, allow_unicode=True), "utf-8")
        with pytest.raises(LabelContentError) as refused:
            load_labels(target)
        assert refused.value.facts["count"] == len(refused.value.problems)
        return refused.value.problems

    return change


def test_all_mistakes_are_told_at_once_with_file_and_field(broken):
    def edit(raw):
        raw["version"] = "one"
        raw["colour"] = "red"
        raw["fields"]["ghost"] = {"title": "无", "sample": "x"}
        raw["fields"]["sex"]["titel"] = "性别"
        raw["elements"][0]["align"] = "middle"
        raw["elements"][1]["x"] = 45
        raw["elements"][2]["data"] = "{nobody}"
        raw["elements"][3]["size"] = -1
        raw["elements"].append({"type": "hologram"})

    problems = broken("tube_50x25", edit)
    for place in ("version", "colour", "fields.ghost", "fields.sex.titel", "elements[0].align", "elements[1].x",
                  "{nobody}", "elements[3].size", "elements[7].type", "reprint_mark"):  # fmt: skip
        assert any(place in problem and problem.startswith("tube_50x25.yaml: ") for problem in problems), (
            place
        )


def test_mistakes_of_several_files_come_together(broken):
    broken("stock/tube_50x30", lambda raw: raw.update(dpi=204))
    problems = broken("box_50x30", lambda raw: raw.pop("source"))
    assert {problem.split(":")[0] for problem in problems} == {"box_50x30.yaml", "stock/tube_50x30.yaml"}


@pytest.mark.parametrize(
    ("name", "edit", "said"),
    [
        ("cryo_25x13", lambda raw: raw["elements"][0].update(module=0.2), "module"),
        ("cryo_25x13", lambda raw: raw.update(stock="nowhere"), "no profile"),
        ("stock/cryo_25x13", lambda raw: raw.update(media="direct"), "direct thermal"),
        ("tube_50x25", lambda raw: raw["elements"][0].update(y=0.2), "printable height"),
        ("tube_50x25", lambda raw: raw.update(elements={}), "elements"),
        ("tube_50x25", lambda raw: raw["fields"].update(age=None), "fields.age"),
    ],
)
def test_single_mistakes(broken, name, edit, said):
    assert any(said in problem for problem in broken(name, edit))


def test_a_file_that_is_no_yaml_is_named(tmp_path):
    shutil.copytree(labels_folder(), tmp_path / "labels")
    (tmp_path / "labels" / "bad.yaml").write_text("a: [", "utf-8")
    (tmp_path / "labels" / "list.yaml").write_text("- 1", "utf-8")
    with pytest.raises(LabelContentError) as refused:
        load_labels(tmp_path / "labels")
    assert [problem.split(":")[0] for problem in refused.value.problems] == ["bad.yaml", "list.yaml"]


def test_an_empty_folder_is_a_mistake(tmp_path):
    with pytest.raises(LabelContentError):
        load_labels(tmp_path)
