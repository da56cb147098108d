"""What a person may open: stations, worklists and the built-in pages, by role. No widgets."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from client.stations import stations
from domain.kernel.authority import Actor


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the navigation; `group` is the key of its heading's text."""

    page: str
    label: str
    icon: str
    group: str


BUILT_IN = (
    ("inbox", "nav.inbox", "chat", "conversation.view"),
    ("mass", "nav.mass", "chat", "messaging.mass"),
    ("roster", "nav.roster", "person", "people.check_list"),
    ("conflicts", "nav.conflicts", "conflict", "conflict.view"),
    ("sync", "nav.sync", "sync", "sync.view"),
    ("transfers", "nav.transfers", "transfer", "sync.view"),
    ("kiosk", "nav.kiosk", "person", "form.answer"),
    ("design_start", "nav.design_start", "list", "design.edit"),
    ("level_rules", "nav.level_rules", "list", "risk.rules"),
    ("alert_rules", "nav.alert_rules", "bell", "alert.rules"),
    ("label_queue", "nav.label_queue", "specimen", "biobank.label"),
    ("study_data", "nav.study_data", "list", "study.export"),
    ("label_designer", "nav.label_designer", "specimen", "label.design"),
    ("knowledge", "nav.knowledge", "list", "knowledge.view"),
    ("trail", "nav.trail", "list", "audit.view"),
    ("diagnosis", "nav.diagnosis", "station", "own.diagnosis"),
)
"""Pages of every workstation: id, text, icon, permission."""
BUILT_IN_AREAS = {
    "roster": "nav.people", "mass": "nav.messages", "inbox": "nav.messages",
    "kiosk": "nav.forms", "design_start": "nav.forms", "level_rules": "nav.risk", "alert_rules": "nav.alerts",
    "label_queue": "nav.biobank", "study_data": "nav.studies",
    "knowledge": "nav.followup", "label_designer": "nav.biobank", "trail": "nav.management",
}  # fmt: skip
"""Area of a built-in page that is not about the workstation itself."""

STATION_AREAS = {"process": "nav.checkup", "process_define": "nav.management"}
"""Area of a station that stands with its lists; a small screen has room for few that are always in sight."""

ICONS = {
    "alert": "bell",
    "checkup": "visit",
    "conflict": "conflict",
    "conversation": "chat",
    "critical": "alarm",
    "duty": "chat",
    "environment": "alarm",
    "faq": "chat",
    "messaging": "chat",
    "patient": "person",
    "people": "person",
    "portal": "chat",
    "privacy": "person",
    "process": "visit",
    "report": "report",
    "review": "report",
    "rights": "staff",
    "security": "alarm",
    "specimen": "specimen",
    "staff": "staff",
    "storage": "specimen",
}


AREAS = {
    "alert": "nav.alerts",
    "backup": "nav.management",
    "care": "nav.followup",
    "monitor": "nav.followup",
    "checkup": "nav.checkup",
    "conduct": "nav.messages",
    "conflict": "nav.workstation",
    "consent": "nav.studies",
    "content": "nav.management",
    "conversation": "nav.messages",
    "critical": "nav.checkup",
    "design": "nav.forms",
    "document": "nav.management",
    "duty": "nav.messages",
    "environment": "nav.biobank",
    "factor": "nav.management",
    "faq": "nav.messages",
    "feedback": "nav.followup",
    "followup": "nav.followup",
    "form": "nav.forms",
    "interface": "nav.management",
    "knowledge": "nav.followup",
    "link": "nav.forms",
    "messaging": "nav.messages",
    "package": "nav.followup",
    "people": "nav.people",
    "pick": "nav.biobank",
    "population": "nav.report",
    "portal": "nav.messages",
    "privacy": "nav.management",
    "process": "nav.checkup",
    "quality": "nav.report",
    "receiving": "nav.biobank",
    "reception": "nav.followup",
    "referral": "nav.followup",
    "register": "nav.followup",
    "recheck": "nav.followup",
    "report": "nav.report",
    "review": "nav.report",
    "rights": "nav.management",
    "risk": "nav.risk",
    "security": "nav.management",
    "shipment": "nav.biobank",
    "shop": "nav.followup",
    "specimen": "nav.biobank",
    "staff": "nav.management",
    "stock": "nav.biobank",
    "storage": "nav.biobank",
    "study": "nav.studies",
    "sync": "nav.workstation",
    "tag": "nav.messages",
    "tracking": "nav.followup",
    "unit": "nav.followup",
    "update": "nav.management",
}
"""Area a worklist stands under, by the first part of its name, sorted; another stands under ``nav.other``."""

