"""Each case of failure in the description of the protocol names tests that are there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"`([a-z_/]+\.py)::(test_\w+)`")


def rows():
    text = (ROOT / "docs" / "sync.md").read_text("utf-8")
    table = text.partition("| case | what is done | proven by |")[2].partition("\n\n")[0]
    return [line for line in table.splitlines()[2:] if line.startswith("|")]


def test_every_case_names_a_test_that_is_there():
    assert len(rows()) > 50
    missing = []
    for row in rows():
        named = NAMED.findall(row)
        assert named, row
        for file, name in named:
            path = ROOT / "tests" / file
            if not path.is_file() or f"def {name}(" not in path.read_text("utf-8"):
                missing.append(f"{file}::{name}")
    assert missing == []
