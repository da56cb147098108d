"""A mass sending that is under way: held back, let go on, ended; and a template written in one form."""

import enum

from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.records import Category, Channel, MassSending, MessageTemplate
from domain.messaging.template_commands import SaveTemplate, save_template

MASS = "messaging.mass"


@command("messaging.pause_mass", "暂停群发", permission=MASS)
class PauseMass:
    """What has not been sent waits until it is let go on; it still expires when it makes no sense any more."""

    mass_id: Id = ask("群发批次", kind=Kind.HIDDEN)


@handles(PauseMass)
def pause_mass(order: PauseMass, work: UnitOfWork) -> None:
    """Pause it; one that is paused stays so. Raises ``message.mass_stopped`` (``mass_id``)."""
    mass = _going(work, order.mass_id)
    mass.paused_at = mass.paused_at or work.now


@command("messaging.resume_mass", "继续群发", permission=MASS)
class ResumeMass:
    """Let it go on, within five minutes."""

    mass_id: Id = ask("群发批次", kind=Kind.HIDDEN)


@handles(ResumeMass)
def resume_mass(order: ResumeMass, work: UnitOfWork) -> None:
    """Let it go on. Raises ``message.mass_stopped`` (``mass_id``)."""
    _going(work, order.mass_id).paused_at = None


@command("messaging.stop_mass", "终止群发", permission=MASS)
class StopMass:
    """What has not been sent never is."""

    mass_id: Id = ask("群发批次", kind=Kind.HIDDEN)


@handles(StopMass)
def stop_mass(order: StopMass, work: UnitOfWork) -> None:
    """End it; the centre cancels what waits when its time comes. Raises ``message.mass_stopped`` (``mass_id``)."""
    _going(work, order.mass_id).stopped_at = work.now


def _going(work: UnitOfWork, mass_id: Id) -> MassSending:
    mass = work.require(MassSending, mass_id, "mass_id")
    if mass.stopped_at is not None:
        raise DomainError("message.mass_stopped", field="mass_id", label=mass.label)
    return mass


class OwnCategory(enum.StrEnum):
    """What an institution's own text may be for."""

    HEALTH_ADVICE = "health_advice"
    NOTICE = "notice"
    REMINDER = "reminder"
    MARKETING = "marketing"


@command("messaging.write_template", "编写消息模板", permission="messaging.templates")
class WriteTemplate:
    """A text in one form; sources stand a line each, as ``A|2024|中国高血压防治指南|https://…``."""

    code: str = ask("模板代码（英文）", max_length=60)
    label: str = ask("模板名称", max_length=100)
    category: OwnCategory = ask("类别", kind=Kind.CHOICE, default=OwnCategory.NOTICE)
    channel: Channel = ask("首选渠道", kind=Kind.CHOICE, default=Channel.WECOM_CLIENT)
    other_channel: Channel | None = ask("备用渠道", kind=Kind.CHOICE, default=None)
    title: str = ask("标题", max_length=60)
    text: str = ask("正文（健康建议每句末写来源编号，如[1]）", kind=Kind.NOTE)
    sources: str = ask("来源文献（每行：证据等级|年份|名称|网址）", kind=Kind.NOTE, default="")
    fits: str = ask("适用标签（用、分隔，如 慢病/高血压）", default="", max_length=400)
    important: bool = ask("重要信息", default=False)


@handles(WriteTemplate)
def write_template(order: WriteTemplate, work: UnitOfWork) -> Id:
    """Return the new version.

    Raises:
        DomainError: As `save_template`; ``message.bad_source`` (``sources``) with the line; ``message.bad_fits``
            (``fits``) for a tag that is not written as kind and name.
    """
    channels = dict.fromkeys(one for one in (order.channel, order.other_channel) if one is not None)
    found: Id = save_template(
        SaveTemplate(
            code=order.code.strip(), label=order.label, category=Category(order.category), channels=list(channels),
            title=order.title, text=order.text, sources=sources_of(order.sources), important=order.important,
        ),
        work,
    )  # fmt: skip
    work.require(MessageTemplate, found).fits = tags_of_words(order.fits) or None
    return found


def sources_of(text: str) -> list[dict[str, object]]:
    """Return the sources written a line each. Raises ``message.bad_source``."""
    found: list[dict[str, object]] = []
    for number, line in enumerate((one for one in text.splitlines() if one.strip()), start=1):
        parts = [part.strip() for part in line.replace("｜", "|").split("|")]
        if len(parts) not in (3, 4) or not parts[1].isdigit() or not parts[2]:
            raise DomainError("message.bad_source", field="sources", number=number)
        address = parts[3] if len(parts) == 4 else ""
        found.append(
            {"title": parts[2], "grade": parts[0].upper(), "year": int(parts[1]), "address": address}
        )
    return found


KIND_WORDS = {
    "风险": "risk",
    "套餐": "package",
    "年龄": "age",
    "慢病": "disease",
    "分组": "group",
    "自定义": "own",
}


def tags_of_words(text: str) -> list[str]:
    """Return tags written ``慢病/高血压、风险/高危`` as ``kind/name``. Raises ``message.bad_fits``."""
    found = []
    for one in text.replace(",", "、").replace("，", "、").split("、"):
        kind, slash, name = one.strip().partition("/")
        if not one.strip():
            continue
        if not slash or kind not in KIND_WORDS or not name.strip():
            raise DomainError("message.bad_fits", field="fits", tag=one.strip())
        found.append(f"{KIND_WORDS[kind]}/{name.strip()}")
    return found
