"""Looking through the centre's own audit at the console: who, which function, which record, what came of it, when."""

import argparse
import contextlib
import sys
import uuid
from collections.abc import Callable
from datetime import datetime, time
from typing import Any

from sqlalchemy import Connection, or_, select

import resources
from domain import features
from domain.audit.trail import MOST, OUTCOMES, AuditQuery, audit_lines
from domain.kernel.authority import system_actor
from domain.kernel.clock import CLINIC_TIME
from domain.kernel.commands import commands
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.texts import Texts
from domain.people.records import Staff
from server.identity import read_identity
from server.settings import Settings
from server.storage_key import open_store

SHOWN = 100


def look(settings: Settings, options: argparse.Namespace) -> int:
    """Print the newest lines of the audit that fit, one a line.

    Raises:
        DomainError: ``trail.nobody``, ``trail.no_command``, ``trail.no_record``, ``trail.no_day``.
    """
    features.load()
    texts = Texts.load(resources.folder("texts") / "zh")
    with contextlib.closing(open_store(settings)) as store:
        identity = read_identity(store, settings.data_dir)
        actor = system_actor(identity.org_id, identity.device_id)
        with store.read() as connection:
            lines = audit_lines(connection, actor, query_of(connection, options), limit=options.limit)
    for line in lines:
        sys.stdout.write(f"{line.number}  {line.sentence(texts)}\n")
    sys.stdout.write(texts.say("trail.console", count=len(lines)) + "\n")
    return 0


def query_of(connection: Connection, options: argparse.Namespace) -> AuditQuery:
    """Return what was asked for; raises as `look`."""
    names: tuple[str, ...] = ()
    if options.command:
        known = commands().values()
        names = tuple(c.name for c in known if options.command in (c.label, c.name))
        names = names or tuple(c.name for c in known if options.command in c.label)
        if not names:
            raise DomainError("trail.no_command", value=options.command)
    return AuditQuery(
        staff_id=_staff(connection, options.who) if options.who else None,
        record_id=_record(options.record) if options.record else None,
        commands=names, outcome=options.outcome, since=_day(options.since), until=_day(options.until),
    )  # fmt: skip


def _staff(connection: Connection, who: str) -> Id:
    c = Staff.__table__.c
    found: Id | None = connection.execute(
        select(c.id).where(or_(c.login == who, c.name == who)).order_by(c.active.desc(), c.id).limit(1)
    ).scalar()
    if found is None:
        raise DomainError("trail.nobody", value=who)
    return found


def _record(text: str) -> Id:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise DomainError("trail.no_record", value=text) from error


def _day(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.combine(datetime.fromisoformat(text).date(), time.min, CLINIC_TIME)
    except ValueError as error:
        raise DomainError("trail.no_day", value=text) from error


def add_to(subcommands: Any, command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command to the program's."""
    looking = command(
        subcommands, "audit", look, "查阅本中心的审计：人员、功能、记录、结果、时间，可同时指定"
    )
    looking.add_argument("--who", help="登录名或姓名")
    looking.add_argument("--command", help="功能名称或代码")
    looking.add_argument("--record", help="记录编号（UUID）")
    looking.add_argument("--outcome", choices=OUTCOMES, help="结果")
    looking.add_argument("--since", help="自哪一天起（如 2026-11-01）")
    looking.add_argument("--until", help="到哪一天之前")
    looking.add_argument(
        "--limit",
        type=int,
        choices=range(1, MOST + 1),
        default=SHOWN,
        metavar="N",
        help=f"最多几行（1–{MOST}）",
    )
