"""The risk page as sentences: the same data set as the report, so that no number differs. No Qt."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Say = Callable[..., str]
ORDER = {"high": 0, "medium": 1, "low": 2}
MOST_LEVERS = 3


@dataclass(frozen=True, slots=True)
class Category:
    """One category of diseases in the list: `head` in one line, `lines` what is told of it, each with its tone."""

    id: str
    head: str
    tone: str
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RiskSheet:
    """What the page shows: the colour with its reasons, what would change most, and every category."""

    colour: str
    title: str
    why: tuple[str, ...]
    levers: tuple[str, ...]
    high: tuple[str, ...]
    categories: tuple[Category, ...]
    note: str


def risk_sheet(data: Mapping[str, Any], say: Say) -> RiskSheet:
    """Return the sheet of a report's data set (`forms.risk_reporting.risk_report_data`)."""
    listed = sorted(data["diseases"], key=lambda one: (ORDER.get(one["level"] or "", 3), not one["levers"]))
    level = data["level"]
    title = say("risk_page.no_level") if level is None else say("risk_page.level", label=level["label"])
    why = list(level["why"]) if level is not None else []
    if level is not None and level["manual"] is not None:
        manual = level["manual"]
        until = manual["until"] or "—"
        why.append(say("risk_page.automatic", label=manual["automatic"]))
        why.append(say("risk_page.manual", by=manual["by"], reason=manual["reason"], until=until))
        if manual["reopened"]:
            why.append(say("risk_page.reopened", label=manual["automatic"]))
    return RiskSheet(
        colour=level["colour"] if level is not None else "", title=title, why=tuple(why),
        levers=tuple(_most(listed, say)), high=tuple(_high(data["high_factors"], say)),
        categories=tuple(_category(one, say) for one in listed),
        note=say(
            "risk_page.note", on=data["report"]["assessed_on"], version=data["report"]["models_version"]
        ),
    )  # fmt: skip


def _high(factors: Iterable[Mapping[str, Any]], say: Say) -> list[str]:
    """Return the factors at high risk as lines, with what was done about those somebody has dealt with."""
    return [
        say("risk_page.high.handled", text=one["text"], handled=one["handled"])
        if one["handled"]
        else say("risk_page.high", text=one["text"])
        for one in factors
    ]


def _most(listed: list[Mapping[str, Any]], say: Say) -> list[str]:
    """Return the factors that would lower most risks, those of the highest levels first; each once."""
    seen: dict[str, list[str]] = {}
    for one in listed:
        if one["level"] in ("high", "medium"):
            for lever in one["levers"][:MOST_LEVERS]:
                change = f"{lever['factor']} {lever['now']} → {lever['target']}{_unit(lever['unit'])}"
                seen.setdefault(change, []).append(one["name"])
    ranked = sorted(seen.items(), key=lambda entry: -len(entry[1]))[:MOST_LEVERS]
    return [say("risk_page.most", change=change, diseases="、".join(names)) for change, names in ranked]


def _category(one: Mapping[str, Any], say: Say) -> Category:
    told = one["level_text"] + "危" if one["level"] and not one["is_score"] else one["status_text"]
    value = f"{one['value']}{_unit(one['unit'])}" if one["value"] is not None else ""
    head = "　".join(filter(None, (one["name"], told, value)))
    lines: list[tuple[str, str]] = [(head, "title")]
    if one["measure"]:
        lines.append((f"{one['measure']}　{one['model']}", ""))
    if one["relative"] is not None:
        code = "risk_page.relative"
        lines.append(
            (say(code, times=one["relative"], reference=f"{one['reference']}{_unit(one['unit'])}"), "")
        )
    lines += [(reason, "warning") for reason in one["why"]]
    if one["missing"]:
        lines.append((say("risk_page.missing", factors="、".join(one["missing"])), "warning"))
    if one["levers"]:
        lines.append((say("risk_page.change"), "title"))
        lines += [(_lever(one, lever, say), "") for lever in one["levers"]]
    elif one["status"] == "computed" and not one["is_score"]:
        lines.append((say("risk_page.nothing_to_change"), "muted"))
    if one["shares"]:
        lines.append((say("risk_page.shares"), "title"))
        lines += [(f"{s['group']}　{s['percent']}%（{'、'.join(s['factors'])}）", "") for s in one["shares"]]
    if one["unverified"]:
        lines.append((say("risk_page.unverified", parts="、".join(one["unverified"])), "warning"))
    tone = {"high": "danger", "medium": "warning", "low": "success"}.get(one["level"] or "", "")
    return Category(one["id"], head, tone if not one["is_score"] else "", tuple(lines))


def _lever(one: Mapping[str, Any], lever: Mapping[str, Any], say: Say) -> str:
    change = f"{lever['factor']}：{lever['now']} → {lever['target']}{_unit(lever['unit'])}"
    if lever["value"] is None:
        return say("risk_page.lever_part", change=change)
    unit = _unit(one["unit"])
    if not one["value"].replace(".", "", 1).replace("-", "", 1).isdigit():  # a grade, told by its name
        return say("risk_page.lever_grade", change=change, now=one["value"], drop=lever["drop"])
    return say(
        "risk_page.lever", change=change, now=f"{one['value']}{unit}", then=f"{lever['value']}{unit}",
        drop=f"{lever['drop']}{unit}",
    )  # fmt: skip


def _unit(unit: str | None) -> str:
    return "" if not unit else unit if unit == "%" else f" {unit}"
