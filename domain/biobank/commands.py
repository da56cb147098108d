"""The technician's and the nurse's acts on tubes; each leaves one append-only event."""

import dataclasses
import enum

from domain.biobank.bench import read_card
from domain.biobank.box_limits import refuse_unfit
from domain.biobank.course import bench_content, code_of, refuse_other_kind, thaws_of
from domain.biobank.custody_chain import link
from domain.biobank.doubts import refuse_doubtful
from domain.biobank.label_prints import RESULTS, note_print, prints_of, read_back
from domain.biobank.numbers import SpecimenNumberBlock, looks_like_specimen_number, parse_specimen_number
from domain.biobank.receiving import expected_line, tick
from domain.biobank.records import (
    EventKind,
    PrimaryContainer,
    Specimen,
    SpecimenEvent,
    SpecimenType,
    StorageContainer,
)
from domain.biobank.rules import position_of, protocol_named, set_remaining
from domain.biobank.stock_terms import term_of
from domain.biobank.workflow import specimen_life
from domain.checkup.records import Visit
from domain.consent.records import ConsentUse
from domain.consent.uses import require_consent
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.numbers import next_value, set_next
from domain.people.scans import NUMBERS
from domain.studies.expecting import note_collected
from domain.studies.freezing import refuse_frozen

MOST_ALIQUOTS = 20
PURPOSE = "specimen"


@dataclasses.dataclass(frozen=True, slots=True)
class TubeReceipt:
    """What the bench shows after a scan."""

    specimen_id: Id
    number: str
    state: str
    state_label: str
    place: str | None = None


@command("specimen.plan", "准备采集管", permission="biobank.plan")
class PlanSpecimen:
    """Give a visit a tube with a number of its own, before it is labelled."""

    visit_id: Id = ask("体检", kind=Kind.HIDDEN)
    type: SpecimenType = ask("标本类型", kind=Kind.CHOICE)
    container: PrimaryContainer = ask("采集管", kind=Kind.CHOICE)


@handles(PlanSpecimen)
def plan(order: PlanSpecimen, work: UnitOfWork) -> TubeReceipt:
    """Return the tube; the same type asked for again gives the tube that is still waiting."""
    visit = work.require(Visit, order.visit_id, "visit_id")
    waiting = work.find(Specimen, visit_id=visit.id, type=order.type, state=specimen_life.first)
    if waiting is not None:
        return receipt_of(waiting)
    tube = Specimen(
        org_id=visit.org_id, number=new_number(work), type=order.type, container=order.container,
        patient_id=visit.patient_id, visit_id=visit.id,
    )  # fmt: skip
    work.start(specimen_life, tube)
    return receipt_of(work.add(tube))


def new_number(work: UnitOfWork) -> str:
    """Return the next specimen number of this installation; its prefix makes it unique in the group."""
    block = SpecimenNumberBlock(work.content["number_prefix"], next_value(work, PURPOSE), digits=True)
    number, rest = block.allocate()
    set_next(work, PURPOSE, rest.next)
    return number


@command("specimen.label", "登记标签打印", permission="biobank.label")
class NoteLabelPrint:
    """Note what came of printing a label; a reprint needs its reason."""

    number: str = ask("标本条码", kind=Kind.SCAN, max_length=40)
    printer: str = ask("打印机", max_length=120)
    template: str = ask("模板", max_length=80)
    content_sha256: str = ask("内容摘要", kind=Kind.HIDDEN, max_length=64)
    result: str = ask("结果", max_length=40)
    reason: str | None = ask("重打原因", default=None)
    fault: str | None = ask("故障", kind=Kind.HIDDEN, default=None, max_length=40)


@handles(NoteLabelPrint)
def note_label(order: NoteLabelPrint, work: UnitOfWork) -> int:
    """Return which print of this label it was: 0 the first, then the number of the reprint.

    Raises:
        DomainError: ``specimen.unknown``, ``label.result`` for a result that is none, ``specimen.reprint_reason``.
    """
    tube = tube_of(order.number, work)
    if order.result not in RESULTS:
        raise DomainError("label.result", field="result", result=order.result)
    before = prints_of(work, tube)
    if before and not order.reason:
        raise DomainError("specimen.reprint_reason", field="reason", number=tube.number, count=before)
    return note_print(
        work, tube, order.printer, order.template, order.result, content_sha256=order.content_sha256,
        reason=order.reason, fault=order.fault,
    )  # fmt: skip


