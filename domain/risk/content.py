"""Build the risk models from their folder (``factors``, ``models``, ``diseases.yaml``), or tell all mistakes.

To add a factor, a model or a disease, add a file or an entry; nothing here changes.
"""

import copy
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from domain.catalog.lookup import Catalog
from domain.kernel.content import ContentError, load_folder, read_yaml
from domain.risk.answers import FormLinks, load_links
from domain.risk.definitions import DiseaseDefinition, DiseaseFile, FactorFile, Model, Rules
from domain.risk.expressions import ExpressionError
from domain.risk.factors import FactorBook
from domain.risk.levels import FactorAdviceFile, LevelFile, LevelRules, rule_labels
from domain.risk.prepared import Prepared, prepare

D = TypeVar("D")


class RiskModels:
    """Factors, models ready to run, the diseases they serve, the rules of the colours; read-only after it is built.

    `published` are sets of rules from the store that were made ready; `links` says which item of a form
    asks for which factor.
    """

    def __init__(
        self,
        book: FactorBook,
        models: Mapping[str, Prepared],
        diseases: Mapping[str, DiseaseDefinition],
        version: str,
        levels: LevelRules,
        links: FormLinks,
        factor_advice: FactorAdviceFile,
    ) -> None:
        self.book, self.models, self.diseases, self.version = book, dict(models), dict(diseases), version
        self.levels, self.links, self.factor_advice = levels, links, factor_advice
        self.published: dict[bytes, LevelRules] = {}
        self.in_order = tuple(
            self.models[served.model] for one in self.diseases.values() for served in one.serves
        )

    def signed_as(self, marks: Mapping[str, tuple[str, ...]]) -> "RiskModels":
        """Return the same models with these parts unverified, by model: what a physician has signed is gone."""
        made = copy.copy(self)
        made.models = {
            name: msgspec.structs.replace(ready, unverified=marks[name])
            for name, ready in self.models.items()
        }
        made.in_order = tuple(made.models[ready.model.id] for ready in self.in_order)
        return made


RISK = "risk"
"""Name of the models in the content that commands may ask for."""


def load_risk(folder: Path, catalog: Catalog, forms: Path | None = None) -> RiskModels:
    """Return the models of `folder`; `forms` is the folder of the questionnaires that ask for factors.

    Raises:
        ContentError: Files are missing or wrong; every problem names its file or entry.
    """
    problems: list[str] = []
    factors: dict[str, FactorFile] = _load(folder / "factors", FactorFile, problems)
    models: dict[str, Any] = _load(folder / "models", Model, problems)
    diseases = _one(folder / "diseases.yaml", DiseaseFile, problems) or DiseaseFile(version="", diseases=())
    book = FactorBook((one for file in factors.values() for one in file.factors), catalog)
    problems += book.problems
    ready: dict[str, Prepared] = {}
    for stem, model in models.items():
        if model.id != stem:
            problems.append(f"models/{stem}.yaml: id: {model.id} is not the file's name")
        try:
            ready[model.id] = prepare(model, book)
        except (ExpressionError, IndexError) as error:
            problems.append(f"models/{stem}.yaml: {error}")
    problems += _check_diseases(diseases, ready)
    file = _one(folder / "level_rules.yaml", LevelFile, problems)
    advice = _one(folder / "factor_advice.yaml", FactorAdviceFile, problems)
    if advice is not None:
        strange = sorted(advice.factors.keys() - book.definitions.keys())
        problems += [f"factor_advice.yaml: {code}: no factor" for code in strange]
    if problems or file is None or advice is None:
        raise ContentError(problems)
    names = {one.id: one.name for one in diseases.diseases}
    levels = LevelRules(
        file, book, rule_labels(names, {one.model.id: one.model.title for one in ready.values()})
    )
    problems += levels.problems
    if problems:
        raise ContentError(problems)
    digest = hashlib.sha256(msgspec.json.encode([sorted(models.items()), sorted(factors.items()), diseases]))
    version = f"{diseases.version}+{digest.hexdigest()[:8]}"
    links = load_links(forms) if forms is not None else FormLinks({})
    return RiskModels(book, ready, {one.id: one for one in diseases.diseases}, version, levels, links, advice)


def _one(path: Path, schema: type[D], problems: list[str]) -> D | None:
    try:
        return msgspec.convert(read_yaml(path.read_text("utf-8")), schema)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, msgspec.ValidationError) as error:
        problems.append(f"{path.name}: {error}")
        return None


def _load(folder: Path, schema: Any, problems: list[str]) -> dict[str, Any]:
    try:
        found = load_folder(folder, schema)
    except ContentError as error:
        problems += [f"{folder.name}/{text}" for text in error.problems]
        return {}
    if not found:
        problems.append(f"{folder.name}: no files")
    return found


def _check_diseases(file: DiseaseFile, ready: Mapping[str, Prepared]) -> list[str]:
    problems: list[str] = []
    served: dict[str, str] = {}
    ids = [one.id for one in file.diseases]
    problems += [
        f"diseases.yaml: {one}: declared twice" for one in sorted({i for i in ids if ids.count(i) > 1})
    ]
    for disease in file.diseases:
        for one in disease.serves:
            if (model := ready.get(one.model)) is None:
                problems.append(f"diseases.yaml: {disease.id}: {one.model} is no model")
            elif model.model.disease != disease.id:
                problems.append(f"diseases.yaml: {disease.id}: {one.model} is of {model.model.disease}")
            elif one.role != "compares" and not (model.model.bands or isinstance(model.model, Rules)):
                problems.append(f"diseases.yaml: {disease.id}: {one.model} gives no level")
            if served.setdefault(one.model, disease.id) != disease.id:
                problems.append(f"diseases.yaml: {disease.id}: {one.model} also serves {served[one.model]}")
    problems += [f"models/{name}.yaml: serves no disease" for name in sorted(set(ready) - set(served))]
    return problems
