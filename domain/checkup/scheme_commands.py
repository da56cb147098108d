"""Setting the review scheme: checked for dead ends before it counts, numbered, restored."""

from typing import Any

from sqlalchemy import func, select

from domain.checkup.scheme import FIELDS, RIGHTS, ancestors, people_for
from domain.checkup.scheme_records import ReviewScheme
from domain.checkup.workflow import LEVELS, report_review
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Organization, OrganizationKind, Staff

PERMISSION = "report.scheme"
MOST_HOURS = 240
LEAST_LEVELS = 2
WRITES = "report.write"
_KEPT = (
    "levels", *(f"{name}_roles" for name in FIELDS.values()), "drafting_hours",
    *(f"{name}_hours" for name in FIELDS.values()), "returned_hours", "urgent_hours", "accept_minutes",
)  # fmt: skip


@command("report.set_scheme", "设定审核方案", permission=PERMISSION, place="centre")
class SetReviewScheme:
    """Say which levels there are, who reviews at each and within which time, for one site or all of them."""

    levels: str = ask("审核级别（以、分隔，按先后）", default="分院初审、总院复审、终审", max_length=200)
    first_roles: str = ask("初审角色（以、分隔）", default="医生、科室主任", max_length=200)
    second_roles: str = ask("复审角色（以、分隔）", default="总院专家", max_length=200)
    third_roles: str = ask("三审角色（以、分隔）", default="总院专家", max_length=200)
    fourth_roles: str = ask("四审角色（以、分隔）", default="总院专家", max_length=200)
    final_roles: str = ask("终审角色（以、分隔）", default="总院专家", max_length=200)
    drafting_hours: int = ask("撰写时限（小时）", kind=Kind.NUMBER, default=24, low=1, high=MOST_HOURS)
    first_hours: int = ask("初审时限（小时）", kind=Kind.NUMBER, default=24, low=1, high=MOST_HOURS)
    second_hours: int = ask("复审时限（小时）", kind=Kind.NUMBER, default=24, low=1, high=MOST_HOURS)
    third_hours: int = ask("三审时限（小时）", kind=Kind.NUMBER, default=24, low=1, high=MOST_HOURS)
    fourth_hours: int = ask("四审时限（小时）", kind=Kind.NUMBER, default=24, low=1, high=MOST_HOURS)
    final_hours: int = ask("终审时限（小时）", kind=Kind.NUMBER, default=24, low=1, high=MOST_HOURS)
    returned_hours: int = ask("退回修改时限（小时）", kind=Kind.NUMBER, default=8, low=1, high=MOST_HOURS)
    urgent_hours: int = ask("紧急报告每级时限（小时）", kind=Kind.NUMBER, default=2, low=1, high=24)
    accept_minutes: int = ask("专家接收时限（分钟）", kind=Kind.NUMBER, default=120, low=5, high=1440)
    site: str | None = ask("适用院区（机构名称，不填为全部）", default=None)
    reason: str = ask("修订说明", kind=Kind.NOTE)


@handles(SetReviewScheme)
def set_scheme(order: SetReviewScheme, work: UnitOfWork) -> int:
    """Return the number of the version; reports on their way keep the time they were given.

    A report at a level that is left out stays there until somebody passes it, then goes to the next one there is.

    Raises:
        DomainError: ``scheme.no_site``; ``scheme.bad_levels`` for another order, an unknown level or fewer than two;
            ``scheme.no_role`` for a role that is not known or has not the right of its
            level; ``scheme.dead_end`` where a level would be without a person of its own.
    """
    site_id = _site(work, order.site)
    levels = _levels(order.levels)
    roles = {level: _roles(work, level, getattr(order, f"{name}_roles")) for level, name in FIELDS.items()}
    _check_people(work, site_id, {level: roles[level] for level in levels})
    values: dict[str, Any] = {f"{FIELDS[level]}_roles": list(found) for level, found in roles.items()}
    values["levels"] = list(levels)
    values |= {name: getattr(order, name) for name in _KEPT if name not in values}
    return _keep(work, site_id, values, order.reason)


@command("report.restore_scheme", "恢复到这一版审核方案", permission=PERMISSION, place="centre")
class RestoreReviewScheme:
    """Put an earlier version into force again, under a number of its own."""

    scheme_id: Id = ask("审核方案", kind=Kind.HIDDEN)
    reason: str = ask("修订说明", kind=Kind.NOTE)