@command("specimen.collect", "采集标本", permission="biobank.collect")
class CollectSpecimen:
    """The tube was filled, now, by the person signed in."""

    number: str = ask("扫描标本条码", kind=Kind.SCAN, max_length=40)


@handles(CollectSpecimen)
def collect(order: CollectSpecimen, work: UnitOfWork) -> TubeReceipt:
    """Move to collected; a tube of a study is counted for its visit at once. Raises as `may_use`."""
    tube = tube_of(order.number, work)
    may_use(work, tube, ConsentUse.COLLECT)
    receipt = _step(work, tube, "collect", EventKind.COLLECTED)
    read_back(work, tube)
    note_collected(work, tube)
    return receipt


class Condition(enum.StrEnum):
    """What a tube looks like on arrival."""

    GOOD = "good"
    HAEMOLYSED = "haemolysed"
    LIPAEMIC = "lipaemic"
    CLOTTED = "clotted"
    TOO_LITTLE = "too_little"
    LEAKING = "leaking"


@command("specimen.receive", "签收标本", permission="biobank.receive")
class ReceiveSpecimen:
    """The laboratory takes the tube."""

    number: str = ask("扫描标本条码", kind=Kind.SCAN, max_length=40)
    condition: Condition = ask("外观", kind=Kind.CHOICE, default=Condition.GOOD)
    list_id: Id | None = ask("到货清单", kind=Kind.HIDDEN, default=None)


@handles(ReceiveSpecimen)
def receive(order: ReceiveSpecimen, work: UnitOfWork) -> TubeReceipt:
    """Move to received; the clock of processing starts."""
    return receive_tube(work, tube_of(order.number, work), order.condition, order.list_id)


def receive_tube(
    work: UnitOfWork, tube: Specimen, condition: Condition = Condition.GOOD, list_id: Id | None = None
) -> TubeReceipt:
    """Take a tube in and tick it on its list; errors as `_step` and `expected_line`."""
    line = expected_line(work, tube, list_id)
    receipt = _step(work, tube, "receive", EventKind.RECEIVED, condition=condition.value)
    tick(work, line)
    return receipt


@command("specimen.process", "处理标本", permission="biobank.process")
class ProcessSpecimen:
    """The tube was spun or otherwise prepared, by the protocol of its kind unless another one is named."""

    number: str = ask("扫描标本条码", kind=Kind.SCAN, max_length=40)
    protocol: str | None = ask("处理方案", default=None, max_length=40)
    note: str | None = ask("备注", default=None)


@handles(ProcessSpecimen)
def process(order: ProcessSpecimen, work: UnitOfWork) -> TubeReceipt:
    """Move to processed.

    Raises:
        DomainError: As `may_use` and `protocol_named`.
    """
    tube = tube_of(order.number, work)
    may_use(work, tube, ConsentUse.COLLECT)
    name = protocol_named(order.protocol, tube.type, bench_content(work))
    return _step(work, tube, "process", EventKind.PROCESSED, protocol=name, note=order.note)


@command("specimen.aliquot", "分装", permission="biobank.process")
class AliquotSpecimen:
    """Divide a processed tube into aliquots, each a tube with a number of its own."""

    number: str = ask("扫描母管条码", kind=Kind.SCAN, max_length=40)
    count: int = ask("分装管数", kind=Kind.NUMBER, low=1, high=MOST_ALIQUOTS)
    volume_ul: int = ask("每管体积", kind=Kind.NUMBER, low=10, high=5000, unit="uL")
    type: SpecimenType | None = ask("衍生为（不选则与母管相同）", kind=Kind.CHOICE, default=None)
    parent_left: bool = ask("母管还有剩余，之后继续分装", default=False)


