"""The repository itself: nothing of this machine in it, no secrets, no oversized files, one version, open doors."""

import ast
import os
import re
import subprocess
import tomllib
from urllib.parse import urlsplit

import pytest

from domain.version import VERSION
from tests.fixtures.patience import PATIENCE_S
from tests.fixtures.product_source import PACKAGES, ROOT

MOST_LINES = 400
MOST_BYTES = 2_000_000
TEXT = {
    ".py", ".md", ".yaml", ".yml", ".json", ".toml", ".lock", ".typ", ".qss", ".svg", ".txt", ".csv", ".sh", "",
}  # fmt: skip
REGISTRIES = {"pypi.org", "files.pythonhosted.org"}
# Written in pieces, so that this file does not find itself.
MACHINE_PATH = re.compile(
    r"(?<![\w.~$}/-])/(?:"
    + "|".join(["wo" + "rk", "ro" + "ot", "ho" + r"me/[a-z]\w*"])
    + r")(?=[/\"'\s:)]|$)"
)
SECRETS = {
    "a private key": re.compile("-----BEGIN " + r"[A-Z ]*PRIVATE KEY-----"),
    "a cloud key": re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    "a forge token": re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|glpat-[\w-]{20,})\b"),
    "a chat token": re.compile(r"\bxox[abprs]-[\w-]{10,}"),
    "a web token": re.compile(r"\beyJ[\w-]{15,}\.eyJ[\w-]{15,}\."),
    "a password in an address": re.compile(
        r"\b(?:mysql\+pymysql|redis|https?)://[^\s:/@\"'{}]+:(?!secret@)[^\s@/\"'{}]+@(?!\S*example)"
    ),
}
UNFINISHED = re.compile(r"\b(?:TO" + "DO|FIX" + "ME|XX" + r"X)\b")


def git(*arguments):
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def files():
    """Every file that is tracked, or would be if everything were added now."""
    names = git("ls-files", "--cached", "--others", "--exclude-standard", "-z").split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def texts(files):
    return {
        path.relative_to(ROOT).as_posix(): path.read_text("utf-8", errors="strict")
        for path in files
        if path.suffix in TEXT and path.parts[-1] != ".python-version" and not _binary(path)
    }


def _binary(path):
    with path.open("rb") as stream:
        return b"\0" in stream.read(8192)


def lines_with(pattern, texts):
    return [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in texts.items()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_path_of_a_machine_is_written_down(texts):
    assert lines_with(MACHINE_PATH, texts) == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('open("/wo' + 'rk/x")', True),
        ("cd /ro" + "ot", True),
        ("/ho" + "me/anna/x", True),
        ("/worklists/people.clients", False),
        ('f"{base}/root.txt"', False),
        ("demo-out/home", False),
    ],
)
def test_the_search_for_machine_paths_finds_them(line, found):
    assert bool(MACHINE_PATH.search(line)) is found


@pytest.mark.parametrize("kind", SECRETS)
def test_there_is_no_secret(texts, kind):
    assert lines_with(SECRETS[kind], texts) == []


def test_nothing_is_left_unfinished(texts):
    assert (
        lines_with(UNFINISHED, {n: t for n, t in texts.items() if n.endswith((".py", ".yaml", ".typ"))}) == []
    )


def test_the_lock_file_names_public_registries_only(texts):
    hosts = {urlsplit(url).hostname for url in re.findall(r"https?://[^\"\s]+", texts["uv.lock"])}
    assert hosts == REGISTRIES
    everywhere = {
        urlsplit(url).hostname
        for name in ("pyproject.toml", "dev", ".ci/run")
        for url in re.findall(r"https?://[^\"'\s]+", texts[name])
    }
    assert everywhere <= REGISTRIES


