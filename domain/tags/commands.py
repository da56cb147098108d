"""Tags change by rule, with what is known of a client, and by hand, which no rule overrules."""

from sqlalchemy import select

from domain.kernel.clock import clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient
from domain.tags.records import ClientTag, TagKind
from domain.tags.rules import LONGEST, TAGS, TagRules, fitting, tags_of

EDIT = "tag.edit"


@command("tag.retag", "更新自动标签", permission=EDIT, place="internal")
class RetagSeveral:
    """Several clients in one transaction, for whoever follows the log."""

    patient_ids: list[Id] = ask("客户", kind=Kind.HIDDEN)


@handles(RetagSeveral)
def retag_several(order: RetagSeveral, work: UnitOfWork) -> int:
    """Return how many tags changed; a client who is not there any more is passed over."""
    changed = 0
    for patient_id in order.patient_ids:
        patient = work.get(Patient, patient_id)
        changed += 0 if patient is None else retag(work, patient)
    return changed


@command("tag.retag_aged", "更新到期年龄标签", permission=EDIT, place="internal")
class RetagAged:
    """Clients who have come into another age band since they were looked at."""

    most: int = ask("最多人数", default=200, low=1, high=2000)


@handles(RetagAged)
def retag_aged(order: RetagAged, work: UnitOfWork) -> int:
    """Return how many tags changed."""
    today = clinic(work.now).date()
    over = (
        select(ClientTag.patient_id)
        .where(ClientTag.good_until < today, ClientTag.off_at.is_(None))
        .order_by(ClientTag.good_until)
        .limit(order.most)
    )
    people = list(work.connection.execute(over).scalars())
    changed: int = retag_several(RetagSeveral(patient_ids=people), work)
    return changed


def retag(work: UnitOfWork, patient: Patient) -> int:
    """Put on what follows from the facts and take off what does not any more; returns how many tags changed."""
    rules: TagRules = work.content[TAGS]
    wanted = {(tag.kind, tag.name): tag for tag in tags_of(work, patient, rules)}
    have = {(TagKind(t.kind), t.name): t for t in tags_kept(work, patient.id)}
    changed = 0
    for key, tag in wanted.items():
        row = have.get(key)
        if row is None:
            _new(work, patient, *key).good_until = tag.good_until
            changed += 1
        elif not row.by_hand and (row.off_at is not None or row.good_until != tag.good_until):
            changed += row.off_at is not None
            row.since = work.now if row.off_at is not None else row.since
            row.off_at, row.good_until = None, tag.good_until
    for key, row in have.items():
        if key not in wanted and not row.by_hand and row.off_at is None:
            row.off_at, row.good_until = work.now, None
            changed += 1
    return changed


def tags_kept(work: UnitOfWork, patient_id: Id) -> list[ClientTag]:
    """Return every tag a client has or had."""
    return list(work.list(select(ClientTag).where(ClientTag.patient_id == patient_id)))


def _new(work: UnitOfWork, patient: Patient, kind: TagKind, name: str) -> ClientTag:
    return work.add(
        ClientTag(
            id=stable_id("client_tag", patient.id, kind, name), org_id=patient.org_id, patient_id=patient.id,
            kind=kind, name=name, since=work.now, by_hand=False,
        )
    )  # fmt: skip


@command("tag.put", "打标签", permission=EDIT)
class TagClient:
    """A tag by hand, of any kind; no rule takes it off again."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    kind: TagKind = ask("标签类别", kind=Kind.CHOICE, default=TagKind.OWN)
    name: str = ask("标签", max_length=LONGEST)
    note: str | None = ask("说明", default=None)


@handles(TagClient)
def tag_client(order: TagClient, work: UnitOfWork) -> Id:
    """Return the id of the tag; one that is on already stays as it is.

    Raises:
        DomainError: ``input.missing`` (``name``) for blanks; ``tag.slash`` (``name``): ``/`` parts group and name.
    """
    name = fitting(order.name)
    if not name:
        raise DomainError("input.missing", field="name", label="标签")
    if "/" in name:
        raise DomainError("tag.slash", field="name")
    patient = work.require(Patient, order.patient_id, "patient_id")
    row = work.get(ClientTag, stable_id("client_tag", patient.id, order.kind, name))
    if row is None:
        row = _new(work, patient, order.kind, name)
    elif row.off_at is None:
        return row.id
    row.by_hand, row.off_at, row.good_until, row.since = True, None, None, work.now
    row.changed_by, row.note = work.actor.staff_id, order.note
    return row.id


@command("tag.take_off", "移除标签", permission=EDIT)
class UntagClient:
    """The tag is not right for this client; no rule puts it on again until somebody does."""

    tag_id: Id = ask("标签", kind=Kind.HIDDEN)
    note: str | None = ask("说明", default=None)


@handles(UntagClient)
def untag_client(order: UntagClient, work: UnitOfWork) -> None:
    """Take it off; one that is off already stays so."""
    row = work.require(ClientTag, order.tag_id, "tag_id")
    if row.off_at is None:
        row.by_hand, row.off_at, row.good_until = True, work.now, None
        row.changed_by, row.note = work.actor.staff_id, order.note


@command("tag.automatic", "恢复自动打标", permission=EDIT)
class TagByRule:
    """What was set by hand for this client and tag is left to the rules again."""

    tag_id: Id = ask("标签", kind=Kind.HIDDEN)


@handles(TagByRule)
def tag_by_rule(order: TagByRule, work: UnitOfWork) -> None:
    """Give it back to the rules, which are applied at once."""
    row = work.require(ClientTag, order.tag_id, "tag_id")
    row.by_hand, row.note = False, None
    work.flush()
    retag(work, work.require(Patient, row.patient_id))
