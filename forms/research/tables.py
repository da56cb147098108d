"""The tables of a data set, row by row: one of a visit a row, and a long one for each part."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Connection

from domain.catalog.lookup import Catalog
from domain.kernel.clock import CLINIC_TIME, clinic
from domain.kernel.columns import from_microseconds, to_microseconds
from domain.research.choosing import Subject
from domain.research.pseudonyms import age_on, moved
from domain.research.reading import EVENTS, FOLLOW_UP, ITEM, LAB, SCALE, TUBE, TUBES, VisitValues
from domain.research.records import DataKind, DateRule
from forms.research.variables import Dictionary, Variable

DAY_US, CLINIC_US = 86_400_000_000, 8 * 3_600_000_000
"""Microseconds of a day, and of what the clinic's time is ahead: a million days are told without making datetimes."""
EPOCH_DAY = date(1970, 1, 1).toordinal()
Row = list[Any]
Days = Callable[[Subject, date | None], str | None]


@dataclasses.dataclass(frozen=True, slots=True)
class Table:
    """A table: its name in the files, its title, its columns, and whether a spreadsheet holds it."""

    name: str
    title: str
    columns: tuple[Variable, ...]
    in_sheet: bool = True


@dataclasses.dataclass(frozen=True, slots=True)
class Terms:
    """On what terms data leaves: how days are told, whether with who it is and what people wrote."""

    days: Days
    identified: bool
    free_text: bool


def days_by(rule: DateRule, shift: Callable[[Subject], int]) -> Days:
    """Return how a day is told: moved, counted from enrolment (day 1; there is no day 0), or as it is."""

    def told(subject: Subject, day: date | None) -> str | None:
        if day is None:
            return None
        if rule is DateRule.STUDY_DAY:
            away = (day - subject.enrolled_on).days
            return str(away + 1 if away >= 0 else away)
        return moved(day, shift(subject)) if rule is DateRule.SHIFTED else day.isoformat()

    return told


WHO = (
    Variable("subject", "受试者编号", "text"),
    Variable("visit", "访视代码", "code"),
)


def base_columns(identified: bool) -> tuple[Variable, ...]:
    """Return the first columns of the table of visits: who, when, and which of their values were corrected."""
    who = (
        Variable("client_number", "档案号", "text", free=True),
        Variable("name", "姓名", "text", free=True),
        Variable("birth_date", "出生日期", "date"),
    )
    return (
        WHO[0], *(who if identified else ()), Variable("site", "机构代码", "code"), Variable("arm",
        "研究分组", "code"),
        Variable("sex", "性别", "code", "", (("1", "男"), ("2", "女"), ("0", "未知"), ("9", "未说明")),
        "档案", "GB/T 2261.1"),
        Variable("age", "访视时年龄（90 为 90 岁及以上）", "number", "a"),
        Variable("subject_state", "受试者状态", "code", "", (("enrolled", "在研"), ("completed", "已完成"))),
        Variable("enrolled", "入组日期", "date"), WHO[1], Variable("visit_name", "访视名称", "text"),
        Variable("target", "计划日期", "date"), Variable("date", "访视日期", "date"),
        Variable("off_window", "窗口外", "flag"),
        Variable("visit_state", "访视状态", "code", "", (
            ("planned", "待访视"), ("going_on", "进行中"), ("done", "已完成"), ("missed", "未访视"),
            ("cancelled", "已取消"),
        )),
        Variable("corrected", "本行更正过的变量", "text"),
    )  # fmt: skip