@handles(AliquotSpecimen)
def aliquot(order: AliquotSpecimen, work: UnitOfWork) -> list[TubeReceipt]:
    """Return the aliquots; the parent is used up unless some is left, consumed and produced volume are kept apart.

    Raises:
        DomainError: As `may_use`; ``specimen.already_aliquot``; ``specimen.not_derived``: the way the parent was
            processed gives no such kind; ``specimen.not_enough`` with what is left of a pool.
    """
    parent = tube_of(order.number, work)
    may_use(work, parent, ConsentUse.COLLECT)
    if parent.parent_id is not None and parent.sources is None:
        raise DomainError("specimen.already_aliquot", field="number", number=parent.number)
    kind = order.type or parent.type
    if kind is not parent.type:
        refuse_other_kind(work, parent, kind)
    if order.parent_left and parent.state != "processed":
        raise DomainError(
            "specimen.wrong_state", field="number", state=specimen_life.label_of(parent.state),
            target=specimen_life.label_of("processed"), needed=specimen_life.label_of("processed"),
        )  # fmt: skip
    consumed = order.count * order.volume_ul
    if parent.remaining_ul is not None:
        if consumed > parent.remaining_ul:
            raise DomainError(
                "specimen.not_enough", field="volume_ul", number=parent.number, left=parent.remaining_ul
            )
        set_remaining(parent, parent.remaining_ul - consumed)
    made, thaws = [], thaws_of(work, parent)
    for _ in range(order.count):
        tube = Specimen(
            org_id=parent.org_id, number=new_number(work), type=kind, patient_id=parent.patient_id,
            container=PrimaryContainer.POLYPROPYLENE, visit_id=parent.visit_id, parent_id=parent.id,
            initial_ul=order.volume_ul, remaining_ul=order.volume_ul, remaining_percent=100, thaws=thaws,
            subject_id=parent.subject_id, expected_id=parent.expected_id,
        )  # fmt: skip
        specimen_life.enter(tube, "processed", work.now)
        work.add(tube)
        event_of(work, tube, EventKind.ALIQUOTED, produced_ul=order.volume_ul)
        made.append(receipt_of(tube))
    if order.parent_left:
        refuse_doubtful(work, parent)
        event_of(work, parent, EventKind.ALIQUOTED, consumed_ul=consumed)
        return made
    parent.slot = None  # one that was taken out to be divided had its place kept
    _step(work, parent, "use_up", EventKind.ALIQUOTED, consumed_ul=consumed)
    return made


@command("specimen.store", "入库", permission="biobank.store")
class StoreSpecimen:
    """Put a tube into a position of a box."""

    number: str = ask("扫描标本条码", kind=Kind.SCAN, max_length=40)
    container: str = ask("扫描盒条码", kind=Kind.SCAN, max_length=40)
    position: str = ask("位置", max_length=10)


@handles(StoreSpecimen)
def store(order: StoreSpecimen, work: UnitOfWork) -> TubeReceipt:
    """Move to stored.

    Raises:
        DomainError: ``container.unknown``, ``container.not_a_box``, ``container.no_such_position``,
            ``container.blocked``, ``container.taken`` with the tube there; as `refuse_unfit`.
    """
    tube = tube_of(order.number, work)
    box = work.find(StorageContainer, code=order.container)
    if box is None:
        raise DomainError("container.unknown", field="container", value=order.container)
    return store_tube(work, tube, box, order.position)


def store_tube(work: UnitOfWork, tube: Specimen, box: StorageContainer, at: str) -> TubeReceipt:
    """Put a tube into a position of a box; everything is looked at before anything is changed.

    Raises:
        DomainError: As `store`.
    """
    may_use(work, tube, ConsentUse.STORE)
    if box.kind != "box":
        raise DomainError("container.not_a_box", field="container", name=box.name)
    position = position_of(at, box.rows, box.columns)
    if position in (box.blocked or ()):
        raise DomainError("container.blocked", field="position", position=position, box=box.name)
    slot = f"{box.code}:{position}"
    there = work.find(Specimen, slot=slot)
    if there is not None:
        raise DomainError("container.taken", field="position", position=position, number=there.number)
    refuse_unfit(work, tube, box)
    refuse_doubtful(work, tube)
    code = code_of(work, tube, work.now, box.temperature).code
    work.move(specimen_life, tube, "store")
    tube.slot, tube.sprec = slot, code
    tube.due_at = term_of(work, tube)
    event = event_of(work, tube, EventKind.STORED, place=f"{box.name} {position}")
    return receipt_of(tube, event.place)


