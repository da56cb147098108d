"""The security document and the threat model name no test that is not there."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"(tests/[\w/]+\.py)(?:::(\w+))?")


def test_every_test_the_document_names_is_there():
    named = [
        one
        for name in ("security.md", "threat-model.md")
        for one in NAMED.findall((ROOT / "docs" / name).read_text("utf-8"))
    ]
    assert len(named) > 30
    functions = {}
    for file, _ in named:
        tree = ast.parse((ROOT / file).read_text("utf-8"))
        functions[file] = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert [f"{file}::{name}" for file, name in named if name and name not in functions[file]] == []
