"""Changing a rule: tried on what is stored first, refused where it would flood or always hold, and taken back."""

import dataclasses
from typing import Any

import msgspec
import yaml
from sqlalchemy import Connection, select

from domain.alerts.back_tests import BackTest, back_test
from domain.alerts.checks import cycle_of, problems_of
from domain.alerts.plans import RuleBook
from domain.alerts.records import AlertRuleChange
from domain.alerts.rule_changes import RulePatch, book_in_force, changed
from domain.alerts.rules import Rule
from domain.alerts.steps import RULE_FILES
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork

PERMISSION = "alert.rules"
LONGEST = 20_000
_C = AlertRuleChange.__table__.c


def newest_changes(connection: Connection) -> dict[str, tuple[int, RulePatch]]:
    """Return the change in force of each rule that was changed: its number and what it says."""
    found: dict[str, tuple[int, RulePatch]] = {}
    for row in connection.execute(select(_C.rule, _C.number, _C.patch).order_by(_C.rule, _C.number)):
        found[row.rule] = (row.number, msgspec.convert(row.patch, RulePatch))
    return found


@command("alert.try_rule", "试算预警规则", permission=PERMISSION)
class TryRule:
    """Try a change on what is stored; nothing is kept."""

    rule: str = ask("规则", max_length=20)
    text: str = ask("修订内容（YAML）", kind=Kind.NOTE, max_length=LONGEST)


@handles(TryRule)
def try_rule(order: TryRule, work: UnitOfWork) -> BackTest | None:
    """Return what it would have raised, None for a rule that waits for its function.

    Raises:
        DomainError: ``alert.no_rule``; ``alert.bad_rule`` with every mistake.
    """
    return _tried(work, order.rule, order.text)[1]


@command("alert.change_rule", "修订预警规则", permission=PERMISSION, place="centre")
class ChangeRule:
    """Put a change of a rule into force, here at once and wherever sync takes it."""

    rule: str = ask("规则", max_length=20)
    text: str = ask("修订内容（YAML）", kind=Kind.NOTE, max_length=LONGEST)
    reason: str = ask("修订说明", kind=Kind.NOTE)


@handles(ChangeRule)
def change_rule(order: ChangeRule, work: UnitOfWork) -> int:
    """Return the number of the change.

    Raises:
        DomainError: ``alert.no_rule``; ``alert.bad_rule`` with every mistake; ``alert.rule_always`` for a condition
            that every record fits; ``alert.rule_storm`` for one that would have flooded a place last month.
    """
    patch, tested = _tried(work, order.rule, order.text)
    if tested is not None and tested.always:
        raise DomainError("alert.rule_always", field="text", count=tested.examined)
    if tested is not None and tested.storm:
        raise DomainError("alert.rule_storm", field="text", count=max(tested.by_place.values()))
    return _keep(work, order.rule, patch, order.reason, tested)


@command("alert.roll_back_rule", "恢复预警规则", permission=PERMISSION, place="centre")
class RollBackRule:
    """Put an earlier change of a rule into force again; 0 is the rule as it ships."""

    rule: str = ask("规则", max_length=20)
    number: int = ask("修订号", kind=Kind.NUMBER, low=0, high=1_000_000)
    reason: str = ask("恢复说明", kind=Kind.NOTE)


@handles(RollBackRule)
def roll_back_rule(order: RollBackRule, work: UnitOfWork) -> int:
    """Return the number of the change that does it: history is added to, never rewritten.

    Raises:
        DomainError: ``alert.no_rule``; ``alert.no_change`` for a number that the rule never had.
    """
    _files(work, order.rule)
    patch = RulePatch()
    if order.number:
        earlier = work.find(AlertRuleChange, rule=order.rule, number=order.number)
        if earlier is None:
            raise DomainError("alert.no_change", field="number", value=order.number)
        patch = msgspec.convert(earlier.patch, RulePatch)
    return _keep(work, order.rule, patch, order.reason, None)


def _files(work: UnitOfWork, rule: str) -> RuleBook:
    files: RuleBook | None = work.content.get(RULE_FILES)
    if files is None or (rule not in files.rules and rule not in files.waiting):
        raise DomainError("alert.no_rule", field="rule", value=rule)
    return files


def _shipped(files: RuleBook, rule: str) -> Rule:
    return files.rules[rule] if rule in files.rules else files.waiting[rule]


def _tried(work: UnitOfWork, rule: str, text: str) -> tuple[RulePatch, BackTest | None]:
    files = _files(work, rule)
    patch = _read(text)
    newest = newest_changes(work.connection)
    try:
        after = changed(_shipped(files, rule), patch, 1)
        book = book_in_force(files, {**newest, rule: (1, patch)})
        authority = work.content.get("authority")
        roles = authority.roles if authority is not None else files.roles()
        problems = [*problems_of(after, {**files.waiting, **files.rules}, roles)]
    except ValueError as error:
        raise _bad(str(error)) from None
    problems += [] if not cycle_of(book.rules) else ["inhibits"]
    if problems:
        raise _bad("；".join(problems))
    return patch, back_test(work.connection, after, book.plans.get(rule), work.now)


def _read(text: str) -> RulePatch:
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
            raise _bad("aliases are not allowed")
        return msgspec.convert(yaml.safe_load(text) or {}, RulePatch)
    except (yaml.YAMLError, msgspec.ValidationError, RecursionError) as error:
        raise _bad(" ".join(str(error).split())) from None


def _bad(problems: str) -> DomainError:
    return DomainError("alert.bad_rule", field="text", problems=problems[:1000])


def _keep(work: UnitOfWork, rule: str, patch: RulePatch, reason: str, tested: BackTest | None) -> int:
    number = newest_changes(work.connection).get(rule, (0, None))[0] + 1
    own: Id = stable_id("alert_rule_change", rule, number)
    work.add(
        AlertRuleChange(
            id=own, rule=rule, name=_shipped(_files(work, rule), rule).name, number=number,
            patch=_plain(patch), tested=None if tested is None else dataclasses.asdict(tested), reason=reason,
            published_at=work.now, published_by=work.actor.staff_id, published_name=work.actor.name,
        )
    )  # fmt: skip
    return number


def _plain(patch: RulePatch) -> dict[str, Any]:
    """Return what a patch says, without what it leaves as it is."""
    whole = msgspec.to_builtins(patch)
    default = msgspec.to_builtins(RulePatch())
    return {name: value for name, value in whole.items() if value != default[name]}