ORDER = (
    "nav.stations", "nav.alerts", "nav.people", "nav.checkup", "nav.report", "nav.followup", "nav.messages",
    "nav.risk", "nav.forms", "nav.studies", "nav.biobank", "nav.other", "nav.management", "nav.workstation",
)  # fmt: skip
"""The areas from top to bottom."""

RECORD_PAGES = {
    "record": None,
    "form": "form.answer",
    "risk": "risk.view",
    "portrait": "risk.view",
    "care_plans": "care.view",
    "designer": "design.edit",
    "consent": "consent.view",
    "lifeline": "biobank.view",
}
"""Pages of one record (``<page>:<entity>:<id>``) and the permission they need whatever the record is."""


def may_open(actor: Actor, page: str) -> bool:
    """Tell whether a person may open a kind of page of one record."""
    needed = RECORD_PAGES[page]
    return needed is None or actor.may(needed)


Lists = Iterable[tuple[str, str, str]]
"""Name, label and permission of worklists, in the order of their declaration."""


def declared_lists() -> Lists:
    """Return the worklists of the features that are loaded."""
    from domain.kernel.worklists import worklists

    return [(w.name, w.label, w.permission) for w in worklists().values()]


def entries(actor: Actor, say: Callable[[str], str], lists: Lists | None = None) -> list[Entry]:
    """Return what `actor` sees in the navigation, by area, stations first; `lists` spares loading the features."""
    found = [
        Entry(s.id, s.label, s.icon, STATION_AREAS.get(s.id, "nav.stations"))
        for s in stations().values()
        if actor.may(s.permission)
    ]
    found += [
        Entry(f"worklist:{name}", label, ICONS.get(name.partition(".")[0], "list"), area_of(name))
        for name, label, permission in (declared_lists() if lists is None else lists)
        if actor.may(permission) and name != "conflict.open"
    ]
    found += [
        Entry(page, say(text), icon, BUILT_IN_AREAS.get(page, "nav.workstation"))
        for page, text, icon, need in BUILT_IN
        if actor.may(need)
    ]
    return sorted(found, key=lambda entry: ORDER.index(entry.group))


def area_of(worklist: str) -> str:
    """Return the heading a worklist stands under."""
    return AREAS.get(worklist.partition(".")[0], "nav.other")


def found_by(text: str, found: Iterable[Entry]) -> list[Entry]:
    """Return the entries that `text` stands for: part of the label, or the beginning of its pinyin or initials."""
    wanted = text.strip().lower()
    if not wanted:
        return []
    first, also = [], []
    for entry in found:
        if any(start.startswith(wanted) for start in _starts(entry.label)):
            first.append(entry)
        elif wanted in entry.label.lower():
            also.append(entry)
    return first + also


@cache
def _starts(label: str) -> tuple[str, ...]:
    from domain.people.names import search_keys  # only when somebody types

    keys = search_keys(label)
    return (label.lower(), *keys.initials, *keys.pinyin)


def home_page(actor: Actor, found: list[Entry]) -> str:
    """Return the page that opens after sign-in: the role's own station, else its first list, else what there is."""
    pages = [e.page for e in found]
    if actor.rights.home in pages:
        return actor.rights.home
    lists = [p for p in pages if p.startswith("worklist:")]
    return (lists or pages or [""])[0]
