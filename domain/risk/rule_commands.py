"""Level rules of an administrator's own: checked and published whole, in force from the next assessment."""

from typing import Any

import msgspec
import yaml
from sqlalchemy import Connection, select

from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.prepared import Prepared
from domain.kernel.unit_of_work import UnitOfWork
from domain.risk.content import RISK, RiskModels
from domain.risk.levels import LevelFile, LevelRules
from domain.risk.records import RiskRuleSet

LONGEST = 20_000
_R = RiskRuleSet.__table__.c
_LATEST = Prepared(select(_R.id, _R.rules).order_by(_R.published_at.desc(), _R.id.desc()).limit(1))


@command("risk.publish_rules", "发布分级规则", permission="risk.rules")
class PublishLevelRules:
    """The rules of the four colours and of factors at high risk, in the form of the file that ships."""

    text: str = ask("规则（YAML）", kind=Kind.NOTE, max_length=LONGEST)
    reason: str = ask("修订说明", kind=Kind.NOTE)


@handles(PublishLevelRules)
def publish_level_rules(order: PublishLevelRules, work: UnitOfWork) -> Id:
    """Return the id of the published set; the earlier ones stay.

    Raises:
        DomainError: ``risk.bad_rules`` (``text``) with every mistake; ``risk.same_version`` (``text``) if a set of
            this version was published or ships.
    """
    models: RiskModels = work.content[RISK]
    file = checked(order.text, models).file
    known = work.find(RiskRuleSet, version=file.version)
    if known is not None or file.version == models.levels.file.version:
        raise DomainError("risk.same_version", field="text", version=file.version)
    return _kept(work, file, order.reason)


def _kept(work: UnitOfWork, file: LevelFile, reason: str) -> Id:
    kept = RiskRuleSet(
        version=file.version, rules=msgspec.to_builtins(file), reason=reason, published_at=work.now,
        published_by=work.actor.staff_id, published_name=work.actor.name,
    )  # fmt: skip
    return work.add(kept).id


def checked(text: str, models: RiskModels) -> LevelRules:
    """Return rules written as the file is, ready to judge; ``risk.bad_rules`` (``text``) with every mistake."""
    rules = LevelRules(_read(text), models.book, models.levels.labels)
    if rules.problems:
        raise _bad(rules.problems)
    return rules


def written(file: LevelFile) -> str:
    """Return rules as the text that `PublishLevelRules` takes."""
    return yaml.safe_dump(msgspec.to_builtins(file), allow_unicode=True, sort_keys=False, width=200)


@command("risk.roll_back_rules", "恢复这一版规则", permission="risk.rules")
class RollBackLevelRules:
    """An earlier set counts again, under a version of its own; the sets in between stay on record."""

    rule_set_id: Id = ask("规则版本", kind=Kind.HIDDEN)
    reason: str = ask("恢复原因", kind=Kind.NOTE)


@handles(RollBackLevelRules)
def roll_back_level_rules(order: RollBackLevelRules, work: UnitOfWork) -> Id:
    """Return the id of the set that is in force now.

    Raises:
        DomainError: ``risk.in_force_already`` for the one that is; ``risk.bad_rules`` if the models know its names
            no longer.
    """
    models: RiskModels = work.content[RISK]
    earlier = work.require(RiskRuleSet, order.rule_set_id, "rule_set_id")
    found = _LATEST.first(work.connection)
    if found is not None and found[0] == earlier.id.bytes:
        raise DomainError("risk.in_force_already", version=earlier.version)
    rules = checked(yaml.safe_dump(earlier.rules, allow_unicode=True), models)
    base = earlier.version.partition("~")[0]
    taken = {row.version for row in work.list(select(RiskRuleSet))}
    number = next(n for n in range(1, len(taken) + 2) if f"{base}~{n}" not in taken)
    return _kept(work, msgspec.structs.replace(rules.file, version=f"{base}~{number}"), order.reason)


def rules_in_force(work: UnitOfWork, models: RiskModels) -> LevelRules:
    """Return the rules published last, or those that ship; each set is made ready once."""
    found = _LATEST.first(work.connection)
    if found is None:
        return models.levels
    ready: LevelRules | None = models.published.get(found[0])
    if ready is None:
        file = msgspec.json.decode(found[1], type=LevelFile)
        ready = models.published[found[0]] = LevelRules(file, models.book, models.levels.labels)
    return ready


def file_in_force(connection: Connection, models: RiskModels) -> LevelFile:
    """Return the rules published last, or those that ship, as they are written."""
    found = _LATEST.first(connection)
    return models.levels.file if found is None else msgspec.json.decode(found[1], type=LevelFile)


def _read(text: str) -> LevelFile:
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
            raise _bad(["aliases are not allowed"])
        loaded: Any = yaml.safe_load(text)
        return msgspec.convert(loaded, LevelFile)
    except (yaml.YAMLError, msgspec.ValidationError, RecursionError, ValueError) as error:
        raise _bad([" ".join(str(error).split())]) from None


def _bad(problems: list[str]) -> DomainError:
    return DomainError("risk.bad_rules", field="text", problems="；".join(problems)[:1000])
