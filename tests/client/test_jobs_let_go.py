"""A page may close while its job runs: what the job tells then reaches nobody, and breaks nothing."""

import ast

import pytest
from PySide6.QtCore import QObject
from shiboken6 import delete

from client.background import Jobs, while_there
from tests.fixtures.product_source import ROOT

GUARDS = {"while_there", "self._while_open"}
TELLS = {"progressed", "succeeded", "refused", "crashed", "finished"}


def unowned(tree: ast.AST) -> list[int]:
    """Return the lines that connect a job's signal to something Qt cannot know the owner of."""
    lines = []
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
            continue
        signal, told = node.func.value, node.args[0]
        if node.func.attr != "connect" or not (isinstance(signal, ast.Attribute) and signal.attr in TELLS):
            continue
        guarded = isinstance(told, ast.Call) and ast.unparse(told.func) in GUARDS
        if not (isinstance(told, ast.Attribute) or guarded):
            lines.append(node.lineno)
    return lines


def test_nothing_is_told_to_who_is_gone():
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted((ROOT / "client").rglob("*.py"))
        for line in unowned(ast.parse(path.read_text("utf-8")))
    ]
    assert found == [], "use client.background.while_there"


@pytest.mark.parametrize(
    "line",
    [
        "job.succeeded.connect(lambda x: self.say(x))",
        "job.finished.connect(partial(f, 1))",
        "job.refused.connect(f)",
    ],
)
def test_the_search_finds_what_has_no_owner(line):
    assert unowned(ast.parse(line)) == [1]
    assert unowned(ast.parse("job.succeeded.connect(self._done)")) == []


def test_a_job_that_ends_after_its_page_tells_nobody(qtbot):
    jobs, page, heard = Jobs(), QObject(), []
    try:
        job = jobs.read(lambda _job: 1)
        job.succeeded.connect(while_there(page, heard.append))
        delete(page)
        qtbot.waitUntil(lambda: not jobs.busy)
        there = QObject()
        jobs.read(lambda _job: 2).succeeded.connect(while_there(there, heard.append))
        qtbot.waitUntil(lambda: not jobs.busy)
    finally:
        jobs.close()
    assert heard == [2]
