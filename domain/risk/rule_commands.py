"""Level rules of an administrator's own: checked and published whole, in force from the next assessment."""

from typing import Any

import msgspec
import yaml
from sqlalchemy import select

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


@command("risk.publish_rules", "发布分级规则", permission="risk.rules", place="centre")
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
    file = _read(order.text)
    problems = LevelRules(file, models.book, models.levels.labels).problems
    if problems:
        raise _bad(problems)
    known = work.find(RiskRuleSet, version=file.version)
    if known is not None or file.version == models.levels.file.version:
        raise DomainError("risk.same_version", field="text", version=file.version)
    kept = RiskRuleSet(
        version=file.version, rules=msgspec.to_builtins(file), reason=order.reason, published_at=work.now,
        published_by=work.actor.staff_id, published_name=work.actor.name,
    )  # fmt: skip
    return work.add(kept).id


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