class Tables:
    """Makes rows of visits.

    Args:
        dictionary: The variables.
        plans: Code and name of each wanted visit of the protocol, by its id.
        terms: On what terms it leaves.
        catalog: Knows the words of qualitative results: another text is what somebody wrote.
    """

    def __init__(
        self, dictionary: Dictionary, plans: Mapping[Any, tuple[str, str]], terms: Terms, catalog: Catalog
    ) -> None:
        self._plans, self._terms, self._catalog = plans, terms, catalog
        self._base = base_columns(terms.identified)
        self._variables = dictionary.variables
        self._at = {v.name: (at, v) for at, v in enumerate(self._variables, len(self._base))}
        self._width = len(self._base) + len(self._variables)
        self._graded: dict[str, bool] = {}
        self._labs: dict[str, tuple[int, str, str, bool]] = {}
        self._questions: dict[str, dict[str, tuple[int, Variable]]] = {}
        for name, (at, variable) in self._at.items():
            part, _, rest = name.partition(".")
            if part == LAB:
                self._labs[rest] = (at, name, variable.unit, variable.kind == "number")
            elif part == ITEM:
                form, _, link_id = rest.partition(".")
                self._questions.setdefault(form, {})[link_id] = (at, variable)

    @property
    def days(self) -> Days:
        """How days are told."""
        return self._terms.days

    def described(self, kinds: Sequence[DataKind], *, long: bool) -> list[Table]:
        """Return the tables there will be, that of visits first; `long` are those too long for a sheet."""
        v, days = Variable, "date"
        corrected = v("corrected", "已更正", "flag")
        found = [Table("visits", "访视数据", (*self._base, *self._variables))]
        if long and DataKind.RESULTS in kinds:
            found.append(Table("results", "结果明细", (
                *WHO, v("variable", "变量", "code"), v("number", "数值", "number"),
                v("text", "定性结果", "code"), v("unit", "单位（UCUM）", "code"), v("flag", "标志", "code"),
                v("interval", "参考区间", "text"), v(days, "检查日期", "date"), corrected,
            ), in_sheet=False))  # fmt: skip
        if long and DataKind.QUESTIONNAIRES in kinds:
            found.append(Table("answers", "问卷明细", (
                *WHO, v("form", "问卷", "code"), v("version", "问卷版本", "code"), v("variable", "变量", "code"),
                v("value", "答案", "code"), v(days, "填写日期", "date"), corrected,
            ), in_sheet=False))  # fmt: skip
            found.append(Table("scales", "量表结果", (
                *WHO, v("form", "问卷", "code"), v("scale", "量表", "code"), v("version", "量表版本", "code"),
                v("status", "计分状态", "code"), v("total", "总分", "number"), v("band", "分段", "code"),
            ), in_sheet=False))  # fmt: skip
        if DataKind.SPECIMENS in kinds:
            found.append(Table("specimens", "标本", (
                *WHO, v("number", "标本编号", "text"), v("parent", "母管编号", "text"), v("type",
                "标本类型（SPREC）", "code"),
                v("container", "采集管（SPREC）", "code"), v("state", "状态", "code"), v("collected",
                "采集日期", "date"),
                v("sprec", "SPREC 编码", "code"), v("initial_ul", "初始体积", "number", "uL"),
                v("remaining_ul", "剩余体积", "number", "uL"), v("thaws", "冻融次数", "number", "1"),
            )))  # fmt: skip
        if DataKind.FOLLOW_UP in kinds:
            found.append(Table("follow_up", "随访", (
                WHO[0], v("contact", "第几次", "number"), v("way", "方式", "code"), v("form", "随访问卷", "code"),
                v("planned", "计划日期", "date"), v("contacted", "联系日期", "date"), v("outcome",
                "联系结果", "code"),
                v("attempts", "联系次数", "number", "1"), v("state", "状态", "code"),
                v("late", "逾期完成", "flag"),
                *((v("result", "随访结果", "text", free=True),) if self._terms.free_text else ()),
            )))  # fmt: skip
        found.append(Table("corrections", "更正", (
            *WHO, v("variable", "变量", "code"), v("original", "原值", "text", free=True),
            v("value", "更正值", "text", free=True),
        )))  # fmt: skip
        return found

    def rows(self, visits: Sequence[VisitValues], *, long: bool) -> dict[str, list[Row]]:
        """Return the rows of some visits by table; the long ones only where they are wanted."""
        made: dict[str, list[Row]] = {
            name: [] for name in ("visits", "results", "answers", "scales", "corrections")
        }
        for visit in visits:
            row, who = self._visit(visit), [visit.subject.number, self._plans[visit.plan_id][0]]
            self._results(visit, row, who, made["results"] if long else None)
            self._answers(visit, row, who, made["answers"] if long else None)
            for response in visit.responses:
                for scale, version, status, total, band in response.scales:
                    self._put(row, f"{SCALE}.{scale}.total", total)
                    self._put(row, f"{SCALE}.{scale}.band", band or None)
                    made["scales"].append([*who, response.form, scale, version, status, total, band or None])
            for name, expected, collected, cause in visit.tubes:
                self._put(row, f"{TUBE}.{name}.expected", expected)
                self._put(row, f"{TUBE}.{name}.collected", collected)
                self._put(row, f"{TUBE}.{name}.cause", cause or None)
            for variable, (original, value) in visit.corrections.items():
                if self._lay(row, variable, value):
                    made["corrections"].append([*who, variable, original, value])
            made["visits"].append(row)
        return made

    def _visit(self, visit: VisitValues) -> Row:
        subject, days = visit.subject, self._terms.days
        code, name = self._plans[visit.plan_id]
        laid = [one for one in visit.corrections if one in self._at]
        who: Row = [subject.number]
        if self._terms.identified:
            who += [subject.client_number, subject.name, subject.born.isoformat() if subject.born else None]
        row = [
            *who, subject.site, subject.arm or None, subject.sex, age_on(subject.born,
            visit.begun_on or visit.target_on),
            subject.state, days(subject, subject.enrolled_on), code, name, days(subject, visit.target_on),
            days(subject, visit.begun_on), int(visit.off_window), visit.state, " ".join(laid) or None,
        ]  # fmt: skip
        return row + [None] * (self._width - len(row))

    def _put(self, row: Row, name: str, value: Any) -> None:
        known = self._at.get(name)
        if known is not None:
            row[known[0]] = value

    def _lay(self, row: Row, name: str, value: str | None) -> bool:
        """Lay a correction over a value; returns whether that variable leaves at all."""
        known = self._at.get(name)
        if known is None:
            return False
        row[known[0]] = typed(known[1], value)
        return True

    def _results(self, visit: VisitValues, row: Row, who: Row, long: list[Row] | None) -> None:
        corrections, places = visit.corrections, self._labs
        number_of, code = who
        told: dict[int, str | None] = {}
        for item, result in visit.results.items():
            number = result.number
            text = None if number is not None else self._text(result.text)
            place, name, unit, numeric = places.get(item) or (-1, f"{LAB}.{item}", "", True)
            if place >= 0:
                if not numeric:
                    row[place] = text
                elif result.unit == unit:
                    row[place] = number
            if long is None:
                continue
            laid = name in corrections
            if laid and place >= 0:
                value = typed(self._at[name][1], corrections[name][1])
                number, text = (value, None) if numeric else (None, value)
            day = (result.at + CLINIC_US) // DAY_US
            if day not in told:
                told[day] = self._terms.days(visit.subject, date.fromordinal(EPOCH_DAY + day))
            long.append([
                number_of, code, name, number, text, result.unit or None, result.flag or None,
                result.interval or None,
                told[day], 1 if laid else 0,
            ])  # fmt: skip

    def _text(self, text: str) -> str | None:
        """Return a qualitative result; None for what somebody wrote, unless such texts leave."""
        known = self._graded.get(text)
        if known is None:
            known = self._graded[text] = self._catalog.grade(text) is not None
        return text if known or self._terms.free_text else None

    def _answers(self, visit: VisitValues, row: Row, who: Row, long: list[Row] | None) -> None:
        days, subject, corrections = self._terms.days, visit.subject, visit.corrections
        number_of, code = who
        for response in visit.responses:
            places = self._questions.get(response.form, {})
            told = days(subject, date.fromordinal(EPOCH_DAY + (response.at + CLINIC_US) // DAY_US))
            for link_id, values in response.answers.items():
                known = places.get(link_id)
                if known is None:
                    continue
                place, variable = known
                if len(values) == 1 and values[0][0] == "Coding":
                    value = values[0][1]
                else:
                    value = answered(variable, values, subject, days)
                row[place] = value
                if long is None:
                    continue
                laid = variable.name in corrections
                if laid:
                    value = typed(variable, corrections[variable.name][1])
                shown = value if value is None or isinstance(value, str) else str(value)
                long.append([
                    number_of, code, response.form, response.version, variable.name, shown, told, 1 if laid else 0
                ])  # fmt: skip

    def specimens(
        self, connection: Connection, subjects: Sequence[Subject], visits: Sequence[VisitValues]
    ) -> Iterator[Row]:
        """Yield the tubes of some subjects."""
        at = {own: self._plans[visit.plan_id][0] for visit in visits for own in visit.expectations}
        by_id = {subject.id.bytes: subject for subject in subjects}
        rows = list(TUBES.rows(connection, by_id))
        drawn = {
            own: moment
            for own, kind, moment in EVENTS.rows(connection, [row[1] for row in rows])
            if kind == "collected"
        }
        numbers = {row[1]: row[2] for row in rows}
        for row in sorted(rows, key=lambda one: (by_id[one[0]].number, one[2])):
            subject = by_id[row[0]]
            moment = drawn.get(row[1])
            day = None if moment is None else clinic(from_microseconds(moment)).date()
            yield [
                subject.number, at.get(row[4]), row[2], numbers.get(row[3]), row[5], row[6], row[7],
                self._terms.days(subject, day), row[8], row[9], row[10], row[11],
            ]  # fmt: skip

    def follow_up(self, connection: Connection, subjects: Sequence[Subject]) -> Iterator[Row]:
        """Yield the contacts planned with some subjects since they were taken in."""
        by_client = {subject.patient_id.bytes: subject for subject in subjects}
        rows = list(FOLLOW_UP.rows(connection, by_client))
        for row in sorted(rows, key=lambda one: (by_client[one[0]].number, one[5], one[1])):
            subject = by_client[row[0]]
            if row[10] < to_microseconds(datetime.combine(subject.enrolled_on, time(), CLINIC_TIME)):
                continue
            planned, contacted = (
                None if one is None else clinic(from_microseconds(one)).date() for one in (row[5], row[6])
            )
            days = self._terms.days
            yield [
                subject.number, row[2], row[3], row[4], days(subject, planned), days(subject, contacted),
                row[7], row[8],
                row[9], None if row[11] is None else int(row[11] > row[5]),
                *((row[12],) if self._terms.free_text else ()),
            ]  # fmt: skip


def answered(variable: Variable, values: Sequence[tuple[str, Any]], subject: Subject, days: Days) -> Any:
    """Return an answer as its column holds it; several are joined by ``;``."""
    if variable.kind == "number":
        return float(values[0][1]) if values[0][1] is not None else None
    if variable.kind == "flag":
        return int(bool(values[0][1]))
    if variable.kind == "date":
        try:
            return days(subject, date.fromisoformat(str(values[0][1])[:10]))
        except ValueError:  # a year alone is no day that could be moved
            return None
    # What was written beside the options of an open question is what somebody wrote, too.
    plain = [
        str(value)
        for kind, value in values
        if kind != "String" or variable.free or any(value == code for code, _display in variable.codes)
    ]
    return ";".join(plain) or None


def typed(variable: Variable, value: str | None) -> Any:
    """Return a corrected value as its column holds it; None for a value taken away or unreadable."""
    if value is None or value == "":
        return None
    if variable.kind in ("number", "flag"):
        try:
            return int(float(value)) if variable.kind == "flag" else float(value)
        except ValueError:
            return None
    return value
