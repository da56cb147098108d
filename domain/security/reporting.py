"""What the audit chain says of a month: counted by the index of its times, once the month is over."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, case, func, select

from domain.audit.chain import audit_table, head_of
from domain.audit.verification import Break
from domain.kernel.authority import Actor
from domain.kernel.change_log import REFUSED, change_log, decode_body
from domain.kernel.clock import clinic
from domain.kernel.columns import to_microseconds
from domain.kernel.commands import commands
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.texts import Texts
from domain.outgoing.records import Outgoing
from domain.people.records import Organization, Staff
from domain.security.commands import LOOK
from domain.security.records import AuditAnchor, SecurityFinding
from domain.security.report_commands import KeepAuditReport
from domain.security.report_records import AuditReport
from domain.version import VERSION

GROUPS = {
    "quality": ("quality", "indicator"),
    "reception": ("reception", "unit", "feedback", "people"),
    "messaging": ("conversation", "messaging", "faq", "tag", "portal", "followup"),
    "clinical": ("checkup", "report", "critical", "form", "risk", "care", "tracking"),
    "configuration": (
        "staff",
        "organization",
        "workstation",
        "alert",
        "design",
        "content",
        "label",
        "security",
    ),
}
"""Areas of commands by what they are to an auditor; the others are counted as ``other``."""
CONFIGURATION = frozenset({
    "staff.create", "staff.set_active", "staff.reset_password", "staff.unlock", "organization.create",
    "workstation.issue_code", "workstation.revoke", "alert.change_rule", "alert.roll_back_rule", "content.sign",
    "content.withdraw", "patient.erase", "critical.set_limit", "risk.publish_rules",
})  # fmt: skip
PEOPLE = 20
"""People of a report, those with most operations first."""


def month_before(now: datetime) -> tuple[str, datetime, datetime]:
    """Return the last whole month of the clinic's calendar: its name, its beginning and its end."""
    until = clinic(now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    since = (until - timedelta(days=1)).replace(day=1)
    return f"{since:%Y-%m}", since.astimezone(UTC), until.astimezone(UTC)


def make_due(dispatcher: Dispatcher, actor: Actor, texts: Texts, broken: Break | None) -> int:
    """Make the report of the month before if there is none; returns how many were made.

    Args:
        dispatcher: Of the centre.
        actor: The system's actor there.
        texts: Names of what is counted.
        broken: What the check of the chain found just now.
    """
    now = dispatcher.clock()
    month, since, until = month_before(now)
    table = AuditReport.__table__
    with dispatcher.store.read() as connection:
        made = select(table.c.id).where(table.c.month == month, table.c.org_id == actor.org_id)
        if connection.execute(made).first() is not None:
            return 0
        figures = month_figures(connection, actor, texts, (month, since, until), now, broken)
    kept: bool = dispatcher.run(KeepAuditReport(month=month, figures=figures), actor).receipt
    return int(kept)


def month_figures(
    connection: Connection,
    actor: Actor,
    texts: Texts,
    period: tuple[str, datetime, datetime],
    now: datetime,
    broken: Break | None,
) -> dict[str, Any]:
    """Return the data of the document ``audit_report`` for a month."""
    month, since, until = period
    by_command = _by_command(connection, since, until)
    outgoing = _outgoing(connection, texts, since, until)
    name = connection.execute(select(Organization.name).where(Organization.id == actor.org_id)).scalar()
    totals = {
        "entries": sum(count for count, _ in by_command.values()),
        "refused": sum(refused for _, refused in by_command.values()),
        "looks": by_command.get(LOOK, (0, 0))[0],
        "export_rows": sum(one["rows"] for one in outgoing if one["is_list"]),
    }
    return {
        "organisation": {"name": name or ""},
        "period": {
            "month": month, "since": clinic(since).isoformat(), "until": clinic(until).isoformat(),
            "made_at": clinic(now).isoformat(),
        },
        "totals": totals,
        "groups": _groups(by_command, texts),
        "people": _people(connection, texts, since, until),
        "sign_ins": _sign_ins(connection, since, until),
        "outgoing": [{k: v for k, v in one.items() if k != "is_list"} for one in outgoing],
        "findings": _findings(connection, texts, since, until),
        "configuration": [
            {"label": commands()[name].label, "count": count, "refused": refused}
            for name, (count, refused) in sorted(by_command.items())
            if name in CONFIGURATION and name in commands()
        ],
        "chain": _chain(connection, texts, since, until, broken),
        "software": {"name": texts.say("app.name") if "app.name" in texts else "检后通", "version": VERSION},
    }  # fmt: skip


def _within(column: Any, since: datetime, until: datetime) -> Any:
    low, high = to_microseconds(since), to_microseconds(until)
    return (column >= low) & (column < high)


def _by_command(connection: Connection, since: datetime, until: datetime) -> dict[str, tuple[int, int]]:
    table = audit_table()
    refused = func.sum(case((table.c.outcome == REFUSED, 1), else_=0))
    query = select(table.c.command, func.count(), refused).where(_within(table.c.at, since, until))
    return {row[0]: (row[1], int(row[2])) for row in connection.execute(query.group_by(table.c.command))}


def _groups(by_command: dict[str, tuple[int, int]], texts: Texts) -> list[dict[str, Any]]:
    of_area = {area: group for group, areas in GROUPS.items() for area in areas}
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for command, (count, refused) in by_command.items():
        own = counts[of_area.get(command.partition(".")[0], "other")]
        own[0] += count
        own[1] += refused
    return [
        {
            "label": texts.say(f"security.group.{group}"),
            "count": counts[group][0],
            "refused": counts[group][1],
        }
        for group in (*GROUPS, "other")
    ]


def _people(connection: Connection, texts: Texts, since: datetime, until: datetime) -> list[dict[str, Any]]:
    table, staff = audit_table(), Staff.__table__
    count = func.count().label("done")
    refused = func.sum(case((table.c.outcome == REFUSED, 1), else_=0))
    looks = func.sum(case((table.c.command == LOOK, 1), else_=0))
    inner = (
        select(table.c.actor_id, count, refused.label("refused"), looks.label("looks"))
        .where(_within(table.c.at, since, until), table.c.actor_id.is_not(None))
        .group_by(table.c.actor_id)
        .order_by(count.desc(), table.c.actor_id)
        .limit(PEOPLE)
        .subquery()
    )
    rows = connection.execute(
        select(inner, staff.c.name, staff.c.role)
        .outerjoin_from(inner, staff, staff.c.id == inner.c.actor_id)
        .order_by(inner.c.done.desc(), inner.c.actor_id)
    )
    return [
        {
            "name": row.name or str(row.actor_id)[:8],
            "role": texts.say(f"word.receivers.{row.role}") if row.role else "",
            "count": row.done, "refused": int(row.refused), "looks": int(row.looks),
        }
        for row in rows
    ]  # fmt: skip


SIGN_INS = ("staff.sign_in", "staff.quick_sign_in")


def _sign_ins(connection: Connection, since: datetime, until: datetime) -> dict[str, int]:
    """Count sign-ins by what came of them; entries that were archived are not among them."""
    table = audit_table()
    query = (
        select(change_log.c.body)
        .join_from(table, change_log, change_log.c.position == table.c.position)
        .where(_within(table.c.at, since, until), table.c.command.in_(SIGN_INS))
    )
    found = {"good": 0, "refused": 0, "locked": 0}
    for (body,) in connection.execute(query):
        outcome = decode_body(bytes(body)).note.get("outcome")
        found["good" if outcome == "signed in" else "locked" if outcome == "locked" else "refused"] += 1
    return found


def _outgoing(connection: Connection, texts: Texts, since: datetime, until: datetime) -> list[dict[str, Any]]:
    o = Outgoing.__table__.c
    query = (
        select(o.kind, o.destination, func.count(), func.sum(o["count"]))
        .where(o.started_at >= since, o.started_at < until)
        .group_by(o.kind, o.destination)
        .order_by(o.kind, o.destination)
    )
    return [
        {
            "kind": texts.say(f"choice.outgoing_kind.{kind}"),
            "destination": texts.say(f"choice.destination.{destination}"),
            "count": count, "rows": int(rows), "is_list": kind == "list",
        }
        for kind, destination, count, rows in connection.execute(query)
    ]  # fmt: skip


def _findings(connection: Connection, texts: Texts, since: datetime, until: datetime) -> list[dict[str, Any]]:
    f = SecurityFinding.__table__.c
    query = (
        select(f.kind, f.state, f.conclusion, func.count())
        .where(f.until >= since, f.until < until)
        .group_by(f.kind, f.state, f.conclusion)
    )
    found: dict[str, dict[str, Any]] = {}
    for kind, state, conclusion, count in connection.execute(query):
        blank = {"kind": texts.say(f"choice.suspicion.{kind}"), "count": 0, "open": 0, "misuse": 0}
        one = found.setdefault(kind, blank)
        one["count"] += count
        one["open"] += count if state == "open" else 0
        one["misuse"] += count if conclusion == "misuse" else 0
    return [found[kind] for kind in sorted(found)]


def _chain(
    connection: Connection, texts: Texts, since: datetime, until: datetime, broken: Break | None
) -> dict[str, Any]:
    head, a = head_of(connection), AuditAnchor.__table__.c
    anchors, places = connection.execute(
        select(func.count(), func.count(a.device_id.distinct())).where(
            a.anchored_at >= since, a.anchored_at < until
        )
    ).one()
    said = (
        texts.say("security.chain.whole") if broken is None else texts.say(broken.code, number=broken.number)
    )
    return {
        "state": said,
        "number": head.number,
        "hash": head.hash.hex(),
        "anchors": anchors,
        "places": places,
    }
