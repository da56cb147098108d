"""The catalogue of visible sentences: whole sentences by code, one file an area, values by name."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from domain.kernel.content import ContentError, read_yaml
from domain.kernel.errors import KnownError


class Texts:
    """Chinese sentences by code. A missing code is shown as itself and fails a test."""

    def __init__(self, sentences: Mapping[str, str]) -> None:
        self._sentences = dict(sentences)
        self._shipped = frozenset(self._sentences)

    @classmethod
    def load(cls, folder: Path) -> "Texts":
        """Read every ``*.yaml`` of `folder`; the same code in two files is a `ContentError`."""
        sentences: dict[str, str] = {}
        problems: list[str] = []
        for path in sorted(folder.glob("*.yaml")):
            for code, sentence in (read_yaml(path.read_text("utf-8")) or {}).items():
                if code in sentences:
                    problems.append(f"{path.name}: {code}: stands in another file already")
                if not isinstance(sentence, str):
                    problems.append(f"{path.name}: {code}: not a sentence")
                sentences[code] = sentence
        if problems:
            raise ContentError(problems)
        return cls(sentences)

    def __contains__(self, code: str) -> bool:
        return code in self._sentences

    def learn(self, names: Mapping[str, str]) -> None:
        """Take names of what is made in the program, such as titles of forms; what ships is never replaced."""
        made = {code: name for code, name in names.items() if code not in self._shipped}
        self._sentences = {**self._sentences, **made}

    def sentences(self) -> dict[str, str]:
        """Return the sentences by code."""
        return dict(self._sentences)

    def codes(self) -> set[str]:
        """Return every code the catalogue has."""
        return set(self._sentences)

    def say(self, code: str, /, **facts: Any) -> str:
        """Return the sentence of `code` with its values; a missing value shows as ``?``."""
        return self._sentences.get(code, code).format_map(_Facts(facts))

    def explain(self, error: KnownError) -> str:
        """Return what to tell a person about a known error."""
        return self.say(error.code, **error.facts)


class _Facts(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "?"
