"""Every code of transfer, bundles and blobs has its Chinese sentence, and no sentence is left over."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
CODE = re.compile(r'"((?:transfer|bundle|blob)\.[a-z0-9_]+)"')
SOURCES = [*(ROOT / "sync/tus").glob("*.py"), *(ROOT / "sync").glob("b*.py")]


def test_codes_and_texts_are_the_same_set():
    texts = yaml.safe_load((ROOT / "resources/texts/zh/transfer.yaml").read_text("utf-8"))
    used = {code for path in SOURCES for code in CODE.findall(path.read_text("utf-8"))}
    assert used == set(texts)
    assert all(re.search("[一-鿿]", text) for text in texts.values())
