"""The parts of a result that every kind shares: refusals, missing inputs, shares, levers."""

from collections.abc import Iterable, Sequence

from domain.risk.definitions import ModelDefinition
from domain.risk.factors import FactorBook, Known
from domain.risk.prepared import Prepared
from domain.risk.results import Lever, Reason, Result, Share, Status

MOST_LEVERS = 3


def refusal(ready: Prepared, status: Status, *why: Reason, missing: tuple[str, ...] = ()) -> Result:
    """Return a result without a number."""
    model: ModelDefinition = ready.model
    return Result(
        disease=model.disease, model=model.id, version=model.version, status=status, why=why, missing=missing,
        unit=model.unit, horizon=model.horizon, unverified=ready.unverified,
    )  # fmt: skip


def missing_result(ready: Prepared, names: Iterable[str], known: Known, book: FactorBook) -> Result:
    """Return 'not computable, because ... is missing'; a value that was refused is told with its own reason."""
    leaves = leaves_of(names, known, book)
    refused = tuple(known.refused[code] for code in leaves if code in known.refused)
    absent = [book.label(code) for code in leaves if code not in known.refused]
    why = (*((Reason("risk.missing", {"factors": "、".join(absent)}),) if absent else ()), *refused)
    return refusal(ready, "not_computable", *why, missing=leaves)


def leaves_of(names: Iterable[str], known: Known, book: FactorBook) -> tuple[str, ...]:
    """Return what has to be measured or asked for these to be known."""
    found: dict[str, None] = {}
    for name in dict.fromkeys(names):
        found |= dict.fromkeys(book.asks(name, known))
    return tuple(found)


def shares(drops: Sequence[tuple[str, tuple[str, ...], float]]) -> tuple[Share, ...]:
    """Return the groups whose drop is above nothing, largest first; their shares add up to 1."""
    above = [one for one in drops if one[2] > 1e-12]
    whole = sum(drop for _, _, drop in above)
    made = [Share(group=name, factors=codes, drop=drop, share=drop / whole) for name, codes, drop in above]
    return tuple(sorted(made, key=lambda one: (-one.drop, one.group)))


def best_levers(levers: Sequence[Lever]) -> tuple[Lever, ...]:
    """Return the three that lower the number most."""
    return tuple(sorted(levers, key=lambda one: (-one.drop, one.factor))[:MOST_LEVERS])