@command("container.create", "新建冻存盒", permission="biobank.store")
class CreateContainer:
    """Add a box with a grid of positions."""

    code: str = ask("容器条码", kind=Kind.SCAN, max_length=40)
    name: str = ask("名称")
    rows: int = ask("行数", kind=Kind.NUMBER, default=9, low=1, high=26)
    columns: int = ask("列数", kind=Kind.NUMBER, default=9, low=1, high=24)
    temperature: str = ask("温度等级", default="-60 to -85", max_length=40)
    types: list[str] | None = ask("限放类型", default=None)


@handles(CreateContainer)
def create_container(order: CreateContainer, work: UnitOfWork) -> Id:
    """Return the box's id; errors as `refuse_code`."""
    refuse_code(work, order.code)
    box = StorageContainer(
        code=order.code, name=order.name, kind="box", rows=order.rows, columns=order.columns,
        temperature=order.temperature, types=order.types or None,
    )  # fmt: skip
    return work.add(box).id


def refuse_code(work: UnitOfWork, code: str) -> None:
    """Let no container have a code that means something else.

    Raises:
        DomainError: ``container.exists``, ``container.code_taken`` (the number of another record: a scan of the box
            would then mean two things), ``container.code_is_tube`` (a tube's number, also a damaged one) or
            ``container.code_is_card`` (a card of the bench, or a mark that separates box and position).
    """
    if work.find(StorageContainer, code=code) is not None:
        raise DomainError("container.exists", field="code", value=code)
    if looks_like_specimen_number(code):
        raise DomainError("container.code_is_tube", field="code", value=code)
    if ":" in code or read_card(code) is not None:
        raise DomainError("container.code_is_card", field="code", value=code)
    for kind, field, _ in NUMBERS:
        if work.find(kind, **{field: code}) is not None:
            raise DomainError("container.code_taken", field="code", value=code, kind=kind.record_info.label)


def tube_of(scanned: str, work: UnitOfWork) -> Specimen:
    """Return the tube of a scanned number.

    Raises:
        DomainError: ``specimen_number.*`` for what is no number of ours, ``specimen.unknown`` for one not here.
    """
    number = parse_specimen_number(scanned)
    tube = work.find(Specimen, number=number)
    if tube is None:
        raise DomainError("specimen.unknown", field="number", value=number)
    return tube


def may_use(work: UnitOfWork, tube: Specimen, use: ConsentUse) -> None:
    """Refuse to use a tube of a study that is frozen or that no consent covers.

    Raises:
        DomainError: ``specimen.frozen``; the codes of `domain.consent.uses.consent_allows`.
    """
    refuse_frozen(work, tube)
    require_consent(work, tube, use)


def _step(work: UnitOfWork, tube: Specimen, move: str, kind: EventKind, **facts: object) -> TubeReceipt:
    """Move a tube on and note it.

    Raises:
        DomainError: ``specimen.duplicated``: a second tube has this number; ``specimen.wrong_state``.
    """
    refuse_doubtful(work, tube)
    work.move(specimen_life, tube, move)
    event = event_of(work, tube, kind, **facts)
    return receipt_of(tube, event.place)


def event_of(work: UnitOfWork, tube: Specimen, kind: EventKind, **facts: object) -> SpecimenEvent:
    """Note what happened to a tube, now, by the person signed in, at the end of this installation's chain."""
    event = work.add(
        SpecimenEvent(
            org_id=tube.org_id, specimen_id=tube.id, kind=kind, occurred_at=work.now, staff_id=work.actor.staff_id,
            staff_name=work.actor.name, **facts,
        )
    )  # fmt: skip
    link(work, event)
    return event


def receipt_of(tube: Specimen, place: str | None = None) -> TubeReceipt:
    """Return a tube as it stands."""
    return TubeReceipt(tube.id, tube.number, tube.state, specimen_life.label_of(tube.state), place)
