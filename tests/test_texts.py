"""Every code a person may meet has a whole Chinese sentence, every sentence gets its values, none is left over."""

import functools
import re
import string

import yaml

import resources
from domain import features
from domain.kernel.commands import commands
from domain.kernel.errors import DomainError
from domain.kernel.record import record_classes
from domain.kernel.texts import Texts
from domain.kernel.workflow import workflows
from domain.kernel.worklists import worklists
from tests.fixtures.product_source import error_sites, families, literals, required_classes, spoken

features.load()
TEXTS = Texts.load(resources.folder("texts/zh"))
SENTENCES = {
    code: sentence
    for path in resources.folder("texts/zh").glob("*.yaml")
    for code, sentence in (yaml.safe_load(path.read_text("utf-8")) or {}).items()
}

# Codes made of a name: what the first part may be.
EXPANDED = {
    "*.unknown": lambda: [name for name in record_classes() if name in required_records()],
    "*.wrong_state": lambda: list(workflows()),
    "*.own_work": lambda: [name for name, flow in workflows().items() if flow.apart],
    "*.same_hands": lambda: [name for name, flow in workflows().items() if flow.apart],
}
# Sentences found by the last part of their code, which stands in content: the folder that names it.
NAMED_BY_CONTENT = {"checkup.condition.": "catalog"}
# A sentence with `.remedy` stands beside the sentence of the same code (the page shown when nothing can start).
BESIDE = ".remedy"
FILE_ENDINGS = (".yaml", ".json", ".db", ".log", ".pdf", ".typ", ".qss", ".svg", ".html", ".css", ".js")


def placeholders(code):
    return {name.partition(".")[0] for _, name, _, _ in string.Formatter().parse(SENTENCES[code]) if name}


def required_records():
    """Entities that some handler requires by id, so that ``<entity>.unknown`` can be told."""
    by_class = {kind.__name__: name for name, kind in record_classes().items()}
    return {by_class[name] for name in required_classes() if name in by_class}


@functools.cache
def other_names():
    """Dotted names that are no codes of sentences: commands, lists, permissions."""
    entries = [*commands().values(), *worklists().values()]
    return {entry.name for entry in entries} | {entry.permission for entry in entries}


def expand(code):
    return [code.replace("*", name, 1) for name in EXPANDED[code]()] if code in EXPANDED else [code]


@functools.cache
def named_families():
    """One pattern of every family whose area is known."""
    return re.compile("|".join(_pattern(f) for f in families() if not f.startswith("*")))


def _pattern(family):
    return re.escape(family).replace(r"\*", ".+")


def test_every_code_that_is_raised_has_a_sentence():
    missing = {}
    for site in error_sites():
        for code in (one for found in site.codes for one in expand(found)):
            known = code in TEXTS or ("*" in code and any(_fits(code, text) for text in TEXTS.codes()))
            if not known:
                missing.setdefault(code, site.where)
    assert missing == {}


def named_by_content(code):
    for start, folder in NAMED_BY_CONTENT.items():
        if code.startswith(start):
            name = re.compile(rf"\b{re.escape(code.removeprefix(start))}\b")
            return any(name.search(p.read_text("utf-8")) for p in resources.folder(folder).rglob("*.yaml"))
    return False


def _fits(family, code):
    return re.fullmatch(_pattern(family), code) is not None


def test_a_family_of_codes_starts_with_its_area_or_is_known_here():
    open_families = {c for site in error_sites() for c in site.codes if c.startswith("*")} - EXPANDED.keys()
    assert open_families == set(), "add the names it may have to EXPANDED"


def test_where_a_code_comes_from_a_name_the_codes_of_that_module_have_sentences():
    indirect = {site.where.partition(":")[0] for site in error_sites() if not site.codes}
    missing = {
        code: places
        for code, places in literals().items()
        if any(place.partition(":")[0] in indirect for place in places)
        and code not in TEXTS
        and not code.endswith(FILE_ENDINGS)
        and code not in other_names()
    }
    assert missing == {}


def test_every_value_a_sentence_names_is_given_where_the_error_is_raised():
    missing = {}
    for site in error_sites():
        for code in (one for found in site.codes for one in expand(found)):
            if code in TEXTS and site.facts is not None and (absent := placeholders(code) - site.facts):
                missing[f"{site.where} {code}"] = absent
    assert missing == {}


def test_every_sentence_that_is_shown_exists_and_gets_its_values():
    wrong = {}
    for site in spoken():
        for code in site.codes:
            if "*" in code:
                if not any(_fits(code, text) for text in TEXTS.codes()):
                    wrong[site.where] = f"no sentence fits {code}"
            elif code not in TEXTS:
                wrong[site.where] = f"no sentence {code}"
            elif site.facts is not None and (absent := placeholders(code) - site.facts):
                wrong[site.where] = f"{code} lacks {sorted(absent)}"
    assert wrong == {}


def test_no_sentence_is_left_over():
    expanded = {code for family in EXPANDED for code in expand(family)}
    unused = {
        code
        for code in TEXTS.codes()
        if not (code in literals() or code in expanded or named_families().fullmatch(code))
        and not named_by_content(code)
        and not (code.endswith(BESIDE) and code.removesuffix(BESIDE) in TEXTS)
    }
    assert unused == set()


def test_sentences_are_chinese_and_well_formed():
    wrong = []
    for code in sorted(TEXTS.codes()):
        sentence = SENTENCES[code]
        try:
            names = placeholders(code)
        except ValueError as error:
            wrong.append(f"{code}: {error}")
            continue
        plain = re.sub(r"\{[^}]*\}", "", sentence)
        if not re.search("[一-鿿]", plain) and re.search("[A-Za-z]", plain):
            wrong.append(f"{code}: no Chinese in “{sentence}”")
        if any(not re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names):
            wrong.append(f"{code}: values are named by plain words: {names}")
    assert wrong == []


def test_a_missing_value_shows_and_never_breaks():
    assert "?" in TEXTS.explain(DomainError("patient.exists"))
