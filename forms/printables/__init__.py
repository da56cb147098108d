"""Documents that can be made of a record by anybody with the right: found by being a module here.

A module names its own in ``PRINTABLES``; the record page and the server offer them.
"""

import functools
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

import resources
from domain.kernel.authority import Actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.ids import Id
from forms.documents import Document, load_documents

Make = Callable[[Dispatcher, Actor, Id], bytes]


@dataclass(frozen=True)
class Printable:
    """One document of a kind of record.

    Attributes:
        id: Stable name, in the address of the server's route.
        label: What a person picks, and what the outgoing record says.
        entity: The kind of record.
        permission: Who may have it; the maker checks scope and clearance itself.
        make: Returns the PDF; DomainError where there is nothing to print.
    """

    id: str
    label: str
    entity: str
    permission: str
    make: Make


@functools.cache
def printables() -> dict[str, Printable]:
    """Return every printable document by id, in the order of their modules."""
    found: dict[str, Printable] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda one: one.name):
        for one in importlib.import_module(f"{__name__}.{module.name}").PRINTABLES:
            if one.id in found:
                raise ValueError(f"two printable documents are called {one.id}")
            found[one.id] = one
    return found


def printables_for(entity: str, actor: Actor) -> list[Printable]:
    """Return what a person may print of a kind of record."""
    return [one for one in printables().values() if one.entity == entity and actor.may(one.permission)]


@functools.cache
def documents() -> dict[str, Document]:
    """Return the documents that ship, read once."""
    return load_documents(resources.folder("documents"))
