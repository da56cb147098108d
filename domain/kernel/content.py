"""Content as data: a folder of files becomes declarations, and every mistake is told at once."""

from pathlib import Path
from typing import Any, TypeVar

D = TypeVar("D")


class ContentError(Exception):
    """Content files that cannot be used; each problem names its file and field."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def load_folder(folder: Path, schema: type[D], pattern: str = "*.yaml") -> dict[str, D]:
    """Return every declaration in `folder` by its file stem.

    Raises:
        ContentError: Some files do not fit `schema` (a msgspec Struct that forbids unknown fields).
    """
    import msgspec
    import yaml

    found: dict[str, D] = {}
    problems: list[str] = []
    for path in sorted(folder.glob(pattern)):
        try:
            found[path.stem] = msgspec.convert(_parse(path), schema)
        except (msgspec.ValidationError, yaml.YAMLError, msgspec.DecodeError) as error:
            problems.append(f"{path.name}: {error}")
    if problems:
        raise ContentError(problems)
    return found


def _parse(path: Path) -> Any:
    if path.suffix == ".json":
        import msgspec

        return msgspec.json.decode(path.read_bytes())
    return read_yaml(path.read_text("utf-8"))


def read_yaml(text: str) -> Any:
    """Return what a file that ships says in YAML, by the loader in C where there is one: a tenth of the time.

    What people type in goes through ``yaml.safe_load``: a text of many levels overflows the stack of the one in C.

    Raises:
        yaml.YAMLError: It is none, or has tags of its own.
    """
    import yaml

    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  (both are safe)