@handles(RestoreReviewScheme)
def restore_scheme(order: RestoreReviewScheme, work: UnitOfWork) -> int:
    """Return the number of the new version. Raises ``scheme.dead_end`` where people have left meanwhile."""
    earlier = work.require(ReviewScheme, order.scheme_id, "scheme_id")
    roles = {level: tuple(getattr(earlier, f"{FIELDS[level]}_roles")) for level in earlier.levels}
    _check_people(work, earlier.site_id, roles)
    return _keep(work, earlier.site_id, {name: getattr(earlier, name) for name in _KEPT}, order.reason)


def _keep(work: UnitOfWork, site_id: Id | None, values: dict[str, Any], reason: str) -> int:
    kept = ReviewScheme.__table__.c
    same = kept.site_id.is_(None) if site_id is None else kept.site_id == site_id
    number = int(work.connection.execute(select(func.max(kept.number)).where(same)).scalar() or 0) + 1
    work.add(
        ReviewScheme(
            id=stable_id("review_scheme", site_id or "", number), site_id=site_id, number=number, reason=reason,
            changed_at=work.now, changed_by=work.actor.staff_id, changed_name=work.actor.name, **values,
        )
    )  # fmt: skip
    return number


def _site(work: UnitOfWork, name: str | None) -> Id | None:
    if not (name or "").strip():
        return None
    found = work.find(Organization, name=(name or "").strip())
    if found is None:
        raise DomainError("scheme.no_site", field="site", given=name)
    return found.id


def _levels(given: str) -> tuple[str, ...]:
    """Return the levels given by their labels: in their order, the final review last, at least two."""
    named = {report_review.label_of(level): level for level in LEVELS} | {level: level for level in LEVELS}
    parts = [p.strip() for p in given.replace("，", "、").replace(",", "、").split("、") if p.strip()]
    found = [named.get(part) for part in parts]
    known = "、".join(report_review.label_of(level) for level in LEVELS)
    if (
        len(found) < LEAST_LEVELS
        or found[-1] != LEVELS[-1]
        or found != [level for level in LEVELS if level in found]
    ):
        strange = next((p for p, f in zip(parts, found, strict=True) if f is None), given.strip() or "—")
        raise DomainError("scheme.bad_levels", field="levels", given=strange, known=known)
    return tuple(level for level in found if level is not None)


def _roles(work: UnitOfWork, level: str, given: str) -> tuple[str, ...]:
    """Return the names of roles given by their labels."""
    field = f"{FIELDS[level]}_roles"
    known = work.content["authority"].roles
    named = {role.label: name for name, role in known.items()} | {name: name for name in known}
    allowed = [role.label for role in known.values() if role.may(RIGHTS[level])]
    found = []
    for part in given.replace("，", "、").replace(",", "、").split("、"):
        name = named.get(part.strip())
        if name is None or not known[name].may(RIGHTS[level]):
            raise DomainError(
                "scheme.no_role", field=field, given=part.strip() or "—", allowed="、".join(allowed),
                level=report_review.label_of(level),
            )  # fmt: skip
        found.append(name)
    return tuple(dict.fromkeys(found))


def _check_people(work: UnitOfWork, site_id: Id | None, roles: dict[str, tuple[str, ...]]) -> None:
    """Refuse a scheme by which reports of a site would come to a level nobody is left for.

    The author and the first reviewer are of the site itself; the later levels are its own people's or those above.
    """
    table = Organization.__table__.c
    rows = work.connection.execute(select(table.id, table.name, table.kind, table.parent_id)).all()
    parents = {row.id: row.parent_id for row in rows}
    sites = [r for r in rows if (r.id == site_id if site_id else r.kind == OrganizationKind.BRANCH)]
    writers = [n for n, role in work.content["authority"].roles.items() if role.may(WRITES)]
    for site in sites:
        above = ancestors(parents, site.id)
        people = {
            "drafting": _who(work, [site.id], writers),
        } | {
            level: _who(work, [site.id] if level == LEVELS[0] else above, named) for level, named in roles.items()
        }  # fmt: skip
        if not people["drafting"] and site_id is None:
            continue  # a place where no reports are written
        short = people_for(people)
        if short:
            raise DomainError(
                "scheme.dead_end", field=f"{FIELDS.get(short[0], 'first')}_roles", site=site.name,
                level=report_review.label_of(short[0]),
            )  # fmt: skip


def _who(work: UnitOfWork, orgs: Any, roles: Any) -> list[Id]:
    s = Staff.__table__.c
    query = select(s.id).where(s.org_id.in_(list(orgs)), s.role.in_(list(roles)), s.active.is_(True))
    return list(work.connection.execute(query.order_by(s.login)).scalars())