def test_the_lock_file_has_what_the_project_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    locked = {p["name"]: p for p in tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))["package"]}
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    wanted += [w for extra in project["project"]["optional-dependencies"].values() for w in extra]
    for requirement in wanted:
        name, version = re.fullmatch(r"([\w.-]+)(?:\[.*\])?(?:==([\w.]+))?.*", requirement).groups()
        found = locked.get(re.sub(r"[-_.]+", "-", name).lower())
        assert found is not None, f"{name} is not in uv.lock"
        assert version is None or found["version"] == version, name


def test_there_is_one_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == VERSION
    assert f"## {VERSION}" in (ROOT / "CHANGELOG.md").read_text("utf-8").replace("[", "").replace("]", "")


def test_no_file_is_too_long_or_too_large(files):
    long = {
        path.relative_to(ROOT).as_posix(): count
        for path in files
        if path.suffix == ".py"
        and path.relative_to(ROOT).parts[0] in PACKAGES
        and "versions" not in path.parts
        and (count := len(path.read_text("utf-8").splitlines())) > MOST_LINES
    }
    assert long == {}, "cut it by what its parts are for"
    assert [p.name for p in files if p.stat().st_size > MOST_BYTES] == []


def test_nothing_made_by_running_is_kept(files):
    made = re.compile(
        r"(^|/)(__pycache__|demo-out|bench-out|\.venv|\.state|\.hypothesis|node_modules)/|\.(pyc|db|db-wal|log)$"
    )
    assert [p for path in files if made.search(p := path.relative_to(ROOT).as_posix())] == []


def test_texts_end_with_a_line_end_and_have_no_foreign_ones(texts):
    captured = ("tests/", "resources/samples/")
    wrong = [
        name
        for name, text in texts.items()
        if not name.startswith(captured) and text and ("\r" in text or not text.endswith("\n"))
    ]
    assert wrong == []


def test_every_package_and_module_says_what_it_is(files):
    silent = []
    for path in files:
        inside = path.relative_to(ROOT)
        if path.suffix == ".py" and inside.parts[0] in PACKAGES:
            if ast.get_docstring(ast.parse(path.read_text("utf-8"))) is None:
                silent.append(str(inside))
            if not (path.parent / "__init__.py").is_file() and "versions" not in path.parts:
                silent.append(f"{inside.parent} has no __init__.py")
    assert silent == []


def test_the_house_has_its_rooms():
    for name in (*PACKAGES, "docs", "docs/decisions", "docs/zh", "resources", "tests"):
        assert (ROOT / name).is_dir(), name
    for name in (
        "README.md",
        "CHANGELOG.md",
        "docs/architecture.md",
        "docs/glossary.md",
        "docs/traceability.yaml",
    ):
        assert (ROOT / name).is_file(), name


def test_the_doors_open():
    script = (ROOT / "dev").read_text("utf-8")
    assert os.access(ROOT / "dev", os.X_OK)
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    help_text = script[: script.index("set -euo pipefail")]
    for command in ("demo", "run", "test", "lint", "bench", "server", "seed", "setup"):
        assert f"./dev {command}" in help_text, command
        assert re.search(rf"^  {command}\)", script, re.MULTILINE), command
    told = subprocess.run(
        [ROOT / "dev", "help"], capture_output=True, text=True, timeout=PATIENCE_S, check=True
    ).stdout
    assert "./dev demo" in told
    lines = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    assert "./dev lint" in lines
    assert "./dev test" in lines


def test_the_script_and_the_ci_entry_are_tracked_as_programs():
    modes = {line.split("\t")[1]: line[:6] for line in git("ls-files", "-s", "dev", ".ci/run").splitlines()}
    assert modes == {"dev": "100755", ".ci/run": "100755"}


@pytest.mark.parametrize(
    "module", ["tests.journeys.day", "server", "server.interfaces.hl7.samples", "client"]
)
def test_what_the_script_runs_is_there(module):
    path = ROOT / module.replace(".", "/")
    assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()


def test_the_benchmarks_the_script_names_are_there():
    for name in ("start", "search", "scan", "ingest", "ui"):
        assert (ROOT / "tests" / "bench" / f"bench_{name}.py").is_file(), name
