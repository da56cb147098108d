"""The portrait as cards of sentences: the same data set as the document, so that nothing differs. No Qt."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Say = Callable[..., str]
MARKS = {"high": "▲", "medium": "■", "low": "●"}
TONES = {"high": "danger", "medium": "warning", "low": "success"}
Line = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Card:
    """One aspect of a client's health: its title, and lines with their tone."""

    id: str
    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Portrait:
    """What the page shows: the level in one line, and the cards in their order."""

    head: str
    tone: str
    cards: tuple[Card, ...]
    note: str


def portrait_of(data: Mapping[str, Any], say: Say) -> Portrait:
    """Return the page of a data set of `forms.portrait.portrait_data`."""
    level = data["level"]
    head = say("risk_page.no_level") if level is None else say("risk_page.level", label=level["label"])
    tone = {"red": "danger", "orange": "warning", "yellow": "warning", "green": "success"}
    cards = [_risks(data, say), _abnormal(data, say)]
    if data["high_factors"]:
        lines = [
            say("portrait.high.handled", **one)
            if one["handled"]
            else say("portrait.high.line", text=one["text"])
            for one in data["high_factors"]
        ]
        cards.insert(0, Card("high", say("portrait.high"), tuple((line, "danger") for line in lines)))
    cards += [_area(one, say) for one in data["areas"]]
    if data.get("care"):  # another site's may be of a time before it was told
        cards.append(_care(data["care"], say))
    return Portrait(
        head=head, tone=tone.get(level["colour"], "") if level else "", cards=tuple(cards),
        note=say("portrait.made", at=data["report"]["made_at"][:16].replace("T", " ")),
    )  # fmt: skip


def shared_portrait_of(row: Mapping[str, Any], say: Say) -> Portrait:
    """Return the page of what another site has of a client: its data set, with its tags and where it is from."""
    known = portrait_of(row["data"], say)
    tags = tuple((tag, "") for tag in row["tags"])
    cards = (*((Card("tags", say("record.tags"), tags),) if tags else ()), *known.cards)
    note = say("portrait.shared", site=row["source_site"], number=row["source_number"], made=known.note)
    return Portrait(head=known.head, tone=known.tone, cards=cards, note=note)


def _risks(data: Mapping[str, Any], say: Say) -> Card:
    risks = data["risks"]
    if risks["missing"]:
        return Card("risks", say("portrait.risk"), ((risks["missing"], "muted"),))
    lines: list[Line] = [
        (
            say(
                "portrait.risk.line", mark=MARKS[one["level"]], name=one["name"],
                level=say(f"word.scale_level.{one['level']}"), value=one["value"],
            ) + (f"　{say('portrait.pending')}" if one["unverified"] else ""),
            TONES[one["level"]],
        )
        for one in risks["levels"]
    ]  # fmt: skip
    if risks["diagnosed"]:
        lines.append((say("portrait.risk.diagnosed", names="、".join(risks["diagnosed"])), ""))
    if risks["lifestyle"]:
        lines.append((say("portrait.lifestyle", told=risks["lifestyle"]), ""))
    lines.append(
        (say("portrait.risk.on", on=risks["on"], low=risks["low"], open=risks["not_computable"]), "muted")
    )
    return Card("risks", say("portrait.risk"), tuple(lines))


def _abnormal(data: Mapping[str, Any], say: Say) -> Card:
    lines: list[Line] = [(say("portrait.finding.line", **_told(one)), "danger") for one in data["findings"]]
    for one in data["abnormal"]:
        told = {**_told(one), "range": one["range"] or "—"}
        lines.append((say("portrait.abnormal.line", **told), "danger" if one["important"] else "warning"))
    return Card(
        "abnormal",
        say("portrait.abnormal"),
        tuple(lines) or ((say("portrait.abnormal.none"), "muted"),),
    )


def _told(one: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in one.items() if isinstance(value, str)}


def _area(area: Mapping[str, Any], say: Say) -> Card:
    if area["missing"]:
        return Card(area["id"], area["title"], ((area["missing"], "muted"),))
    return Card(area["id"], area["title"], tuple(_result(one, say) for one in area["results"]))


def _care(done: Sequence[Mapping[str, Any]], say: Say) -> Card:
    lines = []
    for one in done:
        told = say("portrait.care.line", **{k: str(v) for k, v in one.items()})
        marks = [say("portrait.care.low")] if one["low"] else []
        marks += [say("portrait.care.over", days=one["over_days"])] if one["over_days"] else []
        lines.append(("　".join((told, *marks)), "warning" if marks else "success"))
    return Card("care", say("portrait.care"), tuple(lines))


def _result(one: Mapping[str, Any], say: Say) -> Line:
    level = one["level"]
    if one["safety"]:
        words, tone = say("portrait.safety"), "danger"
    elif one["status"] == "computed":
        words, tone = f"{MARKS.get(level or '', '')} {one['result']}".strip(), TONES.get(level or "", "")
    else:
        words, tone = say(f"portrait.{one['status']}"), "muted"
    marks = [say("portrait.expired")] if one["expired"] else []
    marks += [say("portrait.pending")] if one["unverified"] else []
    told = say("portrait.result", title=one["title"], result=words, at=one["at"])
    return "　".join((told, *marks)), tone
