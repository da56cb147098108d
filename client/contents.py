"""Content the handlers ask for by name, each read when it is first asked for, so that start-up need not wait."""

import threading
from collections.abc import Callable, Mapping
from typing import Any


class Contents(dict[str, Any]):
    """A dictionary whose missing values are made once by their loader, from whichever thread asks first.

    A loader may ask for another value: models are made of the catalogue.
    """

    def __init__(self, ready: Mapping[str, Any], loaders: Mapping[str, Callable[[], Any]]) -> None:
        super().__init__(ready)
        self._loaders = dict(loaders)
        self._lock = threading.RLock()

    def get(self, name: str, default: Any = None) -> Any:
        """Return a value as ``[]`` does, made if it has a loader; `dict.get` would not ask `__missing__`."""
        return self[name] if name in self or name in self._loaders else default

    def __missing__(self, name: str) -> Any:
        with self._lock:
            if name not in self:
                self[name] = self._loaders[name]()
            return self[name]


def label_checker() -> Any:
    """Return what refuses a label that cannot be printed."""
    from devices.labels.designing import refuse_mistakes

    return refuse_mistakes


def form_checker(models: Any) -> Any:
    """Return what tells the mistakes of a form, which knows the factors of these models."""
    from functools import partial

    from forms.designing.checking import check

    return partial(check, book=models.book)
